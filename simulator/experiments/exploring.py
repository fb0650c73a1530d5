"""Exploring: many points of one scenario: sweeps, searches, optimisation and sensitivity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

from scenarios.language import Scenario
from scenarios.paths import changed, value_of
from simulator.experiments import answers
from simulator.experiments import optimise as optimising
from simulator.experiments import search as searching
from simulator.experiments import sensitivity as sensing
from simulator.experiments.comparison import Compared, compared_all, precise_means
from simulator.experiments.estimates import estimates, targets
from simulator.experiments.metrics import names_of
from simulator.experiments.playing import packed
from simulator.experiments.ranges import number_of
from simulator.experiments.replications import Laboratory, Model, Sample
from simulator.experiments.sweeps import grid
from simulator.whatif.translation import translate
from simulator.whatif.validity import Unplayable
from simulator.whatif.worth import currency_of

_CHUNK = 200
"""So many points of a sweep are played at once."""


def sweep(question: answers.Sweep, scenario: Scenario, laboratory: Laboratory) -> answers.Swept:
    """Return every point of a grid with its estimates, each compared with the first one that can be played."""
    samples: dict[tuple[str, ...], Sample] = {}
    refused: dict[tuple[str, ...], str] = {}
    base = translate(scenario)
    waiting = grid(question.axes)
    while chunk := list(islice(waiting, _CHUNK)):
        _play(question, scenario, laboratory, targets(question, base), chunk, samples, refused)
    if not samples:
        raise ValueError(f"no point of this sweep can be played: {next(iter(refused.values()))}")
    names = question.measures or names_of(base)
    confidence = question.rule.confidence
    points = tuple(
        answers.Point(
            values=values, replications=samples[values].count, estimates=estimates(samples[values], names, confidence)
        )
        if values in samples
        else answers.Point(values=values, replications=0, estimates=(), refused=refused[values])
        for values in grid(question.axes)
    )
    return answers.Swept(
        points=points, compared=_against_first(list(samples.values()), names, confidence),
        now=tuple(str(value_of(scenario, axis.path)) for axis in question.axes), currency=currency_of(scenario),
    )  # fmt: skip


def _play(
    question: answers.Sweep, scenario: Scenario, laboratory: Laboratory, wanted: Mapping[str, bool],
    chunk: Sequence[tuple[str, ...]], samples: dict[tuple[str, ...], Sample], refused: dict[tuple[str, ...], str],
) -> None:  # fmt: skip
    """Play some points of a sweep; of each only what it said is kept, for a model is far larger."""
    models: dict[tuple[str, ...], Model] = {}
    for values in chunk:
        try:
            models[values] = _model(scenario, dict(zip((axis.path for axis in question.axes), values, strict=True)))
        except Unplayable as why:
            refused[values] = str(why)
    found = laboratory.until(
        {"\0".join(values): model for values, model in models.items()}, question.rule,
        precise_means(wanted, question.rule),
    )  # fmt: skip
    for values in models:
        sample = found["\0".join(values)]
        samples[values] = Sample(Model(sample.model.digest, b""), sample.observed)


def _against_first(
    samples: Sequence[Sample], names: Sequence[str], confidence: float
) -> tuple[tuple[Compared, ...], ...]:
    """Compare every sample with the first one, on the replications that both have."""
    pairs = []
    for sample in samples:
        count = min(sample.count, samples[0].count)
        pairs.append(
            (Sample(samples[0].model, samples[0].observed[:count]), Sample(sample.model, sample.observed[:count]))
        )
    return compared_all(pairs, names, confidence)


def search(question: answers.Search, scenario: Scenario, laboratory: Laboratory) -> answers.Broke:
    """Return the break point of a condition along one parameter."""
    axis = question.axis
    texts = [axis.values.text(i) for i in range(axis.values.count)]
    found = searching.break_point(
        laboratory, lambda i: _model(scenario, {axis.path: texts[i]}), texts, question.condition, question.rule,
        question.smallest,
    )  # fmt: skip
    return answers.Broke(found=found, now=str(value_of(scenario, axis.path)))


def optimise(question: answers.Optimise, scenario: Scenario, laboratory: Laboratory) -> answers.Optimised:
    """Return the cheapest point that keeps all conditions, beside what the scenario says now."""
    found = optimising.optimum(
        laboratory, lambda settings: _model(scenario, settings), question.axes, question.cost, question.conditions,
        question.rule, question.trials,
    )  # fmt: skip
    now = {axis.path: str(value_of(scenario, axis.path)) for axis in question.axes}
    numbers = {path: number_of(text) for path, text in now.items()}
    known = {path: number for path, number in numbers.items() if number is not None}
    is_known = all(term.path in known for term in question.cost if term.path)
    cost_now = optimising.cost_at(question.cost, known) if is_known else None
    return answers.Optimised(optimum=found, now=now, cost_now=cost_now)


def sensitivity(question: answers.Sensitivity, scenario: Scenario, laboratory: Laboratory) -> answers.Sensitive:
    """Return which parameters move the measures."""
    measures = question.measures or tuple(targets(question, translate(scenario)))
    replications = question.rule.minimum
    found = sensing.ranked(
        laboratory, lambda settings: _model(scenario, settings), question.axes, measures, question.method,
        question.size, replications, question.rule.confidence,
    )  # fmt: skip
    points = sensing.runs_of(question.method, len(question.axes), question.size)
    return answers.Sensitive(ranked=found, points=points, replications=replications, currency=currency_of(scenario))


def _model(scenario: Scenario, settings: Mapping[str, str]) -> Model:
    return packed(translate(changed(scenario, settings)))
