"""The site: its records, how they are found and kept, its clock in each entity's zone, and what it announces.

The rules live with their nouns: `subscriptions`, `changes`, `invoices`, `payments`, `credits`, `seeds`.
"""

from __future__ import annotations

import re
from collections import deque
from datetime import date
from typing import Any, TypeVar, cast

import msgspec

from domain.calendar import SECOND_US, local_date, midnight_us
from domain.objects import Document
from domain.proration import POLICIES, DayCount, ProrationPolicy
from mocks.billing import documents
from mocks.billing.quirks import Quirks
from mocks.billing.records import CreditNote, Customer, Invoice, ItemPrice, Subscription, Transaction
from mocks.kernel.desk import Desk, Message
from mocks.kernel.operations import Refusal

T = TypeVar("T")
QUOTE_NUMBER = re.compile(r"Q-\d{6}")
DAY_SECONDS = 86_400
EPOCH_DAY = date(1970, 1, 1).toordinal()
Content = tuple[tuple[str, Any], ...]
"""What an event carries: (resource name, record) pairs; records are frozen, so the event is a snapshot."""


class Billing:
    """One site of the billing platform."""

    def __init__(self, desk: Desk, quirks: Quirks) -> None:
        self.desk = desk
        self.quirks = quirks
        self.credited: dict[str, int] = {}  # line id -> what credit notes took back of it
        self.by_status: dict[str, dict[str, None]] = {}  # invoice status -> ids, oldest first
        self.open_credits: dict[str, dict[str, None]] = {}  # customer -> refundable notes with something left
        self.events: deque[Message] = deque(maxlen=quirks.events_kept)
        self.shown: dict[str, tuple[Any, msgspec.Raw]] = {}  # JSON of records, see `views`
        self.believed: set[str] = set()  # credentials that were found good
        self._dates_in_utc = quirks.dates_at == "utc"
        self._policies: dict[str, ProrationPolicy] = {}
        if quirks.day_count not in POLICIES:
            raise ValueError(f"no day count is called {quirks.day_count!r}; known: {', '.join(POLICIES)}")

    # --- time -------------------------------------------------------------------------------------------------------

    @property
    def now_us(self) -> int:
        """The instant of the request, act or agenda action at work."""
        return self.desk.book.now_us

    def zone_of(self, entity: str) -> str:
        """Return the billing zone of a legal entity."""
        return self.quirks.zones.get(entity, self.quirks.default_zone)

    def today(self, zone: str) -> date:
        """Return the local date of now."""
        return local_date(self.desk.book.now_us, zone)

    def day_at(self, seconds: int, zone: str) -> date:
        """Return the contract date that Unix seconds on the wire mean (see the quirk `dates_at`)."""
        return local_date(seconds * SECOND_US, "UTC" if seconds % DAY_SECONDS == 0 else zone)

    def due_at(self, seconds: int, zone: str) -> int:
        """Return the instant that Unix seconds on the wire mean: a bare date means its local midnight."""
        if seconds % DAY_SECONDS:
            return seconds * SECOND_US
        return midnight_us(local_date(seconds * SECOND_US, "UTC"), zone)

    def seconds_of(self, day: date, zone: str) -> int:
        """Return a contract date as Unix seconds on the wire."""
        if self._dates_in_utc:
            return (day.toordinal() - EPOCH_DAY) * DAY_SECONDS
        return midnight_us(day, zone) // SECOND_US

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

    def _found(self, kind: str, key: str, _type: type[T]) -> T:
        record = self.desk.book.get(kind, key)
        if record is None:
            raise Refusal("resource_not_found", f"{key} not found", kind=kind)
        return cast(T, record)

    def customer(self, key: str) -> Customer:
        """Return a customer; refuse when there is none."""
        return self._found("customer", key, Customer)

    def subscription(self, key: str) -> Subscription:
        """Return a subscription; refuse when there is none."""
        return self._found("subscription", key, Subscription)

    def invoice(self, key: str) -> Invoice:
        """Return an invoice; refuse when there is none."""
        return self._found("invoice", key, Invoice)

    def note(self, key: str) -> CreditNote:
        """Return a credit note; refuse when there is none."""
        return self._found("credit_memo", key, CreditNote)

    def transaction(self, key: str) -> Transaction:
        """Return a transaction; refuse when there is none."""
        return self._found("transaction", key, Transaction)

    def price(self, key: str) -> ItemPrice | None:
        """Return an item price, or None."""
        return self.desk.book.get("item_price", key)

    # --- keeping ----------------------------------------------------------------------------------------------------

    def save_customer(self, customer: Customer) -> Customer:
        """Keep a customer and write it to the history."""
        self._put("customer", customer.id, customer, documents.customer_document(customer), "active", "")
        return customer

    def save_subscription(self, subscription: Subscription) -> Subscription:
        """Keep a subscription and write it to the history."""
        document = documents.subscription_document(subscription)
        self._put("subscription", subscription.id, subscription, document, subscription.status, subscription.txn)
        return subscription

    def keep_subscription(self, subscription: Subscription) -> Subscription:
        """Keep what the history does not show of a subscription: coverage and plans."""
        self.desk.book.keep("subscription", subscription.id, subscription)
        return subscription

    def save_invoice(self, invoice: Invoice) -> Invoice:
        """Keep an invoice, write it to the history (each canonical step of its chart) and index it by status."""
        book, key = self.desk.book, invoice.id
        known = book.get("invoice", key)
        status = documents.invoice_status(invoice)
        for step in documents.STEPS.get((book.status("invoice", key), status), ()):
            self._put("invoice", key, invoice, documents.invoice_document(invoice, step), step, invoice.txn)
        self._put("invoice", key, invoice, documents.invoice_document(invoice, status), status, invoice.txn)
        if known is None or known.status != invoice.status:
            if known is not None:
                self.by_status[known.status].pop(key, None)
            self.by_status.setdefault(invoice.status, {})[key] = None
        return invoice

    def save_note(self, note: CreditNote) -> CreditNote:
        """Keep a credit note and write it to the history."""
        open_ones = self.open_credits.setdefault(note.customer, {})
        if note.status == "refund_due":
            open_ones[note.id] = None
        else:
            open_ones.pop(note.id, None)
        document = documents.credit_document(note)
        self._put("credit_memo", note.id, note, document, document.status, note.txn)
        return note

    def save_transaction(self, transaction: Transaction, document: Document, kind: str, status: str) -> Transaction:
        """Keep a transaction; `document` is its canonical form as cash or refund."""
        self.desk.book.keep("transaction", transaction.id, transaction)
        self._put(kind, transaction.id, transaction, document, status, transaction.txn)
        return transaction

    def _put(self, kind: str, key: str, record: Any, document: Document, status: str, txn: str) -> None:
        self.desk.book.put(kind, key, record, document, status, txn)

    # --- announcing -------------------------------------------------------------------------------------------------

    def announce(self, topic: str, content: Content, txn: str) -> None:
        """Write an event to the log, and send it when the webhook endpoint is subscribed to its type."""
        desk = self.desk
        if topic in self.quirks.topics:
            message = desk.post(topic, content, txn, message_id=f"ev_{desk.next('event'):012d}")
        else:
            message = Message(
                id=f"ev_{desk.next('event'):012d}", system=desk.system, topic=topic, txn=txn, occurred_us=desk.now_us,
                content=content,
            )  # fmt: skip
        self.events.append(message)


def quote_number(*texts: str) -> str:
    """Return the first quote number in a caller's reference fields, or an empty text."""
    for text in texts:
        found = QUOTE_NUMBER.search(text)
        if found is not None:
            return found.group()
    return ""
