"""The credit note as it stands on the wire, and what callers send to issue one."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from mocks.payment.parts import Body, Clear, Metadata, MetadataChange, Shape, Tax
from mocks.payment.queries import Paging


class NoteLine(Shape, frozen=True, kw_only=True):
    """A line of a credit note (`cnli_`), as it stands on the wire."""

    id: str
    object: str = "credit_note_line_item"
    amount: int
    description: str | None = None
    discount_amount: int = 0
    discount_amounts: Sequence[Any] = ()
    invoice_line_item: str | None = None
    livemode: bool = False
    metadata: Metadata = msgspec.field(default_factory=dict)
    pretax_credit_amounts: Sequence[Any] = ()
    quantity: int | None = None
    tax_rates: Sequence[Any] = ()
    taxes: Sequence[Tax] = ()
    type: str
    unit_amount: int | None = None
    unit_amount_decimal: str | None = None


class NoteLines(Shape, frozen=True, kw_only=True):
    """The lines of a credit note."""

    object: str = "list"
    data: Sequence[NoteLine]
    has_more: bool = False
    url: str


class NoteRefund(Shape, frozen=True, kw_only=True):
    """A refund that belongs to a credit note."""

    amount_refunded: int
    payment_record_refund: Any = None
    refund: str
    type: str = "refund"


class CreditNote(Shape, frozen=True, kw_only=True):
    """A credit note (`cn_`), as it stands on the wire. Amounts are positive minor units."""

    id: str
    object: str = "credit_note"
    amount: int
    amount_shipping: int = 0
    created: int
    currency: str
    customer: str
    customer_account: str | None = None
    customer_balance_transaction: str | None = None
    discount_amount: int = 0
    discount_amounts: Sequence[Any] = ()
    effective_at: int | None = None
    invoice: str
    lines: NoteLines
    livemode: bool = False
    memo: str | None = None
    metadata: Metadata
    number: str
    out_of_band_amount: int | None = None
    pdf: str
    post_payment_amount: int
    pre_payment_amount: int
    pretax_credit_amounts: Sequence[Any] = ()
    reason: str | None = None
    refunds: Sequence[NoteRefund] = ()
    shipping_cost: dict[str, Any] | None = None
    status: str = "issued"
    subtotal: int
    subtotal_excluding_tax: int
    total: int
    total_excluding_tax: int
    total_taxes: Sequence[Tax] = ()
    type: str
    voided_at: int | None = None


class NoteLineBody(Shape, frozen=True, kw_only=True):
    """A line to take back: units or an amount of a line of the invoice, or anything else."""

    type: str
    amount: int | None = None
    description: str | None = None
    invoice_line_item: str | None = None
    metadata: MetadataChange = None
    quantity: int | None = None
    tax_amounts: list[dict[str, Any]] | str | None = None
    tax_rates: list[str] | Clear | None = None
    unit_amount: int | None = None
    unit_amount_decimal: Decimal | None = None


class RefundLink(Shape, frozen=True, kw_only=True):
    """A refund there is already."""

    amount_refunded: int | None = None
    payment_record_refund: dict[str, Any] | None = None
    refund: str | None = None
    type: str | None = None


class NoteBody(Body, frozen=True, kw_only=True):
    """Issue a credit note, by lines or by an amount."""

    invoice: str
    amount: int | None = None
    credit_amount: int | None = None
    effective_at: int | None = None
    email_type: str | None = None
    lines: list[NoteLineBody] | None = None
    memo: str | None = None
    metadata: MetadataChange = None
    out_of_band_amount: int | None = None
    reason: str | None = None
    refund: str | None = None
    refund_amount: int | None = None
    refunds: list[RefundLink] | None = None
    shipping_cost: dict[str, Any] | None = None


class PreviewLinesQuery(NoteBody, frozen=True, kw_only=True):
    """The page of a preview's lines."""

    limit: int = 10
    starting_after: str | None = None
    ending_before: str | None = None
    created: int | None = None


class NoteUpdate(Body, frozen=True, kw_only=True):
    """Change what is said of a credit note."""

    memo: str | None = None
    metadata: MetadataChange = None


class NoteQuery(Paging, frozen=True, kw_only=True):
    """Which credit notes."""

    customer: str | None = None
    invoice: str | None = None
