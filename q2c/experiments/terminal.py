"""The terminal: an experiment in plain words, told from its document alone."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from q2c.experiments import wording
from simulator.experiments.answers import (
    Answer,
    Broke,
    Differs,
    Experiment,
    Happened,
    Optimise,
    Optimised,
    Search,
    Sensitive,
    Sweep,
    Swept,
)
from simulator.experiments.metrics import metric_of
from web.words import count, counted

_COLOURS = {"holds": "green", "broken": "red", "late": "red", "unknown": "yellow"}
_ROWS_MAX = 20
_ALWAYS = ("within", "late", "lost", "duplicates")
_SHOWN = (*_ALWAYS, "p95", "late_amount", "lost_amount", "doubled_amount", "dead_letters", "drain")
Lines = Iterator[tuple[str, ...]]
"""Rows of a table; the first one is its header."""


def tell(experiment: Experiment, console: Console, report: str) -> None:
    """Print an experiment: the answer, its figures, what it took, and how to repeat it."""
    console.print()
    word = Text(f" {experiment.word} ", f"bold reverse {_COLOURS[experiment.status]}")
    console.print(Text.assemble(word, "  ", (experiment.says, "bold")))
    console.print()
    console.print(_table(list(_lines(experiment))))
    console.print()
    effort = experiment.effort
    if effort is not None:
        found = f", {count(effort.found)} more were there" if effort.found else ""
        text = f"{counted(effort.made, 'run')} of {effort.engine}, {effort.executor}{found}"
        console.print(Text.assemble("  ", ("played  ", "dim"), text + _without_trouble(experiment.answer, effort.made)))
    for label, text in (("repeat", experiment.repeat), ("report", report)):
        console.print(Text.assemble("  ", (f"{label:8}", "dim"), text), soft_wrap=True)


def _without_trouble(answer: Answer | None, made: int) -> str:
    """Say how many runs show what each trouble costs: the same quarters without it."""
    more = made - answer.replications if isinstance(answer, Happened) else 0
    return f"; {count(more)} of them without one of the troubles" if more > 0 else ""


def _table(lines: list[tuple[str, ...]]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2), header_style="dim")
    for i, title in enumerate(lines[0]):
        table.add_column(title, justify="right" if i > 0 else "left", overflow="fold")
    for line in lines[1 : _ROWS_MAX + 1]:
        table.add_row(*line)
    if len(lines) > _ROWS_MAX + 1:
        table.add_row(f"and {counted(len(lines) - _ROWS_MAX - 1, 'more row')}: the report has them all")
    return table


def _lines(experiment: Experiment) -> Lines:
    question, answer = experiment.question, experiment.answer
    if isinstance(answer, Happened):
        yield from _happened(answer)
    elif isinstance(answer, Differs):
        yield from _differs(answer)
    elif isinstance(answer, Swept) and isinstance(question, Sweep):
        yield from _swept(question, answer)
    elif isinstance(answer, Broke) and isinstance(question, Search):
        yield (f"  {wording.short_path(question.axis.path)}", "mean", "kept in", "verdict")
        for each in answer.found.tried:
            mean = wording.estimate(question.condition.measure, each.judged.interval)
            kept = f"{count(each.judged.kept)} of {count(each.judged.count)}"
            yield (f"  {each.value}", mean, kept, each.judged.judgement)
    elif isinstance(answer, Optimised) and isinstance(question, Optimise):
        yield from _optimised(question, answer)
    else:
        assert isinstance(answer, Sensitive), "the kinds of answers are closed"
        yield ("  measure", "parameter", "strength", "±")
        for ranked in answer.ranked:
            for effect in ranked.effects:
                yield (f"  {wording.label(ranked.measure)}", wording.short_path(effect.path),
                       f"{effect.strength:.4g}", f"{effect.half_width:.2g}")  # fmt: skip


def _happened(answer: Happened) -> Lines:
    yield ("  measure", "mean", "lowest", "highest")
    for each in answer.estimates:
        metric = metric_of(each.measure)
        is_whole = not wording.is_part(each.measure)
        if metric.name in _SHOWN and is_whole and (each.highest or metric.name in _ALWAYS):
            yield (
                f"  {wording.label(each.measure)}", wording.estimate(each.measure, each.interval, answer.currency),
                wording.value(each.measure, each.lowest, answer.currency),
                wording.value(each.measure, each.highest, answer.currency),
            )  # fmt: skip


def _differs(answer: Differs) -> Lines:
    yield ("  measure", "first", "second", "difference", "verdict")
    rows = [
        row
        for row in answer.compared
        if metric_of(row.measure).name in _SHOWN and row.verdict != "same" and not wording.is_part(row.measure)
    ]
    for each in sorted(rows, key=lambda row: row.verdict == "undecided"):
        yield (
            f"  {wording.label(each.measure)}", wording.value(each.measure, each.first.mean, answer.currency),
            wording.value(each.measure, each.second.mean, answer.currency),
            wording.change(each.measure, each.difference, answer.currency), wording.short_verdict(each),
        )  # fmt: skip


def _swept(question: Sweep, answer: Swept) -> Lines:
    played = [point for point in answer.points if point.estimates]
    names = list(question.measures or [each.measure for each in played[0].estimates][:2])
    yield (*(f"  {wording.short_path(axis.path)}" for axis in question.axes), *map(wording.label, names))
    for point in answer.points:
        by_name = {each.measure: each.interval for each in point.estimates}
        said = [wording.estimate(n, by_name[n], answer.currency) if n in by_name else "not played" for n in names]
        yield (*(f"  {value}" for value in point.values), *said)


def _optimised(question: Optimise, answer: Optimised) -> Lines:
    paths = [axis.path for axis in question.axes]
    yield (*(f"  {wording.short_path(path)}" for path in paths), "cost",
           *(wording.label(each.measure) for each in question.conditions), "keeps all")  # fmt: skip
    for trial in sorted(answer.optimum.trials, key=lambda each: (not each.is_feasible, each.cost, each.number)):
        said = [wording.estimate(each.condition.measure, each.interval) for each in trial.judged]
        yield (*(f"  {trial.settings[path]}" for path in paths), f"{trial.cost:,.6g}", *said,
               "yes" if trial.is_feasible else "no")  # fmt: skip
