"""From a pending invoice to cash: tax, closing, posting, collecting, applying."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from domain.objects import TaxShare
from integration.effects import Call, Receive, Sleep
from integration.flow import FlowContext
from integration.flows.steps import ask_a_person, day_in, do, key_of, mirror, tell
from integration.outcomes import Answer, CallFailed
from integration.systems import billing, erp, payment, tax
from integration.systems.billing import BillingInvoice
from integration.systems.erp import Posting
from integration.systems.payment import Collection, Intent, PaymentCustomer
from integration.systems.wire import date_of_seconds, major

RETRY_DAYS = (3, 4, 7, 7)  # soft declines are tried again on days 3, 7, 14 and 21
SOFT_DECLINES = frozenset(
    {"insufficient_funds", "card_declined", "generic_decline", "processing_error", "try_again_later"}
)
_POLL_SECONDS = {"card": 3600, "debit": 2 * 86_400, "push": 7 * 86_400}


async def bill(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Take one invoice of billing to cash in the bank. Arguments: invoice."""
    answer = await do(context, billing.read_invoice(arguments["invoice"], context.txn))
    invoice = billing.invoice_of(answer)
    entity = invoice.business_entity_id
    shares = await _taxed(context, invoice, answer.at_us)
    closed = await _closed(context, invoice, shares)
    posting = _posting(invoice, entity, shares, day_in(context, entity, answer.at_us))
    posted = await do(context, erp.put_invoice(posting))
    reference = invoice.quote_reference
    if reference:
        await mirror(
            posting.txn, reference, "", posted.at_us,
            InvoiceStatus__c="posted", InvoiceBalance__c=major(closed.amount_due, invoice.currency_code),
        )  # fmt: skip
    await tell("invoice.posted", invoice.id, posting.txn, invoice_id=invoice.id)
    if closed.amount_due == 0:
        return {"invoice": invoice.id, "paid": False, "reason": "nothing is due"}
    paid = await _collected(context, closed, posting)
    paid_us = await _applied(context, closed, posting, paid)
    if reference:
        await mirror(
            posting.txn, reference, "", paid_us,
            InvoiceStatus__c="paid", InvoiceBalance__c=Decimal(0), PaymentStatus__c="received",
        )  # fmt: skip
    await tell("payment.applied", paid.intent.id, posting.txn, payment_id=paid.intent.id, invoice_id=invoice.id)
    return {"invoice": invoice.id, "paid": True, "payment": paid.intent.id}


# --- tax and closing ------------------------------------------------------------------------------------------------


async def _taxed(context: FlowContext, invoice: BillingInvoice, at_us: int) -> tuple[TaxShare, ...]:
    """Commit the invoice's tax; a document that is there already under the invoice's id is adopted."""
    lines = [line.canonical() for line in invoice.priced]
    taxable = tax.Taxable(
        code=invoice.id, customer=invoice.customer_id, currency=invoice.currency_code,
        address=invoice.billing_address.canonical(), day=date_of_seconds(invoice.date), lines=lines, txn=context.txn,
    )  # fmt: skip
    return await committed(context, taxable, tax.commit(taxable))


async def committed(context: FlowContext, taxable: tax.Taxable, call: Call) -> tuple[TaxShare, ...]:
    """Commit a tax document and return its shares; one that exists already under the code is adopted."""

    async def there() -> Answer | None:
        try:
            answer = await do(context, tax.read_document(taxable.code, taxable.txn), allow=(404,))
        except CallFailed:
            return None
        return answer if tax.is_committed(answer) else None

    try:
        answer = await do(context, call, there, allow=(tax.GET_TAX_ERROR,))
    except CallFailed:
        answer = await do(context, tax.read_document(taxable.code, taxable.txn))
    return tax.shares(answer)


async def _closed(context: FlowContext, invoice: BillingInvoice, shares: tuple[TaxShare, ...]) -> BillingInvoice:
    """Add the tax to a pending invoice and close it; return the invoice as it is then."""
    if invoice.status != "pending":
        return invoice
    for share in shares:
        if invoice.tax_line(share.jurisdiction) is None:
            await _add_tax(context, invoice, share)

    async def is_closed() -> Answer | None:
        answer = await do(context, billing.read_invoice(invoice.id, context.txn))
        return None if billing.invoice_of(answer).status == "pending" else answer

    key = key_of(context, invoice.id, "close")
    return billing.invoice_of(await do(context, billing.close_invoice(invoice.id, key, context.txn), is_closed))


async def _add_tax(context: FlowContext, invoice: BillingInvoice, share: TaxShare) -> None:
    async def is_added() -> Answer | None:
        answer = await do(context, billing.read_invoice(invoice.id, context.txn))
        return answer if billing.invoice_of(answer).tax_line(share.jurisdiction) else None

    key = key_of(context, invoice.id, f"tax/{share.jurisdiction}")
    await do(context, billing.add_tax(invoice.id, share, key, context.txn), is_added)


def _posting(invoice: BillingInvoice, entity: str, shares: tuple[TaxShare, ...], day: date) -> Posting:
    return Posting(
        id=invoice.id, customer=invoice.customer_id, entity=entity, currency=invoice.currency_code,
        txn=invoice.subscription_id or invoice.id, business_date=day,
        lines=tuple(line.canonical() for line in invoice.priced), taxes=shares,
        due_date=date_of_seconds(invoice.due_date) if invoice.due_date else day,
    )  # fmt: skip


# --- collecting -----------------------------------------------------------------------------------------------------


async def _collected(context: FlowContext, invoice: BillingInvoice, posting: Posting) -> Paid:
    """Charge what is due until it is paid; declines are tried again on schedule, then people decide."""
    customer = await _payer(context, invoice)
    attempt, pauses = 1, iter(RETRY_DAYS)
    while True:
        collection = Collection(
            invoice=invoice.id, customer=customer.id, payment_method=customer.payment_method, method=customer.method,
            amount_minor=invoice.amount_due, currency=invoice.currency_code, txn=posting.txn, attempt=attempt,
        )  # fmt: skip
        paid, decline = await _charged(context, collection)
        if paid is not None:
            return paid
        attempt += 1
        pause_days = next(pauses, 0) if decline in SOFT_DECLINES else 0
        if pause_days:
            await Sleep(pause_days * 86_400)
            continue
        code = "PAYMENT.SOFT_DECLINE" if decline in SOFT_DECLINES else payment.class_of(decline)
        await ask_a_person(code, f"payment of {invoice.id} declined: {decline}", invoice=invoice.id)
        pauses = iter(RETRY_DAYS)
        customer = await _payer(context, invoice)


async def _payer(context: FlowContext, invoice: BillingInvoice) -> PaymentCustomer:
    """Return the payment customer of the invoice's account."""
    while True:
        answer = await do(context, payment.find_customer(invoice.customer_id, context.txn))
        found = payment.customers_of(answer)
        if found and found[0].payment_method:
            return found[0]
        await ask_a_person("DATA_QUALITY.MAPPING_MISSING", f"no way to pay for {invoice.customer_id}")


class Paid(msgspec.Struct, frozen=True):
    """A payment that succeeded, and when that was known."""

    intent: Intent
    at_us: int


async def _charged(context: FlowContext, collection: Collection) -> tuple[Paid | None, str]:
    """Make one payment intent and wait for its end; return what was paid, or why not."""

    async def there() -> Answer | None:
        answer = await do(context, payment.find_intents(collection.invoice, collection.txn))
        wanted = str(collection.attempt)
        for intent in payment.intents_of(answer):
            if intent.metadata.get("attempt") == wanted:
                return await do(context, payment.read_intent(intent.id, collection.txn))
        return None

    key = key_of(context, collection.invoice, f"pay/{collection.attempt}")
    try:
        answer = await do(context, payment.create_intent(collection, key), there, allow=(402,))
    except CallFailed as declined:
        return None, declined.code
    return await _outcome(context, answer, collection)


async def _outcome(context: FlowContext, answer: Answer, collection: Collection) -> tuple[Paid | None, str]:
    intent = payment.intent_of(answer)
    while intent.status in ("processing", "requires_action"):
        await Receive("payment", collection.invoice, _POLL_SECONDS[collection.method])
        # A message is a hint: it may be stale or early. The service itself says what is true.
        answer = await do(context, payment.read_intent(intent.id, collection.txn))
        intent = payment.intent_of(answer)
    if intent.status == "succeeded":
        return Paid(intent, answer.at_us), ""
    error = intent.last_payment_error
    return None, (error.decline_code or error.code) if error else intent.status


# --- applying -------------------------------------------------------------------------------------------------------


async def _applied(context: FlowContext, invoice: BillingInvoice, posting: Posting, paid: Paid) -> int:
    """Apply the cash in billing and in the ERP; what exceeds the invoice stays as the customer's credit."""
    intent, day = paid.intent, day_in(context, posting.entity, paid.at_us)
    taken_minor = await _recorded(context, invoice, intent, day, posting.txn)
    call = erp.put_cash(intent.id, invoice.id, posting, intent.amount_received, taken_minor, intent.method, day)
    applied = await do(context, call)
    return applied.at_us


async def _recorded(context: FlowContext, invoice: BillingInvoice, intent: Intent, day: date, txn: str) -> int:
    """Record the payment in billing; return how much of it the invoice took (credits may have made it owe less)."""
    try:
        await _record(context, invoice, intent, intent.amount_received, day, txn)
    except CallFailed:
        pass
    else:
        return intent.amount_received
    answer = await do(context, billing.read_invoice(invoice.id, txn))
    due_minor = min(billing.invoice_of(answer).amount_due, intent.amount_received)
    if due_minor:
        await _record(context, invoice, intent, due_minor, day, txn)
    excess_minor = intent.amount_received - due_minor
    if excess_minor:
        key = key_of(context, invoice.id, f"excess/{intent.id}")
        await do(context, billing.record_excess(invoice.customer_id, intent.id, excess_minor, day, key, txn))
    return due_minor


async def _record(
    context: FlowContext, invoice: BillingInvoice, intent: Intent, amount_minor: int, day: date, txn: str
) -> None:
    async def is_recorded() -> Answer | None:
        again = await do(context, billing.read_invoice(invoice.id, txn))
        return again if billing.invoice_of(again).amount_paid else None

    key = key_of(context, invoice.id, f"record/{intent.id}/{amount_minor}")
    call = billing.record_payment(invoice.id, intent.id, amount_minor, day, key, txn)
    await do(context, call, is_recorded, allow=(400, 409, 422))
