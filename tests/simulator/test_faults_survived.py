"""What befalls messages and answers is survived: two orders, every kind strikes until the systems heal."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from domain.faults import CATALOGUE, Fault
from domain.history import Fired
from tests.stage import Played, Stage

KINDS = (
    "backlog", "blocked_queue", "garbled", "garbled_reply", "odd_numbers", "oversized", "poison", "renumbered",
    "secret_rotated", "skewed", "slow_intake", "stale_snapshot",
)  # fmt: skip
STRENGTH: dict[str, dict[str, Any]] = {
    "garbled_reply": {"share_ppm": 200_000},  # with no answer that can be read nothing can be done
    "odd_numbers": {"share_ppm": 200_000},  # our reader takes them for a changed contract and asks a person
    "skewed": {"seconds": 900.0, "count": 1},  # beyond the tolerance: refused, and sent again
    "oversized": {"count": 2},
}


def two_orders(*faults: Fault) -> Played:
    """Return the play of two orders of a customer who pays by direct debit."""
    stage = Stage(*faults)
    stage.customer("debit")
    stage.signs("Q-000001")
    stage.signs("Q-000002", at=1.2)
    return stage.play(days=5, heal_after=3)


def documents(played: Played) -> dict[str, list[str]]:
    """Return the last status of every document of the business, by system and kind."""
    kinds = (("erp", "order"), ("erp", "invoice"), ("erp", "cash"), ("billing", "invoice"), ("payment", "payment"),
             ("fulfilment", "task"), ("billing", "subscription"))  # fmt: skip
    return {f"{system}.{kind}": sorted(played.statuses(system, kind)) for system, kind in kinds}


@pytest.fixture(scope="module")
def calm() -> dict[str, list[str]]:
    return documents(two_orders())


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_strikes_and_everything_ends_as_without_it(kind: str, calm: dict[str, list[str]]) -> None:
    fault = msgspec.structs.replace(CATALOGUE[kind].usual, **STRENGTH.get(kind, {}))
    played = two_orders(fault)
    assert {fired.kind for fired in played.of(Fired)} == {kind}
    assert documents(played) == calm
    broken = played.broken()
    broken.pop("L6", None)  # judged by tests of its own: here every message of a sender is struck
    assert broken == {}
