"""Subscriptions as the vendor shows them: with their charges, term, coupons and planned changes."""

from __future__ import annotations

import msgspec

from mocks.billing.resources.objects import Shown


class SubscriptionItem(Shown, frozen=True, kw_only=True, tag="subscription_item"):
    """A charge of a subscription."""

    item_price_id: str
    item_type: str
    quantity: int | None = None
    unit_price: int | None = None
    amount: int | None = None
    free_quantity: int | None = None
    billing_cycles: int | None = None
    charge_once: bool | None = None
    charge_on_option: str | None = None
    metered_quantity: str | None = None


class ItemTier(Shown, frozen=True, kw_only=True, tag="item_tier"):
    """A price band of an item price as a subscription has it."""

    item_price_id: str
    starting_unit: int
    price: int
    index: int
    ending_unit: int | None = None


class ContractTerm(Shown, frozen=True, kw_only=True, tag="contract_term"):
    """The term a subscription is bound to."""

    id: str
    status: str
    contract_start: int
    contract_end: int
    billing_cycle: int
    action_at_term_end: str
    total_contract_value: int
    cancellation_cutoff_period: int
    created_at: int
    subscription_id: str


class Subscription(Shown, frozen=True, kw_only=True, tag="subscription"):
    """A subscription with the charges that hold today (or from its start on)."""

    id: str
    customer_id: str
    currency_code: str
    status: str
    start_date: int
    created_at: int
    updated_at: int
    resource_version: int
    has_scheduled_changes: bool
    auto_collection: str
    deleted: bool
    subscription_items: list[SubscriptionItem]
    due_invoices_count: int
    billing_period: int | None = None
    billing_period_unit: str | None = None
    remaining_billing_cycles: int | None = None
    po_number: str | None = None
    business_entity_id: str | None = None
    trial_start: int | None = None
    trial_end: int | None = None
    current_term_start: int | None = None
    current_term_end: int | None = None
    next_billing_at: int | None = None
    started_at: int | None = None
    activated_at: int | None = None
    pause_date: int | None = None
    resume_date: int | None = None
    cancelled_at: int | None = None
    cancel_reason: str | None = None
    cancel_reason_code: str | None = None
    cancel_schedule_created_at: int | None = None
    changes_scheduled_at: int | None = None
    due_since: int | None = None
    total_dues: int | None = None
    contract_term: ContractTerm | None = None
    item_tiers: list[ItemTier] | None = None
    coupons: list[AppliedCoupon] | None = None
    meta_data: msgspec.Raw | None = None
    cf_amendment_refs: str | None = None


class AppliedCoupon(Shown, frozen=True, kw_only=True, tag="coupon"):
    """A coupon as a subscription has it."""

    coupon_id: str
    applied_count: int


class Ramp(Shown, frozen=True, kw_only=True, tag="ramp"):
    """A change of a subscription planned for a day."""

    id: str
    subscription_id: str
    effective_from: int
    status: str
    items_to_add: list[SubscriptionItem]
    items_to_update: list[SubscriptionItem]
    items_to_remove: list[str]
    created_at: int
    updated_at: int
    resource_version: int
    deleted: bool
    description: str | None = None
