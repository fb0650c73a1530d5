"""What is taken and not kept, by body."""

from __future__ import annotations

from typing import Any

from mocks.billing.bodies.catalogue import (
    CreateCoupon,
    CreateFamily,
    CreateItem,
    CreateItemPrice,
    UpdateItem,
    UpdateItemPrice,
)
from mocks.billing.bodies.customers import (
    CollectFromCustomer,
    CreateCard,
    CreateCustomer,
    CreateFromToken,
    UpdateBilling,
    UpdateCustomer,
)
from mocks.billing.bodies.invoices import AddCharge, CloseInvoice, CreateInvoice
from mocks.billing.bodies.sales import CreateQuote, EstimateNew, EstimateUpdate, UpdateOrder
from mocks.billing.bodies.site import CreateEndpoint
from mocks.billing.bodies.subscriptions import (
    CancelSubscription,
    ChangeTermEnd,
    CreateRamp,
    CreateSubscription,
    CreateUnbilled,
    ImportSubscription,
    Pause,
    Reactivate,
    Resume,
    UpdateSubscription,
)

_SETUP = """
    mandatory_items_to_remove billing_alignment_mode offline_payment_method invoice_notes
    override_relationship invoice_date replace_primary_payment_source payment_intent
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
        """exhausted_coupon_ids charged_items coupon_ids payment_source_id contract_term transaction
        cancel_reason_code create_pending_invoices net_term_days""",
    ),
    ChangeTermEnd: _names(""),
    CreateItemPrice: _names(_DISPLAY),
    UpdateItemPrice: _names(
        _DISPLAY,
        "currency_code free_quantity is_taxable trial_period trial_period_unit billing_cycles period period_unit",
    ),
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
        """taxjar_product_code avalara_sale_type avalara_transaction_type avalara_service_type avalara_tax_code
        hsn_code line_item"""
    ),
    CreateCard: _names("brand_id"),
    CreateFromToken: _names("brand_id"),
    CollectFromCustomer: _names("payment_method payment_intent payment_initiator"),
    EstimateNew: _names(_SETUP, "contract_term client_profile_id"),
    EstimateUpdate: _names(_SETUP, "coupon_ids replace_coupon_list force_term_reset reactivate reactivate_from"),
    CreateQuote: _names(_SETUP, "net_term_days billing_start_option contract_term coupons"),
    UpdateOrder: _names("cancellation_reason order_line_items shipment_carrier shipping_address"),
    CreateRamp: _names("coupons_to_remove discounts_to_remove contract_term discounts_to_add coupons_to_add"),
    CreateEndpoint: _names("chargebee_response_schema_type"),
    CreateUnbilled: _names(""),
}
"""Parameters of the vendor, by body, that make no difference here; what would change amounts is refused."""
