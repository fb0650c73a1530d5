"""Changes of one small document, each with the rules it must meet: breaking ones, and ones that must not be called so.

An edit is a list of (JSON Pointer, value); the value GONE takes the member away.
"""

from __future__ import annotations

import copy
from typing import Any

from contracts.compatibility.documents import steps

GONE = object()
Edits = list[tuple[str, Any]]

BASE: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Orders", "version": "1.4.0"},
    "servers": [{"url": "https://orders.example"}],
    "security": [{"token": ["orders"]}],
    "paths": {
        "/v1/orders": {
            "get": {
                "operationId": "listOrders",
                "parameters": [
                    {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 100}},
                    {"name": "status", "in": "query", "schema": {"$ref": "#/components/schemas/Status"}},
                ],
                "responses": {
                    "200": {
                        "description": "a page",
                        "headers": {"Link": {"required": True, "schema": {"type": "string"}}, "X-Hint": {"schema": {}}},
                        "content": {"application/json": {"schema": {
                            "type": "object", "required": ["orders"], "properties": {
                                "orders": {"type": "array", "items": {"$ref": "#/components/schemas/Order"}},
                                "next": {"type": ["string", "null"]},
                            },
                        }}},
                    },
                },
            },
            "post": {
                "operationId": "createOrder",
                "parameters": [
                    {"name": "Idempotency-Key", "in": "header", "required": True, "schema": {"type": "string"}},
                ],
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NewOrder"}}},
                },
                "responses": {
                    "201": {
                        "description": "made",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}},
                    },
                    "409": {"description": "in the way"},
                },
            },
        },
        "/v1/orders/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "delete": {"deprecated": True, "x-sunset": "2026-06-30", "responses": {"204": {"description": "gone"}}},
            "get": {"responses": {"200": {"description": "one", "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/Order"}}, "text/csv": {"schema": {}},
            }}}},
        },
    },
    "components": {
        "securitySchemes": {"token": {"type": "oauth2", "flows": {}}, "key": {"type": "apiKey"}},
        "schemas": {
            "Status": {"type": "string", "enum": ["open", "booked", "closed"]},
            "Order": {
                "type": "object",
                "required": ["id", "status", "total", "lines"],
                "properties": {
                    "id": {"type": "string", "maxLength": 20, "readOnly": True},
                    "status": {"$ref": "#/components/schemas/Status"},
                    "total": {"type": "string", "pattern": "^\\d+\\.\\d{2}$"},
                    "note": {"type": ["string", "null"], "maxLength": 200},
                    "lines": {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/Line"}},
                    "parent": {"$ref": "#/components/schemas/Order"},
                    "payment": {"oneOf": [
                        {"$ref": "#/components/schemas/Card"}, {"$ref": "#/components/schemas/Debit"},
                    ]},
                },
            },
            "NewOrder": {
                "type": "object",
                "required": ["customer", "lines"],
                "additionalProperties": False,
                "properties": {
                    "customer": {"type": "string"},
                    "lines": {"type": "array", "maxItems": 100, "items": {"$ref": "#/components/schemas/Line"}},
                    "channel": {"type": "string", "enum": ["web", "phone"], "default": "web"},
                    "due": {"type": "string", "format": "date"},
                    "discount": {"type": "number", "minimum": 0, "multipleOf": 0.5},
                    "secret": {"type": "string", "writeOnly": True},
                },
            },
            "Line": {
                "type": "object",
                "required": ["sku", "quantity"],
                "properties": {"sku": {"type": "string"}, "quantity": {"type": "integer", "minimum": 1}},
            },
            "Card": {"type": "object", "properties": {"last4": {"type": "string"}}},
            "Debit": {"type": "object", "properties": {"iban": {"type": "string"}}},
        },
    },
}  # fmt: skip

ORDER = "/components/schemas/Order"
NEW = "/components/schemas/NewOrder"
LIST = "/paths/~1v1~1orders/get"
MAKE = "/paths/~1v1~1orders/post"
ONE = "/paths/~1v1~1orders~1{id}"

BREAKING: dict[str, tuple[Edits, set[str]]] = {
    "an operation is removed": ([(MAKE, GONE)], {"operation.removed"}),
    "a path is removed": ([(f"{ONE}/get", GONE)], {"operation.removed"}),
    "a required property of a reply is removed": (
        [(f"{ORDER}/properties/total", GONE), (f"{ORDER}/required", ["id", "status", "lines"])],
        {"response.property.removed"},
    ),
    "a property of a reply may be absent": (
        [(f"{ORDER}/required", ["id", "status", "lines"])], {"response.property.became-optional"},
    ),
    "a value of a reply may be null": (
        [(f"{ORDER}/properties/total/type", ["string", "null"])], {"response.null.allowed"},
    ),
    "a value of a reply has another type": (
        [(f"{ORDER}/properties/total", {"type": "number"})], {"response.type.changed", "response.pattern.removed"},
    ),
    "a reply may be longer": ([(f"{ORDER}/properties/id/maxLength", 40)], {"response.maxLength.loosened"}),
    "a reply may have no items": ([(f"{ORDER}/properties/lines/minItems", GONE)], {"response.minItems.loosened"}),
    "a reply has another branch": (
        [(f"{ORDER}/properties/payment/oneOf/2", {"title": "Wallet", "type": "object"})],
        {"response.oneOf.branch-added"},
    ),
    "a reply that may be null has another branch": (
        [(f"{ORDER}/properties/note", {"anyOf": [
            {"type": "string", "maxLength": 200}, {"type": "object"}, {"type": "null"},
        ]})],
        {"response.anyOf.added", "response.type.widened", "response.maxLength.loosened"},
    ),
    "a property of a request becomes required": (
        [(f"{NEW}/required", ["customer", "lines", "due"])], {"request.property.became-required"},
    ),
    "a required property is added to a request": (
        [(f"{NEW}/properties/tenant", {"type": "string"}), (f"{NEW}/required", ["customer", "lines", "tenant"])],
        {"request.property.added-required"},
    ),
    "a property of a closed request is removed": (
        [(f"{NEW}/properties/channel", GONE)], {"request.property.removed-from-closed"},
    ),
    "a value of a request is taken off its list": (
        [(f"{NEW}/properties/channel/enum", ["web"])], {"request.enum.value-removed"},
    ),
    "a request may have fewer items": ([(f"{NEW}/properties/lines/maxItems", 10)], {"request.maxItems.tightened"}),
    "a request is limited where it was not": (
        [(f"{NEW}/properties/customer/maxLength", 18)], {"request.maxLength.tightened"},
    ),
    "a value of a request has a pattern": (
        [(f"{NEW}/properties/customer/pattern", "^C-")], {"request.pattern.added"},
    ),
    "a value of a request has a list": ([(f"{NEW}/properties/customer/enum", ["a"])], {"request.enum.introduced"}),
    "a number of a request becomes an integer": (
        [(f"{NEW}/properties/discount/type", "integer")], {"request.type.narrowed"},
    ),
    "a number of a request has coarser steps": (
        [(f"{NEW}/properties/discount/multipleOf", 1)], {"request.multipleOf.coarser"},
    ),
    "a default of a request is another one": (
        [(f"{NEW}/properties/channel/default", "phone")], {"request.default.changed"},
    ),
    "a format of a request is another one": (
        [(f"{NEW}/properties/due/format", "date-time")], {"request.format.changed"},
    ),
    "a condition is put on a request": (
        [(f"{NEW}/if", {"required": ["due"]}), (f"{NEW}/then", {"required": ["channel"]})], {"request.if.added"},
    ),
    "a property is required beside another": (
        [(f"{NEW}/dependentRequired", {"due": ["channel"]})], {"request.dependentRequired.added"},
    ),
    "an optional parameter becomes required": (
        [(f"{LIST}/parameters/0/required", True)], {"parameter.became-required"},
    ),
    "a required parameter is added": (
        [(f"{LIST}/parameters/2", {"name": "tenant", "in": "query", "required": True, "schema": {}})],
        {"parameter.added-required"},
    ),
    "a parameter takes less": ([(f"{LIST}/parameters/0/schema/maximum", 50)], {"request.maximum.tightened"}),
    "a parameter is written otherwise": ([(f"{LIST}/parameters/1/explode", False)], {"parameter.style-changed"}),
    "a media type of a request is removed": (
        [(f"{MAKE}/requestBody/content", {"text/csv": {}})],
        {"request.media-type.removed", "request.media-type.added"},
    ),
    "a media type of a reply is removed": (
        [(f"{ONE}/get/responses/200/content/text~1csv", GONE)], {"response.media-type.removed"},
    ),
    "success has another status": (
        [(f"{MAKE}/responses/201", GONE), (f"{MAKE}/responses/202", {"description": "later"})],
        {"response.status-removed", "response.status-added"},
    ),
    "a header of a reply is removed": (
        [(f"{LIST}/responses/200/headers/Link", GONE)], {"response.header-removed"},
    ),
    "a header of a reply may be absent": (
        [(f"{LIST}/responses/200/headers/Link/required", GONE)], {"response.header-became-optional"},
    ),
    "more scopes are asked for": (
        [("/security", [{"token": ["orders", "admin"]}])], {"operation.security-scope-added"},
    ),
    "another scheme is asked for": ([("/security", [{"key": []}])], {"operation.security-added"}),
    "credentials are asked for besides": (
        [("/security", [{"token": ["orders"], "key": []}])], {"operation.security-added"},
    ),
    "a sunset comes earlier": ([(f"{ONE}/delete/x-sunset", "2026-03-31")], {"operation.sunset-moved-forward"}),
    "a deprecated operation goes before its sunset": (
        [(f"{ONE}/delete", GONE)], {"operation.removed-before-sunset"},
    ),
}  # fmt: skip

COMPATIBLE: dict[str, tuple[Edits, set[str]]] = {
    "nothing changes": ([], set()),
    "an operation is added": ([("/paths/~1v1~1health", {"get": {"responses": {}}})], {"operation.added"}),
    "a property is added to a reply": (
        [(f"{ORDER}/properties/region", {"type": "string"})], {"response.property.added"},
    ),
    "a required property is added to a reply": (
        [(f"{ORDER}/properties/region", {"type": "string"}),
         (f"{ORDER}/required", ["id", "status", "total", "lines", "region"])],
        {"response.property.added-required"},
    ),
    "an optional property is added to a request": (
        [(f"{NEW}/properties/region", {"type": "string"})], {"request.property.added-to-closed"},
    ),
    "a property of a reply becomes required": (
        [(f"{ORDER}/required", ["id", "status", "total", "lines", "note"])], {"response.property.became-required"},
    ),
    "a property of a request becomes optional": (
        [(f"{NEW}/required", ["customer"])], {"request.property.became-optional"},
    ),
    "a request may have more items": ([(f"{NEW}/properties/lines/maxItems", 500)], {"request.maxItems.loosened"}),
    "a limit of a request is lifted": ([(f"{NEW}/properties/lines/maxItems", GONE)], {"request.maxItems.loosened"}),
    "a reply is never that long": ([(f"{ORDER}/properties/id/maxLength", 18)], {"response.maxLength.tightened"}),
    "a reply has more items at least": ([(f"{ORDER}/properties/lines/minItems", 2)], {"response.minItems.tightened"}),
    "a value of a reply is never null": ([(f"{ORDER}/properties/note/type", "string")], {"response.null.refused"}),
    "a value of a request may be null": (
        [(f"{NEW}/properties/due/type", ["string", "null"])], {"request.null.allowed"},
    ),
    "a value is added to the list of a request": (
        [(f"{NEW}/properties/channel/enum", ["web", "phone", "shop"])], {"request.enum.value-added"},
    ),
    "a value is taken off the list of a reply alone": (
        [(f"{ORDER}/properties/status", {"type": "string", "enum": ["open", "booked"]})],
        {"response.enum.value-removed"},
    ),
    "a value is added to a list of a reply that says it will grow": (
        [(f"{ORDER}/properties/status", {"type": "string", "enum": ["open", "booked", "closed", "held"]})],
        {"response.enum.value-added"},
    ),
    "a list of a request is lifted": ([(f"{NEW}/properties/channel/enum", GONE)], {"request.enum.lifted"}),
    "a list is set for a reply": ([(f"{ORDER}/properties/id/enum", ["a"])], {"response.enum.introduced"}),
    "an integer of a request may be any number": (
        [(f"{NEW}/properties/discount/type", ["number", "string"])], {"request.type.widened"},
    ),
    "a number of a request has finer steps": (
        [(f"{NEW}/properties/discount/multipleOf", 0.25)], {"request.multipleOf.finer"},
    ),
    "a format of a request is lifted": ([(f"{NEW}/properties/due/format", GONE)], {"request.format.removed"}),
    "a pattern is set for a reply": ([(f"{ORDER}/properties/id/pattern", "^O-")], {"response.pattern.added"}),
    "a request is opened": ([(f"{NEW}/additionalProperties", GONE)], {"request.additionalProperties.opened"}),
    "a reply is closed": ([(f"{ORDER}/additionalProperties", False)], {"response.additionalProperties.closed"}),
    "a branch of a reply is removed": (
        [(f"{ORDER}/properties/payment/oneOf", [{"$ref": "#/components/schemas/Card"}])],
        {"response.oneOf.branch-removed"},
    ),
    "an optional parameter is added": (
        [(f"{LIST}/parameters/2", {"name": "tenant", "in": "query", "schema": {}})], {"parameter.added"},
    ),
    "a required parameter becomes optional": (
        [(f"{MAKE}/parameters/0/required", False)], {"parameter.became-optional"},
    ),
    "a parameter takes more": ([(f"{LIST}/parameters/0/schema/maximum", 500)], {"request.maximum.loosened"}),
    "a media type is added to a reply": (
        [(f"{LIST}/responses/200/content/text~1csv", {})], {"response.media-type.added"},
    ),
    "a media type is added to a request": (
        [(f"{MAKE}/requestBody/content/text~1csv", {})], {"request.media-type.added"},
    ),
    "a body becomes optional": ([(f"{MAKE}/requestBody/required", False)], {"request.body.became-optional"}),
    "another refusal is documented": (
        [(f"{MAKE}/responses/429", {"description": "slower"})], {"response.refusal-added"},
    ),
    "a header is added to a reply": ([(f"{LIST}/responses/200/headers/X-New", {"schema": {}})], set()),
    "credentials are no longer asked for": ([("/security", [])], {"operation.security-relaxed"}),
    "another way in is added": (
        [("/security", [{"token": ["orders"]}, {"key": []}])], {"operation.security-relaxed"},
    ),
    "fewer scopes are asked for": ([("/security", [{"token": []}])], {"operation.security-relaxed"}),
    "an operation is deprecated with a sunset": (
        [(f"{LIST}/deprecated", True), (f"{LIST}/x-sunset", "2027-12-31")], {"operation.deprecated"},
    ),
    "a sunset comes later": ([(f"{ONE}/delete/x-sunset", "2027-06-30")], set()),
    "a path parameter has another name": (
        [("/paths/~1v1~1orders~1{order}", {
            "parameters": [{"name": "order", "in": "path", "required": True, "schema": {"type": "string"}}],
            **{name: node for name, node in BASE["paths"]["/v1/orders/{id}"].items() if name != "parameters"},
        }), (ONE, GONE)],
        {"path.parameter-renamed"},
    ),
    "words change": (
        [("/info/description", "better"), (f"{ORDER}/description", "an order"), (f"{LIST}/summary", "all")], set(),
    ),
    "a definition is moved": (
        [("/components/schemas/Money", BASE["components"]["schemas"]["Order"]["properties"]["total"]),
         (f"{ORDER}/properties/total", {"$ref": "#/components/schemas/Money"})],
        set(),
    ),
    "null is spelled as a branch": (
        [(f"{ORDER}/properties/note", {"anyOf": [{"type": "string", "maxLength": 200}, {"type": "null"}]})], set(),
    ),
    "a list of one is a constant": (
        [("/components/schemas/Card/properties/last4/enum", ["1"])], {"response.enum.introduced"},
    ),
    "an object is made of parts": (
        [("/components/schemas/Line", {"allOf": [
            {"type": "object", "required": ["sku"], "properties": {"sku": {"type": "string"}}},
            {"required": ["quantity"], "properties": {"quantity": {"type": "integer", "minimum": 1}}},
        ]})],
        set(),
    ),
    "what is only read becomes required in a request": (
        [(f"{NEW}/properties/id", {"type": "string", "readOnly": True})], {"request.property.added-to-closed"},
    ),
    "a server is added": ([("/servers/1", {"url": "https://eu.orders.example"})], set()),
}  # fmt: skip


def edited(edits: Edits) -> dict[str, Any]:
    """Return the base document with some edits."""
    tree = copy.deepcopy(BASE)
    for pointer, value in edits:
        node: Any = tree
        *way, last = steps(pointer)
        for name in way:
            node = node[int(name)] if isinstance(node, list) else node[name]
        if value is GONE:
            del node[last]
        elif isinstance(node, list):
            node.insert(int(last), copy.deepcopy(value))
        else:
            node[last] = copy.deepcopy(value)
    return tree
