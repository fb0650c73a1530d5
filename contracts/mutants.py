"""Mutants: programs with one known fault each, and the check that is meant to notice it.

A suite is as good as the faults that it finds. `number` is that of the catalogue of faults (0: not in it), `kind` says
what is mutated.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Kind = Literal["server", "client", "webhook", "mapping", "provider"]


class Mutant(msgspec.Struct, frozen=True, kw_only=True):
    """A fault: its name in code, what it does, and the rule (or case) that is meant to find it."""

    name: str
    what: str
    check: str
    kind: Kind
    number: int = 0


class Kill(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a mutant: the rules or cases that noticed it."""

    mutant: Mutant
    killed_by: tuple[str, ...]

    @property
    def is_as_meant(self) -> bool:
        """Tell whether the check noticed it that is meant to."""
        return self.mutant.check in self.killed_by
