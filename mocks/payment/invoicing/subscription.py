"""The subscription as it stands on the wire, its items, and what callers send to change them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal

from msgspec import structs

from domain import objects
from domain.calendar import SECOND_US, local_date
from mocks.payment.invoicing.invoice import PaymentSettings
from mocks.payment.invoicing.prices import Price, amount_of
from mocks.payment.invoicing.tax_rates import TaxRate
from mocks.payment.invoicing.terms import later
from mocks.payment.model import Processor
from mocks.payment.parts import (
    AutomaticTax,
    CustomField,
    Liability,
    Metadata,
    Period,
    Shape,
)

RUNNING = ("trialing", "active", "past_due", "unpaid")


class Plan(Shape, frozen=True, kw_only=True):
    """A price in the words of older integrations."""

    id: str
    object: str = "plan"
    active: bool
    aggregate_usage: str | None = None
    amount: int | None
    amount_decimal: str | None
    billing_scheme: str
    created: int
    currency: str
    interval: str
    interval_count: int
    livemode: bool = False
    metadata: Metadata
    meter: str | None = None
    nickname: str | None
    product: str
    tiers_mode: str | None
    transform_usage: dict[str, Any] | None = None
    trial_period_days: int | None
    usage_type: str


class SubscriptionItem(Shape, frozen=True, kw_only=True):
    """An item of a subscription (`si_`), as it stands on the wire."""

    id: str
    object: str = "subscription_item"
    billed_until: int | None = None
    billing_thresholds: dict[str, Any] | None = None
    created: int
    current_period_end: int
    current_period_start: int
    discounts: Sequence[str] = ()
    metadata: Metadata
    plan: Plan
    price: Price
    quantity: int | None = 1
    subscription: str
    tax_rates: Sequence[TaxRate] = ()


class ItemList(Shape, frozen=True, kw_only=True):
    """The items of a subscription."""

    object: str = "list"
    data: Sequence[SubscriptionItem]
    has_more: bool = False
    total_count: int
    url: str


class BillingMode(Shape, frozen=True, kw_only=True):
    """How prorations are computed."""

    flexible: dict[str, Any] | None = None
    type: str = "classic"
    updated_at: int | None = None


class CancellationDetails(Shape, frozen=True, kw_only=True):
    """Why a subscription ends."""

    comment: str | None = None
    feedback: str | None = None
    feedback_option: str | None = None
    reason: str | None = None


class SubscriptionInvoiceSettings(Shape, frozen=True, kw_only=True):
    """How the invoices of a subscription look."""

    account_tax_ids: list[str] | None = None
    custom_fields: list[CustomField] | None = None
    description: str | None = None
    footer: str | None = None
    issuer: Liability = Liability()


class PauseCollection(Shape, frozen=True, kw_only=True):
    """What happens to invoices while collection is paused."""

    behavior: Literal["keep_as_draft", "mark_uncollectible", "void"]
    resumes_at: int | None = None


class SubscriptionPaymentSettings(PaymentSettings, frozen=True, kw_only=True):
    """How the invoices of a subscription may be paid."""

    save_default_payment_method: str | None = "off"


class EndBehavior(Shape, frozen=True, kw_only=True):
    """What happens at the end of a trial without a payment method."""

    missing_payment_method: str = "create_invoice"


class TrialSettings(Shape, frozen=True, kw_only=True):
    """How a trial ends."""

    end_behavior: EndBehavior = EndBehavior()


class Interval(Shape, frozen=True, kw_only=True):
    """How often."""

    interval: str
    interval_count: int = 1


class Subscription(Shape, frozen=True, kw_only=True):
    """A subscription (`sub_`), as it stands on the wire."""

    id: str
    object: str = "subscription"
    application: str | None = None
    application_fee_percent: Decimal | None = None
    automatic_tax: AutomaticTax = AutomaticTax()
    billing_cycle_anchor: int
    billing_cycle_anchor_config: dict[str, Any] | None = None
    billing_mode: BillingMode = BillingMode()
    billing_schedules: Sequence[Any] = ()
    billing_thresholds: dict[str, Any] | None = None
    cancel_at: int | None = None
    cancel_at_period_end: bool = False
    canceled_at: int | None = None
    cancellation_details: CancellationDetails = CancellationDetails()
    collection_method: str = "charge_automatically"
    created: int
    currency: str
    customer: str
    customer_account: str | None = None
    days_until_due: int | None = None
    default_payment_method: str | None = None
    default_source: str | None = None
    default_tax_rates: Sequence[TaxRate] = ()
    description: str | None = None
    discounts: Sequence[str] = ()
    ended_at: int | None = None
    invoice_settings: SubscriptionInvoiceSettings = SubscriptionInvoiceSettings()
    items: ItemList
    latest_invoice: str | None = None
    livemode: bool = False
    metadata: Metadata
    next_pending_invoice_item_invoice: int | None = None
    on_behalf_of: str | None = None
    pause_collection: PauseCollection | None = None
    payment_settings: SubscriptionPaymentSettings = SubscriptionPaymentSettings()
    pending_invoice_item_interval: Interval | None = None
    pending_setup_intent: str | None = None
    pending_update: dict[str, Any] | None = None
    schedule: str | None = None
    start_date: int
    status: str
    test_clock: str | None = None
    transfer_data: dict[str, Any] | None = None
    trial_end: int | None = None
    trial_settings: TrialSettings = TrialSettings()
    trial_start: int | None = None

    @property
    def period(self) -> Period:
        """The period that is paid for, or to be paid for."""
        rows = self.items.data
        if not rows:
            return Period(start=self.start_date, end=self.start_date)
        return Period(start=rows[0].current_period_start, end=rows[0].current_period_end)


# --- items ----------------------------------------------------------------------------------------------------------


def plan_of(price: Price) -> Plan:
    """Return a recurring price in the words of older integrations."""
    recurring = price.recurring
    assert recurring is not None, "only recurring prices are subscribed to"
    return Plan(
        id=price.id, active=price.active, amount=price.unit_amount, amount_decimal=price.unit_amount_decimal,
        billing_scheme=price.billing_scheme, created=price.created, currency=price.currency,
        interval=recurring.interval, interval_count=recurring.interval_count, metadata=price.metadata,
        meter=recurring.meter, nickname=price.nickname, product=price.product, tiers_mode=price.tiers_mode,
        trial_period_days=recurring.trial_period_days, usage_type=recurring.usage_type,
    )  # fmt: skip


def item_list(key: str, rows: Sequence[SubscriptionItem]) -> ItemList:
    """Return items as a subscription holds them."""
    return ItemList(data=rows, total_count=len(rows), url=f"/v1/subscription_items?subscription={key}")


def with_items(model: Processor, subscription: Subscription, rows: Sequence[SubscriptionItem]) -> Subscription:
    """Return a subscription with other items, which are kept."""
    table = model.tables["subscription_item"]
    for gone in {row.id for row in subscription.items.data} - {row.id for row in rows}:
        table.pop(gone, None)
    for row in rows:
        table[row.id] = row
    return structs.replace(subscription, items=item_list(subscription.id, rows))


def in_period(row: SubscriptionItem, start: int, end: int) -> SubscriptionItem:
    """Return an item in another period."""
    return structs.replace(row, current_period_start=start, current_period_end=end)


def period_end(price: Price, start: int, anchor: int) -> int:
    """Return when a period that starts at an instant ends."""
    recurring = price.recurring
    assert recurring is not None, "only recurring prices have periods"
    return later(start, recurring.interval, recurring.interval_count, anchor)


def period_start(price: Price, end: int, periods: int = 1) -> int:
    """Return when the full period begins that ends at an instant, or the first of so many."""
    recurring = price.recurring
    assert recurring is not None, "only recurring prices have periods"
    return later(end, recurring.interval, -recurring.interval_count * periods)


def months_of(price: Price) -> int:
    """Return the length of a period in months, 0 when it is shorter."""
    recurring = price.recurring
    if recurring is None or recurring.interval in ("day", "week"):
        return 0
    return recurring.interval_count * (12 if recurring.interval == "year" else 1)


def show(model: Processor, subscription: Subscription) -> None:
    """Write a subscription into the history."""
    ref, txn = model.correlate(subscription.metadata, "")
    start = local_date(subscription.start_date * SECOND_US, "UTC")
    end = local_date(subscription.period.end * SECOND_US, "UTC")
    items = tuple(
        [
            objects.Item(
                sku=row.price.id, kind="usage" if row.quantity is None else "recurring", quantity=row.quantity or 0,
                unit_minor=amount_of(model, row.price, 1), months=months_of(row.price), start=start,
            )
            for row in subscription.items.data
        ]
    )  # fmt: skip
    shown = objects.Subscription(
        id=subscription.id, ref=ref, txn=txn, customer=subscription.customer, entity="",
        currency=subscription.currency.upper(), status=subscription.status, start=start, term_end=end, items=items,
    )  # fmt: skip
    model.desk.book.put("subscription", subscription.id, None, shown, subscription.status, txn)
