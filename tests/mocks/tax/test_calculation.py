"""Tax, to the minor unit: rounding levels, overrides, discounts, exemptions and registrations."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

T01_RATES = [{"level": "State", "percent": "6.5"}, {"level": "City", "percent": "2.5"}]
T08_RATES = [{"level": level, "percent": percent} for level, percent in
             (("State", "6.25"), ("County", "1.25"), ("City", "0.5"), ("Special", "0.25"))]  # fmt: skip


def read(reply: Any) -> Any:
    return json.loads(reply.body)


def registered(make_bench: Any, rates: Any = None, **quirks: Any) -> Any:
    bench = make_bench(**quirks)
    bench.act("register_nexus", country="US")
    if rates:
        bench.act("set_rates", country="US", region="CA", postal_prefix="900", components=rates)
    return bench


def test_lines_are_rounded_one_by_one_by_default(make_bench: Any) -> None:
    reply = read(registered(make_bench, T01_RATES).create(amounts=(40.80, 1.98, 14.99)))
    assert [line["tax"] for line in reply["lines"]] == [3.67, 0.18, 1.34]
    assert reply["totalTax"] == 5.19


def test_document_level_rounds_once_per_jurisdiction_and_spreads_the_rest(make_bench: Any) -> None:
    reply = read(registered(make_bench, T01_RATES, rounding_level="document").create(amounts=(40.80, 1.98, 14.99)))
    assert reply["totalTax"] == 5.20
    assert round(sum(line["tax"] for line in reply["lines"]), 2) == 5.20


def test_a_line_whose_tax_is_told_takes_no_part_in_the_rounding_of_the_document(make_bench: Any) -> None:
    lines = [{"number": str(number), "amount": amount} for number, amount in enumerate((40.80, 1.98, 14.99), 1)]
    none: dict[str, Any] = {"type": "TaxAmount", "taxAmount": 0, "reason": "what it credits bore no tax"}
    lines.append({"number": "4", "amount": -99, "taxOverride": none})
    reply = read(registered(make_bench, T01_RATES, rounding_level="document").create(lines=lines))
    assert (reply["totalTax"], reply["lines"][3]["tax"]) == (5.20, 0)


def test_each_jurisdiction_is_rounded_not_the_combined_rate(make_bench: Any) -> None:
    assert read(registered(make_bench, T08_RATES).create(amounts=(4.99,)))["totalTax"] == 0.40


def test_ties_round_away_from_zero_so_that_a_return_mirrors_its_invoice(make_bench: Any) -> None:
    bench = registered(make_bench, [{"level": "State", "percent": "5"}])
    assert read(bench.create("a", amounts=(0.10,)))["totalTax"] == 0.01
    assert read(bench.create("b", type="ReturnInvoice", amounts=(-0.10,)))["totalTax"] == -0.01


def test_nothing_is_taxed_where_nobody_is_registered(make_bench: Any) -> None:
    reply = read(make_bench().create())
    assert (reply["totalTax"], reply["summary"], reply["lines"][0]["details"]) == (0.0, [], [])


def test_a_registration_counts_from_its_day_and_for_its_company(make_bench: Any) -> None:
    bench = make_bench()
    bench.act("register_nexus", country="US", region="CA", company="DEFAULT", since="2026-12-31")
    assert read(bench.create("a"))["totalTax"] == 0
    assert read(bench.create("b", date="2026-12-31"))["totalTax"] > 0
    assert read(bench.create("c", date="2026-12-31", companyCode="UK"))["totalTax"] == 0
    bench.act("drop_nexus", country="US", region="CA", company="DEFAULT")
    assert read(bench.create("d", date="2026-12-31"))["totalTax"] == 0


@pytest.mark.parametrize(("country", "rate"), [("GB", 0.175), ("DE", 0.18), ("FR", 0.205), ("JP", 0.09)])
def test_countries_have_one_rate_and_no_region(make_bench: Any, country: str, rate: float) -> None:
    bench = make_bench()
    bench.act("register_nexus", country=country)
    address = {"city": "X", "country": country, "postalCode": "123"}
    currency = "JPY" if country == "JP" else "EUR"
    reply = read(bench.create(addresses={"shipFrom": address, "shipTo": address}, currencyCode=currency))
    [row] = reply["summary"]
    assert (row["jurisCode"], row["rate"], reply["totalTax"]) == (country, rate, 1000 * rate)


def test_yen_have_no_minor_unit(make_bench: Any) -> None:
    bench = make_bench()
    bench.act("register_nexus", country="JP")
    address = {"city": "Tokyo", "country": "JP"}
    reply = bench.create(addresses={"singleLocation": address}, currencyCode="JPY", amounts=(105,))
    assert b'"totalTax":9,' in reply.body
    assert bench.changes()[0].document.net_minor == 105


def test_taxability_depends_on_tax_code_and_place(bench: Any) -> None:
    def taxable(code: str, region: str, postal: str) -> Any:
        place = {"city": "X", "region": region, "country": "US", "postalCode": postal}
        line = {"number": "1", "amount": 100, "taxCode": code}
        return read(bench.create(None, addresses={"singleLocation": place}, lines=[line]))["totalTaxable"]

    assert taxable("SAAS", "CA", "90001") == 100
    assert taxable("SAAS", "TX", "73301") == 80
    assert taxable("SAAS", "FL", "33101") == 0
    assert taxable("SW052000", "FL", "33101") == 0
    assert taxable("SERVICE", "CA", "90001") == 0
    assert taxable("NT", "CA", "90001") == 0
    assert taxable("unheard of", "CA", "90001") == 100


def test_exempt_customers_pay_no_tax_but_their_lines_are_shown(bench: Any) -> None:
    reply = read(bench.create(exemptionNo="CERT-1"))
    assert (reply["totalTax"], reply["totalExempt"]) == (0, 1000)
    assert bench.changes()[0].document.taxes == ()


def test_a_customer_abroad_with_a_vat_id_accounts_for_the_tax(make_bench: Any) -> None:
    bench = make_bench()
    bench.act("register_nexus", country="FR")
    places = {"shipFrom": {"country": "DE", "city": "B"}, "shipTo": {"country": "FR", "city": "P"}}
    assert read(bench.create("a", addresses=places, businessIdentificationNo="FR1"))["totalTax"] == 0
    assert read(bench.create("b", addresses=places))["totalTax"] == 205


def test_a_discount_reduces_the_lines_it_is_meant_for(bench: Any) -> None:
    lines = [{"number": "1", "amount": 100, "discounted": True}, {"number": "2", "amount": 50}]
    reply = read(bench.create(discount=10, lines=lines))
    assert [line["lineAmount"] for line in reply["lines"]] == [90, 50]
    assert reply["totalDiscount"] == 10


def test_an_amount_may_include_its_tax(make_bench: Any) -> None:
    bench = registered(make_bench, [{"level": "State", "percent": "20"}])
    reply = read(bench.create(lines=[{"number": "1", "amount": 120, "taxIncluded": True}]))
    assert (reply["totalAmount"], reply["totalTax"]) == (100, 20)


@pytest.mark.parametrize("level", ["line", "document"])
@pytest.mark.parametrize(("gross", "net", "tax"), [(2.99, 2.87, 0.12), (-2.99, -2.87, -0.12), (10, 9.60, 0.40)])
def test_net_and_included_tax_are_the_gross(make_bench: Any, level: str, gross: Any, net: Any, tax: Any) -> None:
    bench = registered(
        make_bench, [{"level": "State", "percent": "3"}, {"level": "City", "percent": "1.2"}], rounding_level=level
    )
    reply = read(bench.create(lines=[{"number": "1", "amount": gross, "taxIncluded": True}]))
    assert (reply["totalAmount"], reply["totalTax"]) == (net, tax)


def test_a_company_may_collect_everywhere_until_somebody_says_where(make_bench: Any) -> None:
    taxes = []
    for act in (None, "register_nexus", "drop_nexus"):
        bench = make_bench(collects_at_first=True)
        if act:
            bench.act(act, country="FR")
        taxes.append(read(bench.create())["totalTax"])
    assert taxes[0] > 0
    assert taxes[1:] == [0, 0]


def test_words_of_the_vendor_count_whatever_their_capitals(bench: Any) -> None:
    override = {"type": "taxAmount", "taxAmount": 6.25, "reason": "told"}
    lines = [{"number": "1", "amount": 100, "taxOverride": override}]
    reply = read(bench.create("a", type="salesInvoice", lines=lines))
    assert (reply["type"], reply["totalTax"]) == ("SalesInvoice", 6.25)
    assert read(bench.create("b", taxOverride=override))["taxOverrideType"] == "TaxAmount"
    body = {"refundType": "full", "refundDate": "2027-01-01", "refundTransactionCode": "r"}
    assert read(bench.one("b", "refund?documentType=salesinvoice", body))["totalTax"] == -6.25
    assert read(bench.one("a", "void", {"code": "docVoided"}))["status"] == "Cancelled"
    nonsense = [{"number": "1", "amount": 1, "taxOverride": {"type": "Nonsense", "reason": "x"}}]
    assert bench.create("c", lines=nonsense).status == 400


def test_a_tax_amount_override_is_spread_exactly(bench: Any) -> None:
    override = {"type": "TaxAmount", "taxAmount": 10.01, "reason": "migrated"}
    reply = read(bench.create(amounts=(1, 2, 3), taxOverride=override))
    assert reply["totalTax"] == 10.01
    assert round(sum(row["tax"] for row in reply["summary"]), 2) == 10.01


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    amounts=st.lists(st.integers(-10_000_000, 10_000_000), min_size=1, max_size=6),
    level=st.sampled_from(["line", "document"]),
)
def test_details_lines_and_summary_always_agree(make_bench: Any, amounts: list[int], level: str) -> None:
    bench = registered(make_bench, None, rounding_level=level)
    reply = read(bench.create(amounts=tuple(amount / 100 for amount in amounts)))

    def minor(value: float) -> int:
        return round(value * 100)

    assert minor(reply["totalTax"]) == sum(minor(row["tax"]) for row in reply["summary"])
    for line in reply["lines"]:
        assert minor(line["tax"]) == sum(minor(detail["tax"]) for detail in line["details"])
        assert minor(line["taxableAmount"]) + minor(line["exemptAmount"]) == minor(line["lineAmount"])
    document = bench.changes()[0].document
    assert (document.net_minor, document.tax_minor) == (sum(amounts), minor(reply["totalTax"]))
