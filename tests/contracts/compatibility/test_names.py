"""Names, queries, patterns and paths as strangers write them: any sign may stand in them, and none is a finding."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.compatibility import bidirectional
from contracts.compatibility.documents import Document
from contracts.compatibility.inlining import fits
from contracts.compatibility.pacts import Pact, read_pact
from contracts.compatibility.routing import Known
from contracts.compatibility.suite import diff

NAMES = st.text(st.sampled_from("/~%{}[].*'\" #-ab\u00fc"), min_size=1, max_size=8)


def document(schema: dict[str, Any], **more: Any) -> Document:
    parameters = [
        {"name": name, "in": "query", "schema": {"type": "string", **said}}
        for name, said in {"created[gte]": {"format": "date-time"}, "q": {}}.items()
    ]
    reply = {"description": "", "content": {"application/json": {"schema": schema}}}
    operation = {"parameters": parameters, "responses": {"200": reply}}
    return Document(
        "labels.json", json.dumps({"openapi": "3.1.0", "paths": {"/labels/{id}": {"get": operation}}, **more})
    )


@pytest.fixture(scope="module")
def pact(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("pacts")

    def made(body: Any, path: str = "/labels/1", rules: dict[str, Any] | None = None, **request: Any) -> Pact:
        request = {"method": "GET", "path": path, **request}
        response = {"status": 200, "body": {"contentType": "application/json", "content": body}}
        interaction = {"description": "a label", "request": request, "response": response}
        if rules:
            response["matchingRules"] = {"body": rules}
        file: Path = folder / "pact.json"
        parties = {"consumer": {"name": "shop"}, "provider": {"name": "labels"}}
        file.write_text(json.dumps({**parties, "interactions": [interaction]}), encoding="utf-8")
        return read_pact(file)

    return made


def rules_of(found: list[Any]) -> list[str]:
    return [finding.rule for finding in found]


def promised(name: str, **said: Any) -> dict[str, Any]:
    return {"type": "object", "required": [name], "properties": {name: {"type": "string", **said}}}


@given(name=NAMES)
@example(name="application/json")
@example(name="a~1b")
def test_members_of_any_name_are_found_in_their_document(pact: Any, name: str) -> None:
    assert rules_of(bidirectional.compare(pact({name: "x"}), document(promised(name)))) == []


@given(name=NAMES, other=NAMES)
@example(name="application/json", other="application/xml")
def test_a_change_of_a_member_touches_who_reads_it_and_nobody_else(pact: Any, name: str, other: str) -> None:
    old, new = document(promised(name)), document({"type": "object"})
    assert bool(diff(old, new, [pact({name: "x"})]).breaking)
    if name != other and "*" not in (name, other):  # a star is any member, as in `/lines/*`
        assert not diff(old, new, [pact({other: "x"})]).breaking


def test_a_change_of_what_a_map_holds_touches_who_reads_a_member_of_it(pact: Any) -> None:
    def labels(kind: str) -> Document:
        return document({"type": "object", "additionalProperties": {"type": kind}})

    assert bool(diff(labels("string"), labels("integer"), [pact({"colour": "red"})]).breaking)
    assert not diff(labels("string"), labels("integer"), [pact({})]).breaking


@pytest.mark.parametrize("path", ["$.a-b", "$['a-b']"])
def test_a_matcher_is_found_however_its_path_is_written(pact: Any, path: str) -> None:
    rules = {path: {"matchers": [{"match": "regex", "regex": "^(open)$"}]}}
    found = bidirectional.compare(pact({"a-b": "open"}, rules=rules), document(promised("a-b", enum=["open", "held"])))
    assert rules_of(found) == ["pact.response.value-not-taken"]


@given(value=st.text(st.characters(codec="utf-8", exclude_categories=("Cc",)), min_size=1))
@example(value="a&b=c d+e%20;f")
def test_the_query_of_an_old_pact_is_read_as_it_stands_in_an_address(pact: Any, value: str) -> None:
    query = urlencode({"created[gte]": "2026-10-01T00:00:00+02:00", "q": value})
    made = pact({}, query=f"{query}&q=again")
    assert made.interactions[0].query == {"created[gte]": "2026-10-01T00:00:00+02:00", "q": value}
    assert rules_of(bidirectional.compare(made, document({"type": "object"}))) == []


@given(name=NAMES)
@example(name="Page<Order>")
@example(name="/labels/{id}")
def test_a_reference_may_be_escaped_as_a_uri(name: str) -> None:
    pointer = quote(name.replace("~", "~0").replace("/", "~1"), safe="")
    referring = document({"$ref": f"#/components/schemas/{pointer}"}, components={"schemas": {name: {"title": "it"}}})
    operation = Known(referring).operation_of("GET", "/labels/1")
    assert operation is not None
    content = operation.replies()["200"].get("content")
    assert content is not None
    ((_, media),) = content.members()
    schema = media.get("schema")
    assert schema is not None
    assert schema.value["title"] == "it"


@pytest.mark.parametrize(
    ("url", "path", "is_known"),
    [
        ("https://api.test/v1", "/v1/labels/1", True),
        ("https://api.test/v1/", "/v1/labels/1", True),
        ("/v1", "/labels/1", True),
        ("https://{host}/{base}", "/of/shop/labels/1", True),
        ("https://api.test/v1", "/v12/labels/1", False),
        ("https://api.test/v1", "/v2/labels/1", False),
        ("https://api.test", "/v1/labels/1", False),
    ],
)
def test_an_operation_is_known_below_the_base_path_of_a_server(pact: Any, url: str, path: str, is_known: bool) -> None:
    server = {"url": url, "variables": {"host": {"default": "api.test"}, "base": {"default": "of/shop"}}}
    provider = document(promised("a"), servers=[{"url": "https://other.test/elsewhere"}, server])
    found = bidirectional.compare(pact({"a": "x"}, path=path), provider)
    assert rules_of(found) == ([] if is_known else ["pact.operation.unknown"])
    removed = document({"type": "object"}, servers=[server])
    assert bool(diff(provider, removed, [pact({"a": "x"}, path=path)]).breaking) == is_known


@pytest.mark.parametrize(
    ("pattern", "text", "does"),
    [
        (r"^\p{L}+$", "Z\u00fcrich", True),
        (r"^\p{Lu}", "z", False),
        (r"^(?<year>\d{4})$", "2026", True),
        ("[", "x", True),
    ],
)
def test_patterns_are_those_of_json_schema(pattern: str, text: str, does: bool) -> None:
    assert fits(pattern, text) is does
