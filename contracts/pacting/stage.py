"""The stage: the mocks on a clock that stands still, with people who act and the integration's own calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, date, datetime
from typing import Any, TypeVar

import msgspec

from domain.acts import Act
from domain.draws import Draws
from domain.faults import Fault
from domain.http import Reply, Request
from integration.effects import Call
from integration.flows.catalogue import SYSTEMS
from integration.outcomes import Answer, Failed, Unknown
from integration.systems import erp
from mocks.billing.quirks import SHEET_TOPICS
from mocks.billing.quirks import Quirks as BillingQuirks
from mocks.crm.quirks import Quirks as CrmQuirks
from mocks.doors.clock import Clock
from mocks.doors.live import LiveWorld
from mocks.erp import SECOND
from mocks.kernel.vendor import build

R = TypeVar("R")
TODAY = date(2026, 12, 1)
OPENS_US = int(datetime(2026, 12, 1, 15, tzinfo=UTC).timestamp()) * 1_000_000
_BILLING = BillingQuirks(topics=SHEET_TOPICS | {"subscription_resumed"})
"""The endpoint is subscribed to what the integration has a route for, as it would be in a site of its own."""
_CRM = CrmQuirks(page_size=2)
"""Pages of two records, so that three make a second one."""
ADAPTERS = {system.name: system for system in (*SYSTEMS, erp.SECOND)}
DOORS: Mapping[str, str] = {erp.SECOND.name: "erp"}
"""Behind which door a system stands here, when not behind its own: the second ERP takes the place of the first."""


class Unset(Exception):
    """A state could not be made; the message says which request was answered how."""


class Stage:
    """One world that is set up anew for every scene, at the same instant, so that it gives the same ids each time."""

    def __init__(self) -> None:
        self.world = LiveWorld(1, clock=_still(), quirks={"billing": _BILLING, "crm": _CRM})
        self._wait: Callable[[Coroutine[Any, Any, Any]], Any] = asyncio.run
        self._headers: dict[str, dict[str, str]] = {}
        self._books = "erp"

    def goes_live(self) -> None:
        """Be called from the event loop that serves the world from now on, and never wait there."""
        self._wait = _at_once

    def begins(self, provider: str = "") -> None:
        """Forget everything that happened; when the provider is the second ERP, that one keeps the books."""
        self._headers.clear()
        self.world.clock = _still()
        self.world.reset()
        self._books = provider if provider in DOORS else "erp"
        if self._books != "erp":
            world = self.world.world
            second = build(SECOND, Draws(1), _forgotten, world.plan)
            world.services |= {"erp": second, self._books: second}
        self.world.plan([])

    def act(self, system: str, action: str, txn: str = "", **arguments: Any) -> None:
        """Let somebody do something in a system now."""
        now_us = self.world.clock.now_us()
        self.world.act(Act(at_us=now_us, system=system, action=action, arguments=arguments, txn=txn))
        self.world.tick()

    def later(self, seconds: float) -> None:
        """Let time pass; the systems do what they mean to do."""
        self._wait(self.world.advance(seconds))

    def fault(self, kind: str, system: str, **more: Any) -> None:
        """Let a fault strike from now on."""
        self.world.plan([Fault(kind=kind, system=self._books if system == "erp" else system, **more)])

    def authorization(self, system: str) -> dict[str, str]:
        """Return the headers that let the integration in, signing in when it has not yet."""
        adapter = ADAPTERS[system]
        if adapter.token is None:
            return adapter.headers
        door = DOORS.get(system, system)
        if door not in self._headers:
            signing_in = adapter.token.call(self.world.clock.now_us())
            reply = self.sent(signing_in, {})
            outcome = adapter.classify(signing_in, reply, 0)
            if not isinstance(outcome, Answer):
                raise Unset(f"{system}: signing in was answered {reply.status}: {reply.body[:300]!r}")
            self._headers[door] = adapter.token.read(outcome).headers
        return self._headers[door]

    def sent(self, call: Call, headers: dict[str, str] | None = None) -> Reply:
        """Send a call as the driver does; return the reply."""
        known = self.authorization(call.system) if headers is None else headers
        door = DOORS.get(call.system, call.system)
        request = Request(door, call.method, call.target, wire_headers(call, known), call.body)
        reply: Reply = self.world.handle(door, request).reply
        self.world.tick()
        return reply

    def outcome(self, call: Call) -> Answer | Failed | Unknown:
        """Send a call; return what the adapter makes of the reply."""
        return ADAPTERS[call.system].classify(call, self.sent(call), self.world.clock.now_us())

    def does(self, call: Call, read: Callable[[Answer], R]) -> R:
        """Send a call that must be answered; return what its reader reads."""
        return read(self.answered(call))

    def answered(self, call: Call) -> Answer:
        """Send a call that must be answered; raise Unset when it is refused."""
        outcome = self.outcome(call)
        if not isinstance(outcome, Answer):
            said = outcome.body[:300] if isinstance(outcome, Failed) else outcome.reason
            raise Unset(f"{call.system}: {call.method} {call.target} was answered: {said!r}")
        return outcome


def _forgotten(_record: Any) -> None:
    """Take a record that nobody reads."""


def _still() -> Clock:
    """Return a clock that stands at the opening, to the microsecond."""
    clock = Clock(OPENS_US, wall=lambda: 0)
    clock.freeze()
    return clock


def _at_once(work: Coroutine[Any, Any, R]) -> R:
    """Do what need not wait: nobody listens to the messages of this world, so that none is on its way."""
    try:
        work.send(None)
    except StopIteration as done:
        result: R = done.value
        return result
    work.close()
    raise Unset("time cannot pass while somebody waits for a message")


def wire_headers(call: Call, known: dict[str, str]) -> dict[str, str]:
    """Return the headers of a call on the wire: its own, the system's, and the key where a header carries it."""
    headers = {**known, **call.headers}
    if call.key_header and call.key:
        headers[call.key_header] = call.key
    return headers


def json_of(reply: Reply) -> Any:
    """Return the JSON of a reply, None when it has no body."""
    return msgspec.json.decode(reply.body) if reply.body else None
