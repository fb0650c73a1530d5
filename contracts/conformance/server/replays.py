"""Promises about repetitions: one effect, the same answer, and no other payload under the same key."""

from __future__ import annotations

import json
from typing import Any

from contracts.conformance.assertion import Skipped, require
from contracts.conformance.server.catalogue import (
    DRAFT,
    PROMISES,
    made,
    require_effects,
    require_same,
    skip_external_ids,
)
from contracts.conformance.target import filled
from contracts.conformance.wire import Wire

REPLAYS = 5
MANY_KEYS = 200


@PROMISES.promise("I01", "SHOULD", f"{DRAFT} section 2.7")
async def missing_key(wire: Wire) -> None:
    """A request without a key, where one is required, is refused and has no effect."""
    if wire.profile.missing is None:
        raise Skipped(f"keys are optional in {wire.profile.name}")
    intent = wire.intent()
    answer = await wire.send(intent, key=None)
    require(answer.status in wire.profile.missing, f"It was answered {answer.status or answer.problem}.")
    await require_effects(wire, intent, 0)


@PROMISES.promise("I02", "MUST", f"RFC 9110 section 9.2.2; {DRAFT} section 2.6")
async def one_effect(wire: Wire) -> None:
    """The first request succeeds and has exactly one effect."""
    intent = wire.intent()
    await made(wire, intent)
    await require_effects(wire, intent, 1)


@PROMISES.promise("I03", "SHOULD", f"{DRAFT} section 2.6; Stripe: status and body are kept")
async def same_status(wire: Wire) -> None:
    """A repetition is answered with the same status."""
    intent = wire.intent()
    first, again = await made(wire, intent), await wire.send(intent)
    require(again.ok, f"The repetition was answered {again.status or again.problem}.")
    if wire.profile.statuses_equal:
        require(first.status == again.status, f"{first.status} became {again.status}.")


@PROMISES.promise("I04", "SHOULD", f"{DRAFT} section 2.6; Stripe: status and body are kept")
async def same_body(wire: Wire) -> None:
    """A repetition is answered with the same body."""
    intent = wire.intent()
    require_same(wire, await made(wire, intent), await wire.send(intent))


@PROMISES.promise("I05", "MUST", f"{DRAFT} section 2")
async def no_further_effect(wire: Wire) -> None:
    """Five repetitions have no further effect."""
    intent = wire.intent()
    first = await made(wire, intent)
    answers = [await wire.send(intent) for _ in range(REPLAYS)]
    await require_effects(wire, intent, 1)
    others = {str(wire.identity(answer)) for answer in answers if answer.ok} - {str(wire.identity(first))}
    require(not others, f"Repetitions made other resources: {', '.join(sorted(others))}.")


@PROMISES.promise("I06", "SHOULD", f"RFC 8259 section 4: the order of members says nothing; {DRAFT} section 2.4")
async def spelled_otherwise(wire: Wire) -> None:
    """The same JSON in another order and with other white space is a repetition."""
    if wire.target.operation.encoding != "json":
        raise Skipped("the operation does not take JSON")
    skip_external_ids(wire)
    if wire.profile.compares_bytes:
        raise Skipped(f"{wire.profile.name} compares bytes")
    intent = wire.intent()
    first = await made(wire, intent)
    body = filled(wire.target.operation.body, intent.words)
    if wire.profile.body_field:
        body = {**body, wire.profile.body_field: intent.key}
    again = await wire.send(intent, text=json.dumps(_turned(body), indent=3))
    require_same(wire, first, again)
    await require_effects(wire, intent, 1)


def _turned(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _turned(inner) for name, inner in reversed(value.items())}
    return [_turned(inner) for inner in value] if isinstance(value, list) else value


@PROMISES.promise("I07", "SHOULD", f"{DRAFT} section 2.7 (422); Stripe: 400 idempotency_error")
async def other_payload(wire: Wire) -> None:
    """A key that comes again with another payload is refused and has no effect."""
    if wire.profile.mismatch is None:
        raise Skipped(f"{wire.profile.name} makes no promise about other payloads")
    if not wire.target.operation.change:
        raise Skipped("the target file has no `change`")
    intent = wire.intent()
    await made(wire, intent)
    answer = await wire.send(intent, change=wire.target.operation.change)
    await require_effects(wire, intent, 1)
    wanted = " or ".join(map(str, sorted(wire.profile.mismatch)))
    require(answer.status in wire.profile.mismatch, f"It was answered {answer.status or answer.problem}, not {wanted}.")


@PROMISES.promise("I08", "SHOULD", f"{DRAFT} section 2.6")
async def after_other_payload(wire: Wire) -> None:
    """After another payload was refused, the first request can still be repeated."""
    if wire.profile.mismatch is None or not wire.target.operation.change:
        raise Skipped("other payloads are not refused, or the target file has no `change`")
    intent = wire.intent()
    first = await made(wire, intent)
    await wire.send(intent, change=wire.target.operation.change)
    require_same(wire, first, await wire.send(intent))


@PROMISES.promise("I23", "MAY", "Stripe: Idempotent-Replayed")
async def marked(wire: Wire) -> None:
    """A repetition is marked as one."""
    if not wire.profile.replay_mark:
        raise Skipped(f"{wire.profile.name} marks nothing")
    intent = wire.intent()
    await made(wire, intent)
    again = await wire.send(intent)
    require(wire.profile.replay_mark.lower() in again.headers, f"There is no header {wire.profile.replay_mark}.")


@PROMISES.promise("I24", "MUST", f"{DRAFT} section 2.3")
async def many_keys(wire: Wire) -> None:
    """A key is still known after two hundred others."""
    intent = wire.intent()
    first = await made(wire, intent)
    for _ in range(MANY_KEYS):
        await wire.send(wire.intent())
    require_same(wire, first, await wire.send(intent))
    await require_effects(wire, intent, 1)


@PROMISES.promise("I25", "SHOULD", f"{DRAFT} section 2.3: the time for which keys live is published")
async def forgotten(wire: Wire) -> None:
    """A key is remembered for its published time, and after it the same key is a new request."""
    if not wire.profile.lives_seconds:
        raise Skipped(f"{wire.profile.name} publishes no time")
    skip_external_ids(wire)
    intent = wire.intent()
    first = await made(wire, intent)
    require_same(wire, first, await wire.send(intent))
    await wire.control(wire.target.advance, "move the clock beyond the life of a key")
    again = await wire.send(intent)
    require(again.ok, f"After its time the key was answered {again.status or again.problem}.")
    require(wire.identity(again) != wire.identity(first), "After its time the key was still answered from memory.")


@PROMISES.promise("I28", "MUST", "RFC 9110 section 9.2.2")
async def idempotent_methods(wire: Wire) -> None:
    """PUT and DELETE leave the same state when they are repeated, and do not fail."""
    operations = [each for each in (wire.target.replace, wire.target.remove) if each is not None]
    if not operations:
        raise Skipped("the target file has neither `replace` nor `remove`")
    intent = wire.intent()
    first = await made(wire, intent)
    identity = str(wire.identity(first))
    for operation in operations:
        once = await wire.send(intent, operation=operation, key=None, made=identity)
        twice = await wire.send(intent, operation=operation, key=None, made=identity)
        require(once.ok, f"{operation.method} was answered {once.status or once.problem}.")
        gone = operation.method == "DELETE" and twice.status in (404, 410)
        require(twice.ok or gone, f"{operation.method} repeated was answered {twice.status or twice.problem}.")
