"""Pauses: a subscription rests for some days, goes on, and the customer gets back what was paid for those days.

The vendor stops charging but gives nothing back for days that were paid ahead (what is billed stays billed). So once
the subscription goes on, each day of the pause that an invoice covers is credited, by the share of the line it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

import msgspec

from domain.calendar import SECOND_US, midnight_us
from domain.rounding import Rounding, round_ratio
from integration.effects import Deliver, Now, Receive
from integration.flow import FlowContext
from integration.flows import contract_facts as facts
from integration.flows.copies import changed, latest
from integration.flows.paging import every_row
from integration.flows.steps import day_in, do, key_of, tell
from integration.outcomes import Answer, CallFailed, Message
from integration.systems import billing
from integration.systems.billing import BillingInvoice, BillingSubscription, CreditNote, InvoiceLine, Unused
from integration.systems.wire import date_of_seconds

Row = dict[str, Any]
_POLL_SECONDS = 6 * 3600
_SOON_SECONDS = 300
Days = tuple[date, date]


async def pause(context: FlowContext, found: BillingSubscription, row: Row, meta: Mapping[str, Any], key: str) -> None:
    """Pause a subscription, wait until it goes on, and credit the days that were paid for and not used."""
    await changed(context, billing.note(found.id, meta, f"{key}/note", context.txn))
    start, end = date.fromisoformat(row["effective"]), date.fromisoformat(row["resume"])

    async def is_paused() -> Answer | None:
        answer = await latest(context, found.id)
        return answer if billing.subscription_of(answer).status == "paused" else None

    entity = found.business_entity_id
    await changed(context, billing.pause(found.id, start, end, key, context.txn), is_paused)
    body = facts.subscription(found, day_in(context, entity, await Now()))
    await tell("subscription.suspended", found.id, context.txn, **body)
    after, day = await _resumed(context, found, end)
    if day < end:  # noted by whom the queue of the subscription is, so that nobody else writes at the same time
        resumed = {**after.meta_data.get("resumed", {}), row["ref"]: day.isoformat()}
        note = billing.note(found.id, {**after.meta_data, "resumed": resumed}, f"{key}/resumed", context.txn)
        after = billing.subscription_of(await changed(context, note))
    await tell("subscription.resumed", found.id, context.txn, **facts.subscription(found, resumed_on(after, row)))
    await _credited(context, after, (start, resumed_on(after, row)), row["ref"])


def resumed_on(found: BillingSubscription, row: Row) -> date:
    """Return the first day after a pause: the one agreed, or the earlier one on which it was resumed."""
    early = found.meta_data.get("resumed", {}).get(row["ref"], "")
    return date.fromisoformat(early or row["resume"])


async def _resumed(context: FlowContext, found: BillingSubscription, end: date) -> tuple[BillingSubscription, date]:
    """Return a subscription once it goes on, and since which day: by itself, or earlier because somebody wanted it."""
    due_us = midnight_us(end, context.settings.zones[found.business_entity_id])
    while True:
        left_seconds = (due_us - await Now()) / SECOND_US
        pause_seconds = _SOON_SECONDS if left_seconds < 0 else min(left_seconds + _SOON_SECONDS, _POLL_SECONDS)
        message = await Receive("subscription_resumed", found.id, pause_seconds)
        answer = await latest(context, found.id)
        now = billing.subscription_of(answer)
        if now.status != "paused":
            since_us = message.sent_us if message is not None and message.sent_us else answer.at_us
            return now, min(end, day_in(context, found.business_entity_id, since_us))


async def resume(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Let a paused subscription go on before its day. Arguments: request, subscription.

    The flow of its pause, which waits for this, is told at once: a message of billing may be lost.
    """
    subscription = arguments["subscription"]
    key = key_of(context, subscription, f"resume/{arguments['request']}")
    answer = await latest(context, subscription)
    found = billing.subscription_of(answer)
    if found.status != "paused":
        return {"subscription": subscription, "status": "not_paused"}

    async def goes_on() -> Answer | None:
        again = await latest(context, subscription)
        return again if billing.subscription_of(again).status != "paused" else None

    try:
        call = billing.resume(subscription, key, context.txn)
        answer = await changed(context, call, goes_on, allow=(billing.WRONG_STATE,))
    except CallFailed:
        return {"subscription": subscription, "status": "not_paused"}  # its day came meanwhile
    told = Message(
        source="billing", id=context.flow_id, topic="subscription_resumed", key=subscription, txn=context.txn,
        sent_us=answer.at_us,
    )  # fmt: skip
    await Deliver("billing", (told,))
    today = day_in(context, found.business_entity_id, answer.at_us)
    return {"subscription": subscription, "status": "resumed", "on": today.isoformat()}


# --- what was paid for and not used ---------------------------------------------------------------------------------


async def _credited(context: FlowContext, found: BillingSubscription, rest: Days, reference: str) -> None:
    """Credit the days of a pause on every invoice that covers them."""
    call = billing.invoices_of_subscription(found.id, context.txn)
    invoices = await every_row(context, call, billing.invoice_page)
    elsewhere = [_turned(line) for invoice in invoices for line in invoice.line_items if line.amount < 0]
    for invoice in invoices:
        if invoice.status != "voided":
            await _credit_invoice(context, invoice.id, rest, reference, elsewhere)


async def _credit_invoice(
    context: FlowContext, invoice: str, rest: Days, reference: str, elsewhere: Sequence[InvoiceLine]
) -> None:
    """Credit the days of a pause on one invoice; `elsewhere` is what net invoices have taken back."""
    remark = f"Pause {reference} {rest[0]} to {rest[1]}"
    key = key_of(context, invoice, f"pause/{reference}")
    listed = billing.credit_notes_of(invoice, context.txn)

    async def there() -> Answer | None:
        answer = await do(context, listed)
        return answer if any(note.customer_notes == remark for note in billing.credit_notes_in(answer)) else None

    for choice in range(1, 4):
        notes = await every_row(context, listed, billing.credit_note_page)
        shown = billing.invoice_of(await do(context, billing.read_invoice(invoice, context.txn)))
        parts = unused(_charged(shown, notes), [*_taken(notes), *elsewhere], rest)
        if not parts:
            return
        is_due = shown.amount_due >= sum(part.amount_minor for part in parts)
        call = billing.credit_unused(invoice, is_due, parts, remark, f"{key}/{choice}", context.txn)
        try:
            await do(context, call, there, allow=(400, 409) if choice < 3 else ())
        except CallFailed:
            continue  # a payment came in between: what is due is something else now
        return


def _charged(invoice: BillingInvoice, notes: Sequence[CreditNote]) -> list[InvoiceLine]:
    """Return what an invoice charges, and what its net credit notes charge for it."""
    own = [line for line in invoice.line_items if line.amount > 0]
    return own + [_turned(line) for note in notes for line in note.line_items if line.amount < 0]


def _taken(notes: Sequence[CreditNote]) -> list[InvoiceLine]:
    return [line for note in notes for line in note.line_items if line.amount > 0]


def _turned(line: InvoiceLine) -> InvoiceLine:
    return msgspec.structs.replace(line, amount=-line.amount)


def unused(charged: Sequence[InvoiceLine], taken: Sequence[InvoiceLine], rest: Days) -> list[Unused]:
    """Return what each charge was paid for days in `rest` that no credit has taken back yet.

    The value of a day is its share of the line's own days, rounded half up once for each stretch of days.
    """
    parts = []
    for line in charged:
        own = [credit for credit in taken if credit.reference_line_item_id == line.id]
        left_minor = line.amount - sum(credit.amount for credit in own)
        for start, end in _cut(_covered(line, rest), [_days(each) for each in own if each.date_to > each.date_from]):
            share = Fraction((end - start).days, (_days(line)[1] - _days(line)[0]).days)
            amount_minor = min(round_ratio(line.amount * share, Rounding.HALF_UP), left_minor)
            left_minor -= amount_minor
            if amount_minor:
                parts.append(Unused(line.id, amount_minor, start, end))
    return parts


def _days(line: InvoiceLine) -> Days:
    return date_of_seconds(line.date_from), date_of_seconds(line.date_to)


def _covered(line: InvoiceLine, rest: Days) -> list[Days]:
    """Return the days in `rest` that a recurring line was billed for."""
    if line.jurisdiction or line.date_to <= line.date_from or not line.canonical().months:
        return []
    start, end = _days(line)
    shared = max(start, rest[0]), min(end, rest[1])
    return [shared] if shared[0] < shared[1] else []


def _cut(spans: list[Days], taken: Sequence[Days]) -> list[Days]:
    for low, high in taken:
        spans = [
            part
            for start, end in spans
            for part in ((start, min(end, low)), (max(start, high), end))
            if part[0] < part[1]
        ]
    return spans
