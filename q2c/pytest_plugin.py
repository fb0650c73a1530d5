"""The pytest plugin: a world of mocks as a fixture. Loading it costs nothing until a test asks for it.

    def test_a_lost_reply_is_charged_once(q2c):
        q2c.faults.add("lost_reply", system="payment", operation="create_payment_intent", nth=1)
        pay(q2c["payment"], "order-17")
        q2c.journal.assert_count(2, "POST", "/v1/payment_intents", key="order-17")

`q2c_mocks` is one served world for the whole session; `q2c` is that world begun anew for one test. The marker
`@pytest.mark.q2c(seed=..., scenario=..., subscriptions=..., drifts=[...], switches={...})` says how; the ini options
`q2c_seed`, `q2c_scenario`, `q2c_drifts`, `q2c_switches` and `q2c_tls` say so for all tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from q2c.testing import Mocks

_SETTINGS = frozenset({"seed", "scenario", "subscriptions", "drifts", "switches"})


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the ini options."""
    parser.addini("q2c_seed", "q2c: chance of the worlds of tests", default="1")
    parser.addini("q2c_scenario", "q2c: whose company is there when a test begins; empty for none", default="")
    parser.addini("q2c_drifts", "q2c: drifts that are on when a test begins", type="args", default=[])
    parser.addini("q2c_switches", "q2c: quirks of vendors, SYSTEM.NAME=VALUE", type="linelist", default=[])
    parser.addini("q2c_tls", "q2c: open TLS doors and the proxy too", type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    """Explain the marker."""
    config.addinivalue_line(
        "markers", "q2c(seed, scenario, subscriptions, drifts, switches): the world that the fixture q2c begins"
    )


@pytest.fixture(scope="session")
def q2c_mocks(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mocks]:
    """One served world for the whole session: its doors are on free ports of this machine."""
    try:
        from q2c.testing import served
    except ImportError as missing:
        pytest.fail(f"{missing.name} is not installed; the mocks need: pip install 'q2c-harness[mocks]'")
    workspace = tmp_path_factory.mktemp("q2c") if pytestconfig.getini("q2c_tls") else None
    with served(workspace) as mocks:
        yield mocks


@pytest.fixture
def q2c(q2c_mocks: Mocks, request: pytest.FixtureRequest) -> Mocks:
    """The served world, begun anew for this test: no documents, no requests, no faults, the clock of the wall."""
    settings = _of_ini(request.config)
    for marker in reversed(list(request.node.iter_markers("q2c"))):
        unknown = marker.kwargs.keys() - _SETTINGS
        if unknown or marker.args:
            pytest.fail(f"the marker q2c takes {', '.join(sorted(_SETTINGS))}, not {marker.args or sorted(unknown)}")
        settings |= marker.kwargs
    try:
        q2c_mocks.begin(settings.pop("seed"), **settings)
    except ValueError as wrong:
        pytest.fail(f"this world cannot begin: {wrong}")
    return q2c_mocks


def _of_ini(config: pytest.Config) -> dict[str, Any]:
    return {
        "seed": int(config.getini("q2c_seed")),
        "scenario": config.getini("q2c_scenario"),
        "drifts": config.getini("q2c_drifts"),
        "switches": _switches(config.getini("q2c_switches")),
    }


def _switches(lines: list[str]) -> dict[str, dict[str, Any]]:
    if not lines:
        return {}
    from q2c.switches import parsed

    try:
        return parsed(lines)
    except ValueError as wrong:
        pytest.fail(str(wrong))
