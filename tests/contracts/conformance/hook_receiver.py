"""A small receiver of webhooks, right by default and wrong in any of the known ways."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from contracts.verification.mutants import faults

SECRET, NEXT_SECRET = "whsec_Zmlyc3QgZmlyc3QgZmlyc3QgZmlyc3Q=", "whsec_bmV4dCBuZXh0IG5leHQgbmV4dCBuZXh0"
RANKS = {"invoice.created": 1, "invoice.paid": 2}
FAULTS = faults("receiver")
"""Each fault, and the promises of which at least one must notice it."""


class HookReceiver:
    """State and behaviour; `app` is its ASGI application."""

    def __init__(self, *faults: str) -> None:
        assert set(faults) <= FAULTS.keys()
        self.faults = set(faults)
        self.seen: set[str] = set()
        self.effects: dict[str, int] = {}
        self.states: dict[str, str] = {}
        self.fail = False
        self.app = Starlette(
            routes=[
                Route("/hooks", self._receive, methods=["POST"]),
                Route("/fail", self._fail_once, methods=["POST"]),
                Route("/things/{unique}", self._show),
            ]
        )

    def _has(self, fault: str) -> bool:
        return fault in self.faults

    async def _receive(self, request: Request) -> Response:
        body = await request.body()
        if self._has("refuses_all"):
            return Response(status_code=400)
        if not self._verified(request, body):
            return Response(status_code=500 if self._has("fails_on_bad_signature") else 401)
        event = json.loads(body)
        if self._has("strict_members") and set(event) - {"id", "type", "data"}:
            return Response(status_code=422)
        if event["type"] not in RANKS:
            return Response(status_code=500 if self._has("unknown_type_fails") else 200)
        delivery = request.headers["webhook-id"]
        if delivery in self.seen and not self._has("no_dedupe"):
            return Response(status_code=409 if self._has("conflict_on_duplicate") else 200)
        if self._has("check_then_act"):
            await asyncio.sleep(0.01)
        if self._has("marks_before_done"):
            self.seen.add(delivery)
        if self.fail:
            self.fail = False
            if self._has("acknowledges_first"):
                self.seen.add(delivery)
            return Response(status_code=200 if self._has("acknowledges_first") else 500)
        self.seen.add(delivery)
        self._apply(event)
        return JSONResponse({})

    def _apply(self, event: dict[str, Any]) -> None:
        unique, kind = event["data"]["reference"], event["type"]
        before = self.states.get(unique, "")
        if self._has("drops_early") and kind == "invoice.paid" and not before:
            return
        self.effects[unique] = self.effects.get(unique, 0) + 1
        if RANKS[kind] > RANKS.get(before, 0) or self._has("turns_back"):
            self.states[unique] = kind

    def _verified(self, request: Request, body: bytes) -> bool:
        if self._has("no_verification"):
            return True
        headers = request.headers
        names = ("webhook-id", "webhook-timestamp", "webhook-signature")
        if self._has("signature_optional") and "webhook-signature" not in headers:
            headers = {"webhook-id": "", **headers}  # type: ignore[assignment]
            request.scope["headers"].append((b"webhook-id", b"?"))
            return True
        if any(name not in headers for name in names):
            return False
        late = int(time.time()) - int(headers["webhook-timestamp"])
        if not self._has("no_window") and (late > 300 or (late < -300 and not self._has("window_only_back"))):
            return False
        signed = json.dumps(json.loads(body)).encode() if self._has("verifies_parsed") else body
        delivery = "" if self._has("ignores_the_id") else headers["webhook-id"]
        return self._fits(headers["webhook-signature"].split(), delivery, headers, signed)

    def _fits(self, carried: list[str], delivery: str, headers: Any, body: bytes) -> bool:
        secrets = (SECRET,) if self._has("no_rotation") else (SECRET, NEXT_SECRET)
        if self._has("first_signature_only"):
            carried = carried[:1]
        if self._has("ignores_the_id"):  # it trusts any id as long as the body is one it knows the signature of
            return self._any_id(carried, headers, body)
        return any(self._signature(secret, delivery, headers, body) in carried for secret in secrets)

    def _any_id(self, carried: list[str], headers: Any, body: bytes) -> bool:
        number = int(headers["webhook-id"].rpartition("t")[2] or 0) if "t" in headers["webhook-id"] else 0
        ids = [f"evt_t{other}" for other in range(max(0, number - 3), number + 3)]
        ids.append(headers["webhook-id"])
        return any(self._signature(SECRET, each, headers, body) in carried for each in ids)

    def _signature(self, secret: str, delivery: str, headers: Any, body: bytes) -> str:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        text = f"{delivery}.{headers['webhook-timestamp']}.".encode() + body
        return "v1," + base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()

    async def _fail_once(self, request: Request) -> Response:
        self.fail = True
        return JSONResponse({})

    async def _show(self, request: Request) -> Response:
        unique = request.path_params["unique"]
        return JSONResponse({"count": self.effects.get(unique, 0), "state": self.states.get(unique, "")})
