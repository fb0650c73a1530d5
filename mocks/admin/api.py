"""The admin API: journal, state, faults, limits, drifts, clock, deliveries and the whole world, as JSON over HTTP.

It has a port of its own, on loopback unless somebody says otherwise, and then behind a token. The page for people is
on the same port, under `/ui/`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from domain.faults import LIVE
from mocks.admin import state
from mocks.admin.control import Control, Seeds
from mocks.admin.guard import require_allowed
from mocks.admin.observer import Observer
from mocks.admin.pages import Pages
from mocks.admin.routes import LINES, ROWS, Copies, OfSystem, Row, Since, Wanted, document
from mocks.admin.shapes import Clock, Company, Expectation, FaultWish, Health, Reset, Said, Search, Wrong
from mocks.doors.live import LiveWorld
from mocks.kernel.limits import LimitPolicy
from mocks.openapi import texts

Handler = Callable[[Request], Awaitable[Response]]


def application(
    world: LiveWorld,
    addresses: Mapping[str, str],
    *,
    token: str = "",
    seeds: Seeds | None = None,
    observer: Observer | None = None,
) -> Starlette:
    """Return the admin application of a world whose doors have these addresses.

    `token` lets in callers from other machines, and nobody without it. `seeds` makes the acts of a scenario.
    """
    control = Control(world, addresses, seeds, observer)
    api, pages = _Api(control), Pages(control, token)
    routes = [Route(row.path, _guarded(row, api, token), methods=[row.method]) for row in ROWS]
    routes += [Route(path, pages.guarded(action), methods=[method]) for method, path, action in pages.rows()]
    routes.append(Route("/", _to_the_page, methods=["GET"]))
    return Starlette(routes=routes)


async def _to_the_page(_request: Request) -> Response:
    return RedirectResponse("/ui/")


def _guarded(row: Row, api: _Api, token: str) -> Handler:
    """Return a handler that answers only who may ask, and says what was wrong as JSON instead of failing."""
    act: Handler = getattr(api, row.does)

    async def guard(request: Request) -> Response:
        try:
            require_allowed(request, token)
            return await act(request)
        except Wrong as wrong:
            headers = {"www-authenticate": "Bearer"} if wrong.status == 401 else None
            return as_json({"problem": str(wrong)}, wrong.status, headers)

    return guard


def as_json(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a reply with a JSON body."""
    return Response(msgspec.json.encode(value), status, headers, media_type="application/json")


async def told(request: Request, kind: Any) -> Any:
    """Return the body of a request as a value of a type; raise Wrong when it is none."""
    try:
        return msgspec.json.decode(await request.body() or b"{}", type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as wrong:
        raise Wrong(f"the body is not understood: {wrong}") from wrong


def asked(request: Request, kind: Any) -> Any:
    """Return the query of a request as a value of a type; raise Wrong when it is none."""
    try:
        return msgspec.convert(dict(request.query_params), kind, strict=False)
    except msgspec.ValidationError as wrong:
        raise Wrong(f"the query is not understood: {wrong}") from wrong


class _Api:
    """The handlers: each reads what is said, tells the control, and shows what came of it."""

    def __init__(self, control: Control) -> None:
        self._control = control

    async def health(self, _request: Request) -> Response:
        return as_json(Health(status="ready", now_us=self._control.live.clock.now_us()))

    async def world(self, _request: Request) -> Response:
        return as_json(self._control.summary())

    async def reset(self, request: Request) -> Response:
        wish: Reset = await told(request, Reset)
        return as_json({"seed": self._control.reset(wish.seed)})

    async def seed(self, request: Request) -> Response:
        return as_json({"acts": self._control.seed(await told(request, Company))})

    async def acts(self, request: Request) -> Response:
        return as_json({"acts": self._control.act(await told(request, list[Said]))})

    async def snapshot(self, _request: Request) -> Response:
        headers = {"content-disposition": 'attachment; filename="world.jsonl"'}
        return Response(self._control.snapshot(), headers=headers, media_type=LINES)

    async def restore(self, request: Request) -> Response:
        count = self._control.restore(await request.body())
        return as_json({"inputs": count, "clock": self._control.live.clock.reading()})

    async def clock(self, _request: Request) -> Response:
        return as_json(self._control.live.clock.reading())

    async def move(self, request: Request) -> Response:
        return as_json(await self._control.move(await told(request, Clock)))

    async def faults(self, _request: Request) -> Response:
        return as_json(self._control.faults())

    async def plan(self, request: Request) -> Response:
        return as_json(self._control.plan(await told(request, list[FaultWish])))

    async def add_fault(self, request: Request) -> Response:
        return as_json(self._control.add_fault(await told(request, FaultWish)), 201)

    async def remove_fault(self, request: Request) -> Response:
        return as_json(self._control.remove_fault(request.path_params["index"]))

    async def clear_faults(self, _request: Request) -> Response:
        return as_json(self._control.plan(()))

    async def fault_kinds(self, _request: Request) -> Response:
        return as_json(list(LIVE.values()))

    async def limits(self, _request: Request) -> Response:
        return as_json(self._control.limits())

    async def limit(self, request: Request) -> Response:
        return as_json(self._control.limit(await told(request, dict[str, LimitPolicy])))

    async def drifts(self, _request: Request) -> Response:
        return as_json(self._control.drifts())

    async def drift(self, request: Request) -> Response:
        return as_json(self._control.drift(await told(request, list[str])))

    async def find(self, request: Request) -> Response:
        return as_json(self._control.requests.find(asked(request, Search)))

    async def find_by_body(self, request: Request) -> Response:
        return as_json(self._control.requests.find(await told(request, Search)))

    async def verify(self, request: Request) -> Response:
        verdict = self._control.requests.verify(await told(request, Expectation))
        return as_json(verdict, 200 if verdict.holds else 409)

    async def forget(self, _request: Request) -> Response:
        return as_json({"forgotten": self._control.requests.clear()})

    async def request(self, request: Request) -> Response:
        return as_json(self._control.requests.detail(request.path_params["number"]))

    async def kinds(self, _request: Request) -> Response:
        services = self._control.live.services
        return as_json({name: state.kinds(service) for name, service in services.items()})

    async def documents(self, request: Request) -> Response:
        wanted: Wanted = asked(request, Wanted)
        where = request.path_params
        return as_json(self._control.documents(where["system"], where["kind"], **msgspec.structs.asdict(wanted)))

    async def document(self, request: Request) -> Response:
        where = request.path_params
        return as_json(self._control.document(where["system"], where["kind"], where["key"]))

    async def changes(self, request: Request) -> Response:
        wanted: Since = asked(request, Since)
        return as_json(self._control.changes(wanted.after, wanted.limit))

    async def deliveries(self, request: Request) -> Response:
        wanted: OfSystem = asked(request, OfSystem)
        return as_json(self._control.deliveries(wanted.system))

    async def redeliver(self, request: Request) -> Response:
        wanted: Copies = asked(request, Copies)
        return as_json({"redelivered": self._control.redeliver(request.path_params["number"], wanted.copies)}, 202)

    async def openapi(self, _request: Request) -> Response:
        return as_json(document())

    async def dialect(self, request: Request) -> Response:
        text = texts().get(self._control.service(request.path_params["system"]).name)
        return Response(text, media_type="application/json")
