"""Facts about dunning."""

import msgspec

from domain.events.fact import Fact, event_type


class DunningStageChanged(Fact, frozen=True, kw_only=True):
    """The account moved to another stage of dunning; `business_date` is the date of the move."""

    account: str
    from_stage: str = msgspec.field(name="from")
    to_stage: str = msgspec.field(name="to")


EVENT_TYPES = (
    event_type(
        39,
        "dunning.stage_changed",
        DunningStageChanged,
        producers="billing",
        consumers="crm",
        subject="account",
        key="{account}:{to_stage}:{business_date}",
    ),
)
