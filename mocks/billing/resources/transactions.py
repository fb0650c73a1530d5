"""A payment or refund as the vendor shows it."""

from __future__ import annotations

from mocks.billing.resources.links import LinkedInvoice, LinkedNote, LinkedRefund
from mocks.billing.resources.objects import Shown


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
