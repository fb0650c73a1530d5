"""How services refuse: for each dialect the members that a refusal must have, and those that must agree with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """A refusal: JSON Pointers to texts that must not be empty, and to the place that repeats the status.

    `media` is what the content type must hold. Source: the page of the vendor, or the standard.
    """

    texts: tuple[str, ...]
    status: str = ""
    media: str = "json"
    source: str = ""


SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        "rfc9457": Shape(texts=("/title",), status="/status", media="application/problem+json", source="RFC 9457 3"),
        "stripe": Shape(texts=("/error/type", "/error/message"), source="Stripe API, Errors"),
        "chargebee": Shape(
            texts=("/message", "/api_error_code"), status="/http_status_code", source="Chargebee API v2, Error handling"
        ),
        "netsuite": Shape(
            texts=("/title", "/o:errorDetails/0/detail", "/o:errorDetails/0/o:errorCode"), status="/status",
            source="SuiteTalk REST, Error handling",
        ),
        "avatax": Shape(texts=("/error/code", "/error/message"), source="AvaTax REST v2, Errors"),
        "salesforce": Shape(texts=("/0/message", "/0/errorCode"), source="Salesforce REST API, Error responses"),
    }
)  # fmt: skip


def wrong(shape: Shape, status: int, media: str, body: bytes) -> str:
    """Return what is wrong with a refusal, as a sentence; empty when nothing is."""
    if shape.media not in media.lower():
        return f"a refusal with {status} is told as {media or 'nothing'}, not as {shape.media}"
    try:
        tree = json.loads(body)
    except ValueError:
        return f"a refusal with {status} is no JSON: {body[:80]!r}"
    for pointer in shape.texts:
        if not isinstance(found := at(tree, pointer), str) or not found:
            return f"a refusal with {status} has no text at {pointer}"
    told = at(tree, shape.status) if shape.status else status
    if str(told) != str(status):
        return f"a refusal with {status} says {told!r} at {shape.status}"
    return ""


def at(tree: Any, pointer: str) -> Any:
    """Return what a pointer without escapes leads to; None when it leads nowhere."""
    for step in pointer.split("/")[1:]:
        if isinstance(tree, dict):
            tree = tree.get(step)
        elif isinstance(tree, list) and step.isdecimal() and int(step) < len(tree):
            tree = tree[int(step)]
        else:
            return None
    return tree
