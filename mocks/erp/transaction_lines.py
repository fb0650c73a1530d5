"""The lines of transactions as SuiteQL sees them.

Lines carry the vendor's signs: the main line has the sign of the transaction, the lines of what was sold the opposite
one, as the ledger has [K].
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from domain.objects import Line
from mocks.erp.amounts import major
from mocks.erp.model import Erp
from mocks.erp.sql_functions import Value
from mocks.erp.sql_tables import Getter, Table

LineRow = tuple[str, Line | None, int, int, str, Any]
"""(transaction id, line or None for the main line, sequence number, signed amount, currency, record)."""


_WITH_LINES: Mapping[str, int] = {
    "orders": 1, "invoices": 1, "credit_memos": -1, "estimates": 1, "opportunities": 1, "returns": 1,
}  # fmt: skip
"""Part of the ERP whose records have lines -> the sign of their main line."""


def _line_rows(erp: Erp, _floor_us: int) -> Iterator[LineRow]:
    for part, sign in _WITH_LINES.items():
        for record in getattr(erp, part).records.values():
            doc = getattr(record, "doc", record)
            yield from _lines(doc.id, doc.lines, doc.total_minor, sign, doc.currency, record)


def _lines(
    key: str, lines: Sequence[Line], total_minor: int, sign: int, currency: str, record: Any
) -> Iterator[LineRow]:
    yield key, None, 0, sign * total_minor, currency, record
    for number, line in enumerate(lines, 1):
        yield key, line, number, -sign * line.amount_minor, currency, record


def _of_line(getter: Callable[[Line], Value]) -> Getter:
    return lambda erp, row: getter(row[1]) if row[1] is not None else None


def _item_id(erp: Erp, row: LineRow) -> Value:
    found = erp.catalogue.skus.get(row[1].sku) if row[1] is not None else None
    return int(found.id) if found is not None else None


def _quantity(erp: Erp, row: LineRow) -> Value:
    if row[1] is None:
        return None
    return row[1].quantity if row[3] > 0 else -row[1].quantity


def _lines_of(erp: Erp, transaction: str) -> list[LineRow]:
    rows: list[LineRow] = []
    for part, sign in _WITH_LINES.items():
        record = getattr(erp, part).records.get(transaction)
        if record is not None:
            doc = getattr(record, "doc", record)
            rows += _lines(doc.id, doc.lines, doc.total_minor, sign, doc.currency, record)
    return rows


LINE_TABLE = Table(
    "transactionline",
    _line_rows,
    {
        "transaction": lambda erp, row: int(row[0]),
        "id": lambda erp, row: row[2],
        "linesequencenumber": lambda erp, row: row[2],
        "uniquekey": lambda erp, row: f"{row[0]}-{row[2]}",
        "mainline": lambda erp, row: "T" if row[1] is None else "F",
        "taxline": lambda erp, row: "F",
        "item": _item_id,
        "quantity": _quantity,
        "rate": lambda erp, row: major(row[1].unit_minor, row[4]) if row[1] is not None else None,
        "foreignamount": lambda erp, row: major(row[3], row[4]),
        "netamount": lambda erp, row: major(row[3], row[4]),
        "custcol_kind": _of_line(lambda line: line.kind),
        "custcol_months": _of_line(lambda line: line.months),
        "custcol_period_start": _of_line(lambda line: line.period_start.isoformat() if line.period_start else None),
        "custcol_period_end": _of_line(lambda line: line.period_end.isoformat() if line.period_end else None),
        "isclosed": lambda erp, row: "T" if row[2] - 1 in getattr(row[5], "closed", ()) else "F",
    },
    {"item": _of_line(lambda line: line.sku)},
    {"transaction": lambda erp, key: _lines_of(erp, key)},
)
"""The lines of all transactions that have some."""
