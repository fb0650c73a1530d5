"""Terms replace each other from a day on, and fall due in whole periods counted from the anchor."""

from __future__ import annotations

from datetime import date

from mocks.billing.terms import (
    Term,
    changed,
    due_segments,
    next_bill_day,
    next_boundary,
    per_unit,
    prices_at,
    replaced_from,
    segments,
)

FIVE, TEN = per_unit(5, 1000, 1), per_unit(10, 1000, 1)
JAN, FEB, MAR = date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)
FAR = date(2027, 1, 31)


def test_a_new_price_ends_the_running_term_and_drops_later_ones() -> None:
    terms = (Term("A", FIVE, JAN, FEB), Term("A", TEN, FEB))
    assert replaced_from(terms, date(2026, 2, 1), {"A": per_unit(7, 1000, 1)}) == (
        Term("A", FIVE, JAN, date(2026, 2, 1)),
        Term("A", per_unit(7, 1000, 1), date(2026, 2, 1)),
    )


def test_a_price_that_goes_on_keeps_its_term_and_is_opened_again() -> None:
    terms = (Term("A", FIVE, JAN, FEB), Term("A", TEN, FEB))
    assert replaced_from(terms, FEB, {"A": FIVE}) == (Term("A", FIVE, JAN),)
    assert replaced_from((Term("A", FIVE, JAN),), MAR, {"A": FIVE}) == (Term("A", FIVE, JAN),)


def test_a_charge_that_is_not_wanted_ends_and_one_never_begun_vanishes() -> None:
    assert replaced_from((Term("A", FIVE, JAN), Term("B", TEN, FEB)), FEB, {}) == (Term("A", FIVE, JAN, FEB),)


def test_charges_may_change_on_days_of_their_own() -> None:
    terms = (Term("A", FIVE, JAN), Term("B", FIVE, JAN))
    assert changed(terms, {"A": FEB, "B": MAR}, {"A": TEN}) == (
        Term("A", FIVE, JAN, FEB),
        Term("B", FIVE, JAN, MAR),
        Term("A", TEN, FEB),
    )


def test_the_price_of_a_day_is_that_of_the_term_that_holds_it() -> None:
    terms = (Term("A", FIVE, JAN, FEB), Term("A", TEN, FEB))
    assert prices_at(terms, date(2026, 2, 27)) == {"A": FIVE}
    assert prices_at(terms, FEB) == {"A": TEN}


def test_periods_return_to_the_anchor_day_after_short_months() -> None:
    found = list(segments(Term("A", FIVE, JAN), JAN, JAN, date(2026, 4, 10)))
    assert [(s.start, s.end, s.full_end) for s in found] == [
        (JAN, FEB, FEB),
        (FEB, MAR, MAR),
        (MAR, date(2026, 4, 10), date(2026, 4, 30)),
    ]


def test_a_term_that_starts_in_mid_period_has_a_stub_of_the_full_period() -> None:
    day = date(2026, 2, 10)
    first = next(segments(Term("A", FIVE, day), JAN, day, FAR))
    assert (first.start, first.end, first.full_start, first.full_end) == (day, FEB, JAN, FEB)


def test_what_begins_after_today_is_not_due() -> None:
    assert [s.start for s in due_segments(Term("A", FIVE, JAN), JAN, JAN, FAR, FEB)] == [JAN, FEB]
    assert due_segments(Term("A", FIVE, MAR), JAN, JAN, FAR, FEB) == []


def test_the_next_bill_day_is_the_next_period_or_term_and_none_after_the_end() -> None:
    year = per_unit(1, 12_000, 12)
    terms = (Term("A", FIVE, JAN), Term("B", year, JAN))
    assert next_bill_day(terms, JAN, FAR, JAN) == FEB
    assert next_bill_day((Term("B", year, JAN),), JAN, FAR, JAN) is None
    assert next_bill_day((Term("A", FIVE, MAR),), JAN, FAR, JAN) == MAR


def test_the_next_boundary_of_a_day_on_one_is_that_day() -> None:
    assert next_boundary(JAN, 1, FEB) == FEB
    assert next_boundary(JAN, 3, FEB) == date(2026, 4, 30)
