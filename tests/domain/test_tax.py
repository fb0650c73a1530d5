"""Tax: levels of rounding, inclusive prices, chains, coupons, credit memos, and who pays at all."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.rounding import Rounding
from domain.tax import (
    ChainedTax,
    Coupon,
    InclusiveMethod,
    TaxLevel,
    apply_coupons,
    capped_credit_taxes,
    chained,
    combined,
    credit_tax,
    document_tax,
    inclusive,
    per_jurisdiction,
    percent,
    reverse_charge,
    spread_discount,
    tax_on,
)
from domain.tax_rules import (
    VatIdStatus,
    VatTreatment,
    must_collect,
    nexus_rule,
    vat_treatment,
)

FEW = settings(max_examples=100)
NETS = st.lists(st.integers(min_value=0, max_value=10**8), min_size=1, max_size=8)
RATES = st.lists(st.fractions(min_value=0, max_value=1, max_denominator=1000), min_size=1, max_size=4)
RATE = st.fractions(min_value=0, max_value=1, max_denominator=1000)


def test_line_and_document_rounding_differ_by_a_cent() -> None:
    nets, rates = [4080, 198, 1499], [[percent("6.5"), percent("2.5")]] * 3
    assert document_tax(nets, rates).line_taxes == (367, 18, 134)
    assert document_tax(nets, rates).total_minor == 519
    document = document_tax(nets, rates, TaxLevel.DOCUMENT)
    assert document.total_minor == 520
    assert sum(document.line_taxes) == sum(document.jurisdiction_taxes) == 520


@FEW
@given(NETS, RATES, st.sampled_from(list(TaxLevel)), st.sampled_from(list(Rounding)))
def test_cells_and_spread_add_up_to_the_document(
    nets: list[int], rates: list[Fraction], level: TaxLevel, mode: Rounding
) -> None:
    tax = document_tax(nets, [rates] * len(nets), level, mode)
    assert sum(tax.line_taxes) == sum(tax.jurisdiction_taxes) == tax.total_minor
    if level is TaxLevel.DOCUMENT:
        assert abs(tax.total_minor - sum(nets) * sum(rates, Fraction(0))) < 1


@FEW
@given(NETS, RATES)
def test_the_order_of_lines_does_not_change_the_document_tax(nets: list[int], rates: list[Fraction]) -> None:
    for level in TaxLevel:
        forward = document_tax(nets, [rates] * len(nets), level).total_minor
        assert document_tax(nets[::-1], [rates] * len(nets), level).total_minor == forward


def test_jurisdictions_round_apart_or_together() -> None:
    rates = [percent(rate) for rate in ("6.25", "1.25", "0.5", "0.25")]
    assert sum(per_jurisdiction(499, rates)) == 40
    assert combined(499, rates) == 41


def test_a_gross_price_splits_by_what_is_rounded_first() -> None:
    assert inclusive(299, percent(4)) == (288, 11)
    assert inclusive(299, percent(4), InclusiveMethod.TAX_FIRST) == (287, 12)
    assert inclusive(10920, percent(19), InclusiveMethod.TAX_FIRST) == (9176, 1744)
    with pytest.raises(ValueError, match="-100"):
        inclusive(100, Fraction(-1))


@FEW
@given(st.integers(-(10**9), 10**9), RATE, st.sampled_from(list(InclusiveMethod)))
def test_net_and_tax_of_a_gross_price_add_up_and_mirror(gross: int, rate: Fraction, method: InclusiveMethod) -> None:
    net, tax = inclusive(gross, rate, method)
    assert net + tax == gross
    assert inclusive(-gross, rate, method) == (-net, -tax)


def test_a_chain_of_taxes_enlarges_and_withholds() -> None:
    chain = [ChainedTax(percent(-20)), ChainedTax(percent(4), affects_base=True), ChainedTax(percent(22))]
    assert chained(5000, chain) == (-1000, 200, 1144)
    assert chained(5000, chain[::-1]) == (1100, 200, -1040)


def test_reverse_charge_leaves_the_net_alone() -> None:
    assert reverse_charge(10000, percent(21)) == (2100, -2100)


def test_a_coupon_reduces_every_line_in_proportion() -> None:
    assert spread_discount([10000, 5000, 3000, 2000], 1000) == (500, 250, 150, 100)
    assert spread_discount([100, 50], 1000) == (100, 50)
    assert spread_discount([0, 0], 10) == (0, 0)


def test_coupons_apply_to_what_earlier_ones_left() -> None:
    fixed, tenth = Coupon(amount_minor=3000), Coupon(rate=percent(10))
    assert [sum(share) for share in apply_coupons([10000, 5000], [fixed, tenth])] == [3000, 1200]
    assert [sum(share) for share in apply_coupons([10000, 5000], [tenth, fixed])] == [1500, 3000]
    with pytest.raises(ValueError, match="neither"):
        Coupon().size_minor(10)


@FEW
@given(NETS, st.lists(st.integers(0, 10**8), max_size=4))
def test_coupons_never_take_more_than_there_is(nets: list[int], coupons: list[int]) -> None:
    shares = apply_coupons(nets, [Coupon(amount_minor=amount) for amount in coupons])
    taken = [sum(column) for column in zip(*shares, strict=True)] or [0] * len(nets)
    assert sum(taken) == min(sum(coupons), sum(nets))
    assert all(0 <= part <= net for part, net in zip(taken, nets, strict=True))


def test_a_credit_total_is_never_rounded_on_its_own() -> None:
    assert credit_tax(Fraction(20000 * 29, 30), percent(25)) == (19333, 4833)
    assert credit_tax(Fraction(16000 * 29, 30), percent(25)) == (15467, 3867)
    assert credit_tax(Fraction(2999 * 6, 7), percent("23.33")) == (2571, 600)


@FEW
@given(st.integers(0, 10**6), st.lists(st.integers(0, 10**6), max_size=6), RATE)
def test_credited_tax_never_exceeds_the_invoiced(net: int, memos: list[int], rate: Fraction) -> None:
    invoiced = tax_on(net, rate)
    taxes = capped_credit_taxes(invoiced, memos, rate)
    assert sum(taxes) <= invoiced
    assert all(tax >= 0 for tax in taxes)


@pytest.mark.parametrize(
    ("buyer", "status", "treatment"),
    [
        ("FR", VatIdStatus.CONFIRMED, VatTreatment.DOMESTIC),
        ("DE", VatIdStatus.CONFIRMED, VatTreatment.REVERSE_CHARGE),
        ("DE", VatIdStatus.INVALID, VatTreatment.BUYER_COUNTRY),
        ("DE", VatIdStatus.MISSING, VatTreatment.BUYER_COUNTRY),
        ("DE", VatIdStatus.PENDING, VatTreatment.HOLD),
        ("US", VatIdStatus.MISSING, VatTreatment.OUT_OF_SCOPE),
        ("GB", VatIdStatus.CONFIRMED, VatTreatment.OUT_OF_SCOPE),
    ],
)
def test_a_french_seller_decides_by_buyer_and_vat_id(buyer: str, status: VatIdStatus, treatment: VatTreatment) -> None:
    assert vat_treatment("FR", buyer, status) is treatment


def test_a_decision_on_record_outlives_an_unreachable_register() -> None:
    previous = VatTreatment.REVERSE_CHARGE
    assert vat_treatment("FR", "DE", VatIdStatus.PENDING, previous) is previous
    assert vat_treatment("FR", "DE", VatIdStatus.INVALID, previous) is VatTreatment.BUYER_COUNTRY


def test_nexus_depends_on_the_state() -> None:
    assert nexus_rule("WA").reached(100_000_00, 0)
    assert nexus_rule("WA").reached(0, 200)
    assert not nexus_rule("CA").reached(499_999_99, 10_000)
    assert not nexus_rule("NY").reached(500_000_00, 99)
    assert nexus_rule("NY").reached(500_000_00, 100)
    assert must_collect(date(2026, 1, 1), date(2026, 1, 1))
    assert not must_collect(None, date(2026, 1, 1))
