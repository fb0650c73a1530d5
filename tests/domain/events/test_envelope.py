"""Envelopes survive the wire, and what breaks the contract is refused with a reason."""

import json
from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.events.envelope import (
    Envelope,
    EnvelopeError,
    UnknownEvent,
    decode,
    encode,
    microseconds,
    replay,
    rfc3339,
    wrap,
)
from domain.events.fact import EventType, Fact
from domain.events.order import OrderAccepted
from domain.events.registry import REGISTRY

ACCEPTED = OrderAccepted(
    txnid="TX-1",
    legal_entity="US01",
    business_date=date(2026, 3, 31),
    aggregate_version=2,
    order_id="O-1",
    erp_request_id="REQ-9",
)
WRAPPED = wrap(ACCEPTED, id="E-1", at_us=1_774_994_400_000_001, sequence=7, txnid="TX-1", causation="E-0")


def _wire(**changes: Any) -> bytes:
    attributes = json.loads(encode(WRAPPED))
    attributes.update(changes)
    return json.dumps({name: value for name, value in attributes.items() if value is not None}).encode()


def _facts() -> st.SearchStrategy[Fact]:
    def of(row: EventType) -> st.SearchStrategy[Any]:
        return st.builds(_build, st.just(row), st.integers(0, 2**31), st.text("abcXYZ09-", min_size=1))

    return st.sampled_from(list(REGISTRY.values())).flatmap(of)


def _build(row: EventType, number: int, word: str) -> Fact:
    return msgspec.convert(_example(row.payload, number, word), row.payload)


def _example(payload: type[msgspec.Struct], number: int, word: str) -> dict[str, Any]:
    """Make a small value for every field of a payload from its schema."""
    schema = msgspec.json.schema(payload)
    definitions = schema["$defs"]

    def value(part: dict[str, Any]) -> Any:
        if "$ref" in part:
            return record(definitions[part["$ref"].rsplit("/", 1)[1]])
        if "anyOf" in part:
            return value(part["anyOf"][0])
        if part.get("format") == "date":
            return date.fromordinal(700_000 + number % 50_000).isoformat()
        if part.get("format") == "decimal":
            return f"{number}.25"
        if "pattern" in part:
            return ("USD", "JPY", "EUR")[number % 3]
        kinds: dict[str, Any] = {"string": word, "integer": number, "boolean": bool(number % 2)}
        if part["type"] == "array":
            return [value(part["items"])] * (number % 3)
        if part["type"] == "object":
            return {word: word}
        return kinds.get(part["type"])

    def record(definition: dict[str, Any]) -> dict[str, Any]:
        return {name: value(part) for name, part in definition["properties"].items()}

    return record(definitions[payload.__name__])


@settings(max_examples=150, deadline=None)
@given(fact=_facts(), at_us=st.integers(0, 4 * 10**15), sequence=st.integers(0, 10**12 - 1))
def test_every_event_type_survives_the_wire(fact: Fact, at_us: int, sequence: int) -> None:
    envelope = wrap(fact, id="E-1", at_us=at_us, sequence=sequence)
    line = encode(envelope)
    assert decode(line) == envelope
    assert encode(decode(line)) == line


def test_the_wire_form_is_structured_cloudevents() -> None:
    assert json.loads(encode(WRAPPED)) == {
        "specversion": "1.0",
        "id": "E-1",
        "source": "/q2c/orchestrator/US01",
        "type": "q2c.order.accepted.v1",
        "subject": "O-1",
        "time": "2026-03-31T22:00:00.000001Z",
        "dataschema": "urn:q2c:order:accepted:v1.0",
        "datacontenttype": "application/json",
        "partitionkey": "O-1",
        "sequence": "000000000007",
        "correlationid": "TX-1",
        "causationid": "E-0",
        "idempotencykey": "O-1:accepted",
        "legalentity": "US01",
        "businessdate": "2026-03-31",
        "data": {
            "txnid": "TX-1",
            "legal_entity": "US01",
            "business_date": "2026-03-31",
            "aggregate_version": 2,
            "order_id": "O-1",
            "erp_request_id": "REQ-9",
        },
    }


def test_sequences_sort_as_strings_in_the_order_of_events() -> None:
    lines = [encode(wrap(ACCEPTED, id="E", at_us=0, sequence=number)) for number in (9, 10, 100)]
    on_the_wire = [json.loads(line)["sequence"] for line in lines]
    assert on_the_wire == sorted(on_the_wire)


def test_an_added_payload_field_is_ignored() -> None:
    body = {**json.loads(encode(WRAPPED))["data"], "colour": "blue"}
    assert decode(_wire(data=body)) == WRAPPED


def test_an_added_extension_is_kept_and_sent_on() -> None:
    envelope = decode(_wire(tenant="acme"))
    assert envelope.extensions == {"tenant": "acme"}
    assert json.loads(encode(envelope))["tenant"] == "acme"


def test_an_unknown_type_keeps_its_body_for_the_dead_letter() -> None:
    envelope = decode(_wire(type="q2c.order.accepted.v2"))
    assert isinstance(envelope.event, UnknownEvent)
    assert json.loads(envelope.event.body)["order_id"] == "O-1"
    assert json.loads(encode(envelope))["data"] == json.loads(encode(WRAPPED))["data"]


def test_a_replay_differs_by_its_mark_only() -> None:
    again = json.loads(encode(replay(WRAPPED)))
    assert again.pop("replayed") == "true"
    assert again == json.loads(encode(WRAPPED))
    assert decode(encode(replay(WRAPPED))).replayed


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"specversion": "0.3"}, "specversion"),
        ({"source": "/other/erp/US01"}, "source"),
        ({"type": "order.accepted"}, "type"),
        ({"time": "31.03.2026"}, "RFC 3339"),
        ({"time": "2026-03-31T22:00:00"}, "offset"),
        ({"sequence": "seven"}, "sequence"),
        ({"id": ""}, "must not be empty"),
        ({"id": None}, "id"),
        ({"traceparent": "00-1-2-3"}, "traceparent"),
        ({"replayed": "maybe"}, "replayed"),
        ({"Tenant": "acme"}, "lower-case"),
        ({"a" * 21: "x"}, "1 to 20"),
        ({"data": {"order_id": 5}}, "breaks its schema"),
        ({"datacontenttype": "text/xml"}, "datacontenttype"),
    ],
)
def test_a_broken_envelope_is_refused_with_its_reason(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(EnvelopeError, match=reason) as refusal:
        decode(_wire(**changes))
    assert refusal.value.code == "CONTRACT.SCHEMA_DRIFT"


def test_what_is_not_json_is_refused() -> None:
    with pytest.raises(EnvelopeError, match="no CloudEvents envelope"):
        decode(b"{")


def test_an_envelope_carries_the_transaction_of_its_payload() -> None:
    with pytest.raises(EnvelopeError, match="differs from the payload's"):
        wrap(ACCEPTED, id="E-1", at_us=0, sequence=0, txnid="TX-2")


def test_an_extension_may_not_shadow_an_attribute() -> None:
    with pytest.raises(EnvelopeError, match="attribute of its own"):
        wrap(ACCEPTED, id="E-1", at_us=0, sequence=0, extensions={"subject": "x"})


def test_the_source_names_the_system_that_tells() -> None:
    envelope: Envelope = wrap(ACCEPTED, id="E-1", at_us=0, sequence=0, system="erp")
    assert envelope.source == "/q2c/erp/US01"
    assert envelope.system == "erp"


@given(at_us=st.integers(-(10**15), 10**16))
def test_an_instant_survives_rfc3339(at_us: int) -> None:
    assert microseconds(rfc3339(at_us)) == at_us
