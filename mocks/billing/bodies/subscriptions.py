"""Bodies of calls on subscriptions, usage, unbilled charges and ramps."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from mocks.billing.bodies.words import Amount, Body, Custom, Cycles, Json, Key, OnOff, Positive, Quantity, Seconds, Text


class ItemRow(Body, frozen=True, kw_only=True):
    """One row of subscription_items."""

    item_price_id: str
    quantity: Quantity | None = None
    unit_price: Amount | None = None
    billing_cycles: Positive | None = None
    charge_on_event: Literal["subscription_creation", "subscription_activation", "on_demand"] | None = None
    charge_on_option: Literal["immediately", "on_event"] | None = None
    charge_once: bool = True
    item_type: Literal["plan", "addon", "charge"] | None = None
    service_period_days: Positive | None = None
    trial_end: Seconds | None = None


class ContractTerm(Body, frozen=True, kw_only=True):
    """contract_term[...] of a subscription."""

    action_at_term_end: Literal["renew", "evergreen", "cancel"] = "cancel"
    contract_start: Seconds | None = None
    cancellation_cutoff_period: Amount = 0


class CreateSubscription(Body, frozen=True, kw_only=True):
    """POST /customers/{id}/subscription_for_items."""

    subscription_items: tuple[ItemRow, ...] = ()
    id: Key = ""
    start_date: Seconds | None = None
    billing_cycles: Cycles | None = None
    trial_end: Seconds | None = None
    auto_collection: OnOff | None = None
    net_term_days: Annotated[int, Meta(ge=0, le=365)] | None = None
    po_number: Annotated[str, Meta(max_length=100)] = ""
    coupon_ids: tuple[str, ...] = ()
    coupon: str = ""
    payment_source_id: str = ""
    invoice_immediately: bool = True
    create_pending_invoices: bool | None = None
    meta_data: Json = ""
    contract_term: ContractTerm = ContractTerm()
    custom: Custom = msgspec.field(default_factory=dict)


class UpdateSubscription(Body, frozen=True, kw_only=True):
    """POST /subscriptions/{id}/update_for_items."""

    subscription_items: tuple[ItemRow, ...] = ()
    replace_items_list: bool = False
    start_date: Seconds | None = None
    change_option: Literal["immediately", "end_of_term", "specific_date"] = "immediately"
    changes_scheduled_at: Seconds | None = None
    end_of_term: bool = False
    prorate: bool = True
    invoice_immediately: bool = True
    auto_collection: OnOff | None = None
    billing_cycles: Cycles | None = None
    trial_end: Seconds | None = None
    coupon_ids: tuple[str, ...] = ()
    replace_coupon_list: bool = False
    reactivate: bool = False
    po_number: Annotated[str, Meta(max_length=100)] | None = None
    force_term_reset: bool = False
    meta_data: Json = ""
    custom: Custom = msgspec.field(default_factory=dict)


class CancelSubscription(Body, frozen=True, kw_only=True):
    """POST /subscriptions/{id}/cancel_for_items."""

    cancel_option: Literal["immediately", "end_of_term", "specific_date"] = "immediately"
    end_of_term: bool = False
    cancel_at: Seconds | None = None
    credit_option_for_current_term_charges: Literal["none", "prorate", "full"] = "none"
    unbilled_charges_option: Literal["invoice", "delete"] = "invoice"
    account_receivables_handling: Literal["no_action", "schedule_payment_collection", "write_off"] = "no_action"
    refundable_credits_handling: Literal["no_action", "schedule_refund"] = "no_action"
    cancel_reason_code: Annotated[str, Meta(max_length=100)] = ""
    subscription_items: tuple[ItemRow, ...] = ()
    custom: Custom = msgspec.field(default_factory=dict)


class ChangeTermEnd(Body, frozen=True, kw_only=True):
    """POST /subscriptions/{id}/change_term_end."""

    term_ends_at: Seconds
    prorate: bool = True
    invoice_immediately: bool = True
    custom: Custom = msgspec.field(default_factory=dict)


class Reactivate(Body, frozen=True, kw_only=True):
    """POST /subscriptions/{id}/reactivate."""

    invoice_immediately: bool = True
    reactivate_from: Seconds | None = None
    billing_cycles: Cycles | None = None
    contract_term: ContractTerm = ContractTerm()


class Pause(Body, frozen=True, kw_only=True):
    """POST /subscriptions/{id}/pause."""

    pause_option: Literal["immediately", "end_of_term", "specific_date", "billing_cycles"] = "end_of_term"
    pause_date: Seconds | None = None
    resume_date: Seconds | None = None
    unbilled_charges_handling: Literal["no_action", "invoice"] = "no_action"
    invoice_dunning_handling: Literal["continue", "stop"] = "continue"


class Resume(Body, frozen=True, kw_only=True):
    """POST /subscriptions/{id}/resume."""

    resume_option: Literal["immediately", "specific_date"] = "immediately"
    resume_date: Seconds | None = None
    charges_handling: Literal["invoice_immediately", "add_to_unbilled_charges"] = "invoice_immediately"
    unpaid_invoices_handling: Literal["no_action", "schedule_payment_collection"] = "no_action"


class ChargeAhead(Body, frozen=True, kw_only=True):
    """POST /subscriptions/{id}/charge_future_renewals."""

    terms_to_charge: Annotated[int, Meta(ge=1, le=36)] = 1
    invoice_immediately: bool = True
    schedule_type: Literal["immediate"] = "immediate"


class ImportSubscription(Body, frozen=True, kw_only=True):
    """POST /customers/{id}/import_for_items."""

    subscription_items: list[ItemRow]
    status: Literal["future", "active"] = "active"
    id: Key = ""
    start_date: Seconds | None = None
    current_term_start: Seconds | None = None
    current_term_end: Seconds | None = None
    activated_at: Seconds | None = None
    started_at: Seconds | None = None
    create_current_term_invoice: bool = False
    billing_cycles: Cycles | None = None
    auto_collection: OnOff | None = None
    po_number: Annotated[str, Meta(max_length=100)] = ""
    meta_data: Json = ""
    custom: Custom = msgspec.field(default_factory=dict)


class CreateUsage(Body, frozen=True, kw_only=True):
    """POST /subscriptions/{id}/usages; the quantity is a whole number (the site has no decimals)."""

    item_price_id: str
    quantity: Annotated[str, Meta(pattern=r"^\d{1,12}(\.0+)?$")]
    usage_date: Seconds
    id: Key = ""
    note: Text = ""
    dedupe_option: Literal["skip", "update_existing"] | None = None


class UsageKey(Body, frozen=True, kw_only=True):
    """POST /subscriptions/{id}/delete_usage."""

    id: str


class ChargeRow(Body, frozen=True, kw_only=True):
    """One row of charges[...]."""

    amount: Positive
    description: Annotated[str, Meta(min_length=1, max_length=250)]
    date_from: Seconds | None = None
    date_to: Seconds | None = None
    taxable: bool = True


class ChargeItemRow(Body, frozen=True, kw_only=True):
    """One row of item_prices[...]."""

    item_price_id: str
    quantity: Quantity = 1
    unit_price: Amount | None = None
    date_from: Seconds | None = None
    date_to: Seconds | None = None


class CreateUnbilled(Body, frozen=True, kw_only=True):
    """POST /unbilled_charges."""

    subscription_id: str
    currency_code: str = ""
    item_prices: tuple[ChargeItemRow, ...] = ()
    charges: tuple[ChargeRow, ...] = ()


class InvoiceUnbilled(Body, frozen=True, kw_only=True):
    """POST /unbilled_charges/invoice_unbilled_charges."""

    subscription_id: str = ""
    customer_id: str = ""


class CreateRamp(Body, frozen=True, kw_only=True):
    """POST /subscriptions/{id}/create_ramp."""

    effective_from: Seconds
    description: Annotated[str, Meta(max_length=250)] = ""
    items_to_add: tuple[ItemRow, ...] = ()
    items_to_update: tuple[ItemRow, ...] = ()
    items_to_remove: tuple[str, ...] = ()
