"""Tests of survivorship: every field has an owner and a rule, and no merge makes finance laxer."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from domain.ownership import may_propose, may_write
from integration.masterdata.survivorship import BY_FIELD, RULES, merged, obstacles

SURVIVOR = {"name": "Acme", "street": "", "website": "acme.example", "terms_days": 45, "credit_status": "clear"}
LOSER = {
    "name": "ACME Ltd",
    "street": "1 Main St",
    "website": "old.example",
    "terms_days": 15,
    "credit_status": "clear",
}
STATUSES = ["clear", "warning", "soft_hold", "hard_hold"]


def test_sales_fields_are_the_survivors_and_filled_from_the_loser() -> None:
    golden = merged(SURVIVOR, LOSER)
    assert {name: golden[name]["value"] for name in ("name", "street", "website", "terms_days")} == {
        "name": "Acme", "street": "1 Main St", "website": "acme.example", "terms_days": 15,
    }  # fmt: skip
    assert (golden["street"]["from"], golden["street"]["owner"]) == ("loser", "crm")
    assert (golden["terms_days"]["from"], golden["terms_days"]["owner"]) == ("loser", "erp")


def test_what_neither_system_was_asked_for_has_no_golden_value() -> None:
    assert "duns" not in merged(SURVIVOR, LOSER)


@given(st.sampled_from(STATUSES), st.sampled_from(STATUSES))
def test_a_merge_is_no_way_out_of_a_hold(one: str, two: str) -> None:
    golden = merged({"credit_status": one}, {"credit_status": two})
    assert golden["credit_status"]["value"] == max(one, two, key=STATUSES.index)


def test_every_field_belongs_to_a_system_of_record_that_master_data_only_asks() -> None:
    assert len(BY_FIELD) == len(RULES)
    for rule in RULES:
        assert may_write("crm" if rule.group == "account" else "erp", rule.group)
        assert not may_write("mdm", rule.group)
        assert may_propose("mdm" if rule.group == "account" else "crm", rule.group)


def test_two_books_are_an_obstacle_and_an_unknown_field_is_none() -> None:
    assert obstacles({"currency": "USD", "entity": "US"}, {"currency": "EUR", "entity": "US"}) == [
        "the currency is 'USD' and 'EUR'"
    ]
    assert obstacles({"currency": "USD"}, {"currency": ""}) == []
