"""Retries as flow code: each attempt and each pause is a journaled effect, visible in the audit and replayed.

A failure that is permanent is raised at once. An unknown outcome is looked up first when the adapter has a `probe`
(rule 4); without one the same key makes the repetition harmless, as long as the peer remembers it. A repetition that
would be sent after that is looked up first, wherever it waited. When the attempts are used up the flow parks as a
DEPENDENCY case; each re-drive grants one more attempt.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable

import msgspec

from domain.calendar import SECOND_US
from integration.effects import Call, Now, Park, Sleep
from integration.flow import FlowContext
from integration.outcomes import FORGOTTEN, Answer, CallFailed, GivenUp, OutcomeUnknown
from integration.settings import RetryPolicy

Probe = Callable[[], Awaitable[Answer | None]]
"""Looks an intent up by external id or code: the Answer that shows it done, or None when it is not there."""

LATE_SECONDS = 600
"""How long after we gave it up a request may still arrive: proxies queue for so long (fault F10)."""
_CODES = {"throttled": "DEPENDENCY.RATE_LIMITED", "in_progress": "DEPENDENCY.CONCURRENCY_LIMIT"}


async def call_with_retries(context: FlowContext, call: Call, probe: Probe | None = None) -> Answer:
    """Return the answer of a call, however many attempts, pauses and re-drives it takes.

    Raise CallFailed for a permanent failure, GivenUp when a person decides not to wait any longer.
    """
    policy = context.settings.retry
    attempt, allowed, first_us = 1, policy.attempts, 0
    while True:
        trouble: CallFailed | OutcomeUnknown
        try:
            return await (call if attempt == 1 else _numbered(call, attempt))
        except CallFailed as failure:
            if not failure.is_transient:
                raise
            trouble = failure
        except OutcomeUnknown as unknown:
            trouble, first_us = unknown, first_us or unknown.at_us
            if (found := await _resolve(call, probe, unknown, first_us)) is not None:
                return found
            if unknown.unknown.replayed:
                call = renewed(call, attempt)
        is_forgotten = isinstance(trouble, CallFailed) and trouble.kind == FORGOTTEN
        if attempt < allowed and not is_forgotten:
            await Sleep(pause_seconds(policy, call, attempt, trouble))
            attempt += 1
            call = call if call.send_by_us else while_known(call, trouble.at_us - call.timeout_seconds * SECOND_US)
            continue
        if not is_forgotten:
            await _park(call, trouble)
            attempt, allowed = attempt + 1, allowed + 1
        if call.key_lives_seconds:
            if (found := await done_meanwhile(call, probe)) is not None:
                return found
            call = while_known(call, await Now())


def while_known(call: Call, since_us: int) -> Call:
    """Return a call that is sent only as long as its peer knows a key that it may have heard of at an instant."""
    if not call.key_lives_seconds:
        return call
    left_us = (call.key_lives_seconds - call.timeout_seconds - LATE_SECONDS) * SECOND_US
    return msgspec.structs.replace(call, send_by_us=since_us + left_us)


async def done_meanwhile(call: Call, probe: Probe | None) -> Answer | None:
    """Return the answer that shows a call done before it is sent again much later, None when it has to be sent.

    Whatever came of its attempts, a copy of one may have arrived late, and the peer may have forgotten its key since.
    """
    return await probe() if call.write and call.key_lives_seconds and probe is not None else None


def pause_seconds(policy: RetryPolicy, call: Call, attempt: int, trouble: CallFailed | OutcomeUnknown) -> float:
    """Return the pause after an attempt: what the peer asked for (capped), or full jitter, whichever is longer."""
    ceiling = min(policy.cap_seconds, policy.base_seconds * 2.0 ** min(attempt - 1, 30))
    asked = min(max(trouble.retry_after_seconds, 0), policy.retry_after_cap_seconds)
    jitter = ceiling * share_of(f"{call.operation}\x1f{call.key or call.target}\x1f{attempt}")
    return asked + jitter if asked else jitter


def share_of(text: str) -> float:
    """Return a number in [0, 1) that is a function of the text only: jitter that a replay repeats."""
    digest = hashlib.blake2b(text.encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big") / 2.0**48


def renewed(call: Call, number: int) -> Call:
    """Return the call under a new key; the key is replaced wherever the call carries it."""
    key = f"{call.key}~{number}"
    if not call.key:
        return call
    target, body = call.target.replace(call.key, key), call.body.replace(call.key.encode(), key.encode())
    return msgspec.structs.replace(call, key=key, target=target, body=body)


def _numbered(call: Call, attempt: int) -> Call:
    return msgspec.structs.replace(call, attempt=attempt)


async def _resolve(call: Call, probe: Probe | None, unknown: OutcomeUnknown, first_us: int) -> Answer | None:
    """Find out whether the intent is done; ask a person when nobody else can tell and repeating is not safe."""
    if not call.write:
        return None
    if probe is not None:
        return await probe()
    forgotten = call.key_lives_seconds and unknown.at_us - first_us > call.key_lives_seconds * 1_000_000
    if not call.key or forgotten or unknown.unknown.replayed:
        await _park(call, unknown)
    return None


async def _park(call: Call, trouble: CallFailed | OutcomeUnknown) -> None:
    about = {"system": call.system, "operation": call.operation, "key": call.key, "method": call.method}
    detail = f"{call.system} {call.operation}: {trouble}"
    code = code_of(trouble)
    resumed = await Park(code=code, detail=detail, context=about)
    if resumed.action == "cancel":
        raise GivenUp(detail, code)


def code_of(trouble: CallFailed | OutcomeUnknown) -> str:
    """Return the class of the taxonomy for a call that did not work."""
    if isinstance(trouble, OutcomeUnknown):
        return "DEPENDENCY.TIMEOUT"
    if trouble.is_transient:
        return _CODES.get(trouble.kind, "DEPENDENCY.UNAVAILABLE")
    return "AUTH.FORBIDDEN" if trouble.kind == "unauthenticated" else "VALIDATION.BUSINESS_RULE"
