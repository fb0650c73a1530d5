"""Money under random histories: whatever order amendments arrive in, coverage tiles and nothing is credited twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.calendar import ANNUAL, MONTHLY, QUARTERLY
from domain.objects import Line
from domain.rounding import round_ratio

Coverage = Callable[[Iterable[Line], Iterable[Line]], dict[tuple[str, date], Line]]
START = date(2026, 8, 31)
CADENCES = {1: MONTHLY, 3: QUARTERLY, 12: ANNUAL}
WORLDS = [("US", "USD"), ("DE", "EUR"), ("JP", "JPY"), ("DE", "KWD")]

prices = st.tuples(st.integers(1, 40), st.sampled_from([0, 1, 7, 3333, 99_999, 1_200_001]))
items = st.dictionaries(
    st.sampled_from([("SEAT", 1), ("SEAT", 12), ("CORE", 12), ("PLUS", 3)]), prices, min_size=1, max_size=3
).filter(lambda chosen: not {("SEAT", 1), ("SEAT", 12)} <= set(chosen))
steps = st.one_of(
    st.tuples(st.just("amend"), st.integers(-70, 45), items),
    st.tuples(st.just("wait"), st.integers(1, 40), st.none()),
    st.tuples(st.just("pay"), st.integers(0, 5), st.none()),
    st.tuples(st.just("end"), st.integers(1, 500), st.none()),
)


def _rows(chosen: dict[tuple[str, int], tuple[int, int]]) -> list[tuple[str, int, int, int]]:
    return [(sku, months, *price) for (sku, months), price in chosen.items()]


def _credit_lines(site: Any) -> list[Line]:
    """Return what was taken back, on notes and as negative lines of net invoices, in the order in which it was."""
    lines = [line for note in site.documents("credit_memo") for line in note.lines if line.reverses]
    lines += [_turned(line) for invoice in site.documents("invoice") for line in invoice.lines if line.reverses]
    return sorted(lines, key=lambda line: line.id)


def _charge_lines(site: Any) -> list[Line]:
    """Return what was charged, on invoices and as negative lines of net notes."""
    lines = [line for invoice in site.documents("invoice") for line in invoice.lines if not line.reverses]
    lines += [_turned(line) for note in site.documents("credit_memo") for line in note.lines if not line.reverses]
    return lines


def _turned(line: Line) -> Line:
    return replace(line, amount_minor=-line.amount_minor)


def _expected(site: Any, today: date) -> dict[tuple[str, date], tuple[int, int, int]]:
    """Return what must be covered, straight from the rule: a period is billed, whole, on its first day of each term."""
    subscription = site.last("subscription", "Q-000001")
    expected = {}
    for item in subscription.items:
        end = min(item.end or date.max, subscription.term_end)
        day = item.start
        while item.kind == "recurring" and day < end and day <= today:  # day: first of a period, so its bill day
            until = min(CADENCES[item.months].period(subscription.start, day).end, end)
            for number in range(day.toordinal(), until.toordinal()):
                expected[item.sku, date.fromordinal(number)] = (item.quantity, item.unit_minor, item.months)
            day = until
    return expected


def _check(site: Any, coverage: Coverage, today: date) -> None:
    charges, notes = _charge_lines(site), _credit_lines(site)
    covered = {key: (line.quantity, line.unit_minor, line.months) for key, line in coverage(charges, notes).items()}
    assert covered == _expected(site, today)
    for line in charges:
        _check_charge(line)
    _check_credits(charges, notes)
    _check_totals(site)


def _check_charge(line: Line) -> None:
    assert line.period_start is not None
    assert line.period_end is not None
    assert line.full_start is not None
    assert line.full_end is not None
    share = Fraction((line.period_end - line.period_start).days, (line.full_end - line.full_start).days)
    assert line.amount_minor == round_ratio(line.quantity * line.unit_minor * share)


def _check_credits(charges: list[Line], notes: list[Line]) -> None:
    billed = {line.id: line for line in charges}
    given: dict[str, int] = {}
    for line in notes:
        base, before = billed[line.reverses], given.get(line.reverses, 0)
        assert base.period_start is not None
        assert base.period_end is not None
        assert line.period_start is not None
        assert line.period_end is not None
        assert base.period_start <= line.period_start < line.period_end <= base.period_end
        share = Fraction((line.period_end - line.period_start).days, (base.period_end - base.period_start).days)
        assert line.amount_minor == min(round_ratio(base.amount_minor * share), base.amount_minor - before)
        given[line.reverses] = before + line.amount_minor
    assert all(given[key] <= billed[key].amount_minor for key in given)


def _check_totals(site: Any) -> None:
    allocated: dict[str, int] = {}
    for note in site.service.model.desk.book.table("credit_memo").values():
        assert note.total_minor == sum(line.amount_minor for line in note.lines)
        assert note.available_minor >= 0
        for invoice, amount in note.allocations:
            allocated[invoice] = allocated.get(invoice, 0) + amount
    for invoice in site.service.model.desk.book.table("invoice").values():
        assert invoice.total_minor == sum(line.amount_minor for line in invoice.lines)
        assert invoice.due_minor >= 0
        assert invoice.adjusted_minor + invoice.credits_minor == allocated.get(invoice.id, 0)
        assert (invoice.status == "paid") <= (invoice.due_minor == 0)


def _step(site: Any, today: date, number: int, step: tuple[str, int, Any]) -> date:
    kind, size, chosen = step
    if kind == "wait":
        today += timedelta(days=size)
        site.at(today)
        return today
    live = site.get("/subscriptions/Q-000001")["subscription"]["status"] == "active"
    pending = site.get("/invoices?status[is]=pending&limit=100&sort_by[asc]=date")["list"]
    if kind == "pay" and size < len(pending):
        invoice = pending[size]["invoice"]
        closed = site.post(f"/invoices/{invoice['id']}/close")["invoice"]
        if closed["amount_due"] > 1 and number % 2:
            site.post(
                f"/invoices/{invoice['id']}/record_payment",
                {"transaction[payment_method]": "card", "transaction[amount]": closed["amount_due"] // 2},
            )
        elif closed["amount_due"]:
            site.post(f"/invoices/{invoice['id']}/record_payment", {"transaction[payment_method]": "card"})
    if kind == "end" and live:
        site.post("/subscriptions/Q-000001/change_term_end", {"term_ends_at": site.seconds(today + timedelta(size))})
    subscription = site.last("subscription", "Q-000001")
    day = max(today + timedelta(days=size), START)
    if kind == "amend" and live and day < subscription.term_end:
        site.amend(*_rows(chosen), day=day, ref=f"Q-{number:06d}-v1")
    return today


@settings(max_examples=100, deadline=None)
@given(world=st.sampled_from(WORLDS), nets=st.booleans(), first=items, history=st.lists(steps, min_size=1, max_size=9))
def test_coverage_tiles_and_credits_never_exceed_what_was_billed(
    sites: type[Any], coverage: Coverage, world: tuple[str, str], nets: bool, first: Any, history: list[Any]
) -> None:
    site = sites(*world, nets_changes=nets)
    today = START + timedelta(days=20)
    site.now_us = 0
    site.at(START - timedelta(days=3))
    site.subscribe(*_rows(first), start=START, cycles=24 // max(next(iter(first))[1], 1))
    site.at(today)
    _check(site, coverage, today)
    for number, step in enumerate(history, 2):
        today = _step(site, today, number, step)
        _check(site, coverage, today)


@settings(max_examples=25, deadline=None)
@given(world=st.sampled_from(WORLDS), first=items, day=st.integers(0, 200), cut=st.booleans())
def test_a_cancellation_leaves_exactly_the_used_days_covered(
    sites: type[Any], coverage: Coverage, world: tuple[str, str], first: Any, day: int, cut: bool
) -> None:
    site = sites(*world)
    site.now_us = 0
    site.at(START)
    site.subscribe(*_rows(first), start=START, cycles=24)
    today = START + timedelta(days=120)
    site.at(today)
    end = START + timedelta(days=day)
    if cut:
        site.post("/subscriptions/Q-000001/change_term_end", {"term_ends_at": site.seconds(START + timedelta(150))})
    if end < START + timedelta(days=150) or not cut:
        site.cancel(end)
    site.at(max(today, end + timedelta(days=1)))
    covered = coverage(_charge_lines(site), _credit_lines(site))
    last = max((key[1] for key in covered), default=START - timedelta(days=1))
    assert last < (end if end < START + timedelta(days=150) or not cut else START + timedelta(days=150))
    _check(site, coverage, max(today, end + timedelta(days=1)))


@pytest.mark.parametrize("world", WORLDS)
@settings(max_examples=10, deadline=None)
@given(extra=prices, day=st.integers(0, 60))
def test_adding_and_removing_on_the_same_day_nets_to_zero(
    sites: type[Any], world: tuple[str, str], extra: tuple[int, int], day: int
) -> None:
    site = sites(*world)
    site.now_us = 0
    site.at(START)
    base = ("CORE", 12, 1, 1_200_001)
    site.subscribe(base, start=START)
    site.at(START + timedelta(days=60))
    on = START + timedelta(days=day)
    site.amend(base, ("SEAT", 1, *extra), ("PLUS", 3, *extra), day=on, ref="Q-000002-v1")
    site.amend(base, day=on, ref="Q-000003-v1")
    added = [line for line in _charge_lines(site) if line.sku != "CORE"]
    assert sum(line.amount_minor for line in added) == sum(line.amount_minor for line in _credit_lines(site))
    assert {line.id for line in added} == {line.reverses for line in _credit_lines(site)}


@settings(max_examples=20, deadline=None)
@given(
    changes=st.lists(st.tuples(st.integers(0, 90), items), min_size=2, max_size=4),
    swap=st.randoms(),
    nets=st.booleans(),
)
def test_amendments_inserted_late_and_reapplied_end_as_if_they_had_come_in_order(
    sites: type[Any], changes: list[Any], swap: Any, nets: bool
) -> None:
    """Any order of arrival, with later ones applied again in order, gives the same terms and the same coverage."""

    def run(order: list[int]) -> Any:
        site = sites(nets_changes=nets)
        site.now_us = 0
        site.at(START)
        site.subscribe(("CORE", 12, 1, 1_200_001), start=START, cycles=2)
        site.at(START + timedelta(days=95))
        seen: list[int] = []
        for index in order:
            seen = sorted([*seen, index], key=lambda at: (changes[at][0], at))
            for again in seen[seen.index(index) :]:
                day, chosen = changes[again]
                site.amend(*_rows(chosen), day=START + timedelta(days=day), ref=f"Q-{again + 10:06d}-v1")
        return site

    order = list(range(len(changes)))
    in_order = run(sorted(order, key=lambda at: (changes[at][0], at)))
    swap.shuffle(order)
    shuffled = run(order)
    first, second = (site.last("subscription", "Q-000001") for site in (in_order, shuffled))
    assert first.items == second.items
    assert first.applied == second.applied
