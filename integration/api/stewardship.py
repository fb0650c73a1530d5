"""The cross-reference: which item of a system of record a canonical identifier is; stewards keep it."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response

from domain.acts import Act
from integration.api.conditions import require_match, tag_of
from integration.api.doors import add, caller_of, house_of
from integration.api.paging import Cursor, Limit, text_after, token_of
from integration.api.problems import Refused
from integration.api.shapes.casework import MappingBody, MappingPage, MappingView
from integration.casework import Changed

Kind = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")]
MappingKey = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._:@|~+-]{0,99}$")]
_ABSENT = '"absent"'


async def list_mappings(
    request: Request,
    after: Cursor = "",
    limit: Limit = 50,
    kind: Annotated[str, Query(max_length=64, description="Only of this kind.")] = "",
) -> MappingPage:
    """Read the cross-reference, in the order of kind and key."""
    rows = house_of(request).node.reader.mappings(kind)
    place = text_after(after)
    rows = [row for row in rows if _place(row[0], row[1]) > place]
    page = rows[:limit]
    views = tuple(MappingView(kind=row[0], key=row[1], value=row[2]) for row in page)
    following = token_of(_place(page[-1][0], page[-1][1])) if page else after
    return MappingPage(mappings=views, next=following, more=len(rows) > limit)


async def read_mapping(request: Request, kind: Kind, key: MappingKey) -> Response:
    """Read what a key stands for; its `ETag` is for `If-Match`."""
    value = _value(request, kind, key)
    if value is None:
        raise Refused("not-found", f"the cross-reference has no {kind} {key}")
    return _shown(kind, key, value)


async def put_mapping(request: Request, kind: Kind, key: MappingKey, body: MappingBody) -> Response:
    """Say what a key stands for. Flows that stopped because it was missing are driven again separately."""
    seen = _value(request, kind, key)
    require_match(request, _tag(seen))
    told = {"kind": kind, "key": key, "value": body.value, "note": body.note, **_expected(request, seen)}
    await _perform(request, "add_mapping", told)
    return _shown(kind, key, body.value)


async def delete_mapping(request: Request, kind: Kind, key: MappingKey) -> Response:
    """Take a row out of the cross-reference; the audit trail keeps what it said."""
    value = _value(request, kind, key)
    if value is None:
        raise Refused("not-found", f"the cross-reference has no {kind} {key}")
    require_match(request, _tag(value))
    await _perform(request, "remove_mapping", {"kind": kind, "key": key, **_expected(request, value)})
    return Response(status_code=204)


def _expected(request: Request, seen: dict[str, Any] | None) -> dict[str, Any]:
    """Return what has to stand at the moment of writing: what the tag of the caller stood for, if there was one."""
    return {"expected": seen} if request.headers.get("if-match", "") else {}


async def _perform(request: Request, action: str, told: dict[str, Any]) -> None:
    node = house_of(request).node
    arguments = {**told, "actor": caller_of(request).name}
    try:
        await node.act(Act(at_us=node.now_us(), system="integration", action=action, arguments=arguments))
    except Changed as late:
        raise Refused("precondition-failed", str(late)) from late
    except (KeyError, ValueError) as refusal:
        raise Refused("state-conflict", str(refusal)) from refusal


def _value(request: Request, kind: str, key: str) -> dict[str, Any] | None:
    rows = house_of(request).node.reader.mappings(kind)
    return next((value for _, found, value in rows if found == key), None)


def _shown(kind: str, key: str, value: dict[str, Any]) -> Response:
    view = MappingView(kind=kind, key=key, value=value)
    return Response(view.model_dump_json(), media_type="application/json", headers={"etag": _tag(value)})


def _tag(value: dict[str, Any] | None) -> str:
    return _ABSENT if value is None else tag_of(msgspec.json.encode(value, order="sorted")).removeprefix("W/")


def _place(kind: str, key: str) -> str:
    return f"{kind}\x1f{key}"


def router() -> APIRouter:
    """Return the routes of the cross-reference."""
    routes = APIRouter(tags=["master data"])
    scope, one = "masterdata:steward", "/mappings/{kind}/{key}"
    changes = ("precondition-failed", "state-conflict")
    add(routes, "GET", "/mappings", list_mappings, scope=scope, response_model=MappingPage)
    add(routes, "GET", one, read_mapping, scope=scope, refuses=("not-found",), response_model=MappingView)
    add(
        routes, "PUT", one, put_mapping, scope=scope, response_model=MappingView, is_conditional=True,
        refuses=(*changes, "body-too-large", "unsupported-media-type"),
    )  # fmt: skip
    add(
        routes, "DELETE", one, delete_mapping, scope=scope, refuses=("not-found", *changes), status=204,
        response_model=None, is_conditional=True,
    )  # fmt: skip
    return routes
