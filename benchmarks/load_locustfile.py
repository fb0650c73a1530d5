"""The locustfile of benchmarks/load.py: the driver of a load test, offering at a rate whatever others can take.

It is the driver that people use (`loadtests.users`) with a level of its own: `BENCH_RATE` a second for `BENCH_SECONDS`,
shared by `BENCH_WORKERS`. With `BENCH_WHAT=acts` it sends acts as in a load; with `requests` it asks the payment system
as an integration does: every third request makes a customer, under an idempotency key, and the others read one. With
`BENCH_CORE` all workers take turns on that core, and the leader stays away from it.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from itertools import count
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # Locust runs files, not packages

import msgspec
from locust import events
from locust.runners import MasterRunner, WorkerRunner

from domain.acts import Act
from loadtests.hdr import Histograms
from loadtests.material import Level, Material
from loadtests.profiles import Arrival
from loadtests.shapes import Campaign
from loadtests.users import Driver, Player

__all__ = ["Campaign", "Driver"]
RATE, SECONDS = float(os.environ["BENCH_RATE"]), float(os.environ["BENCH_SECONDS"])
WORKERS, URL, OUT = int(os.environ["BENCH_WORKERS"]), os.environ["BENCH_URL"], os.environ["BENCH_OUT"]
CORE = os.environ.get("BENCH_CORE", "")
ASKS = os.environ["BENCH_WHAT"] == "requests"
ACT = Act(at_us=0, system="crm", action="accept_quote", arguments={"number": "Q-000001"}, txn="Q-000001")
LEAD_SECONDS = 1.0


class Asking(Player):
    """Asks the payment system, where a player of a load acts."""

    def __init__(self) -> None:
        super().__init__()
        self._numbers, self._known = count(), ""

    def _perform(self, arrival: Arrival, due: float, client: Any) -> None:
        number, sent = next(self._numbers), time.monotonic()
        if number % 3 and self._known:
            answer = client.get(f"{self.address}/v1/customers/{self._known}", auth=("sk_test_1", ""), name="read")
        else:
            answer = client.post(
                f"{self.address}/v1/customers", data={"name": f"Customer {number}"}, auth=("sk_test_1", ""),
                headers={"idempotency-key": f"{os.getpid()}-{number}"}, name="write",
            )  # fmt: skip
            self._known = answer.json()["id"]
        self._asked(answer)
        self.times.note("request", time.monotonic() - sent)
        self.times.note("since due", time.monotonic() - due)


class Saturating(Player):
    """Sends as many as it can: an act that finds no room waits for it, where a player of a load refuses it.

    To refuse costs as well: who is asked for more than it can send would pay for that with each act that it sends.
    """

    def _send(self, pool: Any, arrival: Arrival, due: float, client: Any) -> None:
        pool.wait_available()
        super()._send(pool, arrival, due, client)


class Bench:
    """One process of Locust, in the place of `loadtests.conducting.Node`."""

    def __init__(self, environment: Any) -> None:
        self.player = Asking() if ASKS else Saturating()
        self.player.address = URL
        self.player.material = Material((), _arrivals(), (), 1.0)  # type: ignore[arg-type]
        self._runner = environment.runner
        self._times, self._rows = Histograms(), list[dict[str, float]]()
        if not isinstance(self._runner, WorkerRunner):
            self._runner.register_message("bench", self._take)
            environment.events.quitting.add_listener(self._write)
        if not isinstance(self._runner, MasterRunner):
            environment.events.test_start.add_listener(self._start)

    def drivers(self) -> int:
        """Return how many drivers there are to be: none once all have told."""
        return 0 if len(self._rows) == WORKERS else WORKERS

    def tell(self, took_seconds: float) -> None:
        """Tell how the level went, when everything is answered."""
        said = {
            "row": {
                **self.player.counts, "offering_seconds": took_seconds, "cpu_seconds": time.process_time() - self._cpu,
                "seconds": time.time() - self._level.at,
            },
            "times": self.player.times.take(),
        }  # fmt: skip
        self._runner.send_message("bench", said)

    def _start(self, **_said: Any) -> None:
        index = max(0, getattr(self._runner, "worker_index", 0))
        self._level = Level(at=time.time() + LEAD_SECONDS, seconds=SECONDS, index=index, count=WORKERS)
        self._cpu = time.process_time()
        self.player.levels.put(self._level)

    def _take(self, msg: Any, **_said: Any) -> None:
        self._rows.append(msg.data["row"])
        self._times.add(msg.data["times"])

    def _write(self, **_said: Any) -> None:
        counts = Counter[str]()
        for row in self._rows:
            counts.update({name: row.get(name, 0) for name in ("offered", "late", "refused", "requests", "errors")})
        found = {
            "counts": counts, "times_ms": self._times.rows(),
            "rate": sum(row["requests"] / row["seconds"] for row in self._rows),
            "offered_rate": sum(row["offered"] / row["offering_seconds"] for row in self._rows),
            "cpu_seconds": sum(row["cpu_seconds"] for row in self._rows), "leader_cpu_seconds": time.process_time(),
        }  # fmt: skip
        Path(OUT).write_bytes(msgspec.json.encode(found))


def _arrivals() -> tuple[Arrival, ...]:
    return tuple(Arrival(number / RATE, None if ASKS else ACT) for number in range(round(RATE * SECONDS)))


def _init(environment: Any, **_said: Any) -> None:
    if CORE:
        others = os.sched_getaffinity(0) - {int(CORE)}
        os.sched_setaffinity(0, {int(CORE)} if isinstance(environment.runner, WorkerRunner) else others)
    environment.q2c = Bench(environment)


_events: Any = events  # its hooks have no types
_events.init.add_listener(_init)
