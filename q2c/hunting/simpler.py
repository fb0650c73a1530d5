"""Simpler: what a scenario carries beside its lifecycles and faults, as parts that can be left out one by one.

Each part is a function from a scenario to the scenario without it; a part that is not there gives the same scenario.
Whether a story needs a part is not decided here: every simpler scenario is played.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from fractions import Fraction
from typing import Any

from scenarios.amendments import PER_CONTRACT_MAX
from scenarios.company import Failures, Payments
from scenarios.ground import AMENDMENT_FIRST, LIVE_FIRST, LOST_FIRST
from scenarios.language import Scenario
from scenarios.peers import Policies
from scenarios.words import SYSTEMS

Part = Callable[[Scenario], Scenario]
_DAY = timedelta(days=1)
_NEVER = Fraction(0)


def bare(scenario: Scenario) -> Scenario:
    """Return a scenario without what a plan of its own replaces and what only people read: it plays the same."""
    nothing: dict[str, Any] = dict.fromkeys(
        ("outages", "brownouts", "maintenance", "faults", "expected", "assertions"), ()
    )
    plain = Scenario(name=scenario.name, title=scenario.title, question=scenario.question)
    return scenario.model_copy(update={**nothing, "variants": {}, "play": plain.play})


def without(scenario: Scenario, parts: Iterable[Part]) -> Scenario:
    """Return a scenario without some parts."""
    for part in parts:
        scenario = part(scenario)
    return scenario


def _price_rise(scenario: Scenario) -> Scenario:
    return scenario.model_copy(update={"price_rise": None})


def _changes_on_the_way(scenario: Scenario) -> Scenario:
    return scenario.model_copy(update={"limit_changes": (), "drifts": (), "rate_moves": ()})


def _limits(scenario: Scenario) -> Scenario:
    systems = {
        name: getattr(scenario.systems, name).model_copy(update={"slots": 0, "rps": 0, "daily_calls": 0})
        for name in SYSTEMS
    }
    return scenario.model_copy(update={"systems": scenario.systems.model_copy(update=systems)})


def _mistakes_of_people(scenario: Scenario) -> Scenario:
    kept = {name: getattr(scenario.failures, name) for name in ("hold_median", "hold_p95")}
    never = {name: _NEVER for name, value in Failures() if isinstance(value, Fraction)}
    return scenario.model_copy(update={"failures": Failures(**never, **kept)})


def _trouble_with_payments(scenario: Scenario) -> Scenario:
    kept = ("debit", "push", "card", "chargeback_won", "refund_adjusted")
    never = {name: _NEVER for name, value in Payments() if isinstance(value, Fraction) and name not in kept}
    return scenario.model_copy(update={"payments": scenario.payments.model_copy(update=never)})


def _odd_orders(scenario: Scenario) -> Scenario:
    names = ("channel", "multi_entity", "second_version", "later_start", "lost", "foreign_currency")
    return scenario.model_copy(update={"mix": scenario.mix.model_copy(update=dict.fromkeys(names, _NEVER))})


def _renewals(scenario: Scenario) -> Scenario:
    return scenario.model_copy(update={"contracts": scenario.contracts.model_copy(update={"ending": _NEVER})})


def _closings(scenario: Scenario) -> Scenario:
    none = {"close_receivables": None, "close_ledger": None, "close_months": Policies().close_months}
    return scenario.model_copy(update={"policies": scenario.policies.model_copy(update=none)})


def _background(scenario: Scenario) -> Scenario:
    """Return a scenario with no more live subscriptions than the lifecycles that it names stand on."""
    needed = max((subscription_of(name) for name in scenario.lifecycles or ()), default=0)
    kept = min(needed, scenario.world.live_subscriptions)
    return scenario.model_copy(update={"world": scenario.world.model_copy(update={"live_subscriptions": kept})})


def subscription_of(quote: str) -> int:
    """Return which live subscription, counted from 1, an amendment changes; 0 for other quotes."""
    number = int(quote[2:8])
    if not AMENDMENT_FIRST <= number < LOST_FIRST:
        return 0
    return (number - AMENDMENT_FIRST) // PER_CONTRACT_MAX + 1


def contract_of(quote: str) -> str:
    """Return the contract that an amendment changes, by its own quote number; empty for other quotes."""
    position = subscription_of(quote)
    return f"Q-{LIVE_FIRST + position - 1:06d}" if position else ""


def _long_end(scenario: Scenario) -> Scenario:
    return scenario.model_copy(update={"run_on": min(scenario.run_on, max(scenario.settle, _DAY))})


PARTS: tuple[Part, ...] = (
    _background, _long_end, _price_rise, _changes_on_the_way, _limits, _mistakes_of_people, _trouble_with_payments,
    _odd_orders, _renewals, _closings,
)  # fmt: skip
"""Everything that can be left out, what saves most time first."""
