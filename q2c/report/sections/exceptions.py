"""Exceptions: the cases that people had to handle, by class, owner and age."""

from __future__ import annotations

from q2c.report.gathered import Gathered
from web.blocks import Block, Cell, Section, Table, Text, columns, row
from web.words import count, duration


def section(gathered: Gathered) -> Section:
    """Return the exception cases."""
    cases = gathered.cases
    if not gathered.context.inside:
        told = Text("Only the reference integration tells of its exception cases; this one is a black box.")
        return Section("exceptions", "Exceptions", (told,))
    blocks: list[Block] = [
        Table(
            caption="Exception cases by class and owner",
            columns=columns("class", "owner", "#opened", "#resolved", "#open", "#past due", "#median age", "#oldest"),
            rows=tuple(
                row(
                    each.code, each.owner, count(each.opened), count(each.closed), count(each.open),
                    Cell(count(each.late), "warn") if each.late else count(each.late), duration(each.p50_us),
                    duration(each.longest_us),
                )
                for each in cases.classes
            ),
            empty="Nobody had to handle an exception.",
        )
    ]  # fmt: skip
    if cases.opened:
        blocks.append(
            Table(
                caption="Cases still open at the end, by age", columns=columns("age", "#cases"),
                rows=tuple(row(name, count(number)) for name, number in cases.open_by_age),
            )
        )  # fmt: skip
    return Section("exceptions", "Exceptions", tuple(blocks))
