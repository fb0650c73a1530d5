"""What people give up, at any step, leaves nothing behind: of an amendment, a pause, a cancellation, a renewal.

A play is done once to learn which requests its flow writes. Then it is done again for each of them: that request is
refused, a clerk gives the flow up, and every system must look as if nothing had been asked.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from functools import cache
from typing import Any

import pytest

from contracts.checks.facts import Facts
from contracts.checks.terms import billed_of
from domain.history import MemoryHistory
from domain.objects import Delta
from integration.effects import Call
from integration.flow import FlowContext
from integration.flows.steps import ask_a_person, do
from integration.outcomes import Answer
from tests.integration.flows.test_amendments import seats
from tests.stage import CORE, LIVE, MORE, Played, Stage

MINE, OTHER = "Q-500001", "Q-500002"
Setting = Callable[[Stage, bool], None]


def upsold(stage: Stage, is_asked: bool) -> None:
    stage.subscribed()
    if is_asked:
        stage.amends(MINE, LIVE, "upsell", date(2026, 11, 30), 4, seats(20))


def back_dated(stage: Stage, is_asked: bool) -> None:
    """An amendment that is inserted before two later ones, which have to be applied again."""
    stage.subscribed()
    stage.amends(OTHER, LIVE, "upsell", date(2026, 11, 29), 2, seats(15))
    stage.amends("Q-500003", LIVE, "add_product", date(2026, 11, 30), 3, seats(4, MORE, 600_00), sequence=2)
    if is_asked:
        stage.amends(MINE, LIVE, "price_change", date(2026, 11, 20), 6, seats(10, unit_minor=1100_00), sequence=3)


def swapped(stage: Stage, is_asked: bool) -> None:
    stage.subscribed()
    if is_asked:
        stage.amends(MINE, LIVE, "swap", date(2026, 11, 30), 4, seats(0), seats(10, MORE, 900_00))


def lengthened(stage: Stage, is_asked: bool) -> None:
    stage.subscribed()
    if is_asked:
        stage.amends(MINE, LIVE, "extend_term", date(2026, 11, 30), 4, seats(10), co_term_end=date(2028, 1, 1))


def paused(stage: Stage, is_asked: bool) -> None:
    stage.subscribed()
    if is_asked:
        stage.amends(MINE, LIVE, "pause", date(2026, 12, 1), 4, seats(10), resume_date=date(2026, 12, 3))


def cancelled(stage: Stage, is_asked: bool) -> None:
    stage.subscribed()
    if is_asked:
        stage.amends(MINE, LIVE, "cancel", date(2026, 11, 30), 4, seats(0))


def renewed(stage: Stage, is_asked: bool) -> None:
    stage.subscribed(start="2025-12-20", term_end="2026-12-20")
    if is_asked:
        stage.renews(MINE, LIVE, date(2026, 12, 20), 4, (CORE, 10, 1200_00, 12))


def rebilled(stage: Stage, is_asked: bool) -> None:
    stage.subscribed()
    if is_asked:
        monthly = Delta(sku=CORE, quantity=10, unit_minor=110_00, months=1)
        stage.amends(MINE, LIVE, "billing_change", date(2026, 11, 30), 4, monthly)


def ordered(stage: Stage, is_asked: bool) -> None:
    stage.subscribed()
    if is_asked:
        stage.signs(MINE, 4, lines=((CORE, 10, 50_00, 12), (MORE, 2, 20_00, 12)))


SETTINGS = {
    each.__name__: each
    for each in (upsold, back_dated, swapped, lengthened, paused, cancelled, rebilled, renewed, ordered)
}


NO_WAY_BACK = f"{MINE}/activate"
"""An order is recorded as delivered before its subscription is activated; what is delivered the ERP does not cancel."""


def of_mine(call: Call) -> bool:
    """Tell whether a request is written by the flows of the deal that is given up, and not by its undoing."""
    if call.operation == "update" or call.key.endswith(NO_WAY_BACK):
        return False
    return call.write and call.txn == MINE and "undo" not in call.key


def play(setting: Setting, is_asked: bool = True) -> Played:
    stage = Stage()
    setting(stage, is_asked)
    return stage.play(days=7)


def instead_of_do(patch: pytest.MonkeyPatch, other: Callable[..., Any]) -> None:
    """Have every flow do its calls by another function."""
    for name, module in list(sys.modules.items()):
        if name.startswith("integration.") and getattr(module, "do", None) is do:
            patch.setattr(module, "do", other)


@cache
def written(name: str) -> tuple[str, ...]:
    """Return the keys of the requests that the flow of a setting writes, in order."""
    keys: dict[str, None] = {}

    async def noting(context: FlowContext, call: Call, *more: Any, **named: Any) -> Answer:
        if of_mine(call) and not context.flow_id.startswith(("credit/", "invoice/")):
            keys[call.key] = None
        return await do(context, call, *more, **named)

    with pytest.MonkeyPatch.context() as patch:
        instead_of_do(patch, noting)
        play(SETTINGS[name])
    return tuple(keys)


@cache
def untouched(name: str) -> dict[str, Any]:
    """Return what is there when nobody asked."""
    return left_by(play(SETTINGS[name], is_asked=False))


def left_by(played: Played) -> dict[str, Any]:
    """Return what counts in the end: what subscriptions hold, what is charged for which days, what is booked."""
    found = played.documents("billing", "subscription")
    billed = billed_of(Facts(MemoryHistory(played.records)))
    pieces = {
        sku: [(p.start, p.end, p.line.quantity, p.line.unit_minor) for p in own.pieces()]
        for (_, sku), own in billed.items()
        if own.pieces()
    }
    terms = [
        (s.id, s.status, s.term_end, s.applied, [(i.sku, i.quantity, i.unit_minor, i.start, i.end) for i in s.items])
        for s in found
        if s.status != "cancelled"
    ]
    orders = [order.ref for order in played.documents("erp", "order") if order.status != "cancelled"]
    tasks = [task.id for task in played.documents("fulfilment", "task") if task.status not in ("cancelled", "reversed")]
    return {"terms": terms, "charged": pieces, "orders": orders, "tasks": tasks}


@pytest.mark.parametrize("name", SETTINGS)
def test_what_is_given_up_at_any_step_leaves_nothing_behind(name: str) -> None:
    keys = written(name)
    assert len(keys) >= 2, "an order and what billing is asked for, at least"
    for victim in keys:

        async def refusing(context: FlowContext, call: Call, *more: Any, key: str = victim, **named: Any) -> Answer:
            if call.key == key and of_mine(call):
                # No history tells why: the refusal is the test's.
                await ask_a_person("DATA_QUALITY.PRICE_MISMATCH", f"{key} is refused", call)
            return await do(context, call, *more, **named)

        with pytest.MonkeyPatch.context() as patch:
            instead_of_do(patch, refusing)
            played = play(SETTINGS[name])
        assert any(case[0].detail == f"{victim} is refused" for case in played.cases().values()), victim
        assert compared(left_by(played)) == compared(untouched(name)), victim
        shown = played.last("crm", "mirror")[f"{MINE}-v1"].document
        assert shown.order_status in ("rejected", "cancelled"), victim
        assert played.broken() == {}, victim


def compared(left: dict[str, Any]) -> dict[str, Any]:
    """Return what is left with charges told day by day: it does not matter into how many lines they were cut."""
    days = {
        sku: sorted(
            {
                (date.fromordinal(day), quantity, unit)
                for start, end, quantity, unit in pieces
                for day in range(start.toordinal(), end.toordinal())
            }
        )
        for sku, pieces in left["charged"].items()
    }
    terms = [
        (key, status, end, set(applied), [(sku, n, unit, a, b) for sku, n, unit, a, b in items if a != b])
        for key, status, end, applied, items in left["terms"]
    ]
    return {**left, "charged": days, "terms": terms}
