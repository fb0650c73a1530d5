"""Sensitivity: which parameters move a measure, by Morris's elementary effects or by Sobol's shares of its variance.

Morris is cheap and says which parameters matter at all; Sobol says how much of the variance each explains alone (first
order) and together with the others (total). Both through SALib, over the same replications for every point, so that
what is left between two points is the parameters' doing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from simulator.experiments.replications import Laboratory, Model
from simulator.experiments.replications import Sample as Replicated
from simulator.experiments.sweeps import Axis

Method = Literal["morris", "sobol"]
LEVELS = 4
ModelOf = Callable[[Mapping[str, str]], Model]


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """What one parameter does to a measure between its bounds, each figure with its half-width.

    Morris: `strength` is the mean absolute effect of moving it (mu*, in the measure's unit), `spread` the deviation of
    the effects (interactions, curvature), `direction` their mean with sign. Sobol: `strength` is the total share of
    the variance, `alone` the share it explains by itself.
    """

    path: str
    strength: float
    half_width: float
    spread: float | None = None
    direction: float | None = None
    alone: float | None = None
    alone_half_width: float | None = None


class Ranked(msgspec.Struct, frozen=True, kw_only=True):
    """The effects on one measure, strongest first; `varies` is False when it never moved at all."""

    measure: str
    varies: bool
    effects: tuple[Effect, ...]


def runs_of(method: Method, parameters: int, size: int) -> int:
    """Return how many points a design has: `size` trajectories of Morris, or a base sample of `size` for Sobol."""
    return size * (parameters + 1) if method == "morris" else size * (parameters + 2)


def ranked(
    laboratory: Laboratory, model_of: ModelOf, axes: Sequence[Axis], measures: Sequence[str], method: Method,
    size: int, replications: int, confidence: float,
) -> tuple[Ranked, ...]:  # fmt: skip
    """Return the effects of the axes' parameters on measures; a design of `size`, each point replicated alike."""
    problem = {"num_vars": len(axes), "names": [axis.path for axis in axes], "bounds": [[0.0, 1.0]] * len(axes)}
    design = _design(problem, method, size, laboratory.seed % 2**32)
    samples = _replicated(laboratory, model_of, axes, design, replications)
    return tuple(_ranked(problem, design, samples, name, method, confidence, laboratory.seed) for name in measures)


def _design(problem: dict[str, Any], method: Method, size: int, seed: int) -> Any:
    if method == "morris":
        from SALib.sample import morris

        return morris.sample(problem, size, num_levels=LEVELS, seed=seed)
    from SALib.sample import sobol

    return sobol.sample(problem, size, calc_second_order=False, scramble=True, seed=seed)


def _replicated(
    laboratory: Laboratory, model_of: ModelOf, axes: Sequence[Axis], design: Any, replications: int
) -> list[Replicated]:
    """Return a sample for each point of the design; points that fall on the same values share theirs."""
    keys = [tuple(_index(axis, share) for axis, share in zip(axes, point, strict=True)) for point in design]
    samples = {}
    for indices in keys:
        if indices not in samples:
            settings = {axis.path: axis.values.text(i) for axis, i in zip(axes, indices, strict=True)}
            samples[indices] = Replicated(model_of(settings))
    laboratory.extend(list(samples.values()), replications)
    return [samples[indices] for indices in keys]


def _index(axis: Axis, share: float) -> int:
    return min(axis.values.count - 1, int(share * axis.values.count))


def _ranked(
    problem: dict[str, Any], design: Any, samples: Sequence[Replicated], name: str, method: Method, confidence: float,
    seed: int,
) -> Ranked:  # fmt: skip
    import numpy

    if not all(name in sample.names for sample in samples):
        raise ValueError(
            f"{name} has no case at some points, so its sensitivity cannot be told; choose another measure"
        )
    means = numpy.array([sum(sample.values(name)) / sample.count for sample in samples])
    paths = problem["names"]
    if means.min() == means.max():
        return Ranked(
            measure=name, varies=False, effects=tuple(Effect(path=p, strength=0.0, half_width=0.0) for p in paths)
        )
    effects = _morris(problem, design, means, confidence, seed) if method == "morris" else _sobol(
        problem, means, confidence, seed
    )  # fmt: skip
    return Ranked(measure=name, varies=True, effects=tuple(sorted(effects, key=lambda e: (-e.strength, e.path))))


def _morris(problem: dict[str, Any], design: Any, means: Any, confidence: float, seed: int) -> list[Effect]:
    from SALib.analyze import morris

    found = morris.analyze(problem, design, means, conf_level=confidence, num_levels=LEVELS, seed=seed % 2**32)
    return [
        Effect(
            path=path, strength=_known(found["mu_star"][i]), half_width=_known(found["mu_star_conf"][i]),
            spread=_known(found["sigma"][i]), direction=_known(found["mu"][i]),
        )
        for i, path in enumerate(problem["names"])
    ]  # fmt: skip


def _sobol(problem: dict[str, Any], means: Any, confidence: float, seed: int) -> list[Effect]:
    from SALib.analyze import sobol

    found = sobol.analyze(
        problem, means, calc_second_order=False, conf_level=confidence, seed=seed % 2**32, print_to_console=False
    )
    return [
        Effect(
            path=path, strength=_known(found["ST"][i]), half_width=_known(found["ST_conf"][i]),
            alone=_known(found["S1"][i]), alone_half_width=_known(found["S1_conf"][i]),
        )
        for i, path in enumerate(problem["names"])
    ]  # fmt: skip


def _known(figure: Any) -> float:
    """Return a figure of the analysis; one that it cannot tell (no spread at all) is zero."""
    found = float(figure)
    return found if math.isfinite(found) else 0.0
