"""Prediction: what the model of a scenario says of a replay, after a smaller replay has told how its steps go.

The model knows how the systems of record behave: service times, slots, limits, windows of trouble; and what the
timeline says of each order (`modelled`). How an integration uses all that it learns from a replay of it, by how long
its orders took: what it takes besides its calls (`own_us`), and by how much its steps are slower or faster than the
model's (`scale`). Where the curve is still off, share by share, is a correction (quantile mapping).

A replay of some hundred orders is a sample: its 95th percentile would be another one with other luck, the more so where
orders wait for each other. How much of that is luck the model knows: what lies near its own runs of the same timeline
teaches nothing, and the model is believed. Luck learned by heart would double the error of what is predicted. How all
changes with load is the model's to say.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import accumulate
from statistics import fmean, stdev
from typing import NamedTuple

import msgspec

from domain.calendar import SECOND_US
from scenarios.timeline import Timeline
from simulator.replay.deaths import Death
from simulator.replay.modelled import model_of
from simulator.replay.outcome import SHARES, Fit, Prediction
from simulator.whatif.engine import choose, simulate
from simulator.whatif.histogram import Histogram
from simulator.whatif.outcome import Outcome, merged

ORDERS_MIN = 20
"""Fewer orders tell no quartiles."""
RUNS = 20
"""A curve is that of so many runs of the model together."""
BEYOND_MIN = 5
"""A share is corrected when at least so many orders lie on either side of it, another one as the nearest such."""
_CALM = (0.1, 0.2, 0.3, 0.4, 0.5)
"""Shares of the orders that wait least for others: what they take besides is the integration's own."""
_SURE_OF_ONE, _SURE_OF_MANY = 2.0, 3.0
"""Deviations beyond which a figure is no luck: a single one, and any of the dozen shares.

A model whose steps had to be stretched is not that of this integration, and believed less.
"""
_ROUNDS = 4
_NEAR = 0.02
Quantile = Callable[[float], float]
Measure = Callable[[Quantile], float]


class Curves(NamedTuple):
    """How long the orders of a timeline take by the model: over all its runs together, and in each of them."""

    whole: Histogram
    runs: tuple[Histogram, ...]

    def is_luck(self, measured: float, measure: Measure, deviations: float) -> bool:
        """Tell whether something measured is within so many standard deviations of what it is in the runs."""
        found = [math.log(max(1.0, measure(each.quantile))) for each in self.runs]
        return abs(math.log(max(1.0, measured)) - fmean(found)) <= deviations * stdev(found)

    def band(self, share: float) -> tuple[float, float]:
        """Return between which values nine in ten runs have a quantile."""
        found = sorted(each.quantile(share) for each in self.runs)
        outside = len(found) // 20
        return found[outside], found[-1 - outside]


def fitted(
    timeline: Timeline, speed: float, measured_us: Sequence[int], runs: int = RUNS, deaths: Sequence[Death] = ()
) -> Fit:
    """Learn from a replay of a timeline how an integration's orders go; raise ValueError when there are too few.

    `deaths` are those that its process died in that replay.
    """
    if len(measured_us) < ORDERS_MIN:
        raise ValueError(f"{len(measured_us)} orders tell too little; a calibration takes {ORDERS_MIN} and more")
    ordered = sorted(measured_us)
    modelled = partial(curves, timeline, speed, runs=runs, deaths=deaths)
    fit = _shaped(ordered, modelled)
    deviations = _SURE_OF_MANY if fit.scale == 1.0 else _SURE_OF_ONE
    return msgspec.structs.replace(fit, corrections=_corrections(modelled(fit), ordered, deviations))


def _shaped(ordered: Sequence[int], modelled: Callable[[Fit], Curves]) -> Fit:
    """Return scale and own time: the model's own scale, unless the orders surely take another time on the whole."""
    measured = partial(rank, ordered)
    found, whole_us = modelled(Fit()), _mean(measured)
    own_us = _own_us(ordered, found)
    if found.is_luck(whole_us - own_us, _mean, _SURE_OF_ONE):
        return Fit(own_us=own_us)
    fit = Fit(_scale(modelled, _width(measured), _width))
    own_us = _own_us(ordered, modelled(fit))
    return msgspec.structs.replace(fit, own_us=own_us) if own_us else Fit(_scale(modelled, whole_us, _mean))


def _own_us(ordered: Sequence[int], found: Curves) -> int:
    return max(0, round(fmean(rank(ordered, share) - found.whole.quantile(share) for share in _CALM)))


def _width(quantile: Quantile) -> float:
    return quantile(0.75) - quantile(0.25)


def _mean(quantile: Quantile) -> float:
    """Return the mean without the tenth at either end: single runs of the model agree on nothing better."""
    return fmean(quantile(place / 20) for place in range(2, 19))


def _corrections(found: Curves, ordered: Sequence[int], deviations: float) -> tuple[float, ...]:
    """Return, for each of SHARES, how many times the curve was measured; 1 where that may be luck."""
    known = [share for share in SHARES if min(share, 1 - share) * len(ordered) >= BEYOND_MIN] or [0.5]
    nearest = (min(known, key=lambda each, share=share: abs(each - share)) for share in SHARES)  # type: ignore[misc]
    return tuple(_correction(found, rank(ordered, share), share, deviations) for share in nearest)


def _correction(found: Curves, measured_us: int, share: float, deviations: float) -> float:
    is_luck = found.is_luck(measured_us, lambda quantile: quantile(share), deviations)
    return 1.0 if is_luck else measured_us / max(1.0, found.whole.quantile(share))


def _scale(modelled: Callable[[Fit], Curves], wanted_us: float, measure: Measure) -> float:
    """Return by how much steps must be longer or shorter for something measured on the curve to be as wanted.

    Near saturation a slower step costs more than itself: each round follows the slope between the last two.
    """
    scale, slope = 1.0, 1.0
    known: tuple[float, float] | None = None
    for _ in range(_ROUNDS):
        at = math.log(scale), math.log(max(1.0, measure(modelled(Fit(scale)).whole.quantile)))
        if known is not None and abs(at[0] - known[0]) > _NEAR:
            slope = min(4.0, max(0.5, (at[1] - known[1]) / (at[0] - known[0])))
        known = at
        scale = min(100.0, max(0.01, scale * math.exp((math.log(max(1, wanted_us)) - at[1]) / slope)))
    return scale


def predicted(
    timeline: Timeline, speed: float, fit: Fit, measured_us: Sequence[int], calibrated_by: str, runs: int = RUNS,
    deaths: Sequence[Death] = (),
) -> Prediction:  # fmt: skip
    """Predict a replay with what was learned from another one, and put what was measured beside it."""
    found, ordered = curves(timeline, speed, fit, runs, deaths), sorted(measured_us)
    factors = fit.corrections or (1.0,) * len(SHARES)

    def seconds(values: Iterable[float]) -> tuple[float, ...]:
        corrected = (value * factor / SECOND_US for value, factor in zip(values, factors, strict=True))
        return tuple(accumulate(corrected, max))

    bands = [found.band(share) for share in SHARES]
    return Prediction(
        calibrated_by=calibrated_by, fit=fit, orders=len(ordered),
        predicted_seconds=seconds(found.whole.quantile(share) for share in SHARES),
        measured_seconds=tuple(rank(ordered, share) / SECOND_US for share in SHARES),
        least_seconds=seconds(least for least, _ in bands), most_seconds=seconds(most for _, most in bands),
    )  # fmt: skip


def rank(ordered: Sequence[int], share: float) -> int:
    """Return a quantile of sorted values by nearest rank; 0 of nothing."""
    return ordered[max(1, -(-round(share * len(ordered) * 1000) // 1000)) - 1] if ordered else 0


def curve(timeline: Timeline, speed: float, fit: Fit, runs: int = RUNS) -> Histogram:
    """Return how long the orders of a timeline take from signed to booked, by the model, over so many runs."""
    return curves(timeline, speed, fit, runs).whole


def curves(timeline: Timeline, speed: float, fit: Fit, runs: int = RUNS, deaths: Sequence[Death] = ()) -> Curves:
    """Return how long the orders of a timeline take from signed to booked, by the model: in all and in each run."""
    model = model_of(timeline, speed, fit, deaths)
    engine = choose(model, runs=runs).engine
    outcomes = [simulate(model, seed, engine) for seed in range(1, runs + 1)]
    return Curves(_of_orders(merged(outcomes)), tuple(map(_of_orders, outcomes)))


def _of_orders(outcome: Outcome) -> Histogram:
    return next(sla.histogram for sla in outcome.slas if sla.name == "SLA-2")
