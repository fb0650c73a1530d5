"""The tables of SuiteQL by name: customers, contacts, the set-up of the account, and the transactions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from domain.currency import EXPONENTS
from domain.objects import Period
from mocks.erp.amounts import major
from mocks.erp.catalogue import ACCOUNTS
from mocks.erp.model import Erp
from mocks.erp.sql_functions import Value
from mocks.erp.sql_tables import Table, by_shelf, instant_text
from mocks.erp.transactions import TRANSACTION_TABLES, customer_name


def currencies(erp: Erp) -> list[str]:
    """Return the currencies in use: those of the subsidiaries, of the rates, and of the customers."""
    used = {subsidiary.currency for subsidiary in erp.catalogue.subsidiaries.values()}
    used.update(erp.rates.currencies(), {record.currency for record in erp.customers.records.values()})
    return sorted(used)


def period_id(period: Period) -> str:
    """Return the internal id of a period as addresses can hold it: entity, module and month."""
    return period.id.replace("/", ".")


def _balances(erp: Erp, _floor_us: int) -> Iterable[Any]:
    return [(*key, *balance) for key, balance in sorted(erp.ledger.balances.items())]


def _subsidiary_name(erp: Erp, entity: str) -> Value:
    return erp.catalogue.subsidiaries[entity].name


_TABLES = (
    Table(
        "customer",
        lambda erp, floor_us: erp.customers.changed_since(floor_us),
        {
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
            "balance": lambda erp, row: major(erp.credit.owed_minor(row), row.currency),
            "unbilledorders": lambda erp, row: major(erp.credit.totals(row).unbilled_minor, row.currency),
            "isinactive": lambda erp, row: "F",
            "datecreated": lambda erp, row: instant_text(row.created_us),
            "lastmodifieddate": lambda erp, row: instant_text(row.modified_us),
        },
        {
            "subsidiary": lambda erp, row: _subsidiary_name(erp, row.entity),
            "terms": lambda erp, row: f"Net {row.terms_days}",
        },
        by_shelf("customers"),
    ),
    Table(
        "contact",
        lambda erp, _floor_us: erp.contacts.records.values(),
        {
            "id": lambda erp, row: int(row.id),
            "externalid": lambda erp, row: row.external_id or None,
            "firstname": lambda erp, row: row.first_name or None,
            "lastname": lambda erp, row: row.last_name or None,
            "email": lambda erp, row: row.email or None,
            "phone": lambda erp, row: row.phone or None,
            "company": lambda erp, row: row.company or None,
            "lastmodifieddate": lambda erp, row: instant_text(row.modified_us),
        },
        {"company": lambda erp, row: customer_name(erp, row.company)},
        by_shelf("contacts"),
    ),
    Table(
        "item",
        lambda erp, _floor_us: erp.catalogue.items.values(),
        {
            "id": lambda erp, row: int(row.id),
            "externalid": lambda erp, row: row.external_id,
            "itemid": lambda erp, row: row.sku,
            "itemtype": lambda erp, row: "Group" if row.components else "Service",
            "custitem_kind": lambda erp, row: row.kind,
            "revenuerecognitionrule": lambda erp, row: row.revenue_rule,
            "isinactive": lambda erp, row: "F",
        },
        {},
        {"id": lambda erp, key: [erp.catalogue.items[key]] if key in erp.catalogue.items else []},
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
        "currency",
        lambda erp, _floor_us: currencies(erp),
        {
            "id": lambda erp, row: row,
            "symbol": lambda erp, row: row,
            "name": lambda erp, row: row,
            "currencyprecision": lambda erp, row: EXPONENTS[row],
        },
    ),
    Table(
        "account",
        lambda erp, _floor_us: ACCOUNTS.items(),
        {
            "id": lambda erp, row: row[0],
            "acctnumber": lambda erp, row: row[0],
            "fullname": lambda erp, row: row[1],
        },
    ),
    Table(
        "accountingperiod",
        lambda erp, _floor_us: erp.desk.book.table("period").values(),
        {
            "id": lambda erp, row: period_id(row),
            "periodname": lambda erp, row: f"{row.start:%Y-%m}",
            "subsidiary": lambda erp, row: row.entity,
            "module": lambda erp, row: row.module,
            "startdate": lambda erp, row: row.start.isoformat(),
            "enddate": lambda erp, row: (row.end - timedelta(days=1)).isoformat(),
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
    *TRANSACTION_TABLES,
)
TABLES: Mapping[str, Table] = {table.name: table for table in _TABLES}
"""Tables by lower-case name; `accountbalance` stands for the vendor's saved search of balances by account."""
