"""Showing: the answer of a setting as a sentence and as the parts of the page that are drawn anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from q2c.experiments import wording
from q2c.experiments.sections.shared import bands, close_range, comparison_table, fan_chart, marks
from simulator.experiments.answers import Happened
from simulator.experiments.bottlenecks import Resource
from simulator.experiments.comparison import Compared
from simulator.experiments.fans import Fan
from simulator.experiments.intervals import Interval
from simulator.experiments.metrics import metric_of
from web.blocks import Block, Figure, Figures, Section, Text
from web.words import count, counted, instant, listed

BOOKING = "within SLA-2"
MEASURES = (
    BOOKING, "p95 SLA-2", "within billed", "late", "late_amount", "lost", "lost_amount", "duplicates",
    "doubled_amount", "dead_letters",
)  # fmt: skip
"""What the page follows of every setting."""
_BACKLOGS = (("SLA-2", "Orders that wait to be booked"), ("billed", "Orders that wait for billing"))
_MONEY = (("lost", "lost_amount", "Lost"), ("duplicates", "doubled_amount", "Done twice"))


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What a setting changes, on the same seeds as the start: the measures that both have, in the order of MEASURES."""

    replications: int
    rows: tuple[Compared, ...]
    currency: str


def sentence(now: Happened, change: Change | None) -> str:
    """Return the answer: how many are in time, late, lost or doubled, what is busiest, and what the setting changed."""
    known = _known(now)
    parts = [f"{wording.label(BOOKING)} {wording.estimate(BOOKING, known[BOOKING])}"] if BOOKING in known else []
    parts += [f"{wording.estimate('late', known['late'])} late at the cut-off"] if "late" in known else []
    bad = [title.lower() for name, _, title in _MONEY if name in known and known[name].mean]
    parts.append(f"work is {listed(bad)} (the figures say how much)" if bad else "nothing is lost or done twice")
    busiest = _busiest(now)
    if busiest is not None:
        parts.append(
            f"the busiest resource is {wording.resource(busiest.station)} "
            f"({wording.share(busiest.busiest.mean)} in its busiest hour)"
        )
    return f"Over {counted(now.replications, 'quarter')}: {'; '.join(parts)}.{_changed(change)}"


def tone(change: Change | None) -> str:
    """Return whether the setting is surely better or worse than the start; neither where it is both or not sure."""
    if change is None:
        return "plain"
    tones = {wording.tone(metric_of(row.measure), row) for row in change.rows} - {""}
    return tones.pop() if len(tones) == 1 else "plain"


def sections(now: Happened, change: Change | None, started: Happened) -> tuple[Section, ...]:
    """Return the figures, the comparison with the start and the backlog over time."""
    return (
        Section("figures", "The figures", (figures(now),)),
        Section("compared", "Compared with where you started", tuple(_compared(change))),
        Section("backlog", "Backlog over time", tuple(_charts(now, started, change is not None))),
    )


def figures(now: Happened) -> Figures:
    """Return the numbers that matter."""
    known, found = _known(now), []
    if BOOKING in known:
        sure = wording.spread(BOOKING, known[BOOKING].half_width)
        found.append(Figure(
            label=wording.label(BOOKING), value=wording.share(known[BOOKING].mean), note=f"{sure}, 95 % interval"
        ))  # fmt: skip
    if "late" in known:
        worth = wording.estimate("late_amount", known["late_amount"], now.currency)
        found.append(Figure(
            label="Late at the cut-off", value=wording.estimate("late", known["late"]), note=f"worth {worth}",
            tone="bad" if known["late"].mean else "good",
        ))  # fmt: skip
    found += [_money(known, *each, now.currency) for each in _MONEY if each[0] in known]
    busiest = _busiest(now)
    if busiest is not None:
        share = wording.estimate("utilisation", busiest.busiest)
        note = f"{share} of it in use in the busiest hour, {instant(busiest.busiest_us)}"
        found.append(Figure(label="Busiest resource", value=wording.resource(busiest.station), note=note))
    return Figures(tuple(found))


def _money(known: Mapping[str, Interval], number: str, amount: str, title: str, currency: str) -> Figure:
    return Figure(
        label=title, value=wording.estimate(amount, known[amount], currency),
        note=f"{wording.estimate(number, known[number])} of them", tone="bad" if known[number].mean else "good",
    )  # fmt: skip


def _compared(change: Change | None) -> Iterator[Block]:
    if change is None:
        yield Text("This is where you started. Move something.")
        return
    rows = change.rows
    yield comparison_table("The start and the setting, same luck", rows, change.currency, ("started", "now"))
    yield Text(
        f"{count(change.replications)} pairs of quarters with the same customers and the same luck. A difference is "
        "called only where its 95 % interval leaves zero out."
    )


def _charts(now: Happened, started: Happened, is_changed: bool) -> Iterator[Block]:
    shaded, cut_offs = bands(now.spans), marks(now.cut_offs)
    is_empty = True
    for number, (of, title) in enumerate(_BACKLOGS):
        drawn = [("now", fan) for fan in _waiting(now, of)]
        before = [("where you started", fan) for fan in _waiting(started, of)] if is_changed else []
        lines = [*drawn, *before]
        if lines:
            is_empty = False
            range_us = close_range([fan for _, fan in lines], now.spans, now.cut_offs)
            yield fan_chart(f"backlog-{number}", title, "waiting", lines, range_us, shaded, cut_offs)
    if is_empty:
        yield Text("Nothing waits.")


def _waiting(answer: Happened, of: str) -> list[Fan]:
    return [fan for fan in answer.fans if (fan.quantity, fan.of) == ("waiting", of)]


def _changed(change: Change | None) -> str:
    if change is None:
        return ""
    rows = [row for row in change.rows if row.verdict in ("lower", "higher")]
    if not rows:
        return " No sure difference from where you started."
    said = [
        f"{wording.label(row.measure)} {wording.change(row.measure, row.difference, change.currency)}" for row in rows
    ]
    return f" Against where you started: {listed(said[:2])}."


def _known(answer: Happened) -> dict[str, Interval]:
    return {each.measure: each.interval for each in answer.estimates}


def _busiest(answer: Happened) -> Resource | None:
    found = [each for each in answer.resources if each.slots]
    return max(found, key=lambda each: each.busiest.mean, default=None)
