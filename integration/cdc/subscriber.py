"""The subscriber: one connection to the CRM's stream, for as long as the process lives.

An event is stored by the intake before its place is kept, so a crash in between brings it once more, and the inbox
knows it. When the server no longer has our place, or we never had one, a sweep asks for what was told meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec

from domain.http import Reply, Request
from integration.cdc.bayeux import CONNECT, NEW_ONLY, Bayeux, Heard, Told, Unauthorised
from integration.cdc.changes import changes_of, is_overflow, request_of
from integration.drivers.wire import Wire
from integration.lanes import request_of as http_request
from integration.outcomes import Answer, Failed, Unknown
from integration.system import System

_LOG = logging.getLogger("q2c.integration.changes")
TARGET = "/cometd/62.0"
HELD_SECONDS = 130
"""The server holds a connect for about 110 seconds."""
TIMEOUT_SECONDS = 30
PAUSE_LONGEST_SECONDS = 60.0
_answers = msgspec.json.Decoder(list[dict[str, Any]])
_encode = msgspec.json.Encoder().encode
_JSON = {"content-type": "application/json"}


class Keeper(Protocol):
    """What the subscriber needs of its process."""

    def place(self, channel: str) -> int:
        """Return the replay id of the last event of a channel that was stored; -1 when there has been none."""

    def keep_place(self, channel: str, replay_id: int) -> bool:
        """Make a place durable; False when that cannot be done now."""

    def take(self, request: Request) -> bool:
        """Store what a request for the intake says; False when that cannot be done now."""

    def sweep(self) -> None:
        """Ask for what events may have been lost."""

    def now_us(self) -> int: ...


class _Broken(Exception):
    """The stream is interrupted; the text says why."""


class Subscriber:
    """Listens to channels. `state` says how it is doing, for people."""

    def __init__(self, wire: Wire, system: System, channels: tuple[str, ...], keeper: Keeper) -> None:
        assert system.token is not None, "streaming needs a session"
        self._wire, self._system, self._keeper = wire, system, keeper
        self._token = system.token
        self._headers: Mapping[str, str] = {}
        self._channels = channels
        self._bayeux = Bayeux(dict.fromkeys(channels, NEW_ONLY))
        self._swept: set[str] = set()
        self._failures = 0
        self.state = "connecting"
        self.sleep: Callable[[float], Any] = asyncio.sleep

    async def run(self, ending: asyncio.Event | None = None) -> None:
        """Listen until an event is set, or the task is cancelled."""
        if ending is None:
            await self._keep_on()
            return
        listening, over = asyncio.ensure_future(self._keep_on()), asyncio.ensure_future(ending.wait())
        try:
            await asyncio.wait((listening, over), return_when=asyncio.FIRST_COMPLETED)
        finally:
            over.cancel()
            listening.cancel()
            ended, _ = await asyncio.gather(listening, over, return_exceptions=True)
        if isinstance(ended, Exception):  # what nobody expected must be heard of: whoever runs us starts us again
            raise ended

    async def _keep_on(self) -> None:
        while True:
            try:
                places = {channel: self._keeper.place(channel) for channel in self._channels}
                self._swept = {channel for channel, place in places.items() if place == NEW_ONLY}
                self._bayeux = Bayeux(places)
                await self._listen()
            except (_Broken, Unauthorised) as trouble:
                if isinstance(trouble, Unauthorised):
                    self._headers = {}
                self.state = f"interrupted: {trouble}"
                pause_seconds = min(PAUSE_LONGEST_SECONDS, 0.5 * 2.0 ** min(self._failures, 10))
                self._failures += 1
                _LOG.warning("the stream of changes is interrupted: %s; again in %g s", trouble, pause_seconds)
                await self.sleep(pause_seconds)

    async def _listen(self) -> None:
        """Converse until something breaks."""
        while True:
            heard = await self._turn()
            self._take(heard)
            if heard.gaps:
                self._swept.update(heard.gaps)
                _LOG.warning("events of %s are lost: %s; a sweep asks for them", ", ".join(heard.gaps), heard.trouble)
            elif heard.trouble:
                raise _Broken(heard.trouble)
            if self._bayeux.stage == CONNECT:
                self._hears()
                if self._swept:  # now that we hear what is new, nothing can fall between sweep and stream
                    self._swept = set()
                    self._keeper.sweep()
            if heard.pause_seconds:
                await self.sleep(min(heard.pause_seconds, PAUSE_LONGEST_SECONDS))

    def _hears(self) -> None:
        """From here on the CRM keeps for us what it tells; whoever reads the log wants to know since when."""
        if self.state != "listening":
            _LOG.info("listening to %s", ", ".join(self._channels))
        self.state, self._failures = "listening", 0

    async def _turn(self) -> Heard:
        """Send what is to be sent next, and return what the answer brought."""
        if not self._headers:
            self._headers = await self._signed_in()
        seconds = HELD_SECONDS if self._bayeux.stage == CONNECT else TIMEOUT_SECONDS
        body = _encode(self._bayeux.request())
        reply = await self._wire.exchange(Request("crm", "POST", TARGET, {**_JSON, **self._headers}, body), seconds)
        if not isinstance(reply, Reply):
            raise _Broken(_said(reply))
        if reply.status == 401:
            raise Unauthorised("the session has ended")
        if reply.status != 200:
            raise _Broken(f"status {reply.status}")
        try:
            return self._bayeux.take(_answers.decode(reply.body))
        except (TypeError, ValueError, AttributeError) as wrong:
            raise _Broken(f"not an answer of this protocol: {wrong}") from wrong

    def _take(self, heard: Heard) -> None:
        """Store events, then keep their places."""
        moved: dict[str, int] = {}
        for event in heard.events:
            self._store(event)
            self._bayeux.dealt_with(event)
            moved[event.channel] = self._bayeux.places.get(event.channel, 0)
        for channel, replay_id in moved.items():
            if replay_id > 0 and not self._keeper.keep_place(channel, replay_id):
                raise _Broken("the journal cannot be written now")

    def _store(self, event: Told) -> None:
        if is_overflow(event):
            self._keeper.sweep()
        changes = changes_of(event)
        if changes and not self._keeper.take(request_of(changes)):
            raise _Broken("the journal cannot be written now")

    async def _signed_in(self) -> Mapping[str, str]:
        call = self._token.call(self._keeper.now_us())
        result = await self._wire.exchange(http_request(call, {}), call.timeout_seconds)
        if not isinstance(result, Reply):
            raise _Broken(_said(result))
        outcome = self._system.classify(call, result, self._keeper.now_us())
        if not isinstance(outcome, Answer):
            raise _Broken(f"the CRM refuses to sign us in: {_said(outcome)}")
        return self._token.read(outcome).headers


def _said(trouble: Failed | Unknown) -> str:
    return trouble.detail or trouble.kind if isinstance(trouble, Failed) else trouble.reason
