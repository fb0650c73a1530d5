"""Refunds: money given back because somebody asked for it and a second person agreed.

Without an adjustment the invoice is owed again. With one the invoice is credited first (its own flow takes the tax
back and posts the memo), and what the credit is worth is paid back: invoice and cash fall together. Up to the call that
moves the money, giving up leaves nothing but, with an adjustment, the customer's credit; from then on it goes forward.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from itertools import count
from typing import Any

import msgspec

from domain.calendar import SECOND_US
from domain.money import said
from integration.facade.ledgers import in_books
from integration.flow import FlowContext
from integration.flows import cash_facts as facts
from integration.flows.approvals import CompletedByHand, approved, finished_by_hand, forward, in_open_period
from integration.flows.crediting import credited_part
from integration.flows.giving_back import gave_back
from integration.flows.paging import every_row
from integration.flows.steps import AT_WORK, ask_a_person, day_in, do, if_found, key_of, look_again, tell
from integration.flows.taken import Taken, show_owed, taken_by
from integration.outcomes import Answer
from integration.systems import billing
from integration.systems import payment_back as back
from integration.systems.billing import receivables as owed
from integration.systems.billing.shapes import CreditNote
from integration.systems.erp import receivables as books
from integration.systems.payment_back import Refund
from integration.systems.wire import minor


async def refund(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Give money of a payment back. Arguments: request, payment, amount_minor, adjust, reason, requested_by,
    approved_by.
    """
    request, payment = arguments["request"], arguments["payment"]
    taken = await taken_by(context, payment)
    context = in_books(context, taken.entity)
    approved_minor = await _amount(context, taken, arguments["amount_minor"])
    detail = f"refund {request}: {said(approved_minor, taken.invoice.currency_code)} of {taken.invoice.id}"
    by = await approved(arguments, detail, request=request, payment=payment, amount_minor=approved_minor)
    taken = await taken_by(context, payment)  # people may have taken days
    wanted_minor = await _amount(context, taken, approved_minor)
    credit = await _credited(context, taken, wanted_minor, request) if arguments["adjust"] else None
    if credit is not None:
        wanted_minor = min(wanted_minor, credit.left_minor)
    made = await _paid_back(context, taken, wanted_minor, arguments)
    try:
        await forward(f"refund {request}", lambda: _booked(context, payment, made, credit))
    except CompletedByHand as done:
        return finished_by_hand(done)
    await _told(context, taken, made, credit is not None)
    paid = {"refund": made.id, "amount_minor": made.amount, "status": made.status, "payment": payment}
    return {**paid, "by": by, "asked_by": arguments["requested_by"], "approved_minor": approved_minor}


async def _amount(context: FlowContext, taken: Taken, asked_minor: int) -> int:
    """Return how much is to be given back: what is asked for, or all that is left; people decide about more."""
    while True:
        left_minor = taken.intent.amount_received - await given_back(context, taken.intent.id, taken.txn)
        wanted_minor = asked_minor or left_minor
        if 0 < wanted_minor <= left_minor:
            return wanted_minor
        wanted, left = (said(each, taken.invoice.currency_code) for each in (wanted_minor, left_minor))
        detail = f"{wanted} of {taken.intent.id} are to be refunded, {left} are left"
        await ask_a_person("VALIDATION.BUSINESS_RULE", detail, payment=taken.intent.id)


async def given_back(context: FlowContext, payment: str, txn: str) -> int:
    """Return how much of a payment was given back, or is on its way."""
    refunds = await every_row(context, back.refunds_of(payment, txn), back.refund_page)
    return sum([each.amount for each in refunds if each.status != "failed"])


# --- the credit -----------------------------------------------------------------------------------------------------


class Credit(msgspec.Struct, frozen=True):
    """What was credited to be paid back: its memo in the ERP, and its notes in billing, that of the tax included."""

    memo: str
    notes: tuple[CreditNote, ...]

    @property
    def left_minor(self) -> int:
        """How much of it is money to pay back: billing takes a credit off what the invoice owes first."""
        return sum([note.amount_available for note in self.notes])


async def _credited(context: FlowContext, taken: Taken, wanted_minor: int, request: str) -> Credit:
    """Credit as much of the invoice as is to be paid back, once posted; people decide when nothing can be paid back."""
    invoice, key, remark = taken.invoice.id, key_of(context, request, "credit"), owed.refund_note_of(request)
    while True:
        note = await credited_part(context, invoice, taken.txn, wanted_minor, remark, key, is_owed=False)
        credit = None if note is None else await _posted(context, taken, note, request)
        if credit is not None and credit.left_minor:
            return credit
        detail = f"refund {request} with an adjustment: nothing is left to credit of {invoice} that is not owed"
        await ask_a_person("VALIDATION.BUSINESS_RULE", detail, invoice=invoice)


async def _posted(context: FlowContext, taken: Taken, note: CreditNote, request: str) -> Credit:
    """Wait until the flow of a credit note has posted its memo; people know whether it was given up."""
    for look in count(1):
        memo = await if_found(context, books.read_memo(note.id, taken.txn))
        if memo is not None:
            credit = Credit(note.id, await _notes(context, taken, note))
            total = minor(books.posted_memo(memo).total, taken.invoice.currency_code)
            if sum([each.total for each in credit.notes]) == total:
                return credit  # the list of the notes is from a copy that may lag
        told = (
            f"refund {request} waits for credit note {note.id}, which is not in the books, or not as it is in billing"
        )
        await look_again(look, AT_WORK, told, credit_note=note.id)
    raise AssertionError("the loop ends by returning")


async def _notes(context: FlowContext, taken: Taken, note: CreditNote) -> tuple[CreditNote, ...]:
    """Return a note and that of its tax, as they are now."""
    call = billing.credit_notes_of(taken.invoice.id, taken.txn)
    rows = await every_row(context, call, billing.credit_note_page)
    remarks = (note.customer_notes, billing.tax_note_of(note.id))
    return tuple([row for row in rows if row.customer_notes in remarks])


# --- the money ------------------------------------------------------------------------------------------------------


async def _paid_back(context: FlowContext, taken: Taken, amount_minor: int, arguments: Mapping[str, Any]) -> Refund:
    request = arguments["request"]

    async def made() -> Answer | None:
        refunds = await every_row(context, back.refunds_of(taken.intent.id, taken.txn), back.refund_page)
        for each in refunds:
            if each.metadata.get("request") == request:
                return Answer(200, msgspec.json.encode(each))
        return None

    key = key_of(context, request, "refund")
    call = back.create_refund(taken.intent.id, amount_minor, request, arguments["reason"], key, taken.txn)
    return back.refund_of(await do(context, call, made))


async def _booked(context: FlowContext, payment: str, made: Refund, credit: Credit | None) -> None:
    """Record a refund that was made: off the payment, or off the credit it was paid for."""
    taken = await taken_by(context, payment)
    if credit is None:
        money = await gave_back(context, taken, made.amount, made.id, "other", made.created * SECOND_US)
        await show_owed(money, taken.at_us, {"PaymentStatus__c": "refunded"})
        return
    day, left_minor = _day(context, taken, made), made.amount
    for note in credit.notes:
        amount_minor = min(note.amount_available, left_minor)
        left_minor -= amount_minor
        if amount_minor:
            await off_note(context, taken, note, amount_minor, made.id, day)
    await in_open_period(
        context, taken.entity, day,
        lambda posted: books.put_refund(taken.paper(made.id, posted), credit.memo, made.amount, taken.intent.method),
    )  # fmt: skip


def _day(context: FlowContext, taken: Taken, made: Refund) -> date:
    """Return the day on which the money left."""
    return day_in(context, taken.entity, made.created * SECOND_US)


async def off_note(
    context: FlowContext, taken: Taken, note: CreditNote, amount_minor: int, name: str, day: date
) -> None:
    """Record that an amount of a credit note, as it was seen, was paid back under a name."""

    async def is_off() -> Answer | None:
        answer = await do(context, billing.read_credit_note(note.id, taken.txn))
        left_minor = billing.credit_note_of(answer).amount_available  # a cent may be left of it
        return answer if left_minor <= note.amount_available - amount_minor else None

    key = key_of(context, name, f"note/{note.id}")
    await do(context, owed.record_note_refund(note.id, amount_minor, name, day, key, taken.txn), is_off)


async def _told(context: FlowContext, taken: Taken, made: Refund, adjust: bool) -> None:
    money = facts.money(made.amount, taken.invoice.currency_code)
    day = _day(context, taken, made)
    body = facts.refunded(taken.entity, day, made.id, taken.intent.id, money, adjust, taken.invoice.id)
    await tell("payment.refunded", made.id, taken.txn, **body)
