"""The front door of what-if runs: a model and a seed become an outcome, by whichever engine can do it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from simulator.whatif import compiled, validity
from simulator.whatif.load import expected_attempts
from simulator.whatif.model import Model
from simulator.whatif.outcome import Outcome

if TYPE_CHECKING:  # numpy is an extra; what says which engine there is does without
    from simulator.whatif.rows import Sink

__all__ = ["Choice", "EngineName", "choose", "expected_attempts", "is_slow", "simulate"]

EngineName = Literal["auto", "kernel", "simpy"]
_WORTH_COMPILING = 50_000
"""Below so many calls the SimPy engine is done before the compiler is loaded."""


class Choice(msgspec.Struct, frozen=True):
    """Which engine plays a model, and why."""

    engine: Literal["kernel", "simpy"]
    reason: str


def choose(model: Model, engine: EngineName = "auto", runs: int = 1) -> Choice:
    """Return the engine for so many runs of a model; raise ValueError for a kernel that is not there."""
    if engine == "simpy":
        return Choice("simpy", "asked for")
    if not compiled.AVAILABLE:
        if engine == "kernel":
            raise ValueError("the kernel needs Numba: install q2c-harness[fast], or use the engine simpy")
        return Choice("simpy", "Numba is not installed (extra `fast`); the outcome is the same, later")
    if engine == "auto" and expected_attempts(model) * runs < _WORTH_COMPILING:
        return Choice("simpy", "the run is short")
    return Choice("kernel", "asked for" if engine == "kernel" else "Numba is installed")


def is_slow(model: Model, engine: EngineName, runs: int) -> bool:
    """Tell whether so many runs are long ones, and the compiler that would shorten them is not there."""
    return engine == "auto" and not compiled.AVAILABLE and expected_attempts(model) * runs >= _WORTH_COMPILING


def simulate(model: Model, seed: int, engine: EngineName = "auto", rows: Sink | None = None, runs: int = 1) -> Outcome:
    """Return what comes of a model under a seed (0 or above); both engines give the same.

    `rows` takes every clock that stops, in chunks. With `runs` the choice of the engine knows that there will be more.
    Raise Unplayable when the model cannot be played.
    """
    if not 0 <= seed < 1 << 63:
        raise ValueError(f"the seed is {seed}; it must be a whole number from 0 to 2**63 - 1")
    validity.check(model)
    if choose(model, engine, runs).engine == "simpy":
        from simulator.whatif import process

        return process.run(model, seed, rows)
    from simulator.whatif import compiled_run

    return compiled_run.run(model, seed, rows)
