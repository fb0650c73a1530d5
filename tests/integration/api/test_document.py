"""The documents are true: they are what the standards ask for, they are fresh, and the interface does what they say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from faststream.specification.asyncapi.v3_0_0.schema import ApplicationSchema
from openapi_spec_validator import OpenAPIV31SpecValidator

from domain.events.registry import REGISTRY
from integration.api import asynchronous, document, doors
from integration.api.__main__ import PAGES
from integration.api.problems import PROBLEMS, body_of
from integration.relay.cloud_event import cloud_event
from integration.service.access import SCOPES
from tests.integration.api.conftest import Stage

ROOT = Path(__file__).resolve().parents[3]
_CHANNEL = re.compile(r"^[A-Za-z0-9_-]+$")


@pytest.mark.parametrize("name", PAGES)
def test_what_is_made_from_the_interface_is_fresh(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == PAGES[name](), "stale; run: python -m integration.api"


# --- OpenAPI --------------------------------------------------------------------------------------------------------


def test_the_openapi_document_is_valid_and_every_reference_leads_somewhere() -> None:
    found = document.document()
    assert found["openapi"] == "3.1.0"
    assert not list(OpenAPIV31SpecValidator(found).iter_errors())
    for reference in references(found):
        assert resolve(found, reference) is not None, reference


def test_every_operation_says_who_may_and_how_it_refuses() -> None:
    names = set()
    for method, path, operation in document.operations(document.document()):
        names.add(operation["operationId"])
        told = {PROBLEMS[name].status for name in operation["x-problems"]}
        answers = {int(status) for status in operation["responses"]}
        assert told == {status for status in answers if status >= 400}, (method, path)
        assert any(status < 300 for status in answers)
        assert operation["description"].strip().endswith("."), operation["operationId"]
        assert len(operation["tags"]) == 1
        if operation["security"]:
            scopes = {name: tuple(each[name]) for each in operation["security"] for name in each}
            assert scopes["token"] == scopes["oauth2"]
            assert scopes["token"][0] in SCOPES
        if "201" in operation["responses"] or "202" in operation["responses"]:
            assert "requestBody" in operation
    assert len(names) == len(list(document.operations(document.document()))), "an operation's name is its own"


def test_what_takes_something_in_asks_for_a_key() -> None:
    for method, path, operation in document.operations(document.document()):
        parameters = {each["name"]: each for each in operation["parameters"]}
        if method == "post" and "202" in operation["responses"] and path != "/exception-re-drives":
            assert parameters["Idempotency-Key"]["required"], path
            assert {"idempotency-key-missing", "idempotency-key-reused"} <= set(operation["x-problems"])


def test_bodies_are_strict_and_amounts_are_whole_numbers() -> None:
    schemas = document.document()["components"]["schemas"]
    bodies = {
        operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        for _, _, operation in document.operations(document.document())
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    }
    assert len(bodies) > 15
    for name in bodies:
        assert schemas[name]["additionalProperties"] is False, name
    for name, schema in schemas.items():
        for field, inner in schema.get("properties", {}).items():
            if field.endswith("_minor"):
                assert inner["type"] == "integer", f"{name}.{field}"


def test_what_the_service_answers_is_what_the_document_says(stage: Stage) -> None:
    found = document.document()
    with stage.client() as client:
        assert client.get("/openapi.json").json() == json.loads(document.text())
        assert client.get("/asyncapi.json").json() == json.loads(asynchronous.text())
        quote = stage.quote(accepted=False)
        answers = {
            ("post", "/quote-validations"): client.post("/quote-validations", json={"quote_id": quote["quote_id"]}),
            ("get", "/service"): client.get("/service"),
            ("get", "/events"): client.get("/events"),
            ("get", "/exceptions"): client.get("/exceptions", params={"open": False}),
            ("get", "/mappings"): client.get("/mappings"),
            ("get", "/accounts/{account}"): client.get("/accounts/none-of-this-name"),
        }
    for (method, path), answer in answers.items():
        response = found["paths"][path][method]["responses"][str(answer.status_code)]
        response = resolve(found, response["$ref"]) if "$ref" in response else response
        schema = response["content"][answer.headers["content-type"]]["schema"]
        jsonschema.Draft202012Validator({**schema, "components": found["components"]}).validate(answer.json())


def test_every_problem_can_be_told() -> None:
    from integration.api.problems import Refused

    components, page = document.document()["components"], document.page()
    told_as = jsonschema.Draft202012Validator(
        {"$ref": "#/components/schemas/ProblemDocument", "components": components}
    )
    for name, problem in PROBLEMS.items():
        told = json.loads(body_of(Refused(name), "/api/v1/x", "0" * 32))
        told_as.validate(told)
        assert told["status"] == problem.status
        assert f"### {name}\n" in page


def test_an_operation_that_is_going_says_so() -> None:
    retirement = doors.Retirement(
        deprecated=datetime(2027, 1, 1, tzinfo=UTC), sunset=datetime(2027, 7, 1, tzinfo=UTC), successor="/api/v2/orders"
    )
    told = doors.retired(retirement)
    assert told["deprecation"] == "@1798761600"
    assert told["sunset"] == "Thu, 01 Jul 2027 00:00:00 GMT"
    assert told["link"] == '</api/v2/orders>; rel="successor-version"'
    with pytest.raises(ValueError, match="before"):
        doors.Retirement(deprecated=retirement.sunset, sunset=retirement.deprecated, successor="")


# --- AsyncAPI -------------------------------------------------------------------------------------------------------


def test_the_asyncapi_document_is_what_the_specification_asks_for() -> None:
    """AsyncAPI 3.0.0: required fields, channel names, operations that refer to channels and to messages of theirs."""
    found = asynchronous.document()
    assert found["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= found["info"].keys()
    assert set(found) <= {
        "asyncapi",
        "id",
        "info",
        "servers",
        "defaultContentType",
        "channels",
        "operations",
        "components",
    }
    for name, channel in found["channels"].items():
        assert _CHANNEL.match(name)
        assert channel["address"]
        assert channel["messages"]
    for operation in found["operations"].values():
        assert operation["action"] in ("send", "receive")
        channel = resolve(found, operation["channel"]["$ref"])
        for message in operation["messages"]:
            assert message["$ref"].startswith(f"{operation['channel']['$ref']}/messages/")
            assert message["$ref"].rpartition("/")[2] in channel["messages"]
    for reference in references(found):
        assert resolve(found, reference) is not None, reference


def test_another_reader_of_asyncapi_understands_it() -> None:
    """FastStream's own model of the specification, which knows nothing of our registry."""
    read = ApplicationSchema.model_validate(asynchronous.document())
    assert len(read.channels) == len(read.operations) == len(REGISTRY)


def test_every_event_of_the_registry_has_a_channel_and_a_valid_schema() -> None:
    found = asynchronous.document()
    assert {channel["address"] for channel in found["channels"].values()} == set(REGISTRY)
    for schema in found["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.Draft7Validator.check_schema(schema)


def test_the_events_that_are_told_keep_to_the_document(stage: Stage) -> None:
    found = asynchronous.document()
    schemas = {
        channel["address"]: resolve(
            found, resolve(found, next(iter(channel["messages"].values()))["$ref"])["payload"]["$ref"]
        )
        for channel in found["channels"].values()
    }
    quote = stage.quote()
    with stage.client() as client:
        client.post("/orders", json=quote, headers={"idempotency-key": '"documented"'})

        def told() -> list[dict[str, Any]]:
            events = client.get("/events", params={"transaction": quote["number"]}).json()["events"]
            return events if any(event["type"] == "q2c.order.booked.v1" for event in events) else []

        events = stage.until(told)
    assert len(events) >= 3
    for event in events:
        assert "dataschema" in event, f"{event['type']} does not keep to the registry"
        schema = {**schemas[event["type"]], "components": found["components"]}
        jsonschema.Draft202012Validator(schema).validate(event)


def test_an_event_that_breaks_its_schema_is_noticed() -> None:
    from integration.journal.protocol import OutboxRow

    found = asynchronous.document()
    row = OutboxRow(
        number=1, id="f/1", type="q2c.order.booked.v1", subject="Q-1-v1", txn="Q-1", sequence=1, body={"order_id": 7},
        created_us=1_790_000_000_000_000,
    )  # fmt: skip
    schema = {"$ref": "#/components/schemas/OrderBookedEvent", "components": found["components"]}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema).validate(cloud_event(row))


def references(value: Any) -> Iterator[str]:
    """Yield every reference of a document."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def resolve(found: Any, reference: str) -> Any:
    """Return what a reference leads to; None when it leads nowhere."""
    for part in reference.removeprefix("#/").split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        found = found.get(key) if isinstance(found, dict) else None
    return found
