"""Whatever reads a list reads all of it: each sweep against a vendor that shows two rows at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlsplit

import pytest

from integration.effects import Call, Deliver, Missing, Now, Park, Sleep, Start
from integration.flow import Flow, FlowContext, Program
from integration.flows import disputes, forgotten, refunds, settlements, sweeps
from integration.flows.catalogue import ROUTES
from integration.flows.paging import PAGES_MAX, every_row, page_with, shown
from integration.outcomes import Absent, Answer, Begun, Instant, Launched, Outcome, Published, Resumed, Slept
from integration.settings import Settings
from integration.systems import billing, payment_back, payment_events
from integration.systems.billing import receivables

PAGE, ROWS = 2, 7
Row = dict[str, Any]
Serve = Callable[[Call, Sequence[Row]], Any]
CONTEXT = FlowContext("test/1", "test", "", Settings())


def by_cursor(call: Call, rows: Sequence[Row]) -> Any:
    """Answer as the payment service does: behind an id."""
    after = parse_qs(urlsplit(call.target).query).get("starting_after", [""])[0]
    first = next((place + 1 for place, row in enumerate(rows) if row["id"] == after), 0)
    return {"data": rows[first : first + PAGE], "has_more": first + PAGE < len(rows)}


def by_offset(call: Call, rows: Sequence[Row]) -> Any:
    """Answer as billing does: an opaque offset, and none at the end."""
    first = int(parse_qs(urlsplit(call.target).query).get("offset", ["[0]"])[0].strip("[]"))
    more = {"next_offset": f"[{first + PAGE}]"} if first + PAGE < len(rows) else {}
    return {"list": rows[first : first + PAGE], **more}


def by_locator(call: Call, rows: Sequence[Row]) -> Any:
    """Answer as the CRM does: the address of the next page."""
    first = int(call.target.rpartition("-")[2]) if "/query/" in call.target else 0
    following = f"/services/data/v62.0/query/0r8-{first + PAGE}" if first + PAGE < len(rows) else None
    return {"records": rows[first : first + PAGE], "nextRecordsUrl": following}


def by_place(call: Call, rows: Sequence[Row]) -> Any:
    """Answer as the ERP does when it is asked for what lies behind a place; two rows may change at one instant."""
    found = re.search(r"lastmodifieddate > '([^']*)' OR id > (\d+)", json.loads(call.body)["q"])
    assert found is not None
    place = found[1], int(found[2])
    behind = [row for row in rows if (row["lastmodifieddate"], int(row["id"])) > place]
    return {"items": behind[:PAGE], "hasMore": len(behind) > PAGE}


def invoice(number: int) -> Row:
    return {"invoice": {
        "id": f"INV-{number}", "customer_id": "A-1", "status": "pending", "currency_code": "USD", "total": 1, "date": 1,
        "amount_due": 1, "line_items": [], "subscription_id": f"Q-{number}", "business_entity_id": "US",
    }}  # fmt: skip


def note(number: int) -> Row:
    return {"credit_note": {
        "id": f"CN-{number}", "customer_id": "A-1", "reference_invoice_id": "INV-1", "status": "adjusted", "date": 1,
        "currency_code": "USD", "total": 1, "line_items": [], "subscription_id": f"Q-{number}", "reason_code": "other",
        "type": "adjustment",
    }}  # fmt: skip


def transaction(number: int) -> Row:
    return {"transaction": {"id": f"txn-{number}", "type": "payment", "amount": 1, "reference_number": "pi_1"}}


def quote(number: int) -> Row:
    return {"Id": f"0Q0{number}", "QuoteNumber": f"Q-{number}", "Version__c": 1, "Kind__c": "new"}


def payout(number: int) -> Row:
    return {"id": f"po_{number}", "currency": "usd", "status": "paid", "created": 5}


def dispute(number: int) -> Row:
    return {
        "id": f"du_{number}",
        "status": "lost",
        "amount": 1,
        "currency": "usd",
        "payment_intent": f"pi_{number}",
        "created": 1,
    }


def intent(number: int) -> Row:
    return {"id": f"pi_{number}", "status": "succeeded", "amount": 1, "currency": "usd", "metadata": {
        "invoice": f"INV-{number}", "txn": f"Q-{number}",
    }}  # fmt: skip


def customer(number: int) -> Row:
    return {
        "id": str(number), "externalid": f"A-{number}", "custentity_credit_status": "soft_hold",
        "datecreated": "2026-11-30T09:00:00.000Z", "lastmodifieddate": f"2026-12-0{1 + number // 3}T09:00:00.000Z",
    }  # fmt: skip


def test_messages_are_read_to_the_end_and_taken_in_together() -> None:
    told = {"type": "payment_intent.succeeded", "created": 5}
    rows = [{**told, "id": f"evt_{number}", "data": {"object": intent(number)}} for number in range(1, ROWS + 1)]
    flow = Flow("test/1", sweeps.sweep_messages(CONTEXT, {"since_us": 0}))
    effect = flow.resume(Begun("test/1", "test", {}))
    while isinstance(effect, Call):
        effect = flow.resume(Answer(200, json.dumps(by_cursor(effect, rows)).encode(), 1))
    assert isinstance(effect, Deliver)
    assert [message.key for message in effect.messages] == [f"INV-{number}" for number in range(1, ROWS + 1)]


def test_a_sweep_for_messages_asks_for_those_that_a_flow_waits_for() -> None:
    awaited = {route.topic for route in ROUTES if route.source == "payment" and route.deliver}
    assert set(payment_events.AWAITED) == awaited


READERS: dict[str, tuple[Program, Serve, Callable[[int], Row], str]] = {
    "accepted quotes": (sweeps.sweep_quotes, by_locator, quote, "quote/Q-{}-v1"),
    "pending invoices": (sweeps.sweep_invoices, by_offset, invoice, "invoice/INV-{}"),
    "credit notes": (sweeps.sweep_credit_notes, by_offset, note, "credit/CN-{}"),
    "payouts": (sweeps.sweep_payouts, by_cursor, payout, "payout/po_{}"),
    "disputes": (sweeps.sweep_disputes, by_cursor, dispute, "chargeback/du_{}"),
    "changes of credit": (sweeps.sweep_credit, by_place, customer, "credit-status/A-{}/"),
    "invoices of any status": (forgotten.sweep_billed, by_offset, invoice, "invoice/INV-{}"),
    "payments": (forgotten.sweep_payments, by_cursor, intent, "invoice/INV-{}"),
}


def swept(program: Program, answer: Callable[[Call], Any]) -> list[Start]:
    """Return what a sweep starts when nothing is known; it is stopped where it pauses."""
    flow = Flow("test/1", program(CONTEXT, {"since_us": 0}))
    found: list[Start] = []
    effect = flow.resume(Begun("test/1", "test", {}))
    while effect is not None and not isinstance(effect, Sleep):
        effect = flow.resume(_outcome(effect, answer, found))
    flow.close()
    return found


def _outcome(effect: Any, answer: Callable[[Call], Any], found: list[Start]) -> Outcome:
    if isinstance(effect, Call):
        return Answer(200, json.dumps(answer(effect)).encode(), 1)
    if isinstance(effect, Missing):
        return Absent(effect.flow_ids)
    if isinstance(effect, Start):
        found.append(effect)
        return Launched(effect.flow_id, created=True)
    assert not isinstance(effect, Park), effect
    return Instant(1) if isinstance(effect, Now) else Slept()


@pytest.mark.parametrize("name", READERS)
def test_a_list_is_read_to_its_end_and_each_row_once(name: str) -> None:
    program, serve, row, flow_id = READERS[name]
    rows = [row(number) for number in range(1, ROWS + 1)]
    found = [start.flow_id for start in swept(program, lambda call: serve(call, rows))]
    assert [each.startswith(flow_id.format(number)) for number, each in enumerate(found, 1)] == [True] * ROWS


def test_booked_orders_are_read_to_their_end_and_their_quotes_too() -> None:
    orders = [
        {"id": str(number), "externalid": f"Q-{number}-v1", "status": "B" if number != 3 else "C",
         "lastmodifieddate": f"2026-12-0{1 + number // 3}T09:00:00.000Z"}
        for number in range(1, ROWS + 1)
    ]  # fmt: skip
    asked: list[str] = []

    def answer(call: Call) -> Any:
        if call.system == "erp":
            return by_place(call, orders)
        asked.append(unquote_plus(call.target))
        return by_locator(call, [quote(number) for number in range(1, ROWS + 1) if number != 3])

    *quotes, told = swept(forgotten.sweep_orders, answer)
    assert [start.flow_id for start in quotes] == [f"quote/Q-{number}-v1" for number in (1, 2, 4, 5, 6, 7)]
    assert (told.name, len(told.arguments["orders"])) == ("forgotten", 6)
    assert "Q-3-v1" not in asked[0], "a cancelled order is not to be brought back to life"


@pytest.mark.parametrize(
    ("read", "amount"),
    [
        (lambda: disputes.fee_of(CONTEXT, "du_1"), "fee"),
        (lambda: refunds.given_back(CONTEXT, "pi_1", ""), "amount"),
    ],
    ids=["movements of a dispute", "refunds of a payment"],
)
def test_sums_are_over_all_pages(read: Callable[[], Any], amount: str) -> None:
    rows = [
        {"id": f"row_{number}", "amount": 1, "created": 1, "fee": 1, "net": 1, "type": "adjustment", "currency": "usd",
         "status": "succeeded"}
        for number in range(ROWS)
    ]  # fmt: skip
    flow = Flow("test/1", read())
    effect = flow.resume(Begun("test/1", "test", {}))
    while effect is not None:
        assert isinstance(effect, Call)
        effect = flow.resume(Answer(200, json.dumps(by_cursor(effect, rows)).encode(), 1))
    assert flow.result == ROWS, amount


@pytest.mark.parametrize("last", [1, 2, 3, ROWS, 0])
@pytest.mark.parametrize(
    ("call", "page", "row"),
    [
        (billing.credit_notes_of("INV-1", ""), billing.credit_note_page, note),
        (receivables.transactions_named("pi_1", ""), receivables.transaction_page, transaction),
    ],
    ids=["credit notes of an invoice", "transactions of a reference"],
)
def test_what_is_looked_for_is_found_on_whichever_page_it_is(
    call: Call, page: Any, row: Callable[[int], Row], last: int
) -> None:
    rows = [row(number) for number in range(1, ROWS + 1)]
    flow = Flow("test/1", page_with(CONTEXT, call, page, lambda each: each.id.endswith(f"-{last}")))
    effect, calls = flow.resume(Begun("test/1", "test", {})), 0
    while effect is not None:
        assert isinstance(effect, Call)
        calls += 1
        effect = flow.resume(Answer(200, json.dumps(by_offset(effect, rows)).encode(), 1))
    assert calls == ((last + PAGE - 1) // PAGE if last else (ROWS + PAGE - 1) // PAGE), "no page is read in vain"
    assert (flow.result is not None) == bool(last)
    assert not last or f"-{last}" in flow.result.body.decode()


def test_a_list_of_disputes_asks_for_the_oldest_it_has_not_seen() -> None:
    call = payment_back.disputes_since(5_000_000)
    assert "created[gte]=5&limit=100" in call.target


def test_what_was_just_made_is_looked_for_until_the_list_shows_it() -> None:
    looks = iter([None, None, Answer(200, b"{}")])

    async def there() -> Answer | None:
        return next(looks)

    looking = shown("it", there).__await__()
    assert isinstance(looking.send(None), Sleep), "a copy that lags does not show it yet"
    assert isinstance(looking.send(Slept()), Sleep)
    with pytest.raises(StopIteration) as done:
        looking.send(Slept())
    assert done.value.value == Answer(200, b"{}")


def test_people_hear_of_what_no_list_ever_shows() -> None:
    async def there() -> Answer | None:
        return None

    looking = shown("the credit note of refund RF-1", there).__await__()
    effects = [looking.send(None)]
    while not isinstance(effects[-1], Park):
        effects.append(looking.send(Slept()))
    assert sum(effect.seconds for effect in effects[:-1]) == 119 * 60
    assert (effects[-1].code, effects[-1].detail.partition(" was")[0]) == (
        "CONFLICT.STATE", "the credit note of refund RF-1"
    )  # fmt: skip
    assert isinstance(looking.send(Resumed("clerk")), Sleep), "and it is looked for once more"


def test_a_list_without_end_is_read_on_only_when_a_person_says_so() -> None:
    """A page that is always followed by another would keep a flow reading for ever."""
    flow = Flow("test/1", every_row(CONTEXT, billing.credit_notes_of("INV-1", ""), lambda call, _: ([1], call)))
    effect, calls = flow.resume(Begun("test/1", "test", {})), 0
    while isinstance(effect, Call):
        calls += 1
        effect = flow.resume(Answer(200, b"{}", 1))
    assert isinstance(effect, Park)
    assert (effect.code, calls) == ("CONTRACT.SEMANTIC", PAGES_MAX - 1)
    assert isinstance(flow.resume(Resumed("ann")), Call)


def test_a_payout_whose_last_page_is_empty_is_posted_whole() -> None:
    """There may be more, the page says, and there is nothing behind which to ask for it."""
    rows = [
        {"id": f"txn_{number}", "amount": 100, "fee": 3, "net": 97, "type": kind, "currency": "usd"}
        for number, kind in enumerate(["charge", "charge", "payout"])
    ]
    settings = Settings(settlement_entities={"USD": "US"}, zones={"US": "America/New_York"})
    arguments = {"payout": "po_1", "currency": "usd", "at_us": 1}
    flow = Flow("test/1", settlements.settle(FlowContext("test/1", "settle", "", settings), arguments))
    effect = flow.resume(Begun("test/1", "settle", arguments))
    for page in (rows[:2], rows[2:], []):
        assert isinstance(effect, Call)
        assert effect.operation == "list_balance_transactions"
        effect = flow.resume(Answer(200, json.dumps({"data": page, "has_more": True}).encode(), 1))
    while effect is not None:
        effect = flow.resume(Answer(204, b"", 1) if isinstance(effect, Call) else Published("evt_1"))
    assert flow.result == {"payout": "po_1", "gross_minor": 200, "fee_minor": 6}
