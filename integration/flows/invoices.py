"""From a pending invoice to cash: tax, closing, posting, collecting, applying."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec

from domain.objects import Line, TaxShare
from integration.effects import Call, Receive, Sleep, Start
from integration.flow import FlowContext
from integration.flows import cash_requests, facts
from integration.flows.approvals import in_open_period
from integration.flows.steps import ask_a_person, day_in, do, key_of, mirror, tell
from integration.flows.write_offs import is_tolerated
from integration.outcomes import Answer, CallFailed
from integration.systems import billing, erp, payment, tax, wire
from integration.systems.billing import BillingInvoice
from integration.systems.billing import receivables as owed
from integration.systems.erp import Posting
from integration.systems.erp import receivables as books
from integration.systems.payment import Collection, Intent, PaymentCustomer
from integration.systems.wire import date_of_seconds

RETRY_DAYS = (3, 4, 7, 7)  # soft declines are tried again on days 3, 7, 14 and 21
SOFT_DECLINES = frozenset(
    {"insufficient_funds", "card_declined", "generic_decline", "processing_error", "try_again_later"}
)
REFUSALS = (400, 409, 422)
_POLL_SECONDS = {"card": (3600,), "debit": (7 * 86_400, 2 * 86_400), "push": (10 * 86_400, 7 * 86_400)}
"""How long a message about a payment is waited for before the processor is asked, first and then each time."""


async def bill(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Take one invoice of billing to cash in the bank. Arguments: invoice."""
    answer = await do(context, billing.read_invoice(arguments["invoice"], context.txn))
    invoice = billing.invoice_of(answer)
    lines = invoice.canonical_lines()
    day = day_in(context, invoice.business_entity_id, answer.at_us)
    drawn = _posting(invoice, lines, (), day)
    await tell("invoice.generated", invoice.id, drawn.txn, **facts.invoice_generated(invoice, lines, drawn))
    shares = await _taxed(context, invoice, lines)
    closed = await _closed(context, invoice, shares)
    posting = _posting(invoice, lines, shares, day)
    posted = await in_open_period(
        context,
        posting.entity,
        day,
        lambda dated: erp.put_invoice(msgspec.structs.replace(posting, business_date=dated)),
    )
    body = facts.invoice_posted(invoice, posting, posting.id, posted.at_us)
    await tell("invoice.posted", invoice.id, posting.txn, **body)
    if payment.is_too_small(closed.amount_due, closed.currency_code):
        await _show_posted(closed, posting, posted.at_us)
        return await _left_open(closed, posting)
    return await _paid(context, closed, posting, 1)


async def collect(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Collect an invoice whose payment came back. Arguments: invoice, reason, again (the bank may be asked again)."""
    if arguments["again"]:
        await Sleep(RETRY_DAYS[0] * 86_400)
    else:
        await _ask_for_another_way(arguments["invoice"], arguments["reason"])
    answer = await do(context, billing.read_invoice(arguments["invoice"], context.txn))
    invoice = billing.invoice_of(answer)
    day = day_in(context, invoice.business_entity_id, answer.at_us)
    if payment.is_too_small(invoice.amount_due, invoice.currency_code):
        return {"invoice": invoice.id, "paid": False, "reason": "nothing is due"}
    tried = payment.intents_of(await do(context, payment.find_intents(invoice.id, context.txn)))
    attempt = 1 + max([int(intent.metadata.get("attempt", "0")) for intent in tried], default=0)
    return await _paid(context, invoice, _posting(invoice, (), (), day), attempt)


async def _ask_for_another_way(invoice: str, reason: str) -> None:
    """Have collections find another way to pay for what the bank will not debit again."""
    code = "PAYMENT.UNAUTHORIZED_RETURN" if reason == "debit_not_authorized" else "PAYMENT.ACCOUNT_CLOSED"
    await ask_a_person(code, f"the debit of {invoice} came back and may not be repeated: {reason}", invoice=invoice)


async def _paid(context: FlowContext, invoice: BillingInvoice, posting: Posting, attempt: int) -> dict[str, Any]:
    """Collect what is due of a posted invoice, apply it and show it; the first charge has the number `attempt`."""
    paid = await _collected(context, invoice, posting, attempt)
    if paid is None:
        return {"invoice": invoice.id, "paid": False, "reason": "it was settled otherwise"}
    paid_day = day_in(context, posting.entity, paid.at_us)
    body = facts.payment_received(posting, paid.intent.id, paid.intent.amount_received, paid.since_us, paid_day)
    await tell("payment.received", paid.intent.id, posting.txn, **body)
    paid_us, taken_minor = await _applied(context, invoice, posting, paid)
    fields = {"InvoiceStatus__c": "paid", "PaymentStatus__c": "received"}
    await _show(invoice, posting, paid_us, fields, wire.major_text(0, invoice.currency_code))
    body = facts.payment_applied(posting, paid.intent.id, invoice, taken_minor, paid_day)
    await tell("payment.applied", paid.intent.id, posting.txn, **body)
    return {"invoice": invoice.id, "paid": True, "payment": paid.intent.id}


async def _left_open(invoice: BillingInvoice, posting: Posting) -> dict[str, Any]:
    """Return how the flow of an invoice ends that is not charged.

    The processor takes no charge below a minimum of its own, and nobody is to work on cents: collecting is given up.
    What is within the tolerance is written off; what is not stays open, and a transfer or a credit may settle it.
    """
    if not invoice.amount_due:
        return {"invoice": invoice.id, "paid": False, "reason": "nothing is due"}
    reason = f"{invoice.amount_due} {invoice.currency_code} (minor units) is below the processor's minimum"
    if is_tolerated(invoice.total, invoice.amount_due, invoice.currency_code):
        start = cash_requests.write_off(invoice.id, posting.txn, "below the processor's minimum", "integration")
        await Start(flow_id=start.flow_id, name=start.name, arguments=start.arguments, txn=start.txn)
    return {"invoice": invoice.id, "paid": False, "status": "given_up", "reason": reason}


async def _show_posted(invoice: BillingInvoice, posting: Posting, at_us: int) -> None:
    """Show sales that an invoice is posted and what is due; a card that pays at once makes this needless.

    One that was paid before we heard of it (a restored journal has forgotten that we did) is shown as paid.
    """
    balance = wire.major_text(invoice.amount_due, invoice.currency_code)
    is_paid = bool(invoice.amount_paid) and not invoice.amount_due
    await _show(invoice, posting, at_us, {"InvoiceStatus__c": "paid" if is_paid else "posted"}, balance)


async def _show(invoice: BillingInvoice, posting: Posting, at_us: int, fields: dict[str, str], balance: str) -> None:
    """Show sales what is new about an invoice; with its first one, also that the order is fulfilled."""
    if invoice.first_invoice:
        fields = {"OrderStatus__c": "fulfilled", **fields}
    if invoice.quote_reference:
        entity = posting.entity if "PaymentStatus__c" in fields else ""
        await mirror(posting.txn, invoice.quote_reference, "", at_us, fields, balance, entity)


# --- tax and closing ------------------------------------------------------------------------------------------------


async def _taxed(context: FlowContext, invoice: BillingInvoice, lines: tuple[Line, ...]) -> tuple[TaxShare, ...]:
    """Commit the invoice's tax; a document that is there already under the invoice's id is adopted."""
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
    added = invoice.tax_lines
    for share in shares:
        if share.jurisdiction not in added:
            await _add_tax(context, invoice, share)

    async def is_closed() -> Answer | None:
        answer = await do(context, billing.read_invoice(invoice.id, context.txn))
        return None if billing.invoice_of(answer).status == "pending" else answer

    key = key_of(context, invoice.id, "close")
    return billing.invoice_of(await do(context, billing.close_invoice(invoice.id, key, context.txn), is_closed))


async def _add_tax(context: FlowContext, invoice: BillingInvoice, share: TaxShare) -> None:
    async def is_added() -> Answer | None:
        answer = await do(context, billing.read_invoice(invoice.id, context.txn))
        return answer if share.jurisdiction in billing.invoice_of(answer).tax_lines else None

    key = key_of(context, invoice.id, f"tax/{share.jurisdiction}")
    await do(context, billing.add_tax(invoice.id, share, key, context.txn), is_added)


def _posting(invoice: BillingInvoice, lines: tuple[Line, ...], shares: tuple[TaxShare, ...], day: date) -> Posting:
    return Posting(
        id=invoice.id, customer=invoice.customer_id, entity=invoice.business_entity_id, currency=invoice.currency_code,
        txn=invoice.subscription_id or invoice.id, business_date=day,
        lines=lines, taxes=shares,
        due_date=date_of_seconds(invoice.due_date) if invoice.due_date else day,
    )  # fmt: skip


# --- collecting -----------------------------------------------------------------------------------------------------


class Paid(msgspec.Struct, frozen=True):
    """A payment that succeeded, when that was known, and since when the money is there."""

    intent: Intent
    at_us: int
    since_us: int


class Declined(msgspec.Struct, frozen=True):
    """A payment that did not succeed, why, and when that was known."""

    reason: str
    at_us: int


async def _collected(context: FlowContext, invoice: BillingInvoice, posting: Posting, attempt: int) -> Paid | None:
    """Charge what is due until it is paid; declines are tried again on schedule, then people decide.

    None when a credit, a write-off or another payment has settled it meanwhile.
    """
    customer, known_us = await _payer(context, invoice)
    is_shown = customer.method != "card"
    if is_shown:
        await _show_posted(invoice, posting, known_us)  # the money takes days
    pauses = iter(RETRY_DAYS)
    while True:
        collection = Collection(
            invoice=invoice.id, customer=customer.id, payment_method=customer.payment_method, method=customer.method,
            amount_minor=invoice.amount_due, currency=invoice.currency_code, txn=posting.txn, attempt=attempt,
        )  # fmt: skip
        outcome = await _charged(context, collection)
        if isinstance(outcome, Paid):
            return outcome
        if not is_shown:
            await _show_posted(invoice, posting, outcome.at_us)
            is_shown = True
        attempt += 1
        is_soft = outcome.reason in SOFT_DECLINES
        pause_days = next(pauses, 0) if is_soft else 0
        if pause_days:
            await Sleep(pause_days * 86_400)
        invoice = await _still_due(context, invoice)
        if payment.is_too_small(invoice.amount_due, invoice.currency_code):
            return None
        if pause_days:
            continue
        code = "PAYMENT.SOFT_DECLINE" if is_soft else payment.class_of(outcome.reason)
        await ask_a_person(code, f"payment of {invoice.id} declined: {outcome.reason}", invoice=invoice.id)
        pauses = iter(RETRY_DAYS)
        customer, _ = await _payer(context, invoice)


async def _still_due(context: FlowContext, invoice: BillingInvoice) -> BillingInvoice:
    """Return an invoice as it is before it is charged again; while its customer disputes it, it is not."""
    while True:
        answer = await do(context, billing.read_invoice(invoice.id, context.txn))
        if owed.money_of(answer).dunning_status != "stopped":
            return billing.invoice_of(answer)
        await Sleep(86_400)


async def _payer(context: FlowContext, invoice: BillingInvoice) -> tuple[PaymentCustomer, int]:
    """Return the payment customer of the invoice's account, and when that was known."""
    while True:
        answer = await do(context, payment.find_customer(invoice.customer_id, context.txn))
        found = payment.customers_of(answer)
        if found and found[0].payment_method:
            return found[0], answer.at_us
        await ask_a_person("DATA_QUALITY.MAPPING_MISSING", f"no way to pay for {invoice.customer_id}")


async def _charged(context: FlowContext, collection: Collection) -> Paid | Declined:
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
        return Declined(declined.code, declined.at_us)
    return await _outcome(context, payment.intent_of(answer), answer.at_us, collection)


async def _outcome(context: FlowContext, intent: Intent, at_us: int, collection: Collection) -> Paid | Declined:
    """Wait for the end of a payment intent.

    Success is final at the processor, so a signed message that tells it needs no second word. Any other message is a
    hint, perhaps an old one, as is silence: the service itself says what is true.
    """
    pauses = _POLL_SECONDS[collection.method]
    turns = iter(pauses)
    while intent.status in payment.PENDING:
        message = await Receive("payment", collection.invoice, next(turns, pauses[-1]))
        if message is not None and message.body.get("id") != intent.id:
            continue  # of an earlier try
        if message is not None and message.body.get("status") == payment.SUCCEEDED:
            return Paid(payment.told_intent(message), message.received_us, message.sent_us or message.received_us)
        answer = await do(context, payment.read_intent(intent.id, collection.txn))
        intent, at_us = payment.intent_of(answer), answer.at_us
    if intent.status == payment.SUCCEEDED:
        return Paid(intent, at_us, at_us)
    error = intent.last_payment_error
    return Declined((error.decline_code or error.code) if error else intent.status, at_us)


# --- applying -------------------------------------------------------------------------------------------------------


async def _applied(context: FlowContext, invoice: BillingInvoice, posting: Posting, paid: Paid) -> tuple[int, int]:
    """Apply the cash in billing and in the ERP; what exceeds the invoice stays as the customer's credit.

    Return when that was known, and how much the invoice took.
    """
    intent, day = paid.intent, day_in(context, posting.entity, paid.at_us)
    taken_minor = await _recorded(context, invoice, intent, day, posting.txn)
    received, method = intent.amount_received, intent.method

    def cash(dated: date) -> Call:
        return erp.put_cash(intent.id, invoice.id, posting, received, taken_minor, method, dated)

    try:
        applied = await in_open_period(context, posting.entity, day, cash, allow=(erp.USER_ERROR,))
    except CallFailed:  # a credit memo was first: the rest of the money stays on the customer's account
        standing = books.posted_invoice(await do(context, books.read_invoice(invoice.id, posting.txn)))
        taken_minor = min(taken_minor, wire.minor(standing.amountRemaining, posting.currency))
        applied = await in_open_period(context, posting.entity, day, cash)
    return applied.at_us, taken_minor


async def _recorded(context: FlowContext, invoice: BillingInvoice, intent: Intent, day: date, txn: str) -> int:
    """Record the payment in billing; return how much of it the invoice took (credits may have made it owe less)."""
    due_minor = intent.amount_received
    refusals: tuple[int, ...] = REFUSALS
    while due_minor:
        try:
            await _record(context, invoice, intent, due_minor, day, txn, refusals)
            break
        except CallFailed:  # a credit came first, perhaps at this very moment: what is due is asked again
            answer = await do(context, billing.read_invoice(invoice.id, txn))
            now_minor = min(billing.invoice_of(answer).amount_due, intent.amount_received)
            refusals = () if now_minor == due_minor else REFUSALS  # that was not the reason: people look at it
            due_minor = now_minor
    excess_minor = intent.amount_received - due_minor
    if excess_minor:
        key = key_of(context, invoice.id, f"excess/{intent.id}")
        await do(context, billing.record_excess(invoice.customer_id, intent.id, excess_minor, day, key, txn))
    return due_minor


async def _record(
    context: FlowContext,
    invoice: BillingInvoice,
    intent: Intent,
    amount_minor: int,
    day: date,
    txn: str,
    refusals: tuple[int, ...],
) -> None:
    async def is_recorded() -> Answer | None:
        answer = await do(context, owed.transactions_named(intent.id, txn))
        rows = owed.transactions_of(answer)
        return answer if any(row.type == "payment" and row.amount == amount_minor for row in rows) else None

    key = key_of(context, invoice.id, f"record/{intent.id}/{amount_minor}")
    call = billing.record_payment(invoice.id, intent.id, amount_minor, day, key, txn)
    await do(context, call, is_recorded, allow=refusals)
