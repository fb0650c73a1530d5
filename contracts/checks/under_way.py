"""Under way: what had time still when a replay ended. Nobody saw how it ends, so it is neither kept nor broken.

A rehearsal goes on to a day that its scenario names, and there is always some business on such a day. A replay ends
with somebody's patience, often minutes after the last signature: what it leaves open is most of what was to be proved.
"""

from __future__ import annotations

from contracts.checks.facts import Facts
from domain.history import Ended


def is_under_way(facts: Facts, at_us: int) -> bool:
    """Tell whether what became due at an instant had time still, and a replay ended on it."""
    return facts.context.engine == "replay" and at_us <= facts.once(_ended_us) and not facts.is_due(at_us)


def advice(facts: Facts) -> str:
    """Say what to do so that a replay sees how everything ends: it was stopped half-way, or rested too early."""
    if facts.once(_ended_us) < facts.context.horizon_us:
        return "it had come to rest: see what became of them, or raise quiet_for if it polls less often than that"
    return "give it more time (settles_within), or less to do (a lower speed, fewer orders)"


def _ended_us(facts: Facts) -> int:
    """Return when the run ended: at its horizon, or before it when all had come to rest."""
    return min([facts.context.horizon_us, *(ended.at_us for ended in facts.history.of(Ended))])
