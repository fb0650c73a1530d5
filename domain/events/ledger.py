"""Facts about the general ledger, periods and exchange rates."""

from datetime import date
from decimal import Decimal

import msgspec

from domain.events.fact import Fact, event_type
from domain.events.parts import LedgerLine


class GlEntryPosted(Fact, frozen=True, kw_only=True):
    """A balanced journal entry is in the books."""

    entity: str
    entry_id: str
    period: str
    lines: tuple[LedgerLine, ...]


class PeriodStatusChanged(Fact, frozen=True, kw_only=True):
    """A module of an accounting period was opened, closed or locked."""

    entity: str
    period: str
    module: str
    status: str


class FxRatePublished(Fact, frozen=True, kw_only=True):
    """A rate of one currency pair holds on a date; `rate_type` is spot, average or closing."""

    pair: str
    rate_date: date = msgspec.field(name="date")
    rate: Decimal
    rate_type: str = msgspec.field(name="type")


EVENT_TYPES = (
    event_type(
        41,
        "gl.entry_posted",
        GlEntryPosted,
        producers="erp",
        consumers="analytics",
        subject="entry_id",
        partition_key="entity",
        key="{entry_id}",
    ),
    event_type(
        42,
        "period.status_changed",
        PeriodStatusChanged,
        producers="erp",
        consumers="all",
        subject="period",
        partition_key="entity",
        key="{entity}:{period}:{module}:{status}",
    ),
    event_type(
        43,
        "fx_rate.published",
        FxRatePublished,
        producers="erp",
        consumers="billing",
        subject="pair",
        key="{pair}:{rate_date}:{rate_type}",
    ),
)
