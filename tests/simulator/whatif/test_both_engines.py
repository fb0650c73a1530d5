"""The SimPy engine and the kernel agree to the microsecond, on whatever a model can say."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.whatif import compiled, process
from simulator.whatif.model import Model
from simulator.whatif.outcome import Outcome
from simulator.whatif.rows import Collected
from tests.simulator.whatif.generated import models

pytestmark = pytest.mark.skipif(not compiled.AVAILABLE, reason="the kernel needs Numba")


def _both(model: Model, seed: int) -> tuple[Outcome, Outcome]:
    """Return both outcomes, once their rows have been found equal."""
    from simulator.whatif import compiled_run

    slow, fast = Collected(), Collected()
    outcomes = process.run(model, seed, slow), compiled_run.run(model, seed, fast)
    assert np.array_equal(slow.rows, fast.rows), "a lifecycle took another time in the other engine"
    return outcomes


def _difference(one: Outcome, other: Outcome) -> list[str]:
    """Return which parts of two outcomes differ, for the message."""
    pairs = zip(
        (*one.stations, *one.routes, *one.slas, *one.outages),
        (*other.stations, *other.routes, *other.slas, *other.outages),
        strict=True,
    )
    return [f"{a} != {b}" for a, b in pairs if a != b] or [
        field.name for field in msgspec.structs.fields(one) if getattr(one, field.name) != getattr(other, field.name)
    ]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(models(), st.integers(0, 2**63 - 1))
def test_both_engines_agree_on_every_lifecycle_and_every_count(model: Model, seed: int) -> None:
    slow, fast = _both(model, seed)
    assert slow == fast, _difference(slow, fast)
