"""Bayeux by long polling, seen from the subscriber: what to send next, and what an answer means. No connection here.

Handshake, then one subscription per channel with the place to go on from, then connects that the server holds until
there is something to tell. Events may come with the answer to anything. A server that has forgotten us says so
(`reconnect: handshake`): everything begins again, from the places we know. A place that the server no longer has is a
gap: we go on with new events, and somebody has to ask for what was lost in between.

Source: the CometD reference and the vendor's public documentation of its streaming API.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

VERSION = "1.0"
NEW_ONLY = -1
HANDSHAKE, SUBSCRIBE, CONNECT = "handshake", "subscribe", "connect"
"""What is to be sent next."""


class Unauthorised(Exception):
    """The server refuses our token."""


class Told(msgspec.Struct, frozen=True):
    """An event: its channel, its replay id (0 when it has none), and what it says."""

    channel: str
    replay_id: int
    content: Mapping[str, Any]


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer brought: events in order, channels whose place is gone, and how long to wait before going on.

    `trouble` is what the server refused, for people.
    """

    events: tuple[Told, ...] = ()
    gaps: tuple[str, ...] = ()
    pause_seconds: float = 0.0
    trouble: str = ""


class Bayeux:
    """One subscriber. `places` are the replay ids of the last event of each channel that has been dealt with."""

    def __init__(self, places: Mapping[str, int]) -> None:
        self.places = dict(places)
        self.stage = HANDSHAKE
        self._client = ""
        self._number = 0
        self._open: list[str] = []
        self._fresh = False

    def begin(self) -> None:
        """Start over: the connection, or the place in it, is lost."""
        self.stage, self._client = HANDSHAKE, ""

    def request(self) -> list[dict[str, Any]]:
        """Return the messages to send now."""
        if self.stage == HANDSHAKE:
            said = {"version": VERSION, "minimumVersion": VERSION, "supportedConnectionTypes": ["long-polling"]}
            return [self._message("/meta/handshake", **said, ext={"replay": True})]
        if self.stage == SUBSCRIBE:
            return [self._subscription(channel) for channel in self._open]
        advice = {"advice": {"timeout": 0}} if self._fresh else {}
        return [self._message("/meta/connect", clientId=self._client, connectionType="long-polling", **advice)]

    def take(self, answers: Sequence[Mapping[str, Any]]) -> Heard:
        """Take an answer in; raise Unauthorised when our token is refused."""
        events: list[Told] = []
        heard = Heard()
        for answer in answers:
            channel = str(answer.get("channel", ""))
            if not channel.startswith("/meta/"):
                events.append(_event(channel, answer))
                continue
            found = self._meta(channel, answer)
            heard = Heard(
                gaps=(*heard.gaps, *found.gaps),
                pause_seconds=max(heard.pause_seconds, found.pause_seconds),
                trouble=heard.trouble or found.trouble,
            )
        return msgspec.structs.replace(heard, events=tuple(events))

    def dealt_with(self, event: Told) -> None:
        """Remember the place behind an event."""
        if event.replay_id > self.places.get(event.channel, NEW_ONLY):
            self.places[event.channel] = event.replay_id

    # --- inside

    def _message(self, channel: str, **said: Any) -> dict[str, Any]:
        self._number += 1
        return {"channel": channel, "id": str(self._number), **said}

    def _subscription(self, channel: str) -> dict[str, Any]:
        place = {"replay": {channel: self.places[channel]}}
        return self._message("/meta/subscribe", clientId=self._client, subscription=channel, ext=place)

    def _meta(self, channel: str, answer: Mapping[str, Any]) -> Heard:
        good, trouble = bool(answer.get("successful")), str(answer.get("error", ""))
        pause_seconds, reconnect = _advice(answer)
        if not good and _is_unauthorised(answer, trouble):
            self.begin()
            raise Unauthorised(trouble)
        if channel == "/meta/subscribe":
            return self._subscribed(good, answer, trouble, pause_seconds)
        if channel == "/meta/handshake" and good:
            self._client, self.stage, self._fresh = str(answer.get("clientId", "")), SUBSCRIBE, True
            self._open = list(self.places)
        elif channel == "/meta/connect" and good:
            self._fresh = False
        elif not good:
            if reconnect != "retry":
                self.begin()
            return Heard(trouble=trouble or "refused", pause_seconds=pause_seconds)
        return Heard(pause_seconds=pause_seconds)

    def _subscribed(self, good: bool, answer: Mapping[str, Any], trouble: str, pause_seconds: float) -> Heard:
        named = str(answer.get("subscription", ""))
        if good:
            self._open = [channel for channel in self._open if channel != named]
            if not self._open:
                self.stage = CONNECT
            return Heard(pause_seconds=pause_seconds)
        if trouble.startswith("403"):
            self.begin()
            return Heard(trouble=trouble, pause_seconds=pause_seconds)
        if self.places.get(named, NEW_ONLY) != NEW_ONLY:
            self.places[named] = NEW_ONLY  # the place is gone: go on with what is new
            return Heard(gaps=(named,), trouble=trouble)
        self.begin()
        return Heard(trouble=trouble or f"cannot subscribe to {named}", pause_seconds=max(pause_seconds, 1.0))


def _event(channel: str, answer: Mapping[str, Any]) -> Told:
    content = answer.get("data") or {}
    told = content.get("event") or {}
    replay_id = told.get("replayId", 0)
    return Told(channel, replay_id if isinstance(replay_id, int) else 0, content)


def _advice(answer: Mapping[str, Any]) -> tuple[float, str]:
    advice = answer.get("advice") or {}
    return float(advice.get("interval", 0)) / 1000, str(advice.get("reconnect", "retry"))


def _is_unauthorised(answer: Mapping[str, Any], trouble: str) -> bool:
    extension = answer.get("ext") or {}
    reason = str((extension.get("sfdc") or {}).get("failureReason", ""))
    return trouble.startswith("401") or reason.startswith("401")
