"""How documents and money show each other: by id, with the amount that went from one to the other."""

from __future__ import annotations

from mocks.billing.resources.objects import Part


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
