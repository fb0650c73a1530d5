"""Doors: how an operation is added to the interface, and what is checked before it is entered.

`add` is the only way in, and it wants a scope: an operation without one cannot be written. The scope stands in the
document as well, so that a test can try every operation that there is, without a token and with the wrong one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import msgspec
from fastapi import APIRouter, Depends, Request, Response

from integration.api.budget import Budget
from integration.api.problems import PROBLEMS, Refused
from integration.api.seam import Service
from integration.service.access import Access, Caller, Denied

REALM = 'Bearer realm="q2c"'
Endpoint = Callable[..., Any]


class House(msgspec.Struct):
    """What stands behind the doors: the node, who may come in, and how much each may ask."""

    node: Service
    access: Access
    budget: Budget
    running: set[str] = msgspec.field(default_factory=set)
    """The submissions that are being worked on in this process."""


class Retirement(msgspec.Struct, frozen=True, kw_only=True):
    """When an operation was declared old, and when it will be gone (RFC 9745 and RFC 8594); UTC."""

    deprecated: datetime
    sunset: datetime
    successor: str

    def __post_init__(self) -> None:
        if self.sunset < self.deprecated:
            raise ValueError("an operation cannot be gone before it is declared old")


RETIREMENTS: Mapping[str, Retirement] = {}
"""The operations that are going, by name; version 1 has none yet."""


def house_of(request: Request) -> House:
    """Return what stands behind the doors."""
    house: House = request.app.state.house
    return house


def caller_of(request: Request) -> Caller:
    """Return who is asking; the door has let them in."""
    caller: Caller = request.state.caller
    return caller


def add(
    router: APIRouter,
    method: str,
    path: str,
    endpoint: Endpoint,
    *,
    scope: str,
    refuses: tuple[str, ...] = (),
    status: int = 200,
    is_conditional: bool = False,
    **more: Any,
) -> None:
    """Add an operation: its name and description are the endpoint's, `refuses` are its own problems.

    Every operation refuses strangers, wrong scopes, wrong forms and too many requests besides.
    """
    name = endpoint.__name__
    retirement = RETIREMENTS.get(name)
    common = ("invalid-request", "unauthenticated", "token-expired", "forbidden", "too-many-requests", "unavailable")
    names = (*common, "internal", *refuses)
    extra: dict[str, Any] = {"security": [{"token": [scope]}, {"oauth2": [scope]}], "x-problems": sorted({*names})}
    if is_conditional:
        extra["parameters"] = [_IF_MATCH]
    router.add_api_route(
        path,
        endpoint,
        methods=[method],
        status_code=status,
        operation_id=name,
        responses=refusals(names),
        dependencies=[Depends(_door(scope, retirement))],
        deprecated=retirement is not None or None,
        openapi_extra=extra,
        **more,
    )


_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The `ETag` that you saw: the request is refused when somebody was faster.",
    "schema": {"type": "string"},
}


def add_open(
    router: APIRouter, method: str, path: str, endpoint: Endpoint, *, refuses: tuple[str, ...] = (), **more: Any
) -> None:
    """Add an operation for everybody: tokens are asked for and documents read without a token."""
    name = endpoint.__name__
    assert name in OPEN_TO_ALL, f"{name} is for everybody only when it is listed"
    names = (*refuses, "internal")
    extra = {"security": [], "x-problems": sorted(names), **more.pop("openapi_extra", {})}
    router.add_api_route(
        path, endpoint, methods=[method], operation_id=name, openapi_extra=extra, responses=refusals(names), **more
    )


OPEN_TO_ALL = frozenset({"issue_token", "list_problems", "read_problem", "read_openapi", "read_asyncapi"})
"""The operations that need no token. The list is short on purpose."""


def _door(scope: str, retirement: Retirement | None) -> Callable[[Request, Response], Awaitable[None]]:
    """Return what is done before an operation is entered."""

    async def enter(request: Request, response: Response) -> None:
        house = house_of(request)
        caller = identified(request, house)
        require_scope(caller, scope)
        wait_seconds = house.budget.spend(caller.name)
        if wait_seconds:
            raise Refused("too-many-requests", headers={"retry-after": str(wait_seconds)})
        request.state.caller = caller
        if retirement is not None:
            response.headers.update(retired(retirement))

    return enter


def require_scope(caller: Caller, scope: str) -> None:
    """Refuse a caller without a scope."""
    if not caller.may(scope):
        headers = {"www-authenticate": f'{REALM}, error="insufficient_scope", scope="{scope}"'}
        raise Refused("forbidden", f"{caller.name} does not have the scope {scope}", headers=headers)


def identified(request: Request, house: House) -> Caller:
    """Return who is asking, or refuse."""
    try:
        return house.access.identify(request)
    except Denied as denied:
        challenge = REALM if denied.code == "missing" else f'{REALM}, error="invalid_token"'
        name = "token-expired" if denied.code == "expired" else "unauthenticated"
        raise Refused(name, str(denied), headers={"www-authenticate": challenge}) from denied


def retired(retirement: Retirement) -> dict[str, str]:
    """Return the headers that tell of the end of an operation."""
    return {
        "deprecation": f"@{int(retirement.deprecated.timestamp())}",
        "sunset": format_datetime(retirement.sunset.astimezone(UTC), usegmt=True),
        "link": f'<{retirement.successor}>; rel="successor-version"',
    }


def refusals(names: tuple[str, ...]) -> dict[int | str, dict[str, Any]]:
    """Return the refusals of an operation by status; the document says of each what is behind it."""
    return {PROBLEMS[name].status: {"description": "refused"} for name in names}
