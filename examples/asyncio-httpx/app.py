"""Quote to cash with nothing but asyncio, httpx, Starlette and SQLite: each accepted quote is a task of the event loop.

A step that is done is kept in the journal; a step that failed is repeated with pauses, under the same key; what was
under way when the process died goes on where it was. What nobody told us of is swept for.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import random
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
from journal import Journal
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from systems import BILLING_WEBHOOK, Quote, Refused, Systems, verify

PAUSE_SECONDS_MAX, PATIENCE_SECONDS_MAX = 60.0, 900.0
logger = logging.getLogger("quote-to-cash")
Charge = Callable[[Systems, Quote, dict[str, Any]], Awaitable[dict[str, Any]]]


async def charge(systems: Systems, quote: Quote, invoice: dict[str, Any]) -> dict[str, Any]:
    """Charge an invoice: all attempts under one key, so that they are one charge."""
    return await systems.charge(quote, invoice, f"{invoice['id']}/pay/1")


class Integration:
    """The flows under way, and how they hear of things."""

    def __init__(self, journal: Journal, charges: Charge, sweep_seconds: float) -> None:
        self._journal, self._charge, self._sweep_seconds = journal, charges, sweep_seconds
        self._systems = Systems()
        self._flows: set[asyncio.Task[None]] = set()
        self._deliveries: dict[str, asyncio.Event] = {}

    @contextlib.asynccontextmanager
    async def running(self, _app: Starlette) -> AsyncIterator[None]:
        """Go on with what was under way, and sweep until the application ends."""
        for reference, quote_id in self._journal.unfinished():
            self._begin(reference, quote_id)
        sweeping = asyncio.create_task(self._sweep())
        yield
        sweeping.cancel()

    # --- from an accepted quote to cash -----------------------------------------------------------------------------

    def take_up(self, reference: str, quote_id: str) -> None:
        """Begin the flow of a quote version; one that has begun is not begun again."""
        if self._journal.take_up(reference, quote_id):
            self._begin(reference, quote_id)

    def _begin(self, reference: str, quote_id: str) -> None:
        task = asyncio.create_task(self._flow(reference, quote_id), name=reference)
        self._flows.add(task)
        task.add_done_callback(self._flows.discard)

    async def _flow(self, reference: str, quote_id: str) -> None:
        systems = self._systems

        async def step(name: str, work: Callable[[], Awaitable[Any]]) -> Any:
            return await self._once(reference, name, work)

        quote = await step("read", lambda: systems.read_quote(quote_id))
        await step("customer", lambda: systems.ensure_erp_customer(quote))
        number = await step("order", lambda: systems.put_order(quote))
        booked = {"OrderStatus__c": "booked", "OrderNumber__c": number, "Status": "Converted"}
        await step("booked", lambda: systems.mirror(quote, booked))
        await step("delivery", lambda: systems.ask_for_delivery(quote))
        await self._once(reference, "delivered", lambda: self._delivered(reference), within_seconds=None)
        await step("fulfilled", lambda: systems.fulfil_order(quote))
        await step("payer", lambda: systems.ensure_billing_customer(quote))
        drawn = await step("subscription", lambda: systems.ensure_subscription(quote))
        taxes = await step("tax", lambda: systems.commit_tax(quote, drawn))
        invoice = await step("close", lambda: systems.close_invoice(drawn["id"], taxes))
        await step("posting", lambda: systems.put_invoice(quote, invoice, taxes))
        posted = {"InvoiceStatus__c": "posted", "InvoiceBalance__c": invoice["amount_due"] / 100}
        await step("posted", lambda: systems.mirror(quote, {"OrderStatus__c": "fulfilled", **posted}))
        payment = await step("charge", lambda: self._charge(systems, quote, invoice))
        await step("recorded", lambda: systems.record_payment(invoice, payment))
        await step("cash", lambda: systems.put_cash(quote, invoice, payment))
        paid = {"InvoiceStatus__c": "paid", "PaymentStatus__c": "received", "InvoiceBalance__c": 0}
        await step("paid", lambda: systems.mirror(quote, paid))
        self._journal.finish(reference)

    async def _once(
        self, reference: str, name: str, work: Callable[[], Awaitable[Any]], within_seconds: float | None = 30.0
    ) -> Any:
        """Return what came of a step: what was kept of it, or what it brings now, however often it must be tried."""
        is_done, result = self._journal.result(reference, name)
        if is_done:
            return result
        pause = 0.5
        while True:
            try:
                async with asyncio.timeout(within_seconds):
                    result = await work()
                self._journal.keep(reference, name, result)
                return result
            except (httpx.TransportError, TimeoutError, Refused) as trouble:
                if getattr(trouble, "is_final", False):
                    raise
                wait = max(pause, getattr(trouble, "wait_seconds", 0.0))
                logger.warning("%s %s: %r; again in %.1f s", reference, name, trouble, wait)
            await asyncio.sleep(wait * random.uniform(1.0, 1.5))
            pause = min(PAUSE_SECONDS_MAX, pause * 2)

    async def _delivered(self, reference: str) -> None:
        """Return when a delivery is complete: fulfilment tells so, and is asked when nothing is heard."""
        told, patience = self._deliveries.setdefault(reference, asyncio.Event()), 30.0
        while not await self._systems.is_delivered(reference):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await told.wait()
            told.clear()
            patience = min(PATIENCE_SECONDS_MAX, patience * 2)
        del self._deliveries[reference]

    # --- how it hears of things -------------------------------------------------------------------------------------

    async def _sweep(self) -> None:
        """Look for accepted quotes that nobody told us of, and for money that has reached the bank."""
        while True:
            try:
                for quote_id, reference in await self._systems.accepted_quotes():
                    self.take_up(reference, quote_id)
                for payout in await self._systems.paid_out(since=int(time.time()) - 7 * 86_400):
                    await self._once(payout["id"], "entry", lambda payout=payout: self._systems.put_settlement(payout))
            except (httpx.TransportError, Refused) as trouble:
                logger.warning("sweep: %r", trouble)
            await asyncio.sleep(self._sweep_seconds)

    async def heard(self, request: Request) -> Response:
        """Take a message in: store what it begins, then say that we have it; the work is done afterwards."""
        source, body = request.path_params["source"], await request.body()
        try:
            name = _message_id(source, body, request.headers)
        except (PermissionError, KeyError, ValueError, IndexError) as doubt:
            return JSONResponse({"error": str(doubt)}, 401)
        if source == "crm":
            for quote_id, reference in _quotes_in(body.decode()):
                self.take_up(reference, quote_id)
            return Response(_ACK, media_type="text/xml")
        if self._journal.is_news(f"{source}/{name}") and source == "fulfilment":
            event = json.loads(body)
            if event["type"] == "task.completed" and event["task"]["id"] in self._deliveries:
                self._deliveries[event["task"]["id"]].set()
        return JSONResponse({})


def _quotes_in(body: str) -> list[tuple[str, str]]:
    """Return the quotes that an outbound message of the CRM tells of."""
    found = []
    for part in body.split("<Notification>")[1:]:
        fields = dict(re.findall(r"<sf:(\w+)>([^<]*)<", part))
        found.append((fields["Id"], f"{fields['QuoteNumber']}-v{int(float(fields.get('Version__c', 1)))}"))
    return found


def _message_id(source: str, body: bytes, headers: Any) -> str:
    """Return the sender's id of a message; raise when it cannot be believed."""
    if source in ("payment", "fulfilment"):
        verify(source, body, headers.get("stripe-signature" if source == "payment" else "x-signature", ""))
    if source == "billing" and headers.get("authorization") != BILLING_WEBHOOK:
        raise PermissionError("the webhook's user and password are not ours")
    if source == "crm":
        return re.findall(r"<Notification>\s*<Id>([^<]+)<", body.decode())[0]
    return str(json.loads(body)["id"])


_ACK = (
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><notificationsResponse '
    'xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse></soapenv:Body>'
    "</soapenv:Envelope>"
)


async def _health(_request: Request) -> Response:
    return JSONResponse({"status": "ready"})


def create(charges: Charge = charge) -> Starlette:
    """Return the application: `uvicorn --factory app:create` serves it, a rehearsal calls it as it is."""
    logging.basicConfig(format="%(asctime)s %(message)s")
    journal = Journal(os.environ.get("JOURNAL", "integration.db"))
    integration = Integration(journal, charges, float(os.environ.get("SWEEP_SECONDS", "300")))
    routes = [
        Route("/health", _health),
        Route("/webhooks/{source}", integration.heard, methods=["POST"]),
    ]
    return Starlette(routes=routes, lifespan=integration.running)
