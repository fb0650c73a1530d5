"""The OpenAPI documents: valid, whole, and made of the very types that parse the requests."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from mocks.kernel.operations import Operation, json_reply
from mocks.openapi import document, documents
from mocks.openapi.manners import MANNERS
from mocks.payment import DIALECT
from mocks.world import SYSTEMS, World
from tests.openapi_documents import problems

DOCUMENTS = documents()


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_document_is_valid_openapi_3_1(system: str) -> None:
    assert DOCUMENTS[system]["openapi"] == "3.1.0"
    assert problems(DOCUMENTS[system]) == []


TASKS = "/v1/tasks/{id}"
FAULTS: dict[str, tuple[tuple[str | int, ...], Any]] = {
    "a kind of value that there is not": (("components", "schemas", "Problem", "properties", "status", "type"), "int"),
    "a reference to nothing": (("components", "schemas", "TaskViewTold", "properties", "id"), {"$ref": "#/none"}),
    "a default of another kind": (("components", "schemas", "Problem", "properties", "code", "default"), 5),
    "a name of two operations": (("paths", TASKS, "get", "operationId"), "list_tasks"),
    "a parameter of the path that is not described": (("paths", TASKS, "get", "parameters"), []),
    "a parameter twice": (("paths", TASKS, "get", "parameters"), [{"name": "id", "in": "path", "required": True,
                                                                 "schema": {"type": "string"}}] * 2),
    "a parameter of no place": (("paths", TASKS, "get", "parameters", 0, "in"), "body"),
    "an answer without a description": (("paths", TASKS, "get", "responses", "2XX"), {}),
    "no title": (("info",), {"version": "1"}),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_what_makes_a_document_invalid_is_found_as_the_validator_of_the_specification_finds_it(fault: str) -> None:
    way, value = FAULTS[fault]
    broken = copy.deepcopy(DOCUMENTS["fulfilment"])
    at: Any = broken
    for name in way[:-1]:
        at = at[name]
    at[way[-1]] = value
    assert problems(broken)
    assert not _is_valid(broken)


def test_what_the_validator_of_the_specification_lets_pass_is_found_too() -> None:
    broken = copy.deepcopy(DOCUMENTS["billing"])
    broken["paths"]["/api/v2/customers"]["post"]["responses"]["2XX"]["links"]["read_customer"]["operationId"] = "none"
    broken["components"]["schemas"]["CreateCustomer"]["required"] = ["nothing"]
    assert problems(broken) == [
        "/components/schemas/CreateCustomer: required and not described: nothing",
        "none: a link leads to no operation",
    ]


def test_the_validator_of_the_specification_agrees_about_a_document() -> None:
    assert _is_valid(DOCUMENTS["fulfilment"])


def _is_valid(document: dict[str, Any]) -> bool:
    try:
        OpenAPIV31SpecValidator(document).validate()
    except Exception:  # it lets those of its parts escape: unresolvable references, missing members
        return False
    return True


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_row_of_the_table_is_in_the_document(system: str) -> None:
    told = {(method.upper(), path) for path, item in DOCUMENTS[system]["paths"].items() for method in item}
    rows = World(0, lambda _record: None)[system].dialect.operations
    assert {(row.method, "/" + row.path.strip("/")) for row in rows} == told


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_operation_has_a_refusal_in_the_vendors_shape(system: str) -> None:
    manner = MANNERS[system]
    for path, item in DOCUMENTS[system]["paths"].items():
        apart = "application/json" if manner.apart and path.startswith(manner.apart) else manner.error_media
        foreign = {each.refusals for each in manner.foreign if each.takes(path) and each.refusals}
        for operation in item.values():
            assert operation["responses"]["default"]["content"].keys() == {apart} | foreign, path


def test_an_answer_may_say_more_than_a_request_with_the_same_schema() -> None:
    schemas = DOCUMENTS["fulfilment"]["components"]["schemas"]
    item = DOCUMENTS["fulfilment"]["paths"]["/v1/tasks/{id}"]["get"]["responses"]["2XX"]
    told = {content["schema"]["$ref"].rpartition("/")[2] for content in item["content"].values()}
    assert told == {"TaskViewTold"}
    assert schemas["TaskLine"]["additionalProperties"] is False
    assert "additionalProperties" not in schemas["TaskLineTold"]
    assert not [
        name for name in schemas if name.endswith("Told") and schemas[name].get("additionalProperties") is False
    ]


def test_bodies_take_the_fields_that_an_account_has_defined_and_no_others() -> None:
    erp, billing = (DOCUMENTS[name]["components"]["schemas"] for name in ("erp", "billing"))
    assert list(erp["CustomerBody"]["patternProperties"]) == ["^cust[a-z0-9_]+$"]
    assert billing["ChangeTermEnd"]["patternProperties"] == {"^cf_[a-z0-9_]+$": {"type": "string"}}
    assert "custom" not in billing["ChangeTermEnd"]["properties"]
    assert "patternProperties" not in billing["CreateNote"]
    assert {erp["CustomerBody"]["additionalProperties"], billing["ChangeTermEnd"]["additionalProperties"]} == {False}


def test_a_sign_in_is_a_form_and_a_script_takes_any_body_and_query() -> None:
    crm, erp = DOCUMENTS["crm"]["paths"], DOCUMENTS["erp"]["paths"]
    form = "application/x-www-form-urlencoded"
    assert list(crm["/services/oauth2/token"]["post"]["requestBody"]["content"]) == [form]
    assert list(erp["/services/rest/auth/oauth2/v1/token"]["post"]["requestBody"]["content"]) == [form]
    script = erp["/app/site/hosting/restlet.nl"]
    assert list(script["post"]["requestBody"]["content"]) == ["application/json", "text/plain; charset=utf-8"]
    free = script["get"]["parameters"][-1]
    assert (free["style"], free["schema"]["additionalProperties"]) == ("form", {"type": "string"})


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
