"""Variants, assertions and what each engine understands: said in the file, checked when it is loaded."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest

from scenarios import loader
from scenarios.engines import unheard
from scenarios.integration_words import STYLES
from scenarios.language import Scenario
from scenarios.moments import season_of
from scenarios.problems import ScenarioError
from scenarios.variants import variant
from scenarios.words import REHEARSAL, WHATIF

HEAD = "name: a_scenario\ntitle: t\nquestion: q\n"  # three lines, so that what follows starts on line 4
FIVE = "variants:\n  five: {systems: {erp: {slots: 5}}}\n"
LATE = "assertions:\n  - {says: s, metric: late, variant: five, against: base, is: more}\n"

# (what follows the head, line, parts of the message)
CASES: dict[str, tuple[str, int, tuple[str, ...]]] = {
    "a wrong value in a variant": (
        "variants:\n  five:\n    systems:\n      erp: {slot: 5}\n", 7, ("systems.erp.slot", "did you mean 'slots'?"),
    ),
    "a window of a variant outside the run": (
        "variants:\n  early:\n    outages:\n      - {system: erp, from: quarter_end - 90d, lasts: 1h}\n",
        7,
        ("outages[0].from", "before the rehearsal"),
    ),
    "a variant that is called otherwise": ("variants:\n  five: {name: other}\n", 5, ("`name`", "a variant can change")),
    "a variant that is the base": ("variants:\n  base: {seed: 2}\n", 4, ("a variant 'base'", "another name")),
    "a variant that is no mapping": ("variants:\n  five: 5\n", 5, ("found 5", "a mapping of keys and values")),
    "an assertion of an unknown variant": (
        FIVE + "assertions:\n  - {says: s, metric: late, variant: fife, is: at_most, value: 0}\n",
        7,
        ("found 'fife'", "base, five", "did you mean 'five'?"),
    ),
    "an unknown figure": (
        "assertions:\n  - {says: s, metric: dead_letter, is: at_most, value: 0}\n", 5, ("did you mean 'dead_letters",),
    ),
    "a figure of nothing": (
        "assertions:\n  - {says: s, metric: drain, is: at_most, value: 1h}\n", 5, ("`of` with a system",),
    ),
    "a figure of too much": (
        "assertions:\n  - {says: s, metric: late, of: erp, is: at_most, value: 1}\n", 5, ("no `of`",),
    ),
    "a direction without a partner": ("assertions:\n  - {says: s, metric: late, is: more}\n", 5, ("`against`",)),
    "a variant against itself": (
        FIVE + "assertions:\n  - {says: s, metric: late, variant: five, against: five, is: more}\n",
        7,
        ("two different variants",),
    ),
    "a share where a duration is due": (
        "assertions:\n  - {says: s, metric: drain, of: erp, is: at_most, value: 5%}\n", 5, ("a duration with a unit",),
    ),
    "a number for a share": (
        "assertions:\n  - {says: s, metric: within, of: SLA-2, is: at_least, value: 99}\n", 5, ("a share from 0 to 1",),
    ),
    "text for a quotient": (
        FIVE + "assertions:\n  - {says: s, metric: late, variant: five, against: base, is: about, value: 4h}\n",
        7,
        ("a number",),
    ),
    "a change that changes nothing": (
        "limit_changes:\n  - {system: erp, from: quarter_end - 7d}\n", 5, ("at least one of `slots`, `rps`",),
    ),
    "a daily allowance of the ERP": (
        "limit_changes:\n  - {system: erp, from: quarter_end - 7d, daily_calls: 5}\n", 5, ("`daily_calls` on crm",),
    ),
    "an invoice run after the run": (
        "invoice_runs:\n  - {from: quarter_end + 30d, invoices: 5}\n", 5, ("an instant of the run",),
    ),
    "an invoice run of nothing": (
        "invoice_runs:\n  - {from: quarter_end - 1d, invoices: 0}\n", 5, ("greater than or equal to 1",),
    ),
    "a replay of an unknown entity": (
        "replays:\n  - {system: crm, from: quarter_end - 1d, lasts: 1h, messages: 5, entity: UX}\n",
        5,
        ("found 'UX'", "an entity of this world"),
    ),
    "a page of nothing": ("systems:\n  erp: {page_size: 0}\n", 5, ("found 0", "greater than or equal to 1")),
    "a page of less than nothing": ("systems:\n  crm: {page_size: -1}\n", 5, ("greater than or equal to 1",)),
    "a page larger than the vendor's": (
        "systems:\n  payment: {page_size: 101}\n", 4, ("a `page_size` of 1 to 100", "payment.page_size"),
    ),
    "an availability of nothing": ("systems:\n  erp: {availability: 0%}\n", 5, ("at least 50%",)),
    "a batch window that closes early": ("batch: {opens: '22:00', closes: '06:00'}\n", 4, ("closes after it opens",)),
    "a batch of seconds": ("batch: {every: 90s}\n", 4, ("whole minutes",)),
    "hours that do not add up": (
        "world:\n  quarter:\n    pattern:\n      weeks: [10,10,10,10,10,10,10,10,5,5,5,5,0]\n"
        "      last_week: [20,20,20,20,20]\n      last_day: [100, 1]\n",
        6,
        ("24 last_day weights",),
    ),
    "pauses that shrink": ("integration: {backoff: 5s, backoff_cap: 4s}\n", 4, ("0 < `backoff` <= `backoff_cap`",)),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_file_is_answered_with_line_found_and_expected(case: str) -> None:
    text, line, parts = CASES[case]
    with pytest.raises(ScenarioError) as error:
        loader.parse(HEAD + text, "bad.yaml")
    assert error.value.problems[0].line == line, str(error.value)
    assert all(part in str(error.value) for part in parts), str(error.value)


def the_scenario(text: str = "") -> Scenario:
    return loader.parse(HEAD + text)


def test_a_variant_changes_what_it_says_and_nothing_else() -> None:
    base = the_scenario("outages: [{system: erp, from: quarter_end - 9h, lasts: 1h}]\n" + FIVE + LATE)
    five = variant(base, "five")
    assert (base.systems.erp.slots, five.systems.erp.slots) == (15, 5)
    assert five.outages == base.outages
    assert five.systems.erp.p50 == base.systems.erp.p50
    assert variant(base, "") is base


def test_a_list_of_a_variant_replaces_the_list() -> None:
    calm = the_scenario(
        "outages: [{system: erp, from: quarter_end - 9h, lasts: 1h}]\nvariants: {calm: {outages: []}}\n"
    )
    assert variant(calm, "calm").outages == ()
    assert len(calm.outages) == 1


def test_a_variant_may_say_a_preset() -> None:
    base = the_scenario("world: {orders_per_quarter: 7}\nvariants: {small: {world: {preset: small}}}\n")
    assert variant(base, "small").world.orders_per_quarter == 500


def test_an_unknown_variant_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ScenarioError, match="did you mean 'five'"):
        variant(the_scenario(FIVE), "fiv")


def test_a_written_scenario_keeps_its_variants_and_assertions() -> None:
    base = the_scenario(FIVE + LATE)
    assert loader.parse(loader.dump(base)) == base


def test_neither_variants_nor_assertions_are_inherited() -> None:
    child = loader.parse(HEAD + "extends: billing_outage_last_day\n")
    assert not child.variants
    assert not child.assertions


def test_values_of_assertions_have_the_unit_of_their_figure() -> None:
    rows = (
        "assertions:\n  - {says: s, metric: drain, of: erp, is: at_most, value: 15m}\n"
        "  - {says: s, metric: within, of: SLA-2, is: at_least, value: 99.5%}\n"
        "  - {says: s, metric: late, is: at_most, value: 0}\n"
        "  - {says: s, metric: late, variant: five, against: base, is: about, value: 2.5}\n"
    )
    found = [(each.amount, each.unit, each.engine) for each in the_scenario(FIVE + rows).assertions]
    assert found == [
        (900.0, "seconds", WHATIF), (0.995, "share", WHATIF), (0.0, "count", WHATIF), (2.5, "times", WHATIF),
    ]  # fmt: skip


def test_a_style_answers_for_the_switches_that_are_left_open() -> None:
    reference = the_scenario().integration.settled()
    naive = the_scenario("integration: {style: naive, breaker: true}\n").integration.settled()
    assert {name: getattr(reference, name) for name in STYLES["reference"]} == STYLES["reference"]
    assert {name: getattr(naive, name) for name in STYLES["naive"]} == {**STYLES["naive"], "breaker": True}


def test_what_an_engine_does_not_understand_is_named() -> None:
    said = the_scenario(
        "systems: {erp: {availability: 99.7%}}\ninvoice_runs: [{from: quarter_end - 1d, invoices: 5}]\n"
        "integration: {style: naive, mutant: timeout_is_failure}\nfailures: {rejected: 2%}\n"
    )
    assert unheard(said, REHEARSAL) == (
        "failures.rejected", "systems.erp.availability", "invoice_runs", "integration.style",
    )  # fmt: skip
    assert unheard(said, WHATIF) == ("integration.mutant",)
    assert unheard(the_scenario(), REHEARSAL) == ()


def test_the_hours_of_the_last_day_can_be_said() -> None:
    text = (
        "world:\n  quarter:\n    pattern:\n      weeks: [10,10,10,10,10,10,10,10,4,4,4,4,4]\n"
        "      last_week: [20,20,20,20,20]\n      last_day: [0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,100]\n"
    )
    season = season_of(the_scenario(text))
    assert season.expected(1000, season.last_day, 23, 24) == pytest.approx(8)
    assert season.expected(1000, season.last_day, 0, 23) == 0
    assert season.hours(season.days[0])[0][1] == 8


def test_durations_and_shares_of_the_new_sections_are_read() -> None:
    said = the_scenario("incidents: {median: 90m, second: 20%}\nbatch: {every: 2h}\n")
    assert said.incidents.median == timedelta(minutes=90)
    assert said.incidents.second == Fraction(1, 5)
    assert said.batch.every == timedelta(hours=2)
