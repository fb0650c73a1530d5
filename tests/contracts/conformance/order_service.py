"""A small service that takes orders under idempotency keys, right by default and wrong in any of the known ways."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from contracts.verification.mutants import faults

FAULTS = faults("server")
"""Each fault, and the promises of which at least one must notice it."""

LIVES_SECONDS = 86_400
HEADER = b"idempotency-key"


class OrderService:
    """State and behaviour; `app` is its ASGI application."""

    def __init__(self, *faults: str) -> None:
        assert set(faults) <= FAULTS.keys()
        self.faults = set(faults)
        self.orders: list[dict[str, Any]] = []
        self.invoices: list[dict[str, Any]] = []
        self.kept: dict[tuple[str, ...], tuple[str, int, bytes, float]] = {}
        self.in_flight: set[Any] = set()
        self.contended: set[Any] = set()
        self.fail: list[str] = []
        self.offset_seconds = 0.0
        self.started = 0
        self.app = Starlette(
            routes=[
                Route("/v1/orders", self._keyed(self._make), methods=["POST"]),
                Route("/v1/orders", self._list),
                Route("/v1/orders/{id}", self._one, methods=["PUT", "DELETE"]),
                Route("/v1/orders/{id}/invoices", self._keyed(self._bill), methods=["POST"]),
                Route("/control/{what}", self._control, methods=["POST"]),
            ]
        )

    def _has(self, fault: str) -> bool:
        return fault in self.faults

    def _problem(self, status: int, title: str, **headers: str) -> Response:
        if self._has("plain_errors"):
            return PlainTextResponse(title, status, headers)
        body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status}
        if self._has("shows_insides"):
            body["detail"] = 'Traceback (most recent call last):\n  File "/srv/app.py", line 3'
        return JSONResponse(body, status, headers, media_type="application/problem+json")

    # --- keys

    def _keyed(self, act: Callable[[Request, dict[str, Any]], Any]) -> Callable[[Request], Any]:
        async def handle(request: Request) -> Response:
            key = self._key_of(request)
            raw = await request.body()
            if key is None:
                if not self._has("key_optional"):
                    return self._problem(400, "Idempotency-Key is missing")
                return await self._acted(act, request, raw)
            if len(key) > 255:
                if self._has("long_key_fails"):
                    raise RuntimeError("value too long for type character varying(255)")
                return self._problem(400, "the key is too long")
            return await self._once(act, request, self._scope(key, request, raw), raw)

        return handle

    def _key_of(self, request: Request) -> str | None:
        raw = dict(request.scope["headers"])
        name = b"Idempotency-Key".lower()
        text = raw.get(name)
        if self._has("header_case_matters") and request.headers.get("x-original-case") != "Idempotency-Key":
            text = None
        if text is None:
            return None
        key = text.decode("latin-1")
        if self._has("quotes_refused"):
            return None if '"' in key else key
        return key.strip('"').lower() if self._has("folds_case") else key.strip('"')

    def _scope(self, key: str, request: Request, raw: bytes) -> tuple[str, ...]:
        if self._has("dedupes_by_body"):
            return (raw.decode(errors="replace"),)
        tenant = "" if self._has("not_per_tenant") else request.headers.get("x-tenant", "")
        operation = "" if self._has("not_per_operation") else request.url.path
        return (key, tenant, operation)

    async def _once(self, act: Any, request: Request, scope: tuple[str, ...], raw: bytes) -> Response:
        if self._has("no_store"):
            return await self._acted(act, request, raw)
        if self._has("check_then_act"):
            found = self._found(scope)
            await asyncio.sleep(0.02)
            if found is None:
                return self._keep(scope, raw, await self._acted(act, request, raw))
        stuck = self._has("wait_without_end") and scope in self.in_flight
        found = None if stuck else self._found(scope)
        if found is not None:
            return self._again(scope, found, raw)
        with self._flying(scope) as free:
            if not free:
                late = {} if self._has("wait_without_end") else {"Retry-After": "1"}
                return self._problem(409, "the first request is under way", **late)
            answer = await self._acted(act, request, raw)
            if self._has("written_late"):
                self.in_flight.discard(scope)
                await asyncio.sleep(0.05)
            return self._keep(scope, raw, answer)

    @contextmanager
    def _flying(self, scope: tuple[str, ...]) -> Iterator[bool]:
        mark: Any = "everybody" if self._has("global_lock") else scope
        if mark in self.in_flight:
            self.contended.add(mark)
            yield False
            return
        self.in_flight.add(mark)
        try:
            yield True
        except asyncio.CancelledError:
            if self._has("leaks_in_flight"):
                raise
            self.in_flight.discard(mark)
            raise
        if self._has("wait_without_end") and mark in self.contended:
            asyncio.get_running_loop().call_later(0.5, self.in_flight.discard, mark)
        else:
            self.in_flight.discard(mark)

    def _now(self) -> float:
        return time.monotonic() + self.offset_seconds

    def _found(self, scope: tuple[str, ...]) -> tuple[str, int, bytes, float] | None:
        found = self.kept.get(scope)
        lives = 0 if self._has("lives_too_short") else float("inf") if self._has("lives_for_ever") else LIVES_SECONDS
        return found if found is not None and self._now() - found[3] <= lives else None

    def _keep(self, scope: tuple[str, ...], raw: bytes, answer: Response) -> Response:
        keeps = answer.status_code < 400 or (answer.status_code >= 500 and self._has("keeps_5xx"))
        if keeps or (400 <= answer.status_code < 500 and self._has("refusal_burns_key")):
            if self._has("tiny_cache") and len(self.kept) >= 100:
                del self.kept[next(iter(self.kept))]
            self.kept[scope] = (self._print(raw), answer.status_code, bytes(answer.body), self._now())
        return answer

    def _print(self, raw: bytes) -> str:
        if self._has("compares_bytes"):
            return raw.decode()
        return json.dumps(json.loads(raw or b"{}"), sort_keys=True)

    def _again(self, scope: tuple[str, ...], found: tuple[str, int, bytes, float], raw: bytes) -> Response:
        printed, status, body, _ = found
        if printed != self._print(raw) and not self._has("dedupes_by_body"):
            if self._has("other_payload_executed"):
                return self._made(json.loads(raw or b"{}"))
            if not self._has("other_payload_replayed"):
                if self._has("no_way_back_after_other_payload"):
                    self.kept[scope] = (printed, 422, b"{}", self._now())
                return self._problem(422, "the key came with another payload")
        if self._has("replay_is_empty"):
            body = b""
        if self._has("replay_makes_new_id"):
            body = json.dumps({**json.loads(body), "id": f"O-again-{len(self.orders)}-{time.monotonic_ns()}"}).encode()
        status = 200 if self._has("replay_has_other_status") else status
        return Response(body, status, {"Idempotent-Replayed": "true"}, media_type="application/json")

    # --- what it does

    async def _acted(self, act: Any, request: Request, raw: bytes) -> Response:
        await asyncio.sleep(0.005)
        try:
            body = json.loads(raw or b"{}")
        except ValueError:
            return self._problem(400, "not JSON")
        if self.fail:
            when = self.fail.pop()
            if when == "after" and self._has("commits_then_fails"):
                act(request, body)
            return self._problem(503, "try again")
        if self._has("first_fails"):
            return self._problem(500, "always")
        answer: Response = act(request, body)
        return answer

    def _make(self, request: Request, body: dict[str, Any]) -> Response:
        if not body.get("lines"):
            return self._problem(422, "an order has lines")
        return self._made(body)

    def _made(self, body: dict[str, Any]) -> Response:
        self.started += 1
        order = {"id": f"O-{self.started}", **body}
        self.orders.append(order)
        return JSONResponse(order, 201)

    def _bill(self, request: Request, body: dict[str, Any]) -> Response:
        invoice = {"id": f"I-{len(self.invoices) + 1}", "order": request.path_params["id"]}
        self.invoices.append(invoice)
        return JSONResponse(invoice, 201)

    async def _list(self, request: Request) -> Response:
        reference = request.query_params.get("reference")
        return JSONResponse({"orders": [order for order in self.orders if order.get("reference") == reference]})

    async def _one(self, request: Request) -> Response:
        found = [order for order in self.orders if order["id"] == request.path_params["id"]]
        if request.method == "DELETE":
            if not found:
                return self._problem(500 if self._has("delete_twice_fails") else 404, "not there")
            self.orders.remove(found[0])
            return Response(status_code=204)
        found[0].update(await request.json())
        return JSONResponse(found[0])

    async def _control(self, request: Request) -> Response:
        what = request.path_params["what"]
        if what == "restart":
            self.in_flight.clear()
            if self._has("lost_on_restart"):
                self.kept.clear()
        elif what == "advance":
            self.offset_seconds += LIVES_SECONDS + 1
        else:
            self.fail.append(what)
        return JSONResponse({})
