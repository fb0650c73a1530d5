"""Faults: what was planned, what struck, and where."""

from __future__ import annotations

from collections import Counter

from contracts.checks.exercise import Chance
from contracts.checks.pairs import pairs_of
from domain.calendar import HOUR_US
from domain.faults import CATALOGUE, Fault, Place
from q2c.report import matrix
from q2c.report.gathered import Gathered
from q2c.report.names import SYSTEMS, operation, struck_by, summary, system
from web.blocks import Block, Cell, Fold, Section, Table, Text, columns, row
from web.charts import Chart, Spans
from web.words import between, count, counted, duration, instant, sentence


def section(gathered: Gathered) -> Section:
    """Return the plan of faults, the windows, and the coverage matrix."""
    blocks: list[Block] = []
    if not gathered.context.faults:
        return Section("faults", "Faults", (Text("No fault was planned: this run shows a fair day."),))
    if gathered.windows:
        blocks.append(_windows(gathered))
    planned = {fault.kind for fault in gathered.context.faults}
    pairs = pairs_of(gathered.coverage, planned)
    blocks += [_plan(gathered), _matrix(gathered), Text(f"Of the planned kinds, {matrix.hit_of(pairs)}")]
    blocks.append(Fold("Every operation with every planned fault", (Text(matrix.KEY), *matrix.grids(pairs))))
    blocks.append(Fold("States of the business objects that the run visited", (matrix.states(gathered.coverage),)))
    blocks.append(Fold("Exception reasons that the run raised", (matrix.reasons(gathered.coverage),)))
    return Section("faults", "Faults: planned, fired, covered", tuple(blocks))


def _windows(gathered: Gathered) -> Chart:
    known = gathered.windows
    first_us = min(window.start_us for window in known)
    last_us = max(window.end_us for window in known)
    margin_us = max((last_us - first_us) // 20, HOUR_US)
    down = tuple((system(w.system), w.start_us, w.end_us) for w in known if w.is_outage)
    slow = tuple((system(w.system), w.start_us, w.end_us) for w in known if not w.is_outage)
    traces = [Spans(name="down", spans=down, tone="--bad")] if down else []
    traces += [Spans(name="slow or refusing", spans=slow, tone="--warn", pattern="/")] if slow else []
    return Chart(
        id="windows", title="When systems were in trouble",
        summary=sentence("; ".join(window.text for window in known)),
        traces=tuple(traces), x_title="time (UTC)", y_title="", range_us=(first_us - margin_us, last_us + margin_us),
        height=150 + 34 * len({window.system for window in known}),
        table=Table(
            caption="Windows", columns=columns("what", "from", "to", "#length"),
            rows=tuple(
                row(w.text.partition(",")[0], instant(w.start_us), instant(w.end_us), duration(w.end_us - w.start_us))
                for w in known
            ),
        ),
    )  # fmt: skip


def _plan(gathered: Gathered) -> Table:
    faults = gathered.context.faults
    return Table(
        caption="The plan, and what came of it",
        columns=columns("fault", "where", "when", "share", "#fired", "exercised"),
        rows=tuple(_planned(faults[chance.fault], chance, gathered) for chance in gathered.coverage.plan),
    )  # fmt: skip


def _planned(fault: Fault, chance: Chance, gathered: Gathered) -> tuple[Cell, ...]:
    kind = CATALOGUE.get(fault.kind)
    name = f"{kind.number} {kind.key.replace('_', ' ')}: {summary(fault)}" if kind else fault.kind
    where = " ".join(part for part in (struck_by(fault), operation(fault.operation), fault.txn) if part)
    context = gathered.context
    is_window = fault.end_us and fault.end_us - fault.start_us < context.heal_us - context.at_us
    when = between(fault.start_us, fault.end_us) if is_window else "until the faults end"
    return row(name, where, when, _share(fault), count(chance.fired), _exercised(chance))


def _share(fault: Fault) -> str:
    kind = CATALOGUE.get(fault.kind)
    if kind is not None and kind.place is Place.PROCESS:
        return f"at durable write {count(fault.count)}"
    if fault.nth:
        return f"the {fault.nth}. of each"
    return f"{fault.share_ppm / 10_000:g} %"


def _exercised(chance: Chance) -> Cell:
    if chance.fired:
        return Cell("yes", "good")
    if chance.is_suspicious:
        return Cell(f"never, in {counted(chance.opportunities, 'opportunity', 'opportunities')}", "bad")
    return Cell("no opportunity" if not chance.opportunities else "too few opportunities", "warn")


def _matrix(gathered: Gathered) -> Table:
    hits: Counter[tuple[str, str]] = Counter()
    for cell in gathered.coverage.cells:
        hits[cell.fault, cell.system or "integration"] += cell.hits
    kinds = sorted({fault for fault, _ in hits}, key=_order)
    struck = {name for _, name in hits}
    systems = [name for name in SYSTEMS if name in struck]
    return Table(
        caption="Coverage: how often each kind of fault struck each system",
        columns=columns("fault", *(f"#{system(name)}" for name in systems), "#all"),
        rows=tuple(
            row(
                kind.replace("_", " "), *(count(hits[kind, name]) if hits[kind, name] else "·" for name in systems),
                count(sum(hits[kind, name] for name in systems)),
            )
            for kind in kinds
        ),
        empty="No fault struck.",
    )  # fmt: skip


def _order(kind: str) -> tuple[str, str]:
    return (CATALOGUE[kind].number if kind in CATALOGUE else "", kind)
