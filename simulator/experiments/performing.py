"""Performing: from a question and its scenarios to the answer, in a laboratory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from domain.calendar import midnight_us
from scenarios.language import Scenario
from scenarios.moments import moments
from scenarios.paths import parameters, value_of
from simulator.experiments import exploring
from simulator.experiments.answers import (
    Answer,
    Compare,
    Differs,
    FaultCost,
    Happened,
    Optimise,
    Question,
    Search,
    Sensitivity,
    Side,
    Span,
    Sweep,
    WhatIf,
)  # fmt: skip
from simulator.experiments.attribution import troubles
from simulator.experiments.bottlenecks import aftermaths, resources
from simulator.experiments.comparison import compared, compared_all, precise_means, precise_pairs
from simulator.experiments.conditions import Condition, Judged, Judgement, judge
from simulator.experiments.estimates import chief, estimates, targets
from simulator.experiments.fans import fans
from simulator.experiments.metrics import names_of
from simulator.experiments.playing import packed
from simulator.experiments.replications import Laboratory, Sample, seed_of
from simulator.whatif import model as models
from simulator.whatif import outcome as outcomes
from simulator.whatif.translation import translate, unheard
from simulator.whatif.worth import currency_of

COSTS = ("within", "p95", "late", "late_amount", "lost", "duplicates", "dead_letters")
"""The metrics in which the cost of a trouble is told."""


def perform(question: Question, scenarios: Sequence[Scenario], laboratory: Laboratory) -> Answer:
    """Return the answer to a question about one scenario, or (Compare) about two.

    Raise ValueError or ScenarioError for what cannot be played.
    """
    first = scenarios[0]
    if isinstance(question, WhatIf):
        return _whatif(question, first, laboratory)
    if isinstance(question, Compare):
        return _compare(question, (first, scenarios[1]), laboratory)
    if isinstance(question, Sweep):
        return exploring.sweep(question, first, laboratory)
    if isinstance(question, Search):
        return exploring.search(question, first, laboratory)
    if isinstance(question, Optimise):
        return exploring.optimise(question, first, laboratory)
    assert isinstance(question, Sensitivity), "the kinds of questions are closed"
    return exploring.sensitivity(question, first, laboratory)


def _whatif(question: WhatIf, scenario: Scenario, laboratory: Laboratory) -> Happened:
    model, rule = translate(scenario), question.rule
    samples = laboratory.until({"": packed(model)}, rule, precise_means(targets(question, model), rule))
    sample, names = samples[""], names_of(model)
    kept = _outcomes(sample, laboratory)
    costs, costless = _costs(question, scenario, model, sample, laboratory) if question.faults else ((), ())
    return Happened(
        replications=sample.count, estimates=estimates(sample, names, rule.confidence),
        promises=tuple(_promised(each, sample, rule.confidence) for each in question.promises),
        fans=fans(kept), resources=resources(kept, rule.confidence), aftermaths=aftermaths(kept, rule.confidence),
        spans=tuple(_spans(model)), cut_offs=_cut_offs(scenario), costs=costs, costless=costless,
        unheard=unheard(scenario), currency=currency_of(scenario),
    )  # fmt: skip


def _promised(promise: Condition, sample: Sample, confidence: float) -> Judged:
    """Return what quarters say about a promise; one without a case proves nothing, least of all that it was kept."""
    values = [seen[promise.measure] for seen in sample.observed if promise.measure in seen]
    if not values:
        raise ValueError(f"{promise.measure} has no case in any quarter, so nothing can be promised about it")
    found = judge(promise, values, confidence)
    if len(values) == sample.count:
        return found
    judgement: Judgement = "broken" if found.judgement == "broken" else "undecided"
    return msgspec.structs.replace(found, count=sample.count, judgement=judgement)


def _outcomes(sample: Sample, laboratory: Laboratory) -> list[outcomes.Outcome]:
    kept = laboratory.store.of(sample.model.digest)
    return [outcomes.decode(kept[seed_of(laboratory.seed, number)]) for number in range(sample.count)]


def _costs(
    question: WhatIf, scenario: Scenario, model: models.Model, whole: Sample, laboratory: Laboratory
) -> tuple[tuple[FaultCost, ...], tuple[str, ...]]:
    """Return what each trouble costs, on the first replications of the whole; and those that cost nothing at all."""
    digest, costless = model.digest(), []
    without: dict[str, Sample] = {}
    for trouble in troubles(scenario):
        rest = translate(trouble.without)
        if rest.digest() == digest:
            costless.append(trouble.text)
        else:
            without[trouble.text] = Sample(packed(rest))
    count = question.rule.minimum
    laboratory.extend(list(without.values()), count)
    short = Sample(whole.model, whole.observed[:count])
    names = [name for name in names_of(model) if name.partition(" ")[0] in COSTS]
    found = compared_all([(rest, short) for rest in without.values()], names, question.rule.confidence)
    costs = [FaultCost(trouble=text, compared=rows) for text, rows in zip(without, found, strict=True)]
    moved = tuple(cost for cost in costs if any(row.verdict != "same" for row in cost.compared))
    return moved, (*costless, *(cost.trouble for cost in costs if cost not in moved))


def _spans(model: models.Model) -> Iterator[Span]:
    for station in model.stations:
        for window in station.outages:
            yield _span(model, station.name, window.from_us, window.until_us, "down")
        for brownout in station.brownouts:
            yield _span(model, station.name, brownout.from_us, brownout.until_us, "slow")


def _span(model: models.Model, station: str, from_us: int, until_us: int, kind: str) -> Span:
    return Span(station=station, from_us=model.origin_us + from_us, until_us=model.origin_us + until_us, kind=kind)


def _cut_offs(scenario: Scenario) -> tuple[tuple[str, int], ...]:
    """Return the midnight that ends the quarter, entity by entity."""
    when = moments(scenario)
    return tuple((entity, midnight_us(when.cutoff_date, zone)) for entity, zone in when.zones.items())


def _compare(question: Compare, scenarios: tuple[Scenario, Scenario], laboratory: Laboratory) -> Differs:
    first, second = (translate(scenario) for scenario in scenarios)
    rule = question.rule
    wanting = precise_pairs([("first", "second")], targets(question, first), rule)
    samples = laboratory.until({"first": packed(first), "second": packed(second)}, rule, wanting)
    one, other = samples["first"], samples["second"]
    sides = tuple(
        Side(title=scenario.title, fans=fans(_outcomes(sample, laboratory)), unheard=unheard(scenario))
        for scenario, sample in zip(scenarios, (one, other), strict=True)
    )
    return Differs(
        replications=one.count, compared=compared(one, other, names_of(first), rule.confidence, chief(question, first)),
        sides=(sides[0], sides[1]), changes=tuple(_changes(*scenarios)), currency=currency_of(scenarios[0]),
    )  # fmt: skip


def _changes(first: Scenario, second: Scenario) -> Iterator[tuple[str, str, str]]:
    """Yield the parameters in which two scenarios differ, with both values (a dash where one does not have it)."""
    one, other = parameters(first), parameters(second)
    for name in dict.fromkeys((*one, *other)):
        values = [
            str(value_of(scenario, name)) if name in known else "–"
            for scenario, known in ((first, one), (second, other))
        ]
        if values[0] != values[1]:
            yield name, values[0], values[1]
