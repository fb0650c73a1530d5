"""A small shop around one middleware. It runs in that middleware's own environment and imports nothing of ours.

    python shop.py asgi-idempotency-header|fastapi-idempotency|fastapi-idempotency-key

It takes orders and invoices, counts them, and fails when it is told to. A caller that hangs up ends its request, as
behind a server or a timeout that cancels; uvicorn alone would let it go on. It prints its port and serves until then.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from typing import Any

import uvicorn
from fastapi import FastAPI, HTTPException, Request

WORK_SECONDS = 0.01


class Shop:
    """What was ordered, and what fails next."""

    def __init__(self) -> None:
        self.orders: list[dict[str, Any]] = []
        self.invoices: list[dict[str, Any]] = []
        self.fails: list[str] = []

    async def order(self, body: dict[str, Any]) -> dict[str, Any]:
        await asyncio.sleep(WORK_SECONDS)
        if not body.get("lines"):
            raise HTTPException(422, "an order has lines")
        when = self.fails.pop() if self.fails else ""
        if when == "before":
            raise HTTPException(503, "try again")
        order = {"id": f"O-{len(self.orders) + 1}", **body}
        self.orders.append(order)
        if when == "after":
            raise HTTPException(503, "try again")
        return order


def application(middleware: str) -> Any:
    """Return the application with the middleware around it, set up as its own description says."""
    app, shop = FastAPI(), Shop()

    @app.post("/orders", status_code=201)
    async def order(body: dict[str, Any]) -> dict[str, Any]:
        return await shop.order(body)

    @app.post("/invoices", status_code=201)
    async def invoice(body: dict[str, Any]) -> dict[str, Any]:
        shop.invoices.append(body)
        return {"id": f"I-{len(shop.invoices)}"}

    @app.get("/orders")
    async def orders(reference: str) -> list[dict[str, Any]]:
        return [each for each in shop.orders if each.get("reference") == reference]

    outer = FastAPI()

    @outer.post("/control/{when}")
    async def control(when: str, _request: Request) -> dict[str, Any]:
        shop.fails.append(when)
        return {}

    added(app, middleware)
    outer.mount("/", ended_with_its_caller(app))
    return outer


def added(app: FastAPI, middleware: str) -> None:
    """Add the middleware."""
    if middleware == "asgi-idempotency-header":
        from idempotency_header_middleware import IdempotencyHeaderMiddleware
        from idempotency_header_middleware.backends import MemoryBackend

        app.add_middleware(IdempotencyHeaderMiddleware, backend=MemoryBackend())
    elif middleware == "fastapi-idempotency":
        from fastapi_idempotency import IdempotencyMiddleware

        app.add_middleware(IdempotencyMiddleware)
    elif middleware == "fastapi-idempotency-key":
        from fastapi_idempotency_key import IdempotencyMiddleware as Middleware
        from fastapi_idempotency_key import MemoryBackend as Memory

        app.add_middleware(Middleware, backend=Memory())
    else:
        raise SystemExit(f"no middleware is called {middleware!r}")


def ended_with_its_caller(app: Any) -> Any:
    """Return an application whose requests are cancelled when their caller hangs up."""

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        messages: asyncio.Queue[Any] = asyncio.Queue()
        work = asyncio.create_task(app(scope, messages.get, send))

        async def listen() -> None:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    work.cancel()
                    return
                await messages.put(message)

        listener = asyncio.create_task(listen())
        try:
            await asyncio.wait([work, listener], return_when=asyncio.FIRST_COMPLETED)
            with contextlib.suppress(asyncio.CancelledError):
                await work
        finally:
            listener.cancel()

    return serve


if __name__ == "__main__":
    end = socket.socket()
    end.bind(("127.0.0.1", 0))
    end.listen(128)  # whoever reads the port may come at once
    print(end.getsockname()[1], flush=True)
    config = uvicorn.Config(application(sys.argv[1]), lifespan="off", log_level="critical", access_log=False)
    uvicorn.Server(config).run(sockets=[end])
