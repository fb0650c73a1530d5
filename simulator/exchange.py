"""An exchange: one request on its way over the virtual network, how long its caller waits, and what it learns."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from domain.http import Lost, Reply
from mocks.kernel.agenda import NEVER_US
from mocks.kernel.operations import Call

CONNECT_TIMEOUT_US = 3_000_000
NOBODY = Reply(0)  # the process is down: no connection

Answer = Reply | Lost
Learn = Callable[[Any], None]


class Later:
    """The reply of a receiver that takes its time: whoever has it sets `then`, and is told the reply when it is there.

    It is told None when none will come: the receiver died over it, or the sender lost patience.
    """

    __slots__ = ("then",)

    def __init__(self) -> None:
        self.then: Callable[[Reply | None], None] = _to_nobody


def _to_nobody(_reply: Reply | None) -> None:
    """Tell nobody."""


class Patience(msgspec.Struct, frozen=True, gc=False):
    """How long a caller waits: for an answer to begin, for a connection, and for all of an answer that comes in drops.

    A client that only times each read waits for the last drop, however long it takes.
    """

    answer_us: int
    connect_us: int = CONNECT_TIMEOUT_US
    drops_us: int = NEVER_US


class Exchange:
    """One request on its way: what it is, who carries it out, whom to tell, and the last instants to tell it at.

    `is_misled` when the answer's status says success and its body denies it.
    """

    __slots__ = ("answer", "call", "connect_us", "drops_us", "is_misled", "learn", "patience_us", "peer", "sent_us")

    def __init__(self, peer: Any, call: Call, sent_us: int, patience: int | Patience, learn: Learn | None) -> None:
        self.peer, self.call, self.learn = peer, call, learn
        self.sent_us = sent_us
        if type(patience) is Patience:
            self.patience_us = sent_us + patience.answer_us
            self.connect_us, self.drops_us = sent_us + patience.connect_us, sent_us + patience.drops_us
        else:
            assert type(patience) is int
            self.patience_us = self.drops_us = sent_us + patience
            self.connect_us = min(sent_us + CONNECT_TIMEOUT_US, self.patience_us)
        self.answer: Answer = NOBODY
        self.is_misled = False


def what_was_learned(answer: Answer, now_us: int) -> tuple[int, str, str, int]:
    """Return (status, outcome, reason, Retry-After seconds or -1) of an answer: what the caller knows now."""
    if type(answer) is Lost:
        return 0, "unknown" if answer.sent else "failed", answer.reason, -1
    assert type(answer) is Reply
    status = answer.status
    if status < 300:
        return status, "ok", "", -1
    # A 5xx says nothing about the effect: it may have happened before the failure (a 500 after the commit).
    outcome = "unknown" if status >= 500 and status != 503 else "failed"
    return status, outcome, "", _asked_seconds(answer.headers.get("retry-after", ""), now_us)


def _asked_seconds(text: str, now_us: int) -> int:
    """Return how long a Retry-After asks to stay away, in seconds or until a date; -1 when it asks nothing."""
    if not text or text.isdigit():
        return int(text) if text else -1
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return -1
    return max(-1, int(until.timestamp()) - now_us // 1_000_000)
