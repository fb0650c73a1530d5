"""The subscription schedule as it stands on the wire, and what callers send to plan one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mocks.payment.invoicing.subscription import BillingMode, SubscriptionInvoiceSettings
from mocks.payment.parts import Body, Clear, Collection, Metadata, MetadataChange, PriceData, Proration, Shape
from mocks.payment.queries import Paging


class PhaseItem(Shape, frozen=True, kw_only=True):
    """What is subscribed to in a phase."""

    billing_thresholds: dict[str, Any] | None = None
    discounts: Sequence[str] = ()
    metadata: Metadata
    plan: str
    price: str
    quantity: int | None = 1
    tax_rates: Sequence[str] = ()


class Phase(Shape, frozen=True, kw_only=True):
    """A phase from `start_date` (inclusive) to `end_date` (exclusive)."""

    add_invoice_items: Sequence[Any] = ()
    application_fee_percent: float | None = None
    automatic_tax: dict[str, Any] | None = None
    billing_cycle_anchor: str | None = None
    billing_thresholds: dict[str, Any] | None = None
    collection_method: Collection | None = None
    currency: str
    default_payment_method: str | None = None
    default_tax_rates: Sequence[str] = ()
    description: str | None = None
    discounts: Sequence[str] = ()
    end_date: int
    invoice_settings: dict[str, Any] | None = None
    items: Sequence[PhaseItem]
    metadata: Metadata
    on_behalf_of: str | None = None
    proration_behavior: Proration = "create_prorations"
    start_date: int
    transfer_data: dict[str, Any] | None = None
    trial_end: int | None = None


class CurrentPhase(Shape, frozen=True, kw_only=True):
    """The phase that runs now."""

    end_date: int
    start_date: int


class DefaultSettings(Shape, frozen=True, kw_only=True):
    """What phases say nothing about."""

    application_fee_percent: float | None = None
    automatic_tax: dict[str, Any] | None = None
    billing_cycle_anchor: str = "automatic"
    billing_thresholds: dict[str, Any] | None = None
    collection_method: Collection = "charge_automatically"
    default_payment_method: str | None = None
    default_source: str | None = None
    description: str | None = None
    invoice_settings: SubscriptionInvoiceSettings = SubscriptionInvoiceSettings()
    on_behalf_of: str | None = None
    transfer_data: dict[str, Any] | None = None


class Schedule(Shape, frozen=True, kw_only=True):
    """A subscription schedule (`sub_sched_`), as it stands on the wire."""

    id: str
    object: str = "subscription_schedule"
    application: str | None = None
    billing_mode: BillingMode = BillingMode()
    canceled_at: int | None = None
    completed_at: int | None = None
    created: int
    current_phase: CurrentPhase | None = None
    customer: str
    customer_account: str | None = None
    default_settings: DefaultSettings = DefaultSettings()
    end_behavior: str = "release"
    livemode: bool = False
    metadata: Metadata
    pause_schedules: Sequence[Any] = ()
    phases: Sequence[Phase]
    released_at: int | None = None
    released_subscription: str | None = None
    status: str = "not_started"
    subscription: str | None = None
    test_clock: str | None = None


class DurationBody(Shape, frozen=True, kw_only=True):
    """How long a phase lasts."""

    interval: str
    interval_count: int = 1


class PhaseItemBody(Shape, frozen=True, kw_only=True):
    """An item of a phase, as callers send it."""

    billing_thresholds: dict[str, Any] | Clear | None = None
    discounts: Any = None
    metadata: MetadataChange = None
    plan: str | None = None
    price: str | None = None
    price_data: PriceData | None = None
    quantity: int | None = None
    tax_rates: list[str] | Clear | None = None


class PhaseBody(Shape, frozen=True, kw_only=True):
    """A phase, as callers send it."""

    items: list[PhaseItemBody]
    add_invoice_items: list[dict[str, Any]] | None = None
    application_fee_percent: float | None = None
    automatic_tax: dict[str, Any] | None = None
    billing_cycle_anchor: str | None = None
    billing_thresholds: dict[str, Any] | Clear | None = None
    collection_method: Collection | None = None
    currency: str | None = None
    default_payment_method: str | None = None
    default_tax_rates: list[str] | Clear | None = None
    description: str | None = None
    discounts: Any = None
    duration: DurationBody | None = None
    end_date: str | None = None
    invoice_settings: dict[str, Any] | None = None
    iterations: int | None = None
    metadata: MetadataChange = None
    on_behalf_of: str | None = None
    proration_behavior: Proration = "create_prorations"
    start_date: str | None = None
    transfer_data: dict[str, Any] | None = None
    trial: bool | None = None
    trial_end: str | None = None


class ScheduleBody(Body, frozen=True, kw_only=True):
    """Plan a subscription, or plan on from one there is."""

    billing_mode: BillingMode | None = None
    customer: str | None = None
    customer_account: str | None = None
    default_settings: DefaultSettings | None = None
    end_behavior: str = "release"
    from_subscription: str | None = None
    metadata: MetadataChange = None
    pause_schedules: list[dict[str, Any]] | None = None
    phases: list[PhaseBody] | None = None
    start_date: str | None = None


class ScheduleUpdate(Body, frozen=True, kw_only=True):
    """Plan otherwise."""

    default_settings: DefaultSettings | None = None
    end_behavior: str | None = None
    metadata: MetadataChange = None
    pause_schedules: list[dict[str, Any]] | str | None = None
    phases: list[PhaseBody] | None = None
    proration_behavior: Proration | None = None


class ScheduleCancel(Body, frozen=True, kw_only=True):
    """Cancel a schedule and its subscription."""

    invoice_now: bool = False
    prorate: bool = False


class ReleaseBody(Body, frozen=True, kw_only=True):
    """Let the subscription go on without its schedule."""

    preserve_cancel_date: bool = False


class ScheduleQuery(Paging, frozen=True, kw_only=True):
    """Which schedules."""

    customer: str | None = None
