"""The processor: its tables, its events, its balance, and how a payment is shown in the history."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import structs

from domain import objects
from domain.calendar import SECOND_US
from mocks.kernel.desk import Desk
from mocks.kernel.operations import Refusal
from mocks.kernel.tables import Log, Table
from mocks.payment.index import MetadataIndex
from mocks.payment.kinds import KINDS, TOPICS
from mocks.payment.parts import Deleted, Metadata
from mocks.payment.quirks import Quirks
from mocks.payment.records import (
    Charge,
    Customer,
    Dispute,
    Endpoint,
    Event,
    Intent,
    Method,
    Movement,
    Notice,
    Payout,
    Refund,
)
from mocks.payment.statuses import CHARTS, walk

DAY_SECONDS = 86_400
_QUOTE = re.compile(r"Q-\d{6}(?:\.[A-Z][A-Z0-9]{1,7})?")
_REFERENCES = ("invoice", "invoice_id", "reference", "order", "order_id")


class Processor:
    """All that the processor knows, by id and in order of creation. Changes go through the modules of each noun."""

    def __init__(self, desk: Desk, quirks: Quirks) -> None:
        self.desk = desk
        self.book = desk.book
        self.quirks = quirks
        tables: dict[str, Table[Any]] = {kind: desk.tables.table() for kind in KINDS}
        self.tables = tables
        self.customers: Table[Customer] = tables["customer"]
        self.methods: Table[Method] = tables["payment_method"]
        self.intents: Table[Intent] = tables["payment_intent"]
        self.charges: Table[Charge] = tables["charge"]
        self.refunds: Table[Refund] = tables["refund"]
        self.disputes: Table[Dispute] = tables["dispute"]
        self.movements: Table[Movement] = tables["balance_transaction"]
        self.payouts: Table[Payout] = tables["payout"]
        self.events: Log[Event] = desk.tables.log()  # the oldest go first
        tables["event"] = self.events
        self._oldest_event = 0  # when the first of them happened
        self.endpoints: Table[Endpoint] = tables["webhook_endpoint"]
        self.secrets: dict[str, str] = {}  # of webhook endpoints
        self.wanted_ids: dict[str, str] = {}  # prefix -> the id of the next object (placeholders)
        self.stand_in: Callable[[Processor, str, str, str], Any] | None = None  # makes what a placeholder names
        self.tax_ids_of: dict[str, dict[str, Any]] = {}  # customer -> its tax ids
        self.tiers: dict[str, Any] = {}  # price -> its tiers
        self.applies_to: dict[str, frozenset[str]] = {}  # coupon -> the products it is for
        self.retired: dict[str, Any] = {}  # deleted coupons, whose discounts go on
        self.cash_modes: dict[str, str] = {}  # customer -> how its transfers are used
        self.pending_items: dict[str, dict[str, Any]] = {}  # customer -> the invoice items that wait
        self.line_rates: dict[str, tuple[str, ...]] = {}  # invoice line -> tax rates of its own
        self.payments_of: dict[str, list[str]] = {}  # invoice -> its payments
        self.notes_of: dict[str, list[str]] = {}  # invoice -> its credit notes
        self.used: dict[tuple[str, str], dict[str, Any]] = {}  # meter and customer -> meter events
        self.quote_lines: dict[str, Any] = {}  # quote -> its lines
        self.billed: dict[str, str] = {}  # payment intent -> the invoice payment it is made for
        self.waiting: dict[str, list[str]] = {}  # currency -> balance transactions not paid out yet
        self.planned: set[str] = set()  # currencies with a payout on the agenda
        self.key = ""  # idempotency key of the request at work
        self.index = MetadataIndex(desk.tables)

    @property
    def now(self) -> int:
        """The instant at which the processor acts, in seconds UTC."""
        return self.book.now_us // SECOND_US

    def new_id(self, prefix: str) -> str:
        """Return the next id of a kind in the vendor's form, or the one that is wanted for it."""
        if self.wanted_ids and prefix in self.wanted_ids:
            return self.wanted_ids.pop(prefix)
        return f"{prefix}_{self.desk.next(prefix):024d}"

    # --- finding ----------------------------------------------------------------------------------------------------

    def named(self, kind: str, key: str, operation: str = "") -> Any:
        """Return the object a path names; raise Refusal (404) when there is none.

        `operation` is what is to be done with it: a placeholder is made just in the state for that.
        """
        found = self.tables[kind].get(key)
        if self.stand_in is not None:
            found = self.stand_in(self, kind, key, operation) or found
        if found is None:
            raise Refusal("resource_missing", f"No such {kind}: '{key}'", field="id")
        return found

    def referred(self, kind: str, key: str, field: str) -> Any:
        """Return the object a parameter names; raise Refusal (400) when there is none."""
        found = self.tables[kind].get(key)
        if self.stand_in is not None:
            found = self.stand_in(self, kind, key, "") or found
        if found is None:
            raise Refusal("reference_missing", f"No such {kind}: '{key}'", field=field)
        return found

    def paid_with(self, invoice: str) -> tuple[str | None, str | None]:
        """Return the payment intent and the charge that pay, or are to pay, an invoice."""
        found = self.payments_of.get(invoice)
        intent = self.tables["invoice_payment"][found[-1]].payment.payment_intent if found else None
        return intent, (self.intents[intent].charge or None) if intent is not None else None

    def plain_coupon(self, key: str) -> Any:
        """Return a coupon, even a deleted one, as plain values; None when there is none."""
        coupon = self.tables["coupon"].get(key) or self.retired.get(key)
        return msgspec.to_builtins(coupon, builtin_types=(Decimal,)) if coupon is not None else None

    def plain_price(self, key: str) -> Any:
        """Return a price as plain values; None when there is none."""
        price = self.tables["price"].get(key)
        return msgspec.to_builtins(price, builtin_types=(Decimal,)) if price is not None else None

    # --- correlation ------------------------------------------------------------------------------------------------

    def correlate(self, metadata: Metadata, description: str) -> tuple[str, str]:
        """Return (reference, transaction) of what a caller sent: the invoice it names and the quote behind it."""
        ref = next((metadata[name] for name in _REFERENCES if name in metadata), "")
        if not ref and description:
            ref = description.rpartition(" ")[2]
        for text in (*metadata.values(), description, self.key):
            match = _QUOTE.search(text)
            if match is not None:
                return ref, match.group()
        return ref, self.desk.book.txn_of(ref)

    # --- history ----------------------------------------------------------------------------------------------------

    def show(self, intent: Intent, event: str = "") -> None:
        """Write the payment of an intent into the history after something happened to it.

        `event` is a row of `statuses.WALKS`; without one, or when the state stays, only amounts have changed.
        """
        book, key = self.desk.book, payment_id(intent.id, intent.attempt)
        before = book.status("payment", key)
        states = walk(intent.kind, event, before) if event else ()
        charge = self.charges.get(intent.charge)
        if charge is not None and charge.attempt != intent.attempt:
            charge = None
        for state in states:
            if before and before != state:
                CHARTS[intent.kind].require(before, state)
            money = charge if state is states[-1] else None  # money has moved only at the end of the walk
            book.put("payment", key, intent, _payment(key, intent, money, state), state, intent.txn)
            before = state
        if not states and before:
            book.put("payment", key, intent, _payment(key, intent, charge, before), before, intent.txn)

    def show_refund(self, refund: Refund) -> None:
        """Write a refund into the history."""
        charge = self.charges[refund.charge]
        shown = objects.Refund(
            id=refund.id,
            payment=payment_id(refund.intent, charge.attempt),
            currency=refund.currency.upper(),
            amount_minor=refund.amount,
            status=refund.status,
        )
        self.desk.book.put("refund", refund.id, None, shown, refund.status, self.intents[refund.intent].txn)

    def show_dispute(self, dispute: Dispute, status: str) -> None:
        """Write a dispute into the history."""
        charge = self.charges[dispute.charge]
        shown = objects.Dispute(
            id=dispute.id,
            payment=payment_id(dispute.intent, charge.attempt),
            currency=dispute.currency.upper(),
            amount_minor=dispute.amount,
            fee_minor=dispute.fee,
            status=status,
        )
        self.desk.book.put("dispute", dispute.id, None, shown, status, self.intents[dispute.intent].txn)

    # --- keeping ----------------------------------------------------------------------------------------------------

    def add(self, kind: str, record: Any, event: str = "created") -> Any:
        """Keep a new record of a kind and tell of it; return it."""
        self.tables[kind][record.id] = record
        if self.index.names:
            self.index.note(kind, record.id, record.metadata)
        if event:
            self.emit(f"{TOPICS.get(kind, kind)}.{event}", record)
        return record

    def change(self, kind: str, record: Any, event: str = "updated", **changes: Any) -> Any:
        """Keep a record with some fields changed and tell of it; return it."""
        after = structs.replace(record, **changes)
        self.tables[kind][record.id] = after
        if "metadata" in changes:
            self.index.note(kind, record.id, after.metadata)
        if event:
            self.emit(f"{TOPICS.get(kind, kind)}.{event}", after, "", record)
        return after

    def drop(self, kind: str, record: Any, event: str = "deleted") -> Deleted:
        """Forget a record and tell of it; return what is left."""
        del self.tables[kind][record.id]
        if event:
            self.emit(f"{TOPICS.get(kind, kind)}.{event}", record)
        return Deleted(id=record.id, object=kind)

    # --- events -----------------------------------------------------------------------------------------------------

    def emit(self, topic: str, subject: Any, txn: str = "", before: Any = None) -> None:
        """Make an event, keep it, and send it to the endpoints that listen to its topic.

        `before` is what the subject was, when the event tells of a change. Events that nobody is told have numbers of
        their own, so that those of messages do not depend on them.
        """
        listening = [each.id for each in self.endpoints.values() if each.hears(topic)] if self.endpoints else ()
        told = topic in self.quirks.webhook_events
        heard = told or listening
        book = self.book
        cause = book.cause
        asked = cause not in ("", "act", "agenda")
        event = Event(
            id=self.new_id("evt") if heard else f"evt_q{self.desk.next('unheard event'):023d}",
            created=book.now_us // SECOND_US,
            type=topic,
            subject=subject,
            before=before,
            request=request_id(cause) if asked else "",
            key=self.key if asked else "",
        )
        self._keep_event(event)
        if told:
            self.desk.post(topic, Notice(event), txn, event.id)
        for endpoint in listening:
            self.desk.post(topic, Notice(event, endpoint), txn, event.id)

    def _keep_event(self, event: Event) -> None:
        """Keep an event, and forget those that are too old or too many."""
        events, quirks = self.events, self.quirks
        if not events:
            self._oldest_event = event.created
        events[event.id] = event
        forgotten = event.created - quirks.event_days * DAY_SECONDS
        while len(events) > quirks.events_max or self._oldest_event <= forgotten:
            events.popitem(last=False)
            self._oldest_event = next(iter(events.values())).created


_METADATA_LIMITS = "Metadata takes 50 keys of 40 and values of 500 characters."


def payment_id(intent: str, attempt: int) -> str:
    """Return the id of the canonical payment: the intent's; a new life after a failure adds its number (pi_x.2)."""
    return intent if attempt <= 1 else f"{intent}.{attempt}"


def request_id(number: str) -> str:
    """Return the vendor's form of a request's number."""
    return f"req_{number:0>14}"


def merged(before: Metadata, changes: Any) -> Metadata:
    """Return metadata with changes laid over it: empty text removes a key, empty text for all of it clears it."""
    if changes is None:
        return before
    if isinstance(changes, str):
        if changes:
            raise Refusal("parameter_invalid", "Invalid object: metadata", field="metadata")
        return {}
    after = dict(before)
    for name, value in changes.items():
        if len(name) > 40 or len(value) > 500:
            raise Refusal("parameter_invalid", _METADATA_LIMITS, field=f"metadata[{name}]"[:60])
        if value:
            after[name] = value
        else:
            after.pop(name, None)
    if len(after) > 50:
        raise Refusal("parameter_invalid", _METADATA_LIMITS, field="metadata")
    return after


def given(body: Any, names: tuple[str, ...], needed: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the fields of a body that a caller gave; empty text clears a field, or is refused for one needed."""
    fields = {}
    for name in names:
        value = getattr(body, name)
        if value == "" and name in needed:
            raise Refusal("parameter_invalid", f"{name} cannot be empty.", field=name)
        if value is not None:
            fields[name] = value if value != "" else None
    return fields


def changed(record: Any, **changes: Any) -> Any:
    """Return a record with some fields changed."""
    return msgspec.structs.replace(record, **changes)


def _payment(key: str, intent: Intent, charge: Charge | None, status: str) -> objects.Payment:
    return objects.Payment(
        id=key,
        ref=intent.ref,
        txn=intent.txn,
        customer=intent.customer,
        currency=intent.currency.upper(),
        status=status,
        method=intent.kind,
        amount_minor=intent.amount,
        captured_minor=charge.captured if charge is not None and charge.status == "succeeded" else 0,
        refunded_minor=charge.refunded if charge is not None else 0,
        disputed_minor=charge.disputed if charge is not None else 0,
        fee_minor=charge.fee if charge is not None else 0,
        payout=charge.payout if charge is not None else "",
    )
