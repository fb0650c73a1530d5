"""The billing platform: customers, subscriptions, invoices, credit notes (Chargebee v2).

A POST carries `chargebee-idempotency-key`, which the vendor remembers for 30 minutes only; past that an unknown outcome
is looked up before anything is repeated.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from domain.http import Reply, Request
from domain.objects import Account, Line, Quote, TaxShare
from integration.effects import Call
from integration.intake import Source, Unreadable, Unverified
from integration.outcomes import Answer, Failed, Message, Unknown
from integration.system import System, classify
from integration.systems.crm import Address
from integration.systems.wire import FORM, date_of_seconds, form_body, json_body, read, seconds_of_date

BASE = "/api/v2"
KEY_HEADER = "chargebee-idempotency-key"
KEY_LIVES_SECONDS = 1800
TIMEOUT_SECONDS = 120
ONE_TIME = "one_time"
TAX_REASON = "tax_change"
_TAX_PREFIX = "Tax "
Fields = list[tuple[str, str | int]]


def _post(path: str, fields: Fields, key: str, txn: str, operation: str) -> Call:
    return Call(
        system="billing", operation=operation, method="POST", target=f"{BASE}{path}", headers=FORM,
        body=form_body(fields), key=key, key_header=KEY_HEADER, key_lives_seconds=KEY_LIVES_SECONDS, write=True,
        txn=txn, timeout_seconds=TIMEOUT_SECONDS,
    )  # fmt: skip


def _get(path: str, txn: str, operation: str) -> Call:
    return Call(system="billing", operation=operation, target=f"{BASE}{path}", txn=txn, timeout_seconds=30)


# --- calls ----------------------------------------------------------------------------------------------------------


def create_customer(account: Account, address: Address, terms_days: int, key: str, txn: str) -> Call:
    """Create the customer of an account under the account's own number."""
    fields: Fields = [
        ("id", account.id),
        ("company", account.name),
        ("preferred_currency_code", account.currency),
        ("net_term_days", terms_days),
        ("auto_collection", "off"),
        ("business_entity_id", account.entity),
        ("billing_address[line1]", address.line),
        ("billing_address[city]", address.city),
        ("billing_address[state_code]", address.region),
        ("billing_address[zip]", address.postal_code),
        ("billing_address[country]", address.country),
    ]
    return _post("/customers", fields, key, txn, "create_customer")


def read_customer(account: str, txn: str) -> Call:
    """Ask for a customer."""
    return _get(f"/customers/{account}", txn, "read_customer")


def item_price(sku: str, currency: str, months: int) -> str:
    """Return the id of the price of a sku in a currency for a billing period of so many months (0: one-time)."""
    return f"{sku}-{currency}-{months}"


def create_subscription(quote: Quote, reference: str, start: date, key: str) -> Call:
    """Create the subscription of an order, to start on a future date: it is activated when fulfilment is complete."""
    meta = {"txn": quote.txn, "entity": quote.entity, "reference": reference}
    fields: Fields = [
        ("id", quote.number),
        ("start_date", seconds_of_date(start)),
        ("auto_collection", "off"),
        ("po_number", reference),
        ("meta_data", json_body(meta).decode()),
        *_billing_cycles(quote),
        *_items(quote.currency, [Terms(line.sku, line.quantity, line.unit_minor, line.months) for line in quote.lines]),
    ]
    path = f"/customers/{quote.account}/subscription_for_items"
    return _post(path, fields, key, quote.txn, "create_subscription")


def _billing_cycles(quote: Quote) -> Fields:
    """Return how many billing periods make the term of a quote; nothing for one without recurring lines."""
    months = next((line.months for line in quote.lines if line.months), 0)
    return [("billing_cycles", quote.term_months // months)] if months and quote.term_months else []


class Terms(msgspec.Struct, frozen=True):
    """What one charge of a subscription costs: so many units at a price per billing period of so many months."""

    sku: str
    quantity: int
    unit_minor: int
    months: int


def _items(currency: str, terms: Sequence[Terms]) -> Fields:
    fields: Fields = []
    for index, item in enumerate(terms):
        fields.append((f"subscription_items[item_price_id][{index}]", item_price(item.sku, currency, item.months)))
        fields.append((f"subscription_items[quantity][{index}]", item.quantity))
        fields.append((f"subscription_items[unit_price][{index}]", item.unit_minor))
    return fields


def read_subscription(subscription: str, txn: str) -> Call:
    """Ask for a subscription."""
    return _get(f"/subscriptions/{subscription}", txn, "read_subscription")


def activate(subscription: str, start: date, key: str, txn: str) -> Call:
    """Start a subscription that was created for later; its first invoice is made at once."""
    fields: Fields = [("start_date", seconds_of_date(start)), ("invoice_immediately", "true")]
    return _post(f"/subscriptions/{subscription}/update_for_items", fields, key, txn, "update_subscription")


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """The terms of a subscription from a date on; they replace all terms it had from then on."""

    subscription: str
    currency: str
    effective: date
    terms: tuple[Terms, ...]
    reference: str
    meta: Mapping[str, Any]


def change_terms(change: Change, key: str, txn: str) -> Call:
    """Change the terms of a subscription from a date on, prorated, invoiced at once."""
    fields: Fields = [
        ("replace_items_list", "true"),
        ("change_option", "specific_date"),
        ("changes_scheduled_at", seconds_of_date(change.effective)),
        ("prorate", "true"),
        ("invoice_immediately", "true"),
        ("cf_amendment_ref", change.reference),
        ("meta_data", json_body(change.meta).decode()),
        *_items(change.currency, change.terms),
    ]
    return _post(f"/subscriptions/{change.subscription}/update_for_items", fields, key, txn, "update_subscription")


def change_term_end(subscription: str, end: date, key: str, txn: str) -> Call:
    """Move the end of a subscription's current term (co-terming)."""
    fields: Fields = [("term_ends_at", seconds_of_date(end))]
    return _post(f"/subscriptions/{subscription}/change_term_end", fields, key, txn, "change_term_end")


def cancel(subscription: str, effective: date, reference: str, key: str, txn: str) -> Call:
    """Cancel a subscription from a date on, with credit for the unused part of what was billed."""
    fields: Fields = [
        ("cancel_option", "specific_date"),
        ("cancel_at", seconds_of_date(effective)),
        ("credit_option_for_current_term_charges", "prorate"),
        ("cf_amendment_ref", reference),
    ]
    return _post(f"/subscriptions/{subscription}/cancel_for_items", fields, key, txn, "cancel_subscription")


def read_invoice(invoice: str, txn: str) -> Call:
    """Ask for an invoice."""
    return _get(f"/invoices/{invoice}", txn, "read_invoice")


def pending_invoices() -> Call:
    """Ask for invoices that wait for their tax."""
    return _get("/invoices?status[is]=pending&limit=100&sort_by[asc]=date", "", "list_invoices")


def add_tax(invoice: str, share: TaxShare, key: str, txn: str) -> Call:
    """Add the tax of one jurisdiction to a pending invoice."""
    fields: Fields = [("amount", share.amount_minor), ("description", f"{_TAX_PREFIX}{share.jurisdiction}")]
    return _post(f"/invoices/{invoice}/add_charge", fields, key, txn, "add_charge")


def close_invoice(invoice: str, key: str, txn: str) -> Call:
    """Close a pending invoice: nothing can be added any more, it becomes due."""
    return _post(f"/invoices/{invoice}/close", [], key, txn, "close_invoice")


def record_excess(account: str, payment: str, amount_minor: int, day: date, key: str, txn: str) -> Call:
    """Record money that a customer paid beyond what was due; it stays as the customer's credit."""
    fields: Fields = [
        ("transaction[amount]", amount_minor),
        ("transaction[payment_method]", "other"),
        ("transaction[reference_number]", payment),
        ("transaction[date]", seconds_of_date(day)),
    ]
    return _post(f"/customers/{account}/record_excess_payment", fields, key, txn, "record_excess_payment")


def recent_credit_notes(since_us: int) -> Call:
    """Ask for the credit notes made since an instant."""
    path = f"/credit_notes?date[after]={since_us // 1_000_000}&limit=100"
    return _get(path, "", "list_credit_notes")


def record_payment(invoice: str, payment: str, amount_minor: int, day: date, key: str, txn: str) -> Call:
    """Record that an invoice was paid elsewhere."""
    fields: Fields = [
        ("transaction[amount]", amount_minor),
        ("transaction[payment_method]", "other"),
        ("transaction[reference_number]", payment),
        ("transaction[date]", seconds_of_date(day)),
    ]
    return _post(f"/invoices/{invoice}/record_payment", fields, key, txn, "record_payment")


def read_credit_note(note: str, txn: str) -> Call:
    """Ask for a credit note."""
    return _get(f"/credit_notes/{note}", txn, "read_credit_note")


def credit_notes_of(invoice: str, txn: str) -> Call:
    """Ask for the credit notes of an invoice."""
    return _get(f"/credit_notes?reference_invoice_id[is]={invoice}&limit=100", txn, "list_credit_notes")


def tax_note_of(note: str) -> str:
    """Return the remark by which the tax part of a credit note is known."""
    return f"Tax of {note}"


def credit_tax(note: CreditNote, is_due: bool, shares: Sequence[tuple[str, int]], key: str, txn: str) -> Call:
    """Credit the tax that belongs to a credit note: (tax line of the invoice, amount) each."""
    fields: Fields = [
        ("reference_invoice_id", note.reference_invoice_id),
        ("type", "adjustment" if is_due else "refundable"),
        ("reason_code", TAX_REASON),
        ("total", sum(amount for _, amount in shares)),
        ("customer_notes", tax_note_of(note.id)),
    ]
    for index, (line, amount_minor) in enumerate(shares):
        fields.append((f"line_items[reference_line_item_id][{index}]", line))
        fields.append((f"line_items[amount][{index}]", amount_minor))
    return _post("/credit_notes", fields, key, txn, "create_credit_note")


# --- answers --------------------------------------------------------------------------------------------------------


class InvoiceLine(msgspec.Struct, frozen=True):
    """A line of an invoice or credit note; `date_to` is exclusive, both dates are Unix seconds."""

    id: str
    amount: int
    entity_type: str = ""
    entity_id: str | None = None
    quantity: int = 1
    unit_amount: int = 0
    date_from: int = 0
    date_to: int = 0
    description: str = ""
    reference_line_item_id: str | None = None

    @property
    def jurisdiction(self) -> str:
        """The jurisdiction a tax line was added for; empty for other lines."""
        if self.entity_type == "adhoc" and self.description.startswith(_TAX_PREFIX):
            return self.description.removeprefix(_TAX_PREFIX)
        return ""

    def canonical(self) -> Line:
        """Return the line in canonical form."""
        sku, _, months = (self.entity_id or "").rpartition("-")
        sku = sku.rpartition("-")[0]
        starts, ends = date_of_seconds(self.date_from), date_of_seconds(self.date_to)
        return Line(
            id=self.id, sku=sku, kind=ONE_TIME if months == "0" else "recurring", quantity=self.quantity,
            unit_minor=self.unit_amount, amount_minor=self.amount, months=int(months or 0), period_start=starts,
            period_end=ends,
        )  # fmt: skip


class BillingAddress(msgspec.Struct, frozen=True):
    """The address on an invoice."""

    line1: str = ""
    city: str = ""
    state_code: str = ""
    zip: str = ""
    country: str = ""

    def canonical(self) -> Address:
        """Return the address as the tax engine is asked with."""
        return Address(self.line1, self.city, self.state_code, self.zip, self.country)


class BillingInvoice(msgspec.Struct, frozen=True):
    """An invoice as billing shows it."""

    id: str
    customer_id: str
    status: str
    currency_code: str
    date: int
    total: int
    amount_due: int
    line_items: list[InvoiceLine]
    amount_paid: int = 0
    subscription_id: str = ""
    business_entity_id: str = ""
    po_number: str = ""
    due_date: int | None = None
    billing_address: BillingAddress = BillingAddress()

    @property
    def quote_reference(self) -> str:
        """The reference of the quote version it bills ("Q-000123-v1"); empty when it was sold in another system."""
        return self.po_number if "-v" in self.po_number else ""

    @property
    def priced(self) -> list[InvoiceLine]:
        """The lines that are not tax."""
        return [line for line in self.line_items if not line.jurisdiction]

    def tax_line(self, jurisdiction: str) -> InvoiceLine | None:
        """Return the tax line of a jurisdiction, or None while there is none."""
        return next((line for line in self.line_items if line.jurisdiction == jurisdiction), None)


class CreditNote(msgspec.Struct, frozen=True):
    """A credit note as billing shows it."""

    id: str
    reference_invoice_id: str
    customer_id: str
    status: str
    type: str
    currency_code: str
    date: int
    total: int
    line_items: list[InvoiceLine]
    subscription_id: str = ""
    business_entity_id: str = ""
    reason_code: str = ""
    customer_notes: str = ""


class SubscriptionItem(msgspec.Struct, frozen=True):
    """A charge of a subscription."""

    item_price_id: str
    quantity: int = 1
    unit_price: int = 0

    def terms(self) -> Terms:
        """Return the charge in canonical form."""
        sku, _, months = self.item_price_id.rpartition("-")
        return Terms(sku.rpartition("-")[0], self.quantity, self.unit_price, int(months))


class BillingSubscription(msgspec.Struct, frozen=True):
    """A subscription as billing shows it."""

    id: str
    customer_id: str
    status: str
    currency_code: str
    subscription_items: list[SubscriptionItem]
    start_date: int = 0
    meta_data: dict[str, Any] = {}


class _Invoice(msgspec.Struct):
    invoice: BillingInvoice


class _Invoices(msgspec.Struct):
    rows: list[_Invoice] = msgspec.field(name="list")


class _CreditNote(msgspec.Struct):
    credit_note: CreditNote


class _CreditNotes(msgspec.Struct):
    rows: list[_CreditNote] = msgspec.field(name="list")


class _Subscription(msgspec.Struct):
    subscription: BillingSubscription


_invoice = msgspec.json.Decoder(_Invoice)
_invoices = msgspec.json.Decoder(_Invoices)
_credit_note = msgspec.json.Decoder(_CreditNote)
_credit_notes = msgspec.json.Decoder(_CreditNotes)
_subscription = msgspec.json.Decoder(_Subscription)


def invoice_of(answer: Answer) -> BillingInvoice:
    """Return the invoice of an answer."""
    return read(answer, _invoice).invoice


def invoices_of(answer: Answer) -> list[BillingInvoice]:
    """Return the invoices of an answer to `pending_invoices`."""
    return [row.invoice for row in read(answer, _invoices).rows]


def credit_note_of(answer: Answer) -> CreditNote:
    """Return the credit note of an answer."""
    return read(answer, _credit_note).credit_note


def credit_notes_in(answer: Answer) -> list[CreditNote]:
    """Return the credit notes of an answer to `credit_notes_of`."""
    return [row.credit_note for row in read(answer, _credit_notes).rows]


def subscription_of(answer: Answer) -> BillingSubscription:
    """Return the subscription of an answer."""
    return read(answer, _subscription).subscription


# --- manners --------------------------------------------------------------------------------------------------------


class _Trouble(msgspec.Struct):
    api_error_code: str = ""
    message: str = ""


_trouble = msgspec.json.Decoder(_Trouble)
_basic = base64.b64encode(b"test_q2c_key:").decode()
_webhook_basic = "Basic " + base64.b64encode(b"q2c:webhook-secret").decode()


def _classify(call: Call, reply: Reply, at_us: int) -> Answer | Failed | Unknown:
    outcome = classify(call, reply, at_us)
    if type(outcome) is not Failed:
        return outcome
    try:
        trouble = _trouble.decode(reply.body)
    except msgspec.MsgspecError:
        return outcome
    kind = "in_progress" if reply.status == 409 and "idempotency" in trouble.message.lower() else outcome.kind
    return msgspec.structs.replace(outcome, kind=kind, code=trouble.api_error_code, detail=trouble.message)


class _Subject(msgspec.Struct):
    id: str = ""
    subscription_id: str | None = ""
    reason_code: str | msgspec.UnsetType | None = msgspec.UNSET


class _Content(msgspec.Struct):
    """What an event is about: the first of these that it shows."""

    credit_note: _Subject | None = None
    invoice: _Subject | None = None
    subscription: _Subject | None = None
    customer: _Subject | None = None


class _Event(msgspec.Struct):
    id: str
    occurred_at: int
    event_type: str
    content: _Content


_event = msgspec.json.Decoder(_Event)


def _verify(request: Request, _now_us: int) -> None:
    if not hmac.compare_digest(request.headers.get("authorization", ""), _webhook_basic):
        raise Unverified("the webhook's user and password are not ours", 401)


def _parse(request: Request) -> list[Message]:
    try:
        event = _event.decode(request.body)
    except msgspec.MsgspecError as error:
        raise Unreadable(str(error)) from error
    told = event.content
    subject = told.credit_note or told.invoice or told.subscription or told.customer or _Subject()
    body = {"id": subject.id, "subscription": subject.subscription_id}
    if subject.reason_code is not msgspec.UNSET:
        body["reason_code"] = subject.reason_code
    return [
        Message(
            source="billing", id=event.id, topic=event.event_type, key=subject.id, body=body,
            sent_us=event.occurred_at * 1_000_000,
        )
    ]  # fmt: skip


SOURCE = Source("billing", "/webhooks/billing", _verify, _parse)
SYSTEM = System(
    name="billing",
    classify=_classify,
    headers={"authorization": f"Basic {_basic}"},
    ping=Call(system="billing", operation="list_item_prices", target=f"{BASE}/item_prices?limit=1", timeout_seconds=10),
)
