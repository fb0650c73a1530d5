"""Schemathesis with our checks: silent about what is honest, loud about what breaks what business asks for."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import uvicorn

from contracts.findings import Tally
from contracts.fuzzing import mocks, node
from contracts.fuzzing.mutants import DOCUMENT, MUTANTS, SETTINGS, Orders, suite_of
from contracts.fuzzing.running import RULES
from contracts.fuzzing.settings import OURS, Hook, Settings
from contracts.fuzzing.suite import at
from mocks.doors.asgi import application
from tests.live import until
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[3]
LIGHT = Settings(max_examples=1, coverage_cases=1)


def silent(_done: int, _total: int) -> None:
    """Tell nobody."""


def said(tally: Tally) -> list[str]:
    """Return what a tally found, and what it could not do."""
    return [f"{each.subject}: {each.message}" for each in tally.findings] + [tally.could_not_run] * bool(
        tally.could_not_run
    )


# --- every check, and the fault that it is meant for


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Tally:
    return suite_of("", tmp_path_factory.mktemp("orders")).run(silent)


def test_an_honest_service_is_silent(honest: Tally) -> None:
    assert said(honest) == []
    assert honest.checked > 40
    assert honest.outcome == "holds"
    assert set(honest.passed) == {
        "POST /orders",
        "GET /orders/{id}",
        "POST /orders/{id}/cancel",
        "POST /orders/{id}/ship",
    }


def test_the_same_seed_makes_the_same_requests(honest: Tally, tmp_path: Path) -> None:
    again = suite_of("", tmp_path).run(silent)
    assert (again.checked, again.passed) == (honest.checked, honest.passed)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_is_killed_by_the_check_meant_for_it_at_the_operation(tmp_path: Path, mutant: Any) -> None:
    tally = suite_of(mutant.name, tmp_path).run(silent)
    found = [finding for finding in tally.findings if finding.rule == mutant.check]
    assert found, [finding.rule for finding in tally.findings]
    assert found[0].place is not None
    assert found[0].place.file == "orders.json"
    assert found[0].place.line > 1
    assert found[0].evidence[0].startswith("curl")


def test_every_check_of_ours_has_a_mutant_and_every_rule_a_sentence_of_its_own() -> None:
    assert {RULES[name].id for name in OURS} <= {mutant.check for mutant in MUTANTS}
    assert len({rule.sentence for rule in RULES.values()}) == len(RULES)


# --- ours, in process and by address


def test_a_mock_in_process_keeps_its_document_and_its_promises() -> None:
    tally = mocks.fuzzing("fulfilment", ROOT / "contracts/openapi/fulfilment.json", LIGHT).run(silent)
    assert said(tally) == []
    assert len(tally.passed) == 8
    assert tally.skipped == ()


def test_the_reference_integration_keeps_its_document_and_its_promises() -> None:
    chosen = msgspec.structs.replace(LIGHT, include=("/exceptions", "/orders", "/mappings", "/quote-validations"))
    tally = node.fuzzing(ROOT / "contracts/openapi/integration.json", chosen).run(silent)
    assert said(tally) == []
    assert {"POST /orders", "GET /exceptions", "PUT /mappings/{kind}/{key}"} <= set(tally.passed)


@contextmanager
def served(application: Any) -> Iterator[str]:
    """Serve an ASGI application on loopback."""
    server = uvicorn.Server(uvicorn.Config(application, port=free_port(), log_level="error", lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started, "the server")
    try:
        yield f"http://127.0.0.1:{server.config.port}"
    finally:
        server.should_exit = True
        thread.join(30)


def by_address(folder: Path, address: str, **changes: Any) -> Tally:
    """Return the tally of a service of orders at an address."""
    path = folder / "orders.json"
    path.write_text(json.dumps(DOCUMENT, indent=1))
    chosen = {"phases": ("coverage", "stateful"), "coverage_cases": 3, "max_examples": 1, **changes}
    return at(path, address, msgspec.structs.replace(SETTINGS, **chosen), "orders.json").run(silent)


def test_a_service_at_an_address_is_judged_in_the_same_way(tmp_path: Path) -> None:
    with served(Orders()) as honest, served(Orders("ships_cancelled")) as broken:
        assert said(by_address(tmp_path, honest)) == []
        found = by_address(tmp_path, broken)
    assert {finding.rule for finding in found.findings} == {"FUZZ-FINAL-STATE-KEPT"}


def test_a_mock_at_an_address_is_judged_in_the_same_way() -> None:
    live = mocks.busy("fulfilment")
    settings = mocks.settings_of("fulfilment", mocks.signed_in(live, "fulfilment"), LIGHT)
    with served(application(live, "fulfilment")) as address:
        tally = at(ROOT / "contracts/openapi/fulfilment.json", address, settings).run(silent)
    assert said(tally) == []
    assert len(tally.passed) == 8


# --- settings


def test_a_hook_resets_the_service_before_every_phase(tmp_path: Path) -> None:
    resets: list[str] = []

    class Resettable(Orders):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            if scope["path"] != "/reset":
                return await super().__call__(scope, receive, send)
            await receive()
            resets.append(dict(scope["headers"])[b"x-secret"].decode())
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body"})

    with served(Resettable()) as address:
        hook = Hook(url=f"{address}/reset", headers={"x-secret": "s"})
        assert said(by_address(tmp_path, address, reset=hook)) == []
    assert len(resets) >= 2
    assert set(resets) == {"s"}


def test_a_reset_that_is_refused_ends_the_run_in_a_sentence(tmp_path: Path) -> None:
    with served(Orders()) as address:
        tally = by_address(tmp_path, address, reset=Hook(url=f"{address}/reset"))
    assert tally.could_not_run.startswith(f"{address}/reset: the service was not reset: 404")
    assert tally.outcome == "could not run"


def test_operations_are_included_and_excluded_by_parts_of_their_names(tmp_path: Path) -> None:
    with served(Orders()) as address:
        tally = by_address(tmp_path, address, include=("POST",), exclude=("/ship", "/cancel"), phases=("coverage",))
        assert tally.passed == ("POST /orders",)
        assert "no operation has '/nowhere'" in by_address(tmp_path, address, exclude=("/nowhere",)).could_not_run
        assert "leave no operation" in by_address(tmp_path, address, exclude=("/orders",)).could_not_run
