"""Waiting: the backlog before each system over time, and how it drained after each outage."""

from __future__ import annotations

from q2c.report.backlogs import Backlog, Drain
from q2c.report.gathered import Gathered
from q2c.report.names import system
from q2c.report.sections.load import bands, cut_offs, played
from q2c.report.series import DAY_US, HOUR_US
from web.blocks import Block, Cell, Group, Section, Table, columns, row
from web.charts import Chart, Line
from web.words import count, day, duration, instant

_STYLES = {
    "unbooked": ("--series-1", False),
    "unsubscribed": ("--series-2", False),
    "unposted": ("--series-3", True),
    "unapplied": ("--series-4", True),
    "unheard": ("--series-5", False),
    "unpaid": ("--series-4", False),
    "cases": ("--series-6", True),
}
_SLOW = frozenset({"unpaid", "cases"})
"""Backlogs of people and customers, which move in days and would flatten the others."""


def section(gathered: Gathered) -> Section:
    """Return the backlogs and their drains."""
    quick = [backlog for backlog in gathered.backlogs if backlog.id not in _SLOW and backlog.entered_us]
    slow = [backlog for backlog in gathered.backlogs if backlog.id in _SLOW and backlog.entered_us]
    blocks: list[Block] = [_drains(gathered)]
    if quick:
        blocks.append(Group("Between the systems", (_chart(gathered, "backlogs", "Waiting for a system", quick),)))
    if slow:
        blocks.append(Group("With people and customers", (_chart(gathered, "people", "Waiting for people", slow),)))
    return Section("backlog", "Backlog and drain", tuple(blocks))


def _chart(gathered: Gathered, key: str, title: str, backlogs: list[Backlog]) -> Chart:
    start_us, end_us = played(gathered)
    end_us = min(end_us, gathered.context.horizon_us)
    steps = (end_us - start_us) // HOUR_US
    rows = [(backlog, backlog.peaks(start_us, HOUR_US, steps)) for backlog in backlogs]
    return Chart(
        id=key, title=f"{title}, highest level in each hour", summary=_summary(rows, start_us), x_title="time (UTC)",
        y_title="waiting", table=_by_day(rows, start_us), bands=bands(gathered), marks=cut_offs(gathered),
        range_us=(start_us, end_us),
        traces=tuple(
            Line(
                name=backlog.title, start_us=start_us, step_us=HOUR_US, values=values, level=True,
                tone=_STYLES[backlog.id][0], dashed=_STYLES[backlog.id][1],
            )
            for backlog, values in rows
        ),
    )  # fmt: skip


def _summary(rows: list[tuple[Backlog, tuple[int, ...]]], start_us: int) -> str:
    sentences = []
    for backlog, values in rows:
        top = max(values, default=0)
        when = f" (first {instant(start_us + values.index(top) * HOUR_US)})" if top else ""
        sentences.append(
            f"{backlog.title}: at most {count(top)}{when}, {count(values[-1] if values else 0)} at the end"
        )
    return "; ".join(sentences).capitalize() + "."


def _by_day(rows: list[tuple[Backlog, tuple[int, ...]]], start_us: int) -> Table:
    hours = max((len(values) for _, values in rows), default=0)
    per_day: dict[int, list[int]] = {}
    for hour in range(hours):
        highest = per_day.setdefault((start_us + hour * HOUR_US) // DAY_US, [0] * len(rows))
        for i, (_, values) in enumerate(rows):
            highest[i] = max(highest[i], values[hour])
    return Table(
        caption="Highest level of each day (UTC)", columns=columns("day", *(f"#{backlog.title}" for backlog, _ in rows)),
        rows=tuple(row(day(number * DAY_US), *map(count, highest)) for number, highest in per_day.items()),
    )  # fmt: skip


def _drains(gathered: Gathered) -> Table:
    return Table(
        caption="What each window did to the backlogs that need its system",
        columns=columns("window", "backlog", "#before", "#at most", "back to its level", "#after the window"),
        rows=tuple(_drain(drain) for drain in gathered.drains),
        empty="No system was down or slow in this run.",
    )  # fmt: skip


def _drain(drain: Drain) -> tuple[Cell, ...]:
    backlog = f"{drain.backlog.title} ({system(drain.backlog.system)})"
    if drain.peak <= drain.before:
        return row(drain.window.text, backlog, count(drain.before), count(drain.peak), "did not grow", "")
    if drain.drained_us is None or drain.took_us is None:
        return row(drain.window.text, backlog, count(drain.before), count(drain.peak), Cell("never", "bad"), "")
    return row(
        drain.window.text, backlog, count(drain.before), count(drain.peak), instant(drain.drained_us, seconds=True),
        duration(drain.took_us),
    )  # fmt: skip
