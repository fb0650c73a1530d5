"""Streaming: the Bayeux protocol by long polling, without a connection of its own.

A connect answers at once with what is due. When nothing is, its reply asks the door to hold it (`x-q2c-hold-seconds`);
a door that cannot simply lets the client come again. Source: the vendor's public documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mocks.crm import ids
from mocks.crm.events import ALL_CHANGES, Event, Events, channel_of
from mocks.crm.schema import Schema
from mocks.kernel.desk import Desk

HOLD_SECONDS = 110
_IDLE_US = 180 * 1_000_000
_MESSAGES_MAX = 100
_NEW_ONLY, _ALL = -1, -2
_BAD_REPLAY = "400::The replayId you provided was invalid. Provide a valid ID, -2 for all or -1 for new events."
_AGAIN = {"reconnect": "retry", "interval": 0, "timeout": HOLD_SECONDS * 1000}
_ANEW = {"reconnect": "handshake", "interval": 0}


class _Client:
    """One subscriber: the channels it listens to, each with the replay id of the last event it was given."""

    def __init__(self, now_us: int) -> None:
        self.seen_us = now_us
        self.channels: dict[str, int] = {}


class Streaming:
    """The subscribers of an organisation."""

    def __init__(self, desk: Desk, schema: Schema, events: Events) -> None:
        self._desk = desk
        self._events = events
        self._clients: dict[str, _Client] = {}
        self._channels = {channel_of(of) for of in schema.objects} | {ALL_CHANGES}

    def answer(self, messages: list[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], bool]:
        """Return the answers to some messages, and whether nothing was due, so that the reply may wait."""
        answers: list[dict[str, Any]] = []
        may_wait = False
        for message in messages[:_MESSAGES_MAX]:
            kind = _META.get(str(message.get("channel")))
            if kind is None:
                answers.append(_refused(message, "403::This channel takes no messages of clients"))
                continue
            events = self._due(message) if kind is Streaming._connect else []
            answer = kind(self, message)
            answers += [*events, answer]
            may_wait = kind is Streaming._connect and bool(answer["successful"]) and not events and _has_time(message)
        return answers, may_wait and len(answers) == 1

    # --- meta channels ----------------------------------------------------------------------------------------------

    def _handshake(self, message: Mapping[str, Any]) -> dict[str, Any]:
        now_us = self._desk.now_us
        self._clients = {key: each for key, each in self._clients.items() if now_us - each.seen_us <= _IDLE_US}
        key = ids.record_id("0cd", self._desk.next("client"))[3:15].rjust(24, "q")
        self._clients[key] = _Client(now_us)
        return _answered(
            message,
            version="1.0",
            minimumVersion="1.0",
            clientId=key,
            supportedConnectionTypes=["long-polling"],
            ext={"replay": True, "payload.format": True},
            advice=_AGAIN,
        )

    def _connect(self, message: Mapping[str, Any]) -> dict[str, Any]:
        if self._client(message) is None:
            return _unknown(message)
        return _answered(message, clientId=message["clientId"], advice=_AGAIN)

    def _subscribe(self, message: Mapping[str, Any]) -> dict[str, Any]:
        client = self._client(message)
        if client is None:
            return _unknown(message)
        named = message.get("subscription")
        for channel in named if isinstance(named, list) else [named]:
            if str(channel) not in self._channels:
                words = f"400::The channel you requested to subscribe to does not exist {{{channel}}}"
                return _refused(message, words, subscription=named)
            start = self._start(message, str(channel))
            if start is None:
                return _refused(message, _BAD_REPLAY, subscription=named)
            client.channels[str(channel)] = start
        return _answered(message, clientId=message["clientId"], subscription=named)

    def _start(self, message: Mapping[str, Any], channel: str) -> int | None:
        """Return the replay id after which a subscription listens, None for one that cannot be served."""
        extension = message.get("ext")
        replay = extension.get("replay") if isinstance(extension, Mapping) else None
        wanted = replay.get(channel, _NEW_ONLY) if isinstance(replay, Mapping) else _NEW_ONLY
        newest = self._events.newest_id()
        if wanted == _NEW_ONLY:
            return newest
        if wanted == _ALL:
            return 0
        if not isinstance(wanted, int) or not self._events.oldest_id() - 1 <= wanted <= newest:
            return None
        return wanted

    def _unsubscribe(self, message: Mapping[str, Any]) -> dict[str, Any]:
        client = self._client(message)
        if client is None:
            return _unknown(message)
        client.channels.pop(str(message.get("subscription")), None)
        return _answered(message, clientId=message["clientId"], subscription=message.get("subscription"))

    def _disconnect(self, message: Mapping[str, Any]) -> dict[str, Any]:
        if self._client(message) is None:
            return _unknown(message)
        del self._clients[str(message["clientId"])]
        return _answered(message, clientId=message["clientId"])

    # --- events -----------------------------------------------------------------------------------------------------

    def _client(self, message: Mapping[str, Any]) -> _Client | None:
        client = self._clients.get(str(message.get("clientId")))
        now_us = self._desk.now_us
        if client is None or now_us - client.seen_us > _IDLE_US:
            return None
        client.seen_us = now_us
        return client

    def _due(self, message: Mapping[str, Any]) -> list[dict[str, Any]]:
        client = self._client(message)
        if client is None:
            return []
        due: list[tuple[Event, str]] = []
        for channel, position in client.channels.items():
            events = self._events.since(channel, position)
            if events:
                client.channels[channel] = events[-1].replay_id
                due += [(event, channel) for event in events]
        due.sort(key=lambda pair: pair[0].replay_id)
        return [{"channel": channel, "data": event.content} for event, channel in due]


_META = {
    "/meta/handshake": Streaming._handshake,
    "/meta/connect": Streaming._connect,
    "/meta/subscribe": Streaming._subscribe,
    "/meta/unsubscribe": Streaming._unsubscribe,
    "/meta/disconnect": Streaming._disconnect,
}


def _answered(message: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    named = {"id": message["id"]} if "id" in message else {}
    return {"channel": message["channel"], **named, "successful": True, **more}


def _refused(message: Mapping[str, Any], error: str, **more: Any) -> dict[str, Any]:
    named = {"id": message["id"]} if "id" in message else {}
    return {"channel": message.get("channel"), **named, "successful": False, "error": error, **more}


def _unknown(message: Mapping[str, Any]) -> dict[str, Any]:
    return _refused(message, "403::Unknown client", advice=_ANEW)


def _has_time(message: Mapping[str, Any]) -> bool:
    """Tell whether a client waits: its own advice of no time (the first connect) asks for an answer at once."""
    advice = message.get("advice")
    return not (isinstance(advice, Mapping) and advice.get("timeout") == 0)
