"""The pure parts of the interface: budgets, deadlines, what events of an account add up to, cursors."""

from __future__ import annotations

import ast
import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import HOUR_US, MINUTE_US
from integration.api.accounts import AccountBook, AccountIndex, account_of
from integration.api.budget import STREAMS_MAX, Budget
from integration.api.deadlines import deadlines, state_of
from integration.api.events import Stream
from integration.api.paging import number_after, text_of, token_of
from integration.api.problems import Refused
from integration.api.waiting import owner_of
from integration.effects import All, Call, Receive, Sleep
from integration.exceptions import ExceptionCase
from integration.journal.protocol import OutboxRow

NOW_US = int(datetime(2026, 12, 31, 12, tzinfo=UTC).timestamp()) * 1_000_000


def event(number: int, name: str, subject: str, at_us: int = NOW_US, txn: str = "Q-1", **body: Any) -> OutboxRow:
    return OutboxRow(
        number=number, id=f"f/{number}", type=f"q2c.{name}.v1", subject=subject, txn=txn, sequence=number, body=body,
        created_us=at_us,
    )  # fmt: skip


def usd(amount_minor: int) -> dict[str, Any]:
    return {"amount_minor": amount_minor, "currency": "USD"}


# --- budgets --------------------------------------------------------------------------------------------------------


@settings(max_examples=100)
@given(st.lists(st.tuples(st.floats(0, 3), st.sampled_from("ab")), max_size=80))
def test_no_caller_ever_gets_more_than_its_share(asked: list[tuple[float, str]]) -> None:
    now = 0.0
    budget = Budget(lambda: now, per_second=2, at_once=5)
    granted = {"a": 0, "b": 0}
    for pause, caller in asked:
        now += pause
        granted[caller] += budget.spend(caller) == 0
        assert granted[caller] <= 5 + 2 * now + 1e-6


def test_the_wait_that_is_named_is_long_enough() -> None:
    now = 0.0
    budget = Budget(lambda: now, per_second=0.5, at_once=1)
    assert budget.spend("a") == 0
    wait_seconds = budget.spend("a")
    assert wait_seconds >= 1
    now += wait_seconds
    assert budget.spend("a") == 0


def test_streams_are_given_back() -> None:
    budget = Budget(lambda: 0.0)
    for _ in range(STREAMS_MAX):
        assert budget.open_stream("a")
    assert not budget.open_stream("a")
    assert budget.open_stream("b")
    budget.close_stream("a")
    assert budget.open_stream("a")
    assert not budget.open_stream("a")


@pytest.mark.parametrize("trouble", [OSError("the caller went away"), None])
def test_a_stream_is_given_back_even_when_its_first_line_is_never_sent(trouble: OSError | None) -> None:
    given: list[str] = []

    async def lines() -> AsyncIterator[bytes]:
        yield b"retry: 2000"

    async def send(message: Any) -> None:
        if trouble is not None:
            raise trouble

    async def receive() -> Any:
        await asyncio.sleep(60)

    async def play() -> None:
        stream = Stream(lines(), lambda: given.append("x"))
        scope = {"type": "http", "asgi": {"spec_version": "2.4"}}
        with contextlib.suppress(Exception):
            await stream(scope, receive, send)

    asyncio.run(play())
    assert given == ["x"]


# --- deadlines ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("met_us", "now_us", "state"),
    [(0, 0, "running"), (0, 79, "running"), (0, 80, "at_risk"), (0, 100, "at_risk"), (0, 101, "missed"),
     (100, 500, "met"), (101, 500, "met_late")],
)  # fmt: skip
def test_a_clock_is_at_risk_when_four_fifths_are_spent(met_us: int, now_us: int, state: str) -> None:
    assert state_of(0, 100, met_us, now_us) == state


def test_the_clock_of_an_order_stops_when_it_is_booked_and_is_tighter_at_quarter_end() -> None:
    accepted = event(1, "quote.accepted", "Q-1", NOW_US, accepted_at_us=NOW_US - MINUTE_US)
    (clock,) = deadlines([accepted], [], [], NOW_US + 14 * MINUTE_US)
    assert (clock.level, clock.state) == ("SLA-2", "running")
    (clock,) = deadlines([accepted], [], [], NOW_US + 13 * MINUTE_US, quarter_end=True)
    assert clock.state == "at_risk"
    booked = event(2, "order.booked", "Q-1-v1", NOW_US + 10 * MINUTE_US)
    (clock,) = deadlines([accepted, booked], [], [], NOW_US + 9 * HOUR_US, quarter_end=True)
    assert clock.state == "met"


def test_invoices_have_clocks_of_their_own() -> None:
    events = [
        event(1, "invoice.generated", "INV-1", generated_at_us=NOW_US),
        event(2, "invoice.generated", "INV-2", generated_at_us=NOW_US),
        event(3, "invoice.posted", "INV-2", NOW_US + MINUTE_US),
    ]
    found = {clock.about: clock.state for clock in deadlines(events, [], [], NOW_US + 2 * HOUR_US)}
    assert found == {"INV-1": "missed", "INV-2": "met"}


# --- who holds it ---------------------------------------------------------------------------------------------------


def test_people_come_before_systems() -> None:
    call = Call(system="erp", operation="upsert_order", target="/")
    case = ExceptionCase(
        id="f#1", flow="f", txn="Q-1", code="DEPENDENCY.UNAVAILABLE", owner="platform", status="assigned",
        assignee="Ada", opened_us=NOW_US, due_us=NOW_US,
    )  # fmt: skip
    assert owner_of(call, None, NOW_US).name == "ERP"
    assert owner_of(call, case, NOW_US).name == "platform: Ada"
    assert owner_of(Receive("payment", "INV-1", 60), None, NOW_US).kind == "customer"
    assert owner_of(Receive("credit", "A-1", 60), None, NOW_US).name == "credit"
    assert owner_of(Sleep(60), None, NOW_US).kind == "integration"
    assert owner_of(All((call,)), None, NOW_US).name == "ERP"
    assert owner_of(None, None, 0).kind == "integration"


# --- accounts -------------------------------------------------------------------------------------------------------


def test_payments_and_credits_lower_a_balance_and_what_comes_back_raises_it() -> None:
    book = AccountBook()
    posted = event(1, "invoice.posted", "INV-1", account="A-1", total=usd(1000), balance=usd(1000))
    book.read([posted])
    assert book.balances()[0].amount_minor == 1000
    half: dict[str, Any] = {"applications": [{"invoice_id": "INV-1", "amount": usd(400)}]}
    book.read([event(2, "payment.applied", "pi_1", **half)])
    assert (book.invoices["INV-1"].status, book.balances()[0].amount_minor) == ("partially_paid", 600)
    book.read([event(3, "credit_memo.issued", "CN-1", invoice_id="INV-1", amount=usd(600))])
    assert (book.invoices["INV-1"].status, book.balances()[0].amount_minor) == ("paid", 0)
    book.read([event(4, "payment.unapplied", "pi_1", **half)])
    assert (book.invoices["INV-1"].status, book.balances()[0].amount_minor) == ("partially_paid", 400)
    book.read([event(5, "invoice.written_off", "INV-1", reason="insolvent")])
    assert book.balances()[0].amount_minor == 0


def test_money_of_another_currency_is_not_added_up() -> None:
    book = AccountBook()
    book.read([event(1, "invoice.posted", "INV-1", total=usd(1000), balance=usd(1000))])
    yen = {"invoice_id": "INV-1", "amount": {"amount_minor": 1000, "currency": "JPY"}}
    book.read([event(2, "payment.applied", "pi_1", applications=[yen])])
    assert book.balances()[0].amount_minor == 1000


def test_a_hold_is_shown_as_of_when_it_was_told() -> None:
    book = AccountBook()
    assert book.credit.status == "unknown"
    book.read([event(1, "credit_hold.applied", "A-1", level="hard")])
    assert (book.credit.status, book.credit.as_of) == ("hard_hold", "2026-12-31T12:00:00.000000Z")
    book.read([event(2, "credit_hold.released", "A-1", NOW_US + MINUTE_US)])
    assert book.credit.status == "clear"


def test_the_index_knows_whose_a_transaction_is() -> None:
    index = AccountIndex()
    index.take(event(1, "quote.accepted", "Q-1", signer="A-1"))
    index.take(event(2, "order.booked", "Q-2-v1", txn="Q-2", bill_to="A-1"))
    index.take(event(3, "credit_hold.applied", "A-2", txn="", account="A-2"))
    assert index.transactions("A-1") == ["Q-1", "Q-2"]
    assert index.transactions("A-2") == []
    assert index.transactions("A-3") is None
    assert account_of(event(4, "order.accepted", "Q-1-v1")) == ""


@settings(max_examples=100)
@given(st.lists(st.sampled_from(list(range(6))), max_size=30))
def test_nothing_that_is_told_breaks_the_account(kinds: list[int]) -> None:
    book = AccountBook()
    odd: list[dict[str, Any]] = [
        {}, {"total": 7, "balance": "x"}, {"applications": None}, {"applications": [{}]},
        {"total": usd(5), "balance": usd(5)}, {"amount": {"amount_minor": "1", "currency": 1}},
    ]  # fmt: skip
    names = ("invoice.posted", "payment.applied", "credit_memo.issued", "credit_hold.applied", "order.booked", "mirror")
    book.read(event(number, names[kind], "S", **odd[(kind + number) % 6]) for number, kind in enumerate(kinds))
    assert all(money.currency == "USD" for money in book.balances())


# --- cursors --------------------------------------------------------------------------------------------------------


@settings(max_examples=100)
@given(st.text(max_size=80))
def test_a_token_stands_for_its_text_and_any_other_text_is_refused(text: str) -> None:
    assert text_of(token_of(text)) == text
    try:
        assert token_of(text_of(text)) == text
    except ValueError:
        return


@pytest.mark.parametrize(
    "cursor", ["!", "LTE", "eA", "A" * 300, token_of("9" * 30), token_of("1.5"), token_of("٣") + "="]
)
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(Refused):
        number_after(cursor)


# --- layers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["experience", "accounts", "story", "waiting", "deadlines", "events"])
def test_the_experience_side_asks_no_system_of_record(name: str) -> None:
    """Reading is a load on nobody: no adapter is imported, no flow is started, nobody is made to act."""
    path = Path(__file__).resolve().parents[3] / "integration" / "api" / f"{name}.py"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    assert not {module for module in modules if module.startswith(("integration.systems", "integration.flows"))}
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not used & {"run", "act", "launch", "peers"}
