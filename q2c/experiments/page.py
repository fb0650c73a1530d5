"""The page of an experiment: the answer first, then what it rests on, then how to make it again."""

from __future__ import annotations

from collections.abc import Iterator

from q2c.experiments import wording
from q2c.experiments.sections import differs, explored, happened
from q2c.experiments.sections.shared import effort_rows, parameters_table
from simulator.experiments.answers import (
    Broke,
    Differs,
    Experiment,
    Happened,
    Optimise,
    Optimised,
    Search,
    Sensitive,
    Sensitivity,
    Sweep,
    Swept,
)
from web.blocks import Block, Fold, Group, Items, Section, Text
from web.shell import Page, render
from web.words import count

TONES = {"holds": "good", "broken": "bad", "late": "bad", "unknown": "warn"}
_KINDS = {
    "WhatIf": "What if", "Compare": "Comparison", "Sweep": "Sweep", "Search": "Break-point search",
    "Optimise": "Optimisation", "Sensitivity": "Sensitivity",
}  # fmt: skip


def page_of(experiment: Experiment) -> Page:
    """Return the report of an experiment that has its answer; equal experiments give equal pages."""
    titles = [title for title, _ in experiment.scenarios]
    return Page(
        title=titles[0] if len(titles) == 1 else f"{titles[0]}, against: {titles[1]}",
        kind=f"{_KINDS[type(experiment.question).__name__]}, seed {experiment.question.seed}",
        lede="Played by the what-if engine, many quarters with the same scenario and different luck. Times are UTC.",
        sections=(
            Section("answer", "Answer", tuple(_answer(experiment))),
            *_sections(experiment),
            _parameters(experiment),
            _made(experiment),
        ),
        footer=f"q2c-harness {experiment.code_version}. Repeat: {experiment.repeat}",
    )


def html_of(experiment: Experiment) -> str:
    """Return the report of an experiment as one self-contained HTML document."""
    return render(page_of(experiment))


def _answer(experiment: Experiment) -> Iterator[Block]:
    yield Text(experiment.asks)
    is_plain = isinstance(experiment.answer, Happened) and not experiment.answer.promises
    yield Text(f"{experiment.word}. {experiment.says}", "plain" if is_plain else TONES[experiment.status])
    if isinstance(experiment.answer, Happened):
        yield happened.figures(experiment.answer)
    elif isinstance(experiment.answer, Differs):
        yield differs.figures(experiment.answer)


def _sections(experiment: Experiment) -> Iterator[Section]:
    question, answer = experiment.question, experiment.answer
    if isinstance(answer, Happened):
        yield from happened.sections(answer)
    elif isinstance(answer, Differs):
        yield from differs.sections(answer)
    elif isinstance(answer, Swept) and isinstance(question, Sweep):
        yield from explored.swept(question, answer)
    elif isinstance(answer, Broke) and isinstance(question, Search):
        yield from explored.broke(question, answer)
    elif isinstance(answer, Optimised) and isinstance(question, Optimise):
        yield from explored.optimised(question, answer)
    elif isinstance(answer, Sensitive) and isinstance(question, Sensitivity):
        yield from explored.sensitive(question, answer)


def _parameters(experiment: Experiment) -> Section:
    """Return what each scenario was made of, with sources, and what of it this engine does not play."""
    blocks: list[Block] = []
    many = len(experiment.scenarios) > 1
    for (title, _), parameters, unheard in zip(
        experiment.scenarios, experiment.parameters, _unheard(experiment), strict=True
    ):
        inner: list[Block] = [parameters_table(parameters)]
        if unheard:
            inner.append(Group("What it says and this engine does not play (the rehearsal does)", (Items(unheard),)))
        blocks += [Fold(title, tuple(inner))] if many else inner
    return Section("parameters", "Parameters and their sources", tuple(blocks))


def _unheard(experiment: Experiment) -> list[tuple[str, ...]]:
    answer = experiment.answer
    if isinstance(answer, Happened):
        return [answer.unheard]
    return [side.unheard for side in answer.sides] if isinstance(answer, Differs) else [()]


def _made(experiment: Experiment) -> Section:
    rule, effort = experiment.question.rule, experiment.effort
    parts = [
        ("scenarios", "; ".join(f"{title} ({file} beside this report)" for title, file in experiment.scenarios)),
        ("seed", str(experiment.question.seed)),
        ("replications", f"at least {count(rule.minimum)}, at most {count(rule.maximum)}; enough when each interval is "
                         f"within {wording.share(rule.relative)} of its mean, shares within "
                         f"{rule.points * 100:.2g} points"),
        ("confidence", wording.share(rule.confidence)),
    ]  # fmt: skip
    if effort is not None:
        parts += [
            ("engine", effort.engine), ("computed by", effort.executor),
            ("runs computed, found", f"{count(effort.made)}, {count(effort.found)}"),
        ]  # fmt: skip
    parts += [("code version", experiment.code_version), ("repeat", experiment.repeat)]
    same = Text("Same scenarios, seed and code give the same figures, whoever computes them and in whatever order.")
    return Section("made", "How this was made", (effort_rows(parts), same))
