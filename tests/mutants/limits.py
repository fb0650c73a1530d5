"""Mutants of limits: what a vendor grants, and what is taken."""

from __future__ import annotations

from integration.limits import Gate, TokenBucket
from tests.mutants.mutant import Mutant, Patch
from tests.mutants.quiet_grounds import NARROW


def _no_slots() -> list[Patch]:
    share = Gate.share

    def unbounded(self: Gate, workers: int) -> None:
        share(self, workers)
        self.slots = 0

    return [Patch(Gate, "share", unbounded)]


def _no_pace() -> list[Patch]:
    def wait_us(_self: TokenBucket, _now_us: int) -> int:
        return 0

    return [Patch(TokenBucket, "wait_us", wait_us)]


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        name="concurrency_unbounded",
        group="limits",
        mistake="Every flow calls when it is ready, however many are open at the ERP: the licence counts them, the "
        "pool of the HTTP client does not.",
        caught_by=("P5",),
        ground=NARROW,
        patches=_no_slots,
    ),
    Mutant(
        name="rate_unbounded",
        group="limits",
        mistake="Calls go out as fast as they come, because a test system has no limit of calls a second.",
        caught_by=("P5",),
        ground=NARROW,
        patches=_no_pace,
    ),
)
