"""Promises about failures: what a repetition meets after one, and what is left of a key."""

from __future__ import annotations

from contracts.conformance.assertion import Skipped, require
from contracts.conformance.server.catalogue import DRAFT, PROMISES, made, require_effects, require_same
from contracts.conformance.wire import Wire

REPETITIONS_MAX = 6


@PROMISES.promise("I14", "SHOULD", "Stripe v1 gives the failure back; Stripe v2, Checkout.com and PPRO do the work")
async def after_failure(wire: Wire) -> None:
    """After a failure without an effect, the same key does the work once (or gives the failure back, if promised)."""
    if wire.profile.replays_failures is None:
        raise Skipped(f"{wire.profile.name} makes no promise about failures")
    intent = wire.intent()
    await wire.control(wire.target.fail_before, "make a call fail before its effect")
    failed = await wire.send(intent)
    if failed.status < 500:
        raise Skipped(f"the call did not fail as it was told to: {failed.status or failed.problem}")
    again = await wire.send(intent)
    if wire.profile.replays_failures:
        require(again.status == failed.status, f"{failed.status} became {again.status}; it should have been kept.")
        return
    require(again.ok, f"The repetition was answered {again.status or again.problem}.")
    await require_effects(wire, intent, 1)


@PROMISES.promise("I15", "MUST", f"{DRAFT} section 1: nobody knows whether it happened")
async def failure_after_effect(wire: Wire) -> None:
    """After failures that came when it was done already, repetitions never do it twice."""
    intent = wire.intent()
    await wire.control(wire.target.fail_after or wire.target.fail_before, "make a call fail")
    answer = await wire.send(intent)
    for _ in range(REPETITIONS_MAX):
        if answer.ok:
            break
        answer = await wire.send(intent)
    found = await wire.effects(intent)
    require(found is None or found <= 1, f"It had {found} effects.")


@PROMISES.promise("I16", "SHOULD", "Stripe: results are kept only once execution began; PPRO keeps no 4xx")
async def after_refusal(wire: Wire) -> None:
    """A request that was refused as invalid does not use its key up: corrected, it succeeds under the same key."""
    if wire.profile.burns_on_refusal is None or not wire.target.operation.spoil:
        raise Skipped("no promise about refusals, or the target file has no `spoil`")
    intent = wire.intent()
    refused = await wire.send(intent, change=wire.target.operation.spoil)
    if not 400 <= refused.status < 500:
        raise Skipped(f"what `spoil` makes is not refused: it was answered {refused.status or refused.problem}")
    again = await wire.send(intent)
    require(again.ok, f"The corrected request was answered {again.status or again.problem}.")
    await require_effects(wire, intent, 1)


@PROMISES.promise("I26", "MUST", f"{DRAFT} section 2.3")
async def after_restart(wire: Wire) -> None:
    """A key is still known after the service was restarted."""
    intent = wire.intent()
    first = await made(wire, intent)
    await wire.control(wire.target.restart, "restart the service")
    require_same(wire, first, await wire.send(intent))
    await require_effects(wire, intent, 1)
