"""Calls: what the integration asked of each system, hour by hour, and what it heard."""

from __future__ import annotations

from domain.calendar import DAY_US, HOUR_US
from q2c.report.gathered import Gathered
from q2c.report.names import system
from q2c.report.sections.load import bands, played
from q2c.report.series import Calls
from web.blocks import Block, Fold, Section, Table, columns, row
from web.charts import Chart, Columns
from web.words import count, day, duration, share

_STYLES = (("ok", "--series-1", ""), ("failed", "--series-2", "/"), ("unknown", "--series-4", "x"))


def section(gathered: Gathered) -> Section:
    """Return the table of calls, and a chart for each system."""
    charts = tuple(_chart(gathered, calls) for calls in gathered.calls)
    blocks: list[Block] = [_table(gathered)]
    if charts:
        blocks += [charts[0], Fold("The other systems, hour by hour", charts[1:])] if len(charts) > 1 else [charts[0]]
    return Section("calls", "Calls to each system", tuple(blocks))


def _table(gathered: Gathered) -> Table:
    return Table(
        caption="Calls by system",
        columns=columns(
            "system", "#calls", "#ok", "#failed", "#unknown", "#throttled", "#repeats", "#repeat share",
            "#p50", "#p95", "#p99",
        ),
        rows=tuple(
            row(
                system(each.system), count(each.total), count(each.ok), count(each.failed), count(each.unknown),
                count(each.throttled), count(each.repeats), share(each.repeats, each.total), duration(each.p50_us),
                duration(each.p95_us), duration(each.p99_us),
            )
            for each in gathered.calls
        ),
        empty="The integration called nobody.",
    )  # fmt: skip


def _chart(gathered: Gathered, calls: Calls) -> Chart:
    start_us, end_us = played(gathered)
    hours = (end_us - start_us) // HOUR_US
    rows = [(name, calls.by_hour(name, start_us // HOUR_US, hours)) for name, _, _ in _STYLES]
    busiest = max((sum(values) for values in zip(*(values for _, values in rows), strict=True)), default=0)
    return Chart(
        id=f"calls-{calls.system}", title=f"Calls to {system(calls.system)}, per hour",
        summary=(
            f"{count(calls.total)} calls, at most {count(busiest)} in an hour; {count(calls.failed)} failed and "
            f"{count(calls.unknown)} ended without a known outcome."
        ),
        x_title="time (UTC)", y_title="calls per hour", bands=bands(gathered), range_us=(start_us, end_us), height=300,
        traces=tuple(
            Columns(name=name, start_us=start_us, step_us=HOUR_US, values=values, tone=tone, pattern=pattern)
            for (name, values), (_, tone, pattern) in zip(rows, _STYLES, strict=True)
        ),
        table=_by_day(rows, start_us, hours, system(calls.system)),
    )  # fmt: skip


def _by_day(rows: list[tuple[str, tuple[int, ...]]], start_us: int, hours: int, name: str) -> Table:
    sums: dict[int, list[int]] = {}
    for hour in range(hours):
        own = sums.setdefault((start_us + hour * HOUR_US) // DAY_US, [0] * len(rows))
        for i, (_, values) in enumerate(rows):
            own[i] += values[hour]
    return Table(
        caption=f"Calls to {name} by day (UTC)", columns=columns("day", *(f"#{outcome}" for outcome, _ in rows)),
        rows=tuple(row(day(number * DAY_US), *map(count, own)) for number, own in sums.items()),
    )  # fmt: skip
