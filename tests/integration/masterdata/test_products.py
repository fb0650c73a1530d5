"""Product mapping: effective dates, the legal entity's own rows, bundles, and what is missing is asked for."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.objects import Line
from integration.masterdata.products import Entry, Part, WrongRow, entry_on, exploded, one_to_one, row_of
from tests.stage import CORE, TODAY, Stage

SUITE = {"items": [{"item": "1001", "weight": 7}, {"item": "1004", "quantity": 2, "weight": 3}]}


def line(quantity: int, unit: int, amount: int) -> Line:
    return Line(
        id="1", sku="SUITE", kind="recurring", quantity=quantity, unit_minor=unit, amount_minor=amount, months=12
    )


def test_an_entry_holds_from_its_first_day_until_the_day_it_ends() -> None:
    row = row_of(
        {
            "entries": [
                {"items": [{"item": "old"}], "to": "2026-12-01"},
                {"items": [{"item": "new"}], "from": "2026-12-01"},
            ],
            "steward": "product operations",
        }
    )
    found = {day: entry_on(row, date(2026, 11, 30 if day < 0 else day)) for day in (-1,)}
    assert found[-1] is not None
    assert found[-1].items[0].item == "old"
    after = entry_on(row, date(2026, 12, 1))
    assert after is not None
    assert after.items[0].item == "new"
    assert entry_on(row_of({"entries": [{"items": [{"item": "x"}], "from": "2027-01-01"}]}), TODAY) is None


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"entries": [{"items": []}]}, "at least one item"),
    ({"entries": [{"items": [{"item": "1", "quantity": 0}]}]}, "one piece"),
    ({"entries": [{"items": [{"item": "1", "weight": 0}]}]}, "not all of them are 0"),
    ({"entries": [{"items": [{"item": "1"}], "from": "2026-02-01", "to": "2026-01-01"}]}, "before it begins"),
    ({"entries": [{"items": [{"item": "1"}]}, {"items": [{"item": "2"}], "from": "2026-01-01"}]}, "two entries hold"),
    ({"item": "1001"}, "no product mapping"),
]


@pytest.mark.parametrize(("value", "reason"), WRONG)
def test_a_row_that_means_two_things_or_nothing_is_refused(value: dict[str, Any], reason: str) -> None:
    with pytest.raises(WrongRow, match=reason):
        row_of(value)


@given(
    st.integers(0, 999), st.integers(0, 10**7), st.integers(0, 10**9), st.booleans(),
    st.lists(st.builds(Part, st.just("i"), st.integers(1, 5), st.integers(0, 9)), min_size=1, max_size=5),
)  # fmt: skip
def test_an_explosion_conserves_the_price(
    quantity: int, unit: int, amount: int, whole: bool, parts: list[Part]
) -> None:
    if not any(part.weight for part in parts):
        parts = [Part("i")]
    one = line(quantity, unit, quantity * unit if whole else amount)
    made = exploded(one, Entry(tuple(parts)))
    assert sum(each.amount_minor for each in made) == one.amount_minor
    assert [each.quantity for each in made] == [quantity * part.quantity for part in parts]
    assert all(each.amount_minor >= 0 for each in made)
    assert len({each.id for each in made}) == len(made)


def test_one_product_is_one_item_unless_somebody_says_otherwise() -> None:
    (made,) = exploded(line(3, 500, 1500), row_of(one_to_one("1001")).entries[0])
    assert (made.sku, made.id, made.quantity, made.amount_minor) == ("1001", "1", 3, 1500)


def test_a_bundle_is_booked_in_its_items_and_nothing_is_lost() -> None:
    stage = Stage()
    stage.customer()
    stage.act("integration", "add_mapping", 0.5, kind="product", key=f"erp/{CORE}", value={"entries": [SUITE]})
    stage.signs("Q-000001", lines=((CORE, 10, 50_01, 12),))
    played = stage.play()
    order = played.document("erp", "order")
    assert [(each.sku, each.quantity, each.amount_minor) for each in order.lines] == [
        ("PLAT-STD", 10, 350_10), ("ANLY-STD", 20, 150_00),
    ]  # fmt: skip
    assert order.total_minor == 500_10


def test_a_row_of_the_legal_entity_comes_first() -> None:
    stage = Stage()
    stage.customer()
    stage.act("integration", "add_mapping", 0.5, kind="product", key=f"erp/{CORE}/US", value=one_to_one("1004"))
    stage.signs("Q-000001")
    assert [each.sku for each in stage.play().document("erp", "order").lines] == ["ANLY-STD"]


def test_a_product_that_is_not_mapped_yet_stops_the_order_before_the_erp_hears_of_it() -> None:
    stage = Stage()
    stage.customer()
    stage.missing, stage.clerks = ("AI-ASST",), 0
    stage.signs("Q-000001", lines=((CORE, 10, 50_00, 12), ("AI-ASST", 1, 100_00, 12)))
    played = stage.play()
    (case,) = played.cases()["DATA_QUALITY.MAPPING_MISSING"][:1]
    assert (case.owner, "AI-ASST" in case.detail) == ("data steward", True)
    assert played.attempts("upsert_order") == []


def test_the_order_goes_on_when_the_steward_has_mapped_the_product() -> None:
    stage = Stage()
    stage.customer()
    stage.missing = ("AI-ASST",)
    stage.signs("Q-000001", lines=((CORE, 10, 50_00, 12), ("AI-ASST", 1, 100_00, 12)))
    played = stage.play()
    assert len(played.attempts("upsert_order")) == 1
    assert played.walk("erp", "order")[-1] == "billed"
    assert played.broken() == {}
