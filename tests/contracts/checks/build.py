"""Builds small histories by hand: one clean lifecycle as a list of records, and edits that break one thing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

from msgspec.structs import replace

from contracts.checks.facts import Facts
from contracts.checks.judge import judge, result_of
from contracts.checks.registry import BY_ID
from contracts.checks.verdict import Result
from domain import objects
from domain.calendar import SECOND_US, add_months, utc_midnight_us
from domain.faults import Fault
from domain.history import (
    Applied,
    Arrived,
    Attempted,
    Changed,
    Context,
    Delivered,
    Ended,
    Entity,
    Flow,
    Limit,
    MemoryHistory,
    Record,
    Sealed,
)

DAY_0 = START = date(2026, 12, 2)
DECEMBER = date(2026, 12, 1)
PAID_OUT = date(2026, 12, 3)
END = add_months(START, 12)
MINUTE_US = 60 * SECOND_US
DAY_US = 86_400 * SECOND_US
T0 = utc_midnight_us(DAY_0) + 15 * 3600 * SECOND_US

CONTEXT = Context(
    at_us=T0,
    scenario="hand-made",
    seed=1,
    code_version="0",
    engine="rehearsal",
    integration="reference",
    cutoff_date=date(2027, 1, 1),
    heal_us=T0 + 20 * DAY_US,
    horizon_us=T0 + 30 * DAY_US,
    settle_seconds=86_400,
    entities=(
        Entity("US", "USD", "America/New_York", "US"),
        Entity("DE", "EUR", "Europe/Berlin", "DE"),
    ),
    limits=(Limit(system="payment", requests=3, window_seconds=1, concurrent=2),),
)


def at(minutes: float) -> int:
    """Return the instant so many minutes after the start."""
    return T0 + round(minutes * MINUTE_US)


def changed(
    minutes: float, system: str, kind: str, document: Any, before: str = "", status: str = "", cause: str = "r1"
) -> Changed:
    """Return a change of a document; its status is the document's own unless given."""
    return Changed(
        at_us=at(minutes), system=system, kind=kind, id=document.id, txn=getattr(document, "txn", ""), before=before,
        status=status or document.status, document=document, cause=cause,
    )  # fmt: skip


def walk(minutes: float, system: str, kind: str, document: Any, *steps: str, cause: str = "r1") -> list[Changed]:
    """Return a document going through statuses, one a minute."""
    records, before = [], ""
    for index, status in enumerate(steps):
        shown = replace(document, status=status) if hasattr(document, "status") else document
        records.append(changed(minutes + index, system, kind, shown, before, status, cause))
        before = status
    return records


def line(key: str, sku: str, quantity: int, unit: int, **more: Any) -> objects.Line:
    """Return a line whose amount is quantity times unit price unless given."""
    values = {"kind": "recurring", "amount_minor": quantity * unit, "months": 12, **more}
    return objects.Line(id=key, sku=sku, quantity=quantity, unit_minor=unit, **values)


SEATS = line("1", "SEAT", 10, 1200)
SETUP = line("2", "SETUP", 1, 5000, kind="one_time", months=0)
QUOTE = objects.Quote(
    id="Q-000123-v1", txn="Q-000123", number="Q-000123", version=1, account="A-000001", entity="US", currency="USD",
    kind="new", status="draft", lines=(SEATS, SETUP), total_minor=17_000, term_start=START, term_months=12,
    payment_method="card",
)  # fmt: skip
ORDER = objects.Order(
    id="100", ref="Q-000123-v1", txn="Q-000123", version=1, number="SO1", customer="A-000001", entity="US",
    currency="USD", kind="new", status="booked", lines=(SEATS, SETUP), total_minor=17_000, business_date=DAY_0,
)  # fmt: skip
TASK = objects.Task(id="Q-000123-v1", ref="Q-000123-v1", txn="Q-000123", status="requested", skus=("SEAT", "SETUP"))
ITEM = objects.Item(sku="SEAT", kind="recurring", quantity=10, unit_minor=1200, months=12, start=START)
SUBSCRIPTION = objects.Subscription(
    id="Q-000123", ref="Q-000123-v1", txn="Q-000123", customer="A-000001", entity="US", currency="USD",
    status="pending_activation", start=START, term_end=END, items=(ITEM,),
)  # fmt: skip
_PERIOD = {"period_start": START, "period_end": END, "full_start": START, "full_end": END}
BILLED_SEATS = line("li_1", "SEAT", 10, 1200, **_PERIOD)
BILLED_SETUP = line("li_2", "SETUP", 1, 5000, kind="one_time", months=0)
TAX_LINE = line("li_3", "CA", 1, 1700, kind="tax", months=0)
TAX = (objects.TaxShare("CA", 17_000, 1_700),)
INVOICE = objects.Invoice(
    id="INV-1", ref="Q-000123-v1", txn="Q-000123", number="1", customer="A-000001", entity="US", currency="USD",
    status="tax_pending", lines=(BILLED_SEATS, BILLED_SETUP), taxes=(), net_minor=17_000, tax_minor=0,
    total_minor=17_000, balance_minor=17_000, business_date=START, due_date=add_months(START, 1),
    subscription="Q-000123", bill_from=START,
)  # fmt: skip
TAXED = replace(
    INVOICE, lines=(BILLED_SEATS, BILLED_SETUP, TAX_LINE), taxes=TAX, tax_minor=1_700, total_minor=18_700,
    balance_minor=18_700,
)  # fmt: skip
POSTED = replace(TAXED, id="200", ref="INV-1", number="INV-US-1", lines=(BILLED_SEATS, BILLED_SETUP), status="posted")
TAX_DOCUMENT = objects.TaxDocument(
    id="1", code="INV-1", kind="invoice", status="committed", currency="USD", taxes=TAX, net_minor=17_000,
    tax_minor=1_700,
)  # fmt: skip
PAYMENT = objects.Payment(
    id="pi_1", ref="INV-1", txn="Q-000123", customer="cus_1", currency="USD", status="created", method="card",
    amount_minor=18_700,
)  # fmt: skip
CAPTURED = replace(PAYMENT, captured_minor=18_700, fee_minor=572)
CASH = objects.Cash(
    id="300", ref="pi_1", txn="Q-000123", customer="A-000001", entity="US", currency="USD", amount_minor=18_700,
    applied=(("200", 18_700),), status="applied", business_date=START,
)  # fmt: skip
RECORDED = replace(CASH, id="txn_1", applied=(("INV-1", 18_700),))
PAYOUT = objects.Payout(
    id="po_1", currency="USD", gross_minor=18_700, fee_minor=572, net_minor=18_128, payments=("pi_1",), status="paid"
)
MIRROR = objects.Mirror(id="Q-000123-v1", txn="Q-000123", order_status="booked", order_number="SO1", sequence=1)
DELIVERED = replace(MIRROR, order_status="fulfilled", invoice_status="posted", invoice_balance_minor=18_700, sequence=2)
SETTLED = replace(DELIVERED, invoice_status="paid", invoice_balance_minor=0, payment_status="received", sequence=3)


def entry(minutes: float, key: str, source: str, *rows: tuple[str, int], **more: Any) -> Changed:
    """Return a journal entry in dollars."""
    document = objects.Entry(
        id=key, source=source, entity="US", currency="USD", base_currency="USD", rate="1", rate_id="",
        period="2026-12", business_date=START, postings=tuple(objects.Posting(a, n, n) for a, n in rows),
    )  # fmt: skip
    document = replace(document, **more)
    return Changed(
        at_us=at(minutes), system="erp", kind="entry", id=key, txn="Q-000123" if "po_" not in source else "",
        before="", status="posted", document=document, cause="r9",
    )  # fmt: skip


def schedule(minutes: float, document: objects.Invoice | objects.CreditMemo, planned: objects.Line) -> Changed:
    """Return the revenue schedule of a line of an ERP document: its days, month by month, and the rest at the end."""
    sign = -1 if isinstance(document, objects.CreditMemo) else 1
    assert planned.period_start is not None
    assert planned.period_end is not None
    days, slices, start = (planned.period_end - planned.period_start).days, [], planned.period_start
    while start < planned.period_end:
        end = min(add_months(start.replace(day=1), 1), planned.period_end)
        slices.append((end - timedelta(days=1), sign * (planned.amount_minor * (end - start).days // days)))
        start = end
    rest = sign * planned.amount_minor - sum(amount for _, amount in slices[:-1])
    record = objects.RevenueSchedule(
        id=f"{document.id}-{planned.id}", invoice=document.id, line=planned.id, currency=document.currency,
        total_minor=sign * planned.amount_minor, slices=(*slices[:-1], (slices[-1][0], rest)),
    )  # fmt: skip
    return Changed(
        at_us=at(minutes), system="erp", kind="revenue_schedule", id=record.id, txn=document.txn, before="",
        status="planned", document=record, cause="r9",
    )  # fmt: skip


def period(minutes: float, status: str, before: str = "", module: str = "gl") -> Changed:
    """Return a change of December's accounting period."""
    document = objects.Period(
        id=f"US/{module}/2026-12", entity="US", module=module, start=DECEMBER, end=date(2027, 1, 1), status=status
    )
    return changed(minutes, "erp", "period", document, before, cause="act")


def attempt(minutes: float, number: str, system: str, operation: str, key: str = "", **more: Any) -> Attempted:
    """Return one attempt that took a second and succeeded, unless said otherwise."""
    values: dict[str, Any] = {
        "write": bool(key), "fingerprint": f"{operation}/{key}", "txn": "Q-000123", "outcome": "ok", "status": 200,
        **more,
    }  # fmt: skip
    seconds = values.pop("seconds", 1)
    return Attempted(
        at_us=at(minutes) + round(seconds * SECOND_US), sent_us=at(minutes), number=number, system=system,
        operation=operation, key=key, **values,
    )  # fmt: skip


def delivered(minutes: float, system: str, message: str, topic: str, **more: Any) -> Delivered:
    """Return a message that was delivered a minute after its fact, and acknowledged."""
    values: dict[str, Any] = {"signed_us": at(minutes), "txn": "Q-000123", "attempt": 1, "status": 200, **more}
    return Delivered(at_us=at(minutes), sent_us=at(minutes - 1), system=system, message=message, topic=topic, **values)


def clean() -> list[Record]:
    """Return one lifecycle from quote to payout in which everything holds."""
    paid = replace(TAXED, balance_minor=0)
    return [
        period(0, "open"),
        *walk(0, "crm", "quote", QUOTE, "draft", "submitted", "approved", "accepted", cause="act"),
        delivered(5, "crm", "04l1", "quote.accepted"),
        Applied(
            at_us=at(5), consumer="accepted_quote", system="crm", message="04l1", topic="quote.accepted", txn="Q-000123"
        ),
        Flow(at_us=at(5), flow="quote/Q-000123-v1", name="accepted_quote", txn="Q-000123", status="started"),
        attempt(9, "r1", "erp", "put_order", "Q-000123-v1"),
        *walk(10, "erp", "order", ORDER, "submitted", "booked"),
        changed(12, "crm", "quote", replace(QUOTE, status="converted"), "accepted"),
        changed(12, "crm", "mirror", MIRROR, "", "shown"),
        *walk(13, "fulfilment", "task", TASK, "requested", "in_progress", "completed"),
        attempt(16, "r2", "billing", "create_subscription", "q2c/Q-000123-v1/create_subscription"),
        changed(17, "billing", "subscription", SUBSCRIPTION),
        changed(25, "billing", "subscription", replace(SUBSCRIPTION, status="active"), "pending_activation"),
        changed(25, "billing", "invoice", INVOICE),
        changed(26, "tax", "tax_document", TAX_DOCUMENT),
        changed(27, "billing", "invoice", replace(TAXED, status="ready"), "tax_pending"),
        changed(28, "billing", "invoice", replace(TAXED, status="posted"), "ready"),
        changed(30, "erp", "invoice", POSTED),
        entry(30, "GL1", "invoice/200", ("1100", 18_700), ("2200", -12_000), ("4000", -5_000), ("2100", -1_700)),
        schedule(30, POSTED, BILLED_SEATS),
        changed(31, "crm", "mirror", DELIVERED, "shown", "shown"),
        attempt(32, "r3", "payment", "create_payment_intent", "q2c/INV-1/pay/1"),
        *walk(33, "payment", "payment", PAYMENT, "created", "authorized"),
        changed(35, "payment", "payment", replace(CAPTURED, status="captured"), "authorized"),
        changed(36, "erp", "cash", CASH),
        changed(36, "erp", "invoice", replace(POSTED, status="paid", balance_minor=0), "posted"),
        entry(36, "GL2", "cash/300", ("1050", 18_700), ("1100", -18_700)),
        changed(37, "billing", "cash", RECORDED),
        changed(37, "billing", "invoice", replace(paid, status="paid"), "posted"),
        changed(38, "crm", "mirror", SETTLED, "shown", "shown"),
        changed(1500, "payment", "payment", replace(CAPTURED, status="settled", payout="po_1"), "captured"),
        changed(1500, "payment", "payout", PAYOUT),
        entry(1510, "GL3", "journal/po_1", ("1000", 18_128), ("6100", 572), ("1050", -18_700), business_date=PAID_OUT),
        Flow(at_us=at(1510), flow="quote/Q-000123-v1", name="accepted_quote", txn="Q-000123", status="finished"),
        Sealed(at_us=CONTEXT.horizon_us, entries=40, head="abc", intact=True, state_changes=3),
        Ended(at_us=CONTEXT.horizon_us, complete=True, lifecycles=1),
    ]  # fmt: skip


AMENDED = date(2026, 12, 12)
AMENDED_ON = date(2026, 12, 14)
AMENDMENT = replace(
    QUOTE, id="Q-000200-v1", txn="Q-000200", number="Q-000200", kind="amend", amendment_kind="upsell",
    lines=(line("1", "SEAT", 15, 1200),), total_minor=18_000, subscription="Q-000123", effective_date=AMENDED,
    sequence=1, deltas=(objects.Delta(sku="SEAT", quantity=15, unit_minor=1200),),
)  # fmt: skip
_REST, _WHOLE = (END - AMENDED).days, (END - START).days
CREDITED = (2 * 12_000 * _REST + _WHOLE) // (2 * _WHOLE)
RECHARGED = (2 * 18_000 * _REST + _WHOLE) // (2 * _WHOLE)
CREDIT_LINE = line(
    "cn_1", "SEAT", 10, 1200, amount_minor=CREDITED, period_start=AMENDED, period_end=END, full_start=START,
    full_end=END, reverses="li_1",
)  # fmt: skip
CREDIT_NOTE = objects.CreditMemo(
    id="CN-1", ref="Q-000200-v1", txn="Q-000200", invoice="INV-1", customer="A-000001", entity="US", currency="USD",
    status="posted", lines=(CREDIT_LINE,), taxes=(), net_minor=CREDITED, tax_minor=0, total_minor=CREDITED,
    balance_minor=CREDITED, business_date=AMENDED_ON,
)  # fmt: skip
MEMO = replace(CREDIT_NOTE, id="400", ref="CN-1", invoice="200")
CHARGE = line(
    "li_9", "SEAT", 15, 1200, amount_minor=RECHARGED, period_start=AMENDED, period_end=END, full_start=START,
    full_end=END,
)  # fmt: skip
SECOND = replace(
    INVOICE, id="INV-2", ref="Q-000200-v1", txn="Q-000200", number="2", lines=(CHARGE,), net_minor=RECHARGED,
    total_minor=RECHARGED, balance_minor=RECHARGED, bill_from=AMENDED, status="tax_pending", business_date=AMENDED_ON,
)  # fmt: skip
AMENDED_MIRROR = replace(
    MIRROR,
    id="Q-000200-v1",
    txn="Q-000200",
    order_number="SO2",
    invoice_status="posted",
    invoice_balance_minor=RECHARGED,
)
AMENDED_ITEMS = (
    replace(ITEM, end=AMENDED),
    replace(ITEM, quantity=15, start=AMENDED),
)
AMENDMENT_ORDER = replace(
    ORDER, id="101", ref="Q-000200-v1", txn="Q-000200", number="SO2", kind="amend", lines=AMENDMENT.lines,
    total_minor=18_000, business_date=AMENDED_ON,
)  # fmt: skip


def amended() -> list[Record]:
    """Return the clean lifecycle with an upsell from 10 to 15 seats in its second week, billed and still to be paid."""
    noon = 60 * 24 * 12
    subscription = replace(SUBSCRIPTION, status="active", items=AMENDED_ITEMS, applied=("Q-000200-v1",))
    push = replace(SECOND, status="posted")
    return [
        *clean(),
        *walk(noon, "crm", "quote", AMENDMENT, "draft", "submitted", "approved", "accepted", cause="act"),
        *walk(noon + 10, "erp", "order", AMENDMENT_ORDER, "submitted", "booked"),
        changed(noon + 20, "billing", "subscription", subscription, "active"),
        changed(noon + 20, "billing", "credit_memo", CREDIT_NOTE),
        changed(noon + 20, "billing", "invoice", SECOND),
        changed(noon + 22, "billing", "invoice", replace(SECOND, status="ready"), "tax_pending"),
        changed(noon + 23, "billing", "invoice", push, "ready"),
        changed(noon + 25, "erp", "invoice", replace(push, id="201", ref="INV-2", number="INV-US-2")),
        changed(noon + 25, "erp", "credit_memo", MEMO),
        entry(noon + 25, "GL4", "invoice/201", ("1100", RECHARGED), ("2200", -RECHARGED), business_date=AMENDED_ON),
        schedule(noon + 25, replace(push, id="201"), CHARGE),
        schedule(noon + 25, MEMO, CREDIT_LINE),
        entry(noon + 25, "GL5", "credit_memo/400", ("1100", -CREDITED), ("2200", CREDITED), business_date=AMENDED_ON),
        changed(noon + 27, "payment", "payment", replace(PAYMENT, id="pi_2", ref="INV-2")),
        changed(noon + 30, "crm", "mirror", AMENDED_MIRROR, "", "shown"),
    ]  # fmt: skip


# --- edits ----------------------------------------------------------------------------------------------------------

Rule = Callable[[Record], bool]


def of(kind: str, system: str, key: str = "", status: str = "") -> Rule:
    """Return a rule that picks changes of documents."""

    def picks(record: Record) -> bool:
        return (
            isinstance(record, Changed)
            and (record.kind, record.system) == (kind, system)
            and key in ("", record.id)
            and status in ("", record.status)
        )

    return picks


def without(records: Iterable[Record], rule: Rule) -> list[Record]:
    """Return the records that a rule does not pick."""
    return [record for record in records if not rule(record)]


def edited(records: Iterable[Record], rule: Rule, **fields: Any) -> list[Record]:
    """Return the records with other fields in the documents of those that a rule picks."""
    return [
        replace(record, document=replace(record.document, **fields))
        if isinstance(record, Changed) and rule(record)
        else record
        for record in records
    ]


def history(records: Iterable[Record], **context: Any) -> MemoryHistory:
    """Return the records in the order of time as a history; `context` changes the context."""
    ordered = sorted(records, key=lambda record: record.at_us)
    return MemoryHistory([replace(CONTEXT, **context), *ordered])


def ended_at(
    minutes: float, records: Iterable[Record], came_to_rest: bool = False
) -> tuple[list[Record], dict[str, Any]]:
    """Return what was seen of a replay until its end, and its context: nothing after the signature was due by then.

    One that came to rest had an hour of patience left.
    """
    healed, horizon = 5.0, minutes + (60 if came_to_rest else 0)
    seen = [record for record in records if record.at_us <= at(minutes)]
    context = {
        "engine": "replay", "inside": False, "heal_us": at(healed), "horizon_us": at(horizon),
        "settle_seconds": round((horizon - healed) * 60),
    }  # fmt: skip
    return [*seen, Ended(at_us=at(minutes), complete=True, lifecycles=1)], context


def check(key: str, records: Iterable[Record], **context: Any) -> Result:
    """Return the result of one check on some records."""
    return result_of(BY_ID[key], Facts(history(records, **context)))


def status_of(key: str, records: Iterable[Record], **context: Any) -> str:
    """Return the status of one check on some records."""
    return check(key, records, **context).status


__all__ = ["Arrived", "Fault", "judge"]
