from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.objects import Line
from mocks.crm.approvals import discount_of, may_approve

PRICES = st.tuples(st.integers(1, 500), st.integers(100, 1_000_000))


def line(quantity: int, listed: int, unit: int) -> Line:
    return Line(
        id="1", sku="A", kind="recurring", quantity=quantity, unit_minor=unit, amount_minor=quantity * unit,
        list_unit_minor=listed, months=12,
    )  # fmt: skip


def test_the_larger_of_declared_and_effective_discount_counts() -> None:
    assert discount_of([line(2, 100, 80), line(1, 100, 100)], Decimal(5)).percent == Fraction(40, 3)
    assert discount_of([line(2, 100, 80)], Decimal(30)).percent == 30
    assert discount_of([line(2, 0, 80)], Decimal(0)).percent == 0


@settings(max_examples=100)
@given(st.lists(PRICES, min_size=1, max_size=5), st.integers(0, 200))
def test_a_price_list_cut_by_what_one_may_give_always_passes(prices: list[tuple[int, int]], half: int) -> None:
    lines = [line(count, listed, (listed * (200 - half) + 100) // 200) for count, listed in prices]
    asked = discount_of(lines, Decimal(half) / 2)
    for approver, limit in (("", 10), ("sales_manager", 20), ("deal_desk", 35), ("cfo", 100)):
        if half <= 2 * limit:
            assert may_approve(approver, asked)
        else:
            assert not may_approve(approver, asked)
