"""The load: what customers signed and what was booked, hour by hour, and closely around the cut-off."""

from __future__ import annotations

from domain.calendar import DAY_US, HOUR_US, midnight_us
from q2c.report.gathered import Gathered
from q2c.report.series import histogram
from web.blocks import Block, Section, Table, columns, row
from web.charts import Band, Chart, Line, Mark
from web.words import between, count, counted, day, instant, local_time

_CLOSE_BEFORE_US, _CLOSE_AFTER_US = 54 * HOUR_US, 12 * HOUR_US
QUARTER_HOUR_US = HOUR_US // 4


def section(gathered: Gathered) -> Section:
    """Return the load curves with the fault windows, and the cut-off entity by entity."""
    blocks: list[Block] = [_whole(gathered)]
    if gathered.cut_off.entities:
        blocks += [_close(gathered), _entities(gathered)]
    return Section("load", "Load and cut-off", tuple(blocks))


def bands(gathered: Gathered) -> tuple[Band, ...]:
    """Return the fault windows as bands of a chart."""
    return tuple(Band(window.start_us, window.end_us, window.text) for window in gathered.windows)


def cut_offs(gathered: Gathered) -> tuple[Mark, ...]:
    """Return each entity's cut-off as a mark of a chart."""
    cutoff = gathered.context.cutoff_date
    return tuple(Mark(midnight_us(cutoff, entity.zone), entity.id) for entity in gathered.context.entities)


def played(gathered: Gathered) -> tuple[int, int]:
    """Return the whole hours in which customers acted: from the start to a day after the last signature."""
    start_us = gathered.context.at_us // HOUR_US * HOUR_US
    last_us = max([*gathered.load.accepted_us[-1:], *gathered.load.booked_us[-1:], gathered.context.heal_us])
    end_us = min(last_us, gathered.context.horizon_us) + DAY_US
    return start_us, start_us + -(-(end_us - start_us) // HOUR_US) * HOUR_US


def _whole(gathered: Gathered) -> Chart:
    start_us, end_us = played(gathered)
    return _chart(gathered, "load", "Load, per hour", start_us, end_us, HOUR_US, _by_day(gathered, start_us, end_us))


def close_range(gathered: Gathered) -> tuple[int, int]:
    """Return the whole hours around the cut-offs."""
    marks = [mark.at_us for mark in cut_offs(gathered)] or [gathered.context.heal_us]
    start_us = (min(marks) - _CLOSE_BEFORE_US) // HOUR_US * HOUR_US
    return start_us, (max(marks) + _CLOSE_AFTER_US) // HOUR_US * HOUR_US


def _close(gathered: Gathered) -> Chart:
    start_us, end_us = close_range(gathered)
    table = _by_hour(gathered, start_us, end_us)
    title = "The last days, per quarter of an hour (dotted: each entity's cut-off)"
    return _chart(gathered, "load-close", title, start_us, end_us, QUARTER_HOUR_US, table)


def _chart(gathered: Gathered, key: str, title: str, start_us: int, end_us: int, step_us: int, table: Table) -> Chart:
    steps = (end_us - start_us) // step_us
    accepted = histogram(gathered.load.accepted_us, start_us, step_us, steps)
    booked = histogram(gathered.load.booked_us, start_us, step_us, steps)
    return Chart(
        id=key, title=title, summary=_summary(accepted, booked, start_us, step_us), x_title="time (UTC)",
        y_title="per hour" if step_us == HOUR_US else "per 15 minutes", table=table, bands=bands(gathered),
        marks=cut_offs(gathered), range_us=(start_us, end_us),
        traces=(
            Line(
                name="quotes accepted", start_us=start_us, step_us=step_us, values=accepted, tone="--series-1",
                filled=True,
            ),
            Line(
                name="orders booked", start_us=start_us, step_us=step_us, values=booked, tone="--series-2", dashed=True,
            ),
        ),
    )  # fmt: skip


def _summary(accepted: tuple[int, ...], booked: tuple[int, ...], start_us: int, step_us: int) -> str:
    if not any(accepted):
        return "No quote was accepted in this time."
    top = max(accepted)
    first_us = start_us + accepted.index(top) * step_us
    return (
        f"{counted(sum(accepted), 'quote')} accepted and {counted(sum(booked), 'order')} booked; the most signatures "
        f"({count(top)}) came {between(first_us, first_us + step_us)}."
    )


def _by_day(gathered: Gathered, start_us: int, end_us: int) -> Table:
    first_us = start_us // DAY_US * DAY_US
    days = -(-(end_us - first_us) // DAY_US)
    accepted = histogram(gathered.load.accepted_us, first_us, DAY_US, days)
    booked = histogram(gathered.load.booked_us, first_us, DAY_US, days)
    return Table(
        caption="Load by day (UTC)", columns=columns("day", "#quotes accepted", "#orders booked"),
        rows=tuple(row(day(first_us + i * DAY_US), count(accepted[i]), count(booked[i])) for i in range(days)),
    )  # fmt: skip


def _by_hour(gathered: Gathered, start_us: int, end_us: int) -> Table:
    hours = (end_us - start_us) // HOUR_US
    accepted = histogram(gathered.load.accepted_us, start_us, HOUR_US, hours)
    booked = histogram(gathered.load.booked_us, start_us, HOUR_US, hours)
    return Table(
        caption="Load around the cut-off by hour", columns=columns("hour from", "#quotes accepted", "#orders booked"),
        rows=tuple(row(instant(start_us + i * HOUR_US), count(accepted[i]), count(booked[i])) for i in range(hours)),
    )  # fmt: skip


def _entities(gathered: Gathered) -> Table:
    return Table(
        caption="Signed before the local cut-off, by legal entity",
        columns=columns(
            "entity", "cut-off, local", "cut-off, UTC", "#signed", "#booked in the quarter",
            "#with credit, sales or people",
            "#on credit hold past the cut-off", "#booked too late", "#not booked",
        ),
        rows=tuple(
            row(
                each.entity, local_time(each.cut_off_us, each.zone), instant(each.cut_off_us), count(each.signed),
                count(each.booked), count(each.waiting), count(each.held_over), count(each.late),
                count(each.missing),
            )
            for each in gathered.cut_off.entities
        ),
    )  # fmt: skip
