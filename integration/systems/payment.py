"""The payment service: intents, refunds, payouts (Stripe v1)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from domain.http import Request
from integration.effects import Call
from integration.intake import Source, Unreadable, Unverified
from integration.outcomes import Answer, Failed, Message
from integration.system import System, begins_with_error, classifier
from integration.systems.wire import FORM, form_body, page_at, read

KEY_HEADER = "idempotency-key"
KEY_LIVES_SECONDS = 86_400
TIMEOUT_SECONDS = 30
METHOD_TYPES = {"card": "card", "debit": "us_bank_account", "push": "customer_balance"}
_METHODS = {vendor: ours for ours, vendor in METHOD_TYPES.items()}
_CLASSES = {"R01": "PAYMENT.NSF", "R02": "PAYMENT.ACCOUNT_CLOSED", "R03": "PAYMENT.ACCOUNT_CLOSED"}
WEBHOOK_SECRET = b"whsec_q2c_integration"
TOLERANCE_SECONDS = 300
STAMP_DIGITS_MAX = 12


def post(path: str, fields: list[tuple[str, str | int]], key: str, txn: str, operation: str) -> Call:
    """Write something, under a key that names the intent."""
    return Call(
        system="payment", operation=operation, method="POST", target=f"/v1{path}", headers=FORM, body=form_body(fields),
        key=key, key_header=KEY_HEADER, key_lives_seconds=KEY_LIVES_SECONDS, write=True, txn=txn,
        timeout_seconds=TIMEOUT_SECONDS,
    )  # fmt: skip


def get(path: str, txn: str, operation: str) -> Call:
    """Read something."""
    return Call(system="payment", operation=operation, target=f"/v1{path}", txn=txn, timeout_seconds=TIMEOUT_SECONDS)


# --- calls ----------------------------------------------------------------------------------------------------------


def find_customer(account: str, txn: str) -> Call:
    """Ask for the payment customer of an account."""
    return get(f"/customers/search?query=metadata%5B'account'%5D%3A'{account}'", txn, "search_customers")


class Collection(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be collected, from whom and how; `attempt` counts the tries to charge it."""

    invoice: str
    customer: str
    payment_method: str
    method: str
    amount_minor: int
    currency: str
    txn: str
    attempt: int = 1


def create_intent(collection: Collection, key: str) -> Call:
    """Create and confirm a payment intent for an invoice."""
    fields: list[tuple[str, str | int]] = [
        ("amount", collection.amount_minor),
        ("currency", collection.currency.lower()),
        ("customer", collection.customer),
        ("payment_method", collection.payment_method),
        ("payment_method_types[0]", METHOD_TYPES[collection.method]),
        ("confirm", "true"),
        ("off_session", "true"),
        ("description", f"Invoice {collection.invoice}"),
        ("metadata[invoice]", collection.invoice),
        ("metadata[txn]", collection.txn),
        ("metadata[attempt]", collection.attempt),
    ]
    return post("/payment_intents", fields, key, collection.txn, "create_payment_intent")


def read_intent(intent: str, txn: str) -> Call:
    """Ask for a payment intent."""
    return get(f"/payment_intents/{intent}", txn, "read_payment_intent")


def find_intents(invoice: str, txn: str) -> Call:
    """Ask for the payment intents of an invoice."""
    return get(f"/payment_intents/search?query=metadata%5B'invoice'%5D%3A'{invoice}'", txn, "search_payment_intents")


def refund(intent: str, amount_minor: int, key: str, txn: str) -> Call:
    """Give money of a payment back."""
    return post("/refunds", [("payment_intent", intent), ("amount", amount_minor)], key, txn, "create_refund")


def recent_payouts(since_us: int) -> Call:
    """Ask for the payouts made since an instant."""
    return get(f"/payouts?created[gte]={since_us // 1_000_000}&limit=100", "", "list_payouts")


def recent_intents(since_us: int) -> Call:
    """Ask for the payment intents made since an instant."""
    return get(f"/payment_intents?created[gte]={since_us // 1_000_000}&limit=100", "", "list_payment_intents")


def payout_transactions(payout: str) -> Call:
    """Ask for the balance transactions in a payout, a page of 100."""
    return get(f"/balance_transactions?payout={payout}&limit=100", "", "list_balance_transactions")


# --- answers --------------------------------------------------------------------------------------------------------


class Listed(Protocol):
    """A row of a list of the payment service: the next page begins behind its id."""

    @property
    def id(self) -> str: ...


class _InvoiceSettings(msgspec.Struct, frozen=True):
    default_payment_method: str | None = None


class PaymentCustomer(msgspec.Struct, frozen=True):
    """A customer of the payment service."""

    id: str
    invoice_settings: _InvoiceSettings = _InvoiceSettings()
    metadata: dict[str, str] = {}

    @property
    def method(self) -> str:
        """How the customer pays: card, debit or push."""
        return self.metadata.get("method", "card")

    @property
    def payment_method(self) -> str:
        """The payment method the customer chose for invoices."""
        return self.invoice_settings.default_payment_method or ""


class PaymentError(msgspec.Struct, frozen=True):
    """Why a payment failed; `decline_code` says whether trying again may help."""

    code: str = ""
    decline_code: str = ""
    message: str = ""


class Intent(msgspec.Struct, frozen=True):
    """A payment intent as the service shows it."""

    id: str
    status: str
    amount: int
    currency: str
    amount_received: int = 0
    metadata: dict[str, str] = {}
    payment_method_types: list[str] = []
    last_payment_error: PaymentError | None = None

    @property
    def method(self) -> str:
        """How it was paid: card, debit or push."""
        return _METHODS.get(self.payment_method_types[0], "card") if self.payment_method_types else "card"


SUCCEEDED = "succeeded"
PENDING = frozenset({"processing", "requires_action"})
MINIMA = {
    "USD": 50, "EUR": 50, "GBP": 30, "JPY": 50, "CAD": 50, "AUD": 50, "CHF": 50, "SEK": 300, "SGD": 50,
}  # fmt: skip
"""The smallest charge the service makes, in minor units (docs.stripe.com, "Minimum and maximum charge amounts")."""


def is_too_small(amount_minor: int, currency: str) -> bool:
    """Tell whether the service refuses to charge an amount because it is below the minimum of its currency."""
    return amount_minor < MINIMA.get(currency, 1)


class BalanceTransaction(msgspec.Struct, frozen=True):
    """A line of a payout."""

    id: str
    amount: int
    fee: int
    net: int
    type: str
    currency: str


class _Customers(msgspec.Struct):
    data: list[PaymentCustomer]


class _Intents(msgspec.Struct):
    data: list[Intent]
    has_more: bool = False
    next_page: str | None = None


class PayoutRow(msgspec.Struct, frozen=True):
    """A payout."""

    id: str
    currency: str
    status: str
    created: int = 0


class _Payouts(msgspec.Struct):
    data: list[PayoutRow]
    has_more: bool = False


class _Transactions(msgspec.Struct):
    data: list[BalanceTransaction]
    has_more: bool


_customers = msgspec.json.Decoder(_Customers)
_intent = msgspec.json.Decoder(Intent)
_intents = msgspec.json.Decoder(_Intents)
_payouts = msgspec.json.Decoder(_Payouts)
_transactions = msgspec.json.Decoder(_Transactions)


def customers_of(answer: Answer) -> list[PaymentCustomer]:
    """Return the customers of a search."""
    return read(answer, _customers).data


def intent_of(answer: Answer) -> Intent:
    """Return the payment intent of an answer."""
    return read(answer, _intent)


def told_intent(message: Message) -> Intent:
    """Return the payment intent that a signed message tells."""
    return msgspec.convert(message.body, Intent)


def intents_of(answer: Answer) -> list[Intent]:
    """Return the payment intents of a search."""
    return read(answer, _intents).data


def behind(call: Call, rows: Sequence[Listed], has_more: bool) -> Call | None:
    """Return the call for the page behind these rows, None at the end of the list."""
    return page_at(call, "starting_after", rows[-1].id) if has_more and rows else None


def intent_page(call: Call, answer: Answer) -> tuple[list[Intent], Call | None]:
    """Return the payment intents of a page of a list or of a search, and the call for the next page."""
    found = read(answer, _intents)
    if found.next_page:
        return found.data, page_at(call, "page", found.next_page)
    return found.data, behind(call, found.data, found.has_more)


def payout_page(call: Call, answer: Answer) -> tuple[list[PayoutRow], Call | None]:
    """Return the payouts of a page of `recent_payouts`, and the call for the next page."""
    found = read(answer, _payouts)
    return found.data, behind(call, found.data, found.has_more)


def transaction_page(call: Call, answer: Answer) -> tuple[list[BalanceTransaction], Call | None]:
    """Return the balance transactions of a page of a list of them, and the call for the next page."""
    found = read(answer, _transactions)
    return found.data, behind(call, found.data, found.has_more)


def payouts_of(answer: Answer) -> list[PayoutRow]:
    """Return the payouts of an answer to `recent_payouts`."""
    return read(answer, _payouts).data


def class_of(decline: str) -> str:
    """Return the taxonomy's code of a decline that trying again does not mend."""
    return _CLASSES.get(decline, "PAYMENT.HARD_DECLINE")


# --- manners --------------------------------------------------------------------------------------------------------


class _Error(msgspec.Struct):
    type: str = ""
    code: str = ""
    decline_code: str = ""
    message: str = ""


class _Trouble(msgspec.Struct):
    error: _Error


_trouble = msgspec.json.Decoder(_Trouble)


def _sharpened(failed: Failed) -> Failed:
    try:
        error = _trouble.decode(failed.body).error
    except msgspec.MsgspecError:
        return failed
    kind = "in_progress" if error.code in ("idempotency_key_in_use", "lock_timeout") else failed.kind
    code = error.decline_code or error.code or error.type
    return msgspec.structs.replace(failed, kind=kind, code=code, detail=error.message)


class _Data(msgspec.Struct):
    object: dict[str, Any]


class Event(msgspec.Struct, frozen=True):
    """Something that happened to an object, which is shown as it was then."""

    id: str
    type: str
    created: int
    data: _Data


_event = msgspec.json.Decoder(Event)


def verify_signature(header: str, body: bytes, secret: bytes, now_us: int) -> None:
    """Raise Unverified unless the header carries a fresh HMAC-SHA256 of `timestamp.body` (t=...,v1=...)."""
    parts = [part.partition("=") for part in header.split(",")]
    stamps = [value for name, _, value in parts if name.strip() == "t"]
    if len(stamps) != 1 or not stamps[0].isdecimal() or len(stamps[0]) > STAMP_DIGITS_MAX:
        raise Unverified("the signature header has no timestamp")
    if abs(now_us // 1_000_000 - int(stamps[0])) > TOLERANCE_SECONDS:
        raise Unverified("the signature is stale")
    wanted = hmac.new(secret, stamps[0].encode() + b"." + body, hashlib.sha256).hexdigest().encode()
    if not any(name.strip() == "v1" and hmac.compare_digest(value.encode(), wanted) for name, _, value in parts):
        raise Unverified("the signature does not fit the body")


def _verify(request: Request, now_us: int) -> None:
    verify_signature(request.headers.get("stripe-signature", ""), request.body, WEBHOOK_SECRET, now_us)


_TOLD = ("id", "status", "amount", "amount_received", "currency", "payment_method_types", "created")


def _parse(request: Request) -> list[Message]:
    try:
        return [message_of(_event.decode(request.body))]
    except msgspec.MsgspecError as error:
        raise Unreadable(str(error)) from error


def message_of(event: Event) -> Message:
    """Return an event as the message that tells it."""
    subject = event.data.object
    metadata = subject.get("metadata") or {}
    key = metadata.get("invoice") or subject.get("id", "")
    body: dict[str, Any] = {name: subject[name] for name in _TOLD if name in subject}
    return Message(
        source="payment", id=event.id, topic=event.type, key=key, txn=metadata.get("txn", ""), body=body,
        sent_us=event.created * 1_000_000,
    )  # fmt: skip


SOURCE = Source("payment", "/webhooks/payment", _verify, _parse)
SYSTEM = System(
    name="payment",
    classify=classifier(_sharpened, begins_with_error),
    headers={"authorization": "Bearer sk_test_q2c", "stripe-version": "2025-03-31.basil"},
    ping=Call(system="payment", operation="list_payouts", target="/v1/payouts?limit=1", timeout_seconds=10),
)
