"""Facts about contract amendments."""

from datetime import date

from domain.events.fact import Fact, event_type
from domain.events.parts import Amount, DeltaItem, LineItem


class AmendmentBooked(Fact, frozen=True, kw_only=True):
    """An amendment is booked; it is applied in the order of effective dates."""

    amendment_id: str
    contract_id: str
    kind: str
    effective_date: date
    deltas: tuple[DeltaItem, ...]


class AmendmentApplied(Fact, frozen=True, kw_only=True):
    """Billing applied the amendment; its lines and what they add up to are told where the producer knows them."""

    amendment_id: str
    contract_id: str
    lines_created: tuple[LineItem, ...] = ()
    net_change: Amount | None = None


EVENT_TYPES = (
    event_type(
        20,
        "amendment.booked",
        AmendmentBooked,
        producers="billing",
        consumers="erp crm",
        subject="amendment_id",
        partition_key="contract_id",
        key="{amendment_id}:booked",
    ),
    event_type(
        21,
        "amendment.applied",
        AmendmentApplied,
        producers="billing",
        consumers="erp",
        subject="amendment_id",
        partition_key="contract_id",
        key="{amendment_id}:applied",
    ),
)
