"""The site: its records, how they are found and kept, its clock in each entity's zone, and what it announces.

The rules live with their nouns: `subscriptions`, `changes`, `invoices`, `payments`, `credits`, `seeds`.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from datetime import date
from typing import Any

import msgspec

from domain.calendar import SECOND_US, local_date, midnight_us
from domain.objects import Document
from domain.proration import POLICIES, DayCount, ProrationPolicy
from mocks.billing import documents
from mocks.billing.quirks import Quirks
from mocks.billing.records import Address, CreditNote, Customer, Invoice, ItemPrice, Source, Subscription, Transaction
from mocks.billing.resources import BillingAddress, WebhookEndpoint
from mocks.kernel.codec import encode_json
from mocks.kernel.desk import Desk, Message
from mocks.kernel.operations import Refusal
from mocks.kernel.tables import Listing, Log, Table, enlist, strike_off

QUOTE_NUMBER = re.compile(r"Q-\d{6}(?:\.[A-Z][A-Z0-9]{1,7})?")
DAY_SECONDS = 86_400
EPOCH_DAY = date(1970, 1, 1).toordinal()
Content = tuple[tuple[str, Any], ...]
"""What an event carries: (resource name, record) pairs; records are frozen, so the event is a snapshot."""


WIPED = (
    "customer", "subscription", "invoice", "credit_memo", "transaction", "cash", "refund", "usage", "unbilled_charge",
    "payment_source", "promotional_credit", "quote", "order", "ramp",
)  # fmt: skip


class Addressed(msgspec.Struct, frozen=True):
    """The content of a message to one registered endpoint."""

    endpoint: WebhookEndpoint
    content: Content


class _SecondsOfDays(dict[date, int]):
    """Contract dates as Unix seconds on the wire, filled in as they are asked for; zone "" means UTC midnights."""

    def __init__(self, zone: str) -> None:
        super().__init__()
        self._zone = zone

    def __missing__(self, day: date) -> int:
        if not self._zone:
            seconds = (day.toordinal() - EPOCH_DAY) * DAY_SECONDS
        else:
            seconds = midnight_us(day, self._zone) // SECOND_US
        self[day] = seconds
        return seconds


class _SecondsByZone(dict[str, _SecondsOfDays]):
    """The wire's seconds of days, by billing zone (one table for all zones when dates travel in UTC)."""

    def __init__(self, in_utc: bool) -> None:
        super().__init__()
        self._all = _SecondsOfDays("") if in_utc else None

    def __missing__(self, zone: str) -> _SecondsOfDays:
        days = self[zone] = _SecondsOfDays(zone) if self._all is None else self._all
        return days


class Billing:
    """One site of the billing platform. `book.now_us` is the instant of the request, act or agenda action at work.

    `seconds[zone][day]` is a contract date as the wire has it. `prices` is the book's table of item prices.
    """

    def __init__(self, desk: Desk, quirks: Quirks) -> None:
        self.desk = desk
        self.book = desk.book
        self.quirks = quirks
        self.seconds = _SecondsByZone(quirks.dates_at == "utc")
        self.prices: Table[ItemPrice] = desk.book.table("item_price")
        self._customers: Table[Customer] = desk.book.table("customer")
        self._subscriptions: Table[Subscription] = desk.book.table("subscription")
        self._invoices: Table[Invoice] = desk.book.table("invoice")
        self._notes: Table[CreditNote] = desk.book.table("credit_memo")
        self._transactions: Table[Transaction] = desk.book.table("transaction")
        self.credited: MutableMapping[str, int] = desk.tables.table()  # line id -> what credit notes took back of it
        self.by_status: dict[str, Table[None]] = {}  # invoice status -> ids, oldest first
        self.saved: Table[int] = desk.tables.table()  # invoice -> when it was saved, the latest last
        self.open_credits: Listing = desk.tables.table()  # customer -> refundable notes with something left
        self.events: Log[Message] = desk.tables.log()
        self.endpoint_logins: dict[str, tuple[str, str]] = {}  # webhook endpoint -> user and password
        self._endpoints: list[WebhookEndpoint] = []  # those that are told events
        self.usages: Listing = desk.tables.table()  # subscription -> ids of its usage
        self.price_keys: dict[tuple[str, str, int], str] = {}  # item, currency and months -> id of the price
        self.unbilled: dict[str, dict[str, None]] = {}  # subscription -> ids of charges that wait for an invoice
        self.shown: dict[str, tuple[Any, msgspec.Raw]] = {}  # JSON of records, see `views.show`
        self.line_items: dict[str, list[Any]] = {}  # lines of documents as shown, see `views`
        self.addresses: Table[msgspec.Raw] = desk.tables.table()  # JSON of the addresses of customers
        self.believed: set[str] = set()  # credentials that were found good
        self._policies: dict[str, ProrationPolicy] = {}
        if quirks.day_count not in POLICIES:
            raise ValueError(f"no day count is called {quirks.day_count!r}; known: {', '.join(POLICIES)}")

    # --- time -------------------------------------------------------------------------------------------------------

    def zone_of(self, entity: str) -> str:
        """Return the billing zone of a legal entity."""
        return self.quirks.zones.get(entity, self.quirks.default_zone)

    def today(self, zone: str) -> date:
        """Return the local date of now."""
        return local_date(self.book.now_us, zone)

    def day_at(self, seconds: int, zone: str) -> date:
        """Return the contract date that Unix seconds on the wire mean (see the quirk `dates_at`)."""
        return local_date(seconds * SECOND_US, "UTC" if seconds % DAY_SECONDS == 0 else zone)

    def due_at(self, seconds: int, zone: str) -> int:
        """Return the instant that Unix seconds on the wire mean: a bare date means its local midnight."""
        if seconds % DAY_SECONDS:
            return seconds * SECOND_US
        return midnight_us(local_date(seconds * SECOND_US, "UTC"), zone)

    def policy(self, zone: str) -> ProrationPolicy:
        """Return the proration policy of the site, counting in a zone."""
        found = self._policies.get(zone)
        if found is None:
            found = self._policies[zone] = msgspec.structs.replace(POLICIES[self.quirks.day_count], zone=zone)
        return found

    @property
    def prorates_never(self) -> bool:
        """Whether the policy leaves every change to the next period."""
        return POLICIES[self.quirks.day_count].day_count is DayCount.NEXT_CYCLE

    # --- finding ----------------------------------------------------------------------------------------------------

    def listed(self, sku: str, currency: str, months: int) -> ItemPrice | None:
        """Return the price of an item in a currency for a period, or None."""
        return self.prices.get(self.price_keys.get((sku, currency, months), ""))

    def keep_price(self, price: ItemPrice) -> ItemPrice:
        """Keep an item price."""
        self.book.keep("item_price", price.id, price)
        self.price_keys[price.sku, price.currency, price.months] = price.id
        return price

    def customer(self, key: str) -> Customer:
        """Return a customer; refuse when there is none."""
        record = self._customers.get(key)
        if record is None or record.deleted:
            raise Refusal("resource_not_found", f"{key} not found")
        return record

    def subscription(self, key: str) -> Subscription:
        """Return a subscription; refuse when there is none."""
        record = self._subscriptions.get(key)
        if record is None:
            raise Refusal("resource_not_found", f"{key} not found")
        return record

    def invoice(self, key: str) -> Invoice:
        """Return an invoice; refuse when there is none."""
        record = self._invoices.get(key)
        if record is None:
            raise Refusal("resource_not_found", f"{key} not found")
        return record

    def note(self, key: str) -> CreditNote:
        """Return a credit note; refuse when there is none."""
        record = self._notes.get(key)
        if record is None:
            raise Refusal("resource_not_found", f"{key} not found")
        return record

    def transaction(self, key: str) -> Transaction:
        """Return a transaction; refuse when there is none."""
        record = self._transactions.get(key)
        if record is None:
            raise Refusal("resource_not_found", f"{key} not found")
        return record

    def source(self, key: str) -> Source:
        """Return a payment source; refuse when there is none."""
        found: Source | None = self.book.get("payment_source", key)
        if found is None or found.deleted:
            raise Refusal("resource_not_found", f"{key} not found")
        return found

    def found(self, kind: str, key: str) -> Any:
        """Return a record of a kind that has no finder of its own; refuse when there is none or it was deleted."""
        record = self.book.get(kind, key)
        if record is None or record.deleted:
            raise Refusal("resource_not_found", f"{key} not found")
        return record

    # --- keeping ----------------------------------------------------------------------------------------------------

    def save_customer(self, customer: Customer) -> Customer:
        """Keep a customer and write it to the history."""
        self.addresses[customer.id] = msgspec.Raw(encode_json(addressed(customer.address)))
        self.book.put("customer", customer.id, customer, documents.customer_document(customer), "active")
        return customer

    def touch_customer(self, customer: Customer, **changes: Any) -> Customer:
        """Keep a customer with changes, its version and time of update moved on."""
        return self.save_customer(
            msgspec.structs.replace(customer, updated_us=self.book.now_us, version=customer.version + 1, **changes)
        )

    def save_subscription(self, subscription: Subscription) -> Subscription:
        """Keep a subscription and write it to the history."""
        document = documents.subscription_document(subscription)
        self.book.put(
            "subscription", subscription.id, subscription, document, subscription.status, subscription.txn
        )  # fmt: skip
        return subscription

    def keep_subscription(self, subscription: Subscription) -> Subscription:
        """Keep what the history does not show of a subscription: coverage and plans."""
        self._subscriptions[subscription.id] = subscription
        return subscription

    def save_invoice(self, invoice: Invoice) -> Invoice:
        """Keep an invoice, write it to the history (each canonical step of its chart) and index it."""
        book, key = self.book, invoice.id
        known = self._invoices.get(key)
        status = documents.invoice_status(invoice)
        for step in documents.STEPS.get((book.status("invoice", key), status), ()):
            book.put("invoice", key, invoice, documents.invoice_document(invoice, step), step, invoice.txn)
        book.put("invoice", key, invoice, documents.invoice_document(invoice, status), status, invoice.txn)
        if known is None or known.status != invoice.status:
            if known is not None:
                self.by_status[known.status].pop(key, None)
            if invoice.status not in self.by_status:
                self.by_status[invoice.status] = self.desk.tables.table()
            self.by_status[invoice.status][key] = None
        self.saved.pop(key, None)
        self.saved[key] = book.now_us
        return invoice

    def save_note(self, note: CreditNote) -> CreditNote:
        """Keep a credit note and write it to the history."""
        is_open = note.status == "refund_due"
        if is_open != (note.id in self.open_credits.get(note.customer, ())):
            (enlist if is_open else strike_off)(self.open_credits, note.customer, note.id)
        self.shown.pop(note.customer, None)  # a customer shows what is left of its credits,
        self.shown.pop(note.invoice, None)  # an invoice its notes
        document = documents.credit_document(note)
        self.book.put("credit_memo", note.id, note, document, document.status, note.txn)
        return note

    def keep_transaction(self, transaction: Transaction) -> Transaction:
        """Keep a transaction that moved no money: the history does not show it."""
        self._transactions[transaction.id] = transaction
        return transaction

    def save_transaction(self, transaction: Transaction, document: Document, kind: str, status: str) -> Transaction:
        """Keep a transaction; `document` is its canonical form as cash or refund."""
        self._transactions[transaction.id] = transaction
        self.book.put(kind, transaction.id, transaction, document, status, transaction.txn)
        return transaction

    # --- announcing -------------------------------------------------------------------------------------------------

    def announce(self, topic: str, content: Content, txn: str) -> None:
        """Write an event to the log, and send it when the webhook endpoint is subscribed to its type."""
        desk = self.desk
        key = f"ev_{desk.next('event'):012d}"
        if self._endpoints:
            message = self._told(topic, content, txn, key)
        elif topic in self.quirks.topics:
            message = desk.post(topic, content, txn, message_id=key)
        else:
            message = Message(
                id=key, system="billing", topic=topic, txn=txn, occurred_us=self.book.now_us, content=content
            )  # fmt: skip
        self.events[message.id] = message
        if len(self.events) > self.quirks.events_kept:
            self.events.popitem(last=False)

    def _told(self, topic: str, content: Content, txn: str, key: str) -> Message:
        """Tell every endpoint that wants it; return the event as it is logged."""
        for endpoint in self._endpoints:
            if not endpoint.enabled_events or topic in endpoint.enabled_events:
                self.desk.post(topic, Addressed(endpoint, content), txn, message_id=key)
        return Message(
            id=key, system="billing", topic=topic, txn=txn, occurred_us=self.book.now_us, content=content
        )  # fmt: skip

    def route_events(self) -> None:
        """Look up which endpoints are told events, after one was registered, changed or deleted."""
        table: Table[WebhookEndpoint] = self.book.table("webhook_endpoint")
        self._endpoints = [each for each in table.values() if not (each.disabled or each.deleted)]

    def wipe(self) -> None:
        """Forget customers and all that belongs to them; catalogue, endpoints and numbers stay."""
        for kind in WIPED:
            self.book.forget(kind)
        for index in (
            self.credited, self.by_status, self.saved, self.open_credits, self.usages, self.unbilled, self.shown,
            self.line_items, self.addresses, self.events,
        ):  # fmt: skip
            index.clear()


def addressed(address: Address) -> BillingAddress:
    """Return an address as the vendor shows it."""
    return BillingAddress(
        line1=address.line1, city=address.city, state_code=address.state_code, zip=address.zip,
        country=address.country, validation_status="not_validated", state=address.state or None,
        line2=address.line2 or None, line3=address.line3 or None, first_name=address.first_name or None,
        last_name=address.last_name or None, company=address.company or None, email=address.email or None,
        phone=address.phone or None,
    )  # fmt: skip


def quote_number(*texts: str) -> str:
    """Return the first quote number in a caller's reference fields, or an empty text."""
    for text in texts:
        found = QUOTE_NUMBER.search(text)
        if found is not None:
            return found.group()
    return ""
