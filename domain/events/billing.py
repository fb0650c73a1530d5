"""Facts about billing schedules and rated usage."""

from decimal import Decimal

from domain.events.fact import Fact, event_type
from domain.events.parts import Amount, ScheduleItem


class _ScheduleChanged(Fact, frozen=True, kw_only=True):
    contract_id: str
    schedule_version: int
    items: tuple[ScheduleItem, ...]


class BillingScheduleCreated(_ScheduleChanged, frozen=True, kw_only=True):
    """Billing planned every bill of the contract."""


class BillingScheduleChanged(_ScheduleChanged, frozen=True, kw_only=True):
    """An amendment or a date change moved bills that were not issued yet."""


class UsageRated(Fact, frozen=True, kw_only=True):
    """The usage of one meter in one period has a price."""

    subscription: str
    meter: str
    period: str
    seq: int
    qty: Decimal
    amount: Amount


EVENT_TYPES = (
    event_type(
        23,
        "billing_schedule.created",
        BillingScheduleCreated,
        producers="billing",
        consumers="erp crm",
        subject="contract_id",
        key="{contract_id}:{schedule_version}",
    ),
    event_type(
        23,
        "billing_schedule.changed",
        BillingScheduleChanged,
        producers="billing",
        consumers="erp crm",
        subject="contract_id",
        key="{contract_id}:{schedule_version}",
    ),
    event_type(
        24,
        "usage.rated",
        UsageRated,
        producers="billing",
        consumers="analytics",
        subject="subscription",
        key="{subscription}:{meter}:{period}:{seq}",
    ),
)
