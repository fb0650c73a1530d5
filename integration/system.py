"""What the core must know of a system of record: how to read its replies, how to sign in, how to ask whether it lives.

The adapters (`integration/systems/`) make one `System` each; the engine holds them in a table by name. Secrets live
here and in the token cache only: neither a journal nor a history ever holds one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime

import msgspec

from domain.http import Reply
from integration.effects import Call
from integration.outcomes import Answer, Failed, Unknown

Classify = Callable[[Call, Reply, int], "Answer | Failed | Unknown"]
"""Maps a reply that arrived at an instant (microseconds) to an outcome; vendor codes decide, then the status."""

_ERROR_FIRST = re.compile(rb'\s*\{\s*"error"\s*:').match
_REPLAY_MARKS = ("idempotent-replayed", "chargebee-idempotency-replayed")


def never(_reply: Reply) -> bool:
    """Tell that no reply of success is denied by its body."""
    return False


def classify(call: Call, reply: Reply, at_us: int) -> Answer | Failed | Unknown:
    """Return the outcome a status stands for when the vendor says nothing more precise.

    A 5xx on a write may have come after the commit, so it is unknown; only 503 promises that nothing was done.
    """
    status = reply.status
    if 200 <= status < 300:
        return Answer(status, reply.body, at_us)
    pause = retry_after_seconds(reply, at_us)
    if status >= 500 and status != 503 and call.write:
        replayed = any(reply.headers.get(mark) == "true" for mark in _REPLAY_MARKS)
        return Unknown(f"status {status}", status, replayed, pause, at_us)
    return Failed(_kind(status), status, "", "", pause, reply.body, at_us)


def classifier(sharpen: Callable[[Failed], Failed], is_denied: Callable[[Reply], object] = never) -> Classify:
    """Return a classification in which a vendor's own codes say more about a failure than its status does.

    `is_denied` tells a reply with a status of success whose body says that it is none: what became of it is unknown.
    """

    def classified(call: Call, reply: Reply, at_us: int) -> Answer | Failed | Unknown:
        if 200 <= reply.status < 300:
            if is_denied(reply):
                return _denied(call, reply, at_us)
            return Answer(reply.status, reply.body, at_us)
        outcome = classify(call, reply, at_us)
        return sharpen(outcome) if type(outcome) is Failed else outcome

    return classified


def _denied(call: Call, reply: Reply, at_us: int) -> Failed | Unknown:
    """Return the outcome of a success that its body denies; for a write nobody knows what it did."""
    if call.write:
        return Unknown(f"status {reply.status} with an error or a promise", reply.status, at_us=at_us)
    return Failed("server_error", reply.status, "", "an error in a reply of success", body=reply.body, at_us=at_us)


def begins_with_error(reply: Reply) -> object:
    """Tell whether a body is an object whose first member is an error."""
    return _ERROR_FIRST(reply.body)


def _kind(status: int) -> str:
    if status == 429:
        return "throttled"
    if status >= 500 or status == 408:
        return "unavailable" if status == 503 else "server_error"
    return "unauthenticated" if status == 401 else "rejected"


def retry_after_seconds(reply: Reply, at_us: int) -> int:
    """Return how many seconds from an instant on the Retry-After of a reply lasts; -1 when it has none, or is over.

    It may be a number of seconds or a date (RFC 9110, 10.2.3); a date is told by the sender's own clock if it says it.
    """
    text = reply.headers.get("retry-after", "").strip()
    if not text or text.isdecimal():
        return int(text) if text else -1
    until_us = _instant_us(text)
    if not until_us:
        return -1
    pause_us = until_us - (_instant_us(reply.headers.get("date", "")) or at_us)
    return -(-pause_us // 1_000_000) if pause_us > 0 else -1


def _instant_us(text: str) -> int:
    """Return the instant of an HTTP date, which is always in GMT; 0 when it is none."""
    try:
        return int(parsedate_to_datetime(text).replace(tzinfo=UTC).timestamp()) * 1_000_000
    except ValueError:
        return 0


class Token(msgspec.Struct, frozen=True):
    """An access token, as the headers that carry it, and how long it lives from now on."""

    headers: dict[str, str]
    lives_seconds: int


class TokenSource(msgspec.Struct, frozen=True):
    """How to get an access token: the call that asks for one at an instant, and how to read its answer."""

    call: Callable[[int], Call]
    read: Callable[[Answer], Token]


class System(msgspec.Struct, frozen=True):
    """One system of record. Give `headers` (a fixed key), `credentials` (a key that may be rotated) or `token` (OAuth).

    `credentials` returns the headers of the key that is valid now; it is asked before every call and must be quick.

    `ping` is a harmless read: the probe of an open breaker. Without one the first waiting call is the probe.
    """

    name: str
    classify: Classify = classify
    headers: dict[str, str] = {}
    credentials: Callable[[], dict[str, str]] | None = None
    token: TokenSource | None = None
    ping: Call | None = None
