"""Mutants of outcomes nobody knows: what a caller makes of an answer that did not come."""

from __future__ import annotations

import msgspec

from domain.http import Reply
from integration import retry, system
from integration.effects import Call
from integration.flows import steps
from integration.outcomes import Answer, Failed, OutcomeUnknown, Unknown
from tests.mutants.grounds import ERRORS_AFTER, KEYS_FORGOTTEN, LOST_REPLIES, NEVER_THERE
from tests.mutants.mutant import Mutant, Patch

Probe = retry.Probe


def _timeout_is_failure() -> list[Patch]:
    async def resolve(call: Call, probe: Probe | None, unknown: OutcomeUnknown, first_us: int) -> None:
        unknown.unknown = msgspec.structs.replace(unknown.unknown, replayed=True)  # so it is asked for under a new key

    return [Patch(retry, "_resolve", resolve)]


def _timeout_is_success() -> list[Patch]:
    async def resolve(call: Call, probe: Probe | None, unknown: OutcomeUnknown, first_us: int) -> Answer | None:
        if not call.write:
            return None
        return (await probe() if probe is not None else None) or Answer(202, b"{}", unknown.at_us)

    return [Patch(retry, "_resolve", resolve)]


def _server_error_is_failure() -> list[Patch]:
    real_classify, real_numbered = system.classify, retry._numbered

    def classify(call: Call, reply: Reply, at_us: int) -> Answer | Failed | Unknown:
        outcome = real_classify(call, reply, at_us)
        if type(outcome) is Unknown:
            return Failed("server_error", reply.status, body=reply.body, at_us=at_us)
        return outcome

    def numbered(call: Call, attempt: int) -> Call:
        return real_numbered(retry.renewed(call, attempt), attempt)

    return [Patch(system, "classify", classify), Patch(retry, "_numbered", numbered)]


def _keys_live_for_ever() -> list[Patch]:
    async def resolve(call: Call, probe: Probe | None, unknown: OutcomeUnknown, first_us: int) -> None:
        """Trust the peer to know the key still."""

    async def looked_up(call: Call, probe: Probe | None) -> None:
        """Send it again, however late."""

    again = [Patch(owner, "done_meanwhile", looked_up) for owner in (retry, steps)]
    return [Patch(retry, "_resolve", resolve), *again]


MUTANTS = (
    Mutant(
        name="timeout_is_failure",
        group="timeouts",
        mistake="A timeout counts as a refusal: the call is asked for again as if it were new, as when one handler "
        "takes timeouts and refusals.",
        caught_by=("S7", "S1", "S3", "S4", "M3"),
        ground=LOST_REPLIES,
        patches=_timeout_is_failure,
    ),
    Mutant(
        name="timeout_is_success",
        group="timeouts",
        mistake="A call that was sent is taken for done, whether or not an answer came: fire and forget.",
        caught_by=("S9", "L1", "L2"),
        ground=NEVER_THERE,
        patches=_timeout_is_success,
    ),
    Mutant(
        name="server_error_is_failure",
        group="timeouts",
        mistake="A 500 is taken to say that nothing was done, and the next attempt is a new request (F23: it may come "
        "after the commit).",
        caught_by=("S7", "S1", "S3", "S4", "M3"),
        ground=ERRORS_AFTER,
        patches=_server_error_is_failure,
    ),
    Mutant(
        name="keys_live_for_ever",
        group="timeouts",
        mistake="An unknown outcome is repeated under its key without a look-up, after the peer has forgotten the key "
        "(F27: some forget within minutes).",
        caught_by=("S3", "S4", "M3", "M5"),
        ground=KEYS_FORGOTTEN,
        patches=_keys_live_for_ever,
    ),
)
