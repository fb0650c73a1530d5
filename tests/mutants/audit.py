"""Mutants of the audit trail: what is missing from it, and what can be changed in it unnoticed."""

from __future__ import annotations

from typing import Any

from integration.journal import chain
from integration.journal.sqlite_rows import Rows
from tests.mutants.grounds import LOST_REPLIES
from tests.mutants.mutant import Mutant, Patch
from tests.mutants.quiet_grounds import CARDS

_LOST_EVERY = 50


def _record_missing() -> list[Patch]:
    real = Rows.store

    def store(self: Rows, write: Any, body: bytes) -> None:
        if self.number and b"answer" in body:
            body = b""
        real(self, write, body)

    return [Patch(Rows, "store", store)]


def _row_missing() -> list[Patch]:
    real, seen = Rows._append, [0]

    def append(self: Rows, flow: int, body: bytes) -> None:
        seen[0] += 1
        if seen[0] % _LOST_EVERY:
            real(self, flow, body)
        else:
            self.number, self.digest = self.number + 1, chain.link(self.digest, flow, body)

    return [Patch(Rows, "_append", append)]


def _chain_not_linked() -> list[Patch]:
    real = Rows._append

    def append(self: Rows, flow: int, body: bytes) -> None:
        self.digest = chain.GENESIS
        real(self, flow, body)

    return [Patch(Rows, "_append", append)]


def _trail_cleared_too_early() -> list[Patch]:
    real = Rows.store

    def store(self: Rows, write: Any, body: bytes) -> None:
        real(self, write, body)
        if write.flow and body:
            self._pending.blank(write.flow, self.number)

    return [Patch(Rows, "store", store)]


MUTANTS = (
    Mutant(
        name="record_missing",
        group="audit",
        mistake="What a system answered is not written down, only what was asked of it: the trail cannot prove what "
        "was done.",
        caught_by=("A1",),
        ground=CARDS,
        patches=_record_missing,
    ),
    Mutant(
        name="row_missing",
        group="audit",
        mistake="One row in fifty is lost on its way to the trail, as when it is written after the commit and nobody "
        "looks at the result.",
        caught_by=("A1",),
        ground=CARDS,
        patches=_row_missing,
    ),
    Mutant(
        name="chain_not_linked",
        group="audit",
        mistake="Each row is hashed by itself and not with the row before it, so rows can be taken out unnoticed.",
        caught_by=("A1",),
        ground=CARDS,
        patches=_chain_not_linked,
    ),
    Mutant(
        name="trail_cleared_too_early",
        group="audit",
        mistake="The clean-up that is meant for finished work clears the rows of work that still runs.",
        caught_by=("A1",),
        ground=LOST_REPLIES,
        patches=_trail_cleared_too_early,
    ),
)
