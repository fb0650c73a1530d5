"""Request bodies, one type per operation; `IGNORED` names what is taken and not kept.

Lists of objects are read as rows, custom fields (`cf_...`) are collected in `custom`. What a body does not name is
refused. Source: the vendor's public API (catalogue 2.0) as its own client knows it; dialects.md 5.3.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Amount = Annotated[int, Meta(ge=0, le=99_999_999_999_999)]
Positive = Annotated[int, Meta(ge=1, le=99_999_999_999_999)]
Key = Annotated[str, Meta(min_length=1, max_length=50)]
Name = Annotated[str, Meta(max_length=250)]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$")]
OnOff = Literal["on", "off"]
Text = Annotated[str, Meta(max_length=2000)]
Json = Annotated[str, Meta(max_length=65_535)]
Seconds = Annotated[int, Meta(ge=0, le=4_102_444_800)]
"""Unix seconds up to the year 2100."""
Quantity = Annotated[int, Meta(ge=1, le=1_000_000_000)]
Cycles = Annotated[int, Meta(ge=0, le=1200)]
Custom = dict[str, str]


class Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A request body without parameters."""


class AddressBody(Body, frozen=True, kw_only=True):
    """A billing address; the names of people and their contacts are taken and not kept."""

    line1: str = ""
    line2: str = ""
    line3: str = ""
    city: str = ""
    state: str = ""
    state_code: str = ""
    zip: str = ""
    country: str = ""
    first_name: str = ""
    last_name: str = ""
    company: str = ""
    email: str = ""
    phone: str = ""
    validation_status: str = ""


class CardBody(Body, frozen=True, kw_only=True):
    """card[...]: only numbers that are published for tests are taken."""

    number: Annotated[str, Meta(pattern="^[0-9 ]{12,23}$")]
    expiry_month: Annotated[int, Meta(ge=1, le=12)]
    expiry_year: Annotated[int, Meta(ge=2000, le=2199)]
    cvv: Annotated[str, Meta(max_length=4)] = ""
    first_name: str = ""
    last_name: str = ""
    gateway_account_id: str = ""
    gateway: str = ""
    billing_addr1: str = ""
    billing_city: str = ""
    billing_state: str = ""
    billing_zip: str = ""
    billing_country: str = ""


class CreateCustomer(Body, frozen=True, kw_only=True):
    """POST /customers."""

    id: Key = ""
    company: Name = ""
    first_name: Name = ""
    last_name: Name = ""
    email: Name = ""
    phone: Name = ""
    preferred_currency_code: Currency = "USD"
    net_term_days: Annotated[int, Meta(ge=0, le=365)] = 0
    auto_collection: OnOff = "off"
    taxability: Literal["taxable", "exempt"] = "taxable"
    business_entity_id: str = ""
    locale: str = ""
    meta_data: Json = ""
    billing_address: AddressBody = AddressBody()
    card: CardBody | None = None
    token_id: str = ""
    custom: Custom = {}


class UpdateCustomer(Body, frozen=True, kw_only=True):
    """POST /customers/{id}: what is not given stays."""

    company: Name | None = None
    first_name: Name | None = None
    last_name: Name | None = None
    email: Name | None = None
    phone: Name | None = None
    locale: Name | None = None
    net_term_days: Annotated[int, Meta(ge=0, le=365)] | None = None
    auto_collection: OnOff | None = None
    taxability: Literal["taxable", "exempt"] | None = None
    meta_data: Json | None = None
    custom: Custom = {}


class UpdateBilling(Body, frozen=True, kw_only=True):
    """POST /customers/{id}/update_billing_info."""

    billing_address: AddressBody


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

    subscription_items: list[ItemRow] = []
    id: Key = ""
    start_date: Seconds | None = None
    billing_cycles: Cycles | None = None
    trial_end: Seconds | None = None
    auto_collection: OnOff | None = None
    net_term_days: Annotated[int, Meta(ge=0, le=365)] | None = None
    po_number: Annotated[str, Meta(max_length=100)] = ""
    coupon_ids: list[str] = []
    coupon: str = ""
    payment_source_id: str = ""
    invoice_immediately: bool = True
    create_pending_invoices: bool | None = None
    meta_data: Json = ""
    contract_term: ContractTerm = ContractTerm()
    custom: Custom = {}


class UpdateSubscription(Body, frozen=True, kw_only=True):
    """POST /subscriptions/{id}/update_for_items."""

    subscription_items: list[ItemRow] = []
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
    coupon_ids: list[str] = []
    replace_coupon_list: bool = False
    reactivate: bool = False
    po_number: Annotated[str, Meta(max_length=100)] | None = None
    force_term_reset: bool = False
    meta_data: Json = ""
    custom: Custom = {}


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
    subscription_items: list[ItemRow] = []
    custom: Custom = {}


class ChangeTermEnd(Body, frozen=True, kw_only=True):
    """POST /subscriptions/{id}/change_term_end."""

    term_ends_at: Seconds
    prorate: bool = True
    invoice_immediately: bool = True
    custom: Custom = {}


class AddCharge(Body, frozen=True, kw_only=True):
    """POST /invoices/{id}/add_charge."""

    amount: Positive
    description: Annotated[str, Meta(min_length=1, max_length=250)]
    comment: Text = ""
    date_from: Seconds | None = None
    date_to: Seconds | None = None
    subscription_id: str = ""


class CloseInvoice(Body, frozen=True, kw_only=True):
    """POST /invoices/{id}/close."""

    comment: Text = ""
    invoice_note: Text = ""
    invoice_date: Seconds | None = None
    remove_general_note: bool = False


class Comment(Body, frozen=True, kw_only=True):
    """A body with a remark only."""

    comment: Text = ""
    void_reason_code: Name = ""


class TransactionRow(Body, frozen=True, kw_only=True):
    """transaction[...] of a recorded payment or refund."""

    payment_method: Literal["cash", "check", "bank_transfer", "other", "custom", "card", "chargeback", "direct_debit"]
    amount: Positive | None = None
    reference_number: Annotated[str, Meta(max_length=100)] = ""
    date: Seconds | None = None
    id: str = ""
    currency_code: str = ""
    status: Literal["success", "failure", "late_failure"] = "success"
    id_at_gateway: str = ""
    error_code: str = ""
    error_text: str = ""
    custom_payment_method_id: str = ""


class RecordPayment(Body, frozen=True, kw_only=True):
    """POST /invoices/{id}/record_payment, and record_refund of a credit note."""

    transaction: TransactionRow
    comment: Text = ""
    refund_reason_code: str = ""
    customer_notes: Text = ""


class NoteReason(Body, frozen=True, kw_only=True):
    """credit_note[...] of a refund."""

    reason_code: Annotated[str, Meta(max_length=100)] = ""
    create_reason_code: Annotated[str, Meta(max_length=100)] = ""


class RecordInvoiceRefund(Body, frozen=True, kw_only=True):
    """POST /invoices/{id}/record_refund."""

    transaction: TransactionRow
    credit_note: NoteReason = NoteReason()
    comment: Text = ""
    customer_notes: Text = ""


class RefundInvoice(Body, frozen=True, kw_only=True):
    """POST /invoices/{id}/refund."""

    refund_amount: Positive | None = None
    credit_note: NoteReason = NoteReason()
    comment: Text = ""
    customer_notes: Text = ""


class RefundNote(Body, frozen=True, kw_only=True):
    """POST /credit_notes/{id}/refund."""

    refund_amount: Positive | None = None
    refund_reason_code: str = ""
    customer_notes: Text = ""


class RefundTransaction(Body, frozen=True, kw_only=True):
    """POST /transactions/{id}/refund."""

    amount: Positive | None = None
    comment: Text = ""


class TransactionKey(Body, frozen=True, kw_only=True):
    """transaction[id]."""

    id: str


class RemovePayment(Body, frozen=True, kw_only=True):
    """POST /invoices/{id}/remove_payment."""

    transaction: TransactionKey


class ExcessPayment(Body, frozen=True, kw_only=True):
    """POST /customers/{id}/record_excess_payment."""

    transaction: TransactionRow
    comment: Text = ""


class NoteRow(Body, frozen=True, kw_only=True):
    """One row of line_items of a credit note."""

    reference_line_item_id: str
    amount: Positive
    description: str = ""
    quantity: Positive | None = None
    unit_amount: Positive | None = None
    date_from: Seconds | None = None
    date_to: Seconds | None = None
    entity_type: str = ""
    entity_id: str = ""


class CreateNote(Body, frozen=True, kw_only=True):
    """POST /credit_notes."""

    reference_invoice_id: str
    type: Literal["adjustment", "refundable"]
    customer_id: str = ""
    currency_code: str = ""
    total: Positive | None = None
    reason_code: Annotated[str, Meta(max_length=100)] = "other"
    create_reason_code: Annotated[str, Meta(max_length=100)] = ""
    date: Seconds | None = None
    customer_notes: Text = ""
    comment: Text = ""
    line_items: list[NoteRow] = []


# --- the catalogue ----------------------------------------------------------------------------------------------------


class CreateFamily(Body, frozen=True, kw_only=True):
    """POST /item_families."""

    id: Key
    name: Annotated[str, Meta(min_length=1, max_length=50)]
    description: Text = ""


class UpdateFamily(Body, frozen=True, kw_only=True):
    """POST /item_families/{id}."""

    name: Annotated[str, Meta(min_length=1, max_length=50)] | None = None
    description: Text | None = None


class CreateItem(Body, frozen=True, kw_only=True):
    """POST /items."""

    id: Annotated[str, Meta(min_length=1, max_length=100)]
    name: Annotated[str, Meta(min_length=1, max_length=100)]
    type: Literal["plan", "addon", "charge"]
    item_family_id: str
    description: Text = ""
    external_name: Name = ""
    unit: Name = ""
    metered: bool = False
    usage_calculation: Literal["sum_of_usages", "last_usage", "max_usage"] = "sum_of_usages"
    is_shippable: bool = False
    is_giftable: bool = False
    enabled_for_checkout: bool = True
    enabled_in_portal: bool = True
    included_in_mrr: bool = True
    item_applicability: Literal["all", "restricted"] = "all"
    applicable_items: list[str] = []
    metadata: Json = ""


class UpdateItem(Body, frozen=True, kw_only=True):
    """POST /items/{id}."""

    name: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    description: Text | None = None
    external_name: Name | None = None
    unit: Name | None = None
    item_family_id: str | None = None
    status: Literal["active", "archived"] | None = None
    is_shippable: bool | None = None
    enabled_for_checkout: bool | None = None
    enabled_in_portal: bool | None = None
    metadata: Json | None = None


class TierRow(Body, frozen=True, kw_only=True):
    """One row of tiers."""

    starting_unit: Annotated[int, Meta(ge=0, le=1_000_000_000)]
    price: Amount
    ending_unit: Quantity | None = None
    pricing_type: Literal["per_unit", "flat_fee", "package"] | None = None
    package_size: Quantity | None = None


Unit = Literal["day", "week", "month", "year"]
Model = Literal["flat_fee", "per_unit", "tiered", "volume", "stairstep"]


class CreateItemPrice(Body, frozen=True, kw_only=True):
    """POST /item_prices."""

    id: Annotated[str, Meta(min_length=1, max_length=100)]
    name: Annotated[str, Meta(min_length=1, max_length=100)]
    item_id: str
    currency_code: Currency = "USD"
    pricing_model: Model = "flat_fee"
    price: Amount | None = None
    period: Annotated[int, Meta(ge=1, le=120)] | None = None
    period_unit: Unit | None = None
    free_quantity: Annotated[int, Meta(ge=0, le=1_000_000_000)] = 0
    billing_cycles: Cycles | None = None
    trial_period: Annotated[int, Meta(ge=0, le=366)] | None = None
    trial_period_unit: Literal["day", "month"] = "day"
    tiers: list[TierRow] = []
    is_taxable: bool = True
    external_name: Name = ""
    description: Text = ""
    metadata: Json = ""


class UpdateItemPrice(Body, frozen=True, kw_only=True):
    """POST /item_prices/{id}: a new price holds for new subscriptions and for items that are changed."""

    name: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    price: Amount | None = None
    pricing_model: Model | None = None
    tiers: list[TierRow] = []
    status: Literal["active", "archived"] | None = None
    external_name: Name | None = None
    description: Text | None = None
    metadata: Json | None = None


class CreateCoupon(Body, frozen=True, kw_only=True):
    """POST /coupons/create_for_items."""

    id: Annotated[str, Meta(min_length=1, max_length=100)]
    name: Annotated[str, Meta(min_length=1, max_length=50)]
    apply_on: Literal["invoice_amount", "each_specified_item"] = "invoice_amount"
    discount_type: Literal["percentage", "fixed_amount"] = "percentage"
    discount_percentage: Annotated[str, Meta(pattern=r"^(100(\.0{1,4})?|\d{1,2}(\.\d{1,4})?)$")] = ""
    discount_amount: Positive | None = None
    currency_code: Currency = "USD"
    duration_type: Literal["one_time", "forever", "limited_period"] = "one_time"
    duration_month: Annotated[int, Meta(ge=1, le=240)] | None = None
    period: Annotated[int, Meta(ge=1, le=240)] | None = None
    period_unit: Literal["month", "year"] = "month"
    valid_till: Seconds | None = None
    max_redemptions: Positive | None = None
    invoice_name: Name = ""
    meta_data: Json = ""


class UpdateCoupon(Body, frozen=True, kw_only=True):
    """POST /coupons/{id}/update_for_items."""

    name: Annotated[str, Meta(min_length=1, max_length=50)] | None = None
    invoice_name: Name | None = None
    max_redemptions: Positive | None = None
    valid_till: Seconds | None = None


# --- more of customers ------------------------------------------------------------------------------------------------


class DeleteCustomer(Body, frozen=True, kw_only=True):
    """POST /customers/{id}/delete."""

    delete_payment_method: bool = True


class CollectFromCustomer(Body, frozen=True, kw_only=True):
    """POST /customers/{id}/collect_payment."""

    amount: Positive | None = None
    payment_source_id: str = ""
    card: CardBody | None = None
    token_id: str = ""
    retain_payment_source: bool = True
    replace_primary_payment_source: bool = False
    invoice_allocations: list[AllocationRow] = []


class AllocationRow(Body, frozen=True, kw_only=True):
    """One row of invoice_allocations."""

    invoice_id: str
    allocation_amount: Positive | None = None


class AddCredits(Body, frozen=True, kw_only=True):
    """POST /customers/{id}/add_promotional_credits, and promotional_credits/add and /deduct."""

    amount: Positive
    description: Annotated[str, Meta(min_length=1, max_length=250)]
    customer_id: str = ""
    currency_code: str = ""
    credit_type: Literal["loyalty_credits", "referral_rewards", "general"] = "general"
    reference: Name = ""


class CreateCard(Body, frozen=True, kw_only=True):
    """POST /payment_sources/create_card."""

    customer_id: str
    card: CardBody
    replace_primary_payment_source: bool = False


class CreateFromToken(Body, frozen=True, kw_only=True):
    """POST /payment_sources/create_using_token."""

    customer_id: str
    token_id: Annotated[str, Meta(min_length=1, max_length=100)]
    replace_primary_payment_source: bool = False


# --- more of subscriptions --------------------------------------------------------------------------------------------


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
    custom: Custom = {}


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
    item_prices: list[ChargeItemRow] = []
    charges: list[ChargeRow] = []


class InvoiceUnbilled(Body, frozen=True, kw_only=True):
    """POST /unbilled_charges/invoice_unbilled_charges."""

    subscription_id: str = ""
    customer_id: str = ""


# --- more of invoices -------------------------------------------------------------------------------------------------


class CreateInvoice(Body, frozen=True, kw_only=True):
    """POST /invoices/create_for_charge_items_and_charges."""

    customer_id: str = ""
    subscription_id: str = ""
    currency_code: str = ""
    item_prices: list[ChargeItemRow] = []
    charges: list[ChargeRow] = []
    po_number: Annotated[str, Meta(max_length=100)] = ""
    coupon_ids: list[str] = []
    coupon: str = ""
    invoice_date: Seconds | None = None
    net_term_days: Annotated[int, Meta(ge=0, le=365)] | None = None
    auto_collection: OnOff | None = None
    payment_source_id: str = ""
    create_pending_invoice: bool | None = None
    invoice_note: Text = ""
    custom: Custom = {}


class CollectInvoice(Body, frozen=True, kw_only=True):
    """POST /invoices/{id}/collect_payment."""

    amount: Positive | None = None
    payment_source_id: str = ""
    authorization_transaction_id: str = ""
    comment: Text = ""
    payment_initiator: str = ""


class NoteKey(Body, frozen=True, kw_only=True):
    """One row of credit_notes[...]."""

    id: str


class ApplyCredits(Body, frozen=True, kw_only=True):
    """POST /invoices/{id}/apply_credits; without rows all open credits are used."""

    credit_notes: list[NoteKey] = []
    comment: Text = ""


class PaymentRow(Body, frozen=True, kw_only=True):
    """One row of transactions[...]."""

    id: str
    amount: Positive | None = None


class ApplyPayments(Body, frozen=True, kw_only=True):
    """POST /invoices/{id}/apply_payments; without rows all excess payments are used."""

    transactions: list[PaymentRow] = []
    comment: Text = ""


class Pdf(Body, frozen=True, kw_only=True):
    """POST /invoices/{id}/pdf and /credit_notes/{id}/pdf."""

    disposition_type: Literal["attachment", "inline"] = "attachment"


# --- estimates, quotes, orders, ramps ---------------------------------------------------------------------------------


class EstimatedSubscription(Body, frozen=True, kw_only=True):
    """subscription[...] of an estimate."""

    id: str = ""
    start_date: Seconds | None = None
    trial_end: Seconds | None = None


class EstimatedCustomer(Body, frozen=True, kw_only=True):
    """customer[...] of an estimate: who has no record yet."""

    preferred_currency_code: str = ""
    taxability: str = ""


class EstimateNew(Body, frozen=True, kw_only=True):
    """POST /estimates/create_subscription_for_items and /customers/{id}/create_subscription_for_items_estimate."""

    subscription_items: list[ItemRow] = []
    subscription: EstimatedSubscription = EstimatedSubscription()
    customer: EstimatedCustomer = EstimatedCustomer()
    billing_address: AddressBody = AddressBody()
    billing_cycles: Cycles | None = None
    coupon_ids: list[str] = []
    invoice_immediately: bool = True
    use_existing_balances: bool = False


class UpdatedSubscription(Body, frozen=True, kw_only=True):
    """subscription[...] of an estimate of a change."""

    id: str
    start_date: Seconds | None = None
    coupon_ids: str = ""


class EstimateUpdate(Body, frozen=True, kw_only=True):
    """POST /estimates/update_subscription_for_items."""

    subscription: UpdatedSubscription
    subscription_items: list[ItemRow] = []
    replace_items_list: bool = False
    change_option: Literal["immediately", "end_of_term", "specific_date"] = "immediately"
    changes_scheduled_at: Seconds | None = None
    end_of_term: bool = False
    prorate: bool = True
    invoice_immediately: bool = True
    billing_cycles: Cycles | None = None
    use_existing_balances: bool = False


class QuotedStart(Body, frozen=True, kw_only=True):
    """subscription[...] of a quote."""

    id: Key = ""
    po_number: Annotated[str, Meta(max_length=100)] = ""
    start_date: Seconds | None = None
    trial_end: Seconds | None = None


class CreateQuote(Body, frozen=True, kw_only=True):
    """POST /customers/{id}/create_subscription_quote_for_items."""

    subscription_items: list[ItemRow] = []
    subscription: QuotedStart = QuotedStart()
    name: Name = ""
    notes: Text = ""
    expires_at: Seconds | None = None
    billing_cycles: Cycles | None = None
    coupon_ids: list[str] = []


class ConvertedSubscription(Body, frozen=True, kw_only=True):
    """subscription[...] of a conversion."""

    id: Key = ""
    auto_collection: OnOff | None = None
    po_number: Annotated[str, Meta(max_length=100)] | None = None


class ConvertQuote(Body, frozen=True, kw_only=True):
    """POST /quotes/{id}/convert."""

    subscription: ConvertedSubscription = ConvertedSubscription()
    invoice_date: Seconds | None = None
    invoice_immediately: bool = True
    create_pending_invoices: bool | None = None


class QuoteStatus(Body, frozen=True, kw_only=True):
    """POST /quotes/{id}/update_status."""

    status: Literal["open", "accepted", "declined", "closed"]
    comment: Text = ""


OrderStatus = Literal[
    "new", "processing", "complete", "cancelled", "voided", "queued", "awaiting_shipment", "on_hold", "delivered",
    "shipped", "partially_delivered", "returned",
]  # fmt: skip


class CreateOrder(Body, frozen=True, kw_only=True):
    """POST /orders."""

    invoice_id: str
    id: Key = ""
    status: OrderStatus = "new"
    reference_id: Name = ""
    fulfillment_status: Name = ""
    note: Text = ""
    tracking_id: Name = ""
    tracking_url: Name = ""
    batch_id: Name = ""


class UpdateOrder(Body, frozen=True, kw_only=True):
    """POST /orders/{id}."""

    status: OrderStatus | None = None
    reference_id: Name | None = None
    fulfillment_status: Name | None = None
    note: Text | None = None
    tracking_id: Name | None = None
    tracking_url: Name | None = None
    batch_id: Name | None = None
    shipping_date: Seconds | None = None
    order_date: Seconds | None = None
    shipped_at: Seconds | None = None
    delivered_at: Seconds | None = None
    cancelled_at: Seconds | None = None


class CreateRamp(Body, frozen=True, kw_only=True):
    """POST /subscriptions/{id}/create_ramp."""

    effective_from: Seconds
    description: Annotated[str, Meta(max_length=250)] = ""
    items_to_add: list[ItemRow] = []
    items_to_update: list[ItemRow] = []
    items_to_remove: list[str] = []


# --- the site ---------------------------------------------------------------------------------------------------------


class CreateEndpoint(Body, frozen=True, kw_only=True):
    """POST /webhook_endpoints."""

    name: Annotated[str, Meta(min_length=1, max_length=50)]
    url: Annotated[str, Meta(pattern="^https?://[^ ]+$", max_length=500)]
    api_version: Literal["v1", "v2"] = "v2"
    primary_url: bool = False
    disabled: bool = False
    basic_auth_username: Name = ""
    basic_auth_password: Name = ""
    send_card_resource: bool = False
    enabled_events: list[Name] = []


class UpdateEndpoint(Body, frozen=True, kw_only=True):
    """POST /webhook_endpoints/{id}."""

    name: Annotated[str, Meta(min_length=1, max_length=50)] | None = None
    url: Annotated[str, Meta(pattern="^https?://[^ ]+$", max_length=500)] | None = None
    api_version: Literal["v1", "v2"] | None = None
    primary_url: bool | None = None
    disabled: bool | None = None
    basic_auth_username: Name | None = None
    basic_auth_password: Name | None = None
    send_card_resource: bool | None = None
    enabled_events: list[Name] | None = None


class StartAfresh(Body, frozen=True, kw_only=True):
    """POST /time_machines/{name}/start_afresh."""

    genesis_time: Seconds | None = None


class TravelForward(Body, frozen=True, kw_only=True):
    """POST /time_machines/{name}/travel_forward."""

    destination_time: Seconds | None = None


# --- what is taken and not kept ---------------------------------------------------------------------------------------

_SETUP = """
    setup_fee mandatory_items_to_remove billing_alignment_mode terms_to_charge offline_payment_method invoice_notes
    override_relationship invoice_date replace_primary_payment_source payment_intent free_period free_period_unit
    contract_term_billing_cycle_on_renewal auto_close_invoices first_invoice_pending trial_end_action
    payment_initiator brand_id business_entity_id shipping_address statement_descriptor
"""
_TAX = """
    vat_number vat_number_prefix entity_identifier_scheme entity_identifier_standard registered_for_gst
    is_einvoice_enabled einvoicing_method business_customer_without_vat_number entity_code exempt_number
    exemption_details customer_type client_profile_id taxjar_exemption_category
"""
_DISPLAY = """
    invoice_notes show_description_in_invoices show_description_in_quotes business_entity_id price_variant_id
    proration_type tax_detail accounting_detail shipping_period shipping_period_unit trial_end_action
    free_quantity_in_decimal price_in_decimal tax_providers_fields
"""


def _names(*texts: str) -> frozenset[str]:
    return frozenset(name for text in texts for name in text.split())


IGNORED: dict[Any, frozenset[str]] = {
    CreateCustomer: _names(
        _TAX,
        """allow_direct_debit offline_payment_method auto_close_invoices consolidated_invoicing bank_account
        payment_method payment_intent entity_identifiers brand_id created_from_ip invoice_notes fraud_flag""",
    ),
    UpdateCustomer: _names(
        _TAX,
        """allow_direct_debit offline_payment_method auto_close_invoices consolidated_invoicing invoice_notes
        fraud_flag preferred_currency_code""",
    ),
    UpdateBilling: _names(_TAX),
    CreateSubscription: _names(_SETUP),
    UpdateSubscription: _names(_SETUP, "net_term_days reactivate_from card token_id payment_method customer"),
    CancelSubscription: _names(
        "contract_term_cancel_option invoice_date include_cancellation_day_in_billing decommissioned"
    ),
    Reactivate: _names(_SETUP, "trial_end trial_period_days"),
    Pause: _names("skip_billing_cycles"),
    Resume: _names("payment_initiator payment_intent"),
    ImportSubscription: _names(
        _SETUP,
        """exhausted_coupon_ids charged_items item_tiers coupon_ids payment_source_id contract_term transaction
        cancel_reason_code create_pending_invoices net_term_days""",
    ),
    ChangeTermEnd: _names(""),
    CreateItemPrice: _names(_DISPLAY),
    UpdateItemPrice: _names(_DISPLAY, "currency_code free_quantity is_taxable billing_cycles period period_unit"),
    CreateFamily: _names("business_entity_id"),
    CreateItem: _names(
        """redirect_url gift_claim_redirect_url is_percentage_pricing business_entity_id bundle_configuration
        bundle_items_to_add"""
    ),
    UpdateItem: _names(
        """redirect_url gift_claim_redirect_url is_percentage_pricing included_in_mrr item_applicability
        clear_applicable_items applicable_items bundle_configuration bundle_items_to_add"""
    ),
    CreateCoupon: _names("discount_quantity valid_from invoice_notes included_in_mrr item_constraints status"),
    CreateInvoice: _names(
        """remove_general_note authorization_transaction_id card token_id replace_primary_payment_source
        retain_payment_source payment_initiator shipping_address statement_descriptor tax_providers_fields"""
    ),
    CloseInvoice: _names("notes_to_remove"),
    AddCharge: _names(
        "avalara_sale_type avalara_transaction_type avalara_service_type avalara_tax_code hsn_code line_item"
    ),
    CreateCard: _names("brand_id"),
    CreateFromToken: _names("brand_id"),
    CollectFromCustomer: _names("payment_method payment_intent payment_initiator"),
    EstimateNew: _names(_SETUP, "discounts item_tiers contract_term client_profile_id"),
    EstimateUpdate: _names(_SETUP, "coupon_ids replace_coupon_list force_term_reset reactivate reactivate_from"),
    CreateQuote: _names(_SETUP, "net_term_days billing_start_option contract_term coupons discounts item_tiers"),
    UpdateOrder: _names("cancellation_reason order_line_items shipment_carrier shipping_address"),
    CreateRamp: _names(
        "coupons_to_remove discounts_to_remove item_tiers contract_term discounts_to_add coupons_to_add"
    ),
    CreateEndpoint: _names("chargebee_response_schema_type"),
    CreateUnbilled: _names("item_tiers discounts"),
}
"""Parameters of the vendor, by body, that are taken and make no difference here."""
