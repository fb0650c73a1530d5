"""The legacy ERP behind its facade: the flows do not notice, except that a booking waits for a batch."""

from __future__ import annotations

from typing import Any

from domain.objects import Delta
from integration.masterdata.products import one_to_one
from tests.stage import CORE, HOUR_US, LIVE, MORE, OPENS_US, TODAY, Stage

TWO = ((CORE, 10, 50_00, 12), (MORE, 5, 20_00, 12))


def legacy() -> Stage:
    stage = Stage()
    stage.ledgers = {"US": "legacy_erp"}
    stage.customer()
    return stage


def test_an_order_is_booked_by_the_next_batch_and_carried_through() -> None:
    stage = legacy()
    stage.signs("Q-000001", at=1.2, lines=TWO)
    played = stage.play(days=3)
    order = played.document("erp", "order")
    assert (order.number, order.total_minor, order.business_date) == ("L7000001", 600_00, TODAY)
    assert [(line.sku, line.quantity, line.amount_minor) for line in order.lines] == [
        (CORE, 10, 500_00), (MORE, 5, 100_00),
    ]  # fmt: skip
    booked = next(each.at_us for each in played.changes("erp", "order") if each.status == "booked")
    assert booked == OPENS_US + 2 * HOUR_US  # signed at a quarter past ten, taken by the batch of eleven
    assert played.walk("erp", "order") == ["submitted", "booked", "in_fulfilment", "fulfilled"]
    assert played.walk("billing", "subscription") == ["pending_activation", "active"]
    assert played.attempts("upsert_order") == []
    assert played.broken() == {}


def test_a_file_waits_for_the_hours_in_which_files_are_taken() -> None:
    stage = legacy()
    stage.signs("Q-000001", at=13.5)  # half past ten in the evening
    played = stage.play(days=3)
    (booked,) = [each for each in played.changes("erp", "order") if each.before == "submitted"]
    assert booked.at_us == OPENS_US + 22 * HOUR_US  # the batch of seven in the morning
    assert played.document("erp", "order").business_date == TODAY  # the day on which the command was accepted counts
    assert [attempt.status for attempt in played.attempts("put_file")][:2] == [409, 202]
    assert played.cases() == {}


def test_a_line_that_was_dropped_in_silence_is_a_case_and_only_that_line_is_sent_again() -> None:
    stage = legacy()
    stage.clerks = 0
    stage.act("legacy_erp", "retire_item", 0.5, item="1004")
    stage.signs("Q-000001", at=1.2, lines=TWO)
    played = stage.play(days=2)
    (case,) = played.cases()["DATA_QUALITY.MAPPING_MISSING"][:1]
    assert case.owner == "data steward"
    assert "2 lines were sent; line 2 (item 1004) came back neither taken nor refused" in case.detail
    assert [line.sku for line in played.document("erp", "order").lines] == [CORE]
    assert played.documents("billing", "subscription") == []  # nothing is delivered of half an order

    stage.act("legacy_erp", "create_item", 3.0, sku=MORE, item="1004")
    stage.clerks = 6
    played = stage.play(days=2)
    order = played.document("erp", "order")
    assert ([line.sku for line in order.lines], order.total_minor) == ([CORE, MORE], 600_00)
    assert [attempt.key for attempt in played.attempts("put_file")][:2] == ["Q-000001-v1.1.csv", "Q-000001-v1.2.csv"]
    assert played.broken() == {}


def test_an_amendment_goes_the_same_way() -> None:
    stage = Stage()
    stage.ledgers = {"US": "legacy_erp"}
    stage.subscribed((CORE, 10, 1200_00, 12))
    stage.amends("Q-500001", LIVE, "upsell", TODAY, 1.2, Delta(sku=CORE, quantity=15, unit_minor=1200_00))
    played = stage.play(days=3)
    assert [order.number for order in played.documents("erp", "order")] == ["L7000001"]
    assert [item.quantity for item in played.document("billing", "subscription").items][-1] == 15
    assert played.broken() == {}


def test_each_system_has_its_own_names_for_products() -> None:
    stage = legacy()
    stage.act("legacy_erp", "create_item", 0.5, sku=CORE, item="K-77")
    row: dict[str, Any] = {"kind": "product", "key": f"legacy_erp/{CORE}", "value": one_to_one("K-77")}
    stage.act("integration", "add_mapping", 0.5, **row)
    stage.act("legacy_erp", "retire_item", 0.5, item="1001")
    stage.signs("Q-000001", at=1.2)
    assert [line.sku for line in stage.play(days=2).document("erp", "order").lines] == [CORE]
