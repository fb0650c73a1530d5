"""Totals of money by legal entity, currency and period, from the tables; and the documents behind them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from integration.analytics.store import Store

BOOKED, BILLED, CREDIT, CASH, TAX = "booked", "billed", "credit", "cash", "tax"
MEASURES = (BOOKED, BILLED, CREDIT, CASH, TAX)
_DOCUMENTS = {
    BOOKED: "SELECT reference, entity, currency, booked_day, total_minor, booked_us FROM orders WHERE booked_us",
    BILLED: "SELECT id, entity, currency, posted_day, total_minor, posted_us FROM invoices WHERE posted_us",
    TAX: "SELECT id, entity, currency, posted_day, tax_minor, posted_us FROM invoices WHERE posted_us",
    CREDIT: "SELECT id, entity, currency, day, amount_minor, issued_us FROM credits",
    CASH: "SELECT id, entity, currency, received_day, amount_minor, received_us FROM payments"
    " WHERE id IN (SELECT payment FROM applications)",
}
_TAX_CREDITED = "SELECT id, entity, currency, day, -tax_minor, issued_us FROM credits WHERE tax_minor"


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One document of one measure: its key in all systems, where it belongs, how much, and when it was known."""

    measure: str
    key: str
    entity: str
    currency: str
    period: str  # year and month of its business date
    amount_minor: int
    at_us: int = 0


class Total(msgspec.Struct, frozen=True, kw_only=True):
    """The money of one measure, entity, currency and period, and of how many documents."""

    measure: str
    entity: str
    currency: str
    period: str
    amount_minor: int
    documents: int


def documents(store: Store) -> list[Document]:
    """Return every document that events tell of: orders in full billing periods, credits positive, tax net of them."""
    found = []
    for measure, query in (*_DOCUMENTS.items(), (TAX, _TAX_CREDITED)):
        for key, entity, currency, day, amount_minor, at_us in store.rows(query):
            if currency is None or amount_minor is None or day is None:
                continue  # a part of its events is still missing
            found.append(Document(
                measure=measure, key=key, entity=entity, currency=currency, period=day[:7],
                amount_minor=amount_minor, at_us=at_us,
            ))  # fmt: skip
    return found


def totals(of: Iterable[Document]) -> list[Total]:
    """Return the sums of documents, in order of measure, entity, currency and period."""
    sums: dict[tuple[int, str, str, str], list[int]] = {}
    for each in of:
        place = (MEASURES.index(each.measure), each.entity, each.currency, each.period)
        row = sums.setdefault(place, [0, 0])
        row[0] += each.amount_minor
        row[1] += 1
    return [
        Total(measure=MEASURES[measure], entity=entity, currency=currency, period=period, amount_minor=amount,
              documents=count)
        for (measure, entity, currency, period), (amount, count) in sorted(sums.items())
    ]  # fmt: skip
