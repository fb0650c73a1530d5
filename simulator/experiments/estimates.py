"""Estimates: what is measured of a model by default, and how well the replications know it."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.experiments.answers import Estimate, Question
from simulator.experiments.intervals import interval
from simulator.experiments.metrics import is_share, metric_of, names_of
from simulator.experiments.replications import Sample
from simulator.whatif import model as models

CHIEF = ("within", "late", "lost", "duplicates", "drain")
"""The metrics a comparison is about when nobody says otherwise."""


def targets(question: Question, model: models.Model) -> dict[str, bool]:
    """Return the measures that have to be known well (and whether each is a share).

    Those that were asked for; else the share in time and the 95th percentile of the first service level, booking.
    """
    chosen = question.measures or tuple(f"{name} {sla.name}" for sla in model.slas[:1] for name in ("within", "p95"))
    return {name: is_share(name) for name in chosen}


def chief(question: Question, model: models.Model) -> tuple[str, ...]:
    """Return the measures a comparison is about: those asked for, else what matters of the whole quarter."""
    if question.measures:
        return question.measures
    return tuple(name for name in names_of(model) if metric_of(name).name in CHIEF and not name.endswith(" last days"))


def estimates(sample: Sample, names: Sequence[str], confidence: float) -> tuple[Estimate, ...]:
    """Return the estimates of the measures that every replication has."""
    present = set(sample.names)
    return tuple(
        Estimate(measure=name, interval=interval(values, confidence), lowest=min(values), highest=max(values))
        for name in names
        if name in present
        for values in [sample.values(name)]
    )
