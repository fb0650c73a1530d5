"""Deliveries: the messages of the systems on their way, with their faults, and the log of how each attempt went."""

from __future__ import annotations

import heapq
import sys
from collections import deque
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from domain.faults import Fault
from mocks.kernel import faults
from mocks.kernel.copies import Flaw, copies
from mocks.kernel.desk import Message
from mocks.kernel.faults import FaultPlan
from mocks.kernel.luck import Luck
from mocks.kernel.outcome import Delivery
from mocks.kernel.service import Service
from mocks.kernel.tables import IN_MEMORY, Tables

NEVER_US: Final = sys.maxsize
LOG_SIZE = 2_000
LEAD_US = 50_000  # so long after copies that come ahead of it comes the genuine one


class Arrival(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One copy of a message that is to arrive at an instant.

    `fault` is what struck it, empty for none, and `flaw` what is wrong with this copy, if anything. `manual` copies
    were asked for by a person; how they go plans no further attempts. A `first` copy overtakes the answer of the call
    that caused it.
    """

    number: int
    due_us: int
    system: str
    delivery: Delivery
    fault: str = ""
    flaw: Flaw | None = None
    manual: bool = False
    first: bool = False

    @property
    def is_forged(self) -> bool:
        """Whether the copy must not be believed."""
        return self.flaw is not None and self.flaw.is_forged

    @property
    def is_beside(self) -> bool:
        """Whether the copy comes beside the message itself, so that how it goes plans no further attempt."""
        return self.manual or (self.flaw is not None and self.flaw.is_beside)


class Attempt(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A row of the delivery log: how one copy went. `number` names it for redelivery; status 0 is no answer."""

    number: int
    at_us: int
    arrival: Arrival
    url: str
    status: int
    note: str
    took_us: int
    answer: bytes


class Deliveries:
    """What is on its way, by due instant, and the last attempts."""

    def __init__(self, tables: Tables = IN_MEMORY, log_size: int = LOG_SIZE) -> None:
        self.next_us = NEVER_US
        self._heap: list[tuple[int, int]] = []
        self._open: dict[int, Arrival] = {}
        self.overtaking = 0  # messages on their way that must arrive before the answer of the call that caused them
        self._log: deque[Attempt] = deque(maxlen=log_size)
        self._luck: dict[tuple[str, str], Luck] = {}
        self._tables = tables
        self._blocked: dict[str, int] = {}  # until when messages of a system wait behind one that does not get through
        self._numbers = 0

    def dispatch(self, plan: FaultPlan, service: Service, delivery: Delivery, now_us: int) -> None:
        """Plan the arrivals of a delivery, as many and as late as the faults want."""
        message, system = delivery.message, service.name
        if plan.faults and now_us < self._blocked.get(system, 0):
            self._plan(self._blocked[system], system, delivery)
            return
        fault = self._fault(plan, message, now_us) if plan.faults else None
        if fault is None:
            self._plan(now_us, system, delivery)
            return
        if fault.kind == "blocked_queue":
            self._blocked[system] = now_us + round(fault.seconds * 1_000_000)
            self._plan(self._blocked[system], system, delivery, fault.kind)
            return
        is_first = fault.kind == "webhook_first"
        found = copies(fault, service, delivery, now_us, 0, LEAD_US)
        for copy in found:
            due_us = now_us if is_first else now_us + copy.after_us
            self._plan(due_us, system, delivery, fault.kind, flaw=copy.flaw, first=is_first)
        if not found:
            lost = self._arrival(now_us, system, delivery, fault.kind)
            self._note(lost, now_us, "", 0, "lost on the way")

    def _fault(self, plan: FaultPlan, message: Message, now_us: int) -> Fault | None:
        luck = self._luck.get((message.system, message.topic))
        if luck is None:
            luck = Luck(plan.draws, message.system, message.topic, tables=self._tables)
            self._luck[message.system, message.topic] = luck
        aim = plan.aim(faults.WEBHOOK, message.system, message.topic)
        return aim.strike(luck.word(message.id, now_us), message.txn, now_us, message.id)

    def redeliver(self, attempt: int, now_us: int) -> Arrival:
        """Plan another copy of what an attempt of the log carried; raise KeyError when the log has no such row."""
        found = next((row for row in self._log if row.number == attempt), None)
        if found is None:
            raise KeyError(attempt)
        return self._plan(now_us, found.arrival.system, found.arrival.delivery, manual=True)

    def due(self, now_us: int, at_most: int = sys.maxsize) -> list[Arrival]:
        """Return the arrivals due by now, earliest first; each is returned once."""
        found: list[Arrival] = []
        while self._heap and self._heap[0][0] <= now_us and len(found) < at_most:
            found.append(self._open[heapq.heappop(self._heap)[1]])
        self.next_us = self._heap[0][0] if self._heap else NEVER_US
        return found

    def settle(self, number: int, at_us: int, url: str, status: int, note: str, took_us: int, answer: bytes) -> Arrival:
        """Take note of how an arrival went; raise KeyError when it is not on its way."""
        arrival = self._open.pop(number)
        self.overtaking -= arrival.first
        self._note(arrival, at_us, url, status, note, took_us, answer)
        return arrival

    def carry_again(self) -> None:
        """Plan again what was on its way and never settled: the process that carried it is gone."""
        waiting = {number for _, number in self._heap}
        for number, arrival in self._open.items():
            if number not in waiting:
                self._push(arrival)

    def keep(self, log_size: int) -> None:
        """Keep so many attempts in the log from now on."""
        self._log = deque(self._log, maxlen=log_size)

    def log(self) -> Iterator[Attempt]:
        """Iterate over the last attempts, newest first."""
        return reversed(self._log)

    def open(self) -> Iterator[Arrival]:
        """Iterate over what is on its way."""
        return iter(self._open.values())

    def _plan(self, due_us: int, system: str, delivery: Delivery, fault: str = "", **marks: Any) -> Arrival:
        arrival = self._arrival(due_us, system, delivery, fault, **marks)
        self._open[arrival.number] = arrival
        self.overtaking += arrival.first
        self._push(arrival)
        return arrival

    def _arrival(self, due_us: int, system: str, delivery: Delivery, fault: str, **marks: Any) -> Arrival:
        self._numbers += 1
        return Arrival(
            number=self._numbers, due_us=due_us, system=system, delivery=delivery, fault=fault, **marks
        )  # fmt: skip

    def _push(self, arrival: Arrival) -> None:
        heapq.heappush(self._heap, (arrival.due_us, arrival.number))
        self.next_us = self._heap[0][0]

    def _note(
        self, arrival: Arrival, at_us: int, url: str, status: int, note: str, took_us: int = 0, answer: bytes = b""
    ) -> None:
        self._log.append(
            Attempt(
                number=arrival.number, at_us=at_us, arrival=arrival, url=url, status=status, note=note,
                took_us=took_us, answer=answer[:512],
            )
        )  # fmt: skip
