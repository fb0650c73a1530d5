"""A flow is a coroutine that asks for effects; `Flow` replays its journal and hands out one new effect at a time.

Nothing here performs an effect. The rule flows must keep: same arguments and same outcomes lead to the same effects.
A flow that breaks it (its code changed, it read a clock, it iterated over a set) raises Diverged in the replay.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any

import msgspec

from integration.effects import Effect
from integration.outcomes import Answer, Outcome, reveal
from integration.settings import Settings


class FlowContext(msgspec.Struct, frozen=True, gc=False):
    """What every flow is told besides its arguments."""

    flow_id: str
    name: str
    txn: str
    settings: Settings
    ledger: str = ""  # the system that keeps the books of this flow's legal entity; empty: the ERP


Program = Callable[[FlowContext, Mapping[str, Any]], Coroutine[Any, Any, Any]]
"""A flow function: `async def quote_to_cash(context, arguments)`. Its result must be JSON-like."""


class Step(msgspec.Struct, frozen=True, gc=False):
    """One journaled step: what the previous effect led to, and what the flow asked for next (None at the end)."""

    outcome: Outcome
    effect: Effect | None


class Diverged(Exception):
    """A flow asks for something else than its journal says: its code changed, or it is not deterministic."""


class Flow:
    """A running coroutine, the effect it waits for and the number of that effect."""

    __slots__ = ("_coroutine", "effect", "id", "result", "seq")

    def __init__(self, flow_id: str, coroutine: Coroutine[Any, Any, Any]) -> None:
        self.id = flow_id
        self.seq = -1
        self.effect: Effect | None = None
        self.result: Any = None
        self._coroutine = coroutine

    def resume(self, outcome: Outcome) -> Effect | None:
        """Hand an outcome to the flow, Begun the first, and run to its next effect; None when it is finished.

        Exceptions that the flow does not handle pass through, CallFailed and OutcomeUnknown among them.
        """
        self.seq += 1
        seen = outcome if type(outcome) is Answer else reveal(outcome)
        try:
            if isinstance(seen, Exception):
                self.effect = self._coroutine.throw(seen)
            else:
                self.effect = self._coroutine.send(seen)
        except StopIteration as stop:
            self.effect, self.result = None, stop.value
        return self.effect

    def replay(self, steps: Iterable[Step]) -> Effect | None:
        """Run through journaled steps; return the effect that is still to be performed."""
        for index, step in enumerate(steps):
            effect = self.resume(step.outcome)
            if effect != step.effect and not _same(effect, step.effect):
                raise Diverged(explain(self.id, index, step.effect, effect))
        return self.effect

    def close(self) -> None:
        """Drop the coroutine; the journal can rebuild it."""
        self._coroutine.close()


def _same(asked: Effect | None, recorded: Effect | None) -> bool:
    """Compare as the journal does: it does not tell a tuple from a list, nor a Decimal from its text."""
    return msgspec.msgpack.encode(asked) == msgspec.msgpack.encode(recorded)


def explain(flow_id: str, index: int, recorded: Effect | None, asked: Effect | None) -> str:
    """Return what a developer needs to find the divergence: the step and the fields that differ."""
    where = f"flow {flow_id} diverged from its journal at step {index}: "
    hint = (
        "Flows must be deterministic (no clock, chance, set order); a changed flow needs a new name while old ones run."
    )
    if recorded is None or asked is None or type(recorded) is not type(asked):
        return f"{where}the journal has {_name(recorded)}, the code asks for {_name(asked)}. {hint}"
    fields = [name for name in recorded.__struct_fields__ if getattr(recorded, name) != getattr(asked, name)]
    told = "; ".join(f"{name} was {getattr(recorded, name)!r}, now {getattr(asked, name)!r}" for name in fields)
    return f"{where}{_name(recorded)} differs: {told}. {hint}"


def _name(effect: Effect | None) -> str:
    if effect is None:
        return "the end of the flow"
    operation = getattr(effect, "operation", None) or getattr(effect, "topic", None) or ""
    return f"{type(effect).__name__}({operation})"
