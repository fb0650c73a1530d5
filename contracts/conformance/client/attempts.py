"""Promises about repeating: what is repeated, how often, how soon, and what becomes of a failure."""

from __future__ import annotations

import itertools
import time
from email.utils import formatdate

from contracts.conformance.assertion import require
from contracts.conformance.client.peer import Asked, Step
from contracts.conformance.client.stage import PROMISES, Stage

REFUSALS = (400, 401, 403, 404, 422)
PASSING = (429, 502, 503, 504)
WAIT_SECONDS = 3
RUNS = 3
GROWTH = 1.3
"""How much longer the later half of the pauses is at least."""
FAILURE = Step(status=503, body={"error": "busy"})


def _pauses(asked: list[Asked]) -> list[float]:
    return [after.at_seconds - before.at_seconds for before, after in itertools.pairwise(asked)]


@PROMISES.promise("C06", "MUST", "RFC 9110 section 15.5: the request as it is will never succeed")
async def no_repetition_of_refusals(stage: Stage) -> None:
    """A refusal (400, 401, 403, 404, 422) is not repeated as it was."""
    for status in REFUSALS:
        _, asked = await stage.play(always=Step(status=status, body={"error": "no"}))
        same = [call for call in asked if call.body == asked[0].body and call.headers == asked[0].headers]
        require(len(same) == 1, f"After {status} the same request came {len(same)} times.")


@PROMISES.promise("C07", "MUST", "RFC 9110 section 9.2.2: idempotent requests may be repeated; outages are ordinary")
async def repetition_of_troubles(stage: Stage) -> None:
    """What passes (429, 502, 503, 504, a connection that breaks) is repeated, and succeeds in the end."""
    troubles = [(str(status), Step(status=status, body={"error": "later"})) for status in PASSING]
    for name, step in [*troubles, ("a broken connection", Step(ending="drop"))]:
        ended, asked = await stage.play(step)
        require(len(asked) > 1, f"After {name} the call was not repeated: {ended.said}")
        require(ended.succeeded, f"After {name} and a success the caller did not succeed: {ended.said}")


@PROMISES.promise("C08", "SHOULD", "draft-ietf-httpapi-idempotency-key-header-07 section 2.7")
async def repetition_while_in_flight(stage: Stage) -> None:
    """Told that the first request is under way (409), the caller asks again under the same key."""
    ended, asked = await stage.play(Step(status=409, body={"error": "in flight"}, headers={"Retry-After": "1"}))
    require(len(asked) > 1, f"After 409 the call was not repeated: {ended.said}")
    require(len({stage.key_of(call) for call in asked}) == 1, "It was repeated under another key.")


@PROMISES.promise("C09", "MUST", "a failure that nobody hears of is a lost order")
async def failure_is_told(stage: Stage) -> None:
    """When it fails for good, the caller says so."""
    ended, _ = await stage.play(always=Step(status=422, body={"error": "no such customer"}))
    require(not ended.succeeded, "After 422 the caller said that it had succeeded.")


@PROMISES.promise("C10", "MUST", "retry storms: a caller that never ends keeps a broken system down")
async def attempts_end(stage: Stage) -> None:
    """Attempts and time are bounded: while nothing works, the caller ends and says so."""
    ended, asked = await stage.play(always=FAILURE)
    require(ended.in_time, f"After {len(asked)} attempts it had not ended in {stage.target.patience_seconds:g} s.")
    require(len(asked) <= stage.target.attempts_max, f"It made {len(asked)} attempts.")
    require(not ended.succeeded, "It said that it had succeeded.")


@PROMISES.promise("C11", "SHOULD", "AWS: exponential backoff; Google SRE, chapter 22")
async def pauses_grow(stage: Stage) -> None:
    """Pauses between attempts grow."""
    early = late = 0.0
    seen = []
    for _ in range(RUNS):  # several, as pauses carry chance
        _, asked = await stage.play(always=FAILURE)
        pauses = _pauses(asked)
        require(len(pauses) >= 2, f"There were only {len(asked)} attempts.")
        half = len(pauses) // 2
        early, late = early + sum(pauses[:half]), late + sum(pauses[-half:])
        seen.append(_shown(pauses))
    require(late > early * GROWTH, f"Pauses were {'; '.join(seen)}.")


@PROMISES.promise("C12", "SHOULD", "AWS: exponential backoff and jitter")
async def pauses_differ(stage: Stage) -> None:
    """Pauses carry chance, so that callers do not come back all at once."""
    runs = [_pauses((await stage.play(FAILURE, FAILURE))[1]) for _ in range(RUNS)]
    require(all(runs), "The call was not repeated after 503.")
    turns = list(zip(*runs, strict=False))  # the first pauses of all runs, the second ones
    differ = any(max(turn) - min(turn) > max(0.02, max(turn) / 10) for turn in turns)
    require(differ, f"Pauses were {'; '.join(map(_shown, runs))}.")


@PROMISES.promise("C13", "MUST", "RFC 9110 section 10.2.3; RFC 6585 section 4")
async def waits_as_told(stage: Stage) -> None:
    """Told to wait some seconds, the caller does."""
    _, asked = await stage.play(Step(status=429, body={}, headers={"Retry-After": str(WAIT_SECONDS)}))
    _require_waited(asked, WAIT_SECONDS)


@PROMISES.promise("C14", "MUST", "RFC 9110 section 10.2.3: Retry-After may be a date")
async def waits_until_told(stage: Stage) -> None:
    """Told to wait until an instant, the caller does."""
    until = formatdate(time.time() + WAIT_SECONDS + 1, usegmt=True)  # dates have whole seconds
    _, asked = await stage.play(Step(status=503, body={}, headers={"Retry-After": until}))
    _require_waited(asked, WAIT_SECONDS - 1)


def _require_waited(asked: list[Asked], seconds: float) -> None:
    pauses = _pauses(asked)
    require(bool(pauses), "The call was not repeated.")
    require(pauses[0] >= seconds - 0.1, f"It came again after {pauses[0]:.2f} s; it was told to wait {seconds} s.")


def _shown(pauses: list[float]) -> str:
    return ", ".join(f"{pause:.2f} s" for pause in pauses)
