"""Facts about subscriptions."""

from datetime import date

from domain.events.fact import Fact, event_type
from domain.events.parts import ChargeItem


class _SubscriptionChanged(Fact, frozen=True, kw_only=True):
    subscription_id: str
    contract_id: str
    charges: tuple[ChargeItem, ...]
    term_start: date
    term_end: date | None = None


class SubscriptionCreated(_SubscriptionChanged, frozen=True, kw_only=True):
    """Billing holds the subscription; no charge runs yet."""


class SubscriptionActivated(_SubscriptionChanged, frozen=True, kw_only=True):
    """The charges run."""


class SubscriptionSuspended(_SubscriptionChanged, frozen=True, kw_only=True):
    """Service is suspended; charges stop or go on by policy."""


class SubscriptionResumed(_SubscriptionChanged, frozen=True, kw_only=True):
    """Service is back."""


class SubscriptionCancelled(_SubscriptionChanged, frozen=True, kw_only=True):
    """The cancellation took effect and the final proration is done."""


class SubscriptionExpired(_SubscriptionChanged, frozen=True, kw_only=True):
    """The term ended and was not renewed."""


_STATES = (
    ("created", SubscriptionCreated),
    ("activated", SubscriptionActivated),
    ("suspended", SubscriptionSuspended),
    ("resumed", SubscriptionResumed),
    ("cancelled", SubscriptionCancelled),
    ("expired", SubscriptionExpired),
)

EVENT_TYPES = tuple(
    event_type(
        19,
        f"subscription.{state}",
        payload,
        producers="billing",
        consumers="erp crm",
        subject="subscription_id",
        partition_key="contract_id",
        key="{subscription_id}:{aggregate_version}",
    )
    for state, payload in _STATES
)
