"""Facts about revenue schedules."""

from domain.events.fact import Fact, event_type
from domain.events.parts import Amount, SliceItem


class _RevenueScheduled(Fact, frozen=True, kw_only=True):
    po_id: str
    slices: tuple[SliceItem, ...]


class RevenueScheduleCreated(_RevenueScheduled, frozen=True, kw_only=True):
    """A performance obligation has its slices."""


class RevenueScheduleChanged(_RevenueScheduled, frozen=True, kw_only=True):
    """A modification replanned the slices that are not recognised yet."""


class RevenueRecognized(Fact, frozen=True, kw_only=True):
    """One slice was recognised in a period."""

    po_id: str
    slice_id: str
    amount: Amount
    period: str


_SCHEDULED = (
    ("created", RevenueScheduleCreated),
    ("changed", RevenueScheduleChanged),
)

EVENT_TYPES = (
    *(
        event_type(
            40,
            f"revenue.schedule_{state}",
            payload,
            producers="erp",
            consumers="analytics",
            subject="po_id",
            key=f"{{po_id}}:{state}:{{aggregate_version}}",
        )
        for state, payload in _SCHEDULED
    ),
    event_type(
        40,
        "revenue.recognized",
        RevenueRecognized,
        producers="erp",
        consumers="analytics",
        subject="slice_id",
        partition_key="po_id",
        key="{slice_id}:recognized",
    ),
)
