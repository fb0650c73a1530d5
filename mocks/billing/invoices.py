"""Invoices: made pending, completed by added charges, closed, and after that only paid, adjusted or written off."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from domain.calendar import DAY, midnight_us
from domain.objects import Line
from mocks.billing.documents import OPEN_STATUSES, PAID, PENDING, VOIDED
from mocks.billing.model import Billing
from mocks.billing.records import CreditNote, Customer, Invoice, Subscription
from mocks.kernel.operations import Refusal

Discounts = tuple[tuple[str, str, int], ...]
Credited = tuple[tuple[str, str], ...]
TAX_PREFIX = "Tax "
STAGES = ("reminder", "notice_1", "notice_2", "final_notice", "suspended", "collections", "written_off")
VOIDABLE = OPEN_STATUSES | {PENDING}
EXHAUSTED_AT = STAGES.index("suspended")


def require(invoice: Invoice, statuses: frozenset[str], action: str) -> None:
    """Refuse an action on an invoice in another status."""
    if invoice.status not in statuses:
        raise Refusal(
            "invalid_state_for_request",
            f"invoice {invoice.id} is {invoice.status}; to {action} it must be {' or '.join(sorted(statuses))}",
        )


def next_line_id(billing: Billing) -> str:
    """Return the id of the next line of an invoice or credit note."""
    return f"li_{billing.desk.next('line'):09d}"


def generate(
    billing: Billing, subscription: Subscription, lines: tuple[Line, ...], txn: str, reference: str,
    discounts: Discounts = (), credited: Credited = (),
) -> Invoice:  # fmt: skip
    """Make an invoice of a subscription from its lines, pending if the site or it says so, and announce it."""
    customer = billing.customer(subscription.customer)
    day, now_us = billing.today(subscription.zone), billing.book.now_us
    starts = [line.period_start for line in lines if line.period_start is not None and not line.reverses]
    terms = customer.net_term_days if subscription.net_term_days is None else subscription.net_term_days
    invoice = Invoice(
        id=f"INV-{billing.desk.next('invoice'):07d}",
        number="",
        customer=customer.id,
        subscription=subscription.id,
        entity=subscription.entity,
        zone=subscription.zone,
        currency=subscription.currency,
        txn=txn,
        reference=reference,
        status=PENDING,
        lines=lines,
        net_minor=sum([line.amount_minor for line in lines]),
        day=day,
        due_day=day + timedelta(days=terms),
        created_us=now_us,
        updated_us=now_us,
        bill_from=min(starts, default=day),
        first=not subscription.covers,
        discounts=discounts,
        auto_collection=subscription.auto_collection,
        source=subscription.source,
        credited=credited,
    )
    return present(billing, invoice, subscription.pending)


def one_off(billing: Billing, customer: Customer, subscription: str, lines: tuple[Line, ...], **given: Any) -> Invoice:
    """Make an invoice of charges that belong to no billing period; `given` are fields of it."""
    pending = given.pop("pending", None)
    day, now_us = billing.today(customer.zone), billing.book.now_us
    day = given.pop("day", None) or day
    terms = given.pop("net_term_days", None)
    invoice = Invoice(
        id=f"INV-{billing.desk.next('invoice'):07d}",
        number="",
        customer=customer.id,
        subscription=subscription,
        entity=customer.entity,
        zone=customer.zone,
        currency=customer.currency,
        status=PENDING,
        lines=lines,
        net_minor=sum([line.amount_minor for line in lines]),
        day=day,
        due_day=day + timedelta(days=customer.net_term_days if terms is None else terms),
        created_us=now_us,
        updated_us=now_us,
        bill_from=day,
        recurring=False,
        **given,
    )
    return present(billing, invoice, pending)


def present(billing: Billing, invoice: Invoice, pending: bool | None) -> Invoice:
    """Keep a new invoice: it waits as pending, or is closed at once."""
    billing.save_invoice(invoice)
    quirks = billing.quirks
    if not (quirks.pending_invoices if pending is None else pending):
        return close(billing, invoice.id, topic="invoice_generated")
    billing.announce(quirks.generated_event, (("invoice", invoice),), invoice.txn)
    return invoice


def add_charge(billing: Billing, key: str, amount_minor: int, description: str, reverses: str = "") -> Invoice:
    """Add an ad-hoc line to a pending invoice; `Tax <jurisdiction>` makes it the tax of a jurisdiction.

    One that takes back a line of another invoice is negative: a net invoice gives back the tax of what it credits.
    """
    invoice = billing.invoice(key)
    require(invoice, frozenset({PENDING}), "add a charge to")
    is_tax = description.startswith(TAX_PREFIX)
    if reverses:
        _take_back(billing, invoice, reverses, amount_minor)
        amount_minor = -amount_minor
    line = Line(
        id=next_line_id(billing),
        sku=description.removeprefix(TAX_PREFIX) if is_tax else description,
        kind="tax" if is_tax else "one_time",
        quantity=1,
        unit_minor=abs(amount_minor),
        amount_minor=amount_minor,
        reverses=reverses,
    )
    invoice = touched(
        billing, invoice, lines=(*invoice.lines, line),
        tax_minor=invoice.tax_minor + (amount_minor if is_tax else 0),
        net_minor=invoice.net_minor + (0 if is_tax else amount_minor),
    )  # fmt: skip
    billing.save_invoice(invoice)
    billing.announce("pending_invoice_updated", (("invoice", invoice),), invoice.txn)
    return invoice


def _take_back(billing: Billing, invoice: Invoice, reverses: str, amount_minor: int) -> None:
    """Note what an invoice takes back of a line; refuse one of an invoice it does not credit, and more than is left."""
    others = [billing.invoice(key) for key in dict.fromkeys([key for _, key in invoice.credited])]
    line = next((line for other in others for line in other.lines if line.id == reverses), None)
    if line is None:
        detail = f"{reverses} is no line of an invoice that {invoice.id} credits"
        raise Refusal("param_wrong_value", detail, field="reference_line_item_id")
    given = billing.credited.get(reverses, 0)
    if given + amount_minor > line.amount_minor:
        detail = f"line {reverses} has {line.amount_minor - given} left to credit, not {amount_minor}"
        raise Refusal("param_wrong_value", detail, field="amount")
    billing.credited[reverses] = given + amount_minor


def close(billing: Billing, key: str, topic: str = "invoice_updated") -> Invoice:
    """Close a pending invoice: it gets its gapless number and is due, or paid when nothing is left to pay."""
    invoice = billing.invoice(key)
    require(invoice, frozenset({PENDING}), "close")
    now_us, due = billing.book.now_us, invoice.due_minor
    if due < 0:
        raise Refusal("invalid_state_for_request", f"invoice {key} gives back more than it asks for")
    number = f"{invoice.entity or 'SITE'}-{billing.desk.next(f'number {invoice.entity}'):06d}"
    invoice = touched(
        billing, invoice, number=number, status=_open_status(billing, invoice) if due else PAID, closed_us=now_us,
        paid_us=0 if due else now_us,
    )  # fmt: skip
    billing.save_invoice(invoice)
    if due and billing.quirks.applies_credits:
        invoice = _use_credits(billing, invoice)
        due = invoice.due_minor
    if due:
        _plan_dunning(billing, invoice, 0)
    billing.announce(topic, (("invoice", invoice),), invoice.txn)
    return invoice


def _open_status(billing: Billing, invoice: Invoice) -> str:
    if billing.quirks.posted_until_due and billing.today(invoice.zone) < invoice.due_day:
        return "posted"
    return "payment_due"


def touched(billing: Billing, invoice: Invoice, **changes: object) -> Invoice:
    """Return an invoice with changes, its version and time of update moved on."""
    return replace(invoice, updated_us=billing.book.now_us, version=invoice.version + 1, **changes)


def _use_credits(billing: Billing, invoice: Invoice) -> Invoice:
    for key in tuple(billing.open_credits.get(invoice.customer, ())):
        invoice = use_credit(billing, invoice, billing.note(key))
    customer = billing.customer(invoice.customer)
    amount = min(customer.promotional_minor, invoice.due_minor)
    if amount:
        billing.touch_customer(customer, promotional_minor=customer.promotional_minor - amount)
        invoice = settled(
            billing, invoice, credits_minor=invoice.credits_minor + amount, credits=(*invoice.credits, ("", amount))
        )
    return invoice


def use_credit(billing: Billing, invoice: Invoice, note: CreditNote) -> Invoice:
    """Settle an invoice, as far as it goes, with a refundable credit note."""
    amount = min(note.available_minor, invoice.due_minor)
    if not amount or note.currency != invoice.currency:
        return invoice
    left = note.available_minor - amount
    billing.save_note(
        replace(
            note, allocated_minor=note.allocated_minor + amount,
            allocations=(*note.allocations, (invoice.id, amount)),
            status="refund_due" if left else "refunded", updated_us=billing.book.now_us, version=note.version + 1,
        )
    )  # fmt: skip
    return settled(
        billing, invoice, credits_minor=invoice.credits_minor + amount, credits=(*invoice.credits, (note.id, amount))
    )


def settled(billing: Billing, invoice: Invoice, **changes: object) -> Invoice:
    """Keep an invoice with less (or again more) left to pay; its status follows."""
    invoice = touched(billing, invoice, **changes)
    due = invoice.due_minor
    assert due >= 0, f"invoice {invoice.id} is settled beyond its total"
    if not due and invoice.status in OPEN_STATUSES:
        now_us = billing.book.now_us
        invoice = replace(invoice, status=PAID, paid_us=now_us, dunning="current", dunning_stopped=False)
    elif due and invoice.status == PAID:
        invoice = replace(invoice, status=_open_status(billing, invoice), paid_us=0, given_up=False)
    return billing.save_invoice(invoice)


def adjust(billing: Billing, invoice: Invoice, note: str, amount_minor: int) -> Invoice:
    """Take a credit off what is left to pay of an invoice that is not paid yet, pending ones included."""
    return settled(billing, invoice, adjusted_minor=invoice.adjusted_minor + amount_minor, notes=(*invoice.notes, note))


def allocate(billing: Billing, invoice: Invoice, note: str, amount_minor: int) -> Invoice:
    """Note a refundable credit on its invoice and let `amount_minor` of it settle what was left to pay."""
    return settled(billing, invoice, credits_minor=invoice.credits_minor + amount_minor, notes=(*invoice.notes, note))


def void(billing: Billing, key: str) -> Invoice:
    """Void an invoice; the days it covered are billed anew at the next bill run.

    The vendor voids closed invoices too (quirk `voids_closed`). Without it posted documents are immutable: credit them.
    Promotional credits that it used are the customer's again; one that used refundable credits is refused
    (apidocs.chargebee.com/docs/api/invoices/void-an-invoice).
    """
    invoice = billing.invoice(key)
    require(invoice, VOIDABLE if billing.quirks.voids_closed else frozenset({PENDING}), "void")
    if invoice.paid_minor or invoice.notes or any(billing.credited.get(line.id) for line in invoice.lines):
        raise Refusal("invalid_state_for_request", f"invoice {key} has payments or credit notes and cannot be voided")
    if any(line.reverses for line in invoice.lines):
        raise Refusal("invalid_state_for_request", f"invoice {key} credits others and cannot be voided: credit it")
    if any(note for note, _ in invoice.credits):
        raise Refusal("invalid_state_for_request", f"invoice {key} has used credit notes and cannot be voided")
    if invoice.credits:
        customer = billing.customer(invoice.customer)
        promotional_minor = customer.promotional_minor + sum([amount for _, amount in invoice.credits])
        billing.touch_customer(customer, promotional_minor=promotional_minor)
    billing.save_invoice(
        invoice := touched(billing, invoice, status=VOIDED, voided_us=billing.book.now_us, dunning="current")
    )
    _uncover(billing, invoice)
    billing.announce("invoice_updated", (("invoice", invoice),), invoice.txn)
    return invoice


def _uncover(billing: Billing, invoice: Invoice) -> None:
    subscription: Subscription | None = billing.book.get("subscription", invoice.subscription)
    if subscription is None:
        return
    gone = [cover for cover in subscription.covers if cover.invoice == invoice.id]
    starts = [span[0] for cover in gone for span in cover.live]
    fresh = [day for day in (subscription.fresh_from, min(starts, default=None)) if day is not None]
    once = {line.sku for line in invoice.lines if line.kind == "one_time"}
    billing.keep_subscription(
        replace(
            subscription,
            covers=tuple(cover for cover in subscription.covers if cover.invoice != invoice.id),
            charges=tuple(
                replace(charge, billed=False) if charge.sku in once else charge for charge in subscription.charges
            ),
            fresh_from=min(fresh, default=None),
        )
    )


def write_off(billing: Billing, key: str) -> tuple[Invoice, CreditNote]:
    """Settle an open invoice as lost: at the vendor it becomes paid, with an adjustment note of reason write_off.

    The note is no credit to the customer and stays out of the canonical history; the invoice is written_off there. When
    money goes back after that, what it had paid is owed again, and can be written off as well.
    """
    invoice = billing.invoice(key)
    require(invoice, OPEN_STATUSES, "write off")
    now_us, amount = billing.book.now_us, invoice.due_minor
    note = CreditNote(
        id=f"CN-{billing.desk.next('credit note'):07d}",
        invoice=key,
        customer=invoice.customer,
        subscription=invoice.subscription,
        entity=invoice.entity,
        zone=invoice.zone,
        currency=invoice.currency,
        txn=invoice.txn,
        reference="",
        type="adjustment",
        reason="write_off",
        status="adjusted",
        lines=(),
        net_minor=amount,
        tax_minor=0,
        day=billing.today(invoice.zone),
        created_us=now_us,
        updated_us=now_us,
        allocations=((key, amount),),
        allocated_minor=amount,
    )
    billing.book.keep("credit_memo", note.id, note)
    lost_minor = invoice.written_off_minor + amount
    invoice = settled(billing, invoice, written_off_minor=lost_minor, given_up=True, notes=(*invoice.notes, note.id))
    billing.announce("invoice_updated", (("invoice", invoice),), invoice.txn)
    return invoice, note


# --- dunning ----------------------------------------------------------------------------------------------------------


def _plan_dunning(billing: Billing, invoice: Invoice, stage: int) -> None:
    days = billing.quirks.dunning_days
    if stage < min(len(days), len(STAGES) - 1):  # writing off is a person's decision
        due_us = midnight_us(invoice.due_day + days[stage] * DAY, invoice.zone)
        billing.desk.agenda.add(max(due_us, billing.book.now_us), "dun", invoice.id, stage)


def dun(billing: Billing, key: str, stage: int) -> None:
    """Move the dunning of an overdue invoice to its next stage; what is paid or stopped stays where it is."""
    invoice: Invoice | None = billing.book.get("invoice", key)
    if invoice is None or invoice.status not in OPEN_STATUSES:
        return
    if not invoice.dunning_stopped:
        status = "not_paid" if stage >= EXHAUSTED_AT else "payment_due"
        invoice = touched(billing, invoice, dunning=STAGES[stage], status=status)
        billing.save_invoice(invoice)
        billing.announce("dunning_updated", (("invoice", invoice),), invoice.txn)
    _plan_dunning(billing, invoice, stage + 1)


def hold_dunning(billing: Billing, key: str, stopped: bool) -> Invoice:
    """Stop or resume the dunning of an open invoice."""
    invoice = billing.invoice(key)
    require(invoice, frozenset({"payment_due", "not_paid"}), "stop" if stopped else "resume")
    if invoice.dunning_stopped == stopped:
        raise Refusal("invalid_state_for_request", f"dunning of {key} is {'stopped' if stopped else 'running'} already")
    return billing.save_invoice(touched(billing, invoice, dunning_stopped=stopped))
