"""Answers that are true and hard to read: bytes of another encoding, numbers written otherwise, an earlier state.

The work is done, and a caller that cannot read its answer has none.
"""

from __future__ import annotations

import re

import msgspec

from domain.http import Reply
from mocks.kernel.operations import Call

NOT_UTF8 = b"\xff\xe9"
_TEXT_OR_NUMBER = re.compile(rb'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?')


def garbled(reply: Reply) -> Reply:
    """Return an answer whose body holds bytes that are no UTF-8, within its last text if it has one."""
    head, quote, tail = reply.body.rpartition(b'"')
    return msgspec.structs.replace(reply, body=head + NOT_UTF8 + quote + tail)


def with_odd_numbers(reply: Reply) -> Reply:
    """Return an answer whose whole numbers are written with a point, or with an exponent where they end in zeros."""
    if "json" not in reply.headers.get("content-type", ""):
        return reply
    return msgspec.structs.replace(reply, body=_TEXT_OR_NUMBER.sub(_odd, reply.body))


def _odd(match: re.Match[bytes]) -> bytes:
    found = match.group()
    if found[:1] == b'"' or not found.lstrip(b"-").isdigit():
        return found
    digits = found.rstrip(b"0")
    zeros = len(found) - len(digits)
    return b"%se%d" % (digits, zeros) if zeros > 1 and digits.strip(b"-") else found + b".0"


class Replica:
    """What a replica that lags still shows: for each question the answer at hand, and the one before.

    Each is kept with its last sighting. What was seen last before the lag is what all know by now, and is forgotten.
    """

    def __init__(self, lag_us: int) -> None:
        self._lag_us = lag_us
        self._now: dict[_Question, _Sighting] = {}  # by last sighting, the oldest first
        self._before: dict[_Question, _Sighting] = {}

    def __len__(self) -> int:
        return len(self._now) + len(self._before)

    def seen(self, call: Call, reply: Reply) -> None:
        """Take note of the answer to a question."""
        for shown in (self._now, self._before):
            _forget(shown, call.now_us - self._lag_us)
        question = _question(call)
        known = self._now.pop(question, None)
        if known is not None and (known[1].status, known[1].body) != (reply.status, reply.body):
            self._before.pop(question, None)
            self._before[question] = known
        self._now[question] = call.now_us, reply

    def earlier(self, call: Call) -> Reply | None:
        """Return what the replica still answers to a question; None when it knows what all know."""
        before = self._before.get(_question(call))
        return None if before is None or before[0] < call.now_us - self._lag_us else before[1]


_Question = tuple[str, str, bytes]
_Sighting = tuple[int, Reply]


def _question(call: Call) -> _Question:
    return call.request.method, call.request.target, call.request.body


def _forget(shown: dict[_Question, _Sighting], until_us: int) -> None:
    while shown and shown[first := next(iter(shown))][0] < until_us:
        del shown[first]
