"""Mutants of order: what happened last is not what arrived last."""

from __future__ import annotations

from typing import Any

import msgspec

from integration.entities import EntityQueues
from integration.flows import amendments
from tests.mutants.grounds import CROSSING
from tests.mutants.mutant import Mutant, Patch


def _amendments_in_arrival_order() -> list[Patch]:
    real_plan, real_enter = amendments._planned, EntityQueues.enter

    def planned(found: Any, row: Any) -> Any:
        plan = real_plan(found, row)
        rows = [known for known in plan.rows if known is not row]
        return msgspec.structs.replace(plan, rows=[*rows, row], place=len(rows))

    def enter(self: EntityQueues[Any], entity_key: str, order_key: str, number: int, flow: Any) -> bool:
        return real_enter(self, entity_key, "", number, flow)

    return [Patch(amendments, "_planned", planned), Patch(EntityQueues, "enter", enter)]


MUTANTS = (
    Mutant(
        name="amendments_in_arrival_order",
        group="ordering",
        mistake="Amendments are applied as they arrive, whatever their effective dates, as when a queue "
        "is taken for an order.",
        caught_by=("O2", "M1", "M10"),
        ground=CROSSING,
        patches=_amendments_in_arrival_order,
    ),
)
