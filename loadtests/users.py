"""Users: the driver of a node, which lets people act at their instants, open loop.

There is one driver a worker. It waits for nobody: an act that is due is sent in a greenlet of its own, however many are
still without an answer. When even that is too much (`IN_FLIGHT_MAX`), an act is refused and counted, never postponed.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import Any, Final

import gevent
from gevent.pool import Pool
from gevent.queue import Queue
from locust import FastHttpUser, constant, task

from loadtests.desk import Desk
from loadtests.hdr import Histograms
from loadtests.material import Level, Material
from loadtests.profiles import Arrival
from simulator.replay.pacing import LATE_SECONDS

IN_FLIGHT_MAX: Final = 2_000
LATENESS: Final = "lateness"
_ANSWER_SECONDS = 60.0
_LOOK_SECONDS = 2.0
_FIRST_LOOK_SECONDS = 0.2


class Player:
    """What the drivers of one node share: the material, the levels to come, and what was counted."""

    def __init__(self) -> None:
        self.material: Material | None = None
        self.address = ""
        self.copies = 0
        self.levels: Any = Queue()
        self.times = Histograms()
        self.counts: Counter[str] = Counter()
        self.messages: list[int] = []
        self._next = 0

    def report(self) -> dict[str, Any]:
        """Return what was counted since the last report."""
        found = {"counts": dict(self.counts), "times": self.times.take()}
        self.counts.clear()
        return found

    def offer(self, level: Level, client: Any) -> float:
        """Offer a level, each arrival at its instant; return how long the offering took (seconds), answers apart.

        It returns when all are answered, or the level's patience is over.
        """
        assert self.material is not None, "a driver runs without material"
        began = time.monotonic() + level.at - time.time()
        pool = Pool(IN_FLIGHT_MAX)
        looking = gevent.spawn(self._look) if self.copies else None
        try:
            for arrival in self.material.of(level):
                due = began + arrival.at_seconds
                gevent.sleep(max(0.0, due - time.monotonic()))
                self._send(pool, arrival, due, client)
            gevent.sleep(max(0.0, began + level.seconds - time.monotonic()))
            took_seconds = time.monotonic() - began
            pool.join(timeout=_ANSWER_SECONDS)
        finally:
            pool.kill(block=False)
            if looking is not None:
                looking.kill(block=False)
        return took_seconds

    def _send(self, pool: Any, arrival: Arrival, due: float, client: Any) -> None:
        late = time.monotonic() - due
        if arrival.act is not None and arrival.act.system == "integration":
            self.counts["unasked"] += 1  # a black box has no door for what people ask our own integration
            return
        self.counts["offered"] += 1
        self.counts["late"] += late > LATE_SECONDS
        self.times.note(LATENESS, late)
        if pool.free_count() < 1:
            self.counts["refused"] += 1
            return
        pool.spawn(self._perform, arrival, due, client)

    def _perform(self, arrival: Arrival, due: float, client: Any) -> None:
        act = arrival.act
        if act is None:
            self._stroke(client)
            return
        name = f"{act.system}: {act.action.replace('_', ' ')}"
        body = [{"system": act.system, "action": act.action, "arguments": act.arguments, "txn": act.txn}]
        self._asked(client.post(f"{self.address}/acts", json=body, name=name))
        self.times.note(name, time.monotonic() - due)

    def _stroke(self, client: Any) -> None:
        """Let the systems of record send a message again that they have sent, genuinely signed, many times."""
        if not self.messages:
            self.counts["idle"] += 1
            return
        number = self.messages[self._next % len(self.messages)]
        self._next += 1
        self.counts["strokes"] += 1
        where = f"{self.address}/deliveries/{number}/redeliver?copies={self.copies}"
        self._asked(client.post(where, name="storm: copies asked for"))

    def _asked(self, answer: Any) -> None:
        self.counts["requests"] += 1
        self.counts["errors"] += not 200 <= answer.status_code < 300

    def _look(self) -> None:
        """Learn again and again which messages there are to repeat."""
        desk = Desk(self.address)
        while True:
            self.messages = [each.number for each in desk.deliveries() if each.genuine and not each.manual]
            gevent.sleep(_LOOK_SECONDS if self.messages else _FIRST_LOOK_SECONDS)


class Driver(FastHttpUser):
    """Everybody who acts in a scenario's timeline: sales people, approvers, customers, banks; one driver a worker."""

    host = "http://127.0.0.1"  # where the acts go is found out when the load begins
    wait_time = constant(0)
    concurrency = IN_FLIGHT_MAX
    network_timeout = _ANSWER_SECONDS
    max_redirects = 0
    max_retries = 0

    @task
    def act(self) -> None:
        """Wait for a level, and offer it."""
        player: Player = self.environment.q2c.player
        took_seconds = player.offer(player.levels.get(), self.client)
        self.environment.q2c.tell(took_seconds=took_seconds)
