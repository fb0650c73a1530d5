"""Mutants of proration: which days count, how many a month has, and from which day a change holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction

from domain.rounding import Rounding, round_ratio
from integration.effects import Call
from integration.flows import amendments, pauses
from integration.flows.amendments import Plan
from integration.systems.billing import InvoiceLine, Unused
from integration.systems.billing import calls as billing
from tests.mutants.mutant import Mutant, Patch
from tests.mutants.quiet_grounds import CARDS, CHANGES, PAUSES

_MONTH_DAYS = 30


def _inclusive_end() -> list[Patch]:
    covered = pauses._covered

    def to_the_last_day(line: InvoiceLine, rest: pauses.Days) -> list[pauses.Days]:
        return covered(line, (rest[0], rest[1] - timedelta(days=1)))

    return [Patch(pauses, "_covered", to_the_last_day)]


def _thirty_day_months() -> list[Patch]:
    def unused(charged: Sequence[InvoiceLine], taken: Sequence[InvoiceLine], rest: pauses.Days) -> list[Unused]:
        parts = []
        for line in charged:
            for start, end in pauses._covered(line, rest):
                days = _MONTH_DAYS * line.canonical().months
                amount_minor = round_ratio(Fraction(line.amount * (end - start).days, days), Rounding.HALF_UP)
                parts.append(Unused(line.id, amount_minor, start, end))
        return parts

    return [Patch(pauses, "unused", unused)]


def _full_credit() -> list[Patch]:
    return [Patch(billing.REFUNDS, "", "full"), Patch(billing.REFUNDS, "prorated", "full")]


def _effective_date_ignored() -> list[Patch]:
    effective_day = amendments.effective_day

    def next_month(plan: Plan, index: int) -> date:
        day = effective_day(plan, index)
        return (day.replace(day=1) + timedelta(days=32)).replace(day=1)

    return [Patch(amendments, "effective_day", next_month)]


def _charged_from_the_signature() -> list[Patch]:
    activate = billing.activate

    def at_once(subscription: str, start: date, key: str, txn: str) -> Call:
        return activate(subscription, start - timedelta(days=1), key, txn)

    return [Patch(billing, "activate", at_once)]


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        name="inclusive_end",
        group="proration",
        mistake="The day on which something ends is taken for its last day, so that a day too few is given back "
        "(catalogue 62: inclusive and exclusive ends meet in one interface).",
        caught_by=("O6",),
        ground=PAUSES,
        patches=_inclusive_end,
    ),
    Mutant(
        name="thirty_day_months",
        group="proration",
        mistake="What was not used is counted in months of thirty days, what was charged in days of the calendar "
        "(catalogue 62).",
        caught_by=("M1", "M8"),
        ground=PAUSES,
        patches=_thirty_day_months,
    ),
    Mutant(
        name="full_credit",
        group="proration",
        mistake="A cancellation gives back the whole period where its rest was agreed: one option of the vendor's "
        "request is taken for the other.",
        caught_by=("O2", "M14"),
        ground=CHANGES,
        patches=_full_credit,
    ),
    Mutant(
        name="effective_date_ignored",
        group="proration",
        mistake="A change holds from the next billing month and not from the day on which it was agreed to take effect "
        "(catalogue 61).",
        caught_by=("O2", "M10"),
        ground=CHANGES,
        patches=_effective_date_ignored,
    ),
    Mutant(
        name="charged_before_delivery",
        group="proration",
        mistake="A subscription begins on the day before it was delivered: the day on which delivery was ordered is "
        "sent, not the one on which it was complete.",
        caught_by=("O11",),
        ground=CARDS,
        patches=_charged_from_the_signature,
    ),
)
