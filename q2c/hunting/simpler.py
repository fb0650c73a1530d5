"""Simpler: what a scenario carries beside its lifecycles and faults, as parts that can be left out one by one.

What a lifecycle itself is made of (its mix, its credit hold, how it is paid) is no such part: without it, the story
would be another one. Each part is a function from a scenario to the scenario without it; a part that is not there
gives the same scenario. Whether a story needs a part is not decided here: every simpler scenario is played.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from fractions import Fraction
from functools import partial
from typing import Any

from scenarios.amendments import PER_CONTRACT_MAX
from scenarios.ground import AMENDMENT_FIRST, LIVE_FIRST, LOST_FIRST
from scenarios.language import Scenario
from scenarios.peers import Policies

Part = Callable[[Scenario], Scenario]
_DAY = timedelta(days=1)


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


def _lost_quotes(scenario: Scenario) -> Scenario:
    return scenario.model_copy(update={"mix": scenario.mix.model_copy(update={"lost": Fraction(0)})})


def _closings(scenario: Scenario) -> Scenario:
    none = {"close_receivables": None, "close_ledger": None, "close_months": Policies().close_months}
    return scenario.model_copy(update={"policies": scenario.policies.model_copy(update=none)})


def _background(quotes: Iterable[str], scenario: Scenario) -> Scenario:
    """Return a scenario with no more live subscriptions than some quotes stand on."""
    needed = max(map(subscription_of, quotes), default=0)
    kept = min(needed, scenario.world.live_subscriptions)
    return scenario.model_copy(update={"world": scenario.world.model_copy(update={"live_subscriptions": kept})})


def subscription_of(quote: str) -> int:
    """Return which live subscription, counted from 1, a quote is or changes; 0 for an order's."""
    number = int(quote[2:8])
    if number >= LIVE_FIRST:
        return number - LIVE_FIRST + 1
    if not AMENDMENT_FIRST <= number < LOST_FIRST:
        return 0
    return (number - AMENDMENT_FIRST) // PER_CONTRACT_MAX + 1


def contract_of(quote: str) -> str:
    """Return the contract that a quote is or changes, by its own number; empty for an order's."""
    position = subscription_of(quote)
    return f"Q-{LIVE_FIRST + position - 1:06d}" if position else ""


def _long_end(scenario: Scenario) -> Scenario:
    return scenario.model_copy(update={"run_on": min(scenario.run_on, max(scenario.settle, _DAY))})


_REST: tuple[Part, ...] = (_long_end, _price_rise, _changes_on_the_way, _lost_quotes, _closings)


def parts_beside(quotes: Iterable[str]) -> tuple[Part, ...]:
    """Return everything that can be left out beside some quotes, what saves most time first."""
    return partial(_background, tuple(quotes)), *_REST
