"""Checking: whether a target can be played against, step by step, before any load is sent.

Each step says what was looked at, what was found and what to do; a later step is not tried where an earlier one tells
that it cannot work.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Literal

import msgspec

from simulator.replay.asking import Answer, ask
from simulator.replay.target import ALL, Target

_PATIENCE_SECONDS = 0.2
_NEVER_SENT = b'{"q2c":"is anybody there? this message is signed by nobody"}'


class Step(msgspec.Struct, frozen=True):
    """One look: what at, whether it is as it must be, what was found, and what to do if it is not."""

    what: str
    status: Literal["good", "bad", "note"]
    found: str
    advice: str = ""


Ask = Callable[[str, str, bytes], Answer]


def _ask(method: str, url: str, body: bytes) -> Answer:
    return ask(method, url, body)


def checked(target: Target, asks: Ask = _ask) -> Iterator[Step]:
    """Yield the steps of a check of a running target; an ill one is asked for nothing more than its health."""
    health = _health(target, asks)
    yield health
    if health.status == "bad":
        return
    for name in target.messages:
        yield _messages(target, name, asks)
    deaf = target.deaf_to()
    if deaf:
        advice = "name a webhook address (messages), or say that it polls (polls) or listens (streams)"
        yield Step("news", "note", f"it has no way to learn what happens in: {', '.join(deaf)}", advice)
    if target.time.test_clock is not None:
        yield _clock(target.time.test_clock, asks)
    if target.reset is None and target.start is None:
        advice = "name reset.url or reset.command, so that runs do not see each other"
        yield Step("reset", "note", "nothing says how it forgets earlier runs", advice)


def wait_for(target: Target, seconds: float, alive: Callable[[], str], asks: Ask = _ask) -> str:
    """Wait until a target is healthy; return what is wrong, empty when it is well. `alive` tells why it ended."""
    ends = time.monotonic() + seconds
    while True:
        if problem := alive():
            return problem
        answer = asks("GET", target.health, b"")
        if answer.is_good:
            return ""
        if time.monotonic() >= ends:
            return f"{target.health} is not healthy after {seconds:g} s: {answer.problem}"
        time.sleep(_PATIENCE_SECONDS)


def _health(target: Target, asks: Ask) -> Step:
    answer = asks("GET", target.health, b"")
    if answer.is_good:
        return Step("health", "good", f"{target.health} answers {answer.status}")
    advice = "start the integration, or let the harness start it (start.command)"
    if answer.status:
        advice = "the address must answer 2xx when the integration can work, without sending us elsewhere"
    return Step("health", "bad", f"{target.health}: {answer.problem}", advice)


def _messages(target: Target, name: str, asks: Ask) -> Step:
    address = target.messages[name]  # type: ignore[index]
    what = f"messages.{name}"
    probed = f"{address.rstrip('/')}/webhooks/payment" if name == ALL else address
    answer = asks("POST", probed, _NEVER_SENT)
    if not answer.status:
        return Step(what, "bad", f"{probed}: {answer.problem}", "webhooks must have somewhere to go")
    if answer.status in (404, 405, 410, 501) or 300 <= answer.status < 400:
        return Step(what, "bad", f"{probed} answers {answer.status} to a POST", "name the address that takes webhooks")
    if answer.is_good:
        advice = "verify signatures: whoever knows the address can tell it anything (S6, P4)"
        return Step(what, "note", f"{probed} believes a message that nobody signed", advice)
    return Step(what, "good", f"{probed} refuses a message that nobody signed ({answer.status})")


def _clock(address: str, asks: Ask) -> Step:
    answer = asks("GET", address, b"")
    if answer.is_good:
        return Step("time.test_clock", "good", f"{address} tells the time")
    advice = 'it must answer GET, and take PUT {"now_us": ...}; leave it out for an integration on the wall clock'
    return Step("time.test_clock", "bad", f"{address}: {answer.problem}", advice)
