"""The cut-off: which quotes signed in the quarter were booked in the quarter, entity by entity."""

from __future__ import annotations

import msgspec

from contracts.checks.facts import BOOKED, Facts
from contracts.checks.lives import quote_of
from contracts.checks.policy import hold_intervals
from contracts.checks.stages import WAITING
from domain.calendar import local_date, midnight_us
from domain.history import Entity
from domain.objects import Order
from q2c.report.journeys import Journeys


class EntityCutOff(msgspec.Struct, frozen=True, kw_only=True):
    """One legal entity: signed before its local cut-off, booked with a date before it, and the others.

    `late` are booked with a date of the next period although nobody held them up, `held_over` are, too, but were on
    credit hold at the cut-off; `waiting` are with somebody else (credit, people, sales), `missing` are neither booked
    nor with anybody.
    """

    entity: str
    zone: str
    cut_off_us: int
    signed: int = 0
    booked: int = 0
    late: int = 0
    held_over: int = 0
    waiting: int = 0
    missing: int = 0


class CutOff(msgspec.Struct, frozen=True):
    """All entities."""

    entities: tuple[EntityCutOff, ...]

    @property
    def signed(self) -> int:
        """How many quotes were signed before the cut-off."""
        return sum(each.signed for each in self.entities)

    @property
    def booked(self) -> int:
        """How many of them were booked in the quarter."""
        return sum(each.booked for each in self.entities)

    @property
    def late(self) -> int:
        """How many of them the integration booked too late, with a date of the next period."""
        return sum(each.late for each in self.entities)

    @property
    def held_over(self) -> int:
        """How many of them were on credit hold at the cut-off and booked in the next period, once released."""
        return sum(each.held_over for each in self.entities)

    @property
    def waiting(self) -> int:
        """How many of them are with somebody else than the integration."""
        return sum(each.waiting for each in self.entities)

    @property
    def missing(self) -> int:
        """How many of them are not booked, and nobody has them in hand."""
        return sum(each.missing for each in self.entities)


def cut_off_of(facts: Facts, journeys: Journeys) -> CutOff:
    """Return the cut-off of a history."""
    counts: dict[str, dict[str, int]] = {}
    cutoff = facts.context.cutoff_date
    for reference, life in facts.accepted.items():
        entity = quote_of(life).entity
        if local_date(life.entered["accepted"], facts.zones.get(entity, "UTC")) < cutoff:
            own = counts.setdefault(entity, {})
            outcome = _outcome(facts, reference, journeys)
            own["signed"] = own.get("signed", 0) + 1
            own[outcome] = own.get(outcome, 0) + 1
    named = {entity.id: entity for entity in facts.context.entities}
    return CutOff(
        tuple(
            _entity(facts, named.get(name, Entity(name, "", "UTC")), counts.get(name, {}))
            for name in sorted({*named, *counts})
        )
    )


def _entity(facts: Facts, entity: Entity, counts: dict[str, int]) -> EntityCutOff:
    cut_off_us = midnight_us(facts.context.cutoff_date, entity.zone)
    return EntityCutOff(entity=entity.id, zone=entity.zone, cut_off_us=cut_off_us, **counts)


def _outcome(facts: Facts, reference: str, journeys: Journeys) -> str:
    booked = [order for order in facts.orders.get(reference, []) if order.since(BOOKED) is not None]
    if booked:
        if booked[0].document.business_date < facts.context.cutoff_date:
            return "booked"
        return "held_over" if _was_held(facts, booked[0].document) else "late"
    return "waiting" if journeys.stage_of[reference] in (*WAITING, "cancelled", "returned_to_sales") else "missing"


def _was_held(facts: Facts, order: Order) -> bool:
    """Tell whether the customer of an order was on credit hold when its entity's quarter ended."""
    cut_off_us = midnight_us(facts.context.cutoff_date, facts.zones.get(order.entity, "UTC"))
    holds = facts.once(hold_intervals).get(order.customer, [])
    return any(placed_us < cut_off_us <= released_us for placed_us, released_us, _ in holds)
