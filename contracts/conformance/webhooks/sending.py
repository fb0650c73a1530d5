"""Promises of who sends webhooks: ids that stay, signatures that are right, attempts that grow apart and end.

trigger: {url: "http://127.0.0.1:9101/...", body: {...}}      # or command; {peer} is where to deliver
scheme: stripe
secret: whsec_x
path: ^/hooks
advance: {url: "http://127.0.0.1:9100/clock/advance", body: {seconds: 3600}}     # brings the next attempt near
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path

import httpx
import msgspec

from contracts.conformance.assertion import Catalogue, Skipped, require
from contracts.conformance.client.peer import Asked, Peer, Step
from contracts.conformance.client.stage import Ended, Trigger, perform
from contracts.conformance.target import Control, Unusable, at_pointer, read_as
from contracts.conformance.webhooks.schemes import SCHEMES

SENDER = Catalogue()
STANDARD = "Standard Webhooks 1.0.0"
BODY_BYTES_MAX = 20_000
WAIT_SECONDS = 1
FRESH_SECONDS = 1.0
"""Attempts so far apart cannot have been signed in the same second."""
FAILING = Step(status=500, body={})
BUSY = Step(status=429, body={}, headers={"Retry-After": str(WAIT_SECONDS)})
FINE = Step(status=200, body={})


class SenderTarget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sender to examine. `id` is where a delivery's id stands in its body, when no header carries it.

    `advance` moves the sender's clock; it is asked up to `steps` times until the next attempt comes. Without it the
    attempts are waited for.
    """

    trigger: Trigger
    scheme: str
    secret: str
    path: str = "/"
    method: str = "POST"
    id: str = "/id"
    advance: Control | None = None
    steps: int = 12
    step_seconds: float = 1.0


class Yard:
    """Where deliveries arrive: they are answered by a script."""

    def __init__(self, peer: Peer, target: SenderTarget, run: str) -> None:
        self.peer, self.target, self.scheme = peer, target, SCHEMES[target.scheme]
        self._run, self._number = run, 0

    async def deliveries(self, *script: Step, wanted: int) -> list[Asked]:
        """Make the sender send under a script; return the deliveries once there are so many, or time is over."""
        self.peer.play(*script)
        self._number += 1
        ended: Ended = await perform(self.target.trigger, f"{self._run}{self._number}", self.peer.url, 30.0)
        require(ended.succeeded, f"The trigger failed: {ended.said}")
        for _ in range(self.target.steps):
            if len(self.peer.asked) >= wanted:
                break
            await self._advance()
            await asyncio.sleep(self.target.step_seconds)
        return list(self.peer.asked)

    async def _advance(self) -> None:
        control = self.target.advance
        if control is None or not self.peer.asked:
            return
        async with httpx.AsyncClient(trust_env=False) as client:
            reply = await client.request(control.method, control.url, json=control.body, headers=control.headers)
        if not reply.is_success:
            raise Skipped(f"the clock cannot be moved: {control.url} answered {reply.status_code}")

    def clear(self) -> None:
        """Forget what was delivered."""
        self.peer.play()

    def evidence(self) -> tuple[str, ...]:
        """Return what was delivered, a line each."""
        return tuple(f"{asked.method} {asked.target} {dict(asked.headers)}"[:300] for asked in self.peer.asked)

    def id_of(self, asked: Asked) -> str:
        """Return the id of a delivery."""
        if "webhook-id" in asked.headers:
            return asked.headers["webhook-id"]
        try:
            return str(at_pointer(json.loads(asked.body), self.target.id) or "")
        except ValueError:
            return ""


def read_sender_target(path: Path, words: Mapping[str, str] | None = None) -> SenderTarget:
    """Return the sender that a file describes; raise Unusable."""
    found = read_as(path, SenderTarget, words=words)
    if found.scheme not in SCHEMES:
        raise Unusable(f"{path}: no scheme is called {found.scheme!r}; known are: {', '.join(SCHEMES)}.")
    return found


@SENDER.promise("S01", "MUST", f"{STANDARD}: the id stays, the timestamp is that of the attempt")
async def id_stays(yard: Yard) -> None:
    """A delivery that is repeated keeps its id; what tells the time of the attempt is fresh."""
    asked = await yard.deliveries(BUSY, FINE, wanted=2)
    require(len(asked) >= 2, f"After 429 the delivery was not repeated ({len(asked)} deliveries).")
    require(bool(yard.id_of(asked[0])), "The delivery has no id.")
    require(yard.id_of(asked[0]) == yard.id_of(asked[1]), "The repetition has another id.")
    signed, arrived = [_timestamp(dict(one.headers)) for one in asked[:2]], [one.at_seconds for one in asked[:2]]
    fresh = not all(signed) or signed[1] > signed[0] or arrived[1] - arrived[0] < FRESH_SECONDS
    require(fresh, f"Both attempts carry the time {signed[0]}, {arrived[1] - arrived[0]:.1f} s apart.")


@SENDER.promise("S02", "MUST", f"{STANDARD}: signature over id, timestamp and raw body")
async def signature_is_right(yard: Yard) -> None:
    """The signature is right over the very bytes that were sent."""
    delivered = await yard.deliveries(FINE, wanted=1)
    require(bool(delivered), "Nothing was delivered.")
    first = delivered[0]
    carried = {name: first.headers.get(name, "") for name in yard.scheme.headers}
    at_seconds = _timestamp(carried)
    wanted = yard.scheme.sign(yard.target.secret, yard.id_of(first), at_seconds, first.body)
    for name, value in wanted.items():
        require(yard.scheme.carries(carried[name], value), f"{name} is {carried[name]!r}; expected {value!r}.")


def _timestamp(headers: dict[str, str]) -> int:
    text = headers.get("webhook-timestamp", "")
    for part in headers.get("stripe-signature", "").split(","):
        if part.startswith("t="):
            text = part[2:]
    return int(text) if text.isdecimal() else 0


@SENDER.promise("S03", "MUST", f"{STANDARD}: retry schedule")
async def repeats_failures(yard: Yard) -> None:
    """A delivery that fails is repeated more than once."""
    asked = await yard.deliveries(FAILING, FAILING, FINE, wanted=3)
    require(len(asked) >= 3, f"After two failures there were {len(asked)} deliveries; expected 3.")


@SENDER.promise("S04", "SHOULD", f"{STANDARD}: 410 Gone")
async def gone(yard: Yard) -> None:
    """A receiver that says 410 Gone gets no more of it."""
    asked = await yard.deliveries(Step(status=410, body={}), wanted=2)
    require(len(asked) == 1, f"After 410 it was delivered again ({len(asked)} deliveries).")


@SENDER.promise("S05", "MUST", f"{STANDARD}: 3xx is a failure; following it leaks events (CWE-601)")
async def no_redirect(yard: Yard) -> None:
    """A redirect is not followed."""
    elsewhere = f"{yard.peer.url}/elsewhere"
    await yard.deliveries(Step(status=302, body={}, headers={"Location": elsewhere}), FINE, wanted=2)
    followed = [other for other in (*yard.peer.others, *yard.peer.asked) if other.target == "/elsewhere"]
    require(not followed, "The redirect was followed.")


@SENDER.promise("S06", "SHOULD", f"{STANDARD}: 429, 502 and 504 mean slower; RFC 9110 section 10.2.3")
async def waits_as_told(yard: Yard) -> None:
    """Told by 429 to wait some seconds, the sender does."""
    if yard.target.advance is not None:
        raise Skipped("the clock of the sender is moved by the target file, so that its pauses cannot be seen")
    asked = await yard.deliveries(BUSY, FINE, wanted=2)
    require(len(asked) >= 2, f"After 429 the delivery was not repeated ({len(asked)} deliveries).")
    pause = asked[1].at_seconds - asked[0].at_seconds
    require(pause >= WAIT_SECONDS - 0.1, f"It came again after {pause:.2f} s; it was told to wait {WAIT_SECONDS} s.")


@SENDER.promise("S07", "SHOULD", f"{STANDARD}: payload size")
async def small_enough(yard: Yard) -> None:
    """A body has 20 kB at most."""
    asked = await yard.deliveries(FINE, wanted=1)
    require(bool(asked), "Nothing was delivered.")
    largest = max(len(one.body) for one in asked)
    require(largest <= BODY_BYTES_MAX, f"A body has {largest:,} bytes.")


@SENDER.promise("S08", "MUST", "CloudEvents 1.0.2: source and id are unique for each event")
async def ids_differ(yard: Yard) -> None:
    """Different events have different ids; as CloudEvents, different ids within their source."""
    one, other = await yard.deliveries(FINE, wanted=1), await yard.deliveries(FINE, wanted=1)
    require(bool(one) and bool(other), "Nothing was delivered.")
    require(_event_of(yard, one[0]) != _event_of(yard, other[0]), "Two events have the same id.")


def _event_of(yard: Yard, asked: Asked) -> tuple[str, str]:
    """Return what makes an event itself: its source, when it is a CloudEvent, and its id."""
    binary = {name: asked.headers.get(f"ce-{name}", "") for name in ("source", "id")}
    if binary["id"]:
        return binary["source"], binary["id"]
    try:
        body = json.loads(asked.body)
    except ValueError:
        body = None
    is_cloud_event = isinstance(body, dict) and "specversion" in body
    return (str(body.get("source")), str(body.get("id"))) if is_cloud_event else ("", yard.id_of(asked))
