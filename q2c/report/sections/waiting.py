"""Waiting: the backlog before each system over time, and how it drained after each outage."""

from __future__ import annotations

from domain.calendar import DAY_US, HOUR_US
from q2c.report.backlogs import Backlog, Drain
from q2c.report.gathered import Gathered
from q2c.report.names import system
from q2c.report.sections.load import QUARTER_HOUR_US, bands, close_range, cut_offs, played
from web.blocks import Block, Cell, Fold, Group, Section, Table, columns, row
from web.charts import Chart, Line
from web.words import count, day, duration, instant, sentence

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

_FINE_US = 6 * DAY_US
"""The longest time shown by the quarter of an hour."""

Rows = list[tuple[Backlog, tuple[int, ...]]]
"""Backlogs with their levels step by step."""


def section(gathered: Gathered) -> Section:
    """Return the backlogs and their drains."""
    quick = [backlog for backlog in gathered.backlogs if backlog.id not in _SLOW and backlog.entered_us]
    slow = [backlog for backlog in gathered.backlogs if backlog.id in _SLOW and backlog.entered_us]
    start_us, end_us = played(gathered)
    whole_us = (start_us, min(end_us, gathered.context.horizon_us))
    blocks: list[Block] = [_drains(gathered)]
    if quick:
        close = _chart(gathered, "backlogs-close", "Waiting for a system, the last days", quick, close_range(gathered))
        whole = _chart(gathered, "backlogs", "Waiting for a system, the whole run", quick, whole_us)
        blocks.append(Group("Between the systems", (close, Fold("The whole run", (whole,)))))
    if slow:
        people = _chart(gathered, "people", "Waiting for people and customers", slow, whole_us)
        blocks.append(Group("With people and customers", (people,)))
    return Section("backlog", "Backlog and drain", tuple(blocks))


def _chart(gathered: Gathered, key: str, title: str, backlogs: list[Backlog], range_us: tuple[int, int]) -> Chart:
    start_us, end_us = range_us
    step_us = QUARTER_HOUR_US if end_us - start_us <= _FINE_US else HOUR_US
    steps = (end_us - start_us) // step_us
    rows = [(backlog, backlog.peaks(start_us, step_us, steps)) for backlog in backlogs]
    unit = "hour" if step_us == HOUR_US else "quarter of an hour"
    return Chart(
        id=key, title=f"{title}: highest level in each {unit}", summary=_summary(rows, start_us, step_us),
        x_title="time (UTC)", y_title="waiting", table=_by_day(rows, start_us, step_us), bands=bands(gathered),
        marks=cut_offs(gathered), range_us=range_us,
        traces=tuple(
            Line(
                name=backlog.title, start_us=start_us, step_us=step_us, values=values, level=True,
                tone=_STYLES[backlog.id][0], dashed=_STYLES[backlog.id][1],
            )
            for backlog, values in rows
        ),
    )  # fmt: skip


def _summary(rows: Rows, start_us: int, step_us: int) -> str:
    sentences = []
    for backlog, values in rows:
        top = max(values, default=0)
        when = f" (first {instant(start_us + values.index(top) * step_us)})" if top else ""
        left = values[-1] if values else 0
        sentences.append(f"{backlog.title}: at most {count(top)}{when}, {count(left)} at the end")
    return sentence("; ".join(sentences))


def _by_day(rows: Rows, start_us: int, step_us: int) -> Table:
    per_day: dict[int, list[int]] = {}
    for step in range(max((len(values) for _, values in rows), default=0)):
        highest = per_day.setdefault((start_us + step * step_us) // DAY_US, [0] * len(rows))
        for i, (_, values) in enumerate(rows):
            highest[i] = max(highest[i], values[step])
    return Table(
        caption="Highest level of each day (UTC)",
        columns=columns("day", *(f"#{backlog.title}" for backlog, _ in rows)),
        rows=tuple(row(day(number * DAY_US), *map(count, highest)) for number, highest in per_day.items()),
    )


def _drains(gathered: Gathered) -> Table:
    return Table(
        caption="What each window did to the backlogs that need its system",
        columns=columns("window", "backlog", "#hour before", "#at most", "back to its level", "#after the window"),
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
