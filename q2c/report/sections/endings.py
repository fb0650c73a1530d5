"""Endings: how far each lifecycle got, and where it stood at the end."""

from __future__ import annotations

from contracts.checks.stages import ENDS, OURS
from q2c.report.gathered import Gathered
from q2c.report.journeys import STEPS
from q2c.report.names import KINDS, STAGES
from web.blocks import Block, Cell, Section, Table, columns, row
from web.charts import Bars, Chart
from web.words import count, counted, share

_TONES = {"new": ("--series-1", ""), "renew": ("--series-3", "/"), "amend": ("--series-2", ".")}


def section(gathered: Gathered) -> Section:
    """Return where every accepted quote ended, and how far each got."""
    blocks: list[Block] = [_ended(gathered), _reached(gathered)]
    if gathered.journeys.late:
        blocks.append(_late(gathered))
    return Section("endings", "Where each lifecycle ended", tuple(blocks))


def _kinds(counts: dict[tuple[str, str], int]) -> list[str]:
    return [kind for kind in KINDS if any(kind == other for _, other in counts)]


def _ended(gathered: Gathered) -> Chart:
    journeys = gathered.journeys
    stages, kinds = journeys.stages, _kinds(journeys.ended)
    done = sum(journeys.count(stage) for stage in ENDS)
    ours = sum(journeys.count(stage) for stage in OURS)
    summary = (
        f"Of {counted(journeys.total, 'accepted quote')}, {count(done)} came to an end, "
        f"{count(journeys.total - done - ours)} wait for somebody or for "
        f"a date, and {count(ours)} were still being worked on."
    )
    return _bars(
        "ended", "Where accepted quotes stood when the run ended", summary, "quotes",
        [STAGES[stage] for stage in stages],
        [(kind, [journeys.ended.get((stage, kind), 0) for stage in stages]) for kind in kinds],
    )  # fmt: skip


def _reached(gathered: Gathered) -> Chart:
    reached = gathered.journeys.reached
    kinds = _kinds(reached)
    firsts = sum(number for (step, kind), number in reached.items() if step == "accepted" and kind != "amend")
    paid = sum(number for (step, kind), number in reached.items() if step == "paid" and kind != "amend")
    summary = (
        f"{count(paid)} of {counted(firsts, 'new order or renewal', 'new orders and renewals')} were paid by the end "
        f"({share(paid, firsts)}); what is not yet due is not late. An amendment's journey ends in billing, where its "
        "terms apply."
    )
    return _bars(
        "reached", "How far they got", summary, "quotes", [f"{step}" for step in STEPS],
        [(kind, [reached.get((step, kind), 0) for step in STEPS]) for kind in kinds],
    )  # fmt: skip


def _bars(key: str, title: str, summary: str, unit: str, labels: list[str], rows: list[tuple[str, list[int]]]) -> Chart:
    table = Table(
        caption=title, columns=columns("stage", *(f"#{KINDS[kind]}" for kind, _ in rows), "#all"),
        rows=tuple(
            row(label, *(count(values[i]) for _, values in rows), count(sum(values[i] for _, values in rows)))
            for i, label in enumerate(labels)
        ),
    )  # fmt: skip
    traces = tuple(
        Bars(
            name=KINDS[kind], labels=tuple(labels), values=tuple(values), tone=_TONES[kind][0], pattern=_TONES[kind][1]
        )
        for kind, values in rows
    )
    return Chart(
        id=key, title=title, summary=summary, traces=traces, x_title=unit, y_title="", table=table,
        height=130 + 30 * max(1, len(labels)),
    )  # fmt: skip


def _late(gathered: Gathered) -> Table:
    late = gathered.journeys.late
    return Table(
        caption=f"Left undone for longer than systems may take ({count(len(late))})",
        columns=columns("quote", "kind", "stands at", "document"),
        rows=tuple(
            row(each.reference, KINDS.get(each.kind, each.kind), Cell(STAGES[each.stage], "bad"), each.document)
            for each in late[:50]
        ),
    )  # fmt: skip
