"""The record types of the REST API: where their records are, how they are shown, and which sublists they have."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import msgspec

from mocks.erp import bodies, shown, sublists, views
from mocks.erp.columns import currencies, period_id
from mocks.erp.model import Erp

Sublist = Callable[[Erp, Any], list[dict[str, Any]]]


class RecordType(msgspec.Struct, frozen=True, kw_only=True):
    """One type: `noun` and `plural` name its operations, `table` is where lists look, `body` what writes send and
    `shown` the type of what readers get.

    `find(erp, name)` returns the record of `eid:...` or an internal id; `ids` the internal ids of all.
    """

    name: str
    noun: str
    plural: str
    find: Callable[[Erp, str], Any]
    view: Callable[[Erp, Any], dict[str, Any]]
    table: str
    shown: Any
    body: Any = None
    sublists: Mapping[str, Sublist] = {}
    ids: Callable[[Erp], Collection[str]]


def _shelf(part: str) -> Callable[[Erp, str], Any]:
    return lambda erp, name: getattr(erp, part).shelf.find(name)


def _ids(part: str) -> Callable[[Erp], Collection[str]]:
    return lambda erp: getattr(erp, part).records


def _cash(kind: str) -> Callable[[Erp, str], Any]:
    def find(erp: Erp, name: str) -> Any:
        record = erp.payments.shelf.find(name)
        return record if record is not None and record.kind == kind else None

    return find


def _cash_ids(kind: str) -> Callable[[Erp], Collection[str]]:
    return lambda erp: [key for key, record in erp.payments.records.items() if record.kind == kind]


def _period(erp: Erp, name: str) -> Any:
    return erp.desk.book.get("period", name.replace(".", "/"))


_LINES = {"item": sublists.document_lines, "taxDetails": sublists.taxes}
_PAPER = {"item": sublists.paper_lines}


def _item_type(name: str) -> RecordType:
    noun = {"serviceSaleItem": "item", "nonInventorySaleItem": "non_inventory_item"}.get(name, "inventory_item")
    return RecordType(
        name=name, noun=noun, plural=f"{noun}s", find=lambda erp, key: erp.catalogue.item_shelf.find(key),
        view=views.item, table="item", shown=shown.ItemShown, body=bodies.ItemBody, ids=lambda erp: erp.catalogue.items,
    )  # fmt: skip


_TYPES = (
    RecordType(
        name="customer", noun="customer", plural="customers", find=_shelf("customers"), view=views.customer,
        table="customer", shown=shown.CustomerShown, body=bodies.CustomerBody, ids=_ids("customers"),
    ),
    RecordType(
        name="contact", noun="contact", plural="contacts", find=_shelf("contacts"), view=views.contact,
        table="contact", shown=shown.ContactShown, body=bodies.ContactBody, ids=_ids("contacts"),
    ),
    RecordType(
        name="opportunity", noun="opportunity", plural="opportunities", find=_shelf("opportunities"),
        view=views.paper, table="opportunity",
        shown=shown.PaperShown, body=bodies.OrderBody, sublists=_PAPER, ids=_ids("opportunities"),
    ),
    RecordType(
        name="estimate", noun="estimate", plural="estimates", find=_shelf("estimates"), view=views.paper,
        table="estimate", shown=shown.PaperShown, body=bodies.OrderBody, sublists=_PAPER, ids=_ids("estimates"),
    ),
    RecordType(
        name="salesOrder", noun="order", plural="orders", find=_shelf("orders"), view=views.order,
        table="salesorder",
        shown=shown.OrderShown, body=bodies.OrderBody, sublists={"item": sublists.order_lines}, ids=_ids("orders"),
    ),
    RecordType(
        name="itemFulfillment", noun="fulfilment", plural="fulfilments", find=_shelf("fulfilments"),
        view=views.fulfilment, table="itemfulfillment", shown=shown.FulfilmentShown, body=bodies.FulfilmentBody,
        sublists={"item": sublists.fulfilment_lines}, ids=_ids("fulfilments"),
    ),
    RecordType(
        name="invoice", noun="invoice", plural="invoices", find=_shelf("invoices"), view=views.invoice,
        table="invoice", shown=shown.InvoiceShown, body=bodies.InvoiceBody, sublists=_LINES, ids=_ids("invoices"),
    ),
    RecordType(
        name="cashSale", noun="cash_sale", plural="cash_sales", find=_shelf("cash_sales"), view=views.cash_sale,
        table="cashsale", shown=shown.CashSaleShown, body=bodies.CashSaleBody,
        sublists={"item": sublists.sold_lines, "taxDetails": sublists.sold_taxes}, ids=_ids("cash_sales"),
    ),
    RecordType(
        name="returnAuthorization", noun="return", plural="returns", find=_shelf("returns"), view=views.paper,
        table="returnauthorization",
        shown=shown.PaperShown, body=bodies.OrderBody, sublists=_PAPER, ids=_ids("returns"),
    ),
    RecordType(
        name="creditMemo", noun="credit_memo", plural="credit_memos", find=_shelf("credit_memos"),
        view=views.credit_memo, table="creditmemo",
        shown=shown.CreditMemoShown, body=bodies.MemoBody,
        sublists={**_LINES, "apply": sublists.credited},
        ids=_ids("credit_memos"),
    ),
    RecordType(
        name="customerPayment", noun="payment", plural="payments", find=_cash("customerPayment"),
        view=views.payment, table="customerpayment", shown=shown.CashShown, body=bodies.PaymentBody,
        sublists={"apply": sublists.applications}, ids=_cash_ids("customerPayment"),
    ),
    RecordType(
        name="customerDeposit", noun="deposit", plural="deposits", find=_cash("customerDeposit"),
        view=views.payment, table="customerdeposit", shown=shown.CashShown, body=bodies.DepositBody,
        sublists={"apply": sublists.applications}, ids=_cash_ids("customerDeposit"),
    ),
    RecordType(
        name="customerRefund", noun="refund", plural="refunds", find=_shelf("refunds"), view=views.refund,
        table="customerrefund",
        shown=shown.RefundShown, body=bodies.RefundBody, sublists={"apply": sublists.refunded}, ids=_ids("refunds"),
    ),
    RecordType(
        name="journalEntry", noun="journal", plural="journals", find=_shelf("journals"), view=views.journal,
        table="journalentry",
        shown=shown.JournalShown, body=bodies.JournalBody, sublists={"line": sublists.journal_lines},
        ids=_ids("journals"),
    ),
    _item_type("serviceSaleItem"),
    _item_type("nonInventorySaleItem"),
    _item_type("inventoryItem"),
    RecordType(
        name="subsidiary", noun="subsidiary", plural="subsidiaries",
        find=lambda erp, name: erp.catalogue.subsidiary_shelf.find(name), view=views.subsidiary, table="subsidiary",
        shown=shown.SubsidiaryShown,
        ids=lambda erp: [row.number for row in erp.catalogue.subsidiaries.values()],
    ),
    RecordType(
        name="currency", noun="currency", plural="currencies",
        find=lambda erp, name: erp.catalogue.currency_shelf.find(name), view=views.currency, table="currency",
        shown=shown.CurrencyShown,
        ids=currencies,
    ),
    RecordType(
        name="accountingPeriod", noun="period", plural="periods", find=_period, view=views.period,
        table="accountingperiod", shown=shown.PeriodShown,
        ids=lambda erp: [period_id(row) for row in erp.desk.book.table("period").values()],
    ),
)  # fmt: skip
TYPES: Mapping[str, RecordType] = {kind.name: kind for kind in _TYPES}
"""Record type by its name in addresses."""
