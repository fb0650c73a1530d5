"""Coverage: what is billed wrongly is credited, what is missing is charged, and nothing else moves."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from domain.objects import Line
from domain.proration import POLICIES
from mocks.billing.coverage import Cover, charge_amount, credit_amount, difference, without
from mocks.billing.terms import Price, Segment, per_unit

START, END = date(2026, 1, 1), date(2027, 1, 1)
YEAR = per_unit(1, 1_200_000, 12)
ACT_ACT = POLICIES["ACT_ACT"]


def _line(**changes: Any) -> Line:
    fields: dict[str, Any] = {
        "id": "li_1", "sku": "CORE", "kind": "recurring", "quantity": 1, "unit_minor": 1_200_000, "months": 12,
        "amount_minor": 1_200_000, "period_start": START, "period_end": END, "full_start": START, "full_end": END,
    }  # fmt: skip
    return Line(**{**fields, **changes})


def _cover() -> tuple[Cover, ...]:
    return (Cover(_line(), "INV-1", ((START, END),), YEAR),)


def _segment(price: Price, start: date, end: date = END) -> Segment:
    return Segment(price, start, end, START, END)


def test_spans_are_cut_out_of_spans() -> None:
    a, b, c, d = (date(2026, 1, day) for day in (1, 5, 10, 20))
    assert without([(a, d)], [(b, c)]) == ((a, b), (c, d))
    assert without([(a, b), (c, d)], [(a, d)]) == ()
    assert without([(a, b)], [(b, c)]) == ((a, b),)


def test_what_is_billed_rightly_stays() -> None:
    found = difference(_cover(), [_segment(YEAR, START)], START, {}, ACT_ACT)
    assert (found.credits, found.missing, found.covers) == ((), (), _cover())


def test_a_change_credits_the_unused_part_and_charges_the_rest() -> None:
    """Worked example C: 6049.32 back, 9073.97 new."""
    day, dearer = date(2026, 7, 1), per_unit(1, 1_800_000, 12)
    due = [_segment(YEAR, START, day), _segment(dearer, day)]
    found = difference(_cover(), due, day, {}, ACT_ACT)
    assert [(part.start, part.end, part.amount_minor) for part in found.credits] == [(day, END, 604_932)]
    assert [charge_amount(segment, ACT_ACT) for segment in found.missing] == [907_397]
    assert found.covers[0].live == ((START, day),)


def test_credits_stop_at_what_is_left_of_a_line() -> None:
    found = difference(_cover(), [], date(2026, 7, 1), {"li_1": 1_000_000}, ACT_ACT)
    assert found.credits[0].amount_minor == 200_000


def test_without_charges_the_missing_days_are_left_for_later() -> None:
    assert difference((), [_segment(YEAR, START)], START, {}, ACT_ACT, charges=False).missing == ()


def test_days_before_the_change_are_not_looked_at() -> None:
    found = difference(_cover(), [], date(2026, 12, 1), {}, ACT_ACT)
    assert [part.start for part in found.credits] == [date(2026, 12, 1)]


@pytest.mark.parametrize(
    ("policy", "charge"),
    [("ACT_ACT", 8_548), ("FIXED_30", 8_500), ("ZUORA_30_360", 8_500), ("NONE", 12_000), ("NEXT_CYCLE", 0)],
)
def test_other_policies_price_the_same_stub_otherwise(policy: str, charge: int) -> None:
    segment = Segment(per_unit(1, 12_000, 12), date(2026, 4, 16), END, START, END)
    assert charge_amount(segment, POLICIES[policy]) == charge


@pytest.mark.parametrize("policy", sorted(POLICIES))
def test_a_line_taken_back_whole_gives_back_all_of_it_under_any_policy(policy: str) -> None:
    line = _line(period_start=date(2026, 4, 16), amount_minor=777)
    assert credit_amount(line, date(2026, 4, 16), END, POLICIES[policy]) == 777
    assert 0 <= credit_amount(line, date(2026, 8, 1), END, POLICIES[policy]) <= 777


def test_a_credit_of_a_stub_is_a_share_of_what_the_stub_cost() -> None:
    line = _line(period_start=date(2026, 7, 1), amount_minor=1000)
    assert credit_amount(line, date(2026, 10, 1), END, ACT_ACT) == 500
