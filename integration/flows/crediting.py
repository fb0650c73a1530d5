"""Crediting a part of an invoice: billing makes the note, whose own flow takes the tax back and posts the memo.

An invoice may have been credited before: a part is spread over what its lines have left, and is never more than that.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import msgspec

from domain.money import allocate
from domain.rounding import round_ratio
from integration.flow import FlowContext
from integration.flows.paging import every_row, page_with, shown
from integration.flows.starts import start_credit
from integration.flows.steps import REFUSALS, ask_a_person, code_of, do
from integration.outcomes import Answer, CallFailed
from integration.systems import billing
from integration.systems.billing import receivables as owed
from integration.systems.billing.shapes import BillingInvoice, CreditNote, InvoiceLine


class Part(msgspec.Struct, frozen=True):
    """What is credited of an invoice: (line, net amount) each, and whether it is taken off what is due."""

    rows: tuple[tuple[str, int], ...]
    is_due: bool


async def credited_part(
    context: FlowContext, invoice: str, txn: str, gross_minor: int, remark: str, key: str, *, is_owed: bool
) -> CreditNote | None:
    """Credit a part of an invoice, tax included, as far as it can be; return the note of its net, once billing shows it
    and its flow begins, or None when nothing is left to credit.

    `is_owed`: it is taken off what is due; what is no longer due is credited as money to pay back. Otherwise all of it
    is money to pay back. `remark` names the note, whatever is lost and repeated. What billing refuses is read again:
    money may have come meanwhile. Another part has a key of its own; the same one is people's.
    """
    keys: dict[Part, str] = {}
    refused: dict[Part, CallFailed] = {}
    while True:
        found = billing.invoice_of(await do(context, billing.read_invoice(invoice, txn)))
        notes = await every_row(context, billing.credit_notes_of(invoice, txn), billing.credit_note_page)
        note = named(notes, remark)
        part = None if note else _part(found, [note for note in notes if note.status != "voided"], gross_minor, is_owed)
        if part is not None and part in refused:
            failed = refused.pop(part)
            await ask_a_person(code_of("billing", failed), f"billing create_credit_note: {failed}", invoice=invoice)
            continue
        if part is not None:
            own = keys.setdefault(part, f"{key}/{len(keys)}" if keys else key)
            try:
                note = await _made(context, invoice, part, remark, own, txn)
            except CallFailed as failure:
                refused[part] = failure
                continue
        if note is not None:
            await start_credit(note.id, note.subscription_id)
        return note


async def _made(context: FlowContext, invoice: str, part: Part, remark: str, key: str, txn: str) -> CreditNote:
    """Make a credit note and return it as billing shows it; raise CallFailed when billing refuses it."""

    async def there() -> Answer | None:
        return await noted(context, invoice, txn, remark)

    call = owed.credit_lines(invoice, part.rows, remark, key, txn, is_due=part.is_due)
    await do(context, call, there, allow=REFUSALS)
    note = named(billing.credit_notes_in(await shown(f"the credit note {remark!r}", there)), remark)
    assert note is not None  # it was shown
    return note


def _part(invoice: BillingInvoice, notes: Sequence[CreditNote], gross_minor: int, is_owed: bool) -> Part | None:
    """Return the part of an invoice that a gross amount credits besides these notes; None when nothing is left."""
    gross_minor = min(gross_minor, left_of(invoice, notes), invoice.amount_due + invoice.amount_paid)
    if gross_minor <= 0:
        return None
    return Part(tuple(parts_of(invoice, notes, gross_minor)), is_owed and gross_minor <= invoice.amount_due)


def left_of(invoice: BillingInvoice, notes: Sequence[CreditNote]) -> int:
    """Return how much of an invoice, tax included, was not credited by these notes."""
    return invoice.total - sum([note.total for note in notes])


def parts_of(invoice: BillingInvoice, notes: Sequence[CreditNote], gross_minor: int) -> list[tuple[str, int]]:
    """Return (line, net amount) of what a gross amount credits of an invoice that these notes credited before."""
    left = _left(invoice, [line for note in notes for line in note.line_items])
    is_rest = gross_minor == left_of(invoice, notes)
    net_minor = sum(left.values()) if is_rest else min(net_of(invoice, gross_minor), sum(left.values()))
    parts = allocate(net_minor, list(left.values()))
    return [(line, part) for line, part in zip(left, parts, strict=True) if part]


def _left(invoice: BillingInvoice, credited: Sequence[InvoiceLine]) -> dict[str, int]:
    """Return what each charge has left to credit; a note that charges too (negative lines) adds what it charges."""
    left = {line.id: line.amount for line in invoice.charges}
    left |= {line.id: -line.amount for line in credited if not line.reference_line_item_id}
    for line in credited:
        if line.reference_line_item_id in left:
            left[line.reference_line_item_id] -= line.amount
    return left


def net_of(invoice: BillingInvoice, gross_minor: int) -> int:
    """Return the net part of a gross amount of an invoice: the most that is not more than it with its tax."""
    net, tax = invoice.net_minor, invoice.total - invoice.net_minor
    floor = gross_minor * net // invoice.total
    return floor + (floor + 1 + round_ratio(Fraction((floor + 1) * tax, net)) <= gross_minor)


def named(notes: Sequence[CreditNote], remark: str) -> CreditNote | None:
    """Return the credit note with a remark; None when there is none."""
    return next((note for note in notes if note.customer_notes == remark), None)


async def noted(context: FlowContext, invoice: str, txn: str, remark: str) -> Answer | None:
    """Return the page of the credit notes of an invoice that shows the one with a remark; None when there is none."""
    call = billing.credit_notes_of(invoice, txn)
    return await page_with(context, call, billing.credit_note_page, lambda note: note.customer_notes == remark)
