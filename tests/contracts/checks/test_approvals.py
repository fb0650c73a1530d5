"""What somebody must agree to: losses, refunds and closed periods, by somebody else, and for as much."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from domain.history import Flow, Record
from tests.contracts.checks.build import clean, period
from tests.contracts.checks.doctored import Break, keeps, named, notices
from tests.contracts.checks.receivables import BY_THE_CFO, LATER, OWED, approved, written_off


def _approved_by_the_asker() -> list[Record]:
    return [*clean(), approved("refund", {"by": "Ann ", "asked_by": "ann", "amount_minor": 1})]


def _approved_by_nobody() -> list[Record]:
    return [*clean(), approved("reopen_period", {"by": "", "asked_by": "ann"})]


def _without(word: str) -> Callable[[], list[Record]]:
    def made() -> list[Record]:
        told = {**BY_THE_CFO, "approved_minor": OWED}
        del told[word]
        return [*clean(), approved("write_off", told)]

    made.__name__ = f"without_{word}"
    return made


def _more_than_was_approved() -> list[Record]:
    return [*clean(), approved("write_off", {**BY_THE_CFO, "approved_minor": OWED - 1})]


def _refund_of_more_than_was_approved() -> list[Record]:
    told = {"status": "succeeded", "by": "bob", "asked_by": "ann", "amount_minor": 2, "approved_minor": 1}
    return [*clean(), approved("refund", told)]


def _refund_of_less_than_was_approved() -> list[Record]:
    told = {"status": "succeeded", "by": "bob", "asked_by": "ann", "amount_minor": 100, "approved_minor": 111}
    return [*clean(), approved("refund", told)]


def _refund_rounded() -> list[Record]:
    told = {"status": "succeeded", "by": "bob", "asked_by": "ann", "amount_minor": 100, "approved_minor": 101}
    return [*clean(), approved("refund", told)]


def _nothing_was_given_away() -> list[Record]:
    return [*clean(), approved("write_off", {"status": "on_its_way", "amount_minor": 0}), *written_off()[-1:]]


def _a_large_small_difference() -> list[Record]:
    told = {"by": "tolerance", "asked_by": "integration", "amount_minor": 5_000, "total_minor": 18_700}
    return [*clean(), approved("write_off", told)]


def _reopened(cause: str, *flows: Record) -> list[Record]:
    return [
        *clean(), period(LATER, "soft_closed", "open"), *flows,
        replace(period(LATER + 1, "open", "soft_closed"), cause=cause),
    ]  # fmt: skip


def _opened_by_a_request() -> list[Record]:
    return _reopened("r77")


def _opened_after_an_approval() -> list[Record]:
    asked = approved("reopen_period", {"by": "eve", "asked_by": "ann"})
    return _reopened("r77", replace(asked, flow="reopen/US/2026-12/gl/1"))


def _opened_by_a_closing_that_was_given_up() -> list[Record]:
    return _reopened("r77", _closing("finished", "given_up"))


def _closing(status: str, ending: str = "") -> Flow:
    closing = replace(approved("close_period", {}), flow="close/US/2026-12/1")
    return replace(closing, status=status, ending=ending)


def _opened_by_a_closing_that_people_have_in_hand() -> list[Record]:
    return _reopened("r77", _closing("parked"))


def _opened_beside_a_closing_that_was_done() -> list[Record]:
    return _reopened("r77", _closing("finished", "done"))


def _opened_beside_a_closing_that_nobody_had_to_look_at() -> list[Record]:
    return _reopened("r77", _closing("started"))


BREAKS: tuple[tuple[str, Break], ...] = (
    ("P10", _without("by")),
    ("P10", _without("asked_by")),
    ("P10", _without("approved_minor")),
    ("P10", _more_than_was_approved),
    ("P10", _refund_of_more_than_was_approved),
    ("P10", _refund_of_less_than_was_approved),
    ("P10", _approved_by_the_asker),
    ("P10", _approved_by_nobody),
    ("P10", _a_large_small_difference),
    ("P10", _opened_by_a_request),
    ("P10", _opened_beside_a_closing_that_was_done),
    ("P10", _opened_beside_a_closing_that_nobody_had_to_look_at),
)
KEEPS: tuple[tuple[str, Break], ...] = (
    ("P10", written_off),
    ("P10", _nothing_was_given_away),
    ("P10", _refund_rounded),
    ("P10", _opened_after_an_approval),
    ("P10", _opened_by_a_closing_that_was_given_up),
    ("P10", _opened_by_a_closing_that_people_have_in_hand),
)


@pytest.mark.parametrize(("key", "made"), named(KEEPS))
def test_the_rule_holds_where_it_is_kept(key: str, made: Break) -> None:
    keeps(key, made)


@pytest.mark.parametrize(("key", "spoil"), named(BREAKS))
def test_the_rule_notices_what_breaks_it(key: str, spoil: Break) -> None:
    notices(key, spoil)
