"""The metadata catalogue: which record types there are, and their schemas, made from the types that parse requests."""

from __future__ import annotations

from typing import Any

import msgspec

from domain.http import Reply
from mocks.erp.addresses import LIST_TYPE, RECORDS, address
from mocks.erp.model import Erp
from mocks.erp.record_types import TYPES, RecordType
from mocks.kernel.codec import encode_json
from mocks.kernel.operations import Call, Refusal

SCHEMA, SWAGGER = "application/schema+json", "application/swagger+json"
CATALOGUE = f"{RECORDS}/metadata-catalog"
_REFS = "#/components/schemas/{name}"


def catalogue(_erp: Erp, call: Call) -> Reply:
    """List the record types with the addresses of their schemas; `select` chooses some."""
    chosen = [name for name in call.query.get("select", "").split(",") if name]
    for name in chosen:
        if name not in TYPES:
            raise Refusal("missing_record", f"There is no record type {name}.")
    if _kind(call) == SWAGGER:
        return _swagger([TYPES[name] for name in chosen or TYPES])
    items = [{"name": name, "links": _links(call, name)} for name in chosen or TYPES]
    links = [{"rel": "self", "href": address(call, CATALOGUE)}]
    return Reply(200, {"content-type": LIST_TYPE}, encode_json({"links": links, "items": items}))


def _links(call: Call, name: str) -> list[dict[str, str]]:
    href = address(call, f"{CATALOGUE}/{name}")
    return [
        {"rel": "canonical", "href": href, "mediaType": "application/json"},
        {"rel": "describes", "href": address(call, f"{RECORDS}/{name}")},
        {"rel": "alternate", "href": href, "mediaType": SWAGGER},
        {"rel": "alternate", "href": href, "mediaType": SCHEMA},
    ]


def described(_erp: Erp, call: Call) -> Reply:
    """Show the schema of one record type, as JSON Schema or OpenAPI by `Accept`."""
    kind = TYPES.get(call.params["type"])
    if kind is None:
        raise Refusal("missing_record", f"There is no record type {call.params['type']}.")
    if _kind(call) == SWAGGER:
        return _swagger([kind])
    return Reply(200, {"content-type": SCHEMA}, encode_json(_schema(kind)))


def _kind(call: Call) -> str:
    return SWAGGER if SWAGGER in call.request.headers.get("accept", "") else SCHEMA


def _schema(kind: RecordType) -> dict[str, Any]:
    if kind.body is None:
        found: dict[str, Any] = {"type": "object", "properties": {"id": {"type": "string"}}}
    else:
        found = msgspec.json.schema(kind.body)
        definitions = found.pop("$defs", {})
        found = {**definitions.pop(kind.body.__name__, found), "definitions": definitions}
        found["properties"] = {"id": {"type": "string"}, **found.get("properties", {})}
    return {"$schema": "http://json-schema.org/draft-06/hyper-schema#", "title": kind.name, **found}


def _swagger(kinds: list[RecordType]) -> Reply:
    typed = [kind for kind in kinds if kind.body is not None]
    schemas, components = msgspec.json.schema_components([kind.body for kind in typed], ref_template=_REFS)
    paths: dict[str, Any] = {}
    for kind in kinds:
        schema = schemas[typed.index(kind)] if kind.body is not None else {"type": "object"}
        content = {"application/vnd.oracle.resource+json; type=singular": {"schema": schema}}
        shown = {"200": {"description": "The record.", "content": content}}
        paths[f"/{kind.name}"] = {"get": {"tags": [kind.name], "responses": {"200": {"description": "A page."}}}}
        paths[f"/{kind.name}/{{id}}"] = {"get": {"tags": [kind.name], "responses": shown}}
        if kind.body is not None:
            write = {
                "tags": [kind.name],
                "requestBody": {"content": content},
                "responses": {"204": {"description": "Done; `Location` says where."}},
            }
            paths[f"/{kind.name}"]["post"] = write
            paths[f"/{kind.name}/{{id}}"]["patch"] = write
    document = {
        "openapi": "3.0.1",
        "info": {"title": "Records", "version": "1.0"},
        "paths": paths,
        "components": {"schemas": components},
    }
    return Reply(200, {"content-type": SWAGGER}, encode_json(document))
