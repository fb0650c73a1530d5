"""The terminal: the verdict in plain words, told from the document `verdict.json` alone."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from contracts.checks.sla import LAST_DAYS, NORMAL, SlaResult
from domain.money import said
from q2c.report.document import MoneyRow, VerdictDocument, read
from q2c.report.headline import WORDS
from q2c.report.sections.levels import attained
from q2c.report.stories import Told
from web.words import count, counted, duration, instant, listed, share

if TYPE_CHECKING:
    from q2c.rehearsing import Rehearsed

_COLOURS = {"holds": "green", "broken": "red", "unknown": "yellow", "good": "green", "bad": "red", "warn": "yellow"}
_TIMES = {"replay": "business"}
_STORIES_MAX = 5
_CLASSES_MAX = 8
_STEPS_MAX = 8


def show(rehearsed: Rehearsed, console: Console) -> None:
    """Print the verdict of a finished run; its folder must hold verdict.json already."""
    folder = rehearsed.folder
    tell(read(folder.verdict.read_bytes()), console, str(folder.report))


def tell(document: VerdictDocument, console: Console, report: str) -> None:
    """Print a verdict: what held or broke, the smallest stories, the key figures, and how to repeat the run."""
    _headline(document, console)
    for told in document.stories[:_STORIES_MAX]:
        _story(told, console)
    rest = len(document.stories) - _STORIES_MAX
    if rest > 0:
        console.print(f"  {counted(rest, 'more broken rule')}: the report tells their stories.\n")
    _unproved(document, console)
    _figures(document, console)
    _reconciliation(document, console)
    _cases(document, console)
    console.print()
    for label, text in (("repeat", document.repeat), ("report", report)):  # never wrapped, so that they can be copied
        console.print(Text.assemble("  ", (f"{label:8}", "dim"), text), soft_wrap=True)


def _headline(document: VerdictDocument, console: Console) -> None:
    console.print()
    colour = _COLOURS[document.status if document.word == WORDS[document.status] else "warn"]
    word = Text(f" {document.word} ", f"bold reverse {colour}")
    console.print(Text.assemble(word, "  ", (document.answer, "bold")))
    console.print()


def _story(told: Told, console: Console) -> None:
    console.print(Text.assemble(("  broken ", "red"), (f"{told.check} {told.title}", "bold"), f". {told.rule}"))
    steps = told.steps
    if len(steps) > _STEPS_MAX:
        steps = (*steps[: _STEPS_MAX - 2], *steps[-2:])
    grid = _grid()
    for at_us, text in steps:
        grid.add_row("", Text(instant(at_us, seconds=True), "dim"), text)
    console.print(grid)
    if told.more:
        console.print(f"         {counted(told.more, 'more violation')} of this rule.", style="dim")
    console.print()


def _unproved(document: VerdictDocument, console: Console) -> None:
    unknown = [check for check in document.checks if check.status == "unknown" and check.counted]
    for check in unknown:
        console.print(
            Text.assemble(("  unknown ", "yellow"), (f"{check.id} {check.title}", "bold"), f": {check.reason}")
        )
    if unknown:
        console.print()


def _figures(document: VerdictDocument, console: Console) -> None:
    parts = [
        counted(document.lifecycles, "lifecycle"),
        f"{duration(document.horizon_us - document.start_us)} of {_TIMES.get(document.engine, 'virtual')} time",
        counted(document.records, "record"),
    ]
    if document.mutant:
        parts.append(f"the integration broken on purpose ({document.mutant})")
    if document.run.play_seconds and document.engine != "replay":
        parts.append(f"played in {document.run.play_seconds:.1f} CPU seconds")
    if document.run.judge_seconds:
        parts.append(f"judged in {document.run.judge_seconds:.1f}")
    _line(console, "played", ", ".join(parts))
    for figure in document.figures:
        text = f"{figure.value} ({figure.note})" if figure.note else figure.value
        _line(console, figure.label.lower(), text, figure.tone)
    for column, name in ((LAST_DAYS, "last 3 days"), (NORMAL, "other days")):
        results = [sla for sla in document.slas if sla.sla == "SLA-2" and sla.column == column and sla.count]
        if results:
            tone = "" if all(sla.status == "met" for sla in results) else "warn"
            _line(console, f"signed to booked, {name}", "; ".join(map(_sla, results)), tone)
    missed = sorted({sla.sla for sla in document.slas if sla.status == "missed"})
    if missed and document.status != "holds":  # else they are the first that is said
        _line(console, "service levels missed", listed(missed), "warn")
    _costs(document, console)


def _sla(result: SlaResult) -> str:
    return f"{attained(result)} in {duration(result.target.seconds * 1_000_000)} (target {result.target.percent:g} %)"


def _costs(document: VerdictDocument, console: Console) -> None:
    costs = document.costs
    parts = [
        f"{counted(costs.faults_fired, 'fault')} struck",
        f"{counted(costs.repeated_calls, 'repeated call')} ({share(costs.repeated_calls, costs.calls)})",
        f"{counted(costs.unknown_outcomes, 'unknown outcome')}",
    ]
    if costs.crashes:
        parts.append(f"{counted(costs.crashes, 'restart')} ({duration(costs.crash_downtime_us)} away)")
    if costs.troubled_orders and costs.calm_orders:
        troubled, calm = duration(costs.troubled_p50_us), duration(costs.calm_p50_us)
        parts.append(f"{troubled} to book where a fault struck, {calm} elsewhere")
    _line(console, "what the faults cost", ", ".join(parts))


def _reconciliation(document: VerdictDocument, console: Console) -> None:
    by_currency: dict[str, list[MoneyRow]] = {}
    for row in document.reconciliation:
        by_currency.setdefault(row.amounts.currency, []).append(row)
    for currency, rows in sorted(by_currency.items()):
        pairs = (
            ("invoiced", _sum(rows, "invoiced_minor"), "posted", _sum(rows, "posted_minor")),
            ("captured", _sum(rows, "captured_minor"), "in the books", _sum(rows, "cash_minor")),
        )
        if not any(left or right for _, left, _, right in pairs):
            continue
        agree = all(left == right for _, left, _, right in pairs)
        text = "; ".join(_side_by_side(currency, *pair) for pair in pairs)
        _line(console, f"money in {currency}", text + ("; all agree" if agree else ""), "good" if agree else "warn")


def _sum(rows: list[MoneyRow], field: str) -> int:
    return sum(getattr(row.amounts, field) for row in rows)


def _side_by_side(currency: str, left: str, left_minor: int, right: str, right_minor: int) -> str:
    apart = f" ({said(abs(left_minor - right_minor), currency)} apart)" if left_minor != right_minor else ""
    return f"{left} {said(left_minor, currency)}, {right} {said(right_minor, currency)}{apart}"


def _cases(document: VerdictDocument, console: Console) -> None:
    cases = document.cases
    if not cases.classes:
        return
    _line(console, "exceptions", f"{counted(cases.opened, 'case')}, {count(cases.open)} still open")
    owners: Counter[str] = Counter()
    for each in cases.classes[:_CLASSES_MAX]:
        owners[each.owner] += each.opened
        still = f", {count(each.open)} open" if each.open else ""
        _line(console, "", f"{count(each.opened)} {each.code}, {each.owner}{still}")
    rest = cases.opened - sum(owners.values())
    if rest:
        _line(console, "", f"{count(rest)} of other classes")


def _line(console: Console, label: str, text: str, tone: str = "") -> None:
    grid = _grid(label_width=2)
    style = _COLOURS.get(tone, "")
    grid.add_row("", Text(label, "dim"), Text(text, style))
    console.print(grid)


def _grid(label_width: int = 9) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(width=label_width)
    grid.add_column(width=23 if label_width > 2 else 32, no_wrap=label_width > 2)
    grid.add_column(overflow="fold")
    return grid
