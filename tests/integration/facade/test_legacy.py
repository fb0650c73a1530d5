"""The legacy ERP behind its facade: the flows do not notice, except that a booking waits for a batch."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from domain.http import Reply
from domain.objects import Delta
from integration.effects import Call, Lookup, Park
from integration.facade import legacy as facade
from integration.facade.legacy import Unwritable, order_rows
from integration.flow import Flow, FlowContext
from integration.masterdata.products import one_to_one
from integration.outcomes import Answer, Begun, Failed, GivenUp, Mapped, Resumed, Unknown
from integration.settings import Settings
from integration.systems.wire import UnexpectedReply
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


# --- one call at a time ---------------------------------------------------------------------------------------------

CONTEXT = FlowContext("order/Q-1", "order", "Q-1", Settings(), "legacy_erp")


def begun(operation: facade.Operation, call: Call) -> Flow:
    """Return a flow that does nothing but one call to the facade."""

    async def does() -> int:
        return (await operation(CONTEXT, call)).status

    flow = Flow(CONTEXT.flow_id, does())
    flow.resume(Begun(CONTEXT.flow_id, CONTEXT.name, {}))
    return flow


@pytest.mark.parametrize(
    ("operation", "target", "stem"),
    [("transform_order", "/eid:Q-1-v1/!transform", "t/fulfil.F"), ("update_order", "/eid:Q-1-v1", "Q-1-v1.X")],
)
def test_a_step_that_was_refused_is_sent_again_under_another_name(operation: str, target: str, stem: str) -> None:
    kind = stem[-1]
    flow = begun(
        facade.OPERATIONS[operation], Call(system="erp", operation=operation, target=target, key=stem.partition(".")[0])
    )
    assert flow.effect == Lookup("legacy", "Q-1-v1")
    sent = flow.resume(Mapped({"round": 1}))
    assert isinstance(sent, Call)
    assert (sent.key, sent.body.decode().splitlines()[1]) == (f"{stem}.1.csv", f"{kind};Q-1-v1")
    flow.resume(Answer(202))
    assert isinstance(flow.resume(Answer(200, f"{kind};Q-1-v1;REJECTED;the period is closed".encode())), Park)
    again = flow.resume(Resumed("Mo"))
    assert isinstance(again, Call)
    assert (again.operation, again.key) == ("put_file", f"{stem}.2.csv")
    flow.resume(Answer(202))
    assert flow.resume(Answer(200, f"{kind};Q-1-v1;TAKEN".encode())) is None
    assert flow.result == 204


def test_a_result_that_nobody_can_read_is_no_result() -> None:
    flow = begun(facade.read_order, Call(system="erp", operation="read_salesOrder", target="/eid:Q-1-v1"))
    flow.resume(Mapped({"round": 1, "rows": ["O;Q-1-v1"], "number": "", "taken": []}))
    with pytest.raises(UnexpectedReply, match="0xff"):
        flow.resume(Answer(200, b"O;Q-1-v1;TAKEN;L7\xff\xe9"))


def test_trouble_under_a_status_of_success_is_none() -> None:
    trouble = b'{"code":"server_error","detail":"try again"}'
    put = Call(system="legacy_erp", operation="put_file", method="PUT", target="/inbox/a.csv", write=True)
    assert isinstance(facade.SYSTEM.classify(put, Reply(202), 0), Answer)
    assert isinstance(facade.SYSTEM.classify(put, Reply(200, {}, trouble), 0), Unknown)
    asked = Call(system="legacy_erp", operation="get_result", target="/outbox/a.csv")
    assert isinstance(facade.SYSTEM.classify(asked, Reply(200, {}, trouble), 0), Failed)


def order(customer: str) -> bytes:
    line = {"line": 1, "item": {"externalId": CORE}, "quantity": 1, "amount": 10}
    said = {
        "entity": {"externalId": customer}, "subsidiary": {"id": "1"}, "currency": {"refName": "USD"},
        "tranDate": "2026-11-30", "custbody_txn": "Q-1", "custbody_kind": "new", "item": {"items": [line]},
    }  # fmt: skip
    return msgspec.json.encode(said)


@pytest.mark.parametrize("customer", ["A;1", "A-1\nX;Q-9-v1", "A-1\r", "A\u20281"])
def test_a_field_that_would_make_another_row_is_a_case_and_never_a_file(customer: str) -> None:
    assert order_rows("Q-1-v1", order("A-1"))[0].startswith("O;Q-1-v1;A-1;1;USD;")
    with pytest.raises(Unwritable, match="field 3 of a row O"):
        order_rows("Q-1-v1", order(customer))
    call = Call(system="erp", operation="upsert_order", target="/x", key="Q-1-v1", body=order(customer))
    flow = begun(facade.put_order, call)
    assert isinstance(flow.effect, Park)
    assert flow.effect.code.startswith("DATA_QUALITY.")
    with pytest.raises(GivenUp):
        flow.resume(Resumed("Mo", "cancel"))
