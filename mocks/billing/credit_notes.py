"""Credit notes: what proration takes back of billed lines, and what callers credit by hand.

A note settles the unpaid part of its invoice first. When what is due on the invoice covers the whole note it is an
`adjustment` (of a pending invoice too: the vendor adjusts the unpaid component, whatever keeps it unpaid). Otherwise
it is `refundable`, and what was still due is allocated at once. One note never splits a line in two. A written-off
invoice is adjusted without anything to allocate: nobody paid it, so nothing is given back. A net note also charges:
its lines that take nothing back are negative, and belong to the invoice that the note is for (`netting`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

import msgspec
from msgspec.structs import replace

from domain.money import allocate as shares
from domain.objects import Line
from mocks.billing import invoices
from mocks.billing.coverage import CreditPart
from mocks.billing.documents import VOIDED
from mocks.billing.model import Billing, quote_number
from mocks.billing.records import CreditNote, Invoice
from mocks.kernel.operations import Refusal

ADJUSTMENT, REFUNDABLE = "adjustment", "refundable"
PRORATION = "subscription_change"
_NOTE_ID = re.compile(r"CN-\d{7}")


def issue(
    billing: Billing, parts: Iterable[CreditPart], txn: str, reference: str, reason: str = PRORATION
) -> list[CreditNote]:
    """Issue one note per invoice whose lines are taken back, in the order of the parts."""
    by_invoice: dict[str, list[CreditPart]] = {}
    for part in parts:
        by_invoice.setdefault(part.invoice, []).append(part)
    return [_issue(billing, key, own, txn, reference, reason) for key, own in by_invoice.items()]


def _issue(billing: Billing, key: str, parts: list[CreditPart], txn: str, reference: str, reason: str) -> CreditNote:
    invoice = billing.invoice(key)
    lines = tuple(reversing(billing, part) for part in parts)
    return _proration(billing, invoice, lines, reason, txn, reference)


def _proration(
    billing: Billing, invoice: Invoice, lines: tuple[Line, ...], reason: str, txn: str, reference: str
) -> CreditNote:
    total = sum(line.amount_minor for line in lines)
    type_ = ADJUSTMENT if invoice.due_minor >= total or invoice.written_off_minor else REFUNDABLE
    return _create(billing, invoice, lines, type_, reason, txn=txn, reference=reference)


def net(
    billing: Billing, key: str, parts: Iterable[CreditPart], charges: Iterable[Line], txn: str, reference: str
) -> CreditNote:
    """Issue the note of an invoice that is credited for more than is charged instead; charges are negative lines."""
    charged = tuple([replace(line, amount_minor=-line.amount_minor) for line in charges])
    lines = (*[reversing(billing, part) for part in parts], *charged)
    return _proration(billing, billing.invoice(key), lines, PRORATION, txn, reference)


def reversing(billing: Billing, part: CreditPart, sign: int = 1) -> Line:
    """Return the line that takes a part of another back: positive on a note, negative (sign -1) on an invoice."""
    line = part.line
    if sign < 0:
        billing.credited[line.id] = billing.credited.get(line.id, 0) + part.amount_minor
    return Line(
        id=invoices.next_line_id(billing),
        sku=line.sku,
        kind=line.kind,
        quantity=line.quantity,
        unit_minor=line.unit_minor,
        amount_minor=sign * part.amount_minor,
        list_unit_minor=line.list_unit_minor,
        months=line.months,
        period_start=part.start,
        period_end=part.end,
        full_start=line.full_start,
        full_end=line.full_end,
        reverses=line.id,
    )


def _create(
    billing: Billing, invoice: Invoice, lines: tuple[Line, ...], type_: str, reason: str, txn: str, reference: str,
    notes: str = "",
) -> CreditNote:  # fmt: skip
    tax = sum(line.amount_minor for line in lines if line.kind == "tax")
    total = sum(line.amount_minor for line in lines)
    allocated = min(total, invoice.due_minor)
    note = CreditNote(
        id=f"CN-{billing.desk.next('credit note'):07d}",
        invoice=invoice.id,
        customer=invoice.customer,
        subscription=invoice.subscription,
        entity=invoice.entity,
        zone=invoice.zone,
        currency=invoice.currency,
        txn=txn,
        reference=reference,
        type=type_,
        reason=reason,
        status="adjusted" if type_ == ADJUSTMENT else "refund_due",
        lines=lines,
        net_minor=total - tax,
        tax_minor=tax,
        day=billing.today(invoice.zone),
        created_us=billing.book.now_us,
        updated_us=billing.book.now_us,
        allocations=((invoice.id, allocated),) if allocated else (),
        allocated_minor=allocated,
        notes=notes,
    )
    _keep(billing, invoice, note)
    return note


def _keep(billing: Billing, invoice: Invoice, note: CreditNote) -> None:
    for line in note.lines:
        if line.reverses:
            billing.credited[line.reverses] = billing.credited.get(line.reverses, 0) + line.amount_minor
    billing.save_note(note)
    if note.type == ADJUSTMENT:
        invoice = invoices.adjust(billing, invoice, note.id, note.allocated_minor)
    else:
        invoice = invoices.allocate(billing, invoice, note.id, note.allocated_minor)
    billing.announce("credit_note_created", (("credit_note", note),), note.txn)
    if note.allocated_minor and invoice.status != "pending":
        billing.announce("invoice_updated", (("invoice", invoice),), invoice.txn)


class Wish(msgspec.Struct, frozen=True):
    """What a caller wants back of a line: an amount, and the days (the end exclusive) it is for, where that matters."""

    line: str
    amount_minor: int
    start: date | None = None
    end: date | None = None


# --- by hand ----------------------------------------------------------------------------------------------------------


def create(
    billing: Billing, key: str, type_: str, reason: str, total: int | None, wanted: list[Wish], notes: str
) -> CreditNote:
    """Create a note a caller asks for: amounts of named lines, or a total spread over what the lines have left."""
    invoice = billing.invoice(key)
    if invoice.status == VOIDED:
        raise Refusal("invalid_state_for_request", f"invoice {key} is voided and cannot be credited")
    if not wanted:
        wanted = _spread(billing, invoice, total)
    charged = charged_lines(billing, invoice)
    lines = tuple(_by_hand(charged, invoice, index, wish) for index, wish in enumerate(wanted))
    _check_caps(billing, charged, lines)
    amount = sum(line.amount_minor for line in lines)
    if total is not None and total != amount:
        detail = f"total is {total}, but the lines add up to {amount}"
        raise Refusal("param_wrong_value", detail, field="total")
    _check_type(invoice, type_, amount)
    stamped = tuple(msgspec.structs.replace(line, id=invoices.next_line_id(billing)) for line in lines)
    txn = _txn(billing, notes) or invoice.txn
    return _create(billing, invoice, stamped, type_, reason, txn=txn, reference=notes, notes=notes)


def _txn(billing: Billing, notes: str) -> str:
    """Return the transaction a caller's notes speak of: a quote number, or that of another credit note."""
    other = _NOTE_ID.search(notes)
    return quote_number(notes) or (billing.book.txn_of(other.group()) if other is not None else "")


def _spread(billing: Billing, invoice: Invoice, total: int | None) -> list[Wish]:
    lines = charged_lines(billing, invoice)
    left = [line.amount_minor - billing.credited.get(line.id, 0) for line in lines]
    if total is None:
        raise Refusal("param_wrong_value", "give a total or line items to credit", field="total")
    if not 0 < total <= sum(left):
        detail = f"{total} cannot be credited: lines of {invoice.id} have {sum(left)} left"
        raise Refusal("param_wrong_value", detail, field="total")
    amounts = shares(total, left)
    return [Wish(line.id, amount) for line, amount in zip(lines, amounts, strict=True) if amount]


def charged_lines(billing: Billing, invoice: Invoice) -> list[Line]:
    """Return what an invoice charges and can be credited for: its positive lines, and the charges on its net notes."""
    lines = [line for line in invoice.lines if line.amount_minor > 0 or not line.reverses]
    for key in invoice.notes:
        lines += [
            replace(line, amount_minor=-line.amount_minor) for line in billing.note(key).lines if not line.reverses
        ]
    return lines


def _by_hand(charged: list[Line], invoice: Invoice, index: int, wish: Wish) -> Line:
    line = next((line for line in charged if line.id == wish.line), None)
    if line is None:
        detail = f"{wish.line} is no line of {invoice.id}"
        raise Refusal("param_wrong_value", detail, field=f"line_items[reference_line_item_id][{index}]")
    if wish.end is not None and wish.start is not None and wish.end <= wish.start:
        raise Refusal("param_wrong_value", "must lie after date_from", field=f"line_items[date_to][{index}]")
    return Line(
        id="", sku=line.sku, kind=line.kind, quantity=1, unit_minor=wish.amount_minor, amount_minor=wish.amount_minor,
        reverses=line.id, months=line.months, period_start=wish.start, period_end=wish.end,
    )  # fmt: skip


def _check_caps(billing: Billing, charged: list[Line], lines: tuple[Line, ...]) -> None:
    billed = {line.id: line.amount_minor for line in charged}
    taken: dict[str, int] = {}
    for index, line in enumerate(lines):
        taken[line.reverses] = taken.get(line.reverses, billing.credited.get(line.reverses, 0)) + line.amount_minor
        if taken[line.reverses] > billed[line.reverses]:
            left = billed[line.reverses] - taken[line.reverses] + line.amount_minor
            detail = f"line {line.reverses} has {left} left to credit, not {line.amount_minor}"
            raise Refusal("param_wrong_value", detail, field=f"line_items[amount][{index}]")


def _check_type(invoice: Invoice, type_: str, amount: int) -> None:
    if type_ == ADJUSTMENT and amount > invoice.due_minor:
        detail = f"{amount} exceeds the {invoice.due_minor} due on {invoice.id}: credit the paid part as refundable"
        raise Refusal("param_wrong_value", detail, field="type")
    if type_ == REFUNDABLE and not (invoice.paid_minor or invoice.credits_minor):
        detail = f"nothing is paid on {invoice.id}: credit it as an adjustment"
        raise Refusal("param_wrong_value", detail, field="type")


def void(billing: Billing, key: str) -> CreditNote:
    """Void a credit note of which nothing was used: what it took back of its lines can be credited again."""
    note, now_us = billing.note(key), billing.book.now_us
    if note.status != "refund_due" or note.allocated_minor or note.refunded_minor:
        raise Refusal("invalid_state_for_request", f"credit note {key} is {note.status} or used and cannot be voided")
    if not all(line.reverses for line in note.lines):
        raise Refusal("invalid_state_for_request", f"credit note {key} charges something too and cannot be voided")
    for line in note.lines:
        billing.credited[line.reverses] -= line.amount_minor
    note = replace(note, status="voided", voided_us=now_us, updated_us=now_us, version=note.version + 1)
    billing.save_note(note)
    invoice = billing.invoice(note.invoice)
    billing.save_invoice(invoices.touched(billing, invoice, notes=tuple([k for k in invoice.notes if k != key])))
    billing.announce("credit_note_voided", (("credit_note", note),), note.txn)
    return note
