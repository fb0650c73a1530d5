"""Credit notes: what is taken back of an invoice that is finalized.

Of an open invoice it lowers what remains; of a paid one it is given back: to the balance, to the card, or elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from msgspec import structs

from domain import objects
from domain.calendar import SECOND_US, local_date
from domain.http import Reply
from mocks.kernel.operations import Call, Operation, Refusal, json_reply
from mocks.payment import listing, refunds, render
from mocks.payment.bodies import EmptyBody, RefundBody
from mocks.payment.invoicing import invoice as documents
from mocks.payment.invoicing import wallets
from mocks.payment.invoicing.credit_note import (
    CreditNote,
    NoteBody,
    NoteLine,
    NoteLineBody,
    NoteLines,
    NoteQuery,
    NoteRefund,
    NoteUpdate,
    PreviewLinesQuery,
    RefundLink,
)
from mocks.payment.invoicing.invoice import Invoice
from mocks.payment.invoicing.lines import Line
from mocks.payment.invoicing.prices import rounded
from mocks.payment.invoicing.settling import close
from mocks.payment.invoicing.tax_rates import rates_of, taxes_on
from mocks.payment.model import Processor, given, merged
from mocks.payment.parts import Page
from mocks.payment.queries import Paging
from mocks.payment.rows import alter, answer_list, make, page, read, row

_REASONS = ("duplicate", "fraudulent", "order_change", "product_unsatisfactory")


def create(model: Processor, body: NoteBody) -> CreditNote:
    """Issue a credit note."""
    note, invoice = _drafted(model, body, model.new_id("cn"))
    note = _given_back(model, note, invoice, body)
    owed: Invoice = model.tables["invoice"][invoice.id]
    if note.pre_payment_amount:
        remaining = owed.amount_remaining - note.pre_payment_amount
        credited = owed.pre_payment_credit_notes_amount + note.pre_payment_amount
        changes: dict[str, Any] = {"amount_remaining": remaining, "pre_payment_credit_notes_amount": credited}
        if remaining == 0:
            close(model, owed, **changes)
        else:
            documents.show(model, model.change("invoice", owed, **changes))
    if note.post_payment_amount:
        credited = owed.post_payment_credit_notes_amount + note.post_payment_amount
        model.change("invoice", owed, post_payment_credit_notes_amount=credited)
    model.add("credit_note", note)
    _show(model, note)
    return note


def _drafted(model: Processor, body: NoteBody, key: str) -> tuple[CreditNote, Invoice]:
    """Return the credit note as asked for, nothing given back yet, and its invoice."""
    invoice: Invoice = model.referred("invoice", body.invoice, "invoice")
    if invoice.status not in ("open", "paid", "uncollectible"):
        raise Refusal("credit_note_invalid", f"Invoice is {invoice.status}: nothing of it can be credited.", "invoice")
    if body.reason and body.reason not in _REASONS:
        raise Refusal("parameter_invalid", f"Invalid reason: {body.reason}", field="reason")
    lines = _lines(model, invoice, body)
    taxes = [tax for line in lines for tax in line.taxes]
    net = sum(line.amount - line.discount_amount for line in lines)
    exclusive = sum(tax.amount for tax in taxes if tax.tax_behavior == "exclusive")
    inclusive = sum(tax.amount for tax in taxes if tax.tax_behavior == "inclusive")
    total = net + exclusive
    left = creditable(model, invoice)
    if total <= 0 or total > left:
        text = f"The credit note comes to {total}; from 1 to {left} of the invoice can be credited."
        raise Refusal("credit_note_invalid", text, field="amount")
    before = min(total, invoice.amount_remaining) if invoice.status != "paid" else 0
    note = CreditNote(
        id=key, amount=total, created=model.now, currency=invoice.currency, customer=invoice.customer,
        effective_at=body.effective_at or model.now, invoice=invoice.id,
        lines=NoteLines(data=lines, url=f"/v1/credit_notes/{key}/lines"), memo=body.memo or None,
        metadata=merged({}, body.metadata), number=f"{invoice.number}-CN-{_count(model, invoice) + 1:02d}",
        out_of_band_amount=body.out_of_band_amount, pdf=f"https://invoice.example/cn/{key}/pdf",
        post_payment_amount=total - before, pre_payment_amount=before, reason=body.reason or None,
        discount_amount=sum(line.discount_amount for line in lines), subtotal=sum(line.amount for line in lines),
        subtotal_excluding_tax=net - inclusive, total=total, total_excluding_tax=net - inclusive, total_taxes=taxes,
        type="pre_payment" if before == total else "mixed" if before else "post_payment",
    )  # fmt: skip
    return note, invoice


def _count(model: Processor, invoice: Invoice) -> int:
    return len(model.notes_of.get(invoice.id, ()))


def creditable(model: Processor, invoice: Invoice) -> int:
    """Return what of an invoice no credit note has taken back yet."""
    notes = [model.tables["credit_note"][key] for key in model.notes_of.get(invoice.id, ())]
    credited: int = sum(note.total for note in notes if note.status == "issued")
    return invoice.total - credited


def _lines(model: Processor, invoice: Invoice, body: NoteBody) -> list[NoteLine]:
    if body.lines is None:
        amount = body.amount
        if amount is None:
            given_back = (body.refund_amount, body.credit_amount, body.out_of_band_amount)
            amount = sum(each for each in given_back if each) or creditable(model, invoice)
        return [
            NoteLine(
                id=model.new_id("cnli"), amount=amount, description="Credit", type="custom_line_item", quantity=1,
                unit_amount=amount, unit_amount_decimal=str(amount),
            )
        ]  # fmt: skip
    known = {line.id: line for line in invoice.lines.data}
    return [_line(model, asked, known, index) for index, asked in enumerate(body.lines)]


def _line(model: Processor, asked: NoteLineBody, known: Mapping[str, Line], index: int) -> NoteLine:
    field = f"lines[{index}]"
    rates = rates_of(model, asked.tax_rates, f"{field}[tax_rates]")
    if asked.type == "custom_line_item":
        quantity = asked.quantity or 1
        unit = asked.unit_amount_decimal if asked.unit_amount_decimal is not None else asked.unit_amount
        amount = asked.amount if asked.amount is not None else rounded(Decimal(unit or 0) * quantity)
        taxes = taxes_on(rates, amount)
        return NoteLine(
            id=model.new_id("cnli"), amount=amount, description=asked.description, quantity=quantity,
            tax_rates=rates, taxes=taxes, type=asked.type, unit_amount=asked.unit_amount,
            unit_amount_decimal=str(unit) if unit is not None else None,
        )  # fmt: skip
    line = known.get(asked.invoice_line_item or "")
    if line is None and model.stand_in is not None and known:
        line = next(iter(known.values()))
    if line is None:
        raise Refusal("reference_missing", f"No such line item: '{asked.invoice_line_item}'", field=field)
    whole = line.quantity or 1
    quantity = asked.quantity if asked.quantity is not None else whole
    share = Decimal(asked.amount) / line.amount if asked.amount is not None and line.amount else None
    share = share if share is not None else Decimal(quantity) / whole
    if not 0 <= share <= 1:
        raise Refusal("credit_note_invalid", "A line takes back no more than the invoice's line.", field=field)
    off = rounded(sum(each.amount for each in line.discount_amounts) * share)
    taxes = [structs.replace(tax, amount=rounded(tax.amount * share)) for tax in line.taxes]
    return NoteLine(
        id=model.new_id("cnli"), amount=rounded(line.amount * share), description=asked.description or line.description,
        discount_amount=off, invoice_line_item=line.id, quantity=quantity if asked.amount is None else None,
        taxes=taxes, type="invoice_line_item",
        unit_amount_decimal=line.pricing.unit_amount_decimal if line.pricing is not None else None,
    )  # fmt: skip


def _given_back(model: Processor, note: CreditNote, invoice: Invoice, body: NoteBody) -> CreditNote:
    """Give back what had been paid: as asked for, otherwise to the customer's balance."""
    left = note.post_payment_amount
    if left == 0:
        return note
    linked = [each for each in body.refunds or () if each.refund]
    if body.refund:
        linked.append(RefundLink(refund=body.refund))
    shown = []
    for link in linked:
        refund = model.referred("refund", link.refund or "", "refunds[refund]")
        shown.append(NoteRefund(amount_refunded=link.amount_refunded or refund.amount, refund=refund.id))
    left -= sum(each.amount_refunded for each in shown)
    asked = (body.refund_amount or 0) + (body.out_of_band_amount or 0)
    if body.credit_amount is None and asked == 0 and not linked:
        credit = left if model.stand_in is not None or body.amount is None else None
        if credit is None:
            text = "Say where the money goes: refund_amount, credit_amount or out_of_band_amount."
            raise Refusal("credit_note_invalid", text, field="refund_amount")
    else:
        credit = body.credit_amount or 0
    if asked + credit != left:
        text = f"The amounts given back come to {asked + credit}; {left} had been paid and is to be given back."
        raise Refusal("credit_note_invalid", text, field="amount")
    if body.refund_amount:
        refund = refunds.create(model, RefundBody(charge=_charge(model, invoice), amount=body.refund_amount))
        shown.append(NoteRefund(amount_refunded=refund.amount, refund=refund.id))
    entry = None
    if credit:
        customer = model.customers[invoice.customer]
        kind = "credit_note"
        entry = wallets.adjust(model, customer, -credit, invoice.currency, kind, credit_note=note.id).id
    return structs.replace(note, refunds=shown, customer_balance_transaction=entry)


def _charge(model: Processor, invoice: Invoice) -> str:
    for key in model.payments_of.get(invoice.id, ()):
        payment = model.tables["invoice_payment"][key]
        intent = model.intents.get(payment.payment.payment_intent or "")
        if intent is not None and intent.status == "succeeded":
            return intent.charge
    raise Refusal("credit_note_invalid", "The invoice was not paid here: there is nothing to refund.", "refund_amount")


def update(model: Processor, note: CreditNote, body: NoteUpdate) -> CreditNote:
    """Change the memo and the metadata of a credit note."""
    metadata = merged(note.metadata, body.metadata)
    after: CreditNote = model.change("credit_note", note, **given(body, ("memo",)), metadata=metadata)
    return after


def void(model: Processor, note: CreditNote, body: EmptyBody) -> CreditNote:
    """Void a credit note that lowered an open invoice: what it took back is owed again."""
    invoice: Invoice = model.tables["invoice"][note.invoice]
    if note.status != "issued" or note.post_payment_amount or invoice.status not in ("open", "uncollectible"):
        raise Refusal("credit_note_invalid", "Only a credit note of an invoice that is still open can be voided.")
    remaining = invoice.amount_remaining + note.pre_payment_amount
    credited = invoice.pre_payment_credit_notes_amount - note.pre_payment_amount
    changed = model.change(
        "invoice", invoice, amount_remaining=remaining, pre_payment_credit_notes_amount=credited
    )  # fmt: skip
    documents.show(model, changed)
    after: CreditNote = model.change("credit_note", note, "voided", status="void", voided_at=model.now)
    _show(model, after)
    return after


def _show(model: Processor, note: CreditNote) -> None:
    """Write a credit note into the history."""
    known = model.notes_of.setdefault(note.invoice, [])
    if note.id not in known:
        known.append(note.id)
    ref, txn = model.correlate(note.metadata, "")
    tax = sum(each.amount for each in note.total_taxes)
    shown = objects.CreditMemo(
        id=note.id, ref=ref, txn=txn, invoice=note.invoice, customer=note.customer, entity="",
        currency=note.currency.upper(), status=note.status, lines=(), taxes=(), net_minor=note.total - tax,
        tax_minor=tax, total_minor=note.total, balance_minor=0,
        business_date=local_date(note.created * SECOND_US, "UTC"),
    )  # fmt: skip
    model.desk.book.put("credit_memo", note.id, None, shown, note.status, txn)


# --- calls ----------------------------------------------------------------------------------------------------------


def _preview(model: Processor, call: Call) -> Reply:
    note, _ = _drafted(model, call.body, "cn_preview")
    return json_reply(render.shown(note))


def _preview_lines(model: Processor, call: Call) -> Reply:
    note, _ = _drafted(model, call.body, "cn_preview")
    rows = list(note.lines.data)[: listing.page_size(model, call.body)]
    more = len(note.lines.data) > len(rows)
    return json_reply(Page(data=rows, has_more=more, url="/v1/credit_notes/preview/lines"))


def _list_lines(model: Processor, call: Call) -> Reply:
    note: CreditNote = model.named("credit_note", call.params["id"])
    own = {line.id: line for line in reversed(note.lines.data)}
    found = listing.chosen(model, "credit_note_line_item", call.body, own)
    return answer_list(model, call, "credit_note_line_item", found)


_ALL, _ONE = "/v1/credit_notes", "/v1/credit_notes/{id}"
_KIND = "credit_note"
ROWS: tuple[Operation, ...] = (
    make("create_credit_note", _ALL, _KIND, NoteBody, create, CreditNote),
    page("list_credit_notes", _ALL, _KIND, NoteQuery),
    row("preview_credit_note", "GET", _ALL + "/preview", _preview, NoteBody, CreditNote),
    row("list_preview_lines", "GET", _ALL + "/preview/lines", _preview_lines, PreviewLinesQuery),
    read("get_credit_note", _ONE, _KIND, CreditNote),
    alter("update_credit_note", _ONE, _KIND, NoteUpdate, update, CreditNote),
    alter("void_credit_note", _ONE + "/void", _KIND, EmptyBody, void, CreditNote),
    row("list_credit_note_lines", "GET", _ONE + "/lines", _list_lines, Paging),
)
