"""Mutants of outcomes nobody knows: what a caller makes of an answer that did not come."""

from __future__ import annotations

import msgspec

from integration import retry
from integration.effects import Call
from integration.outcomes import OutcomeUnknown
from tests.mutants.grounds import LOST_REPLIES
from tests.mutants.mutant import Mutant, Patch


def _timeout_is_failure() -> list[Patch]:
    async def resolve(call: Call, probe: retry.Probe | None, unknown: OutcomeUnknown, first_us: int) -> None:
        unknown.unknown = msgspec.structs.replace(unknown.unknown, replayed=True)  # so it is asked for under a new key

    return [Patch(retry, "_resolve", resolve)]


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
)
