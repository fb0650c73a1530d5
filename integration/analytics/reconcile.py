"""Reconciliation: what events tell against what the ledgers say, document by document, and why they differ."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from integration.analytics.totals import Document

IN_FLIGHT, MISSING_EVENT, NOT_IN_LEDGER, OTHER_AMOUNT, OTHER_PERIOD, TWICE = (
    "in flight", "missing event", "not in the ledger", "different amount", "different period", "twice in the ledger",
)  # fmt: skip
SETTLE_SECONDS = 3600
"""How long an event may be ahead of, or behind, the ledger before that is a difference and not a delay."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One document on which events and ledger do not agree: what each says in minor units (None: nothing)."""

    cause: str
    measure: str
    key: str
    entity: str
    currency: str
    period: str
    told_minor: int | None
    ledger_minor: int | None

    @property
    def amount_minor(self) -> int:
        """What the events tell beyond the ledger."""
        return (self.told_minor or 0) - (self.ledger_minor or 0)


def differences(
    told: Iterable[Document], ledger: Iterable[Document], *, now_us: int, open_subjects: frozenset[str] = frozenset()
) -> list[Difference]:
    """Return every difference, those that time will heal last.

    `open_subjects` are keys whose flow has not ended or whose events have a gap: what is missing of them is in flight.
    """
    ours, doubled = _by_key(told)
    theirs, twice = _by_key(ledger)
    assert not doubled, "the tables hold a document once"
    found = [_difference(TWICE, None, each) for each in twice]
    for key in sorted({*ours, *theirs}):
        difference = _compared(ours.get(key), theirs.get(key), now_us, open_subjects)
        if difference is not None:
            found.append(difference)
    return sorted(found, key=lambda each: (each.cause == IN_FLIGHT, each.measure, each.key))


def _compared(told: Document | None, ledger: Document | None, now_us: int, open_: frozenset[str]) -> Difference | None:
    if told is None or ledger is None:
        known = told or ledger
        assert known is not None, "one of the two is there"
        is_young = now_us - known.at_us < SETTLE_SECONDS * 1_000_000
        if is_young or known.key in open_:
            return _difference(IN_FLIGHT, told, ledger)
        return _difference(MISSING_EVENT if told is None else NOT_IN_LEDGER, told, ledger)
    if (told.amount_minor, told.entity, told.currency) != (ledger.amount_minor, ledger.entity, ledger.currency):
        return _difference(OTHER_AMOUNT, told, ledger)
    return _difference(OTHER_PERIOD, told, ledger) if told.period != ledger.period else None


def _difference(cause: str, told: Document | None, ledger: Document | None) -> Difference:
    known = told or ledger
    assert known is not None, "one of the two is there"
    return Difference(
        cause=cause, measure=known.measure, key=known.key, entity=known.entity, currency=known.currency,
        period=known.period, told_minor=told.amount_minor if told else None,
        ledger_minor=ledger.amount_minor if ledger else None,
    )  # fmt: skip


def _by_key(documents: Iterable[Document]) -> tuple[dict[tuple[str, str], Document], list[Document]]:
    found: dict[tuple[str, str], Document] = {}
    again = []
    for each in documents:
        if (each.measure, each.key) in found:
            again.append(each)
        else:
            found[each.measure, each.key] = each
    return found, again
