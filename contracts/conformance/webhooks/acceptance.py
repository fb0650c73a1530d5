"""Promises of who receives webhooks: what is taken, what is refused, and that each event has one effect."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

from contracts.conformance.assertion import Skipped, Untaken, require
from contracts.conformance.webhooks.post import RECEIVER, Post
from contracts.conformance.wire import Exchange

STANDARD = "Standard Webhooks 1.0.0"
LOOKS = 20


async def _settled(post: Post, unique: str, wanted: int) -> int:
    """Return the count of effects once it is what is wanted, or when the time to settle is over."""
    found = await post.count(unique)
    for _ in range(LOOKS):
        if found == wanted:
            break
        await asyncio.sleep(post.target.settles_seconds / LOOKS)
        found = await post.count(unique)
    return found


async def _require_effects(post: Post, unique: str, wanted: int) -> None:
    found = await _settled(post, unique, wanted)
    require(found == wanted, f"It had {found} effects; expected {wanted}.")


async def _require_refused(post: Post, answer: Exchange, unique: str) -> None:
    require(400 <= answer.status < 500, f"It was answered {answer.status or answer.problem}; expected 4xx.")
    if post.target.count is not None:
        await asyncio.sleep(post.target.settles_seconds / LOOKS)
        require(await post.count(unique) == 0, "It had an effect.")


def _require_taken(answer: Exchange) -> None:
    require(answer.ok, f"It was answered {answer.status or answer.problem}; expected 2xx.")


async def _delivered(post: Post, unique: str, change: dict[str, Any] | None = None, delivery: str = "") -> Exchange:
    """Deliver an event as its sender would; nothing more can be tried when that is not taken."""
    answer = await post.deliver(unique, change, delivery)
    if not answer.ok:
        raise Untaken(f"It was answered {answer.status or answer.problem}; expected 2xx.")
    return answer


@RECEIVER.promise("W01", "MUST", STANDARD)
async def valid(post: Post) -> None:
    """A delivery that is right is taken and has its effect."""
    unique = post.unique()
    await _delivered(post, unique)
    if post.target.count is not None:
        await _require_effects(post, unique, 1)


@RECEIVER.promise("W02", "MUST", f"{STANDARD}, verifying webhook authenticity; CWE-345")
async def wrong_secret(post: Post) -> None:
    """A delivery signed with another secret is refused."""
    unique = post.unique()
    body = post.body(unique)
    headers = post.signed(body, f"evt_{unique}", secret="whsec_" + "d3Jvbmcgc2VjcmV0IHdyb25nIHNlY3JldA==")
    await _require_refused(post, await post.send(body, headers), unique)


@RECEIVER.promise("W03", "MUST", f"{STANDARD}; CWE-354")
async def tampered(post: Post) -> None:
    """A delivery whose body was changed after it was signed is refused."""
    if not post.scheme.signs_body:
        raise Skipped(f"{post.scheme.name} does not sign bodies")
    unique = post.unique()
    headers = post.signed(post.body(post.unique()), f"evt_{unique}")
    await _require_refused(post, await post.send(post.body(unique), headers), unique)


@RECEIVER.promise("W04", "MUST", f"{STANDARD}: the id is signed")
async def signature_moved(post: Post) -> None:
    """A signature that was made for another delivery's id is refused."""
    if not post.scheme.signs_id:
        raise Skipped(f"{post.scheme.name} does not sign ids")
    unique = post.unique()
    body = post.body(unique)
    headers = post.signed(body, f"evt_{post.unique()}")
    await _require_refused(post, await post.send(body, {**headers, "webhook-id": f"evt_{unique}"}), unique)


@RECEIVER.promise("W05", "MUST", f"{STANDARD}: replay attacks")
async def stale(post: Post) -> None:
    """A delivery that was signed long ago is refused."""
    await _out_of_time(post, -1)


@RECEIVER.promise("W06", "SHOULD", f"{STANDARD}: replay attacks")
async def from_the_future(post: Post) -> None:
    """A delivery that was signed far in the future is refused."""
    await _out_of_time(post, +1)


async def _out_of_time(post: Post, direction: int) -> None:
    if not post.scheme.has_time:
        raise Skipped(f"{post.scheme.name} carries no time")
    unique = post.unique()
    body = post.body(unique)
    at_seconds = int(time.time()) + direction * (post.target.tolerance_seconds + 60)
    await _require_refused(
        post, await post.send(body, post.signed(body, f"evt_{unique}", at_seconds=at_seconds)), unique
    )


@RECEIVER.promise("W07", "MUST", "Stripe: verify the raw body; parsed and written again it is another text")
async def raw_bytes(post: Post) -> None:
    """The signature is verified over the bytes as they came, whatever their spaces and escapes."""
    if not post.scheme.signs_body:
        raise Skipped(f"{post.scheme.name} does not sign bodies")
    unique = post.unique()
    delivery = f"evt_{unique}"
    body = json.dumps(json.loads(post.body(unique)), indent=3, ensure_ascii=True).encode() + b"\n"
    _require_taken(await post.send(body, post.signed(body, delivery), delivery))


@RECEIVER.promise("W08", "SHOULD", f"{STANDARD}: zero downtime secret rotation")
async def rotated(post: Post) -> None:
    """While secrets are rotated, deliveries signed with either are taken."""
    if not post.target.next_secret:
        raise Skipped("the target file has no `next_secret`")
    for secret in (post.target.secret, post.target.next_secret):
        unique = post.unique()
        body = post.body(unique)
        _require_taken(await post.send(body, post.signed(body, f"evt_{unique}", secret=secret), f"evt_{unique}"))


@RECEIVER.promise("W09", "SHOULD", f"{STANDARD}: several signatures, versions")
async def several_signatures(post: Post) -> None:
    """Of several signatures one must fit, and versions that are not known are passed over."""
    scheme = post.scheme
    if scheme.joined is None or scheme.with_unknown is None:
        raise Skipped(f"{scheme.name} has one signature")
    unique = post.unique()
    body, delivery = post.body(unique), f"evt_{unique}"
    right = post.signed(body, delivery)
    both = scheme.joined(right, post.signed(body, delivery, secret="whsec_b3RoZXIgb3RoZXIgb3RoZXIgb3RoZXI="))
    _require_taken(await post.send(body, both, delivery))
    other = post.unique()
    body, delivery = post.body(other), f"evt_{other}"
    _require_taken(await post.send(body, scheme.with_unknown(post.signed(body, delivery)), delivery))


@RECEIVER.promise("W10", "MUST", f"{STANDARD}: the id is the idempotency key; Stripe: handle duplicate events")
async def duplicate(post: Post) -> None:
    """An event that comes again, even at the same time, is acknowledged and has one effect."""
    unique = post.unique()
    answers = [await _delivered(post, unique), *await asyncio.gather(*(post.deliver(unique) for _ in range(4)))]
    for answer in answers:
        _require_taken(answer)
    await _require_effects(post, unique, 1)
    other = post.unique()
    for answer in await asyncio.gather(*(post.deliver(other) for _ in range(4))):
        require(answer.ok or answer.status in (409, 429, 503), f"One at once was answered {answer.status}.")
    _require_taken(await post.deliver(other))
    await _require_effects(post, other, 1)


@RECEIVER.promise("W11", "MUST", "at-least-once: who acknowledges before it is done loses it")
async def failed_handler(post: Post) -> None:
    """When handling fails, the answer is no success or the event is not lost: delivered again it has its effect."""
    unique = post.unique()
    await post.fail_once()
    await post.deliver(unique)
    _require_taken(await post.deliver(unique))
    await _require_effects(post, unique, 1)


@RECEIVER.promise("W12", "MUST", "senders add types of events; an error would be delivered again for days")
async def unknown_type(post: Post) -> None:
    """An event of a type that nobody handles is acknowledged."""
    await _delivered(post, post.unique())
    _require_taken(await post.deliver(post.unique(), post.target.unknown))


@RECEIVER.promise("W13", "MUST", "senders add members without notice")
async def unknown_members(post: Post) -> None:
    """Members that nobody knows do no harm."""
    unique = post.unique()
    await _delivered(post, post.unique())
    _require_taken(await post.deliver(unique, post.target.extended))
    if post.target.count is not None:
        await _require_effects(post, unique, 1)


@RECEIVER.promise("W14", "MUST", "Stripe: the order of events is not guaranteed")
async def out_of_order(post: Post) -> None:
    """An older event that comes after a later one does not turn the state back."""
    if not post.target.later:
        raise Skipped("the target file has no `later` event")
    await _delivered(post, post.unique())
    straight, turned = post.unique(), post.unique()
    for unique, changes in ((straight, ({}, post.target.later)), (turned, (post.target.later, {}))):
        for number, change in enumerate(changes):
            await post.deliver(unique, change, f"evt_{unique}_{number}")
    await asyncio.sleep(post.target.settles_seconds / 2)
    one, other = await post.state(straight), await post.state(turned)
    require(one == other, f"In order they led to {one!r}, out of order to {other!r}.")


@RECEIVER.promise("W15", "MUST", "Stripe: the order of events is not guaranteed")
async def effect_before_cause(post: Post) -> None:
    """An event that comes before the one that it builds upon is not lost."""
    if not post.target.later:
        raise Skipped("the target file has no `later` event")
    unique = post.unique()
    await _delivered(post, post.unique())
    await post.deliver(unique, post.target.later, f"evt_{unique}_later")
    _require_taken(await post.deliver(unique, {}, f"evt_{unique}_first"))
    await post.deliver(unique, post.target.later, f"evt_{unique}_later")  # its sender would deliver it again
    await asyncio.sleep(post.target.settles_seconds / 2)
    reached = await post.state(unique)
    control = post.unique()
    for number, change in enumerate(({}, post.target.later)):
        await post.deliver(control, change, f"evt_{control}_{number}")
    await asyncio.sleep(post.target.settles_seconds / 2)
    require(reached == await post.state(control), f"It led to {reached!r}; in order it leads elsewhere.")


@RECEIVER.promise("W16", "MUST", f"{STANDARD}; CWE-306")
async def unsigned(post: Post) -> None:
    """A delivery without its signature, or any of its headers, is refused."""
    for left_out in (*post.scheme.headers, "all"):
        unique = post.unique()
        body = post.body(unique)
        signed = post.signed(body, f"evt_{unique}")
        headers = {name: value for name, value in signed.items() if left_out not in (name, "all")}
        await _require_refused(post, await post.send(body, headers), unique)
