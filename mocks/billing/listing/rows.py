"""Where the rows of a list come from: a table of records, or an index that answers the query."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from domain.calendar import SECOND_US
from mocks.billing.listing.query import Query
from mocks.billing.model import Billing
from mocks.billing.records import CreditNote, Invoice
from mocks.kernel.desk import Message
from mocks.kernel.tables import Table


def table(kind: str) -> Callable[[Billing, Query], Iterable[Any]]:
    """Return the finder of all records of a kind."""

    def rows(billing: Billing, _query: Query) -> Iterable[Any]:
        return billing.book.table(kind).values()

    return rows


def invoices(billing: Billing, query: Query) -> Iterable[Invoice]:
    invoices: Table[Invoice] = billing.book.table("invoice")
    status = query.equal.get("status")
    if status is not None:
        return [invoices[key] for key in billing.by_status.get(status, ())]
    if query.floor:  # whatever came of an invoice after that was saved with it
        return [invoices[key] for key in _saved_since(billing, max(query.floor.values()))]
    return invoices.values()


def _saved_since(billing: Billing, floor: int) -> Iterator[str]:
    """Yield the invoices that were saved from an instant in seconds on, the latest first."""
    for key, saved_us in reversed(billing.saved.items()):
        if saved_us < floor * SECOND_US:
            return
        yield key


def notes(billing: Billing, query: Query) -> Iterable[CreditNote]:
    invoice = query.equal.get("reference_invoice_id")
    if invoice is not None:
        found: Invoice | None = billing.book.get("invoice", invoice)
        return [billing.note(key) for key in found.notes] if found is not None else ()
    return _since(billing.book.table("credit_memo").values(), "created_us", query.floor.get("date"))


def events(billing: Billing, query: Query) -> Iterable[Message]:
    return _since(billing.events.values(), "occurred_us", query.floor.get("occurred_at"))


def _since(rows: Any, name: str, floor: int | None) -> Iterable[Any]:
    """Return rows, which are in order of time, from an instant in seconds on."""
    if floor is None:
        return rows  # type: ignore[no-any-return]
    found, floor_us = [], floor * SECOND_US
    for row in reversed(rows):
        if getattr(row, name) < floor_us:
            break
        found.append(row)
    return found
