"""The population is plausible, varied in the ways that matter, and consistent with itself."""

from __future__ import annotations

from collections import Counter
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from pydantic import ValidationError

from domain.acts import Act
from domain.charts.quote import QUOTE
from scenarios import library
from scenarios.catalogue import MAPPING, PRODUCTS, list_unit_minor
from scenarios.contract_words import AmendmentKinds
from scenarios.deals import APPROVERS, BANDS, LINES_MAX, net_unit_minor
from scenarios.ground import ground
from scenarios.names import POOL, identity
from scenarios.renewals import ending
from scenarios.scale import scaled
from scenarios.timeline import Timeline, build

TRIGGERS = {
    "submit_quote": "submit",
    "approve_quote": "approve",
    "reject_quote": "reject",
    "accept_quote": "accept",
}


@pytest.fixture(scope="module")
def timeline() -> Timeline:
    return build(scaled(library.named("quarter_end"), 400, 300), 11)


@pytest.fixture(scope="module")
def acts(timeline: Timeline) -> list[Act]:
    return list(timeline.acts)


@pytest.fixture(scope="module")
def quotes(acts: list[Act]) -> list[dict[str, Any]]:
    return [act.arguments for act in acts if act.action == "create_quote"]


def test_everything_named_was_made_before(acts: list[Act]) -> None:
    made: dict[str, set[str]] = {"crm": set(), "erp": set(), "payment": set(), "billing": set()}
    products: set[str] = set()
    for act in acts:
        arguments = act.arguments
        if act.action in ("create_account", "create_customer"):
            made[act.system].add(arguments["account"])
        elif act.action == "create_product":
            products.add(arguments["sku"])
        elif act.action == "seed_subscription":
            made["billing"].add(arguments["id"])
        elif act.action == "create_quote":
            assert arguments["account"] in made["crm"] & made["payment"]
            assert {line["sku"] for line in arguments["lines"]} <= products
            assert not arguments["subscription"] or arguments["subscription"] in made["billing"]
        elif act.action == "place_hold":
            assert arguments["account"] in made["erp"]


def test_every_quote_walks_its_chart(acts: list[Act]) -> None:
    status: dict[tuple[str, int], str] = {}
    approver: dict[tuple[str, int], str] = {}
    legal = {(each.source, each.trigger): each.target for each in QUOTE.transitions}
    for act in acts:
        if act.action == "create_quote":
            this = (act.arguments["number"], act.arguments["version"])
            status[this] = "draft"
            discount = Fraction(act.arguments["discount_percent"]) * 2
            band = next(index for index, (_, high) in enumerate(BANDS) if discount <= high)
            approver[this] = APPROVERS[band]
        elif act.action in TRIGGERS:
            this = (act.arguments["number"], act.arguments["version"])
            if act.action == "approve_quote":
                assert act.arguments["approver"] == approver[this]
            status[this] = legal[status[this], TRIGGERS[act.action]]
    accepted = [this for this, each in status.items() if each == "accepted"]
    assert len({number for number, _ in accepted}) == len(accepted) > 300
    assert {"approved", "rejected"} < set(status.values())


def test_holds_are_placed_once_and_released_before_the_faults_end(acts: list[Act], timeline: Timeline) -> None:
    held: dict[str, int] = {}
    for act in acts:
        if act.action == "place_hold":
            assert act.arguments["account"] not in held
            held[act.arguments["account"]] = act.at_us
        elif act.action == "release_hold":
            assert held[act.arguments["account"]] < act.at_us <= timeline.heal_us + 60_000_000
    assert 0.01 < len(held) / timeline.acts.orders < 0.09
    assert sum(act.action == "release_hold" for act in acts) == len(held)


def test_all_four_kinds_of_lines_appear(quotes: list[dict[str, Any]], acts: list[Act]) -> None:
    new = [quote for quote in quotes if quote["kind"] == "new"]
    assert all(any(line["kind"] == "recurring" for line in quote["lines"]) for quote in new)
    assert any(line["kind"] == "one_time" for quote in new for line in quote["lines"])
    assert any(Fraction(quote["discount_percent"]) > 0 for quote in new)
    countries = {(a.arguments["country"], a.arguments["region"]) for a in acts if a.action == "create_account"}
    registered = {(a.arguments["country"], a.arguments["region"]) for a in acts if a.action == "register_nexus"}
    assert len(countries) > 8
    assert countries <= registered


def test_the_skus_of_a_quote_are_distinct_and_its_sizes_as_calibrated(quotes: list[dict[str, Any]]) -> None:
    sizes = sorted(len(quote["lines"]) for quote in quotes if quote["kind"] == "new")
    assert all(len({line["sku"] for line in quote["lines"]}) == len(quote["lines"]) for quote in quotes)
    assert 3 <= sizes[len(sizes) // 2] <= 5
    assert 13 <= sizes[len(sizes) * 95 // 100] <= 24
    assert sizes[-1] <= LINES_MAX


def test_the_effective_discount_never_exceeds_the_one_on_the_face(quotes: list[dict[str, Any]]) -> None:
    for quote in quotes:
        listed = sum(line["quantity"] * line["list_unit_minor"] for line in quote["lines"])
        net = sum(line["quantity"] * line["unit_minor"] for line in quote["lines"])
        assert listed == 0 or 1 - Fraction(net, listed) <= Fraction(quote["discount_percent"]) / 100


def test_discounts_grow_in_the_last_week(quotes: list[dict[str, Any]], acts: list[Act], timeline: Timeline) -> None:
    signed = {act.txn: act.at_us for act in acts if act.action == "accept_quote"}
    week_us = timeline.heal_us - 8 * 86_400_000_000
    new = [quote for quote in quotes if quote["kind"] == "new" and quote["number"] in signed]
    late = [float(quote["discount_percent"]) for quote in new if signed[quote["number"]] >= week_us]
    early = [float(quote["discount_percent"]) for quote in new if signed[quote["number"]] < week_us]
    assert sum(early) / len(early) == pytest.approx(11, abs=3)
    assert sum(late) / len(late) == pytest.approx(18, abs=3)


def test_a_sku_without_mapping_is_sold_as_often_as_configured() -> None:
    whole = library.named("quarter_end_spike")
    timeline = build(scaled(whole, 1_500, 0), 5)
    missing = [each.txn for each in timeline.fallout() if each.cause == "missing_mapping"]
    assert set(timeline.mapping) == set(MAPPING) - set(timeline.mapping_missing)
    assert 4 <= len(missing) <= 32
    quotes = {a.txn: a.arguments for a in timeline.acts if a.action == "create_quote"}
    for txn in missing:
        assert any(line["sku"] in timeline.mapping_missing for line in quotes[txn]["lines"])


def test_payment_manners_follow_the_mix() -> None:
    timeline = build(scaled(library.named("quarter_end_spike"), 10, 1_500), 5)
    payers = [act.arguments for act in timeline.acts if act.system == "payment"]
    methods = Counter(payer["method"] for payer in payers)
    assert methods["debit"] / len(payers) == pytest.approx(0.45, abs=0.04)
    assert methods["card"] / len(payers) == pytest.approx(0.13, abs=0.03)
    declined = [payer for payer in payers if payer["declines"]]
    assert {payer["method"] for payer in declined} == {"card"}
    assert all((payer["declines"] == 99) == payer["hard"] for payer in declined)
    assert all(payer["pays_after_days"] == 0 for payer in payers if payer["method"] != "push")


def test_no_live_term_ends_within_the_run_but_those_that_are_decided_upon(acts: list[Act], timeline: Timeline) -> None:
    base = ground(timeline.scenario, timeline.seed)
    for act in acts:
        if act.action == "seed_subscription":
            each = act.arguments
            start, end, billed = (date.fromisoformat(each[key]) for key in ("start", "term_end", "billed_to"))
            assert start < timeline.first_day < billed <= end
            decided = ending(base, int(each["id"][2:]))
            assert (end - timeline.last_day).days > 30 if decided is None else end == decided.end
            assert len({item["months"] for item in each["items"]}) == 1


def test_the_first_contract_amends_out_of_order_and_the_second_twice_on_a_day(quotes: list[dict[str, Any]]) -> None:
    of: dict[str, list[dict[str, Any]]] = {}
    for quote in quotes:
        if quote["kind"] == "amend":
            of.setdefault(quote["subscription"], []).append(quote)
    crossed = sorted(of["Q-900001"], key=lambda quote: int(quote["sequence"]))
    assert [quote["sequence"] for quote in crossed] == [1, 2]
    assert crossed[0]["effective_date"] > crossed[1]["effective_date"]
    assert len({quote["effective_date"] for quote in of["Q-900002"]}) == 1 < len(of["Q-900002"])
    assert {"price_change", "downsell", "upsell"} <= {quote["amendment_kind"] for each in of.values() for quote in each}
    assert any(quote["co_term_end"] for each in of.values() for quote in each)


def test_back_dated_amendments_occur_and_never_reach_before_what_was_billed(acts: list[Act]) -> None:
    live = {act.txn: act.arguments for act in acts if act.action == "seed_subscription"}
    signed = {act.txn: act.at_us for act in acts if act.action == "accept_quote"}
    backdated = 0
    for act in acts:
        if act.action == "create_quote" and act.arguments["kind"] == "amend":
            effective = date.fromisoformat(act.arguments["effective_date"])
            seed = live[act.arguments["subscription"]]
            end = date.fromisoformat(seed["term_end"])
            is_notice = act.arguments["amendment_kind"] == "notice"
            assert effective == end if is_notice else date.fromisoformat(seed["start"]) <= effective < end
            epoch_days = (effective - date(1970, 1, 1)).days
            backdated += epoch_days * 86_400_000_000 + 2 * 86_400_000_000 < signed[act.txn]
    assert backdated > 2


def test_contracts_are_renewed_given_up_by_notice_or_run_out(acts: list[Act], timeline: Timeline) -> None:
    base = ground(timeline.scenario, timeline.seed)
    live = {act.txn: act.arguments for act in acts if act.action == "seed_subscription"}
    quotes = [act.arguments for act in acts if act.action == "create_quote" and act.arguments["subscription"] in live]
    by_contract = {quote["subscription"]: quote for quote in quotes}
    found = Counter[str]()
    for key, seed in live.items():
        decided = ending(base, int(key[2:]))
        if decided is None:
            continue
        found[decided.how] += 1
        quote = by_contract.get(key)
        if decided.how == "lapse":
            assert quote is None
            continue
        assert quote is not None
        assert sum(each["subscription"] == key for each in quotes) == 1
        if decided.how == "notice":
            assert quote["effective_date"] == seed["term_end"]
            assert (decided.end - decided.day).days > 30
            continue
        assert (quote["kind"], quote["term_start"]) == ("renew", seed["term_end"])
        assert (quote["amendment_kind"] == "auto") == (decided.how == "auto") == ("meta_data" in seed)
        before = {item["sku"]: item["unit_minor"] for item in seed["items"]}
        assert all(line["unit_minor"] * 100 <= before[line["sku"]] * 105 for line in quote["lines"])
        list_minor = sum(line["list_unit_minor"] * line["quantity"] for line in quote["lines"])
        net_minor = sum(line["unit_minor"] * line["quantity"] for line in quote["lines"])
        assert list_minor * (100 - Fraction(quote["discount_percent"])) <= net_minor * 100
    assert set(found) == {"signed", "auto", "notice", "lapse"}
    assert found["signed"] > found["auto"] > found["notice"]


def test_every_kind_of_amendment_occurs_with_what_it_needs() -> None:
    base = scaled(library.named("quarter_end_spike"), 10, 500)
    often = base.model_copy(update={"mix": base.mix.model_copy(update={"amendments_per_contract_year": 12.0})})
    quotes = [act.arguments for act in build(often, 5).acts if act.action == "create_quote"]
    kinds: dict[str, list[dict[str, Any]]] = {}
    for quote in quotes:
        if quote["kind"] == "amend":
            kinds.setdefault(quote["amendment_kind"], []).append(quote)
    assert set(kinds) <= {*AmendmentKinds.model_fields, "notice"}
    assert len(kinds) >= len(AmendmentKinds.model_fields)  # the rarest may be missing
    for quote in kinds.get("pause", []):
        assert 7 <= (date.fromisoformat(quote["resume_date"]) - date.fromisoformat(quote["effective_date"])).days <= 28
    for kind in ("extend_term", "shorten_term"):
        assert all(quote["co_term_end"] for quote in kinds.get(kind, []))
    assert {quote["refund"] for quote in kinds["cancel"]} <= {"none", "prorated", "full"}
    changed = kinds["billing_change"]
    assert {delta["months"] for quote in changed for delta in quote["deltas"]} <= {1, 12}


def test_the_kinds_of_amendments_add_up() -> None:
    with pytest.raises(ValidationError, match="add up to 100%"):
        AmendmentKinds(upsell=Fraction(1, 2))


def test_an_amendment_states_terms_that_hold_once_the_earlier_ones_are_applied(acts: list[Act]) -> None:
    terms = {
        act.txn: {item["sku"]: item["quantity"] for item in act.arguments["items"]}
        for act in acts
        if act.action == "seed_subscription"
    }
    amendments = [a.arguments for a in acts if a.action == "create_quote" and a.arguments["kind"] == "amend"]
    for quote in sorted(amendments, key=lambda each: (each["effective_date"], each["sequence"])):
        held = terms[quote["subscription"]]
        deltas = {delta["sku"]: delta["quantity"] for delta in quote["deltas"]}
        first = next(iter(deltas))
        if quote["amendment_kind"] == "upsell":
            assert deltas[first] > held[first]
        if quote["amendment_kind"] == "downsell":
            assert 0 < deltas[first] <= held[first]
        if quote["amendment_kind"] == "price_change":
            assert deltas == {sku: count for sku, count in held.items() if count}
        if quote["amendment_kind"] in ("swap", "add_product"):
            assert any(sku not in held for sku in deltas)
        held.update(deltas)


def test_quotes_after_the_price_rise_carry_the_new_list_prices(acts: list[Act]) -> None:
    risen: dict[tuple[str, str, int], int] = {}
    for act in acts:
        if act.action == "create_item_price":
            each = act.arguments
            risen[each["sku"], each["currency"], each["months"]] = each["list_unit_minor"]
    new = [a.arguments for a in acts if a.action == "create_quote" and a.arguments["kind"] == "new"]
    lines = [(quote["currency"], line) for quote in new for line in quote["lines"]]
    wrong = [line for code, line in lines if risen[line["sku"], code, line["months"]] != line["list_unit_minor"]]
    assert len(wrong) / len(lines) < 0.01  # the few that were priced from the old price book
    assert all(price > list_unit_minor(sku, code, months) for (sku, code, months), price in risen.items())


def test_prices_have_the_exponent_of_their_currency() -> None:
    assert list_unit_minor("PLAT-STD", "USD", 1) == 2_500
    assert list_unit_minor("PLAT-STD", "JPY", 1) == 3_800
    assert list_unit_minor("PLAT-STD", "KWD", 1) == 8_000
    assert list_unit_minor("PLAT-STD", "USD", 12) == 25_000
    assert list_unit_minor("PLAT-STD", "USD", 1, Fraction(7, 100)) == 2_675


def test_the_catalogue_has_some_thirty_products_of_all_kinds() -> None:
    assert len(PRODUCTS) == 32
    assert len(set(MAPPING.values())) == len(MAPPING) == 32
    assert {product.kind for product in PRODUCTS} == {"recurring", "one_time"}


def test_a_net_price_is_rounded_in_the_vendors_favour() -> None:
    assert net_unit_minor(999, 25) == 875  # 874.125
    assert net_unit_minor(1_000, 20) == 900


def test_names_are_reused_with_a_suffix_and_never_depend_on_the_order_of_asking() -> None:
    late, early = identity("DE", POOL + 3), identity("DE", 3)
    assert late.company == f"{early.company} 2"
    assert identity("DE", 3) == early
    assert identity("US", 3) != early
