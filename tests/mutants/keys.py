"""Mutants of idempotency keys: what names an intent, and what does not."""

from __future__ import annotations

import msgspec

from integration import retry
from integration.effects import Call
from tests.mutants.grounds import LOST_REPLIES
from tests.mutants.mutant import Mutant, Patch


def _fresh_key_per_retry() -> list[Patch]:
    def numbered(call: Call, attempt: int) -> Call:
        return msgspec.structs.replace(retry.renewed(call, attempt), attempt=attempt)

    return [Patch(retry, "_numbered", numbered)]


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
)
