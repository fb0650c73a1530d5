"""What callers send about transactions: request models, decoded exactly (see `reading`)."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

import msgspec


class Input(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename="camel", forbid_unknown_fields=True):
    """A model of the dialect as it is sent: names in camel case, nothing unknown on the fast road."""


class Address(Input, frozen=True, kw_only=True):
    """A postal address; `country` defaults to US as with the vendor [K]."""

    line1: str | None = None
    line2: str | None = None
    line3: str | None = None
    city: str | None = None
    region: str | None = None
    country: str | None = None
    postal_code: str | None = None
    location_code: str | None = None
    latitude: Decimal | None = None
    longitude: Decimal | None = None


class Addresses(Input, frozen=True, kw_only=True):
    """The places of a transaction or of one line: a single one, or where it is shipped from and to."""

    single_location: Address | None = None
    ship_from: Address | None = None
    ship_to: Address | None = None
    point_of_order_origin: Address | None = None
    point_of_order_acceptance: Address | None = None
    goods_place_or_service_rendered: Address | None = None


def spelled(text: str, names: Collection[str]) -> str:
    """Return the one of some names that a text means, whatever its capitals; another text as it is."""
    if text in names:
        return text
    folded = text.lower()
    return next((name for name in names if name.lower() == folded), text)


OVERRIDES = ("None", "TaxDate", "TaxAmount", "Exemption")


class Override(Input, frozen=True, kw_only=True):
    """A tax override: TaxDate, TaxAmount or Exemption, in whatever capitals."""

    type: str = "None"
    tax_amount: Decimal | None = None
    tax_date: str | None = None
    reason: str | None = None

    @property
    def kind(self) -> str:
        """Return the type as the vendor writes it."""
        return spelled(self.type, OVERRIDES)


class LineInput(Input, frozen=True, kw_only=True):
    """One line to tax; `amount` is the extended amount, negative on returns."""

    amount: Decimal
    number: str | None = None
    quantity: Decimal = Decimal(1)
    item_code: str | None = None
    tax_code: str | None = None
    description: str | None = None
    entity_use_code: str | None = None
    customer_usage_type: str | None = None
    exemption_code: str | None = None
    discounted: bool = False
    tax_included: bool = False
    addresses: Addresses | None = None
    tax_override: Override | None = None
    ref1: str | None = None
    ref2: str | None = None
    business_identification_no: str | None = None
    revenue_account: str | None = None


class Transaction(Input, frozen=True, kw_only=True):
    """A transaction to calculate, and to store unless its type ends in Order."""

    type: str | None = None
    code: str | None = None
    company_code: str | None = None
    date: str | None = None
    customer_code: str | None = None
    currency_code: str | None = None
    commit: bool = False
    addresses: Addresses | None = None
    lines: list[LineInput] | None = None
    reference_code: str | None = None
    purchase_order_no: str | None = None
    description: str | None = None
    tax_override: Override | None = None
    discount: Decimal | None = None
    entity_use_code: str | None = None
    customer_usage_type: str | None = None
    exemption_no: str | None = None
    business_identification_no: str | None = None
    salesperson_code: str | None = None
    reporting_location_code: str | None = None
    exchange_rate: Decimal | None = None
    exchange_rate_effective_date: str | None = None
    exchange_rate_currency_code: str | None = None
    pos_lane_code: str | None = None
    email: str | None = None
    debug_level: str | None = None
    is_seller_importer_of_record: bool = False


class CreateOrAdjust(Input, frozen=True, kw_only=True):
    """The transaction to have stored, whether or not one with its code is there already."""

    create_transaction_model: Transaction
    adjustment_reason: str = "Other"
    adjustment_description: str | None = None


class Adjust(Input, frozen=True, kw_only=True):
    """A new revision of a committed document."""

    new_transaction: Transaction
    adjustment_reason: str = "Other"
    adjustment_description: str | None = None


class Commit(Input, frozen=True, kw_only=True):
    """Whether to commit; false changes nothing."""

    commit: bool


class Void(Input, frozen=True, kw_only=True):
    """Why a document is voided: DocVoided keeps its code taken, DocDeleted frees it."""

    code: str


class Verify(Input, frozen=True, kw_only=True):
    """What the caller believes the document says."""

    verify_transaction_date: str | None = None
    verify_total_amount: Decimal | None = None
    verify_total_tax: Decimal | None = None


class ChangeCode(Input, frozen=True, kw_only=True):
    """The new code of a document."""

    new_code: str


class Settle(Input, frozen=True, kw_only=True):
    """Verify, rename and commit in one step; each part may be missing."""

    verify: Verify | None = None
    change_code: ChangeCode | None = None
    commit: Commit | None = None


class Lock(Input, frozen=True, kw_only=True):
    """Whether the document is to be locked."""

    is_locked: bool


class BulkLock(Input, frozen=True, kw_only=True):
    """The ids of documents, and whether they are to be locked."""

    document_ids: list[int]
    is_locked: bool = True


class Refund(Input, frozen=True, kw_only=True):
    """A return made from a committed document."""

    refund_date: str
    refund_transaction_code: str | None = None
    refund_type: str = "Full"
    refund_percentage: Decimal | None = None
    refund_lines: list[str] | None = None
    reference_code: str | None = None


class AddLines(Input, frozen=True, kw_only=True):
    """Lines to add to a document; `renumber` counts all of its lines anew from 1."""

    company_code: str
    transaction_code: str
    document_type: str = "SalesInvoice"
    lines: list[LineInput]
    renumber: bool = False


class RemoveLines(Input, frozen=True, kw_only=True):
    """The numbers of the lines to take from a document."""

    company_code: str
    transaction_code: str
    document_type: str = "SalesInvoice"
    lines: list[str]
    renumber: bool = False
