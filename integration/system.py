"""What the core must know of a system of record: how to read its replies, how to sign in, how to ask whether it lives.

The adapters (`integration/systems/`) make one `System` each; the engine holds them in a table by name. Secrets live
here and in the token cache only: neither a journal nor a history ever holds one.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from domain.http import Reply
from integration.effects import Call
from integration.outcomes import Answer, Failed, Unknown

Classify = Callable[[Call, Reply, int], "Answer | Failed | Unknown"]
"""Maps a reply that arrived at an instant (microseconds) to an outcome; vendor codes decide, then the status."""

_REPLAY_MARKS = ("idempotent-replayed", "chargebee-idempotency-replayed")


def classify(call: Call, reply: Reply, at_us: int) -> Answer | Failed | Unknown:
    """Return the outcome a status stands for when the vendor says nothing more precise.

    A 5xx on a write may have come after the commit, so it is unknown; only 503 promises that nothing was done.
    """
    status = reply.status
    if 200 <= status < 300:
        return Answer(status, reply.body, at_us)
    pause = retry_after_seconds(reply)
    if status >= 500 and status != 503 and call.write:
        replayed = any(reply.headers.get(mark) == "true" for mark in _REPLAY_MARKS)
        return Unknown(f"status {status}", status, replayed, pause, at_us)
    return Failed(_kind(status), status, "", "", pause, reply.body, at_us)


def classifier(sharpen: Callable[[Failed], Failed]) -> Classify:
    """Return a classification in which a vendor's own codes say more about a failure than its status does."""

    def classified(call: Call, reply: Reply, at_us: int) -> Answer | Failed | Unknown:
        if 200 <= reply.status < 300:
            return Answer(reply.status, reply.body, at_us)
        outcome = classify(call, reply, at_us)
        return sharpen(outcome) if type(outcome) is Failed else outcome

    return classified


def _kind(status: int) -> str:
    if status == 429:
        return "throttled"
    if status >= 500 or status == 408:
        return "unavailable" if status == 503 else "server_error"
    return "unauthenticated" if status == 401 else "rejected"


def retry_after_seconds(reply: Reply) -> int:
    """Return the Retry-After of a reply in seconds; -1 when it has none, or none in seconds."""
    text = reply.headers.get("retry-after", "").strip()
    return int(text) if text.isdecimal() else -1


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
