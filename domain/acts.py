"""Acts: what people and the outside world do to a system, as data. A timeline is a list of them.

The seed of a world (accounts, items, price lists, live subscriptions) is a list of acts too, all at the start.
`docs/reference/acts.md` lists the actions each system understands.
"""

from __future__ import annotations

from typing import Any

import msgspec


class Act(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Someone does `action` in `system` at `at_us` with JSON-like `arguments`; `txn` is the quote number, if any."""

    at_us: int
    system: str
    action: str
    arguments: dict[str, Any]
    txn: str = ""


class UnknownAct(Exception):
    """A system does not know the action it is asked to perform."""

    def __init__(self, act: Act, known: list[str]) -> None:
        super().__init__(act, known)
        self.act, self.known = act, known

    def __str__(self) -> str:
        known = ", ".join(sorted(self.known))
        return f"{self.act.system} does not know the action {self.act.action!r}; it knows: {known}"
