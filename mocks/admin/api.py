"""The admin API: clock, faults, limits, deliveries, acts and the whole world, as JSON over HTTP.

It is for the people and tests of one machine. A page of some website must not be able to use it through a browser, so
requests with a foreign Host or Origin are refused.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.acts import Act, UnknownAct
from domain.faults import Fault
from mocks.doors.deliveries import Attempt
from mocks.doors.hosts import split
from mocks.doors.live import Divergence, LiveWorld
from mocks.doors.post import is_loopback
from mocks.kernel.limits import LimitPolicy

Handler = Callable[[Request], Awaitable[Response]]
LINES = "application/x-ndjson"


class Clock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to do with the clock: one of these."""

    freeze: bool = False
    speed: float = 0.0
    advance_seconds: float = 0.0
    advance_to_us: int = 0


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An act as a person writes it; its instant is now."""

    system: str
    action: str
    arguments: dict[str, Any] = {}
    txn: str = ""


class Reset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to begin anew."""

    seed: int | None = None


class Wrong(Exception):
    """A request to the admin API that cannot be done; the text says why."""

    def __init__(self, problem: str, status: int = 400) -> None:
        super().__init__(problem)
        self.status = status


def application(world: LiveWorld, addresses: Mapping[str, str]) -> Starlette:
    """Return the admin application of a world whose doors have these addresses."""
    api = _Api(world, addresses)
    rows: list[tuple[str, str, Handler]] = [
        ("GET", "/health", api.health),
        ("GET", "/world", api.world),
        ("POST", "/reset", api.reset),
        ("POST", "/acts", api.acts),
        ("GET", "/snapshot", api.snapshot),
        ("POST", "/restore", api.restore),
        ("GET", "/clock", api.clock),
        ("POST", "/clock", api.set_clock),
        ("GET", "/faults", api.faults),
        ("PUT", "/faults", api.set_faults),
        ("GET", "/limits", api.limits),
        ("PUT", "/limits", api.set_limits),
        ("GET", "/deliveries", api.deliveries),
        ("POST", "/deliveries/{number:int}/redeliver", api.redeliver),
    ]
    return Starlette(routes=[Route(path, guarded(handler), methods=[method]) for method, path, handler in rows])


def guarded(handler: Handler) -> Handler:
    """Return a handler that answers only local callers, and says what was wrong as JSON instead of failing."""

    async def guard(request: Request) -> Response:
        try:
            _require_local(request)
            return await handler(request)
        except Wrong as wrong:
            return as_json({"problem": str(wrong)}, wrong.status)
        except UnknownAct as unknown:
            return as_json({"problem": str(unknown)}, 400)

    return guard


def as_json(value: Any, status: int = 200) -> Response:
    """Return a reply with a JSON body."""
    return Response(msgspec.json.encode(value), status, media_type="application/json")


async def told(request: Request, kind: Any) -> Any:
    """Return the body of a request as a value of a type; raise Wrong when it is none."""
    try:
        return msgspec.json.decode(await request.body() or b"{}", type=kind)
    except msgspec.MsgspecError as wrong:
        raise Wrong(f"the body is not understood: {wrong}") from wrong


def _require_local(request: Request) -> None:
    if not is_loopback(split(request.headers.get("host", ""))[0]):
        raise Wrong("the admin API answers to localhost and loopback addresses only", 403)
    origin = request.headers.get("origin")
    if origin is not None and not is_loopback(urlsplit(origin).hostname or ""):
        raise Wrong("the admin API does not answer to pages of other origins", 403)


class _Api:
    """The handlers, each a few calls of the live world."""

    def __init__(self, world: LiveWorld, addresses: Mapping[str, str]) -> None:
        self._world, self._addresses = world, addresses

    async def health(self, _request: Request) -> Response:
        return as_json({"status": "ready", "now_us": self._world.clock.now_us()})

    async def world(self, _request: Request) -> Response:
        books = {
            name: {kind: len(service.desk.book.table(kind)) for kind in service.desk.book.kinds()}
            for name, service in self._world.services.items()
        }
        return as_json(
            {
                "addresses": self._addresses,
                "clock": self._world.clock.reading(),
                "settings": self._world.settings,
                "documents": books,
            }
        )

    async def reset(self, request: Request) -> Response:
        self._world.reset((await told(request, Reset)).seed)
        return as_json({"seed": self._world.settings.seed})

    async def acts(self, request: Request) -> Response:
        said: list[Said] = await told(request, list[Said])
        unknown = next((each.system for each in said if each.system not in self._world.services), None)
        if unknown is not None:
            raise Wrong(f"there is no system {unknown!r}; there are: {', '.join(self._world.services)}")
        count = 0
        for each in said:
            act = Act(at_us=0, system=each.system, action=each.action, arguments=each.arguments, txn=each.txn)
            try:
                count += self._world.seed([act])
            except (KeyError, TypeError, ValueError) as wrong:
                raise Wrong(f"act {count + 1} ({each.system} {each.action}) cannot be done: {wrong!r}") from wrong
        return as_json({"acts": count})

    async def snapshot(self, _request: Request) -> Response:
        return Response(b"\n".join(self._world.snapshot()) + b"\n", media_type=LINES)

    async def restore(self, request: Request) -> Response:
        lines = [line for line in (await request.body()).split(b"\n") if line.strip()]
        try:
            self._world.restore(lines)
        except (ValueError, Divergence) as wrong:
            raise Wrong(f"this is no snapshot that can be restored: {wrong}") from wrong
        return as_json({"inputs": len(lines), "clock": self._world.clock.reading()})

    async def clock(self, _request: Request) -> Response:
        return as_json(self._world.clock.reading())

    async def set_clock(self, request: Request) -> Response:
        wish: Clock = await told(request, Clock)
        if sum(map(bool, (wish.freeze, wish.speed, wish.advance_seconds, wish.advance_to_us))) != 1:
            raise Wrong("say one of freeze, speed, advance_seconds, advance_to_us")
        try:
            await self._move(wish)
        except ValueError as wrong:
            raise Wrong(str(wrong)) from wrong
        return as_json(self._world.clock.reading())

    async def _move(self, wish: Clock) -> None:
        if wish.freeze:
            self._world.freeze()
        elif wish.speed:
            self._world.run(wish.speed)
        elif wish.advance_seconds:
            if wish.advance_seconds < 0:
                raise Wrong("time goes forward only")
            await self._world.advance(wish.advance_seconds)
        else:
            if wish.advance_to_us < self._world.clock.now_us():
                raise Wrong("this instant is over; time goes forward only")
            await self._world.advance_to(wish.advance_to_us)

    async def faults(self, _request: Request) -> Response:
        return as_json(self._world.world.plan.faults)

    async def set_faults(self, request: Request) -> Response:
        try:
            self._world.plan(await told(request, list[Fault]))
        except ValueError as wrong:
            raise Wrong(str(wrong)) from wrong
        return as_json(self._world.world.plan.faults)

    async def limits(self, _request: Request) -> Response:
        return as_json(self._world.world.limits())

    async def set_limits(self, request: Request) -> Response:
        wanted: dict[str, LimitPolicy] = await told(request, dict[str, LimitPolicy])
        unknown = next((name for name in wanted if name not in self._world.services), None)
        if unknown is not None:
            raise Wrong(f"there is no system {unknown!r}; there are: {', '.join(self._world.services)}")
        for name, policy in wanted.items():
            self._world.limit(name, policy)
        return as_json(self._world.world.limits())

    async def deliveries(self, request: Request) -> Response:
        system = request.query_params.get("system", "")
        rows = [row for row in self._world.attempts() if system in ("", row.arrival.system)]
        waiting = [arrival for arrival in self._world.deliveries.open() if system in ("", arrival.system)]
        return as_json(
            {
                "attempts": [_row(row) for row in rows[:1000]],
                "waiting": [{"system": each.system, "due_us": each.due_us, "topic": each.delivery.message.topic}
                            for each in waiting],
            }
        )  # fmt: skip

    async def redeliver(self, request: Request) -> Response:
        number: int = request.path_params["number"]
        try:
            self._world.redeliver(number)
        except KeyError as missing:
            raise Wrong(f"the delivery log has no attempt {number}", 404) from missing
        return as_json({"redelivered": number}, 202)


def _row(row: Attempt) -> dict[str, Any]:
    arrival, message = row.arrival, row.arrival.delivery.message
    return {
        "number": row.number, "at_us": row.at_us, "system": arrival.system, "message": message.id,
        "topic": message.topic, "txn": message.txn, "attempt": arrival.delivery.attempt, "url": row.url,
        "status": row.status, "note": row.note, "fault": arrival.fault, "genuine": not arrival.forged,
        "manual": arrival.manual, "took_us": row.took_us, "answer": row.answer.decode("utf-8", "replace"),
    }  # fmt: skip
