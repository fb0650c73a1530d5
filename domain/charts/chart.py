"""A state chart is a table of transitions and the questions one may ask of it.

Rule 1: everything that decides which change of state is legal lives in a table (one module per chart).
Rule 2: a chart does not know who asks; guards and events are text, the caller checks and emits them.

A caller that holds a state asks `require(source, target)` before it writes the next one. An update that
leaves the state as it is (a second part payment of an invoice that is already `partially_paid`) is not a
transition, so the caller asks only when the state changes.
"""

from collections.abc import Mapping

import msgspec

NOWHERE: frozenset[str] = frozenset()


class IllegalTransition(Exception):
    """A change of state that the chart does not list; its code is CONFLICT.STATE (HTTP 409)."""

    code = "CONFLICT.STATE"

    def __init__(self, chart: str, source: str, target: str, allowed: tuple[str, ...] = ()) -> None:
        self.chart = chart
        self.source = source
        self.target = target
        self.allowed = allowed
        super().__init__(chart, source, target, allowed)  # so that it can be pickled and raised again

    def __str__(self) -> str:
        listed = ", ".join(self.allowed) or "nothing (the state is final or unknown)"
        step = f"{self.source} -> {self.target}"
        return f"{self.chart}: {step} is not a transition; from {self.source} one may go to: {listed}"


class Transition(msgspec.Struct, frozen=True, gc=False):
    """One row of a chart: the trigger takes an object from the source state to the target state.

    `trigger` is a word for programs, `guard` a sentence for people, `event` the short name of the fact
    that is published (`quote.submitted`), empty when the registry has none.
    """

    source: str
    target: str
    trigger: str
    guard: str = ""
    event: str = ""


class Chart(msgspec.Struct, frozen=True):
    """One state machine as a value.

    `terminal` holds the states that end a life. Those that are also in `reopenable` may be left again, by
    the listed rows only (a paid invoice is reopened by a chargeback). `notes` says what was read into the
    source text where it leaves a gap. `exits` is computed from the table: the targets of each source.
    """

    name: str
    initial: tuple[str, ...]
    transitions: tuple[Transition, ...]
    terminal: frozenset[str] = frozenset()
    reopenable: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    exits: Mapping[str, frozenset[str]] = {}

    def __post_init__(self) -> None:
        exits = {state: frozenset(self.targets(state)) for state in self.states}
        msgspec.structs.force_setattr(self, "exits", exits)  # asked millions of times in one rehearsal

    @property
    def states(self) -> tuple[str, ...]:
        """Every state in the order of the table, initial states first."""
        ends = (state for row in self.transitions for state in (row.source, row.target))
        return tuple(dict.fromkeys((*self.initial, *ends)))

    def allows(self, source: str, target: str) -> bool:
        """Tell whether the table lists a transition from source to target."""
        return target in self.exits.get(source, NOWHERE)

    def require(self, source: str, target: str) -> None:
        """Raise IllegalTransition unless the table lists a transition from source to target."""
        if target not in self.exits.get(source, NOWHERE):
            raise IllegalTransition(self.name, source, target, self.targets(source))

    def targets(self, source: str) -> tuple[str, ...]:
        """List the states that can follow source, in the order of the table."""
        return tuple(dict.fromkeys(row.target for row in self.transitions if row.source == source))

    def transition(self, source: str, trigger: str) -> Transition:
        """Return the row that the trigger takes in source, or raise IllegalTransition."""
        for row in self.transitions:
            if row.source == source and row.trigger == trigger:
                return row
        offers = tuple(f"{row.target} ({row.trigger})" for row in self.transitions if row.source == source)
        raise IllegalTransition(self.name, source, f"({trigger})", offers)

    def next_state(self, source: str, trigger: str) -> str:
        """Return the state that the trigger leads to, or raise IllegalTransition."""
        return self.transition(source, trigger).target

    def is_final(self, state: str) -> bool:
        """Tell whether a life ends in the state and nothing may reopen it."""
        return state in self.terminal and state not in self.reopenable

    def reachable(self) -> frozenset[str]:
        """Return the states that some walk from an initial state visits, the initial ones included."""
        seen = frozenset(self.initial)
        while found := frozenset().union(*(self.exits[state] for state in seen)) - seen:
            seen |= found
        return seen


def rows(sources: str, target: str, trigger: str, guard: str = "", event: str = "") -> tuple[Transition, ...]:
    """Expand one line of a table whose source column names several states, separated by spaces.

    >>> [row.source for row in rows("draft ready", "voided", "void")]
    ['draft', 'ready']
    """
    return tuple(Transition(source, target, trigger, guard, event) for source in sources.split())
