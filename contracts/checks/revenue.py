"""Revenue over time: schedules add up to their price, and what the ledger defers is what is not earned yet (M9).

The arithmetic is this module's own: a slice is the share of its days, to within a minor unit, whoever takes the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction

import msgspec

from contracts.checks.facts import Facts
from contracts.checks.ledger import REVENUE_RUN
from contracts.checks.lives import Life, document_of
from contracts.checks.verdict import Findings, Tally
from domain.currency import exponent
from domain.history import Changed
from domain.money import said
from domain.objects import Entry, Line, RevenueSchedule

DEFERRED = "2200"
_DOCUMENTS = {"invoice": 1, "credit_memo": -1}
_DAY = timedelta(days=1)
Books = tuple[str, str]


class Source(msgspec.Struct, gc=False):
    """An invoice or credit memo that defers revenue: its lines, what they plan, what its entry defers and its rate."""

    life: Life
    sign: int
    lines: dict[str, Line]
    planned_minor: int = 0
    deferred_minor: int = 0
    rate: str = "1"
    base: str = ""
    schedules: list[Changed] = []


def revenue_adds_up(facts: Facts) -> Findings:
    """Revenue is planned day by day to the price of its line, and the ledger defers what is not earned yet."""
    tally = Tally("M9")
    sources = _sources(facts)
    for change in facts.history.changes("revenue_schedule", "erp"):
        tally.examined += 1
        schedule = document_of(change)
        source = sources.get(schedule.invoice)
        problem = _schedule_problem(schedule, source)
        if problem:
            tally.violation(change.txn, f"revenue schedule {change.id} {problem}", change, entities=(change.id,))
        if source is not None:
            source.planned_minor += schedule.total_minor
            source.schedules.append(change)
    entries = list(_deferring(facts, sources))
    for source in sources.values():
        _deferred_as_planned(tally, source)
    _runs_add_up(tally, sources, entries)
    _roll_forward(tally, facts, sources, entries)
    return tally.findings()


def _sources(facts: Facts) -> dict[str, Source]:
    return {
        life.id: Source(life, sign, {line.id: line for line in life.document.lines})
        for kind, sign in _DOCUMENTS.items()
        for life in facts.lives(kind, "erp").values()
    }


def _schedule_problem(schedule: RevenueSchedule, source: Source | None) -> str:
    line = source.lines.get(schedule.line) if source is not None else None
    if source is None or line is None:
        return f"is of line {schedule.line} of {schedule.invoice}, which nobody posted"
    if schedule.total_minor != source.sign * line.amount_minor:
        wanted = said(source.sign * line.amount_minor, schedule.currency)
        return f"plans {said(schedule.total_minor, schedule.currency)} for a line of {wanted}"
    sliced = sum([amount for _, amount in schedule.slices])
    if sliced != schedule.total_minor:
        total = said(schedule.total_minor, schedule.currency)
        return f"has slices that add up to {said(sliced, schedule.currency)}, not to {total}"
    return _slices_problem(schedule, line)


def _slices_problem(schedule: RevenueSchedule, line: Line) -> str:
    """Tell what is wrong with the dates or the shares of the slices; a rounded slice is off by half a unit at most."""
    if line.period_start is None or line.period_end is None:
        return f"spreads line {line.id}, which has no service period"
    days, total, begun = (line.period_end - line.period_start).days, schedule.total_minor, line.period_start
    last = len(schedule.slices) - 1
    for index, (day, amount) in enumerate(schedule.slices):
        if not begun <= day < line.period_end:
            earned = said(amount, schedule.currency)
            return f"earns {earned} on {day}, out of turn or outside of {line.period_start} to {line.period_end}"
        own = (day - begun).days + 1
        if abs(amount * days - total * own) > days * (1 + last * (index == last)):
            earned = f"{said(amount, schedule.currency)} of {said(total, schedule.currency)}"
            return f"earns {earned} by {day}, for {own} of {days} days"
        begun = day + _DAY
    return "" if begun == line.period_end else f"leaves the days from {begun} to {line.period_end} out"


def _deferring(facts: Facts, sources: dict[str, Source]) -> Iterator[Changed]:
    """Yield the entries that move deferred revenue, and note with each document what its own entry defers."""
    for change in facts.history.changes("entry", "erp"):
        entry: Entry = document_of(change)
        kind, _, number = entry.source.partition("/")
        source = sources.get(number) if kind in _DOCUMENTS else None
        if source is not None and not change.before:
            source.rate, source.base = entry.rate, entry.base_currency
        moved = sum([posting.amount_minor for posting in entry.postings if posting.account == DEFERRED])
        if change.before or not (moved or entry.source.startswith(REVENUE_RUN)):
            continue
        if source is not None:
            source.deferred_minor -= moved
        yield change


def _deferred_as_planned(tally: Tally, source: Source) -> None:
    if not source.planned_minor and not source.deferred_minor:
        return
    tally.examined += 1
    if source.planned_minor != source.deferred_minor:
        life = source.life
        currency = life.document.currency
        sentence = (
            f"{life.name} defers {said(source.deferred_minor, currency)} in the ledger, "
            f"its schedules plan {said(source.planned_minor, currency)}"
        )
        tally.violation(life.txn, sentence, life.first, *source.schedules[:3], entities=(life.name,))


# --- what is recognised ---------------------------------------------------------------------------------------------


class Waiting(msgspec.Struct, gc=False):
    """Slices of one day that are not earned yet: by rate their sum, and how many roundings are in it.

    Each slice is rounded, in its currency and in base currency; the last of a schedule takes what all others left.
    """

    by_rate: dict[tuple[str, str], int]
    roundings: dict[tuple[str, str], int]


def _runs_add_up(tally: Tally, sources: dict[str, Source], entries: list[Changed]) -> None:
    """Each run recognises what was planned by then for the months through its own, and nothing twice."""
    runs = [change for change in entries if document_of(change).source.startswith(REVENUE_RUN)]
    if not runs:
        return
    planned = sorted(
        ((change, source) for source in sources.values() for change in source.schedules),
        key=lambda pair: pair[0].at_us,
    )
    waiting: dict[Books, dict[date, Waiting]] = {}
    index = 0
    for run in runs:
        while index < len(planned) and planned[index][0].at_us <= run.at_us:
            _wait(waiting, *planned[index])
            index += 1
        tally.examined += 1
        _run_adds_up(tally, waiting, run)


def _wait(waiting: dict[Books, dict[date, Waiting]], change: Changed, source: Source) -> None:
    document = source.life.document
    days = waiting.setdefault((document.entity, document.currency), {})
    rate = (source.rate, source.base)
    slices = document_of(change).slices
    for number, (day, amount) in enumerate(slices, 1):
        due = days.get(day)
        if due is None:
            due = days[day] = Waiting({}, {})
        due.by_rate[rate] = due.by_rate.get(rate, 0) + amount
        due.roundings[rate] = due.roundings.get(rate, 0) + (number if number == len(slices) else 1)


def _run_adds_up(tally: Tally, waiting: dict[Books, dict[date, Waiting]], run: Changed) -> None:
    entry: Entry = document_of(run)
    month = entry.source.rpartition("/")[2]
    days = waiting.get((entry.entity, entry.currency), {})
    dues = [days.pop(day) for day in [day for day in days if f"{day:%Y-%m}" <= month]]
    wanted = sum([amount for due in dues for amount in due.by_rate.values()])
    released = [posting for posting in entry.postings if posting.account == DEFERRED]
    found = sum([posting.amount_minor for posting in released])
    if found != wanted:
        sentence = (
            f"entry {entry.id} recognises {said(found, entry.currency)} of {entry.entity} through {month}, "
            f"{said(wanted, entry.currency)} was planned by then"
        )
        tally.violation(run.txn, sentence, run, entities=(f"erp entry {entry.id}",))
    exact = sum([_in_base(amount, *rate, entry) for due in dues for rate, amount in due.by_rate.items()], Fraction(0))
    base = sum([posting.base_minor for posting in released])
    halves = [number * (1 + _in_base(1, *rate, entry)) for due in dues for rate, number in due.roundings.items()]
    if found == wanted and abs(base - exact) > max(Fraction(1), sum(halves, Fraction(0)) / 2):
        sentence = (
            f"entry {entry.id} recognises {said(base, entry.base_currency)} in base currency, "
            f"at the rates of their invoices the slices are worth {said(round(exact), entry.base_currency)}"
        )
        tally.violation(run.txn, sentence, run, entities=(f"erp entry {entry.id}",))


def _in_base(amount_minor: int, rate: str, base: str, entry: Entry) -> Fraction:
    shift = exponent(base or entry.base_currency) - exponent(entry.currency)
    return amount_minor * Fraction(rate) * Fraction(10) ** shift


def _roll_forward(tally: Tally, facts: Facts, sources: dict[str, Source], entries: list[Changed]) -> None:
    """What is deferred at the end is what was planned, less what was recognised and what people moved by hand."""
    closing: dict[Books, int] = {}
    moved: dict[Books, int] = {}
    for change in entries:
        entry: Entry = document_of(change)
        key = (entry.entity, entry.currency)
        amount = sum([posting.amount_minor for posting in entry.postings if posting.account == DEFERRED])
        closing[key] = closing.get(key, 0) - amount
        if entry.source.partition("/")[0] not in _DOCUMENTS:
            moved[key] = moved.get(key, 0) + amount
    for source in sources.values():
        document = source.life.document
        key = (document.entity, document.currency)
        if source.planned_minor:
            moved[key] = moved.get(key, 0) - source.planned_minor
    for key in sorted(closing.keys() | moved.keys()):
        tally.examined += 1
        entity, currency = key
        wanted = -moved.get(key, 0)
        if closing.get(key, 0) != wanted:
            sentence = (
                f"{entity} defers {said(closing.get(key, 0), currency)} at the end; what was planned less what was "
                f"recognised is {said(wanted, currency)}"
            )
            tally.violation("", sentence, (facts.context.horizon_us, f"account {DEFERRED} of {entity} in {currency}"))
