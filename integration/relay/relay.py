"""The relay: takes events from the log in the order of their numbers and hands them to a broker.

    relay = Relay(log=reader, publisher=open_publisher("nats://broker:4222"), advance=..., launch=..., now_us=...)
    await relay.run(stop)

At least once: the cursor moves only after the broker has acknowledged all events before it, so a process that dies in
between sends some again, under the same ids; JetStream drops those, consumers know them by (source, id). In order: the
events of one partition key leave one after the other, those of different keys at the same time. That holds for several
relays on one log too: whichever sends the next event of a key has sent the one before.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import msgspec

from domain.calendar import SECOND_US
from integration.effects import Start
from integration.journal.protocol import FlowRow, OutboxRow
from integration.journal.reading import EventLog
from integration.relay import withheld
from integration.relay.cloud_event import cloud_event, encoded
from integration.relay.publisher import Outgoing, Poison, Publisher, Unavailable
from integration.relay.withheld import CAUGHT_UP, Withheld

CONSUMER = "relay"
BATCH = 256
AT_ONCE = 32
"""Events of different partition keys that may be on their way to the broker at the same time."""
POISON_ATTEMPTS = 3
"""How often the same refusal is believed to be about the moment and not about the event (domain errors, 4.3)."""
BACK_OFF_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
LOOK_SECONDS = 0.5


class Log(EventLog, Protocol):
    """What the relay reads of the journal (`integration.journal.reading.Reader` does)."""

    def cursor(self, consumer: str) -> int: ...

    def flow(self, flow_id: str) -> FlowRow | None: ...

    def flows(
        self, *, txn: str = "", name: str = "", status: str = "", after: int = 0, limit: int = 100
    ) -> list[FlowRow]: ...


class Tracing(Protocol):
    """Who follows events on their way (`integration.observability.tracing.Tracing` does)."""

    def traceparent(self, event_id: str) -> str: ...

    def relayed(self, event_id: str, event_type: str, txn: str, began_us: int, ended_us: int) -> None: ...


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How the relay is doing: `backlog` events wait, the oldest of them for `lag_seconds`; `trouble` is the latest."""

    cursor: int
    backlog: int
    lag_seconds: float
    published: int
    withheld: int
    trouble: str = ""


class Relay:
    """One relay. `advance(consumer, number)` and `launch(start)` return when what they did is durable."""

    def __init__(
        self,
        *,
        log: Log,
        publisher: Publisher,
        advance: Callable[[str, int], object],
        launch: Callable[[Start], object],
        now_us: Callable[[], int],
        tracing: Tracing | None = None,
        consumer: str = CONSUMER,
    ) -> None:
        self._log, self._publisher, self._advance, self._launch = log, publisher, advance, launch
        self._now_us, self._tracing, self._consumer = now_us, tracing, consumer
        self._held: dict[str, Withheld] = {}  # by subject
        self._left_at = -1  # where this relay moved the cursor last
        self._scanned = 0  # flows up to this number have been looked at
        self._is_open = False
        self._wake = asyncio.Event()
        self.published = 0
        self.trouble = ""

    # --- running

    async def run(self, stop: asyncio.Event) -> None:
        """Relay until told to stop; a broker that is down is tried again, with growing pauses."""
        failures = 0
        try:
            while not stop.is_set():
                try:
                    sent = await self.relay()
                    self.trouble, failures = "", 0
                    if not sent:
                        await self._rest(stop, LOOK_SECONDS)
                except Unavailable as down:
                    self.trouble = str(down)
                    await self.disconnect()
                    await self._rest(stop, BACK_OFF_SECONDS[min(failures, len(BACK_OFF_SECONDS) - 1)])
                    failures += 1
        finally:
            await self.disconnect()

    def wake(self) -> None:
        """Look at once: there is a new event."""
        self._wake.set()

    async def _rest(self, stop: asyncio.Event, seconds: float) -> None:
        self._wake.clear()
        waits = [asyncio.ensure_future(each.wait()) for each in (stop, self._wake)]
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()

    async def disconnect(self) -> None:
        """Leave the broker; the next pass connects anew."""
        self._is_open = False
        with contextlib.suppress(Unavailable):
            await self._publisher.close()

    # --- one pass

    async def relay(self) -> int:
        """Send what waits, a batch of it; return how many events are dealt with. Raise Unavailable: nothing is lost."""
        if not self._is_open:
            await self._publisher.open()
            self._is_open = True
        start = self._log.cursor(self._consumer)
        if start != self._left_at:
            self._scan()
        caught_up = await self._catch_up(start)
        rows = self._log.events(after=start, limit=BATCH)
        if not rows:
            return caught_up
        await self._send(rows)
        self._move(self._consumer, rows[-1].number)
        return caught_up + len(rows)

    def _move(self, consumer: str, number: int) -> None:
        self._advance(consumer, number)
        if consumer == self._consumer:
            self._left_at = number

    async def _send(self, rows: Sequence[OutboxRow]) -> None:
        """Send events, one after the other within a subject and a partition key; return when all are dealt with."""
        places = asyncio.Semaphore(AT_ONCE)
        tasks = [asyncio.ensure_future(self._send_chain(chain, places)) for chain in chains_of(rows)]
        try:
            await asyncio.gather(*tasks)
        except BaseException:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            raise

    async def _send_chain(self, rows: Iterable[OutboxRow], places: asyncio.Semaphore) -> None:
        for row in rows:
            if row.subject in self._held:
                continue
            async with places:
                await self._publish(row)

    async def _publish(self, row: OutboxRow) -> bool:
        """Send one event, or set it aside; tell which."""
        for attempt in range(1, POISON_ATTEMPTS + 1):
            began_us = self._now_us()
            try:
                await self._publisher.publish(outgoing_of(row, self._traceparent(row)))
            except Poison as refused:
                if attempt == POISON_ATTEMPTS:
                    self._set_aside(row, refused)
                    return False
            else:
                self.published += 1
                if self._tracing is not None:
                    self._tracing.relayed(row.id, row.type, row.txn, began_us, self._now_us())
                return True
        raise AssertionError("the last attempt returns")

    def _traceparent(self, row: OutboxRow) -> str:
        return self._tracing.traceparent(row.id) if self._tracing is not None else ""

    # --- what no broker takes

    def _set_aside(self, row: OutboxRow, refused: Poison) -> None:
        """Make an event a case, durably, before the cursor may pass it."""
        turn = 1
        while (found := self._log.flow(withheld.start_of(row, turn, "", "").flow_id)) is not None:
            if not withheld.is_over(found):
                break
            turn += 1
        start = withheld.start_of(row, turn, refused.code, str(refused))
        if found is None:
            self._launch(start)
        self._held[row.subject] = Withheld(flow=start.flow_id, number=row.number, subject=row.subject)

    def _scan(self) -> None:
        """Find the events that are set aside: when the process starts, or another relay has moved the cursor."""
        while rows := self._log.flows(name=withheld.FLOW, after=self._scanned, limit=500):
            for row in rows:
                held = withheld.of_flow(row)
                if self._log.cursor(held.flow) != CAUGHT_UP:
                    self._held[held.subject] = held
            self._scanned = rows[-1].number

    async def _catch_up(self, until: int) -> int:
        """Send what waited for decisions that have been made; return how many events that were."""
        count = 0
        for held in list(self._held.values()):
            row = self._log.flow(held.flow)
            if row is not None and withheld.is_over(row):
                after = held.number if withheld.is_skipped(row) else held.number - 1
                count += await self._follow(held, max(after, self._log.cursor(held.flow)), until)
        return count

    async def _follow(self, held: Withheld, after: int, until: int) -> int:
        """Send the events of a subject up to a number; one that is set aside again ends it."""
        count = 0
        while rows := self._log.events(after=after, subject=held.subject, limit=BATCH):
            for row in rows:
                if row.number > until:
                    break
                if not await self._publish(row):
                    self._move(held.flow, CAUGHT_UP)  # its new case takes over
                    return count
                count += 1
                after = row.number
                self._move(held.flow, after)
            else:
                continue
            break
        self._move(held.flow, CAUGHT_UP)
        del self._held[held.subject]
        return count

    # --- what can be seen

    def standing(self) -> Standing:
        """Return how it is doing, as the log tells."""
        cursor = self._log.cursor(self._consumer)
        oldest = self._log.events(after=cursor, limit=1)
        lag_us = self._now_us() - oldest[0].created_us if oldest else 0
        return Standing(
            cursor=cursor, backlog=newest_number(self._log, cursor) - cursor, lag_seconds=max(0, lag_us) / SECOND_US,
            published=self.published, withheld=len(self._held), trouble=self.trouble,
        )  # fmt: skip


def outgoing_of(row: OutboxRow, traceparent: str = "") -> Outgoing:
    """Return an event as it is handed to a broker; raise Poison for one that cannot be written down."""
    try:
        event = cloud_event(row)
        return Outgoing(id=row.id, type=row.type, key=str(event["partitionkey"]), body=encoded(row, traceparent))
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise Poison(f"the event is no CloudEvent: {error}", "CONTRACT.SCHEMA_DRIFT") from error


def chains_of(rows: Sequence[OutboxRow]) -> list[list[OutboxRow]]:
    """Return the events in chains: those that share a subject or a partition key, in the order of their numbers."""
    chains: list[list[OutboxRow]] = []
    place_of: dict[str, int] = {}  # of a subject or key, in `chains`
    for row in rows:
        names = (f"subject {row.subject}", f"key {_partition_key(row)}")
        places = sorted({place_of[name] for name in names if name in place_of})
        if not places:
            places = [len(chains)]
            chains.append([])
        if len(places) == 2:
            one, other = places
            chains[one], chains[other] = sorted(chains[one] + chains[other], key=lambda each: each.number), []
            place_of.update((name, one) for name, place in list(place_of.items()) if place == other)
        chains[places[0]].append(row)
        place_of.update((name, places[0]) for name in names)
    return [chain for chain in chains if chain]


def _partition_key(row: OutboxRow) -> str:
    try:
        return str(cloud_event(row)["partitionkey"])
    except (TypeError, ValueError, OverflowError, RecursionError):
        return row.subject  # it will be set aside when its turn comes


def newest_number(log: Log, after: int) -> int:
    """Return the number of the newest event, found by halving; `after` when there is none after it."""
    step = 1
    while log.events(after=after + step - 1, limit=1):
        step *= 2
    low, high = step // 2, step  # an event is at or after `after + low`, none is at or after `after + high`
    while high - low > 1:
        middle = (low + high) // 2
        if log.events(after=after + middle - 1, limit=1):
            low = middle
        else:
            high = middle
    return after + low
