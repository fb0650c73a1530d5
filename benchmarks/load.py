"""What the load generator adds, how exactly it offers, and what a second worker brings: python -m benchmarks.load.

Locust runs against mocks without service times: what a request takes is what the harness adds to it (driver, wire,
door, service). Asked: 1 ms or less at p50 and 5 ms or less at p99 at 500 requests a second, offered within 1 %; two
workers 1.8 times the load of one where there are cores for them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path
from typing import Any

import msgspec

from mocks.doors.live import LiveWorld
from mocks.doors.serving import running

SECONDS = 6.0
_FILE = """
import os, sys, time
sys.path.insert(0, {root!r})
import gevent, msgspec
from gevent.pool import Pool
from locust import FastHttpUser, LoadTestShape, constant, events, task
from loadtests.hdr import Histograms

RATE, SECONDS, URL = {rate}, {seconds}, {url!r}
TIMES = Histograms()

class Driver(FastHttpUser):
    host, wait_time, concurrency = URL, constant(0), 500
    @task
    def drive(self):
        runner = self.environment.runner
        index, count = max(0, getattr(runner, "worker_index", 0)), {workers}
        pool, began = Pool(500), time.monotonic() + 0.2
        for number in range(index, round(RATE * SECONDS), count):
            due = began + number / RATE
            gevent.sleep(max(0.0, due - time.monotonic()))
            TIMES.note("lateness", time.monotonic() - due)
            pool.spawn(self.once, due)
        pool.join()
        TIMES.note("span", time.monotonic() - began)
        runner.send_message("bench", TIMES.take())
        gevent.sleep(3600)
    def once(self, due):
        sent = time.monotonic()
        self.client.get("/v1/customers/cus_nobody", auth=("sk_test_1", ""), name="customer")
        TIMES.note("request", time.monotonic() - sent)
        TIMES.note("since due", time.monotonic() - due)

ALL, REPORTS = Histograms(), []
class Shape(LoadTestShape):
    def tick(self):
        return None if len(REPORTS) == {workers} or self.get_run_time() > SECONDS * 10 + 20 else ({workers}, {workers})

@events.init.add_listener
def init(environment, **_said):
    def report(msg, **_said):
        ALL.add(msg.data)
        REPORTS.append(1)
    if type(environment.runner).__name__ != "WorkerRunner":
        environment.runner.register_message("bench", report)
        environment.events.quitting.add_listener(lambda **_: open({out!r}, "wb").write(msgspec.json.encode(ALL.rows())))
"""


def measured(rate: float, workers: int) -> dict[str, Any]:
    """Return the percentiles (ms) of one run at a rate a second with so many workers."""
    with tempfile.TemporaryDirectory() as place, running(LiveWorld(1), turbo=True) as doors:
        out, file = Path(place) / "rows.json", Path(place) / "locustfile.py"
        text = _FILE.format(
            root=str(Path(__file__).resolve().parent.parent), rate=rate, seconds=SECONDS, url=doors["payment"],
            workers=workers, out=str(out),
        )  # fmt: skip
        file.write_text(textwrap.dedent(text), encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "locust",
            "-f",
            str(file),
            "--headless",
            "--loglevel",
            "ERROR",
            "--only-summary",
        ]
        command += ["--processes", str(workers)] if workers > 1 else []
        subprocess.run(command, check=False, capture_output=True, timeout=120)
        rows: dict[str, Any] = msgspec.json.decode(out.read_bytes())
        return rows


def highest(workers: int) -> float:
    """Return how many requests a second so many workers send when they are asked for more than they can."""
    rows = measured(4_000, workers)
    return float(rows["request"]["count"] / (rows["span"]["p100_ms"] / 1000))


def main() -> None:
    """Measure and print."""
    print(f"cores {os.cpu_count()}, load of the machine before {os.getloadavg()[0]:.1f}")
    began = time.monotonic()
    rows = measured(500, 1)
    sent, span = rows["request"]["count"], rows["span"]["p100_ms"] / 1000
    print(f"asked 500 a second for {SECONDS:g} s: offered {sent / max(SECONDS, span):.1f} a second")
    for name in ("request", "since due", "lateness"):
        print(f"  {name:10} p50 {rows[name]['p50_ms']:.2f} ms, p99 {rows[name]['p99_ms']:.2f} ms")
    one, two = highest(1), highest(2)
    print(f"at most: one worker {one:.0f} a second, two {two:.0f} ({two / one:.2f} times)")
    print(f"load of the machine after {os.getloadavg()[0]:.1f}; {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
