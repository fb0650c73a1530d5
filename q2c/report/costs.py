"""Costs: what the faults of a run cost: repeated calls, restarts, people's time, and orders that took longer."""

from __future__ import annotations

import msgspec

from contracts.checks.facts import BOOKED, Facts
from contracts.checks.lives import Life
from contracts.checks.policy import hold_intervals
from domain.history import Case, Crashed, Fired
from q2c.report.series import Calls, rank


class Costs(msgspec.Struct, frozen=True, kw_only=True):
    """Counts and durations. Booked orders that `waited` did so for credit or people; of the others, those that are
    `calm` met no fault of their own, and `troubled` ones did.
    """

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
    waited_orders: int
    waited_longest_us: int


def costs_of(facts: Facts, calls: tuple[Calls, ...]) -> Costs:
    """Return what the faults of a history cost."""
    fired, hit = 0, set()
    for strike in facts.history.of(Fired):
        fired += 1
        hit.add(strike.txn)
    crashes = list(facts.history.of(Crashed))
    times = _booking_times(facts, hit)
    waited, troubled, calm = times["waited"], times["troubled"], times["calm"]
    return Costs(
        faults_fired=fired, calls=sum(each.total for each in calls),
        repeated_calls=sum(each.repeats for each in calls), unknown_outcomes=sum(each.unknown for each in calls),
        throttled=sum(each.throttled for each in calls), crashes=len(crashes),
        crash_downtime_us=sum(crash.back_us - crash.at_us for crash in crashes), cases=len(facts.cases),
        touches=sum(case.actor not in ("", "integration") for case in facts.history.of(Case)),
        troubled_orders=len(troubled), calm_orders=len(calm), troubled_p50_us=rank(troubled, 50),
        calm_p50_us=rank(calm, 50), troubled_longest_us=rank(troubled, 100),
        waited_orders=len(waited), waited_longest_us=rank(waited, 100),
    )  # fmt: skip


def _booking_times(facts: Facts, hit: set[str]) -> dict[str, list[int]]:
    """Return how long each order took from signature to booking, sorted: those that waited for somebody who decides,
    those that met a fault, and the others. Durations are those of the wall where business time is compressed.
    """
    found: dict[str, list[int]] = {"waited": [], "troubled": [], "calm": []}
    asked = {case[0].txn: case[0].opened_us for case in reversed(facts.cases.values())}  # the first counts
    for reference, life in facts.accepted.items():
        for order in facts.orders.get(reference, [])[:1]:
            booked_us = order.since(BOOKED)
            if booked_us is None:
                continue
            accepted_us = life.entered["accepted"]
            waited = _held(facts, order, accepted_us, booked_us) or asked.get(life.txn, booked_us) < booked_us
            kind = "waited" if waited else "troubled" if life.txn in hit else "calm"
            found[kind].append(round((booked_us - accepted_us) / facts.context.speed))
    return {kind: sorted(times) for kind, times in found.items()}


def _held(facts: Facts, order: Life, from_us: int, until_us: int) -> bool:
    """Tell whether the customer of an order was on credit hold at some time between two instants."""
    holds = facts.once(hold_intervals).get(order.document.customer, [])
    return any(placed_us < until_us and from_us < released_us for placed_us, released_us, _ in holds)
