"""Prices of every model agree with the domain's rating, which is exact and knows no vendor."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import rating
from mocks.billing.pricing import Tier, rated
from mocks.kernel.operations import Refusal

PRICES = st.integers(0, 100_000)
QUANTITIES = st.integers(1, 5_000)
LIMITS = st.lists(st.integers(1, 4_000), min_size=0, max_size=4, unique=True).map(sorted)


@st.composite
def tiers(draw: st.DrawFn) -> tuple[Tier, ...]:
    """Draw tiers that join and end open."""
    return (*[Tier(limit, draw(PRICES)) for limit in draw(LIMITS)], Tier(0, draw(PRICES)))


def _canonical(own: tuple[Tier, ...]) -> list[rating.Tier]:
    return [
        rating.Tier(Fraction(tier.up_to) if tier.up_to else None, Fraction(0), Fraction(tier.price_minor))
        for tier in own
    ]


@settings(max_examples=100)
@given(tiers(), QUANTITIES)
def test_tiered_is_graduated(own: tuple[Tier, ...], quantity: int) -> None:
    assert rated("tiered", 0, own, quantity) == rating.graduated(_canonical(own), quantity)


@settings(max_examples=100)
@given(tiers(), QUANTITIES)
def test_volume_is_volume(own: tuple[Tier, ...], quantity: int) -> None:
    assert rated("volume", 0, own, quantity) == rating.volume(_canonical(own), quantity)


@settings(max_examples=100)
@given(tiers(), QUANTITIES)
def test_a_stairstep_costs_what_its_step_says(own: tuple[Tier, ...], quantity: int) -> None:
    floors = [0, *[tier.up_to for tier in own[:-1]]]
    tops = [tier.up_to for tier in own[:-1]]
    reached = next((tier for tier, top in zip(own, tops, strict=False) if quantity <= top), own[-1])
    assert rated("stairstep", 0, own, quantity) == reached.price_minor
    assert all(low < high for low, high in pairwise(floors))


@settings(max_examples=100)
@given(QUANTITIES, st.integers(1, 100), PRICES, st.integers(0, 500))
def test_packages_are_charged_once_begun(quantity: int, size: int, price: int, free: int) -> None:
    whole = (Tier(0, price, package=size),)
    assert rated("volume", 0, whole, quantity, free) == rating.package(quantity, size, price, free)
    assert rated("tiered", 0, whole, quantity, free) == rating.package(quantity, size, price, free)


@settings(max_examples=50)
@given(QUANTITIES, PRICES, st.integers(0, 500))
def test_units_and_flat_fees(quantity: int, price: int, free: int) -> None:
    assert rated("per_unit", price, (), quantity, free) == max(quantity - free, 0) * price
    assert rated("flat_fee", price, (), quantity, free) == price


def test_a_worked_example_of_each_model() -> None:
    own = (Tier(10, 1000), Tier(20, 900), Tier(0, 800))
    assert rated("tiered", 0, own, 25) == 10 * 1000 + 10 * 900 + 5 * 800
    assert rated("volume", 0, own, 25) == 25 * 800
    assert rated("stairstep", 0, own, 15) == 900
    assert rated("tiered", 0, (Tier(10, 5000, flat=True), Tier(0, 100)), 12) == 5200


@pytest.mark.parametrize("model", ["tiered", "volume", "stairstep"])
def test_more_than_the_last_tier_holds_is_refused(model: str) -> None:
    with pytest.raises(Refusal):
        rated(model, 0, (Tier(10, 1000),), 11)
