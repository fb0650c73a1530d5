"""Pact files (V2 to V4), read for what they say: the requests a consumer makes and what it reads of the replies."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from contracts.compatibility.documents import Document, Node, Unusable, escaped, read


class Interaction(msgspec.Struct, frozen=True, kw_only=True):
    """One interaction over HTTP. Header names are in lower case; of several values the first is kept.

    `rules` are the matching rules of the reply's body by JSONPath. `handles_unknown` are the ways to values of which
    the consumer has proved that it lives with unknown ones (our comment `tolerates_unknown_values`).
    """

    description: str
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    body_type: str
    status: int
    reply_headers: dict[str, str]
    reply_body: Any
    reply_type: str
    rules: dict[str, Any]
    pending: bool
    handles_unknown: frozenset[str]
    node: Node


class Pact(msgspec.Struct, frozen=True):
    """A pact between two parties; `messages` are the bodies of its asynchronous messages by description."""

    consumer: str
    provider: str
    interactions: tuple[Interaction, ...]
    messages: dict[str, Any]
    document: Document


def read_pact(path: Path) -> Pact:
    """Return the pact of a file; raise Unusable when it is none, or holds nothing."""
    document = read(path)
    consumer, provider = (_party(document, side) for side in ("consumer", "provider"))
    listed = document.tree.get("interactions", []) or document.tree.get("messages", [])
    if not isinstance(listed, list) or not listed:
        raise Unusable(f"{path}: holds no interaction; a pact without any proves nothing.")
    nodes = [Node(document, f"/interactions/{index}", value) for index, value in enumerate(listed)]
    over_http = [node for node in nodes if isinstance(node.value, Mapping) and "request" in node.value]
    messages = {
        str(node.value.get("description", "")): _content(node.value.get("contents"))[0]
        for node in nodes
        if isinstance(node.value, Mapping) and "contents" in node.value
    }
    return Pact(consumer, provider, tuple(_interaction(node) for node in over_http), messages, document)


def _party(document: Document, side: str) -> str:
    found = document.tree.get(side)
    name = found.get("name") if isinstance(found, Mapping) else None
    if not isinstance(name, str) or not name:
        raise Unusable(f"{document.place(f'/{side}')}: no `{side}.name`; this is not a pact.")
    return name


def _interaction(node: Node) -> Interaction:
    said = node.value
    request, reply = said["request"], said.get("response") or {}
    if not isinstance(request, Mapping) or not isinstance(reply, Mapping):
        raise Unusable(f"{node.place}: request and response are objects.")
    headers, reply_headers = _headers(request), _headers(reply)
    body, body_type = _content(request.get("body"), headers)
    reply_body, reply_type = _content(reply.get("body"), reply_headers)
    comments = said.get("comments") or {}
    rules = reply.get("matchingRules") or {}
    return Interaction(
        description=str(said.get("description", "")),
        method=str(request.get("method", "GET")).upper(),
        path=str(request.get("path", "/")),
        query=_first(request.get("query")),
        headers=headers,
        body=body,
        body_type=body_type,
        status=int(reply.get("status", 200)),
        reply_headers=reply_headers,
        reply_body=reply_body,
        reply_type=reply_type,
        rules=rules.get("body", rules) if isinstance(rules, Mapping) else {},
        pending=bool(said.get("pending")),
        handles_unknown=frozenset(comments.get("tolerates_unknown_values", ())),
        node=node,
    )


def _headers(said: Mapping[str, Any]) -> dict[str, str]:
    return {name.lower(): value for name, value in _first(said.get("headers")).items()}


def _first(said: Any) -> dict[str, str]:
    if isinstance(said, str):  # the query of a V2 pact, as it stands in an address
        return dict(reversed(parse_qsl(said, keep_blank_values=True)))
    found = said if isinstance(said, Mapping) else {}
    return {name: str(value[0] if isinstance(value, list) and value else value) for name, value in found.items()}


def _content(body: Any, headers: Mapping[str, str] | None = None) -> tuple[Any, str]:
    """Return a body and its media type; V4 wraps it with its type, earlier versions do not."""
    declared = (headers or {}).get("content-type", "")
    if (
        isinstance(body, Mapping)
        and "content" in body
        and set(body) <= {"content", "contentType", "encoded", "contentTypeHint"}
    ):
        declared, body = str(body.get("contentType") or declared), body["content"]
    media = declared.partition(";")[0].strip().lower()
    if isinstance(body, str) and (media.endswith("json") or not media):
        body = _as_json(body)
    return body, media or ("application/json" if isinstance(body, dict | list) else "")


def _as_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def ways(value: Any, way: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value inside of a body with its way, a JSON Pointer; all items of a list have one: `/lines/*/sku`."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            further = f"{way}/{escaped(name)}"
            yield further, inner
            yield from ways(inner, further)
    elif isinstance(value, list):
        for inner in value:
            yield f"{way}/*", inner
            yield from ways(inner, f"{way}/*")
