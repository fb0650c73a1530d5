"""Request bodies, one type per operation; `IGNORED` names what is taken and not kept.

Lists of objects are read as rows, custom fields (`cf_...`) are collected in `custom`. What a body does not name is
refused. Source: the vendor's public API (catalogue 2.0) as its own client knows it; dialects.md 5.3.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Amount = Annotated[int, Meta(ge=0)]
Positive = Annotated[int, Meta(ge=1)]
Key = Annotated[str, Meta(min_length=1, max_length=50)]
Text = Annotated[str, Meta(max_length=2000)]
Json = Annotated[str, Meta(max_length=65_535)]
Seconds = Annotated[int, Meta(ge=0)]
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
class CreateCustomer(Body, frozen=True, kw_only=True):
    """POST /customers."""
    id: Key = ""
    company: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    preferred_currency_code: Annotated[str, Meta(pattern="^[A-Z]{3}$")] = "USD"
    net_term_days: Annotated[int, Meta(ge=0, le=365)] = 0
    auto_collection: Literal["on", "off"] = "off"
    taxability: Literal["taxable", "exempt"] = "taxable"
    business_entity_id: str = ""
    locale: str = ""
    meta_data: Json = ""
    billing_address: AddressBody = AddressBody()
    custom: Custom = {}
class UpdateCustomer(Body, frozen=True, kw_only=True):
    """POST /customers/{id}: what is not given stays."""
    company: str | None = None
    email: str | None = None
    net_term_days: Annotated[int, Meta(ge=0, le=365)] | None = None
    auto_collection: Literal["on", "off"] | None = None
    taxability: Literal["taxable", "exempt"] | None = None
    meta_data: Json | None = None
    custom: Custom = {}
class UpdateBilling(Body, frozen=True, kw_only=True):
    """POST /customers/{id}/update_billing_info."""
    billing_address: AddressBody
class ItemRow(Body, frozen=True, kw_only=True):
    """One row of subscription_items."""
    item_price_id: str
    quantity: Positive = 1
    unit_price: Amount | None = None
    billing_cycles: Positive | None = None
    charge_on_event: Literal["subscription_creation", "subscription_activation", "on_demand"] | None = None
    charge_on_option: Literal["immediately", "on_event"] | None = None
    charge_once: bool = True
    item_type: Literal["plan", "addon", "charge"] | None = None
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
    billing_cycles: Amount | None = None
    auto_collection: Literal["on", "off"] = "off"
    po_number: Annotated[str, Meta(max_length=100)] = ""
    invoice_immediately: bool = True
    invoice_notes: Text = ""
    create_pending_invoices: bool = True
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
    invoice_notes: Text = ""
    auto_collection: Literal["on", "off"] | None = None
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
class CloseInvoice(Body, frozen=True, kw_only=True):
    """POST /invoices/{id}/close."""
    comment: Text = ""
    invoice_note: Text = ""
    remove_general_note: bool = False
class Comment(Body, frozen=True, kw_only=True):
    """A body with a remark only."""
    comment: Text = ""
class TransactionRow(Body, frozen=True, kw_only=True):
    """transaction[...] of a recorded payment or refund."""
    payment_method: Literal["cash", "check", "bank_transfer", "other", "custom", "card", "chargeback", "direct_debit"]
    amount: Positive | None = None
    reference_number: Annotated[str, Meta(max_length=100)] = ""
    date: Seconds | None = None
    id: str = ""
    status: Literal["success", "failure"] = "success"
class RecordPayment(Body, frozen=True, kw_only=True):
    """POST /invoices/{id}/record_payment, and record_refund of a credit note."""
    transaction: TransactionRow
    comment: Text = ""
    refund_reason_code: str = ""
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
class CreateNote(Body, frozen=True, kw_only=True):
    """POST /credit_notes."""
    reference_invoice_id: str
    type: Literal["adjustment", "refundable"]
    total: Positive | None = None
    reason_code: Annotated[str, Meta(max_length=100)] = "other"
    create_reason_code: Annotated[str, Meta(max_length=100)] = ""
    date: Seconds | None = None
    customer_notes: Text = ""
    comment: Text = ""
    line_items: list[NoteRow] = []
IGNORED: dict[Any, frozenset[str]] = {}
"""Parameters of the vendor, by body, that are taken and make no difference here."""
