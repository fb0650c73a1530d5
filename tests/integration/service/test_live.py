"""The integration live: real processes, real sockets, the vendors' own APIs; what is promised survives what happens."""

from __future__ import annotations

import hashlib
import hmac
import os
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.live import Mocks, Service, Shop, until
from tests.postgres import Server

Numbers = Callable[[], str]


def _settled(shop: Shop, *numbers: str) -> None:
    for number in numbers:
        until(lambda number=number: shop.is_settled(number), f"the order and the paid invoice of {number}")  # type: ignore[misc]


def _counts(mocks: Mocks, number: str) -> tuple[int, ...]:
    """Return how many orders, subscriptions, invoices and payments a quote has become."""
    kinds = (("erp", "order"), ("billing", "subscription"), ("erp", "invoice"), ("payment", "payment"))
    return tuple(len(mocks.documents(system, kind, number)) for system, kind in kinds)


def test_accepted_quotes_become_orders_invoices_and_payments(
    tmp_path: Path, mocks: Mocks, shop: Shop, port: int, number: Numbers
) -> None:
    numbers = [number() for _ in range(3)]
    with Service.up(tmp_path, mocks, port=port) as service:
        for each in numbers:
            shop.signs(each)
        _settled(shop, *numbers)
        assert service.readiness() == (200, {"status": "ready"})
    assert [_counts(mocks, each) for each in numbers] == [(1, 1, 1, 1)] * 3


def test_after_a_power_failure_the_next_start_goes_on_and_nothing_is_done_twice(
    tmp_path: Path, mocks: Mocks, shop: Shop, port: int, number: Numbers
) -> None:
    numbers = [number() for _ in range(4)]
    service = Service(tmp_path, mocks, port=port)
    for each in numbers:
        shop.signs(each, takes_seconds=2)
    until(lambda: len(mocks.documents("erp", "order", numbers[0])) == 1, "the first order")
    service.kill()
    with Service.up(tmp_path, mocks, port=port) as again:
        assert again.process.said["open_flows"] > 0
        shop.settles_after_a_gap(*numbers)
    assert [_counts(mocks, each) for each in numbers] == [(1, 1, 1, 1)] * 4


@pytest.mark.parametrize("write", ["3+", "9", "14+"])
def test_death_at_a_durable_write_loses_nothing(
    tmp_path: Path, mocks: Mocks, shop: Shop, port: int, number: Numbers, write: str
) -> None:
    each = number()
    service = Service(tmp_path, mocks, port=port, Q2C_TEST_KILL_AT_WRITE=write)
    shop.signs(each)
    assert service.process.process.wait(30) == -signal.SIGKILL
    service.end()
    with Service.up(tmp_path, mocks, port=port, Q2C_POLL_SECONDS="2"):
        _settled(shop, each)
    assert _counts(mocks, each) == (1, 1, 1, 1)


def test_sigterm_lets_calls_in_flight_end_and_the_next_start_goes_on(
    tmp_path: Path, mocks: Mocks, shop: Shop, port: int, number: Numbers
) -> None:
    each = number()
    mocks.ask("PUT", "/faults", [{"kind": "delay", "system": "billing", "seconds": 2}])
    try:
        service = Service(tmp_path, mocks, port=port)
        shop.signs(each, takes_seconds=8)
        until(lambda: mocks.documents("erp", "order", each), "the order")
        time.sleep(0.3)
        began = time.monotonic()
        assert service.end() == 0
        assert time.monotonic() - began < 10
        assert "still under way" not in service.process.logged()
    finally:
        mocks.ask("DELETE", "/faults")
    with Service.up(tmp_path, mocks, port=port):
        shop.settles_after_a_gap(each)
    assert _counts(mocks, each) == (1, 1, 1, 1)


def test_an_expired_session_in_the_middle_is_renewed(
    tmp_path: Path, mocks: Mocks, shop: Shop, port: int, number: Numbers
) -> None:
    each = number()
    with Service.up(tmp_path, mocks, port=port) as service:
        shop.signs(each, takes_seconds=2)
        until(lambda: mocks.documents("fulfilment", "task", each), "the task")
        mocks.act("crm", "expire_sessions")
        _settled(shop, each)
        until(lambda: _mirrored(mocks, each), "the CRM's view of the invoice")
        assert "Traceback" not in service.process.logged()


def _mirrored(mocks: Mocks, number: str) -> bool:
    query = f"SELECT+PaymentStatus__c+FROM+Quote+WHERE+QuoteNumber='{number}'"
    return bool(mocks.crm("GET", f"/query?q={query}").json()["records"][0]["PaymentStatus__c"])


def test_a_webhook_secret_is_rotated_in_its_file_while_messages_come(tmp_path: Path, mocks: Mocks, port: int) -> None:
    file = tmp_path / "secret"
    file.write_text("whsec_old\n")
    with Service.up(tmp_path, mocks, port=port, Q2C_PAYMENT_WEBHOOK_SECRET_FILE=str(file)) as service:
        assert _told(service, "whsec_old") == 200
        assert _told(service, "whsec_new") == 400
        _replace(file, "whsec_new\nwhsec_old\n")
        until(lambda: _told(service, "whsec_new") == 200, "the new secret")
        assert _told(service, "whsec_old") == 200
        _replace(file, "whsec_new\n")
        until(lambda: _told(service, "whsec_old") == 400, "the end of the old secret")


def _told(service: Service, secret: str) -> int:
    """Return the status of a message that is signed with a secret."""
    body, stamp = b'{"id": "evt_1", "type": "x", "created": 1, "data": {"object": {}}}', str(int(time.time()))
    digest = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    headers = {"stripe-signature": f"t={stamp},v1={digest}"}
    return service.http.post("/webhooks/payment", content=body, headers=headers).status_code


def _replace(file: Path, text: str) -> None:
    other = file.with_suffix(".new")
    other.write_text(text)
    other.replace(file)


def test_a_key_that_was_revoked_is_a_case_and_the_new_one_is_used_without_a_restart(
    tmp_path: Path, mocks: Mocks, shop: Shop, port: int, number: Numbers
) -> None:
    each, file = number(), tmp_path / "secret"
    file.write_text("revoked")
    keys = {"Q2C_PAYMENT_SECRET_FILE": str(file), "Q2C_API_TOKEN": "of-the-operator"}
    with Service.up(tmp_path, mocks, port=port, **keys) as service:
        shop.signs(each)
        service.http.headers["authorization"] = "Bearer of-the-operator"
        path = f"/api/v1/exceptions?transaction={each}"
        (case,) = until(lambda: service.http.get(path).json()["cases"], "the case")
        assert case["code"] == "AUTH.UNAUTHENTICATED"
        _replace(file, "sk_test_rotated")
        time.sleep(1.5)  # a file is looked at once a second
        again = service.http.post(f"/api/v1/exceptions/{case['id']}/retry", json={"note": "new key"})
        assert again.status_code in (200, 202), again.text
        _settled(shop, each)
    assert _counts(mocks, each) == (1, 1, 1, 1)


def test_a_database_that_is_gone_makes_it_unready_and_webhooks_are_to_come_again(
    tmp_path: Path, mocks: Mocks, port: int
) -> None:
    database = tmp_path / "journal.db"
    with Service.up(tmp_path, mocks, port=port, database=str(database)) as service:
        kept = tmp_path / "kept"
        kept.mkdir()
        for file in tmp_path.glob("journal.db*"):
            file.rename(kept / file.name)
        _, body = until(lambda: (found := service.readiness())[0] == 503 and found, "not ready")  # type: ignore[misc]
        assert "journal.db" in body["reasons"][0]
        assert service.http.post("/webhooks/payment", content=b"{}").status_code == 503
        assert service.http.get("/health/live").status_code == 200
        for file in kept.iterdir():
            file.rename(tmp_path / file.name)
        until(lambda: service.readiness()[0] == 200, "ready again")
        assert service.http.post("/webhooks/payment", content=b"{}").status_code == 400


def test_a_database_server_that_stops_makes_it_unready_until_it_is_back(
    tmp_path: Path, mocks: Mocks, shop: Shop, port: int, number: Numbers, postgres_server: Server, postgres: str
) -> None:
    first, second = number(), number()
    with Service.up(tmp_path, mocks, port=port, database=postgres) as service:
        shop.signs(first)
        _settled(shop, first)
        postgres_server.stop()
        try:
            until(lambda: service.readiness()[0] == 503, "not ready")
            shop.signs(second)  # its message finds nobody who can store it, and comes again
        finally:
            postgres_server.start()
        until(lambda: service.readiness()[0] == 200, "ready again")
        until(lambda: shop.is_settled(second), "the second order, by the next message or a sweep", 120)
    assert [_counts(mocks, each) for each in (first, second)] == [(1, 1, 1, 1)] * 2


def test_two_workers_share_the_work_and_one_of_them_may_die(
    tmp_path: Path, mocks: Mocks, shop: Shop, port: int, number: Numbers, postgres: str
) -> None:
    numbers = [number() for _ in range(6)]
    with (
        Service.up(tmp_path, mocks, port=port, database=postgres),
        Service.up(tmp_path, mocks, database=postgres, name="worker", command="worker") as worker,
    ):
        for each in numbers:
            shop.signs(each)
        until(lambda: len(mocks.documents("erp", "order")) >= 2, "some orders")
        worker.kill()
        _settled(shop, *numbers)
    assert [_counts(mocks, each) for each in numbers] == [(1, 1, 1, 1)] * 6


def test_up_keeps_its_workers_alive_and_they_end_with_it(
    tmp_path: Path, mocks: Mocks, shop: Shop, port: int, number: Numbers, postgres: str
) -> None:
    each = number()
    service = Service(tmp_path, mocks, "--workers", "2", port=port, database=postgres)
    (first,) = until(lambda: _children(service.process.pid), "the other worker")
    os.kill(first, signal.SIGKILL)
    (second,) = until(lambda: [pid for pid in _children(service.process.pid) if pid != first], "its successor")
    shop.signs(each)
    _settled(shop, each)
    service.kill()  # nobody tells the worker; it sees that it is an orphan
    until(lambda: not Path(f"/proc/{second}").exists(), "the end of the orphan")
    assert _counts(mocks, each) == (1, 1, 1, 1)


def _children(pid: int) -> list[int]:
    """Return the processes that a process has started and that still run."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in found if "worker" in Path(f"/proc/{child}/cmdline").read_text()]


def test_without_any_message_the_sweeps_find_what_was_accepted(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with Mocks.up(tmp_path_factory.mktemp("silent")) as silent:
        shop = Shop(silent)
        shop.opens()
        with Service.up(tmp_path, silent, Q2C_POLL_SECONDS="1"):
            shop.signs("Q-000001")
            until(lambda: silent.documents("erp", "order", "Q-000001"), "the order")


def test_change_data_capture_and_messages_tell_of_a_quote_and_it_is_one_order(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, mocks: Mocks, shop: Shop, port: int, number: Numbers
) -> None:
    each = number()
    with Service.up(tmp_path, mocks, "--cdc", port=port) as service:
        # What happens before is found by a sweep, and then there is no change to be told of.
        until(lambda: "listening to" in service.process.logged(), "the stream")
        shop.signs(each)
        _settled(shop, each)
        until(lambda: _flows(tmp_path, "learn_quote") == ["finished"], "the change was looked at")
        assert service.readiness()[0] == 200
    assert _counts(mocks, each) == (1, 1, 1, 1)
    assert _flows(tmp_path, "accepted_quote", each) == ["finished"]


def _flows(folder: Path, name: str, txn: str = "") -> list[str]:
    """Return the statuses of the flows of a name, and of one transaction when it is named."""
    wanted = "SELECT status FROM flow WHERE name = ? AND (txn = ? OR ? = '')"
    with sqlite3.connect(folder / "journal.db") as connection:
        rows = connection.execute(wanted, (name, txn, txn)).fetchall()
    connection.close()
    return [status for (status,) in rows]


def test_change_data_capture_alone_is_enough(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    with Mocks.up(tmp_path_factory.mktemp("silent")) as silent:
        shop = Shop(silent)
        shop.opens()
        with Service.up(tmp_path, silent, "--cdc", database=str(tmp_path / "journal.db")):
            shop.signs("Q-000001")
            until(lambda: silent.documents("erp", "order", "Q-000001"), "the order")
        shop.signs("Q-000002")  # nobody listens
        with Service.up(tmp_path, silent, "--cdc", database=str(tmp_path / "journal.db")):
            until(lambda: silent.documents("erp", "order", "Q-000002"), "the order that was told while nobody listened")


def test_the_clock_can_be_moved_in_tests_only(tmp_path: Path, mocks: Mocks, port: int) -> None:
    with Service.up(tmp_path, mocks, port=port) as service:
        assert service.http.get("/operations/clock").status_code == 404
    with Service.up(tmp_path, mocks, "--test-clock", port=port) as service:
        now_us = service.http.get("/operations/clock").json()["now_us"]
        moved = service.http.put("/operations/clock", json={"now_us": now_us + 86_400_000_000})
        assert moved.json()["now_us"] >= now_us + 86_400_000_000
        assert service.http.put("/operations/clock", json={"now_us": now_us}).status_code == 400


def test_a_message_that_is_too_large_is_refused_and_one_that_is_cut_short_does_no_harm(
    tmp_path: Path, mocks: Mocks, port: int
) -> None:
    with Service.up(tmp_path, mocks, port=port) as service:
        assert service.http.post("/webhooks/payment", content=b"x" * 1_000_001).status_code == 413
        assert service.http.post("/webhooks/nobody", content=b"{}").status_code == 404
        assert httpx.get(f"{service.address}/webhooks/payment").status_code == 405
        assert service.readiness()[0] == 200
