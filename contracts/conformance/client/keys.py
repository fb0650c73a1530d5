"""Promises about the keys that a caller sends."""

from __future__ import annotations

import asyncio

from contracts.conformance.assertion import Skipped, require
from contracts.conformance.client.peer import Step
from contracts.conformance.client.stage import PROMISES, Stage

DROP = Step(ending="drop")
BUSY = Step(status=503, body={"error": "busy"})


@PROMISES.promise("C01", "MUST", "draft-ietf-httpapi-idempotency-key-header-07 section 2.1; Stripe, woocommerce #2339")
async def sends_a_key(stage: Stage) -> None:
    """A call that makes something carries a key."""
    _, asked = await stage.play()
    require(all(stage.key_of(call) for call in asked), f"There is no {stage.profile.header}.")


@PROMISES.promise(
    "C02", "MUST", "woocommerce-gateway-stripe #2339, akash-network/console #3449: charged twice and thrice"
)
async def same_key_again(stage: Stage) -> None:
    """When the answer is lost, the repetition carries the same key."""
    _, asked = await stage.play(DROP)
    require(len(asked) > 1, "The call was not repeated after its answer was lost.")
    keys = {stage.key_of(call) for call in asked}
    require(len(keys) == 1, f"{len(asked)} attempts carried {len(keys)} keys.")


@PROMISES.promise("C03", "MUST", "a key is one intent: a second order of the same things is another one")
async def other_key_for_other_intent(stage: Stage) -> None:
    """Another intent with the same payload carries another key."""
    _, first = await stage.play()
    _, second = await stage.play()
    require(stage.key_of(first[0]) != stage.key_of(second[0]), "Two intents carried the same key.")


@PROMISES.promise("C04", "MUST", "Twilio 2013: charged again after a restart")
async def key_survives(stage: Stage) -> None:
    """The key is stored before the first attempt: killed in the middle and started again, the caller sends the same."""
    if not stage.target.trigger.command:
        raise Skipped("only a caller that is a command can be killed and started again")
    unique = stage.unique()
    stage.peer.play(Step(ending="silence", after_seconds=30.0))
    acting = asyncio.ensure_future(stage.act(unique, seconds=3.0))
    await acting
    require(bool(stage.peer.asked), "The caller made no call within 3 s.")
    first = stage.key_of(stage.peer.asked[0])
    stage.peer.play()
    await stage.act(unique)
    require(bool(stage.peer.asked), "Started again, the caller made no call: the intent was lost.")
    require(stage.key_of(stage.peer.asked[0]) == first, "Started again, the caller sent another key.")


@PROMISES.promise("C05", "MUST", "Stripe: other parameters under a key are refused")
async def same_bytes_again(stage: Stage) -> None:
    """Repetitions carry the very same bytes."""
    _, asked = await stage.play(BUSY, BUSY)
    require(len(asked) > 1, "The call was not repeated after 503.")
    require(len({call.body for call in asked}) == 1, "The bodies of the attempts differ.")
