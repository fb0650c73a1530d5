"""Retention as a job beside a node: once a day it removes what has passed, a little at a time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from domain.calendar import DAY_US
from integration.journal.opening import open_shelf
from integration.journal.reading import Reader
from integration.journal.retention import Plan, Removed, Shelf, removals
from integration.relay import withheld
from integration.relay.relay import CONSUMER
from integration.retention import PASSING_SOURCES, Ages, before_us, passes_event, passes_flow

if TYPE_CHECKING:
    from integration.service.node import Node

_LOG = logging.getLogger("q2c.integration")
DONE = "retention/done"
"""The cursor that holds the instant of the last complete run."""
LOOK_SECONDS = 60.0
PAUSE_SECONDS = 0.05
"""Between two transactions, so that orders come first."""
_OTHER_CURSORS = ("sweep/", "changes", "journal/", "home/", "retention/", f"{withheld.FLOW}/")
"""Cursors that are no places in the event log."""
_PAGE = 500


class Bound(msgspec.Struct, frozen=True):
    """Up to which number all consumers have done with the events, and which of them is the last."""

    number: int
    consumer: str = ""


def bound_of(shelf: Shelf, reader: Reader, expected: tuple[str, ...] = ()) -> Bound:
    """Return how far the last consumer of the event log is; those `expected` count from the start, seen or not."""
    places = {
        str(consumer): int(number)
        for consumer, number in shelf.ask("SELECT consumer, number FROM cursor")
        if not consumer.startswith(_OTHER_CURSORS)
    }
    places = {**dict.fromkeys(expected, 0), **places, **_withheld(reader)}
    number, consumer = min(((number, name) for name, number in places.items()), default=(2**62, ""))
    return Bound(number, consumer)


def _withheld(reader: Reader) -> Mapping[str, int]:
    """Return the places of events that were set aside: they and what follows are still to be sent."""
    found, after = {}, 0
    while rows := reader.flows(name=withheld.FLOW, after=after, limit=_PAGE):
        for held in map(withheld.of_flow, rows):
            if reader.cursor(held.flow) != withheld.CAUGHT_UP:
                found[held.flow] = held.number - 1
        after = rows[-1].number
    return found


def plan_of(ages: Ages, now_us: int, bound: Bound) -> Plan:
    """Return what has passed at an instant."""
    return Plan(
        now_us=now_us,
        messages_before_us=before_us(now_us, ages.messages_days),
        untaken_before_us=before_us(now_us, ages.untaken_days),
        commands_before_us=before_us(now_us, ages.commands_days),
        events_before_us=before_us(now_us, ages.events_days),
        steps_before_us=before_us(now_us, ages.steps_days),
        events_up_to=bound.number,
        sources=PASSING_SOURCES,
        passes_event=passes_event,
        passes_flow=passes_flow,
    )


def consumers_of(broker: str) -> tuple[str, ...]:
    """Return the consumers that a configuration asks for: their events wait for them before they have begun."""
    return (CONSUMER,) if broker else ()


async def keep_tidy(node: Node, ending: asyncio.Event) -> None:
    """Remove what has passed once a day, until told to end. What goes wrong is tried again after a while."""
    while not ending.is_set():
        if not node.readiness() and node.now_us() - node.reader.cursor(DONE) >= DAY_US:
            try:
                removed = await tidy(node, ending)
            except Exception as trouble:  # orders must not suffer from it
                _LOG.warning("what has passed could not be removed: %s: %s", type(trouble).__name__, trouble)
            else:
                _LOG.info("what has passed is removed: %s", msgspec.structs.asdict(removed))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ending.wait(), LOOK_SECONDS)


async def tidy(node: Node, ending: asyncio.Event) -> Removed:
    """Remove what has passed, and remember the instant when it is all done; return how much it was."""
    configuration, now_us, removed = node.configuration, node.now_us(), Removed()
    shelf = open_shelf(node.database)
    try:
        bound = bound_of(shelf, node.reader, consumers_of(configuration.broker))
        plan = plan_of(configuration.retention, now_us, bound)
        pages = removals(shelf, plan)
        while (page := await asyncio.to_thread(next, pages, None)) is not None:
            removed += page
            if ending.is_set():
                return removed
            await asyncio.sleep(PAUSE_SECONDS)
    finally:
        shelf.close()
    node.host.enter(node.integration.forget, plan.untaken_before_us)
    node.advance(DONE, now_us)
    return removed
