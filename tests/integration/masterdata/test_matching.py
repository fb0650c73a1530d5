"""Tests of matching: what decides, what is only weighed, and what nobody but a steward can tell."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integration.masterdata.identity import Identity, domain_of, normal
from integration.masterdata.matching import ASK, DIFFERENT, SAME, MatchRules, decide, judge

RULES = MatchRules()
ACME: dict[str, Any] = {
    "id": "A-1", "name": "Hill, Bach & Cox GmbH", "entity": "DE", "currency": "EUR", "country": "DE",
    "postal_code": "10115", "city": "Berlin", "street": "Hauptstraße 7", "tax_id": "DE123456789", "duns": "111111111",
    "website": "https://www.hbc.example/de",
}  # fmt: skip


def acme(**changes: str) -> Identity:
    return Identity(**{**ACME, **changes})


def other(**changes: str) -> Identity:
    """Return the same party as somebody else typed it, with no identifiers unless they are given."""
    return acme(**{"id": "A-2", "tax_id": "", "duns": "", "website": "", **changes})


CASES = [
    ("the tax id typed for a company of another name", other(name="Orion Verlag", tax_id="de 123.456.789"), ASK),
    ("the tax id and a name that is like it", other(name="Hill Bach Cox", tax_id="de 123.456.789", city="Köln"), SAME),
    ("another tax id, for all that is equal", other(tax_id="DE987654321"), DIFFERENT),
    ("the number of the location", other(duns="11-111-1111", name="Hill Bach"), SAME),
    ("another location of perhaps the same party", other(duns="222222222", street="Am Hof 3"), ASK),
    ("the domain", other(website="mail@hbc.example", street="Am Hof 3", city="Köln", postal_code="50667"), SAME),
    ("the domain of a company with another name", other(website="hbc.example", name="Orion Verlag"), ASK),
    ("name and address without identifiers", other(name="Cox, Hill und Bach", street="Hauptstr. 7"), SAME),
    ("a typing error in name and street", other(name="Hill, Bch & Cox", street="Haupstrasse 7"), SAME),
    ("the name in another street", other(street="Am Hof 3"), ASK),
    ("one more word in the name", other(name="Hill, Bach & Cox Holding", street="Am Hof 3"), ASK),
    ("another name at the same address", other(name="Orion Verlag AG"), DIFFERENT),
    ("a number in the name", other(name="Hill, Bach & Cox 2 GmbH"), DIFFERENT),
    ("another legal entity of ours", other(tax_id="DE123456789", entity="US"), DIFFERENT),
    ("another currency", other(tax_id="DE123456789", currency="USD"), DIFFERENT),
    ("another country", other(website="hbc.example", country="AT"), DIFFERENT),
]


@pytest.mark.parametrize(("identity", "outcome"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_outcome_is_explained(identity: Identity, outcome: str) -> None:
    found = judge(acme(), identity, RULES)
    assert (found.outcome, found.candidate) == (outcome, "A-2"), found
    assert all(found.reasons)


WORDS = st.lists(
    st.sampled_from(["Hill", "Bach", "Cox", "GmbH", "Ltd", "Group", "2", "株式会社", "ß", "&"]), max_size=4
)
IDENTITIES = st.builds(
    Identity, id=st.sampled_from(["A-1", "A-2"]), name=WORDS.map(" ".join), country=st.sampled_from(["", "DE", "JP"]),
    street=st.sampled_from(["", "Am Hof 3", "Hauptstraße 7"]), city=st.sampled_from(["", "Berlin"]),
    postal_code=st.sampled_from(["", "10115"]), tax_id=st.sampled_from(["", "DE1", "de 1", "DE2"]),
    duns=st.sampled_from(["", "1", "2"]), website=st.sampled_from(["", "a.example", "www.b.example", "x@gmail.com"]),
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(IDENTITIES, IDENTITIES)
def test_matching_is_symmetric_and_its_points_agree_with_the_outcome(one: Identity, two: Identity) -> None:
    found, back = judge(one, two, RULES), judge(two, one, RULES)
    assert (found.outcome, found.points) == (back.outcome, back.points)
    assert 0 <= found.points <= 100
    assert (found.outcome == DIFFERENT) == (found.points < RULES.ask_points)


@settings(max_examples=100, deadline=None)
@given(IDENTITIES.filter(lambda identity: bool(normal(identity).core) and bool(identity.tax_id)))
def test_a_party_is_the_same_as_itself(one: Identity) -> None:
    assert judge(one, one, RULES).outcome == SAME


def test_the_oldest_of_several_that_are_one_stands_for_it() -> None:
    twins = [other(id="A-5", tax_id="DE123456789"), other(id="A-3", tax_id="DE 123456789")]
    assert decide(acme(id="A-9"), twins, RULES).candidate == "A-5"


def test_two_matches_that_are_not_one_are_a_question() -> None:
    by_tax, by_domain = other(tax_id="DE123456789"), other(id="A-3", tax_id="DE5", website="hbc.example")
    found = decide(acme(id="A-9"), [by_tax, by_domain], RULES)
    assert found.outcome == SAME  # the other one has a tax id of its own
    assert found.candidate == "A-2"
    found = decide(acme(id="A-9", tax_id=""), [by_tax, by_domain, other(id="A-4", duns="111111111")], RULES)
    assert found.outcome == ASK


def test_a_question_shows_the_likeliest_first() -> None:
    found = decide(other(street="Am Hof 3"), [other(id="A-7", name="Orion"), acme(), other(id="A-8")], RULES)
    assert found.outcome == ASK
    assert [each.candidate for each in found.judgements] == ["A-1", "A-8", "A-7"]


def test_mail_providers_identify_nobody() -> None:
    assert domain_of("https://gmail.com") == domain_of("no host") == ""


@pytest.mark.parametrize("wrong", [{"ask_points": 95}, {"name_weight": 70}, {"same_points": 101}])
def test_rules_that_make_no_sense_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"points|weight"):
        MatchRules(**wrong)
