"""Invoices and credit notes are posted in the ERP's items: bundles exploded, amounts kept, a missing item asked for."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from domain.objects import Delta
from scenarios.catalogue import MAPPING
from simulator import rehearsal, setup
from tests.stage import CORE, LIVE, MORE, Stage

PARTS = tuple(sku for sku in MAPPING if sku not in (CORE, MORE))[:2]


@pytest.fixture
def bundled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the ERP know CORE as two items, worth two and one thirds of it, the second in pieces of two."""
    plain = setup.product_rows

    def rows(timeline: Any) -> list[list[Any]]:
        first, second = (MAPPING[sku] for sku in PARTS)
        items = [{"item": first, "weight": 2}, {"item": second, "quantity": 2, "weight": 1}]
        core = [f"erp/{CORE}", {"entries": [{"items": items}]}]
        return [*[row for row in plain(timeline) if row[0] != core[0]], core]

    monkeypatch.setattr(setup, "product_rows", rows)
    monkeypatch.setattr(rehearsal, "product_rows", rows)


def lines(document: Any) -> list[tuple[str, int, int]]:
    return [(line.sku, line.quantity, line.amount_minor) for line in document.lines if line.kind != "tax"]


@pytest.mark.usefixtures("bundled")
def test_an_order_and_its_invoice_explode_alike_and_what_is_credited_mirrors_it() -> None:
    stage = Stage()
    stage.customer()
    stage.signs("Q-000001", lines=((CORE, 10, 50_01, 12), (MORE, 1, 10_00, 12)))
    gone = [Delta(sku=sku, quantity=0, unit_minor=unit) for sku, unit in ((CORE, 50_01), (MORE, 10_00))]
    stage.amends("Q-500001", "Q-000001", "cancel", date(2026, 11, 30), 60, *gone, refund="full")
    played = stage.play(days=5)
    ordered, billed = played.documents("erp", "order")[0], played.documents("erp", "invoice")[0]
    exploded = [(PARTS[0], 10, 333_40), (PARTS[1], 20, 166_70), (MORE, 1, 10_00)]
    assert lines(ordered) == lines(billed) == exploded
    (memo,) = [memo for memo in played.documents("erp", "credit_memo") if memo.net_minor]
    assert sorted(lines(memo)) == sorted(exploded)
    assert played.broken() == {}


@pytest.mark.usefixtures("bundled")
def test_a_part_of_a_bundle_is_posted_to_the_minor_unit_on_a_net_invoice() -> None:
    stage = Stage()
    stage.subscribed()
    stage.amends("Q-500001", LIVE, "upsell", date(2026, 11, 30), 2, Delta(sku=CORE, quantity=11, unit_minor=1200_00))
    played = stage.play(days=3)
    billed = lines(played.documents("billing", "invoice")[-1])
    there = lines(played.documents("erp", "invoice")[-1])
    assert [amount for _, _, amount in billed] == [12151_23, -11046_58]
    assert [(sku, amount) for sku, _, amount in there] == [
        (PARTS[0], 8100_82), (PARTS[1], 4050_41), (PARTS[0], -7364_39), (PARTS[1], -3682_19),
    ]  # fmt: skip
    assert played.broken() == {}


def test_an_invoice_whose_product_has_no_item_is_a_case_until_a_steward_adds_it() -> None:
    stage = Stage()
    stage.missing = (CORE,)
    stage.subscribed((CORE, 10, 100_00, 1))
    played = stage.play(days=4)
    (case,) = {case.case: case for case in played.cases()["DATA_QUALITY.MAPPING_MISSING"]}.values()
    assert case.status == "verified"
    assert f"{CORE}: no item" in case.detail
    billed = played.documents("billing", "invoice")[-1]
    assert lines(played.documents("erp", "invoice")[-1]) == lines(billed) == [(CORE, 10, 1000_00)]
    assert played.broken() == {}
