"""Rehearse your asyncio integration from a test: made by its own factory, judged as by `q2c rehearse --target`.

def test_a_lost_reply_charges_nobody_twice() -> None:
    rehearse(create_app, "quarter_end", orders=20, faults=[lost("payment")]).assert_holds()
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from contracts.checks.facts import Facts
from contracts.checks.judge import judge
from contracts.checks.verdict import Verdict
from domain.faults import Fault
from domain.history import MemoryHistory
from scenarios.library import find
from scenarios.scale import scaled
from scenarios.timeline import build
from simulator.recorder import MemoryRecorder
from simulator.replay.target import Target, load_target
from simulator.virtual_asyncio.rehearsing import ProgramRehearsal

SELF = "http://integration.q2c.test"


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A rehearsal that was played and judged: the verdict, the history and its digest, what was seen besides."""

    verdict: Verdict
    history: MemoryHistory
    digest: str
    remarks: tuple[str, ...]

    def assert_holds(self) -> None:
        """Assert that every rule holds; the error tells each broken one by its first violation."""
        if self.verdict.status != "holds":
            raise AssertionError("\n".join([f"the verdict is {self.verdict.status}", *self._lines()]))

    def _lines(self) -> Iterable[str]:
        for result in self.verdict.results:
            if result.broken:
                yield f"  {result.check}, {result.broken} x: {result.violations[0].sentence}"
        if self.verdict.unknown:
            yield f"  not proved: {', '.join(self.verdict.unknown)}"
        yield from (f"  {remark}" for remark in self.remarks)


def rehearse(
    program: Callable[[], Any] | Path | str, scenario: str, *, seed: int | None = None, orders: int | None = None,
    faults: Iterable[Fault] | None = None, switches: Mapping[str, str | int | float | bool] | None = None,
    reference: bool = False,
) -> Judged:  # fmt: skip
    """Play a scenario (a name of the library or a file) against a program in virtual time, and judge it.

    `program` is a function that returns the ASGI application, called again after each death, or a target file with
    `python:`. With `orders` the scenario is scaled, `faults` take the place of its own. `switches` and `reference` are
    those of a target file, for a program that is a function. Raise Refused when the program does what has no place in
    virtual time, ScenarioError for a file that is wrong.
    """
    wanted = find(scenario)
    if orders is not None:
        wanted = scaled(wanted, orders=orders, subscriptions=0)
    timeline = build(wanted, wanted.seed if seed is None else seed)
    if faults is not None:
        timeline = replace(timeline, faults=tuple(faults))
    recorder = MemoryRecorder()
    if callable(program):
        target = Target(
            name=getattr(program, "__name__", "program")[:60], health=SELF, messages={"all": SELF},
            switches=dict(switches or {}), reference=reference,
        )  # fmt: skip
        rehearsal = ProgramRehearsal(timeline, recorder, target, Path(), factory=program)
    else:
        file = Path(program)
        rehearsal = ProgramRehearsal(timeline, recorder, load_target(file), file.parent)
    rehearsal.run(steps=1)
    history = recorder.history()
    return Judged(
        verdict=judge(history, facts=Facts(history)), history=history, digest=history.digest(),
        remarks=tuple(rehearsal.remarks()),
    )  # fmt: skip
