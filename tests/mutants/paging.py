"""Mutants of paging: lists that are not read to their end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from integration.effects import Call
from integration.flow import FlowContext
from integration.flows import paging
from integration.outcomes import Answer, CallFailed, OutcomeUnknown
from integration.systems import payment
from tests.mutants.mutant import Mutant, Patch
from tests.mutants.quiet_grounds import PAYOUTS, SWEPT

Page = tuple[Sequence[Any], Call | None]


def _first_page_only() -> list[Patch]:
    transaction_page = payment.transaction_page

    def first(call: Call, answer: Answer) -> Page:
        return transaction_page(call, answer)[0], None

    return [Patch(payment, "transaction_page", first)]


def _last_page_lost() -> list[Patch]:
    transaction_page = payment.transaction_page

    def full_ones(call: Call, answer: Answer) -> Page:
        rows, following = transaction_page(call, answer)
        return (rows if following else []), following

    return [Patch(payment, "transaction_page", full_ones)]


def _throttled_is_empty() -> list[Patch]:
    async def every_row(
        _context: FlowContext, call: Call, page: Callable[[Call, Answer], tuple[Sequence[Any], Call | None]]
    ) -> list[Any]:
        found: list[Any] = []
        asked: Call | None = call
        while asked is not None:
            try:
                rows, asked = page(asked, await asked)
            except (CallFailed, OutcomeUnknown):
                break
            found += rows
        return found

    return [Patch(paging, "every_row", every_row)]


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        name="first_page_only",
        group="paging",
        mistake="The first page of a list is taken for all of it (catalogue 59).",
        caught_by=("M6",),
        ground=PAYOUTS,
        patches=_first_page_only,
    ),
    Mutant(
        name="last_page_lost",
        group="paging",
        mistake="The loop that turns pages ends before it has worked off the last one (catalogue 59).",
        caught_by=("M6",),
        ground=PAYOUTS,
        patches=_last_page_lost,
    ),
    Mutant(
        name="throttled_is_empty",
        group="limits",
        mistake="A list that was refused with 429 counts as a list without rows: the client returns an empty page for "
        "whatever has none (catalogue 68).",
        caught_by=("S9", "L1", "L2"),
        ground=SWEPT,
        patches=_throttled_is_empty,
    ),
)
