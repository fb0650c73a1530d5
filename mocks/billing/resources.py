"""How the vendor shows each resource: typed objects, amounts in minor units, instants in Unix seconds.

A field that is None is not shown, as at the vendor. `object` names the resource in every object of a reply.
Sources: the vendor's public API (catalogue 2.0) as its own client knows it; dialects.md 5.3.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec


class Shown(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True, tag_field="object"):
    """What every named object of a reply has in common; None is left out."""


class Part(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """A nameless part of an object; None is left out."""


class BillingAddress(Shown, frozen=True, kw_only=True, tag="billing_address"):
    """An address of a customer or invoice."""

    line1: str
    city: str
    state_code: str
    zip: str
    country: str
    validation_status: str
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    company: str | None = None
    phone: str | None = None
    line2: str | None = None
    line3: str | None = None
    state: str | None = None


class Customer(Shown, frozen=True, kw_only=True, tag="customer"):
    """A customer."""

    id: str
    auto_collection: str
    net_term_days: int
    preferred_currency_code: str
    taxability: str
    created_at: int
    updated_at: int
    resource_version: int
    deleted: bool
    allow_direct_debit: bool
    pii_cleared: str
    card_status: str
    promotional_credits: int
    refundable_credits: int
    excess_payments: int
    unbilled_charges: int
    company: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    locale: str | None = None
    business_entity_id: str | None = None
    primary_payment_source_id: str | None = None
    billing_address: BillingAddress | msgspec.Raw | None = None
    meta_data: msgspec.Raw | None = None


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


class Tier(Shown, frozen=True, kw_only=True, tag="tier"):
    """A price band of an item price; `ending_unit` is not shown of the last one."""

    starting_unit: int
    price: int
    ending_unit: int | None = None
    package_size: int | None = None


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


class LineItem(Shown, frozen=True, kw_only=True, tag="line_item"):
    """A line of an invoice or credit note; `date_to` is exclusive."""

    id: str
    customer_id: str
    date_from: int
    date_to: int
    unit_amount: int
    quantity: int
    amount: int
    pricing_model: str
    is_taxed: bool
    tax_amount: int
    discount_amount: int
    description: str
    entity_type: str
    item_level_discount_amount: int | None = None
    entity_id: str | None = None
    subscription_id: str | None = None
    reference_line_item_id: str | None = None
    metered: bool | None = None


class LinkedPayment(Part, frozen=True, kw_only=True):
    """A payment as an invoice shows it."""

    txn_id: str
    applied_amount: int
    applied_at: int | None = None
    txn_status: str | None = None
    txn_date: int | None = None
    txn_amount: int | None = None


class LinkedNote(Part, frozen=True, kw_only=True):
    """A credit note as an invoice or a transaction shows it."""

    cn_id: str
    cn_reason_code: str | None = None
    cn_create_reason_code: str | None = None
    cn_date: int | None = None
    cn_total: int | None = None
    cn_status: str | None = None
    applied_amount: int | None = None
    cn_reference_invoice_id: str | None = None


class LinkedInvoice(Part, frozen=True, kw_only=True):
    """An invoice as a transaction shows it."""

    invoice_id: str
    applied_amount: int
    applied_at: int | None = None
    invoice_date: int | None = None
    invoice_total: int | None = None
    invoice_status: str | None = None


class LineDiscount(Part, frozen=True, kw_only=True):
    """What a coupon took off a line."""

    line_item_id: str
    discount_type: str
    discount_amount: int
    entity_id: str | None = None
    coupon_id: str | None = None


class Discount(Part, frozen=True, kw_only=True):
    """What a coupon or promotional credit took off an invoice."""

    amount: int
    entity_type: str
    description: str | None = None
    entity_id: str | None = None


class Invoice(Shown, frozen=True, kw_only=True, tag="invoice"):
    """An invoice; a pending one has no number yet."""

    id: str
    customer_id: str
    recurring: bool
    status: str
    price_type: str
    date: int
    due_date: int
    net_term_days: int
    currency_code: str
    total: int
    sub_total: int
    tax: int
    amount_paid: int
    amount_adjusted: int
    credits_applied: int
    write_off_amount: int
    amount_due: int
    amount_to_collect: int
    round_off_amount: int
    first_invoice: bool
    has_advance_charges: bool
    term_finalized: bool
    is_gifted: bool
    generated_at: int
    updated_at: int
    resource_version: int
    deleted: bool
    line_items: list[LineItem] | msgspec.Raw
    linked_payments: list[LinkedPayment]
    applied_credits: list[LinkedNote]
    adjustment_credit_notes: list[LinkedNote]
    issued_credit_notes: list[LinkedNote]
    dunning_attempts: list[str]
    linked_orders: list[str]
    invoice_number: str | None = None
    subscription_id: str | None = None
    po_number: str | None = None
    paid_at: int | None = None
    voided_at: int | None = None
    dunning_status: str | None = None
    cf_dunning_stage: str | None = None
    business_entity_id: str | None = None
    line_item_discounts: list[LineDiscount] | None = None
    discounts: list[Discount] | None = None
    billing_address: BillingAddress | msgspec.Raw | None = None


class Allocation(Part, frozen=True, kw_only=True):
    """What of a credit note went to an invoice."""

    invoice_id: str
    allocated_amount: int
    allocated_at: int | None = None
    invoice_date: int | None = None
    invoice_status: str | None = None


class LinkedRefund(Part, frozen=True, kw_only=True):
    """A refund as a credit note or payment shows it."""

    txn_id: str
    applied_amount: int | None = None
    txn_amount: int | None = None
    txn_date: int | None = None
    txn_status: str | None = None


class CreditNote(Shown, frozen=True, kw_only=True, tag="credit_note"):
    """A credit note."""

    id: str
    customer_id: str
    reference_invoice_id: str
    type: str
    reason_code: str
    create_reason_code: str
    status: str
    date: int
    price_type: str
    currency_code: str
    total: int
    sub_total: int
    amount_allocated: int
    amount_refunded: int
    amount_available: int
    round_off_amount: int
    generated_at: int
    updated_at: int
    resource_version: int
    deleted: bool
    line_items: list[LineItem] | msgspec.Raw
    allocations: list[Allocation]
    linked_refunds: list[LinkedRefund]
    subscription_id: str | None = None
    customer_notes: str | None = None
    voided_at: int | None = None
    business_entity_id: str | None = None


class Transaction(Shown, frozen=True, kw_only=True, tag="transaction"):
    """A payment or refund."""

    id: str
    payment_method: str
    gateway: str
    type: str
    date: int
    amount: int
    status: str
    currency_code: str
    exchange_rate: int
    updated_at: int
    resource_version: int
    deleted: bool
    customer_id: str | None = None
    subscription_id: str | None = None
    reference_number: str | None = None
    amount_unused: int | None = None
    payment_source_id: str | None = None
    gateway_account_id: str | None = None
    id_at_gateway: str | None = None
    masked_card_number: str | None = None
    error_code: str | None = None
    error_text: str | None = None
    voided_at: int | None = None
    refunded_txn_id: str | None = None
    linked_invoices: list[LinkedInvoice] | None = None
    linked_credit_notes: list[LinkedNote] | None = None
    linked_refunds: list[LinkedRefund] | None = None


class ItemFamily(Shown, frozen=True, kw_only=True, tag="item_family"):
    """A family of items."""

    id: str
    name: str
    status: str
    created_at: int
    updated_at: int
    resource_version: int
    deleted: bool
    description: str | None = None


class Item(Shown, frozen=True, kw_only=True, tag="item"):
    """An item: a plan, an addon or a charge."""

    id: str
    name: str
    status: str
    item_family_id: str
    type: str
    is_shippable: bool
    is_giftable: bool
    enabled_for_checkout: bool
    enabled_in_portal: bool
    item_applicability: str
    metered: bool
    created_at: int
    updated_at: int
    resource_version: int
    deleted: bool
    external_name: str | None = None
    description: str | None = None
    included_in_mrr: bool | None = None
    unit: str | None = None
    usage_calculation: str | None = None
    metadata: msgspec.Raw | None = None


class Coupon(Shown, frozen=True, kw_only=True, tag="coupon"):
    """A coupon."""

    id: str
    name: str
    discount_type: str
    duration_type: str
    status: str
    apply_discount_on: str
    apply_on: str
    redemptions: int
    created_at: int
    updated_at: int
    resource_version: int
    deleted: bool
    invoice_name: str | None = None
    discount_percentage: Decimal | None = None
    discount_amount: int | None = None
    currency_code: str | None = None
    duration_month: int | None = None
    period: int | None = None
    period_unit: str | None = None
    valid_till: int | None = None
    max_redemptions: int | None = None
    meta_data: msgspec.Raw | None = None


class ItemPrice(Shown, frozen=True, kw_only=True, tag="item_price"):
    """A price of an item in a currency for a billing period."""

    id: str
    name: str
    item_id: str
    item_type: str
    currency_code: str
    pricing_model: str
    status: str
    free_quantity: int
    is_taxable: bool
    created_at: int
    updated_at: int
    resource_version: int
    deleted: bool
    price: int | None = None
    period: int | None = None
    period_unit: str | None = None
    billing_cycles: int | None = None
    trial_period: int | None = None
    trial_period_unit: str | None = None
    external_name: str | None = None
    description: str | None = None
    item_family_id: str | None = None
    archived_at: int | None = None
    tiers: list[Tier] | None = None
    metadata: msgspec.Raw | None = None


class Event(Shown, frozen=True, kw_only=True, tag="event"):
    """An event with its content as it was when it happened."""

    id: str
    occurred_at: int
    source: str
    api_version: str
    event_type: str
    webhook_status: str
    content: dict[str, msgspec.Raw]
    webhooks: list[str] = []


class Usage(Shown, frozen=True, kw_only=True, tag="usage"):
    """What was used of a metered charge."""

    id: str
    usage_date: int
    subscription_id: str
    item_price_id: str
    quantity: str
    source: str
    created_at: int
    updated_at: int
    resource_version: int
    invoice_id: str | None = None
    line_item_id: str | None = None
    note: str | None = None


class UnbilledCharge(Shown, frozen=True, kw_only=True, tag="unbilled_charge"):
    """A charge that waits for an invoice."""

    id: str
    customer_id: str
    subscription_id: str
    date_from: int
    date_to: int
    unit_amount: int
    pricing_model: str
    quantity: int
    amount: int
    currency_code: str
    discount_amount: int
    description: str
    entity_type: str
    is_voided: bool
    deleted: bool
    created_at: int
    updated_at: int
    entity_id: str | None = None


class Card(Shown, frozen=True, kw_only=True, tag="card"):
    """What may be shown of a card."""

    iin: str
    last4: str
    brand: str
    funding_type: str
    expiry_month: int
    expiry_year: int
    masked_number: str


class PaymentSource(Shown, frozen=True, kw_only=True, tag="payment_source"):
    """A card on file."""

    id: str
    customer_id: str
    type: str
    status: str
    reference_id: str
    gateway: str
    gateway_account_id: str
    card: Card
    created_at: int
    updated_at: int
    resource_version: int
    deleted: bool


class PromotionalCredit(Shown, frozen=True, kw_only=True, tag="promotional_credit"):
    """Promotional credits given or taken back."""

    id: str
    customer_id: str
    type: str
    amount: int
    currency_code: str
    description: str
    credit_type: str
    closing_balance: int
    created_at: int
    deleted: bool = False
    reference: str | None = None


class SubscriptionEstimate(Shown, frozen=True, kw_only=True, tag="subscription_estimate"):
    """What a subscription would be."""

    currency_code: str
    status: str
    id: str | None = None
    next_billing_at: int | None = None
    trial_end: int | None = None


class InvoiceEstimate(Shown, frozen=True, kw_only=True, tag="invoice_estimate"):
    """What an invoice would be."""

    recurring: bool
    date: int
    price_type: str
    sub_total: int
    total: int
    credits_applied: int
    amount_paid: int
    amount_due: int
    round_off_amount: int
    customer_id: str
    currency_code: str
    line_items: list[LineItem] | msgspec.Raw
    line_item_discounts: list[LineDiscount] | None = None
    discounts: list[Discount] | None = None


class CreditNoteEstimate(Shown, frozen=True, kw_only=True, tag="credit_note_estimate"):
    """What a credit note would be."""

    reference_invoice_id: str
    type: str
    price_type: str
    currency_code: str
    sub_total: int
    total: int
    amount_allocated: int
    amount_available: int
    line_items: list[LineItem] | msgspec.Raw


class Estimate(Shown, frozen=True, kw_only=True, tag="estimate"):
    """What an operation would lead to."""

    created_at: int
    credit_note_estimates: list[CreditNoteEstimate]
    subscription_estimate: SubscriptionEstimate | None = None
    invoice_estimate: InvoiceEstimate | None = None
    next_invoice_estimate: InvoiceEstimate | None = None


class Quote(Shown, frozen=True, kw_only=True, tag="quote"):
    """An offer."""

    id: str
    customer_id: str
    status: str
    operation_type: str
    price_type: str
    valid_till: int
    date: int
    sub_total: int
    total: int
    total_payable: int
    charge_on_acceptance: int
    credits_applied: int
    amount_paid: int
    amount_due: int
    version: int
    resource_version: int
    updated_at: int
    currency_code: str
    line_items: msgspec.Raw
    notes: list[dict[str, str]]
    deleted: bool
    name: str | None = None
    po_number: str | None = None
    subscription_id: str | None = None
    invoice_id: str | None = None
    business_entity_id: str | None = None


class QuotedSubscription(Shown, frozen=True, kw_only=True, tag="quoted_subscription"):
    """The subscription that a quote offers."""

    id: str
    subscription_items: list[SubscriptionItem]
    billing_period: int | None = None
    billing_period_unit: str | None = None
    start_date: int | None = None
    remaining_billing_cycles: int | None = None
    po_number: str | None = None


class OrderLine(Shown, frozen=True, kw_only=True, tag="order_line_item"):
    """A line of an order."""

    id: str
    invoice_id: str
    invoice_line_item_id: str
    unit_price: int
    description: str
    amount: int
    fulfillment_quantity: int
    fulfillment_amount: int
    status: str
    entity_type: str
    is_shippable: bool
    discount_amount: int
    tax_amount: int
    amount_paid: int
    amount_adjusted: int


class Order(Shown, frozen=True, kw_only=True, tag="order"):
    """An order by which an invoice is shipped."""

    id: str
    document_number: str
    invoice_id: str
    customer_id: str
    status: str
    order_type: str
    price_type: str
    created_by: str
    tax: int
    sub_total: int
    total: int
    amount_paid: int
    amount_adjusted: int
    currency_code: str
    payment_status: str
    order_line_items: list[OrderLine]
    created_at: int
    status_update_at: int
    updated_at: int
    resource_version: int
    deleted: bool
    subscription_id: str | None = None
    reference_id: str | None = None
    fulfillment_status: str | None = None
    note: str | None = None
    tracking_id: str | None = None
    tracking_url: str | None = None
    batch_id: str | None = None
    shipping_date: int | None = None
    order_date: int | None = None
    shipped_at: int | None = None
    delivered_at: int | None = None
    cancelled_at: int | None = None


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


class WebhookEndpoint(Shown, frozen=True, kw_only=True, tag="webhook_endpoint"):
    """An address that is told events; without events named it is told all."""

    id: str
    name: str
    url: str
    send_card_resource: bool
    disabled: bool
    primary_url: bool
    api_version: str
    enabled_events: list[str]
    created_at: int
    deleted: bool = False


class TimeMachine(Shown, frozen=True, kw_only=True, tag="time_machine"):
    """The time machine of a test site."""

    name: str
    time_travel_status: str
    genesis_time: int
    destination_time: int


class Configuration(Shown, frozen=True, kw_only=True, tag="configuration"):
    """How a site is configured."""

    domain: str
    product_catalog_version: str
    chargebee_response_schema_type: str


class Site(Shown, frozen=True, kw_only=True, tag="site"):
    """A site."""

    id: str
    time_zone: str
    product_catalog_version: str


class Download(Shown, frozen=True, kw_only=True, tag="download"):
    """Where something could be downloaded until when."""

    download_url: str
    valid_till: int
