"""The state browser: kinds, documents, and one document with its history and its chart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import msgspec

from mocks.admin.observer import Observer
from mocks.admin.shapes import ChartShown, DocumentDetail, DocumentRow, Documents, Step, Wrong
from mocks.crm.model import Crm
from mocks.kernel.book import Book
from mocks.kernel.service import Service

PAGE = 100


def tables(service: Service) -> dict[str, Any]:
    """Return the entries of a system by kind and id: its book, and the records of the CRM's own store."""
    book = service.desk.book
    found: dict[str, Any] = {kind: book.table(kind) for kind in book.kinds()}
    if isinstance(service.model, Crm):
        store = service.model.store
        for name, rows in store.tables.items():
            found.setdefault(name, _Records(rows, [field.name for field in store.schema.exact[name].fields]))
    return {kind: table for kind, table in sorted(found.items()) if table}


class _Records(Mapping[str, Any]):
    """The records of one object with the names of their fields."""

    def __init__(self, rows: Mapping[str, Any], names: list[str]) -> None:
        self._rows, self._names = rows, names

    def __getitem__(self, key: str) -> Any:
        return dict(zip(self._names, self._rows[key], strict=False))

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __reversed__(self) -> Iterator[str]:
        return reversed(list(self._rows))

    def __len__(self) -> int:
        return len(self._rows)


def product_codes(crm: Service) -> list[str]:
    """Return the codes of the products in the catalogue of the CRM."""
    return [product["ProductCode"] for product in tables(crm).get("Product2", {}).values()]


def kinds(service: Service) -> dict[str, int]:
    """Return how many entries of each kind there are."""
    return {kind: len(table) for kind, table in tables(service).items()}


def documents(
    service: Service, kind: str, *, status: str = "", txn: str = "", text: str = "", limit: int = PAGE
) -> Documents:
    """Return the documents of a kind that fit, the newest first; `text` must be part of the id or the entry."""
    book = service.desk.book
    table = _table(service, kind)
    rows = (_row(book, kind, key) for key in reversed(table))
    found = (
        row
        for row in rows
        if status in ("", row.status)
        and txn in ("", row.txn)
        and (not text or text in row.id or text in str(plain(table[row.id])))
    )
    return Documents(
        system=service.name, kind=kind, count=len(table), documents=list(islice(found, max(0, min(limit, 1000))))
    )


def document(service: Service, observer: Observer, kind: str, key: str) -> DocumentDetail:
    """Return one document in full; raise Wrong when there is none."""
    book = service.desk.book
    entry = _table(service, kind).get(key)
    if entry is None:
        raise Wrong(f"{service.name} has no {kind} {key!r}", 404)
    changes = observer.changes(service.name, kind, key)
    steps = [Step(at_us=each.at_us, before=each.before, status=each.status, cause=each.cause) for each in changes]
    return DocumentDetail(
        system=service.name, kind=kind, row=_row(book, kind, key), entry=plain(entry),
        document=plain(changes[-1].document) if changes else None, history=steps,
        chart=_chart(book, kind, book.status(kind, key)),
    )  # fmt: skip


def _table(service: Service, kind: str) -> Any:
    found = tables(service)
    if kind not in found:
        raise Wrong(f"{service.name} has no {kind!r}; it has: {', '.join(found) or 'nothing yet'}", 404)
    return found[kind]


def _row(book: Book, kind: str, key: str) -> DocumentRow:
    return DocumentRow(id=key, status=book.status(kind, key), txn=book.txn_of(key))


def _chart(book: Book, kind: str, status: str) -> ChartShown | None:
    chart = book.chart(kind)
    if chart is None:
        return None
    return ChartShown(
        name=chart.name, states=list(chart.states), next=list(chart.targets(status)), is_final=chart.is_final(status)
    )


def plain(value: Any) -> Any:
    """Return any entry as plain values; what has no plain form is shown as text."""
    try:
        return msgspec.to_builtins(value, enc_hook=_shown, str_keys=True)
    except (TypeError, ValueError, RecursionError):
        return str(value)


def _shown(value: Any) -> Any:
    if isinstance(value, frozenset | set):
        return sorted(map(str, value))
    fields = getattr(value, "__dict__", None)
    return {name: str(each) for name, each in fields.items()} if fields else str(value)
