"""The site's test gateway: cards on file, payments collected from them, and refunds to them.

Only card numbers that are published for tests are taken, and of these only what may be shown is kept. Some of them are
declined, which is how a decline is rehearsed; a token may ask for one too (`tok_declined`).
"""

from __future__ import annotations

from datetime import date

from msgspec.structs import replace

from mocks.billing.documents import OPEN_STATUSES, refund_document
from mocks.billing.invoices import require, settled, touched
from mocks.billing.model import Billing
from mocks.billing.payments import give_back, next_transaction, pay, refundable, save_payment
from mocks.billing.records import CreditNote, Customer, Invoice, Source, Transaction
from mocks.kernel.operations import Refusal

GOOD_CARDS = {
    "4111111111111111": "visa",
    "4242424242424242": "visa",
    "4012888888881881": "visa",
    "5555555555554444": "mastercard",
    "378282246310005": "american_express",
    "6011111111111117": "discover",
}
DECLINED_CARDS = {
    "4119862760338320": ("visa", "card_declined"),
    "4000000000000002": ("visa", "card_declined"),
    "4000000000009995": ("visa", "insufficient_funds"),
    "4005519200000004": ("visa", "do_not_honor"),
}


def card_source(billing: Billing, customer: Customer, number: str, expiry: tuple[int, int], primary: bool) -> Source:
    """Keep a test card of a customer; any other number is refused and never kept."""
    number, brand, decline = require_test_card(number)
    if billing.today(customer.zone).replace(day=1) > date(expiry[0], expiry[1], 1):
        raise Refusal("param_wrong_value", "the card has expired", field="card[expiry_year]")
    return _keep(billing, customer, number, brand, decline, expiry, primary)


def require_test_card(number: str) -> tuple[str, str, str]:
    """Return (number, brand, how it is declined) of a test card; refuse any other number."""
    number = number.replace(" ", "")
    brand, decline = DECLINED_CARDS.get(number, (GOOD_CARDS.get(number, ""), ""))
    if not brand:
        raise Refusal(
            "param_wrong_value", "is no card number that is published for tests; real cards are not taken here",
            field="card[number]",
        )  # fmt: skip
    return number, brand, decline


def token_source(billing: Billing, customer: Customer, token: str, primary: bool) -> Source:
    """Keep the card behind a token; a token that speaks of declining gives one that is declined."""
    if "declin" in token or "fail" in token:
        return _keep(billing, customer, "4000000000000002", "visa", "card_declined", (2099, 12), primary)
    return _keep(billing, customer, "4242424242424242", "visa", "", (2099, 12), primary)


def _keep(
    billing: Billing, customer: Customer, number: str, brand: str, decline: str, expiry: tuple[int, int], primary: bool
) -> Source:
    now_us = billing.book.now_us
    source = Source(
        id=f"pm_{billing.desk.next('source'):010d}",
        customer=customer.id,
        masked=f"{'*' * (len(number) - 4)}{number[-4:]}",
        last4=number[-4:],
        iin=number[:6],
        brand=brand,
        expiry_year=expiry[0],
        expiry_month=expiry[1],
        created_us=now_us,
        updated_us=now_us,
        decline=decline,
    )
    billing.book.keep("payment_source", source.id, source)
    if primary or not customer.source:
        customer = billing.touch_customer(customer, source=source.id)
    content = (("customer", customer), ("payment_source", source))
    billing.announce("payment_source_added", content, "")
    return source


def drop_source(billing: Billing, source: Source) -> Customer:
    """Delete a card on file."""
    customer = billing.customer(source.customer)
    billing.book.keep("payment_source", source.id, replace(source, deleted=True, updated_us=billing.book.now_us))
    if customer.source == source.id:
        customer = billing.touch_customer(customer, source="")
    billing.announce("payment_source_deleted", (("customer", customer),), "")
    return customer


def source_of(billing: Billing, customer: Customer, *wanted: str) -> Source | None:
    """Return the first payment source named, or the customer's primary one, or None."""
    for key in (*wanted, customer.source):
        if key:
            return billing.source(key)
    return None


def require_source(billing: Billing, customer: Customer, *wanted: str) -> Source:
    """Return the payment source to charge; refuse when there is none."""
    source = source_of(billing, customer, *wanted)
    if source is None:
        raise Refusal("no_payment_source", f"customer {customer.id} has no payment source")
    return source


# --- collecting -------------------------------------------------------------------------------------------------------


def collect(billing: Billing, key: str, amount_minor: int | None, source_key: str = "") -> tuple[Invoice, Transaction]:
    """Collect an open invoice from a card; a decline is kept as a failed transaction and refused."""
    invoice = billing.invoice(key)
    require(invoice, OPEN_STATUSES, "collect a payment of")
    due = invoice.due_minor
    amount = due if amount_minor is None else amount_minor
    if amount > due:
        raise Refusal("param_wrong_value", f"{amount} is more than the {due} due on {key}", field="amount")
    source = require_source(billing, billing.customer(invoice.customer), source_key, invoice.source)
    invoice, payment = attempt(billing, invoice, amount, source)
    if payment.status == "failure":
        raise Refusal("payment_processing_failed", f"the gateway declined the card: {payment.error_text}")
    return invoice, payment


def attempt(billing: Billing, invoice: Invoice, amount_minor: int, source: Source) -> tuple[Invoice, Transaction]:
    """Charge a card for an invoice, well or not, and tell how it went."""
    payment = replace(
        _charge(billing, invoice.customer, invoice.currency, amount_minor, source),
        subscription=invoice.subscription,
        txn=invoice.txn,
        applied=((invoice.id, amount_minor),),
    )
    if not source.decline:
        return pay(billing, invoice, payment), payment
    billing.keep_transaction(payment)
    invoice = billing.save_invoice(touched(billing, invoice, payments=invoice.payments))
    content = (("transaction", payment), ("invoice", invoice), ("customer", billing.customer(invoice.customer)))
    billing.announce("payment_failed", content, invoice.txn)
    return invoice, payment


def automatic(billing: Billing, invoice: Invoice) -> Invoice:
    """Collect a new invoice where that was agreed and there is a card; a decline leaves it due."""
    if invoice.auto_collection != "on" or invoice.status not in OPEN_STATUSES:
        return invoice
    source = source_of(billing, billing.customer(invoice.customer), invoice.source)
    return attempt(billing, invoice, invoice.due_minor, source)[0] if source is not None else invoice


def require_collectable(billing: Billing, customer: Customer, source_key: str = "") -> None:
    """Refuse what would be collected at once from a card that is declined, before anything is made."""
    source = source_of(billing, customer, source_key)
    if source is not None and source.decline:
        raise Refusal("payment_processing_failed", f"the gateway declined the card: {source.decline}")


def _charge(billing: Billing, customer: str, currency: str, amount_minor: int, source: Source) -> Transaction:
    now_us = billing.book.now_us
    return Transaction(
        id=next_transaction(billing),
        type="payment",
        customer=customer,
        subscription="",
        currency=currency,
        amount_minor=amount_minor,
        unused_minor=0,
        method="card",
        reference="",
        date_us=now_us,
        created_us=now_us,
        txn="",
        status="failure" if source.decline else "success",
        gateway="chargebee",
        source=source.id,
        masked=source.masked,
        error_code=source.decline,
        error_text=source.decline.replace("_", " "),
        updated_us=now_us,
    )


def collect_excess(billing: Billing, customer: Customer, amount_minor: int, source: Source) -> Transaction:
    """Charge a card of a customer for nothing in particular: it stays as an excess payment."""
    payment = _charge(billing, customer.id, customer.currency, amount_minor, source)
    if source.decline:
        billing.keep_transaction(payment)
        raise Refusal("payment_processing_failed", f"the gateway declined the card: {payment.error_text}")
    payment = replace(payment, unused_minor=amount_minor)
    save_payment(billing, payment, customer)
    billing.touch_customer(customer, excess_minor=customer.excess_minor + amount_minor)
    return payment


# --- giving back ------------------------------------------------------------------------------------------------------


def refund_note(billing: Billing, key: str, amount_minor: int | None) -> tuple[CreditNote, Transaction]:
    """Pay a refundable credit note back to the card its invoice was paid with."""
    note, amount = refundable(billing, key, amount_minor, "refund_amount")
    payment = online_payment(billing, billing.invoice(note.invoice))
    refund = _refund(billing, payment, amount, note.id)
    _note_refund(billing, payment, refund)
    return give_back(billing, note, refund), refund


def online_payment(billing: Billing, invoice: Invoice) -> Transaction:
    """Return the latest payment of an invoice that came through the gateway; refuse when there is none."""
    for key, _ in reversed(invoice.payments):
        payment = billing.transaction(key)
        if payment.gateway != "not_applicable":
            return payment
    detail = f"no payment of {invoice.id} came through a gateway; record the refund instead"
    raise Refusal("invalid_state_for_request", detail)


def refund_payment(billing: Billing, key: str, amount_minor: int | None) -> Transaction:
    """Give back what is unused of a payment, and return the refund."""
    payment = billing.transaction(key)
    if payment.type != "payment" or payment.status != "success":
        raise Refusal("invalid_state_for_request", f"transaction {key} is no successful payment")
    amount = payment.unused_minor if amount_minor is None else amount_minor
    if not 0 < amount <= payment.unused_minor:
        detail = f"{amount} cannot be refunded: {payment.unused_minor} of {key} are not used for an invoice"
        raise Refusal("param_wrong_value", detail, field="amount")
    refund = _refund(billing, payment, amount, "")
    billing.save_transaction(refund, refund_document(refund), "refund", "succeeded")
    _note_refund(billing, replace(payment, unused_minor=payment.unused_minor - amount), refund)
    customer = billing.customer(payment.customer)
    billing.touch_customer(customer, excess_minor=customer.excess_minor - amount)
    return refund


def _refund(billing: Billing, payment: Transaction, amount_minor: int, note: str) -> Transaction:
    now_us = billing.book.now_us
    return replace(
        payment, id=next_transaction(billing), type="refund", amount_minor=amount_minor, unused_minor=0,
        reference=payment.id, date_us=now_us, created_us=now_us, updated_us=now_us, applied=(), refunds=(), note=note,
        refunded=payment.id, version=1,
    )  # fmt: skip


def _note_refund(billing: Billing, payment: Transaction, refund: Transaction) -> None:
    payment = replace(
        payment, refunds=(*payment.refunds, (refund.id, refund.amount_minor)), updated_us=billing.book.now_us,
        version=payment.version + 1,
    )  # fmt: skip
    save_payment(billing, payment, billing.customer(payment.customer))


def void_payment(billing: Billing, key: str) -> Transaction:
    """Void a payment that is not settled yet: what it paid is due again."""
    payment = billing.transaction(key)
    if payment.type != "payment" or payment.status != "success" or payment.refunds:
        raise Refusal("invalid_state_for_request", f"transaction {key} cannot be voided")
    for invoice_key, amount in payment.applied:
        invoice = billing.invoice(invoice_key)
        payments = tuple([row for row in invoice.payments if row[0] != key])
        invoice = settled(billing, invoice, paid_minor=invoice.paid_minor - amount, payments=payments)
        billing.announce("invoice_updated", (("invoice", invoice),), invoice.txn)
    customer = billing.customer(payment.customer)
    if payment.unused_minor:
        billing.touch_customer(customer, excess_minor=customer.excess_minor - payment.unused_minor)
    now_us = billing.book.now_us
    payment = replace(
        payment, status="voided", applied=(), unused_minor=0, voided_us=now_us, updated_us=now_us,
        version=payment.version + 1,
    )  # fmt: skip
    save_payment(billing, payment, customer)
    return payment
