"""The pytest plugin, in test runs of its own and in this one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from mocks.admin.shapes import Wrong
from q2c.testing import Mocks, served
from tests.mocks.doors.conftest import listening

ROOT = Path(__file__).resolve().parents[2]
Runs = Callable[..., tuple[int, str]]


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    """Run pytest with the plugin on a test file; return its exit status and what it said."""

    def run(text: str, ini: str = "") -> tuple[int, str]:
        (tmp_path / "test_it.py").write_text(text)
        (tmp_path / "pytest.ini").write_text(f"[pytest]\naddopts = -p no:cacheprovider\n{ini}")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "q2c.pytest_plugin", "test_it.py"]
        environment = {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PATH": ""}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr

    return run


STORY = """
import httpx, pytest

def pay(q2c, key):
    form = {"amount": "1000", "currency": "usd"}
    return httpx.post(q2c["payment"] + "/v1/payment_intents", data=form, auth=("sk_test_1", ""),
                      headers={"idempotency-key": key}, timeout=2, trust_env=False)

def test_a_lost_reply_is_repeated(q2c):
    q2c.faults.add("lost_reply", system="payment", operation="create_payment_intent", nth=1)
    with pytest.raises(httpx.ReadTimeout):
        pay(q2c, "k1")
    assert pay(q2c, "k1").headers["idempotent-replayed"] == "true"
    q2c.journal.assert_count(2, "POST", "/v1/payment_intents", key="k1")
    q2c.journal.assert_one(effect="replayed")
    assert q2c.faults.strikes("lost_reply") == 1

def test_the_next_test_finds_a_new_world(q2c):
    q2c.journal.assert_none("POST")
    assert q2c.faults.all() == []
    assert pay(q2c, "k1").status_code == 200

@pytest.mark.q2c(seed=7, drifts=["stripe-new-enum-value"], switches={"payment": {"authentication": "off"}},
                 scenario="quarter_end", subscriptions=2)
def test_a_marker_says_how_the_world_begins(q2c):
    assert "q2c_wallet" in pay(q2c, "k1").json()["payment_method_types"]
    assert len(q2c.world.documents("billing", "subscription")) == 2
    assert q2c.control.live.settings.seed == 7

def test_environment(q2c):
    assert q2c.env["Q2C_TAX_URL"] == q2c["tax"]
"""


def test_a_test_gets_a_world_of_its_own(runs: Runs) -> None:
    status, said = runs(STORY)
    assert (status, "4 passed" in said) == (0, True), said


def test_ini_options_count_for_all_tests(runs: Runs) -> None:
    ini = (
        "q2c_seed = 9\nq2c_drifts = netsuite-tba-off\nq2c_tls = true\n"
        'q2c_switches =\n    payment.authentication=verify\n    tax.companies=["A"]\n'
    )
    text = (
        "def test_it(q2c):\n"
        "    live = q2c.control.live\n"
        "    assert live.settings.seed == 9 and live.drifts.names == ('netsuite-tba-off',)\n"
        "    assert live.services['payment'].model.quirks.authentication == 'verify'\n"
        "    assert live.services['tax'].model.quirks.companies == ('A',)\n"
        "    assert q2c.env['HTTPS_PROXY'] == q2c['proxy']\n"
    )
    status, said = runs(text, ini)
    assert status == 0, said


@pytest.mark.parametrize(
    ("marker", "problem"),
    [
        ("colour='red'", "not ['colour']"),
        ("drifts=['x']", "there is no drift 'x'"),
        ("switches={'nobody': {}}", "no system 'nobody'"),
    ],
)
def test_a_marker_that_cannot_be_says_why(runs: Runs, marker: str, problem: str) -> None:
    status, said = runs(f"import pytest\n@pytest.mark.q2c({marker})\ndef test_it(q2c): pass\n")
    assert (status, problem in said) == (1, True), said


def test_loading_it_costs_nothing_when_no_test_asks(runs: Runs) -> None:
    text = (
        "import sys\n"
        "def test_it():\n"
        "    ours = [name for name in sys.modules if name.partition('.')[0] in ('q2c', 'mocks', 'domain', 'web')]\n"
        "    assert sorted(ours) == ['q2c', 'q2c.pytest_plugin']\n"
        "    assert 'msgspec' not in sys.modules and 'uvicorn' not in sys.modules\n"
    )
    status, said = runs(text)
    assert status == 0, said


# --- the world behind it ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shared() -> Iterator[Mocks]:
    with served() as found:
        yield found


@pytest.fixture
def mocks(shared: Mocks) -> Mocks:
    shared.begin()
    return shared


def customer(mocks: Mocks) -> httpx.Response:
    return httpx.post(mocks["payment"] + "/v1/customers", data={"name": "A"}, auth=("sk_test_1", ""), trust_env=False)


def test_an_assertion_says_what_nearly_fits(mocks: Mocks) -> None:
    customer(mocks)
    with pytest.raises(AssertionError) as missing:
        mocks.journal.assert_one("POST", "/v1/customers", status=201)
    assert "exactly 1 expected, 0 found" in str(missing.value)
    assert "nearly: r1 payment POST /v1/customers -> 200 (done): status was 200" in str(missing.value)
    customer(mocks)
    with pytest.raises(AssertionError, match=r"exactly 1 expected, 2 found"):
        mocks.journal.assert_one("POST", "/v1/customers")
    mocks.journal.assert_between(1, 2, "POST")
    assert [row.number for row in mocks.journal.find(system="payment")] == ["r2", "r1"]
    mocks.journal.clear()
    mocks.journal.assert_none()


def test_time_is_the_tests_own(mocks: Mocks) -> None:
    mocks.clock.freeze()
    before = mocks.clock.now
    mocks.clock.advance(days=2, seconds=1)
    assert mocks.clock.now - before == timedelta(days=2, seconds=1)
    mocks.clock.advance_to(before + timedelta(days=3))
    assert mocks.clock.now - before == timedelta(days=3)
    mocks.clock.run(60)
    assert mocks.clock.now > before + timedelta(days=3)


def test_people_act_and_documents_are_seen(mocks: Mocks) -> None:
    assert mocks.world.seed("quarter_end", 1) > 10
    (found,) = mocks.world.documents("billing", "subscription")
    assert mocks.world.document("billing", "subscription", found.id).row.status == found.status
    mocks.world.act("fulfilment", "set_duration", median_seconds=60, p95_seconds=61)
    with pytest.raises(Wrong, match="dance"):
        mocks.world.act("tax", "dance")


def test_a_world_is_kept_and_brought_back(mocks: Mocks) -> None:
    customer(mocks)
    kept = mocks.world.snapshot()
    mocks.begin()
    mocks.journal.assert_none()
    mocks.world.restore(kept)
    assert len(mocks.world.documents("payment", "customer")) == 1


def test_messages_go_where_a_test_listens(mocks: Mocks) -> None:
    with listening() as receiver:
        mocks.messages.send_to(receiver.url)
        body = {"order": "Q-000001-v1", "account": "A-000001", "lines": [{"sku": "SEAT", "quantity": 3}]}
        url = mocks["fulfilment"] + "/v1/tasks/Q-000001-v1"
        httpx.put(url, json=body, headers={"authorization": "Bearer t"}, trust_env=False)
        mocks.clock.advance(days=1)
        mocks.messages.settle()
        assert receiver.topics() == ["task.completed"]
        (attempt,) = mocks.messages.attempts("fulfilment")
        mocks.messages.redeliver(attempt.number)
        mocks.clock.advance(1)
        assert receiver.topics() == ["task.completed"] * 2


def test_limits_and_drifts_are_at_hand(mocks: Mocks) -> None:
    mocks.world.limit("payment", requests=1, window_seconds=60)
    assert [customer(mocks).status_code for _ in range(2)] == [200, 429]
    mocks.drift("stripe-nullable-fields")
    assert mocks.control.live.drifts.names == ("stripe-nullable-fields",)
    mocks.drift()
    assert not mocks.control.live.drifts.names
