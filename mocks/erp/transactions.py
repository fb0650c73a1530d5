"""Transactions as SuiteQL sees them: all types in one table, apart by `type`, and each type on its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from mocks.erp.amounts import major
from mocks.erp.model import Erp
from mocks.erp.order_status import VENDOR_STATUS
from mocks.erp.papers import STATUS_NAMES
from mocks.erp.sql_functions import Value
from mocks.erp.sql_tables import Find, Getter, Getters, Some, Table, by_shelf, instant_text
from mocks.erp.transaction_lines import LINE_TABLE

Rows = Callable[[Erp], Iterable[Any]]


def _all(part: str) -> Rows:
    return lambda erp: getattr(erp, part).records.values()


def _cash(kind: str) -> Rows:
    return lambda erp: [row for row in erp.payments.records.values() if row.kind == kind]


def _document(kind: str, record: str, number: Getter, **more: Getter) -> Getters:
    """Return the columns of a transaction with a canonical document."""
    return {
        "id": lambda erp, row: int(row.doc.id),
        "externalid": lambda erp, row: row.doc.ref or None,
        "type": lambda erp, row: kind,
        "recordtype": lambda erp, row: record,
        "tranid": number,
        "entity": lambda erp, row: row.customer,
        "subsidiary": lambda erp, row: row.doc.entity,
        "currency": lambda erp, row: row.doc.currency,
        "trandate": lambda erp, row: row.doc.business_date.isoformat(),
        "custbody_txn": lambda erp, row: row.doc.txn or None,
        "memo": lambda erp, row: row.memo or None,
        "createddate": lambda erp, row: instant_text(row.created_us),
        "lastmodifieddate": lambda erp, row: instant_text(row.modified_us),
        "foreigntotal": lambda erp, row: major(row.doc.total_minor, row.doc.currency),
        **more,
    }


def _open(erp: Erp, row: Any) -> Value:
    return major(row.doc.balance_minor, row.doc.currency)


def _rest(erp: Erp, row: Any) -> Value:
    return major(row.rest_minor, row.doc.currency)


def _paid(erp: Erp, row: Any) -> Value:
    return major(row.doc.amount_minor, row.doc.currency)


def _own_number(erp: Erp, row: Any) -> Value:
    number: str = row.number
    return number


def _doc_number(erp: Erp, row: Any) -> Value:
    number: str = row.doc.number
    return number


def _payment(kind: str, record: str) -> Getters:
    return _document(
        kind, record, _own_number, foreigntotal=_paid, foreignamountunpaid=_rest,
        status=lambda erp, row: "C" if row.rest_minor else "B",
    )  # fmt: skip


def _plain(kind: str, record: str, **more: Getter) -> Getters:
    """Return the columns of a transaction without a canonical document of its own type."""
    return {
        "id": lambda erp, row: int(row.id),
        "externalid": lambda erp, row: row.external_id or None,
        "type": lambda erp, row: kind,
        "recordtype": lambda erp, row: record,
        "tranid": _own_number,
        "createddate": lambda erp, row: instant_text(row.created_us),
        "lastmodifieddate": lambda erp, row: instant_text(row.modified_us),
        **more,
    }


def _paper(kind: str, record: str) -> Getters:
    return _plain(
        kind, record,
        entity=lambda erp, row: row.customer,
        subsidiary=lambda erp, row: row.entity,
        currency=lambda erp, row: row.currency,
        trandate=lambda erp, row: row.day.isoformat(),
        status=lambda erp, row: row.status,
        memo=lambda erp, row: row.memo or None,
        custbody_txn=lambda erp, row: row.txn or None,
        createdfrom=lambda erp, row: row.source or None,
        foreigntotal=lambda erp, row: major(row.total_minor, row.currency),
    )  # fmt: skip


def _sold(getter: Callable[[Any], Value]) -> Getter:
    return lambda erp, row: getter(erp.invoices.records[row.invoice])


KINDS: Mapping[str, tuple[Rows, Getters]] = {
    "salesorder": (
        _all("orders"),
        _document(
            "SalesOrd", "salesorder", _doc_number,
            status=lambda erp, row: VENDOR_STATUS[row.doc.status][0],
            otherrefnum=lambda erp, row: row.other_ref or None,
            custbody_kind=lambda erp, row: row.doc.kind,
        ),
    ),
    "invoice": (
        _all("invoices"),
        _document(
            "CustInvc", "invoice", _doc_number, foreignamountunpaid=_open,
            status=lambda erp, row: "A" if row.doc.balance_minor else "B",
            duedate=lambda erp, row: row.doc.due_date.isoformat(),
            otherrefnum=lambda erp, row: row.other_ref or None,
            createdfrom=lambda erp, row: row.order or None,
            custbody_dispute=lambda erp, row: row.dispute or None,
        ),
    ),
    "creditmemo": (
        _all("credit_memos"),
        _document(
            "CustCred", "creditmemo", _own_number, foreignamountunpaid=_open,
            status=lambda erp, row: "A" if row.doc.balance_minor else "B",
            foreigntotal=lambda erp, row: -major(row.doc.total_minor, row.doc.currency),
            createdfrom=lambda erp, row: row.doc.invoice or None,
        ),
    ),
    "customerpayment": (_cash("customerPayment"), _payment("CustPymt", "customerpayment")),
    "customerdeposit": (_cash("customerDeposit"), _payment("CustDep", "customerdeposit")),
    "customerrefund": (
        _all("refunds"),
        _plain(
            "CustRfnd", "customerrefund",
            id=lambda erp, row: int(row.doc.id),
            entity=lambda erp, row: row.customer,
            subsidiary=lambda erp, row: row.entity,
            currency=lambda erp, row: row.doc.currency,
            trandate=lambda erp, row: row.asked_date.isoformat(),
            custbody_txn=lambda erp, row: row.txn or None,
            foreigntotal=lambda erp, row: -major(row.doc.amount_minor, row.doc.currency),
        ),
    ),
    "cashsale": (
        _all("cash_sales"),
        _plain(
            "CashSale", "cashsale",
            entity=lambda erp, row: row.customer,
            subsidiary=_sold(lambda sold: sold.doc.entity),
            currency=_sold(lambda sold: sold.doc.currency),
            trandate=_sold(lambda sold: sold.doc.business_date.isoformat()),
            foreigntotal=_sold(lambda sold: major(sold.doc.total_minor, sold.doc.currency)),
        ),
    ),
    "itemfulfillment": (
        _all("fulfilments"),
        {
            "id": lambda erp, row: int(row.doc.id),
            "externalid": lambda erp, row: row.doc.ref or None,
            "type": lambda erp, row: "ItemShip",
            "recordtype": lambda erp, row: "itemfulfillment",
            "tranid": _own_number,
            "entity": lambda erp, row: erp.orders.records[row.order].customer,
            "status": lambda erp, row: "C",
            "createdfrom": lambda erp, row: row.order,
            "custbody_txn": lambda erp, row: row.doc.txn or None,
            "createddate": lambda erp, row: instant_text(row.created_us),
            "lastmodifieddate": lambda erp, row: instant_text(row.modified_us),
        },
    ),
    "journalentry": (
        _all("journals"),
        _plain(
            "Journal", "journalentry",
            subsidiary=lambda erp, row: row.entity,
            currency=lambda erp, row: row.currency,
            trandate=lambda erp, row: row.day.isoformat(),
            memo=lambda erp, row: row.memo or None,
            custbody_txn=lambda erp, row: row.txn or None,
        ),
    ),
    "estimate": (_all("estimates"), _paper("Estimate", "estimate")),
    "opportunity": (_all("opportunities"), _paper("Opprtnty", "opportunity")),
    "returnauthorization": (_all("returns"), _paper("RtnAuth", "returnauthorization")),
}  # fmt: skip
"""Record type in lower case -> its rows and columns."""

Row = tuple[Getters, Any]
"""One transaction of any type: the columns of its type, and the record."""


def _transactions(erp: Erp, _floor_us: int) -> Iterator[Row]:
    for rows, columns in KINDS.values():
        for row in rows(erp):
            yield columns, row


def _of_transaction(name: str) -> Getter:
    def value(erp: Erp, row: Row) -> Value:
        getter = row[0].get(name)
        return getter(erp, row[1]) if getter is not None else None

    return value


_NAMES = sorted({name for _, columns in KINDS.values() for name in columns})


# --- displays -------------------------------------------------------------------------------------------------------

_TYPE_NAMES = {
    "SalesOrd": "Sales Order", "CustInvc": "Invoice", "CustCred": "Credit Memo", "CustPymt": "Payment",
    "CustDep": "Customer Deposit", "CustRfnd": "Customer Refund", "CashSale": "Cash Sale",
    "ItemShip": "Item Fulfillment", "Journal": "Journal", "Estimate": "Estimate", "Opprtnty": "Opportunity",
    "RtnAuth": "Return Authorization",
}  # fmt: skip
_STATUS_NAMES: Mapping[str, Mapping[str, str]] = {
    "SalesOrd": {letter: name for letter, _, name in VENDOR_STATUS.values()},
    "CustInvc": {"A": "Open", "B": "Paid In Full"},
    "CustCred": {"A": "Open", "B": "Fully Applied"},
    "CustPymt": {"B": "Deposited", "C": "Not Deposited"},
    "CustDep": {"B": "Fully Applied", "C": "Not Deposited"},
    "ItemShip": {"C": "Shipped"},
    "Estimate": STATUS_NAMES["estimate"],
    "Opprtnty": STATUS_NAMES["opportunity"],
    "RtnAuth": STATUS_NAMES["returnAuthorization"],
}


def customer_name(erp: Erp, key: Any) -> Value:
    """Return the name of a customer by internal id."""
    found = erp.customers.records.get(str(key))
    return found.name if found is not None else None


def _displays(columns: Mapping[str, Getter]) -> dict[str, Getter]:
    kind, status, entity = columns["type"], columns.get("status"), columns.get("entity")
    found: dict[str, Getter] = {"type": lambda erp, row: _TYPE_NAMES[str(kind(erp, row))]}
    if status is not None:
        found["status"] = lambda erp, row: _status_name(str(kind(erp, row)), str(status(erp, row)))
    if entity is not None:
        found["entity"] = lambda erp, row: customer_name(erp, entity(erp, row))
    return found


def _status_name(kind: str, status: str) -> Value:
    name = _STATUS_NAMES.get(kind, {}).get(status)
    return f"{_TYPE_NAMES[kind]} : {name}" if name is not None else None


def _rows_of(rows: Rows) -> Callable[[Erp, int], Iterable[Any]]:
    return lambda erp, _floor_us: rows(erp)


_PARTS: Mapping[str, str] = {
    "salesorder": "orders", "invoice": "invoices", "creditmemo": "credit_memos", "customerpayment": "payments",
    "customerdeposit": "payments", "customerrefund": "refunds", "cashsale": "cash_sales",
    "itemfulfillment": "fulfilments", "journalentry": "journals", "estimate": "estimates",
    "opportunity": "opportunities", "returnauthorization": "returns",
}  # fmt: skip
_INDEXES: Mapping[str, Mapping[str, Find]] = {name: by_shelf(part) for name, part in _PARTS.items()}


def _found(column: str, erp: Erp, value: str) -> list[Row]:
    """Return the transactions of any type with a value in an indexed column."""
    rows: list[Row] = []
    for name, (_, columns) in KINDS.items():
        for record in _INDEXES[name][column](erp, value):
            if getattr(record, "kind", "").lower() in ("", name):
                rows.append((columns, record))
    return rows


def _own(name: str) -> dict[str, Find]:
    """Return the indexes of one type, without the others that share its part."""

    def only(find: Find, erp: Erp, value: str) -> list[Any]:
        return [record for record in find(erp, value) if getattr(record, "kind", "").lower() in ("", name)]

    return {**{column: partial(only, find) for column, find in _INDEXES[name].items()}, **_FINDS.get(name, {})}


_FINDS: Mapping[str, Mapping[str, Find]] = {"invoice": {"entity": lambda erp, key: erp.invoices.of_customer(key)}}
_POSITIVES: Mapping[str, Mapping[str, Some]] = {"invoice": {"foreignamountunpaid": lambda erp: erp.invoices.open()}}

TRANSACTION_TABLES: tuple[Table, ...] = (
    Table(
        "transaction",
        _transactions,
        {name: _of_transaction(name) for name in _NAMES},
        _displays({name: _of_transaction(name) for name in _NAMES}),
        {name: partial(_found, name) for name in ("id", "externalid")},
    ),
    *(
        Table(name, _rows_of(rows), columns, _displays(columns), _own(name), _POSITIVES.get(name, {}))
        for name, (rows, columns) in KINDS.items()
    ),
    LINE_TABLE,
)
