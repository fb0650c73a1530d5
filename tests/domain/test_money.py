"""Money, rounding and allocation: exact, conserved, and mirrored by credits."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.currency import EXPONENTS, UnknownCurrency, exponent, quantum_count
from domain.money import Allocation, CurrencyMismatch, Money, allocate, said, total
from domain.rounding import Rounding, round_ratio, round_to_digits, round_to_minor, round_to_step

AMOUNTS = st.integers(min_value=-(10**12), max_value=10**12)
WEIGHTS = st.lists(st.integers(min_value=0, max_value=10**6), min_size=1, max_size=12).filter(any)
RATIOS = st.fractions(min_value=-1000, max_value=1000, max_denominator=5000)
FEW = settings(max_examples=100)


def test_exponents_follow_iso_4217() -> None:
    assert [exponent(code) for code in ("JPY", "USD", "KWD", "CLF")] == [0, 2, 3, 4]
    assert sum(digits == 0 for digits in EXPONENTS.values()) == 17
    assert sum(digits == 3 for digits in EXPONENTS.values()) == 7
    assert quantum_count("KWD") == 1000
    assert all(len(code) == 3 and code.isupper() for code in EXPONENTS)


@pytest.mark.parametrize("code", ["usd", "XXQ", "", "US"])
def test_an_unknown_currency_is_refused(code: str) -> None:
    with pytest.raises(UnknownCurrency, match="ISO 4217"):
        exponent(code)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("12.30", "USD", 1230), ("-0.05", "EUR", -5), ("7", "JPY", 7), ("1.234", "KWD", 1234), ("12.300", "USD", 1230)],
)
def test_an_amount_is_read_by_its_currency(text: str, currency: str, minor: int) -> None:
    assert Money.parse(text, currency).amount_minor == minor


@pytest.mark.parametrize(("text", "currency"), [("12.305", "USD"), ("0.5", "JPY"), ("abc", "USD"), ("NaN", "USD")])
def test_an_amount_with_too_many_digits_or_none_is_refused(text: str, currency: str) -> None:
    with pytest.raises(ValueError):
        Money.parse(text, currency)


@FEW
@given(AMOUNTS, st.sampled_from(["JPY", "USD", "KWD", "CLF"]))
def test_what_is_printed_is_read_back(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert Money.parse(str(money.decimal()), currency) == money
    assert str(money).endswith(currency)


def test_currencies_never_mix() -> None:
    one, other = Money(1, "USD"), Money(1, "EUR")
    for combine in (lambda: one + other, lambda: one - other, lambda: one < other, lambda: one >= other):
        with pytest.raises(CurrencyMismatch):
            combine()
    assert one != other


def test_arithmetic_keeps_the_currency() -> None:
    five, two = Money(500, "USD"), Money(200, "USD")
    assert five + two == Money(700, "USD")
    assert five - two == -(two - five)
    assert abs(-five) == five
    assert two < five
    assert five >= five
    assert not Money.zero("USD")
    assert total([five, two], "USD") == Money(700, "USD")
    assert five.times(Fraction(1, 3)) == Money(167, "USD")
    assert five.converted(Decimal("151.237"), "JPY") == Money(756, "JPY")


@pytest.mark.parametrize(
    ("value", "mode", "expected"),
    [
        ("2.5", "HALF_EVEN", 2),
        ("3.5", "HALF_EVEN", 4),
        ("2.5", "HALF_UP", 3),
        ("-2.5", "HALF_UP", -3),
        ("-2.5", "HALF_DOWN", -2),
        ("2.1", "UP", 3),
        ("-2.1", "UP", -3),
        ("2.9", "DOWN", 2),
        ("-2.1", "CEILING", -2),
        ("-2.1", "FLOOR", -3),
    ],
)
def test_rounding_modes_differ_where_they_should(value: str, mode: str, expected: int) -> None:
    assert round_ratio(Fraction(value), Rounding(mode)) == expected


@FEW
@given(RATIOS, st.sampled_from([Rounding.HALF_UP, Rounding.HALF_EVEN, Rounding.HALF_DOWN]))
def test_half_modes_round_to_the_nearest_and_mirror(value: Fraction, mode: Rounding) -> None:
    rounded = round_ratio(value, mode)
    assert abs(rounded - value) <= Fraction(1, 2)
    assert round_ratio(-value, mode) == -rounded


def test_rounding_refuses_binary_floats() -> None:
    with pytest.raises(TypeError, match="float"):
        round_ratio(0.5)  # type: ignore[arg-type]


def test_rounding_to_a_currency_happens_once() -> None:
    assert round_to_minor(Decimal("74.985"), "USD") == 7499
    assert round_to_minor(Decimal("74.985"), "USD", Rounding.HALF_EVEN) == 7498
    assert round_to_minor(Fraction(1000, 3), "JPY") == 333
    assert round_to_step(1998, 5) == 2000
    assert round_to_digits(Fraction(830, 365), 4) == Fraction("2.2740")


@FEW
@given(AMOUNTS, WEIGHTS, st.sampled_from(list(Allocation)))
def test_an_allocation_conserves_every_unit(amount: int, weights: list[int], policy: Allocation) -> None:
    shares = allocate(amount, weights, policy)
    assert sum(shares) == amount
    assert all(share == 0 for share, weight in zip(shares, weights, strict=True) if weight == 0)
    whole = sum(weights)
    assert all(abs(share - Fraction(amount * w, whole)) < 1 for share, w in zip(shares, weights, strict=True))


@FEW
@given(AMOUNTS, WEIGHTS)
def test_a_negative_allocation_mirrors_the_positive_one(amount: int, weights: list[int]) -> None:
    assert allocate(-amount, weights) == tuple(-share for share in allocate(amount, weights))


def test_the_floor_policy_does_not_mirror() -> None:
    assert allocate(5, [7, 3], Allocation.FLOOR) == (4, 1)
    assert allocate(-5, [7, 3], Allocation.FLOOR) == (-3, -2)
    assert Money(-5, "USD").allocate([7, 3]) == (Money(-4, "USD"), Money(-1, "USD"))


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1]])
def test_an_impossible_split_is_refused(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="cannot split"):
        allocate(10, weights)


def test_money_shows_the_digits_of_its_currency() -> None:
    assert said(123_450, "USD") == "1,234.50 USD"
    assert said(123_450, "JPY") == "123,450 JPY"
    assert said(-5, "KWD") == "-0.005 KWD"
    assert said(5, "???") == "5 ??? (minor units)"
