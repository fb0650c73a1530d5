"""Facts about customers."""

from collections.abc import Mapping

from domain.events.fact import Fact, event_type
from domain.events.parts import Change, MatchResult


class CustomerValidated(Fact, frozen=True, kw_only=True):
    """A sales account was matched with a finance customer and its terms hold."""

    account_id: str
    check_id: str
    customer_id: str
    match: MatchResult
    entity: str
    terms: str
    tax_ids: tuple[str, ...]


class _CustomerChanged(Fact, frozen=True, kw_only=True):
    customer_id: str
    external_ids: Mapping[str, str]
    changes: tuple[Change, ...]
    survivor: str | None = None


class CustomerCreated(_CustomerChanged, frozen=True, kw_only=True):
    """A customer was created in the ERP."""


class CustomerUpdated(_CustomerChanged, frozen=True, kw_only=True):
    """A customer's master record changed."""


class CustomerMerged(_CustomerChanged, frozen=True, kw_only=True):
    """A duplicate was merged into the survivor."""


_CHANGED = (("created", CustomerCreated), ("updated", CustomerUpdated), ("merged", CustomerMerged))

EVENT_TYPES = (
    event_type(
        6,
        "customer.validated",
        CustomerValidated,
        producers="orchestrator",
        consumers="crm billing",
        subject="account_id",
        key="{account_id}:{check_id}",
    ),
    *(
        event_type(
            7,
            f"customer.{verb}",
            payload,
            producers="erp mdm",
            consumers="all",
            subject="customer_id",
            key="{customer_id}:{aggregate_version}",
        )
        for verb, payload in _CHANGED
    ),
)
