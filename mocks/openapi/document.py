"""The OpenAPI 3.1 document of a dialect: one path item per row of its table, one schema per type that parses a body.

    python -m mocks.openapi contracts/openapi      writes one JSON file per system

The same rows route the requests and the same types parse them, so that the document cannot say something else than the
mock does. What a row does not type (a record of any object, a reply in the vendor's own words) is an open object.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from mocks.kernel.dialect import Dialect
from mocks.kernel.operations import Operation
from mocks.openapi.manners import BYTES, FORM, JSON, MANNERS, TEXT, Foreign, Manner
from mocks.world import World

OPENAPI = "3.1.0"
_REFERENCE = "#/components/schemas/{name}"
_PARAMETER = re.compile(r"{(\w+)}")
_ANYTHING: dict[str, Any] = {"type": "object"}
_ANY_VALUE: dict[str, Any] = {"description": "any value"}
_NAMES = re.compile(r'"#/components/schemas/([^"]+)"')
_LEADS = re.compile(r'"#/components/schemas/[^"]+"')
_TOLD = "Told"


def documents() -> dict[str, dict[str, Any]]:
    """Return the document of every system, by name."""
    return {name: document(service.dialect) for name, service in World(0, lambda _record: None).services.items()}


def texts() -> dict[str, str]:
    """Return the documents as JSON text, sorted and indented so that changes read well in a review."""
    return {
        name: msgspec.json.format(msgspec.json.encode(found, order="sorted"), indent=2).decode() + "\n"
        for name, found in documents().items()
    }


def document(dialect: Dialect) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of one dialect as plain JSON values."""
    manner = MANNERS[dialect.system]
    types = [kind for row in dialect.operations for kind in (row.body, row.query, row.reply) if _is_typed(kind)]
    types.append(manner.error)
    schemas, components = msgspec.json.schema_components(types, schema_hook=_schema_of, ref_template=_REFERENCE)
    for schema in components.values():
        _without_blanks(schema)
        _take_custom_fields(schema, manner)
    schema_of = {id(kind): schema for kind, schema in zip(types, schemas, strict=True)}
    found = {
        "openapi": OPENAPI,
        "info": {"title": manner.title, "version": manner.version, "description": _DESCRIPTION},
        "paths": _paths(dialect.operations, manner, schema_of, components),
        "components": {"schemas": components, "securitySchemes": {k: dict(v) for k, v in manner.security.items()}},
        "security": [{name: []} for name in manner.security],
    }
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(found))  # tuples of defaults become lists
    return plain


_DESCRIPTION = "A mock for rehearsals: compatible, not affiliated. It holds no real money and no real customers."


def _without_blanks(schema: dict[str, Any]) -> None:
    """Drop the defaults by which our parsers say "not given"; they are no value that a client would send.

    Decimals are numbers on the wire of every vendor here; only forms write them as texts.
    """
    for inner in schema.get("properties", {}).values():
        if inner.get("default", 0) in ("", None):
            del inner["default"]
        elif isinstance(inner.get("default"), dict):
            inner["default"] = {name: value for name, value in inner["default"].items() if value not in ("", None)}
        for each in (inner, *inner.get("anyOf", ())):
            if each.get("format") == "decimal":
                each["type"] = ["number", "string"]


def _take_custom_fields(schema: dict[str, Any], manner: Manner) -> None:
    """Let a body take the fields that an account has defined itself, by the pattern of their names."""
    if not manner.custom or schema.get("additionalProperties") is not False:
        return
    taken: Any = {} if not manner.gathered else schema["properties"].pop(manner.gathered, None)
    if taken is not None:
        schema["patternProperties"] = {manner.custom: taken.get("additionalProperties", _ANY_VALUE)}


def _schema_of(kind: type) -> dict[str, Any]:
    """Return the schema of a type that msgspec has no schema for: anything at all."""
    if kind is object:
        return {"description": "any value"}
    raise TypeError(f"{kind!r} has no JSON schema: use a msgspec type in the table of operations")


def _is_typed(kind: Any) -> bool:
    return kind is not None and kind is not dict


def _paths(
    rows: Sequence[Operation], manner: Manner, schema_of: dict[int, Any], components: dict[str, Any]
) -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for row in rows:
        path = "/" + row.path.strip("/")
        if row.method.lower() not in paths.setdefault(path, {}):  # rows told apart by a query share a path: the first
            paths[path][row.method.lower()] = _operation(row, path, manner, schema_of, components)
    if manner.identity:
        _link(paths, manner.identity)
    return paths


def _link(paths: dict[str, Any], identity: str) -> None:
    """Say which operations take what a creation made: those whose path is the collection's and one name more."""
    for path, item in paths.items():
        noun = _singular(path.rpartition("/")[2])
        pointer = identity.replace("{noun}", noun)
        members = [
            (name, inner) for name, inner in paths.items() if name.rpartition("/")[0] == path and name[-1] == "}"
        ]
        for name, inner in members if "post" in item else ():
            *outer, parameter = _PARAMETER.findall(name)
            item["post"]["responses"]["2XX"]["links"] = {
                operation["operationId"]: {
                    "operationId": operation["operationId"],
                    "parameters": {
                        **{each: f"$request.path.{each}" for each in outer},
                        parameter: f"$response.body#{pointer}",
                    },
                }
                for operation in inner.values()
            }


def _singular(word: str) -> str:
    return word.removesuffix("s")


def _operation(
    row: Operation, path: str, manner: Manner, schema_of: dict[int, Any], components: dict[str, Any]
) -> dict[str, Any]:
    done = _done(row, path, manner, schema_of, components)
    refused = {"description": "refused", "content": _refusals(path, manner, schema_of[id(manner.error)])}
    found: dict[str, Any] = {
        "operationId": row.name,
        "summary": row.summary or row.name.replace("_", " "),
        "parameters": [*_path_parameters(path), *_query_parameters(row, schema_of, components)],
        "responses": {**done, "default": refused},
    }
    if row.body is not None and row.method not in ("GET", "DELETE"):
        found["requestBody"] = _asked(row, path, manner, schema_of, components)
    if path.startswith(manner.public) and manner.public:
        found["security"] = []
    return found


def _done(
    row: Operation, path: str, manner: Manner, schema_of: dict[int, Any], components: dict[str, Any]
) -> dict[str, Any]:
    """Return how an operation answers when it is done; what a write answers may be nothing at all."""
    foreign = _foreign(path, manner)
    medias = foreign.medias if foreign else (manner.reply, *manner.more)
    reply = schema_of.get(id(row.reply), _ANY_VALUE if foreign else _ANYTHING)
    told = _opened(reply, components)
    found: dict[str, Any] = {"2XX": {"description": "done", "content": {media: {"schema": told} for media in medias}}}
    if row.method != "GET" and manner.silent and path.startswith(manner.silent):
        found["204"] = {"description": "done; there is nothing to say"}
    return found


def _foreign(path: str, manner: Manner) -> Foreign | None:
    return next((each for each in manner.foreign if each.takes(path)), None)


def _opened(schema: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an answer: it may say more than a request with that schema, which is parsed strictly."""
    names = [name for name in _reached(schema, components) if components[name].get("additionalProperties") is False]
    if not names:
        return schema
    text = msgspec.json.encode(schema).decode()
    for name in _reached(schema, components):
        if _TOLD not in name:
            loose = {key: value for key, value in components[name].items() if key != "additionalProperties"}
            components.setdefault(name + _TOLD, _renamed(loose))
    found: dict[str, Any] = _renamed(msgspec.json.decode(text))
    return found


def _renamed(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema whose references lead to what is told instead of what is asked."""
    text = _LEADS.sub(lambda found: f'{found[0][:-1]}{_TOLD}"', msgspec.json.encode(schema).decode())
    renamed: dict[str, Any] = msgspec.json.decode(text)
    return renamed


def _reached(schema: Any, components: dict[str, Any]) -> list[str]:
    """Return the names of the components that a schema leads to, each once."""
    found: list[str] = []
    waiting = [schema]
    while waiting:
        for name in _NAMES.findall(msgspec.json.encode(waiting.pop()).decode()):
            if name not in found:
                found.append(name)
                waiting.append(components[name])
    return found


def _refusals(path: str, manner: Manner, schema: dict[str, Any]) -> dict[str, Any]:
    """Return how an operation refuses: in the vendor's shape, or where that has another, as an open object."""
    foreign = _foreign(path, manner)
    if foreign and foreign.refusals:
        return {foreign.refusals: {"schema": _ANY_VALUE}, manner.error_media: {"schema": _ANY_VALUE}}
    if manner.apart and path.startswith(manner.apart):
        return {"application/json": {"schema": _ANYTHING}}
    return {manner.error_media: {"schema": schema}}


def _asked(
    row: Operation, path: str, manner: Manner, schema_of: dict[int, Any], components: dict[str, Any]
) -> dict[str, Any]:
    """Return the body of a request: of the dialect, or bytes in the media type that is sent there."""
    foreign = _foreign(path, manner)
    if row.body is bytes:
        return {"content": {foreign.media if foreign else BYTES: {"schema": {"type": "string"}}}}
    if row.body is object:
        return {"content": {JSON: {"schema": _ANY_VALUE}, TEXT: {"schema": {"type": "string"}}}}
    media = FORM if manner.forms and path.startswith(manner.forms) else manner.body
    return _body(schema_of.get(id(row.body), _ANYTHING), media, components)


def _body(schema: dict[str, Any], name: str, components: dict[str, Any]) -> dict[str, Any]:
    media: dict[str, Any] = {"schema": schema}
    if name == FORM:  # nested values are sent with bracketed names
        nested = [name for name, inner in _properties(schema, components).items() if _is_nested(inner)]
        if nested:
            media["encoding"] = {name: {"style": "deepObject", "explode": True} for name in nested}
    return {"content": {name: media}}


def _path_parameters(path: str) -> Iterable[dict[str, Any]]:
    for name in _PARAMETER.findall(path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _query_parameters(
    row: Operation, schema_of: dict[int, Any], components: dict[str, Any]
) -> Iterable[dict[str, Any]]:
    kind = row.query if row.query is not None else row.body if row.method in ("GET", "DELETE") else None
    if kind is None or id(kind) not in schema_of:
        return
    schema = schema_of[id(kind)]
    required = set(_resolved(schema, components).get("required", ()))
    for name, inner in _properties(schema, components).items():
        style = "form" if _is_rest(inner) or not _is_nested(inner) else "deepObject"
        yield {"name": name, "in": "query", "required": name in required, "style": style, "schema": inner}


def _properties(schema: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = _resolved(schema, components).get("properties", {})
    return found


def _resolved(schema: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = components[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    return found


def _is_rest(schema: dict[str, Any]) -> bool:
    """Tell whether a parameter stands for all others: a mapping, whose members are parameters of their own."""
    return schema.get("type") == "object" and "additionalProperties" in schema


def _is_nested(schema: dict[str, Any]) -> bool:
    return any("$ref" in each or each.get("type") in ("object", "array") for each in (schema, *schema.get("anyOf", ())))
