"""Consumers: from the event log of a journal, or from a NATS JetStream stream, into the tables.

What an event writes and how far the consumer is go into one transaction, so a consumer that is killed takes nothing
twice and loses nothing; events that come twice all the same are known by their ids.
"""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import Any

from integration.analytics.store import Store
from integration.analytics.told import NotAnEvent, Told, of_cloud_event, of_row
from integration.journal.reading import EventLog

LOG = "log"
PAGE = 1000
DURABLE = "q2c-analytics"
WAIT_SECONDS = 1.0


def consume(store: Store, log: EventLog) -> int:
    """Take in all events of the log after the consumer's cursor; return how many were new."""
    new = 0
    while rows := log.events(after=store.cursor(LOG), limit=PAGE):
        new += store.take([of_row(row) for row in rows], LOG, rows[-1].number)
    return new


async def catch_up(store: Store, log: EventLog) -> None:
    """Take in all events as `consume` does, a page at a time so that a node's other work has its turn."""
    while rows := log.events(after=store.cursor(LOG), limit=PAGE):
        store.take([of_row(row) for row in rows], LOG, rows[-1].number)
        await asyncio.sleep(0)


def rebuild(store: Store, log: EventLog) -> int:
    """Empty the tables and take in the whole log again."""
    store.empty()
    return consume(store, log)


async def consume_stream(store: Store, address: str, stream: str = "Q2C", durable: str = DURABLE) -> int:
    """Take in what is in a stream and not yet acknowledged, until it is empty; return how many events were new.

    Messages are acknowledged after the tables have them. What is no event of ours is terminated: it never comes again.
    """
    nats = import_module("nats")
    errors = import_module("nats.errors")
    client = await nats.connect(address, name=durable, connect_timeout=5, allow_reconnect=False)
    new = 0
    try:
        subscription = await client.jetstream().pull_subscribe("", durable=durable, stream=stream)
        while True:
            try:
                messages = await subscription.fetch(PAGE, timeout=WAIT_SECONDS)
            except (errors.TimeoutError, TimeoutError):
                return new
            new += await _taken(store, messages)
    finally:
        await client.close()


async def _taken(store: Store, messages: list[Any]) -> int:
    events: list[Told] = []
    good, bad = [], []
    for message in messages:
        try:
            events.append(of_cloud_event(message.data))
            good.append(message)
        except NotAnEvent:
            bad.append(message)
    new = store.take(events)
    for message in good:
        await message.ack()
    for message in bad:
        await message.term()
    return new
