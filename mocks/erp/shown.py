"""What a record looks like in a reply, as types: one per view, the sublists in full when a caller asks for that.

A reader may choose members (`fields`), and one without a value is left out: only `links` is always there. What is an
enumeration (`Choice`) is its id alone when the caller asks for simple enumerations.
"""

from __future__ import annotations

from datetime import date
from typing import Generic, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from mocks.erp.replies import Link

Row = TypeVar("Row")
Amount = float
"""An amount as it stands in JSON: a number of major units. The mock itself counts minor units."""


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """A record that another one names; some are known by their name only."""

    links: list[Link] | UnsetType = UNSET
    id: str | UnsetType = UNSET
    refName: str
    externalId: str | UnsetType | None = UNSET


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One of the values of an enumeration, and how it is called."""

    id: str
    refName: str


class Sublist(msgspec.Struct, Generic[Row], frozen=True, kw_only=True):
    """A sublist: where it is, and its rows when the caller asked to see them (`expandSubResources`)."""

    links: list[Link]
    items: list[Row] | UnsetType = UNSET
    totalResults: int | UnsetType = UNSET


class RowShown(msgspec.Struct, frozen=True, kw_only=True):
    """What all rows of sublists share: their number."""

    links: list[Link]
    line: int | str


class ComponentShown(msgspec.Struct, frozen=True, kw_only=True):
    """A component of a line that sells an item group."""

    item: Reference
    quantity: int
    quantityFulfilled: int


class ComponentsShown(msgspec.Struct, frozen=True, kw_only=True):
    """The components of a line."""

    items: list[ComponentShown]


class LineShown(RowShown, frozen=True, kw_only=True):
    """A line of a document; service periods are half-open."""

    item: Reference
    quantity: int
    rate: Amount
    amount: Amount
    custcol_kind: str
    custcol_months: int
    custcol_list_rate: Amount
    custcol_period_start: date | None
    custcol_period_end: date | None


class OrderLineShown(LineShown, frozen=True, kw_only=True):
    """A line of a sales order, with what was fulfilled and billed of it."""

    quantityFulfilled: int
    quantityBilled: int
    isClosed: bool
    components: ComponentsShown | UnsetType = UNSET


class FulfilledShown(RowShown, frozen=True, kw_only=True):
    """What was delivered of a line of an order."""

    orderLine: int | str
    item: Reference
    quantity: int
    itemReceive: bool


class TaxShown(RowShown, frozen=True, kw_only=True):
    """Tax of one jurisdiction."""

    taxCode: Reference
    taxBasis: Amount
    taxAmount: Amount


class ApplyShown(RowShown, frozen=True, kw_only=True):
    """What of a payment, deposit or refund went to a document."""

    doc: Reference
    amount: Amount
    apply: bool


class JournalLineShown(RowShown, frozen=True, kw_only=True):
    """A row of a journal entry: a debit or a credit."""

    account: Reference
    debit: Amount | UnsetType = UNSET
    credit: Amount | UnsetType = UNSET


class RecordShown(msgspec.Struct, frozen=True, kw_only=True):
    """What all records share; `id` is the internal id."""

    links: list[Link]
    id: str | UnsetType = UNSET
    externalId: str | UnsetType = UNSET


class CustomerShown(RecordShown, frozen=True, kw_only=True):
    """A customer with its credit standing."""

    entityId: str | UnsetType = UNSET
    companyName: str | UnsetType = UNSET
    isPerson: bool | UnsetType = UNSET
    email: str | UnsetType = UNSET
    subsidiary: Reference | UnsetType = UNSET
    currency: Reference | UnsetType = UNSET
    terms: Reference | UnsetType = UNSET
    creditLimit: Amount | UnsetType = UNSET
    creditHoldOverride: Choice | str | UnsetType = UNSET
    custentity_credit_status: str | UnsetType = UNSET
    balance: Amount | UnsetType = UNSET
    unbilledOrders: Amount | UnsetType = UNSET
    dateCreated: str | UnsetType = UNSET
    lastModifiedDate: str | UnsetType = UNSET


class ContactShown(RecordShown, frozen=True, kw_only=True):
    """A contact."""

    entityId: str | UnsetType = UNSET
    firstName: str | UnsetType = UNSET
    lastName: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    phone: str | UnsetType = UNSET
    title: str | UnsetType = UNSET
    company: Reference | UnsetType = UNSET
    dateCreated: str | UnsetType = UNSET
    lastModifiedDate: str | UnsetType = UNSET


class ItemShown(RecordShown, frozen=True, kw_only=True):
    """A sale item."""

    itemId: str | UnsetType = UNSET
    displayName: str | UnsetType = UNSET
    isInactive: bool | UnsetType = UNSET
    custitem_kind: str | UnsetType = UNSET
    revenueRecognitionRule: Choice | str | UnsetType = UNSET


class SubsidiaryShown(RecordShown, frozen=True, kw_only=True):
    """A subsidiary."""

    name: str | UnsetType = UNSET
    currency: Reference | UnsetType = UNSET
    country: str | UnsetType = UNSET


class CurrencyShown(RecordShown, frozen=True, kw_only=True):
    """A currency; its internal id is its ISO code."""

    name: str | UnsetType = UNSET
    symbol: str | UnsetType = UNSET
    currencyPrecision: int | UnsetType = UNSET
    isInactive: bool | UnsetType = UNSET


class PeriodShown(RecordShown, frozen=True, kw_only=True):
    """An accounting period of one subsidiary and module; both days belong to it."""

    periodName: str | UnsetType = UNSET
    startDate: date | UnsetType = UNSET
    endDate: date | UnsetType = UNSET
    subsidiary: Reference | UnsetType = UNSET
    module: str | UnsetType = UNSET
    closed: bool | UnsetType = UNSET
    status: Choice | str | UnsetType = UNSET


class TransactionShown(RecordShown, frozen=True, kw_only=True):
    """What all transactions share."""

    tranId: str | UnsetType = UNSET
    tranDate: date | UnsetType = UNSET
    subsidiary: Reference | UnsetType = UNSET
    currency: Reference | UnsetType = UNSET
    memo: str | UnsetType = UNSET
    total: Amount | UnsetType = UNSET
    custbody_txn: str | UnsetType = UNSET
    createdDate: str | UnsetType = UNSET
    lastModifiedDate: str | UnsetType = UNSET


class PaperShown(TransactionShown, frozen=True, kw_only=True):
    """An opportunity, estimate or return authorisation."""

    entity: Reference | UnsetType = UNSET
    status: Choice | str | UnsetType = UNSET
    createdFrom: Reference | UnsetType = UNSET
    title: str | UnsetType = UNSET
    item: Sublist[LineShown] | UnsetType = UNSET


class OrderShown(TransactionShown, frozen=True, kw_only=True):
    """A sales order; `orderStatus` is the letter that stands for its status."""

    entity: Reference | UnsetType = UNSET
    status: Choice | str | UnsetType = UNSET
    orderStatus: Choice | str | UnsetType = UNSET
    otherRefNum: str | UnsetType = UNSET
    custbody_kind: str | UnsetType = UNSET
    custbody_credit_hold: bool | UnsetType = UNSET
    item: Sublist[OrderLineShown] | UnsetType = UNSET


class FulfilmentShown(RecordShown, frozen=True, kw_only=True):
    """An item fulfilment."""

    tranId: str | UnsetType = UNSET
    createdFrom: Reference | UnsetType = UNSET
    shipStatus: Choice | str | UnsetType = UNSET
    createdDate: str | UnsetType = UNSET
    lastModifiedDate: str | UnsetType = UNSET
    item: Sublist[FulfilledShown] | UnsetType = UNSET


class BilledShown(TransactionShown, frozen=True, kw_only=True):
    """What invoices, credit memos and cash sales share."""

    entity: Reference | UnsetType = UNSET
    status: Choice | str | UnsetType = UNSET
    subtotal: Amount | UnsetType = UNSET
    taxTotal: Amount | UnsetType = UNSET
    createdFrom: Reference | UnsetType = UNSET
    item: Sublist[LineShown] | UnsetType = UNSET
    taxDetails: Sublist[TaxShown] | UnsetType = UNSET


class InvoiceShown(BilledShown, frozen=True, kw_only=True):
    """An invoice."""

    dueDate: date | UnsetType = UNSET
    amountRemaining: Amount | UnsetType = UNSET
    amountPaid: Amount | UnsetType = UNSET
    exchangeRate: str | UnsetType = UNSET
    otherRefNum: str | UnsetType = UNSET
    custbody_dispute: str | UnsetType = UNSET


class CreditMemoShown(BilledShown, frozen=True, kw_only=True):
    """A credit memo; its amounts are positive."""

    amountRemaining: Amount | UnsetType = UNSET
    applied: Amount | UnsetType = UNSET
    apply: Sublist[ApplyShown] | UnsetType = UNSET


class CashSaleShown(BilledShown, frozen=True, kw_only=True):
    """A cash sale: an invoice that was paid at once."""

    exchangeRate: str | UnsetType = UNSET
    otherRefNum: str | UnsetType = UNSET
    custbody_dispute: str | UnsetType = UNSET
    account: Reference | UnsetType = UNSET


class CashShown(TransactionShown, frozen=True, kw_only=True):
    """A customer payment or deposit."""

    customer: Reference | UnsetType = UNSET
    payment: Amount | UnsetType = UNSET
    applied: Amount | UnsetType = UNSET
    unapplied: Amount | UnsetType = UNSET
    account: Reference | UnsetType = UNSET
    salesOrder: Reference | UnsetType = UNSET
    custbody_method: str | UnsetType = UNSET
    apply: Sublist[ApplyShown] | UnsetType = UNSET


class RefundShown(TransactionShown, frozen=True, kw_only=True):
    """A customer refund."""

    customer: Reference | UnsetType = UNSET
    apply: Sublist[ApplyShown] | UnsetType = UNSET


class JournalShown(TransactionShown, frozen=True, kw_only=True):
    """A journal entry."""

    approved: bool | UnsetType = UNSET
    line: Sublist[JournalLineShown] | UnsetType = UNSET
