"""What the catalogue says of a fault: where it strikes, whom it can reach, its own words, who has seen it."""

from __future__ import annotations

from enum import Enum
from typing import Literal

import msgspec

from domain.faults.plan import Fault

Word = Literal["wait", "count", "factor"]
Calls = Literal["any", "writes", "reads", "keyed"]


class Place(Enum):
    """Where a fault strikes."""

    NETWORK = "network"  # between the integration and a system, before the request arrives
    BEFORE = "before"  # in the system, before it commits
    AFTER = "after"  # in the system, after it committed
    WEBHOOK = "webhook"  # on the way of a system's message to the integration
    PROCESS = "process"  # in the integration's own process
    PEOPLE = "people"  # in what people do


class Parameter(msgspec.Struct, frozen=True):
    """A word of a scenario that means something to a kind: `wait` (seconds), `count` or `factor`.

    A right integration bears the values from `low` to `high`, which have been seen in the wild; `usual` is one of them.
    """

    word: Word
    meaning: str
    low: float
    high: float
    usual: float
    required: bool = False


AT_WRITE = Parameter(
    "count", "the durable write at which it strikes, counted from the start of the run", 1, 400, 60, required=True
)
"""The word of every kind that befalls the process of the integration."""


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """Which calls a kind can strike at all; empty tuples mean every system and every operation.

    `calls` says which: any, those that write, those that read, or writes with an idempotency key at systems that keep
    keys. `systems` names systems, `operations` operations as `system.operation`, `never` those that are left out.
    """

    systems: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    calls: Calls = "any"

    def covers(self, system: str, operation: str, *, write: bool, keyed: bool) -> bool:
        """Tell whether a call (which writes or reads, which carries a key that its system keeps) can be struck."""
        return (
            (not self.systems or system in self.systems)
            and (not self.operations or f"{system}.{operation}" in self.operations)
            and f"{system}.{operation}" not in self.never
            and (self.calls == "any" or (keyed if self.calls == "keyed" else write == (self.calls == "writes")))
        )


class FaultKind(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of fault that a rehearsal can inject. `key` is its name in scenario files.

    `wild` tells where it was seen and `source` who says so (a key of `SOURCES`, or [E] for an estimate); `right` says
    what a right integration does, as a predicate; `noticed_by` names the checks that a wrong answer tends to break.
    A kind that `is_lasting` is not mended by repeating the same request. One that `is_conditional` strikes only where
    more comes together than a history shows, so that its silence proves nothing.
    `not_live` is empty when a replay over real connections injects it too, and the reason why not otherwise.
    """

    number: str
    key: str
    place: Place
    summary: str
    wild: str
    source: str
    right: str
    noticed_by: tuple[str, ...]
    parameters: tuple[Parameter, ...] = ()
    reach: Reach = Reach()
    is_lasting: bool = False
    is_conditional: bool = False
    not_live: str = ""

    @property
    def words(self) -> frozenset[str]:
        """The words of a scenario that mean something to this kind."""
        return frozenset(parameter.word for parameter in self.parameters)

    def range_of(self, word: Word) -> tuple[float, float]:
        """Return the lowest and the highest value of a word that a right integration bears; (0, 0) without it."""
        return next(((each.low, each.high) for each in self.parameters if each.word == word), (0.0, 0.0))

    @property
    def usual(self) -> Fault:
        """The fault as it is usually seen: everywhere, always, with usual parameters."""
        said = {each.word: each.usual for each in self.parameters}
        seconds, count, factor = said.get("wait", 0.0), said.get("count", 0), said.get("factor", 1.0)
        return Fault(kind=self.key, seconds=seconds, count=int(count), factor=factor)


class Elsewhere(msgspec.Struct, frozen=True, kw_only=True):
    """A fault of the catalogue that is no kind of a fault plan: why not, and where this project shows it instead.

    `shown` is empty when it is shown nowhere. The other fields are those of a `FaultKind`.
    """

    number: str
    name: str
    summary: str
    wild: str
    source: str
    right: str
    noticed_by: tuple[str, ...]
    why: str
    shown: str = ""
