"""The demo's scenario, made small: its last week, a few dozen lifecycles, and more of what a test wants to see."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import Any

from domain.history import Record
from q2c.mutants import broken
from scenarios.company import Rehearse
from scenarios.language import Scenario
from scenarios.library import named
from scenarios.scale import scaled
from scenarios.timeline import Timeline, build
from simulator.recorder import MemoryRecorder
from simulator.rehearsal import Rehearsal


def demo(
    orders: int,
    subscriptions: int,
    days: int = 7,
    run_on_days: int = 14,
    lost_replies: str = "",
    backdated: str = "",
    crashes: bool = True,
) -> Scenario:
    """Return the last days of `quarter_end` at another size; a share that is given replaces the scenario's own."""
    full = named("quarter_end")
    assert full.price_rise is not None
    faults = [each for each in full.faults if crashes or not each.kind.startswith("crash")]
    if lost_replies:
        share = {"share": Fraction(lost_replies)}
        faults = [each.model_copy(update=share) if each.kind == "lost_reply" else each for each in faults]
    changes: dict[str, Any] = {
        "faults": tuple(faults),
        "rehearse": Rehearse.model_validate({"from": full.world.quarter.end - timedelta(days=days - 1)}),
        "run_on": timedelta(days=run_on_days),
    }
    if backdated:
        changes["price_rise"] = full.price_rise.model_copy(update={"backdated": Fraction(backdated)})
    return scaled(full.model_copy(update=changes), orders, subscriptions)


def played(timeline: Timeline, mutant: str = "") -> list[Record]:
    """Return the history of a timeline; `mutant` breaks the integration in a known way."""
    recorder = MemoryRecorder()
    with broken(mutant):
        Rehearsal(timeline, recorder, mutant=mutant).run(steps=1)
    return recorder.records


def digest(orders: int, subscriptions: int, seed: int) -> str:
    """Return the digest of a short run: the proof that two runs are equal."""
    recorder = MemoryRecorder()
    Rehearsal(build(demo(orders, subscriptions, days=3, run_on_days=2), seed), recorder).run()
    return recorder.history().digest()


if __name__ == "__main__":
    import sys

    sys.stdout.write(digest(*map(int, sys.argv[1:])))
