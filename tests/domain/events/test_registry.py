"""The registry covers every line of the source table and its keys exist in the payloads."""

import string

import pytest

from domain.charts import CHARTS
from domain.events.fact import EventType, Fact
from domain.events.registry import BY_NAME, BY_PAYLOAD, REGISTRY
from domain.events.schemas import schema, schemas

EVERY_TYPE = pytest.mark.parametrize("row", REGISTRY.values(), ids=REGISTRY.keys())

FACTS = """
quote.submitted quote.approved quote.rejected quote.recalled quote.expired quote.declined quote.superseded
quote.presented quote.accepted quote.converted quote.mirrored customer.validated customer.created customer.updated
customer.merged product.mapping_changed price_book.published credit_check.completed credit_hold.applied
credit_hold.released order.received order.accepted order.booked order.rejected order.fallout order.cancelled
fulfillment.started fulfillment.partially_completed fulfillment.completed fulfillment.failed
subscription.created subscription.activated subscription.suspended subscription.resumed
subscription.cancelled subscription.expired amendment.booked amendment.applied renewal.due renewal.quoted
renewal.booked renewal.lost billing_schedule.created billing_schedule.changed usage.rated invoice.generated
invoice.tax_committed invoice.posted invoice.voided invoice.written_off invoice.overdue credit_memo.issued
credit_memo.applied dispute.opened dispute.resolved payment.authorized payment.captured payment.received
payment.applied payment.unapplied payment.failed payment.returned payment.refunded payment_dispute.opened
payment_dispute.won payment_dispute.lost payout.settled dunning.stage_changed revenue.schedule_created
revenue.schedule_changed revenue.recognized gl.entry_posted period.status_changed fx_rate.published
partner_deal.registered partner_deal.payable_accrued exception.opened exception.assigned exception.resolved
exception.escalated message.dead_lettered message.replayed message.discarded contract_schema.published
"""


def test_every_fact_of_the_source_table_has_one_type() -> None:
    assert sorted(BY_NAME) == sorted(FACTS.split())
    assert {row.row for row in REGISTRY.values()} == set(range(1, 48))
    assert len(BY_PAYLOAD) == len(REGISTRY) == len(BY_NAME)


@EVERY_TYPE
def test_the_keys_of_a_type_are_fields_of_its_payload(row: EventType) -> None:
    fields = set(row.payload.__struct_fields__)
    in_key = {name for _, name, _, _ in string.Formatter().parse(row.idempotency_key) if name}
    assert {row.subject, row.partition_key} | in_key <= fields
    assert in_key


@EVERY_TYPE
def test_every_payload_carries_the_common_fields_and_says_what_it_is(row: EventType) -> None:
    assert set(Fact.__struct_fields__) <= set(row.payload.__struct_fields__)
    assert (row.payload.__doc__ or "").strip().endswith(".")
    assert row.producers
    assert row.consumers


def test_every_event_that_a_chart_emits_is_registered() -> None:
    emitted = {row.event for chart in CHARTS.values() for row in chart.transitions if row.event}
    assert emitted <= set(BY_NAME)


def test_a_schema_is_found_by_either_name() -> None:
    assert schema("order.booked") == schema("q2c.order.booked.v1")
    assert set(schemas()) == set(REGISTRY)


def test_a_schema_says_what_is_required_and_how_names_look_on_the_wire() -> None:
    stage = schema("dunning.stage_changed")["$defs"]["DunningStageChanged"]
    assert {"txnid", "account", "from", "to"} <= set(stage["required"])


def test_an_unknown_schema_is_named() -> None:
    with pytest.raises(KeyError, match=r"order\.eaten"):
        schema("order.eaten")


def test_a_currency_is_an_iso_code_wherever_money_is_written() -> None:
    amount = schema("invoice.posted")["$defs"]["Amount"]
    assert amount["properties"]["currency"] == {"type": "string", "pattern": "^[A-Z]{3}$"}
