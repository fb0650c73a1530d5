"""The application: all routes in one frame, refusals as problem documents, and the documents that describe it.

It is mounted at /api/v1: the version is in the address. What is added is no new version (readers ignore what they do
not know); what is taken away is declared old first, in `doors.RETIREMENTS`.
"""

from __future__ import annotations

import time
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Route

from integration.api import casework, events, experience, operations, process, receivables, stewardship, tokens
from integration.api.accounts import AccountIndex
from integration.api.budget import Budget
from integration.api.doors import House, add_open
from integration.api.frame import Application, framed
from integration.api.problems import MEDIA_TYPE, PROBLEMS, FieldError, Problem, Refused, body_of
from integration.api.seam import Service
from integration.journal.protocol import Unstorable
from integration.journal.trouble import Unavailable
from integration.service.access import Access
from integration.service.node import Stopped

TITLE = "q2c integration"
VERSION = "1.0.0"
KEY_HEADER = "idempotency-key"
_PARTS = (process, receivables, experience, events, casework, stewardship, operations, tokens)


def application(node: Service, access: Access, budget: Budget | None = None) -> Application:
    """Return the interface of a node, to be mounted at /api/v1."""
    inner = routed()
    inner.state.house = House(node, access, budget or Budget(time.monotonic))
    inner.state.accounts = AccountIndex()
    return framed(inner)


def routed() -> FastAPI:
    """Return the routes and what is made of refusals, without a node behind them: enough to be described."""
    inner = FastAPI(
        title=TITLE, version=VERSION, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False,
        exception_handlers={
            Refused: _refused, RequestValidationError: _invalid, HTTPException: _unrouted, Stopped: _unavailable,
            Unavailable: _unavailable, Unstorable: _unstorable, Exception: _broken,
        },
    )  # fmt: skip
    for part in (*(part.router() for part in _PARTS), _documents()):
        inner.router.routes.extend(part.routes)  # flat, so that an address can be asked for all of its methods
    return inner


# --- refusals -------------------------------------------------------------------------------------------------------


def _answer(request: Request, refused: Refused) -> Response:
    body = body_of(refused, request.url.path, request.state.trace.trace_id)
    return Response(body, refused.problem.status, refused.headers, MEDIA_TYPE)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return _answer(request, error)


async def _unavailable(request: Request, error: Exception) -> Response:
    """Say that we cannot work now; why is for operations: it may name our database."""
    detail = str(error) if isinstance(error, Stopped) else "the journal cannot be used now; what was asked may be done"
    return _answer(request, Refused("unavailable", detail, headers={"retry-after": "5"}))


async def _unstorable(request: Request, error: Exception) -> Response:
    """Refuse a value that no journal holds, such as a number beyond 64 bits."""
    return _answer(request, Refused("invalid-request", str(error)))


async def _broken(request: Request, _error: Exception) -> Response:
    """Say that we made a mistake; the frame writes it down."""
    return _answer(request, Refused("internal"))


async def _invalid(request: Request, error: Exception) -> Response:
    """Name every field that is wrong; what the caller sent is not repeated."""
    assert isinstance(error, RequestValidationError)
    found = [_field_error(each) for each in error.errors()]
    if any(each.place == "header" and each.field.lower() == KEY_HEADER for each in found):
        return _answer(request, Refused("idempotency-key-missing"))
    detail = "; ".join(f"{each.field or each.place}: {each.message}" for each in found[:3])
    return _answer(request, Refused("invalid-request", detail, errors=found))


def _field_error(told: Any) -> FieldError:
    place, *parts = [str(part) for part in told["loc"]]
    if told["type"] == "json_invalid":
        return FieldError("", "body", f"it is not JSON: {told.get('ctx', {}).get('error', '')}".rstrip(": "))
    field = "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in parts) if place == "body" else parts[0]
    return FieldError(field, place, str(told["msg"]))


async def _unrouted(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    names = {404: "not-found", 405: "method-not-allowed", 413: "body-too-large"}
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers = {"allow": ", ".join(_methods(request))}
    detail = f"there is no {request.method} {request.url.path}" if error.status_code in (404, 405) else ""
    return _answer(request, Refused(names.get(error.status_code, "invalid-request"), detail, headers=headers))


def _methods(request: Request) -> list[str]:
    """Return the methods that an address has, over all routes that fit it."""
    path = str(request.scope["path"]).removeprefix(request.scope.get("root_path", ""))
    fitting = [route for route in request.app.routes if isinstance(route, Route) and route.path_regex.match(path)]
    return sorted({method for route in fitting for method in route.methods or ()})


# --- documents ------------------------------------------------------------------------------------------------------


async def list_problems() -> list[dict[str, Any]]:
    """Read every problem that the interface refuses with, and what can be done about it."""
    return [_page(problem) for problem in PROBLEMS.values()]


async def read_problem(name: str) -> dict[str, Any]:
    """Read what a problem means and what can be done about it: where the `type` of a problem document leads."""
    if name not in PROBLEMS:
        raise Refused("not-found", "there is no problem of this name")
    return _page(PROBLEMS[name])


async def read_openapi() -> Response:
    """Read the description of this interface (OpenAPI 3.1)."""
    from integration.api.document import text

    return Response(text(), media_type="application/json")


async def read_asyncapi() -> Response:
    """Read the description of the canonical events (AsyncAPI 3)."""
    from integration.api.asynchronous import text

    return Response(text(), media_type="application/json")


def _page(problem: Problem) -> dict[str, Any]:
    return {
        "type": problem.type, "title": problem.title, "status": problem.status, "code": problem.code,
        "meaning": problem.meaning, "remedy": problem.remedy,
    }  # fmt: skip


def _documents() -> APIRouter:
    routes = APIRouter(tags=["documents"])
    add_open(routes, "GET", "/problems", list_problems)
    add_open(routes, "GET", "/problems/{name}", read_problem, refuses=("not-found",))
    add_open(routes, "GET", "/openapi.json", read_openapi, response_model=dict[str, Any])
    add_open(routes, "GET", "/asyncapi.json", read_asyncapi, response_model=dict[str, Any])
    return routes
