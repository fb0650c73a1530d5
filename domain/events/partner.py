"""Facts about partner deals."""

from domain.events.fact import Fact, event_type
from domain.events.parts import Amount


class _DealChanged(Fact, frozen=True, kw_only=True):
    deal_id: str
    partner: str
    model: str
    margin: Amount


class PartnerDealRegistered(_DealChanged, frozen=True, kw_only=True):
    """A partner registered a deal under its agreement."""


class PartnerDealPayableAccrued(_DealChanged, frozen=True, kw_only=True):
    """What the partner earns is accrued as payable."""


EVENT_TYPES = (
    event_type(
        44,
        "partner_deal.registered",
        PartnerDealRegistered,
        producers="crm",
        consumers="erp",
        subject="deal_id",
        key="{deal_id}:registered",
    ),
    event_type(
        44,
        "partner_deal.payable_accrued",
        PartnerDealPayableAccrued,
        producers="erp",
        consumers="erp",
        subject="deal_id",
        key="{deal_id}:payable_accrued",
    ),
)
