"""The fields of records as queries see them: one row type per table, one getter per lower-case column."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec

from domain.calendar import SECOND_US
from mocks.erp.amounts import major
from mocks.erp.catalogue import ACCOUNTS
from mocks.erp.model import Erp
from mocks.erp.order_status import VENDOR_STATUS

Value = str | int | Decimal | date | None
Getter = Callable[[Erp, Any], Value]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Table(msgspec.Struct, frozen=True):
    """One table: its rows (from an instant of last change on, when it keeps them in that order) and its columns."""

    name: str
    rows: Callable[[Erp, int], Iterable[Any]]
    columns: Mapping[str, Getter]


def instant_text(at_us: int) -> str:
    """Return an instant as ISO text with milliseconds, so that texts sort as instants do."""
    seconds, rest_us = divmod(at_us, SECOND_US)
    return f"{_second(seconds)}.{rest_us // 1000:03d}Z"


@lru_cache(maxsize=16_384)
def _second(at_seconds: int) -> str:
    return (_EPOCH + timedelta(seconds=at_seconds)).strftime("%Y-%m-%dT%H:%M:%S")


def _customer_columns() -> dict[str, Getter]:
    return {
        "id": lambda erp, row: int(row.id),
        "externalid": lambda erp, row: row.external_id or None,
        "entityid": lambda erp, row: row.account,
        "companyname": lambda erp, row: row.name,
        "email": lambda erp, row: row.email or None,
        "subsidiary": lambda erp, row: row.entity,
        "currency": lambda erp, row: row.currency,
        "terms": lambda erp, row: f"NET{row.terms_days}",
        "creditlimit": lambda erp, row: major(row.limit_minor, row.currency) if row.limit_minor else None,
        "creditholdoverride": lambda erp, row: row.override,
        "custentity_credit_status": lambda erp, row: row.status,
        "balance": lambda erp, row: balance_of(erp, row),
        "unbilledorders": lambda erp, row: major(erp.credit.totals(row).unbilled_minor, row.currency),
        "datecreated": lambda erp, row: instant_text(row.created_us),
        "lastmodifieddate": lambda erp, row: instant_text(row.modified_us),
    }


def balance_of(erp: Erp, row: Any) -> Decimal:
    """Return open AR less unapplied cash of a customer."""
    total = erp.credit.totals(row)
    return major(total.open_minor - total.unapplied_minor, row.currency)


def _shared() -> dict[str, Getter]:
    return {
        "id": lambda erp, row: int(row.doc.id),
        "externalid": lambda erp, row: row.doc.ref or None,
        "entity": lambda erp, row: row.customer,
        "subsidiary": lambda erp, row: row.doc.entity,
        "currency": lambda erp, row: row.doc.currency,
        "trandate": lambda erp, row: row.doc.business_date,
        "custbody_txn": lambda erp, row: row.doc.txn or None,
        "memo": lambda erp, row: row.memo or None,
        "createddate": lambda erp, row: instant_text(row.created_us),
        "lastmodifieddate": lambda erp, row: instant_text(row.modified_us),
    }


def _order_columns() -> dict[str, Getter]:
    return {
        **_shared(),
        "type": lambda erp, row: "SalesOrd",
        "recordtype": lambda erp, row: "salesorder",
        "tranid": lambda erp, row: row.doc.number,
        "status": lambda erp, row: VENDOR_STATUS[row.doc.status][0],
        "foreigntotal": lambda erp, row: major(row.doc.total_minor, row.doc.currency),
        "otherrefnum": lambda erp, row: row.other_ref or None,
        "custbody_kind": lambda erp, row: row.doc.kind,
    }


def _invoice_columns() -> dict[str, Getter]:
    return {
        **_shared(),
        "type": lambda erp, row: "CustInvc",
        "recordtype": lambda erp, row: "invoice",
        "tranid": lambda erp, row: row.doc.number,
        "status": lambda erp, row: "A" if row.doc.balance_minor else "B",
        "foreigntotal": lambda erp, row: major(row.doc.total_minor, row.doc.currency),
        "foreignamountunpaid": lambda erp, row: major(row.doc.balance_minor, row.doc.currency),
        "duedate": lambda erp, row: row.doc.due_date,
        "otherrefnum": lambda erp, row: row.other_ref or None,
        "createdfrom": lambda erp, row: row.order or None,
    }


def _memo_columns() -> dict[str, Getter]:
    return {
        **_shared(),
        "type": lambda erp, row: "CustCred",
        "recordtype": lambda erp, row: "creditmemo",
        "tranid": lambda erp, row: row.number,
        "status": lambda erp, row: "A" if row.doc.balance_minor else "B",
        "foreigntotal": lambda erp, row: -major(row.doc.total_minor, row.doc.currency),
        "foreignamountunpaid": lambda erp, row: major(row.doc.balance_minor, row.doc.currency),
        "createdfrom": lambda erp, row: row.doc.invoice or None,
    }


def _payment_columns() -> dict[str, Getter]:
    return {
        **_shared(),
        "type": lambda erp, row: "CustPymt",
        "recordtype": lambda erp, row: "customerpayment",
        "tranid": lambda erp, row: row.number,
        "status": lambda erp, row: "C" if row.rest_minor else "B",
        "foreigntotal": lambda erp, row: major(row.doc.amount_minor, row.doc.currency),
        "foreignamountunpaid": lambda erp, row: major(row.rest_minor, row.doc.currency),
    }


_TRANSACTIONS: Mapping[str, tuple[str, dict[str, Getter]]] = {
    "salesorder": ("orders", _order_columns()),
    "invoice": ("invoices", _invoice_columns()),
    "creditmemo": ("credit_memos", _memo_columns()),
    "customerpayment": ("payments", _payment_columns()),
}


def _transactions(erp: Erp, _floor_us: int) -> Iterable[Any]:
    for part, columns in _TRANSACTIONS.values():
        for row in getattr(erp, part).records.values():
            yield columns, row


def _transaction_columns() -> dict[str, Getter]:
    names = {name for _, columns in _TRANSACTIONS.values() for name in columns}
    return {name: _of_transaction(name) for name in sorted(names)}


def _of_transaction(name: str) -> Getter:
    def value(erp: Erp, row: tuple[Mapping[str, Getter], Any]) -> Value:
        getter = row[0].get(name)
        return getter(erp, row[1]) if getter is not None else None

    return value


def _own(part: str) -> Callable[[Erp, int], Iterable[Any]]:
    return lambda erp, _floor_us: getattr(erp, part).records.values()


def _balances(erp: Erp, _floor_us: int) -> Iterable[Any]:
    return [(*key, *balance) for key, balance in sorted(erp.ledger.balances.items())]


_TABLES = (
    Table("customer", lambda erp, floor_us: erp.customers.changed_since(floor_us), _customer_columns()),
    Table("transaction", _transactions, _transaction_columns()),
    *(Table(name, _own(part), columns) for name, (part, columns) in _TRANSACTIONS.items()),
    Table(
        "item",
        lambda erp, _floor_us: erp.catalogue.items.values(),
        {
            "id": lambda erp, row: int(row.id),
            "externalid": lambda erp, row: row.external_id,
            "itemid": lambda erp, row: row.sku,
            "custitem_kind": lambda erp, row: row.kind,
            "revenuerecognitionrule": lambda erp, row: row.revenue_rule,
        },
    ),
    Table(
        "subsidiary",
        lambda erp, _floor_us: erp.catalogue.subsidiaries.values(),
        {
            "id": lambda erp, row: int(row.number),
            "externalid": lambda erp, row: row.id,
            "name": lambda erp, row: row.name,
            "currency": lambda erp, row: row.currency,
            "country": lambda erp, row: row.country or None,
        },
    ),
    Table(
        "accountingperiod",
        lambda erp, _floor_us: erp.desk.book.table("period").values(),
        {
            "id": lambda erp, row: row.id,
            "periodname": lambda erp, row: f"{row.start:%Y-%m}",
            "subsidiary": lambda erp, row: row.entity,
            "module": lambda erp, row: row.module,
            "startdate": lambda erp, row: row.start,
            "enddate": lambda erp, row: row.end - timedelta(days=1),
            "closed": lambda erp, row: "T" if row.status in ("closed", "locked") else "F",
            "status": lambda erp, row: row.status,
        },
    ),
    Table(
        "accountbalance",
        _balances,
        {
            "subsidiary": lambda erp, row: row[0],
            "currency": lambda erp, row: row[1],
            "account": lambda erp, row: row[2],
            "accountname": lambda erp, row: ACCOUNTS[row[2]],
            "foreignamount": lambda erp, row: major(row[3], row[1]),
            "amount": lambda erp, row: major(row[4], erp.catalogue.subsidiaries[row[0]].currency),
        },
    ),
)
TABLES: Mapping[str, Table] = {table.name: table for table in _TABLES}
"""Tables by lower-case name; `accountbalance` stands for the vendor's saved search of balances by account."""
