"""Costs: what the faults of a run cost: repeated calls, restarts, people's time, and orders that took longer."""

from __future__ import annotations

import msgspec

from contracts.checks.facts import BOOKED, Facts
from domain.history import Case, Crashed, Fired
from q2c.report.series import Calls, rank


class Costs(msgspec.Struct, frozen=True, kw_only=True):
    """Counts and durations; `calm` orders met no fault of their own, `troubled` ones did."""

    faults_fired: int
    calls: int
    repeated_calls: int
    unknown_outcomes: int
    throttled: int
    crashes: int
    crash_downtime_us: int
    cases: int
    touches: int
    troubled_orders: int
    calm_orders: int
    troubled_p50_us: int
    calm_p50_us: int
    troubled_longest_us: int


def costs_of(facts: Facts, calls: tuple[Calls, ...]) -> Costs:
    """Return what the faults of a history cost."""
    fired, hit = 0, set()
    for strike in facts.history.of(Fired):
        fired += 1
        hit.add(strike.txn)
    crashes = list(facts.history.of(Crashed))
    troubled, calm = _booking_times(facts, hit)
    return Costs(
        faults_fired=fired, calls=sum(each.total for each in calls),
        repeated_calls=sum(each.repeats for each in calls), unknown_outcomes=sum(each.unknown for each in calls),
        throttled=sum(each.throttled for each in calls), crashes=len(crashes),
        crash_downtime_us=sum(crash.back_us - crash.at_us for crash in crashes), cases=len(facts.cases),
        touches=sum(case.actor not in ("", "integration") for case in facts.history.of(Case)),
        troubled_orders=len(troubled), calm_orders=len(calm), troubled_p50_us=rank(troubled, 50),
        calm_p50_us=rank(calm, 50), troubled_longest_us=rank(troubled, 100),
    )  # fmt: skip


def _booking_times(facts: Facts, hit: set[str]) -> tuple[list[int], list[int]]:
    """Return how long each order took from signature to booking: those that met a fault, and the others; sorted.

    Durations are those of the wall where business time is compressed.
    """
    troubled: list[int] = []
    calm: list[int] = []
    for reference, life in facts.accepted.items():
        for order in facts.orders.get(reference, [])[:1]:
            booked_us = order.since(BOOKED)
            if booked_us is not None:
                took_us = booked_us - life.entered["accepted"]
                (troubled if life.txn in hit else calm).append(round(took_us / facts.context.speed))
    return sorted(troubled), sorted(calm)
