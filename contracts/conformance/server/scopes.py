"""Promises about whose key it is, and about requests that come at the same time."""

from __future__ import annotations

import asyncio
import time

import msgspec

from contracts.conformance.assertion import Skipped, require
from contracts.conformance.server.catalogue import (
    DRAFT,
    PROMISES,
    made,
    require_effects,
    require_same,
    skip_external_ids,
)
from contracts.conformance.wire import Exchange, Intent, Wire

AT_ONCE = 8
PAUSES_SECONDS = (0, 0, 0, 0.002, 0.005, 0.01, 0.02, 0.04)
"""Equal requests at once, and some that come while the first is about to be remembered."""
IN_FLIGHT_SECONDS_MAX = 5.0
GIVE_UP_SECONDS = (0.002, 0.004, 0.008, 0.016, 0.032)
"""How long a caller waits before it hangs up: one of them falls between the request's arrival and its answer."""


@PROMISES.promise("I09", "SHOULD", f"{DRAFT} section 5: composite keys, lest one caller reads another's answer")
async def per_tenant(wire: Wire) -> None:
    """The same key of another caller is a new request, and shows nothing of the first one's."""
    if len(wire.target.tenants) < 2:
        raise Skipped("the target file names no two `tenants`")
    intent = wire.intent()
    one, other = [await wire.send(intent, headers=headers) for headers in wire.target.tenants[:2]]
    require(one.ok and other.ok, f"They were answered {one.status} and {other.status}.")
    require(wire.identity(one) != wire.identity(other), "The second caller got the first one's resource.")


@PROMISES.promise("I10", "SHOULD", f"{DRAFT} section 2.2; Stripe compares the operation as well")
async def per_operation(wire: Wire) -> None:
    """The same key at another operation is never answered with the first operation's answer."""
    if wire.target.other is None or wire.profile.per_operation is None:
        raise Skipped("the target file names no `other` operation that takes keys")
    alike = msgspec.structs.replace(wire.target.other, body=wire.target.operation.body)
    for other in (wire.target.other, alike):  # the second time with the very payload of the first operation
        intent = wire.intent()
        first = await made(wire, intent)
        answer = await wire.send(intent, operation=other, made=str(wire.identity(first)))
        shown = answer.ok and wire.identity(answer) == wire.identity(first)
        require(not shown, f"It was answered {answer.status} with the first operation's resource.")


@PROMISES.promise("I11", "MUST", f"{DRAFT} section 2.6")
async def at_once(wire: Wire) -> None:
    """Eight equal requests at once have exactly one effect; the others are told to wait, or get its answer."""
    intent = wire.intent()
    answers = await asyncio.gather(*(_after(wire, intent, pause) for pause in PAUSES_SECONDS))
    await require_effects(wire, intent, 1)
    good = [answer for answer in answers if answer.ok]
    require(bool(good), f"Nobody succeeded: {_statuses(answers)}.")
    require(len({str(wire.identity(answer)) for answer in good}) == 1, "They were answered with several resources.")
    fine = all(answer.ok or answer.status in wire.profile.in_flight for answer in answers)
    require(fine, f"They were answered {_statuses(answers)}.")


async def _after(wire: Wire, intent: Intent, seconds: float) -> Exchange:
    await asyncio.sleep(seconds)
    return await wire.send(intent)


@PROMISES.promise("I12", "SHOULD", f"{DRAFT} section 2.7 (409 while the first is under way)")
async def after_at_once(wire: Wire) -> None:
    """After equal requests at once, one more gets the answer that was kept."""
    intent = wire.intent()
    answers = await asyncio.gather(*(wire.send(intent) for _ in range(AT_ONCE // 2)))
    good = next((answer for answer in answers if answer.ok), None)
    again = await wire.send(intent)
    require(good is not None, f"Nobody succeeded: {_statuses(answers)}.")
    assert good is not None
    require_same(wire, good, again)


@PROMISES.promise("I13", "MUST", "different keys are different intents")
async def different_keys(wire: Wire) -> None:
    """Eight equal payloads at once under different keys have eight effects."""
    skip_external_ids(wire)
    intent = wire.intent()
    keys = [wire.intent().key for _ in range(AT_ONCE)]
    answers = await asyncio.gather(*(wire.send(intent, key=_quoted(wire, key)) for key in keys))
    require(all(answer.ok for answer in answers), f"They were answered {_statuses(answers)}.")
    found = {str(wire.identity(answer)) for answer in answers}
    require(len(found) == AT_ONCE, f"They made {len(found)} resources; expected {AT_ONCE}.")
    await require_effects(wire, intent, AT_ONCE)


def _quoted(wire: Wire, key: str) -> str:
    return f'"{key}"' if wire.profile.quoted else key


@PROMISES.promise("I27", "SHOULD", "RFC 9110 section 10.2.3")
async def told_to_wait(wire: Wire) -> None:
    """Who is told that the first request is under way can repeat it soon, or is told when."""
    intent = wire.intent()
    answers = await asyncio.gather(*(wire.send(intent) for _ in range(AT_ONCE)))
    waiting = [answer for answer in answers if answer.status in wire.profile.in_flight]
    if not waiting:
        raise Skipped("nobody was told to wait")
    if all("retry-after" in answer.headers for answer in waiting):
        return
    again = await wire.send(intent)
    require(again.ok, f"There was no Retry-After, and at once it was answered {again.status or again.problem}.")


@PROMISES.promise("I17", "MUST", f"{DRAFT} section 1: the answer is lost")
async def gave_up(wire: Wire) -> None:
    """When the caller goes away before the answer, a repetition has one effect and is not stuck."""
    for seconds in GIVE_UP_SECONDS:
        intent = wire.intent()
        await wire.give_up_after(intent, seconds)
        until = time.monotonic() + IN_FLIGHT_SECONDS_MAX
        again = await wire.send(intent)
        while again.status in wire.profile.in_flight and time.monotonic() < until:
            await asyncio.sleep(0.05)
            again = await wire.send(intent)
        require(again.ok, f"For {IN_FLIGHT_SECONDS_MAX:g} s it was answered {again.status or again.problem}.")
        await require_effects(wire, intent, 1)


def _statuses(answers: list[Exchange]) -> str:
    return ", ".join(str(answer.status or answer.problem) for answer in answers)
