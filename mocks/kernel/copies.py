"""Copies: what becomes of a message that a fault strikes. Which copies of it arrive, when, and what is wrong with each.

A rehearsal's network and a live world's deliveries ask the same functions, so that a kind of fault means one thing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from domain.calendar import SECOND_US
from domain.faults import Fault
from domain.http import Request
from mocks.kernel.forgery import forge, with_another_secret
from mocks.kernel.outcome import Delivery
from mocks.kernel.service import Service

MEGABYTE = 1_000_000
DEPTH = 10_000
"""How deep a payload is nested that is meant to break parsers: deeper than any recursive one goes."""
UNHEARD = "unheard"
"""The flaw of a copy that is taken, and whose sender has given up before it was told so."""
_NOT_UTF8 = b"\xff\xe9\x00"
_FORGED = frozenset({"stale", "tampered"})
_BESIDE = _FORGED | {"renumbered", "poison", "oversized", "garbled"}
_RECORD = re.compile(rb"(<sObject[^>]*>).*(</sObject>)", re.DOTALL)


class Flaw(msgspec.Struct, frozen=True):
    """What is wrong with a copy; `kept` is the request of another instant, where the copy shows that one."""

    kind: str
    seconds: float = 0.0
    count: int = 0
    kept: Request | None = None

    @property
    def is_forged(self) -> bool:
        """Whether the copy is not its sender's, and must not be believed."""
        return self.kind in _FORGED

    @property
    def is_beside(self) -> bool:
        """Whether the copy comes beside the message itself: how it is answered plans no further attempt."""
        return self.kind in _BESIDE


class Copy(msgspec.Struct, frozen=True):
    """One copy of a struck message: how long after its dispatch it arrives, and what is wrong with it, if anything."""

    after_us: int
    flaw: Flaw | None = None


class Letter(msgspec.Struct, frozen=True):
    """A flawed copy on the wire: its request, the id it goes by, and the instant at which it claims to be signed."""

    request: Request
    name: str
    signed_us: int


# --- which copies arrive --------------------------------------------------------------------------------------------


def copies(
    fault: Fault, service: Service, delivery: Delivery, now_us: int, delay_us: int, lead_us: int = 0
) -> list[Copy]:
    """Return the copies of a message struck at its dispatch, in the order in which they set out.

    `delay_us` is how long an untroubled one takes. What comes ahead of the genuine copy comes `lead_us` before it.
    """
    ahead = _AHEAD.get(fault.kind)
    if ahead is not None:
        return [*(Copy(delay_us, flaw) for flaw in ahead(fault)), Copy(delay_us + lead_us)]
    extra_us = round(fault.seconds * SECOND_US)
    match fault.kind:
        case "loss":
            return []
        case "duplicate":
            return [Copy(delay_us + turn * max(extra_us, 1)) for turn in range(fault.count + 1)]
        case "webhook_first":
            return [Copy(1)]
        case "delay" | "reorder":
            return [Copy(delay_us + extra_us)]
        case "backlog":
            return [Copy(delay_us + max(fault.end_us - now_us, 0))]
        case "stale_snapshot":
            return [Copy(delay_us + extra_us, Flaw("kept", kept=service.prepare(delivery, now_us)))]
        case "renumbered":
            return [Copy(delay_us), Copy(delay_us + max(extra_us, 1), Flaw("renumbered"))]
        case "slow_intake":
            return [Copy(delay_us, Flaw(UNHEARD))]
        case "secret_rotated":
            return [Copy(delay_us, Flaw(fault.kind))]
    assert fault.kind == "skewed", f"{fault.kind} is no fault of messages"
    return [Copy(delay_us, Flaw("skewed", -fault.seconds if fault.count else fault.seconds))]


_AHEAD: Mapping[str, Callable[[Fault], list[Flaw]]] = {
    "forged": lambda fault: [Flaw("tampered" if fault.count else "stale")],
    "poison": lambda fault: [Flaw("poison")] * (fault.count + 1),
    "oversized": lambda fault: [Flaw("oversized", count=fault.count)],
    "garbled": lambda fault: [Flaw("garbled")],
}
"""Kinds of which bad copies come ahead of the genuine one, so that who believes them will not believe that."""


# --- what they look like --------------------------------------------------------------------------------------------


def written(service: Service, delivery: Delivery, now_us: int, flaw: Flaw) -> Letter:
    """Return a flawed copy as it goes over the wire now."""
    message = delivery.message
    if flaw.is_forged:
        forgery = forge(service, delivery, now_us, stale=flaw.kind == "stale")
        return Letter(forgery.request, message.id, forgery.signed_us)
    if flaw.kind == "skewed":
        signed_us = now_us + round(flaw.seconds * SECOND_US)
        return Letter(service.prepare(delivery, signed_us), message.id, signed_us)
    if flaw.kind == "kept":
        assert flaw.kept is not None, "a copy of another instant keeps it"
        return Letter(service.sealed(delivery, flaw.kept, now_us), message.id, now_us)
    request = service.prepare(delivery, now_us)
    if flaw.kind == "secret_rotated":
        return Letter(with_another_secret(request), message.id, now_us)
    change = _CHANGES.get(flaw.kind)
    if change is None:
        return Letter(request, message.id, now_us)
    body = change(request.body, message.id.encode(), flaw)
    changed = msgspec.structs.replace(request, body=body)
    return Letter(service.sealed(delivery, changed, now_us), f"{message.id}-{flaw.kind}", now_us)


def _renumbered(body: bytes, name: bytes, _flaw: Flaw) -> bytes:
    """Return the same told under another id."""
    return body.replace(name, name + b"-renumbered")


def _poison(body: bytes, name: bytes, _flaw: Flaw) -> bytes:
    """Return a message of the same sender that is well formed and not what its reader expects."""
    other = body.replace(name, name + b"-poison")
    if not other.startswith(b"{"):
        return _RECORD.sub(rb"\1\2", other)
    told: dict[str, Any] = msgspec.json.decode(other)
    return msgspec.json.encode({key: [] if isinstance(value, dict) else value for key, value in told.items()})


def _oversized(body: bytes, name: bytes, flaw: Flaw) -> bytes:
    """Return a message with so many megabytes too much in it, or one that is nested beyond reason."""
    other = body.replace(name, name + b"-oversized")
    is_json = other.startswith(b"{")
    if flaw.count:
        padding = b"x" * (flaw.count * MEGABYTE)
        return other[:-1] + b',"padding":"%s"}' % padding if is_json else other + b"<!--%s-->" % padding
    if is_json:
        return other[:-1] + b',"deep":' + b"[" * DEPTH + b"]" * DEPTH + b"}"
    return other.replace(b"</sObject>", b"<sf:D>" * DEPTH + b"</sf:D>" * DEPTH + b"</sObject>")


def _garbled(body: bytes, name: bytes, _flaw: Flaw) -> bytes:
    """Return a message in which bytes of another encoding, and a zero, stand amid the text."""
    return body.replace(name, name + _NOT_UTF8)


_CHANGES: Mapping[str, Callable[[bytes, bytes, Flaw], bytes]] = {
    "renumbered": _renumbered,
    "poison": _poison,
    "oversized": _oversized,
    "garbled": _garbled,
}
