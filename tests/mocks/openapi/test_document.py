"""The OpenAPI documents: valid, whole, and made of the very types that parse the requests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from mocks.kernel.operations import Operation, json_reply
from mocks.openapi import document, documents
from mocks.openapi.manners import MANNERS
from mocks.payment import DIALECT
from mocks.world import SYSTEMS, World

DOCUMENTS = documents()


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_document_is_valid_openapi_3_1(system: str) -> None:
    assert DOCUMENTS[system]["openapi"] == "3.1.0"
    assert [error.message for error in OpenAPIV31SpecValidator(DOCUMENTS[system]).iter_errors()] == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_row_of_the_table_is_in_the_document(system: str) -> None:
    told = {(method.upper(), path) for path, item in DOCUMENTS[system]["paths"].items() for method in item}
    rows = World(0, lambda _record: None)[system].dialect.operations
    assert {(row.method, "/" + row.path.strip("/")) for row in rows} == told


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_reference_leads_to_a_schema(system: str) -> None:
    schemas = DOCUMENTS[system]["components"]["schemas"]
    assert {name.rpartition("/")[2] for name in _references(DOCUMENTS[system])} <= schemas.keys()


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_operation_has_a_refusal_in_the_vendors_shape(system: str) -> None:
    manner = MANNERS[system]
    for path, item in DOCUMENTS[system]["paths"].items():
        apart = "application/json" if manner.apart and path.startswith(manner.apart) else manner.error_media
        foreign = {each.refusals for each in manner.foreign if each.takes(path) and each.refusals}
        for operation in item.values():
            assert operation["responses"]["default"]["content"].keys() == {apart} | foreign, path


def test_an_answer_may_say_more_than_a_request_with_the_same_schema() -> None:
    schemas = DOCUMENTS["erp"]["components"]["schemas"]
    item = DOCUMENTS["erp"]["paths"]["/services/rest/record/v1/serviceSaleItem/{id}"]["get"]["responses"]["2XX"]
    told = {content["schema"]["$ref"].rpartition("/")[2] for content in item["content"].values()}
    assert told == {"ItemBodyTold"}
    assert schemas["ItemBody"]["additionalProperties"] is False
    assert "additionalProperties" not in schemas["ItemBodyTold"]
    assert not [
        name for name in schemas if name.endswith("Told") and schemas[name].get("additionalProperties") is False
    ]


def test_what_is_made_leads_to_the_operations_that_take_it() -> None:
    links = DOCUMENTS["billing"]["paths"]["/api/v2/customers"]["post"]["responses"]["2XX"]["links"]
    assert links["read_customer"]["parameters"] == {"id": "$response.body#/customer/id"}
    quote = DOCUMENTS["crm"]["paths"]["/services/data/{version}/sobjects/{object}"]["post"]["responses"]["2XX"]["links"]
    assert quote["get_record"]["parameters"]["object"] == "$request.path.object"


class Colour(msgspec.Struct):
    """A body for the test."""

    name: str
    shades: list[str] = []


def test_a_new_type_in_the_table_changes_the_document() -> None:
    row = Operation("paint", "POST", "/v1/paint/{wall}", lambda _model, _call: json_reply({}), Colour, True)
    told = document(msgspec.structs.replace(DIALECT, operations=(row,)))
    operation = told["paths"]["/v1/paint/{wall}"]["post"]
    assert [parameter["name"] for parameter in operation["parameters"]] == ["wall"]
    body = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]
    assert body["encoding"] == {"shades": {"style": "deepObject", "explode": True}}
    assert told["components"]["schemas"]["Colour"]["required"] == ["name"]


def test_the_parameters_of_a_query_say_which_are_required() -> None:
    row = Operation("find", "GET", "/v1/find", lambda _model, _call: json_reply({}), query=Colour)
    told = document(msgspec.structs.replace(DIALECT, operations=(row,)))["paths"]["/v1/find"]["get"]
    assert {each["name"]: each["required"] for each in told["parameters"]} == {"name": True, "shades": False}


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)
