"""The SimPy engine and the kernel agree to the microsecond, on whatever a model can say."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.calendar import DAY_US, HOUR_US, SECOND_US
from simulator.whatif import compiled, process
from simulator.whatif.durations import Duration
from simulator.whatif.kernel_parts import FEW_SLOTS
from simulator.whatif.model import Model, Step
from simulator.whatif.outcome import Outcome
from simulator.whatif.rows import Collected
from tests.simulator.whatif.generated import models
from tests.simulator.whatif.simple import at_once, call, erp, model

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


@pytest.mark.parametrize("slots", [FEW_SLOTS, FEW_SLOTS + 1, 200])
def test_both_engines_agree_on_many_slots_and_many_events(slots: int) -> None:
    busy = erp(slots=slots, service=Duration.lognormal(40 * SECOND_US, 400 * SECOND_US))
    slow, fast = _both(model(call(timeout_us=3_600 * SECOND_US), stations=(busy,), arrivals=at_once(2_000)), 7)
    assert slow == fast, _difference(slow, fast)


@pytest.mark.parametrize("days", ["business", "calendar"])
def test_both_engines_agree_on_the_days_of_banks(days: Any) -> None:
    wait = Step(name="a debit", pause=Duration.uniform(0, 9 * DAY_US), days=days)
    slow, fast = _both(
        model(wait, arrivals=at_once(300, every_us=2 * HOUR_US), end_us=60 * DAY_US, origin_us=HOUR_US), 3
    )
    assert slow == fast, _difference(slow, fast)
