"""Seeding: the acts that fill a running world with the company of a scenario."""

from __future__ import annotations

from domain.acts import Act

SUBSCRIPTIONS_MAX = 100_000


def company(scenario: str, subscriptions: int) -> list[Act]:
    """Return the acts that found the company of a scenario, with so many live subscriptions.

    Raise ValueError for a scenario that there is not, or that says something wrong.
    """
    from scenarios.ground import ground
    from scenarios.library import find
    from scenarios.population import seeds
    from scenarios.problems import ScenarioError
    from scenarios.scale import scaled

    try:
        found = find(scenario)
    except ScenarioError as wrong:
        raise ValueError(str(wrong)) from wrong
    chosen = scaled(found, orders=max(1, subscriptions), subscriptions=subscriptions)
    return list(seeds(ground(chosen, chosen.seed)))
