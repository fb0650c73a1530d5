"""Events of the log as CloudEvents: valid, equal for equal rows, and honest about the schema they keep to."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date

import pytest

from domain.events import envelope
from domain.events.registry import REGISTRY, schema_problem
from integration.flows import cash_facts as facts
from integration.journal.protocol import OutboxRow
from integration.relay.cloud_event import cloud_event, encoded
from tests.integration.rehearsed import quarter

LOOSE = {
    "q2c.amendment.booked.v1", "q2c.amendment.applied.v1", "q2c.fulfillment.completed.v1",
    "q2c.subscription.created.v1", "q2c.subscription.activated.v1",
}  # fmt: skip
"""Types whose payloads do not keep to the registry's schema yet, so that no `dataschema` is promised. It may shrink."""


@pytest.fixture(scope="module")
def rows() -> list[OutboxRow]:
    found: list[OutboxRow] = []
    while page := quarter().reader.events(after=found[-1].number if found else 0, limit=1000):
        found += page
    return found


def test_every_event_of_a_quarter_is_in_the_registry_and_keeps_to_its_schema(rows: list[OutboxRow]) -> None:
    problems: dict[str, str] = {}
    for row in rows:
        assert row.type in REGISTRY
        event = cloud_event(row)
        problem = schema_problem(row.type, event["data"])
        assert ("dataschema" in event) == (not problem)
        if problem:
            problems[row.type] = problem
    assert problems.keys() <= LOOSE, problems


def test_what_promises_a_schema_is_read_by_the_strict_reader(rows: list[OutboxRow]) -> None:
    read: dict[str, int] = defaultdict(int)
    for row in rows:
        if "dataschema" in cloud_event(row) and cloud_event(row).get("legalentity"):
            found = envelope.decode(encoded(row))
            assert (found.id, found.type, found.sequence) == (row.id, row.type, row.sequence)
            assert found.correlationid == (row.txn or row.subject)
            read[row.type] += 1
    assert len(read) > 10


def test_sequences_count_the_events_of_a_subject_without_gaps(rows: list[OutboxRow]) -> None:
    subjects: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        subjects[row.subject].append(row.sequence)
    assert all(found == list(range(1, len(found) + 1)) for found in subjects.values())


def test_ids_are_unique_and_equal_rows_are_equal_bytes(rows: list[OutboxRow]) -> None:
    assert len({row.id for row in rows}) == len(rows) > 500
    assert [encoded(row) for row in rows[:50]] == [encoded(row) for row in rows[:50]]


def test_a_trace_context_goes_with_the_event() -> None:
    row = OutboxRow(
        number=1, id="f/1", type="q2c.order.cancelled.v1", subject="Q-1-v1", txn="Q-1", sequence=3, created_us=0,
        body={"reason": "x"},
    )  # fmt: skip
    event = json.loads(encoded(row, "00-" + "1" * 32 + "-" + "2" * 16 + "-01"))
    assert event["traceparent"].startswith("00-1")
    assert (event["sequence"], event["causationid"], event["source"]) == ("000000000003", "f", "/q2c/integration/all")
    assert "businessdate" not in event
    assert event["idempotencykey"] == "f/1", "the business key lacks a part, so the event's own id stands in"


def test_what_is_given_up_once_more_after_its_money_went_back_is_news() -> None:
    keys = []
    for request in ("W-1", "W-2"):
        given_up = facts.money(5_000, "USD")
        body = facts.written_off("US", date(2026, 12, 9), "INV-7", "A-1", given_up, request, "insolvent", "cfo")
        row = OutboxRow(
            number=1, id=f"write-off/INV-7/{request}/1", type="q2c.invoice.written_off.v1", subject="INV-7",
            txn="Q-1", sequence=1, created_us=0, body=body,
        )  # fmt: skip
        assert schema_problem(row.type, cloud_event(row)["data"]) == ""
        keys.append(cloud_event(row)["idempotencykey"])
    assert keys == ["INV-7:written_off:W-1", "INV-7:written_off:W-2"]
