"""Facts about quotes."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from domain.events.fact import Fact, event_type
from domain.events.parts import Amount, LineItem


class QuoteSubmitted(Fact, frozen=True, kw_only=True):
    """A quote version went to approval."""

    quote_id: str
    version: int
    lines: tuple[LineItem, ...]
    discount_pct: Decimal
    total: Amount


class QuoteApproved(Fact, frozen=True, kw_only=True):
    """All approvals of a quote version are given, or none was needed."""

    quote_id: str
    version: int
    approvals: tuple[str, ...]
    valid_until: date
    total: Amount
    selling_entity: str


class _QuoteClosed(Fact, frozen=True, kw_only=True):
    quote_id: str
    version: int
    reason: str


class QuoteRejected(_QuoteClosed, frozen=True, kw_only=True):
    """An approver rejected the version."""


class QuoteRecalled(_QuoteClosed, frozen=True, kw_only=True):
    """The seller took the version back before anybody decided."""


class QuoteExpired(_QuoteClosed, frozen=True, kw_only=True):
    """The version passed its valid_until date."""


class QuoteDeclined(_QuoteClosed, frozen=True, kw_only=True):
    """The customer declined the version."""


class QuoteSuperseded(_QuoteClosed, frozen=True, kw_only=True):
    """A newer version took its place."""


class QuoteAccepted(Fact, frozen=True, kw_only=True):
    """The customer accepted or signed the version."""

    quote_id: str
    version: int
    accepted_at_us: int
    signer: str
    po_number: str | None = None


class QuoteConverted(Fact, frozen=True, kw_only=True):
    """The orders of the version are booked."""

    quote_id: str
    version: int
    order_ids: tuple[str, ...]


class QuotePresented(Fact, frozen=True, kw_only=True):
    """An approved version was sent to the customer (the chart of 2.3.1 names the event, 4.2 has no row)."""

    quote_id: str
    version: int


class QuoteMirrored(Fact, frozen=True, kw_only=True):
    """The CRM shows sales facts about a quote's order, invoice and payment (4.2 has no row; K-07 measures it)."""

    quote_id: str
    version: int
    reference: str
    as_of_us: int
    shown: Mapping[str, str]


_CLOSED = (
    ("rejected", QuoteRejected),
    ("recalled", QuoteRecalled),
    ("expired", QuoteExpired),
    ("declined", QuoteDeclined),
    ("superseded", QuoteSuperseded),
)

EVENT_TYPES = (
    event_type(
        1,
        "quote.submitted",
        QuoteSubmitted,
        producers="cpq",
        consumers="approvals",
        subject="quote_id",
        key="{quote_id}:{version}:submitted",
    ),
    event_type(
        2,
        "quote.approved",
        QuoteApproved,
        producers="cpq",
        consumers="orchestrator analytics",
        subject="quote_id",
        key="{quote_id}:{version}:approved",
    ),
    *(
        event_type(
            3,
            f"quote.{state}",
            payload,
            producers="cpq",
            consumers="analytics",
            subject="quote_id",
            key=f"{{quote_id}}:{{version}}:{state}",
        )
        for state, payload in _CLOSED
    ),
    event_type(
        3,
        "quote.presented",
        QuotePresented,
        producers="cpq",
        consumers="analytics",
        subject="quote_id",
        key="{quote_id}:{version}:presented",
    ),
    event_type(
        4,
        "quote.accepted",
        QuoteAccepted,
        producers="cpq",
        consumers="orchestrator",
        subject="quote_id",
        key="{quote_id}:{version}:accepted",
    ),
    event_type(
        5,
        "quote.converted",
        QuoteConverted,
        producers="orchestrator",
        consumers="cpq",
        subject="quote_id",
        key="{quote_id}:{version}:converted",
    ),
    event_type(
        5,
        "quote.mirrored",
        QuoteMirrored,
        producers="orchestrator",
        consumers="analytics",
        subject="reference",
        key="{reference}:{as_of_us}:mirrored",
    ),
)
