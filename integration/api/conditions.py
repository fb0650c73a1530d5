"""Conditions: entity tags, so that a poll costs little and two people who act at once notice each other."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec
from fastapi import Request, Response
from pydantic import BaseModel

from integration.api.problems import Refused


def tag_of(content: bytes) -> str:
    """Return the weak entity tag of a content."""
    return f'W/"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'


def answered(request: Request, view: BaseModel, *, leaving_out: frozenset[str] = frozenset()) -> Response:
    """Return a view with its tag; 304 without it when the caller has it already.

    `leaving_out` names fields that change without meaning anything, such as the instant of reading.
    """
    tag = tag_of(_canonical(view.model_dump(mode="json", exclude=set(leaving_out))))
    if _names(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers={"etag": tag})
    return Response(view.model_dump_json(), media_type="application/json", headers={"etag": tag})


def require_match(request: Request, tag: str) -> None:
    """Refuse when the caller names another state than the present one; nothing is refused without If-Match."""
    wanted = request.headers.get("if-match", "")
    if wanted and not _names(wanted, tag):
        raise Refused("precondition-failed", f"it is at {tag} by now", headers={"etag": tag})


def _names(header: str, tag: str) -> bool:
    """Tell whether a list of tags names one, weakly."""
    wanted = [part.strip().removeprefix("W/") for part in header.split(",")]
    return "*" in wanted or tag.removeprefix("W/") in wanted


def _canonical(content: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode(content, order="sorted")
