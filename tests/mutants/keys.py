"""Mutants of idempotency keys: what names an intent, and what does not."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec

from integration import lanes, retry
from integration.effects import Call
from integration.flow import FlowContext
from integration.flows import dunning, steps
from integration.lanes import Lane
from tests.mutants.grounds import CRASHES_AND_CARDS, LOST_REPLIES, NEVER_THERE, REPEATED
from tests.mutants.mutant import Mutant, Patch
from tests.mutants.quiet_grounds import CARDS, DEBTORS


def _sent_under(name: Callable[[Lane, Call], str]) -> list[Patch]:
    """Replace the key of every keyed call just before it is sent."""
    real = Lane._send

    def send(self: Lane, errand: Any) -> None:
        if errand.call.key_header:
            errand.call = msgspec.structs.replace(errand.call, key=name(self, errand.call))
        real(self, errand)

    return [Patch(Lane, "_send", send)]


def _fresh_key_per_retry() -> list[Patch]:
    def numbered(call: Call, attempt: int) -> Call:
        return msgspec.structs.replace(retry.renewed(call, attempt), attempt=attempt)

    return [Patch(retry, "_numbered", numbered)]


def _key_from_clock() -> list[Patch]:
    return _sent_under(lambda lane, call: f"q2c/{call.operation}/{lane._wire.now_us // 1_000_000}")


def _constant_key() -> list[Patch]:
    return [Patch(steps, "key_of", _constant)]


def _constant(context: FlowContext, _entity: str, operation: str) -> str:
    return f"{context.settings.tenant}/{operation}"


def _key_is_body_hash() -> list[Patch]:
    return _sent_under(lambda _lane, call: f"q2c/{hashlib.sha256(call.body).hexdigest()[:20]}")


def _key_without_operation() -> list[Patch]:
    def key_of(context: FlowContext, entity: str, _operation: str) -> str:
        return f"{context.settings.tenant}/{entity}"

    return [Patch(steps, "key_of", key_of)]


def _no_key() -> list[Patch]:
    real = lanes.request_of

    def request_of(call: Call, authorisation: dict[str, str]) -> Any:
        return real(msgspec.structs.replace(call, key_header=""), authorisation)

    return [Patch(lanes, "request_of", request_of)]


def _key_in_memory_only() -> list[Patch]:
    return _sent_under(lambda lane, call: f"{call.key}@{lane._wire.lease.epoch}")  # type: ignore[attr-defined]


def _body_changes_with_attempts() -> list[Patch]:
    real = retry._numbered

    def numbered(call: Call, attempt: int) -> Call:
        body = call.body + b"&attempt=%d" % attempt if call.key_header else call.body
        return real(msgspec.structs.replace(call, body=body), attempt)

    return [Patch(retry, "_numbered", numbered)]


def _dunned_once() -> list[Patch]:
    async def nothing(_account: str, _episode: dunning.Episode, since: str) -> None:
        """The debt is known, so it is not taken up again."""

    return [Patch(dunning, "_over", nothing)]


MUTANTS = (
    Mutant(
        name="fresh_key_per_retry",
        group="keys",
        mistake="Each attempt carries a new idempotency key, as when the key is made inside the function that sends "
        "(woocommerce-gateway-stripe#2339: the keys of the two intents differ).",
        caught_by=("S7", "S1", "S3", "S4"),
        ground=LOST_REPLIES,
        patches=_fresh_key_per_retry,
    ),
    Mutant(
        name="key_from_clock",
        group="keys",
        mistake="The key is the second in which the call is sent: a retry gets another one, and two intents of one "
        "second share one (catalogue 5).",
        caught_by=("S7",),
        ground=LOST_REPLIES,
        patches=_key_from_clock,
    ),
    Mutant(
        name="constant_key",
        group="keys",
        mistake="All intents of an operation share one key, as when the key was copied from an example (catalogue 6).",
        caught_by=("S7", "L2"),
        ground=CARDS,
        patches=_constant_key,
    ),
    Mutant(
        name="key_is_body_hash",
        group="keys",
        mistake="The key is a hash of the body, so two intents whose bodies happen to be equal are taken for one "
        "(catalogue 7: the second order is lost).",
        caught_by=("S7", "L2", "S9"),
        ground=CARDS,
        patches=_key_is_body_hash,
    ),
    Mutant(
        name="key_without_operation",
        group="keys",
        mistake="The key names the document but not what is done with it, so the second thing done to a document is "
        "taken for the first (catalogue 9).",
        caught_by=("S7", "L2", "M3"),
        ground=CARDS,
        patches=_key_without_operation,
    ),
    Mutant(
        name="no_key",
        group="keys",
        mistake="No idempotency key is sent; a proxy that repeats a request does the work twice (catalogue 1, F15).",
        caught_by=("S4", "S3", "M5"),
        ground=REPEATED,
        patches=_no_key,
    ),
    Mutant(
        name="key_in_memory_only",
        group="keys",
        mistake="The key is made in memory and not written down before the call, so a restarted process asks again "
        "under another one (catalogue 3).",
        caught_by=("S3", "S4", "M3", "M13"),
        ground=CRASHES_AND_CARDS,
        patches=_key_in_memory_only,
    ),
    Mutant(
        name="body_changes_with_attempts",
        group="keys",
        mistake="A field of the body changes from attempt to attempt, so the key is known for another request "
        "(catalogue 10; peers answer 400 or 422).",
        caught_by=("S7",),
        ground=NEVER_THERE,
        patches=_body_changes_with_attempts,
    ),
    Mutant(
        name="dunned_once",
        group="keys",
        mistake="The dunning of a debt is named after the debt, so one that rested for an objection is found to be "
        "over and never comes back.",
        caught_by=("L10",),
        ground=DEBTORS,
        patches=_dunned_once,
    ),
)
