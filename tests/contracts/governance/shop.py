"""A small project that keeps every rule of governance: a shop that orders, its documents, pacts and registry."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from contracts.findings import Tally
from contracts.governance.suite import Asked, Governance, Run

TODAY = date(2026, 12, 1)
MONEY = {
    "type": "object", "required": ["amount", "currency"],
    "properties": {"amount": {"type": "integer"}, "currency": {"type": "string", "pattern": "^[A-Z]{3}$"}},
}  # fmt: skip
API: dict[str, Any] = {
    "openapi": "3.1.0", "info": {"title": "orders", "version": "1.2.0"},
    "paths": {
        "/orders": {"post": {
            "requestBody": {"content": {"application/json": {"schema": {
                "type": "object", "properties": {"customer": {"type": "string"}, "status": {"type": "string"}},
            }}}},
            "responses": {"201": {"description": "made", "content": {"application/json": {
                "schema": {"$ref": "#/components/schemas/Order"}
            }}}},
        }}
    },
    "components": {"schemas": {
        "Money": MONEY,
        "Order": {
            "type": "object", "required": ["id", "total"],
            "properties": {"id": {"type": "string"}, "total": {"$ref": "#/components/schemas/Money"}},
        },
    }},
}  # fmt: skip
EVENTS: dict[str, Any] = {
    "asyncapi": "3.0.0", "info": {"title": "order events", "version": "1.0.0"},
    "channels": {"booked": {"address": "order.booked.v1", "messages": {"booked": {
        "name": "order.booked.v1",
        "payload": {"type": "object", "required": ["total"], "properties": {"total": {
            "$ref": "#/components/schemas/Amount"
        }}},
    }}}},
    "operations": {"tell": {"action": "send", "channel": {"$ref": "#/channels/booked"}}},
    "components": {"schemas": {"Amount": MONEY}},
}  # fmt: skip
PACT: dict[str, Any] = {
    "consumer": {"name": "shop"}, "provider": {"name": "orders-service"},
    "interactions": [{
        "type": "Synchronous/HTTP", "description": "an order is made",
        "request": {
            "method": "POST", "path": "/orders",
            "body": {"content": {"customer": "C-1"}, "contentType": "application/json", "encoded": False},
        },
        "response": {"status": 201},
    }],
    "metadata": {"pactSpecification": {"version": "4.0"}},
}  # fmt: skip
MESSAGES: dict[str, Any] = {
    "consumer": {"name": "shop"}, "provider": {"name": "orders-service"},
    "interactions": [{
        "type": "Asynchronous/Messages", "description": "an order was booked",
        "contents": {
            "content": {"specversion": "1.0", "type": "order.booked.v1", "data": {}}, "contentType": "application/json",
            "encoded": False,
        },
    }],
    "metadata": {"pactSpecification": {"version": "4.0"}},
}  # fmt: skip
REGISTRY = """schema_version = 1

[[parties]]
name = "orders"
also_called = ["orders-service"]

[[contracts]]
id = "orders api"
kind = "openapi"
file = "orders.json"
owner = "order team"
version = "1.2.0"
producers = ["orders"]
consumers = ["shop"]

[[contracts]]
id = "order events"
kind = "asyncapi"
file = "events.json"
owner = "order team"
version = "1.0.0"
producers = ["orders"]
consumers = ["shop"]

[[contracts]]
id = "shop with orders"
kind = "pact"
file = "shop-orders.json"
owner = "shop team"
producers = ["orders"]
consumers = ["shop"]

[[contracts]]
id = "shop hears orders"
kind = "pact"
file = "shop-messages.json"
owner = "shop team"
producers = ["orders"]
consumers = ["shop"]

[[events]]
type = "order.booked.v1"
owner = "order team"
version = "1.3"
producers = ["orders"]
consumers = ["shop"]

[[objects]]
name = "Amount"
also_called = ["Money"]
owner = "finance"
definition = "events.json#/components/schemas/Amount"

[[groups]]
group = "order"
owners = ["orders"]
may_propose = ["shop"]

[[groups]]
group = "status"
owners = ["orders"]

[[fields]]
system = "orders"
request = "POST /orders"
names = ["status"]
group = "status"

[[fields]]
system = "orders"
request = "POST /orders"
names = ["customer", "lines.*"]
group = "order"
"""
Edit = Callable[[dict[str, Any]], object]


class Shop:
    """The project in a folder, with some of its files edited; what a suite says of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.trees = {
            "orders.json": copy.deepcopy(API), "events.json": copy.deepcopy(EVENTS),
            "shop-orders.json": copy.deepcopy(PACT), "shop-messages.json": copy.deepcopy(MESSAGES),
        }  # fmt: skip
        self.registry = REGISTRY

    def with_registry(self, *changes: tuple[str, str]) -> Shop:
        """Replace text of the registry; each must be there."""
        for old, new in changes:
            assert old in self.registry, old
            self.registry = self.registry.replace(old, new)
        return self

    def with_row(self, row: str) -> Shop:
        """Add rows to the registry."""
        self.registry += "\n" + row
        return self

    def with_file(self, name: str, edit: Edit) -> Shop:
        """Edit a document or a pact."""
        edit(self.trees[name])
        return self

    def tally(self, released: Mapping[str, Any] | None = None, runs: Sequence[Callable[[], Run]] = ()) -> Tally:
        """Write the project and hold it against its registry; `released` are documents as they were, by file name."""
        for name, tree in self.trees.items():
            (self.folder / name).write_text(json.dumps(tree, indent=1), encoding="utf-8")
        path = self.folder / "registry.toml"
        path.write_text(self.registry, encoding="utf-8")
        before = {}
        for name, tree in (released or {}).items():
            before[self.folder / name] = self.folder / f"released-{name}"
            before[self.folder / name].write_text(json.dumps(tree, indent=1), encoding="utf-8")
        pacts = tuple(self.folder / name for name in self.trees if name.startswith("shop-"))
        asked = Asked(
            registry=path, documents=(self.folder / "orders.json", self.folder / "events.json"), pacts=pacts,
            released=tuple(before.items()), runs=runs, integration="shop", today=TODAY,
        )  # fmt: skip
        return Governance(asked).run(lambda _done, _of: None)
