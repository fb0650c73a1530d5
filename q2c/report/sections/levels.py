"""Levels: service levels and key figures, each with its target."""

from __future__ import annotations

from contracts.checks.kpi import KpiResult
from contracts.checks.sla import NORMAL, SLAS, SlaResult
from domain.calendar import SECOND_US
from q2c.report.gathered import Gathered
from q2c.report.names import level
from q2c.report.targets import TARGETS, figure, label_of
from web.blocks import Cell, Section, Table, Text, columns, row
from web.words import NOTHING, count, duration

_TONES = {"met": "good", "missed": "bad", "unknown": ""}
_ELSEWHERE = frozenset({"K-17"})
"""Shown in a section of their own."""
_CLOCKS = {sla.id: f"{sla.starts} to {sla.stops}" for sla in SLAS} | {"SLA-3": "subscription active to first invoice"}
"""What starts and what stops the clock of each; of SLA-3 what is measured, which is the first invoice alone."""


def section(gathered: Gathered) -> Section:
    """Return the tables of service levels and key figures."""
    note = (
        "A missed target is not a broken rule: the checks say what is wrong, these tables say how fast and how well. "
        "Clocks run day and night, those of people (marked so) from Monday to Friday; what people do, and how fast, is "
        "the scenario's word, not the integration's. The last three business days of the quarter have targets of their "
        "own. SLA-2 counts an order's wait for credit, too. "
        "SLA-8 counts what a case takes beyond its own due time. SLA-3 counts the first invoice of a subscription, "
        "which billing makes as it activates it: 0 s unless something is in the way. K-13 counts payments that a "
        "customer's bank disputed; an objection to an invoice is none, though both come to people as PAYMENT.DISPUTE."
    )
    return Section("levels", "Service levels and key figures", (Text(note), _slas(gathered), _kpis(gathered)))


def _slas(gathered: Gathered) -> Table:
    shown = [result for result in gathered.slas if result.count]
    return Table(
        caption="Service levels",
        columns=columns(
            "service level", "clock", "days", "target", "result", "#attained", "#p50", "#p95", "#p99", "#longest"
        ),
        rows=tuple(_sla(result) for result in shown), empty="No clock ran.",
    )  # fmt: skip


def _sla(result: SlaResult) -> tuple[Cell, ...]:
    spans = (result.p50_seconds, result.p95_seconds, result.p99_seconds, result.max_seconds)
    return row(
        level(result), _CLOCKS[result.sla], "normal" if result.column == NORMAL else "last 3 days",
        target_of(result), Cell(result.status, _TONES[result.status]), f"{attained(result)} of {count(result.count)}",
        *(duration(round(seconds * SECOND_US)) for seconds in spans),
    )  # fmt: skip


def target_of(result: SlaResult) -> str:
    """Return a target in words."""
    within = f"in {duration(result.target.seconds * SECOND_US)}" if result.target.seconds else "when due"
    return f"{result.target.percent:g} % {within}"


def attained(result: SlaResult) -> str:
    """Return the share that was within the target; only all is 100 %."""
    if not result.count:
        return NOTHING
    return "100 %" if result.attained_percent >= 100 else f"{int(result.attained_percent * 10) / 10:.1f} %"


def _kpis(gathered: Gathered) -> Table:
    return Table(
        caption="Key figures", columns=columns("key figure", "values", "#measured on", "target", "result"),
        rows=tuple(_kpi(kpi) for kpi in gathered.kpis if kpi.kpi not in _ELSEWHERE),
    )  # fmt: skip


def _kpi(kpi: KpiResult) -> tuple[Cell, ...]:
    values = _values(kpi) if kpi.count else NOTHING
    target, met = TARGETS.get(kpi.kpi, ("", None))
    if met is None or not kpi.count:
        return row(f"{kpi.kpi} {kpi.title}", values, count(kpi.count), target, "")
    status = "met" if met(kpi) else "missed"
    return row(f"{kpi.kpi} {kpi.title}", values, count(kpi.count), target, Cell(status, _TONES[status]))


def _values(kpi: KpiResult) -> str:
    if kpi.unit == "minor units":
        return ", ".join(figure(kpi.unit, label, value) for label, value in kpi.values)
    if kpi.unit == "count" and len(kpi.values) > 1:  # buckets: the empty ones say nothing
        return ", ".join(f"{label}: {figure(kpi.unit, label, value)}" for label, value in kpi.values if value) or "none"
    return ", ".join(f"{label_of(kpi.unit, label)} {figure(kpi.unit, label, value)}" for label, value in kpi.values)
