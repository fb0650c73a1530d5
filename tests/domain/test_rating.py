"""Rating models: tiers, packages, commitments, prepaid balances."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.rating import (
    Tier,
    capped,
    committed,
    draw_down,
    graduated,
    graduated_progress,
    instalments,
    minimum_true_up,
    package,
    per_unit,
    percentage,
    volume,
)

FEW = settings(max_examples=100)
TIERS = [
    Tier(Fraction(5), Fraction(100), Fraction(0)),
    Tier(Fraction(10), Fraction(50), Fraction(0)),
    Tier(Fraction(15), Fraction(0), Fraction(5)),
    Tier(None, Fraction(0), Fraction(1)),
]


def test_graduated_tiers_charge_each_unit_in_its_own_tier() -> None:
    assert [graduated(TIERS, quantity) for quantity in (0, 5, 6, 22)] == [100, 100, 150, 182]


@FEW
@given(st.integers(1, 60), st.integers(0, 60))
def test_progressive_billing_adds_up_to_the_whole(before: int, quantity: int) -> None:
    parts = graduated(TIERS, before) + graduated_progress(TIERS, before, quantity)
    assert parts == graduated(TIERS, before + quantity)


def test_volume_tiers_price_all_units_alike() -> None:
    tiers = [Tier(Fraction(10), Fraction(0), Fraction(3)), Tier(None, Fraction(0), Fraction(2))]
    assert [volume(tiers, quantity) for quantity in (10, 11)] == [30, 22]


@pytest.mark.parametrize("limits", [[], [5, 5, None], [10, 5, None], [None, 5]])
def test_tiers_out_of_order_are_refused(limits: list[int | None]) -> None:
    tiers = [Tier(None if limit is None else Fraction(limit), Fraction(0), Fraction(1)) for limit in limits]
    with pytest.raises(ValueError, match="must rise"):
        graduated(tiers, 1)


def test_a_quantity_above_the_last_tier_is_refused() -> None:
    closed = [Tier(Fraction(5), Fraction(0), Fraction(1))]
    for model in (graduated, volume):
        with pytest.raises(ValueError, match="above the last tier"):
            model(closed, 6)


def test_every_started_package_is_charged() -> None:
    assert [package(quantity, 10, 100, included=5) for quantity in (0, 5, 6, 15, 16)] == [0, 0, 100, 100, 200]
    with pytest.raises(ValueError, match="more than 0"):
        package(1, 0, 1)


def test_minimum_and_cap_bound_the_charges() -> None:
    assert minimum_true_up(100, 1000) == 900
    assert minimum_true_up(1200, 1000) == 0
    assert capped(182, 170) == 170
    assert committed(50, minimum=100, maximum=170) == 100
    assert committed(500, minimum=100, maximum=170) == 170


def test_simple_models() -> None:
    assert per_unit(3, Fraction(1, 2)) == Fraction(3, 2)
    assert percentage(1000, Fraction(29, 1000), fixed=30, events=2, included=100) == Fraction("86.1")


@FEW
@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_drawdown_conserves_balance_and_charge(balance: int, charged: int) -> None:
    result = draw_down(balance, charged)
    assert result.drawn + result.balance == balance
    assert result.drawn + result.overage == charged


@FEW
@given(st.integers(-(10**9), 10**9), st.integers(1, 60))
def test_instalments_sum_to_the_contract(total: int, count: int) -> None:
    parts = instalments(total, count)
    assert sum(parts) == total
    assert instalments(-total, count) == tuple(-part for part in parts)


def test_the_last_instalment_takes_the_residual() -> None:
    assert instalments(10000, 3) == (3333, 3333, 3334)
    with pytest.raises(ValueError, match="at least 1"):
        instalments(100, 0)
