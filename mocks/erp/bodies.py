"""What callers send, as types: one per record, with the custom fields this account has defined."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import msgspec


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all bodies share."""


class Ref(Body, frozen=True, kw_only=True):
    """A reference to a record by internal id, external id or name."""

    id: str | int | None = None
    externalId: str | None = None
    refName: str | None = None
    links: Any = None


class ComponentBody(Body, frozen=True, kw_only=True):
    """One component of an item group, and how many of it one of the group holds."""

    item: Ref
    quantity: Annotated[int, msgspec.Meta(ge=1, le=10**9)] = 1


class ComponentsBody(Body, frozen=True, kw_only=True):
    """The components of a line that sells an item group."""

    items: tuple[ComponentBody, ...] = ()


class LineBody(Body, frozen=True, kw_only=True):
    """One line of an order, invoice, credit memo or fulfilment. Service periods are half-open."""

    line: int | None = None
    orderLine: int | None = None
    item: Ref | None = None
    quantity: int | float | None = None
    rate: Decimal | None = None
    amount: Decimal | None = None
    description: str | None = None
    isClosed: bool = False
    itemReceive: bool = True
    custcol_kind: str | None = None
    custcol_months: int | None = None
    custcol_list_rate: Decimal | None = None
    custcol_period_start: date | None = None
    custcol_period_end: date | None = None
    custcol_full_start: date | None = None
    custcol_full_end: date | None = None
    custcol_reverses: str | None = None
    components: ComponentsBody | None = None


class LinesBody(Body, frozen=True, kw_only=True):
    """The sublist of lines."""

    items: tuple[LineBody, ...] = ()


class TaxBody(Body, frozen=True, kw_only=True):
    """Tax of one jurisdiction, as the tax engine determined it."""

    line: int | None = None
    taxDetailsReference: str | None = None
    taxType: Ref | str | None = None
    taxCode: Ref | str
    taxBasis: Decimal = Decimal(0)
    taxRate: Decimal | None = None
    taxAmount: Decimal


class TaxesBody(Body, frozen=True, kw_only=True):
    """The sublist of tax details."""

    items: tuple[TaxBody, ...] = ()


class CustomerBody(Body, frozen=True, kw_only=True):
    """A customer."""

    externalId: str | None = None
    companyName: str | None = None
    entityId: str | None = None
    isPerson: bool = False
    email: str | None = None
    subsidiary: Ref | None = None
    currency: Ref | None = None
    terms: Ref | str | int | None = None
    creditLimit: Decimal | None = None
    creditHoldOverride: Ref | str | None = None
    custentity_credit_status: str | None = None


class ContactBody(Body, frozen=True, kw_only=True):
    """A contact; the name may come in parts or as `entityId`."""

    externalId: str | None = None
    entityId: str | None = None
    firstName: str | None = None
    lastName: str | None = None
    email: str | None = None
    phone: str | None = None
    title: str | None = None
    company: Ref | None = None
    subsidiary: Ref | None = None


class ItemBody(Body, frozen=True, kw_only=True):
    """A sale item; `custitem_kind` is recurring, one_time or usage."""

    externalId: str | None = None
    itemId: str | None = None
    displayName: str | None = None
    isInactive: bool = False
    subsidiary: Any = None
    custitem_kind: str | None = None
    revenueRecognitionRule: Ref | str | None = None


class TransactionBody(Body, frozen=True, kw_only=True):
    """What every transaction carries."""

    externalId: str | None = None
    subsidiary: Ref | None = None
    currency: Ref | None = None
    tranDate: date | None = None
    otherRefNum: str | None = None
    memo: str | None = None
    custbody_txn: str | None = None


class OrderBody(TransactionBody, frozen=True, kw_only=True):
    """A sales order, estimate, opportunity or return authorisation."""

    entity: Ref | None = None
    createdFrom: Ref | None = None
    title: str | None = None
    orderStatus: Ref | None = None
    total: Decimal | None = None
    item: LinesBody | None = None
    custbody_kind: str | None = None
    custbody_end_customer: str | None = None


class FulfilmentBody(TransactionBody, frozen=True, kw_only=True):
    """An item fulfilment."""

    entity: Ref | None = None
    createdFrom: Ref | None = None
    shipStatus: Ref | None = None
    item: LinesBody | None = None


class InvoiceBody(TransactionBody, frozen=True, kw_only=True):
    """An invoice, or a credit memo with positive lines."""

    entity: Ref | None = None
    createdFrom: Ref | None = None
    dueDate: date | None = None
    total: Decimal | None = None
    item: LinesBody | None = None
    taxDetailsOverride: bool = True
    taxDetails: TaxesBody | None = None
    custbody_subscription: str | None = None
    custbody_rebills: str | None = None
    custbody_dispute: str | None = None


class ApplyBody(Body, frozen=True, kw_only=True):
    """One application of cash or credit to a document."""

    doc: Ref | None = None
    amount: Decimal | None = None
    apply: bool = True


class AppliesBody(Body, frozen=True, kw_only=True):
    """The sublist of applications."""

    items: tuple[ApplyBody, ...] = ()


class MemoBody(InvoiceBody, frozen=True, kw_only=True):
    """A credit memo. What `apply` asks for comes after what it takes off the invoice it is made from by itself."""

    apply: AppliesBody | None = None


class PaymentBody(TransactionBody, frozen=True, kw_only=True):
    """A customer payment."""

    customer: Ref | None = None
    payment: Decimal | None = None
    account: Ref | None = None
    autoApply: bool = False
    apply: AppliesBody | None = None
    custbody_method: str | None = None


class DepositBody(TransactionBody, frozen=True, kw_only=True):
    """A customer deposit: cash for what is not invoiced yet."""

    customer: Ref | None = None
    payment: Decimal | None = None
    account: Ref | None = None
    salesOrder: Ref | None = None
    custbody_method: str | None = None


class CashSaleBody(TransactionBody, frozen=True, kw_only=True):
    """A cash sale: an invoice that is paid at once."""

    entity: Ref | None = None
    createdFrom: Ref | None = None
    account: Ref | None = None
    total: Decimal | None = None
    item: LinesBody | None = None
    taxDetails: TaxesBody | None = None
    custbody_method: str | None = None


class RefundBody(TransactionBody, frozen=True, kw_only=True):
    """A customer refund: money given back from a credit memo or a payment."""

    customer: Ref | None = None
    account: Ref | None = None
    apply: AppliesBody | None = None
    custbody_method: str | None = None


class JournalLineBody(Body, frozen=True, kw_only=True):
    """One line of a journal entry."""

    line: int | None = None
    account: Ref
    debit: Decimal | None = None
    credit: Decimal | None = None
    memo: str | None = None
    entity: Ref | None = None


class JournalLinesBody(Body, frozen=True, kw_only=True):
    """The sublist of journal lines."""

    items: tuple[JournalLineBody, ...] = ()


class JournalBody(TransactionBody, frozen=True, kw_only=True):
    """A journal entry."""

    approved: bool = True
    line: JournalLinesBody | None = None


class TokenBody(msgspec.Struct, frozen=True, kw_only=True):
    """A token request (form encoded): client credentials with a signed assertion."""

    grant_type: str = ""
    client_assertion_type: str = ""
    client_assertion: str = ""
    scope: str = ""


class PageQuery(Body, frozen=True, kw_only=True):
    """The query of a list or of SuiteQL: `offset` is a multiple of `limit`."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 1_000
    offset: Annotated[int, msgspec.Meta(ge=0)] = 0


class ListQuery(PageQuery, frozen=True, kw_only=True):
    """The query of a record list: a page of those that `q` takes."""

    q: str = ""


class ReadQuery(Body, frozen=True, kw_only=True):
    """The query of one record: which fields, and whether sublists and enumerations are shown in full."""

    fields: str = ""
    expandSubResources: bool = False
    simpleEnumFormat: bool = False


class ChangeQuery(Body, frozen=True, kw_only=True):
    """The query of a change: the sublists that are replaced, not merged, by those of the body."""

    replace: str = ""


class RestletQuery(Body, frozen=True, kw_only=True):
    """The query of a RESTlet: which script, and which deployment of it; its other parameters are the script's own."""

    script: str
    deploy: str
    parameters: dict[str, str] = {}


class Collection(msgspec.Struct, frozen=True):
    """Several bodies of one type in one request (content type with `type=collection`), for asynchronous requests."""

    items: tuple[Any, ...]


class QueryBody(Body, frozen=True, kw_only=True):
    """A SuiteQL query."""

    q: str
