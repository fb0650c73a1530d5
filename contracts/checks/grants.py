"""Grants: when systems grant less than they told, so that they refuse what keeps to what they told."""

from __future__ import annotations

from contracts.checks.facts import Facts
from domain.history import Attempted, Grant, Limit


def is_granted_less(facts: Facts, attempt: Attempted) -> bool:
    """Tell whether the system of an attempt granted less than it told at some time of it."""
    return any(
        grant.start_us <= attempt.at_us and attempt.sent_us < grant.end_us
        for grant in facts.once(_granted_less).get(attempt.system, ())
    )


def _granted_less(facts: Facts) -> dict[str, list[Grant]]:
    """Return the times at which systems grant less than they told."""
    told = {limit.system: limit for limit in facts.context.limits}
    found: dict[str, list[Grant]] = {}
    for grant in facts.context.grants:
        limit = told.get(grant.system) or Limit(system=grant.system)
        pairs = (grant.requests * limit.window_seconds, limit.requests), (grant.concurrent, limit.concurrent)
        if any(now and (not before or now < before) for now, before in pairs):
            found.setdefault(grant.system, []).append(grant)
    return found
