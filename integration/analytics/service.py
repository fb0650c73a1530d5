"""Analytics beside a running integration: reading the ledgers, and the reconciliation at the close of each day."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from domain.calendar import DAY_US, HOUR_US
from integration.analytics import ledgers
from integration.analytics.consumer import catch_up
from integration.analytics.reconcile import IN_FLIGHT, Difference, differences
from integration.analytics.store import Store
from integration.analytics.totals import Document, documents
from integration.drivers.asyncio_driver import AsyncioHost
from integration.drivers.clock import BusinessClock
from integration.drivers.wire import Wire
from integration.flows.steps import until_given_up
from integration.journal.reading import Reader
from integration.journal.sqlite import SqliteJournal
from integration.process import Integration, Parts
from integration.service.configuration import Configuration
from integration.system import System

if TYPE_CHECKING:
    from integration.service.node import Node

_LOG = logging.getLogger("q2c.integration")
PAIR = "events-erp"
CLOSE_US = 2 * HOUR_US
"""Two in the morning, UTC: when the day is reconciled."""
PATIENCE_SECONDS = 600.0
LOOK_SECONDS = 30.0
_OPEN = ("ready", "running", "parked")


async def read(configuration: Configuration, systems: dict[str, System], since_us: int) -> list[Document]:
    """Return what the ERP says, over a small integration of its own: it knows no other flow, so it does nothing else.

    Raise RuntimeError with the reason when the ERP cannot be read.
    """
    clock, journal = BusinessClock(), SqliteJournal()
    wire = Wire({name: peer.address for name, peer in configuration.peers.items()}, configuration.ca_bundle)
    trouble: list[Exception] = []
    host = AsyncioHost(clock, wire, trouble.append)
    parts = Parts(programs={ledgers.FLOW: until_given_up(ledgers.read_ledgers)}, systems=systems)
    integration = Integration(configuration.settings, parts, journal, host)
    host.serve(integration)
    start, reader = ledgers.start_of(since_us, 1), journal.reader()
    try:
        host.enter(integration.start)
        host.enter(integration.launch, start)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                row = reader.flow(start.flow_id)
                if row is not None and row.status == "finished":
                    return ledgers.documents_of(row.result)
                if trouble or (row is not None and row.status == "parked"):
                    said = [case.detail for case in reader.cases()] + [str(each) for each in trouble]
                    raise RuntimeError(f"the ERP cannot be read: {'; '.join(said)}")
                await asyncio.sleep(0.05)
    finally:
        await host.close(1.0)
        integration.kill()
        journal.close()


def unsettled(reader: Reader, store: Store) -> frozenset[str]:
    """Return the documents that are in somebody's hands: their flows are open, or events of theirs are to come."""
    found = {subject for subject, _ in store.gaps()}
    for status in _OPEN:
        after = 0
        while rows := reader.flows(status=status, after=after, limit=1000):
            found.update(row.id.partition("/")[2] for row in rows)
            after = rows[-1].number
    return frozenset(found)


def summed(found: Iterable[Difference]) -> tuple[tuple[str, str, int], ...]:
    """Return the differences for alerts and metrics: (pair, currency, minor units), without what is in flight."""
    sums: dict[tuple[str, str], int] = {}
    for each in found:
        if each.cause != IN_FLIGHT:
            key = f"{PAIR}:{each.measure}", each.currency
            sums[key] = sums.get(key, 0) + abs(each.amount_minor)
    return tuple((pair, currency, amount) for (pair, currency), amount in sorted(sums.items()))


async def reconcile(node: Node, store: Store) -> list[Difference]:
    """Take in what is new, read the ledgers through the node, and return every difference."""
    await catch_up(store, node.reader)
    since_us, _ = store.span()
    if not since_us:
        return []
    row = await node.run(ledgers.start_of(since_us, node.now_us()), PATIENCE_SECONDS)
    return differences(
        documents(store), ledgers.documents_of(row.result), now_us=node.now_us(),
        open_subjects=unsettled(node.reader, store),
    )  # fmt: skip


async def close_days(node: Node, stop: asyncio.Event) -> None:
    """Reconcile at the close of each day, until told to stop; metrics and alerts learn of it."""
    from integration.observability import telemetry_of

    store = Store()
    due_us = next_close_us(node.now_us())
    while not stop.is_set():
        if node.now_us() >= due_us and not node.readiness():
            due_us = next_close_us(node.now_us())
            try:
                found = summed(await reconcile(node, store))
            except Exception as trouble:  # tomorrow is another day; orders must not suffer from it
                _LOG.warning("the day could not be reconciled: %s: %s", type(trouble).__name__, trouble)
            else:
                telemetry_of(node).reconciled(found)
                _LOG.info("the day is reconciled: %s totals differ", len(found))
        try:
            await asyncio.wait_for(stop.wait(), LOOK_SECONDS)
        except TimeoutError:
            continue


def next_close_us(now_us: int) -> int:
    """Return the next instant at which a day is closed."""
    return (now_us - CLOSE_US) // DAY_US * DAY_US + DAY_US + CLOSE_US
