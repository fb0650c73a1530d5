"""Collecting: what is due of a posted invoice is charged until it is paid, and shown to sales."""

from __future__ import annotations

from itertools import count

import msgspec

from domain.calendar import HOUR_US
from domain.families import account_of
from integration.effects import Now, Receive, Sleep
from integration.flow import FlowContext
from integration.flows.paging import every_row
from integration.flows.steps import LAGGING, ask_a_person, ask_about, do, key_of, look_again, mirror
from integration.outcomes import Answer, CallFailed
from integration.retry import call_with_retries
from integration.systems import billing, payment
from integration.systems.billing import BillingInvoice
from integration.systems.billing import receivables as owed
from integration.systems.erp import Posting
from integration.systems.erp import receivables as books
from integration.systems.payment import Collection, Intent, PaymentCustomer

RETRY_DAYS = (3, 4, 7, 7)  # soft declines are tried again on days 3, 7, 14 and 21
SOFT_DECLINES = frozenset(
    {"insufficient_funds", "card_declined", "generic_decline", "processing_error", "try_again_later"}
)
DECLINED = 402
DISPUTED_SECONDS = 3600
"""How often what is disputed is looked at: days pass until it is settled, and then it is charged."""
FRESH_US = HOUR_US
"""For how long what was seen of an invoice is what is due of it: its posting may have waited for people since."""
_POLL_SECONDS = {"card": (3600,), "debit": (2 * 86_400, 86_400), "push": (10 * 86_400, 7 * 86_400)}
"""How long a message about a payment is waited for before the processor is asked, first and then each time.

A sweep asks for lost messages, all in one call; this is for what no message tells. A bank decides a debit within days.
Customers take weeks to send money: asking daily for each open invoice would cost more calls than all else of it.
"""


async def show_posted(invoice: BillingInvoice, posting: Posting, at_us: int) -> None:
    """Show sales that an invoice is posted and what is due; a card that pays at once makes this needless.

    One that was paid before we heard of it is shown as paid: a restored journal has forgotten that we did, or credits
    have settled it while its charge waited.
    """
    is_paid = invoice.status == "paid" and not invoice.amount_due
    await _show(invoice, posting, at_us, {"InvoiceStatus__c": "paid" if is_paid else "posted"})


async def show_paid(invoice: BillingInvoice, posting: Posting, at_us: int) -> None:
    """Show sales what a payment of ours has left of an invoice."""
    fields = {"InvoiceStatus__c": "posted" if invoice.amount_due else "paid", "PaymentStatus__c": "received"}
    await _show(invoice, posting, at_us, fields)


async def _show(invoice: BillingInvoice, posting: Posting, at_us: int, fields: dict[str, str]) -> None:
    """Show sales what is new about an invoice; with its first one, also that the order is fulfilled."""
    if invoice.first_invoice:
        fields = {"OrderStatus__c": "fulfilled", **fields}
    if invoice.quote_reference:
        entity = posting.entity if "PaymentStatus__c" in fields else ""
        await mirror(posting.txn, invoice.quote_reference, "", at_us, fields, invoice.balance, entity)


# --- charging -------------------------------------------------------------------------------------------------------


class Paid(msgspec.Struct, frozen=True):
    """A payment that succeeded, when that was known, and since when the money is there."""

    intent: Intent
    at_us: int
    since_us: int


class Declined(msgspec.Struct, frozen=True):
    """A payment that did not succeed, why, and when that was known."""

    reason: str
    at_us: int


async def collected(
    context: FlowContext, invoice: BillingInvoice, seen_us: int, posting: Posting, attempt: int, is_begun: bool = False
) -> Paid | None:
    """Charge what is due until it is paid; declines are tried again on schedule, then people decide.

    The invoice is as it was seen at `seen_us`; what is due of it is read again after whatever may take days. The first
    charge has the number `attempt`; when it `is_begun` it is on its way already and is not made again. None when a
    credit, a write-off or another payment has settled the invoice meanwhile.
    """
    customer, known_us = await _payer(context, invoice)
    if known_us - seen_us > FRESH_US and not is_begun:
        invoice = await _still_due(context, invoice, posting)
    is_shown = customer.method != "card" or _is_settled(invoice)
    if is_shown:
        await show_posted(invoice, posting, known_us)  # the money takes days, or none comes
    pauses = iter(RETRY_DAYS)
    while is_begun or not _is_settled(invoice):
        asked = _charge_of(invoice, customer, posting, attempt)
        outcome = await _charged(context, asked, invoice, known_us, is_begun)
        if isinstance(outcome, Paid):
            return outcome
        is_begun = False
        if outcome is None:
            invoice = await _still_due(context, invoice, posting)
            customer, known_us = await _payer(context, invoice)
            attempt += asked != _charge_of(invoice, customer, posting, attempt)  # a key is of one charge
            continue
        if not is_shown:
            await show_posted(invoice, posting, outcome.at_us)
        is_shown = True
        attempt += 1
        is_soft = outcome.reason in SOFT_DECLINES
        pause_days = next(pauses, 0) if is_soft else 0
        if pause_days:
            await Sleep(pause_days * 86_400)
        elif not _is_settled(invoice := await _still_due(context, invoice, posting)):
            code = "PAYMENT.SOFT_DECLINE" if is_soft else payment.class_of(outcome.reason)
            await ask_a_person(code, f"payment of {invoice.id} declined: {outcome.reason}", invoice=invoice.id)
            pauses = iter(RETRY_DAYS)
            customer, known_us = await _payer(context, invoice)
        invoice = await _still_due(context, invoice, posting)
    if not is_shown:  # the charge was refused, and credits have settled the invoice since
        await show_posted(invoice, posting, await Now())
    return None


def _charge_of(invoice: BillingInvoice, customer: PaymentCustomer, posting: Posting, attempt: int) -> Collection:
    return Collection(
        invoice=invoice.id, customer=customer.id, payment_method=customer.payment_method, method=customer.method,
        amount_minor=invoice.amount_due, currency=invoice.currency_code, txn=posting.txn, attempt=attempt,
    )  # fmt: skip


def _is_settled(invoice: BillingInvoice) -> bool:
    return payment.is_too_small(invoice.amount_due, invoice.currency_code)


async def _still_due(context: FlowContext, invoice: BillingInvoice, posting: Posting) -> BillingInvoice:
    """Return an invoice as it is before it is charged again; while its customer disputes it, it is not.

    The books have the mark of a dispute; billing knows none before the invoice is due.
    """
    while True:
        standing = books.posted_invoice(await do(context, books.read_invoice(posting.id, posting.txn)))
        answer = await read_again(context, invoice)
        if not standing.custbody_dispute and owed.money_of(answer).dunning_status != "stopped":
            return billing.invoice_of(answer)
        await Sleep(DISPUTED_SECONDS)


async def read_again(context: FlowContext, invoice: BillingInvoice, *, is_changed: bool = False) -> Answer:
    """Return the answer that shows an invoice as it was seen, or later; when it `is_changed` since, only later.

    A copy that lags shows what was due before the invoice had its tax.
    """
    for look in count(1):
        answer = await do(context, billing.read_invoice(invoice.id, context.txn))
        if billing.invoice_of(answer).resource_version >= invoice.resource_version + is_changed:
            return answer
        told = f"billing shows {invoice.id} as it was before, or at, version {invoice.resource_version}"
        await look_again(look, LAGGING, told, invoice=invoice.id)
    raise AssertionError("the loop ends by returning")


async def _payer(context: FlowContext, invoice: BillingInvoice) -> tuple[PaymentCustomer, int]:
    """Return the payment customer of the invoice's account, and when that was known."""
    while True:
        answer = await do(context, payment.find_customer(account_of(invoice.customer_id), context.txn))
        found = payment.customers_of(answer)
        if found and found[0].payment_method:
            return found[0], answer.at_us
        await ask_a_person("DATA_QUALITY.MAPPING_MISSING", f"no way to pay for {invoice.customer_id}")


class _Moved(Exception):
    """Another amount is due by now, and nothing is on its way: hours have passed since it was asked for."""


async def _charged(
    context: FlowContext, collection: Collection, invoice: BillingInvoice, known_us: int, is_begun: bool
) -> Paid | Declined | None:
    """Make one payment intent of what was due of an invoice at an instant, and wait for its end.

    Return what was paid, or why not. None when the request itself was refused, or nobody could tell for long what came
    of it: people have looked at it since, and what is due may be something else.
    """

    async def there() -> Answer | None:
        asked = payment.find_intents(collection.invoice, collection.txn)
        wanted = str(collection.attempt)
        for intent in await every_row(context, asked, payment.intent_page):
            if intent.metadata.get("attempt") == wanted:
                return await do(context, payment.read_intent(intent.id, collection.txn))
        return None

    async def there_or_due() -> Answer | None:
        found = await there()
        if found is None:
            seen = await read_again(context, invoice)
            if seen.at_us - known_us > FRESH_US and billing.invoice_of(seen).amount_due != collection.amount_minor:
                raise _Moved
        return found

    answer = await there() if is_begun else None
    if answer is None:
        key = key_of(context, collection.invoice, f"pay/{collection.attempt}")
        call = payment.create_intent(collection, key)
        try:
            answer = await call_with_retries(context, call, there_or_due)
        except _Moved:
            return None
        except CallFailed as failed:
            if failed.status == DECLINED:
                return Declined(failed.code, failed.at_us)
            await ask_about(call, failed)
            answer = await there()  # a copy of it came late and was taken
    if answer is None:
        return None
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
