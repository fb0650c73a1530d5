"""What the harness adds to a request, how exactly it offers, what a second worker brings: python -m benchmarks.load.

added     500 requests a second, open, by the driver of a load test, to mocks without service times whose history is
          written as in a replay: what a request takes then is what the harness adds to it. Asked: 1 ms or less at p50,
          5 ms or less at p99, offered within 1 %.
workers   one worker and two send as many acts as they can to a server that costs next to nothing. Asked: 1.8 times the
          load. On two cores the server needs its part of them, so the CPU time of a request is told too: workers on
          cores of their own give as much more as it stays the same.
verdicts  one load with one worker and with two, against the reference integration: what is judged must be the same.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import psutil
import uvloop

from benchmarks.soak import target_file
from mocks.doors.live import LiveWorld
from mocks.doors.serving import listen, port_of, running
from mocks.doors.settings import UNLIMITED
from q2c.rehearsing import Recording

ROOT = Path(__file__).resolve().parents[1]
RATE = 500.0
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
TOO_MANY = 6_000.0
"""Acts a second that are asked of each worker, more than any can send."""


def driven(what: str, url: str, rate: float, seconds: float, workers: int) -> dict[str, Any]:
    """Let workers of Locust offer at a rate; return counts, percentiles (ms) and CPU seconds."""
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / "found.json"
        command = [
            sys.executable, "-m", "locust", "-f", str(Path(__file__).with_name("load_locustfile.py")), "--headless",
            "--only-summary", "--loglevel", "ERROR", "--processes", str(workers), "--master-bind-port",
            str(_free_port()),
        ]  # fmt: skip
        command += ["--master-port", command[-1]]
        said = {"WHAT": what, "URL": url, "RATE": rate, "SECONDS": seconds, "WORKERS": workers, "OUT": out}
        environment = {**os.environ, **{f"BENCH_{name}": str(value) for name, value in said.items()}}
        done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=300)
        if not out.exists():
            raise SystemExit(f"Locust did not come to its end: {done.stdout[-2000:]} {done.stderr[-2000:]}")
        found: dict[str, Any] = msgspec.json.decode(out.read_bytes())
        return found


def added(seconds: float) -> None:
    """Measure what the harness adds, and how exactly it offers."""
    with tempfile.TemporaryDirectory() as place:
        recorder = Recording(Path(place) / "history.parquet", live=True)
        with running(LiveWorld(1, limits=UNLIMITED, listeners=[recorder.add]), turbo=True) as doors:
            found = driven("requests", doors["payment"], RATE, seconds, 1)
        recorder.close_incomplete()
    counts, times = found["counts"], found["times_ms"]
    print(
        f"added: asked {RATE:g} a second for {seconds:g} s, offered {found['offered_rate']:.1f} a second; "
        f"{counts['late']} of {counts['offered']} later than 50 ms, {counts['errors']} errors"
    )
    for name in ("request", "since due", "lateness"):
        print(f"  {name:10} p50 {times[name]['p50_ms']:.2f} ms, p99 {times[name]['p99_ms']:.2f} ms")


def workers(seconds: float, rounds: int) -> None:
    """Measure what one worker and two can send, in turn."""
    rows: dict[int, list[tuple[float, float]]] = {1: [], 2: []}
    with cheap_server() as (url, server):
        for _ in range(rounds):
            for count, found in rows.items():
                before, began = server.cpu_times(), time.monotonic()
                one = driven("acts", url, TOO_MANY * count, seconds, count)
                after, took = server.cpu_times(), time.monotonic() - began
                cost = one["cpu_seconds"] / one["counts"]["requests"]
                found.append((one["rate"], cost))
                busy = (after.user + after.system - before.user - before.system) / took
                print(
                    f"workers: {count} sent {one['rate']:.0f} acts a second for {cost * 1e6:.0f} us of CPU each; "
                    f"the leader took {one['leader_cpu_seconds']:.1f} s of CPU in all, the server {busy:.0%} of a core"
                )
    best = {count: max(rate for rate, _ in found) for count, found in rows.items()}
    costs = {count: min(cost for _, cost in found) for count, found in rows.items()}
    print(f"  two sent {best[2] / best[1]:.2f} times as many as one, on {os.cpu_count()} cores with server and leader")
    print(f"  by what an act costs them, two on cores of their own send {2 * costs[1] / costs[2]:.2f} times as many")


def verdicts(within: str) -> None:
    """Load the reference integration with one worker and with two, and compare what is judged."""
    found = []
    for processes in ("1", "2"):
        with tempfile.TemporaryDirectory(prefix="q2c-load-") as place:
            target, folder = target_file(Path(place)), Path(place) / "runs"
            done = subprocess.run(
                [sys.executable, "-m", "q2c", "load", "quarter_end_spike", "--target", str(target), "--profile",
                 "steady", "--times", "0.5", "--within", within, "--processes", processes, "--runs", str(folder),
                 "--json"],
                cwd=ROOT, check=False, capture_output=True, text=True,
            )  # fmt: skip
            said = json.loads(done.stdout.splitlines()[-1])
            (run,) = folder.iterdir()
            rows = json.loads((run / "verdict.json").read_text(encoding="utf-8"))["checks"]
        load, checks = said["load"], {row["id"]: row["status"] for row in rows}
        found.append((done.returncode, said["verdict"], said["as_asked"], load["lifecycles"], checks))
        kept = ", as asked" if said["as_asked"] else ", NOT as asked"
        print(f"verdict: {processes} of Locust: {said['verdict']}, {load['lifecycles']} lifecycles{kept}")
    different = {name for name, status in found[0][-1].items() if found[1][-1].get(name) != status}
    same = f"the same in all {len(found[0][-1])} checks" if found[0] == found[1] else f"different: {sorted(different)}"
    print(f"  {same}")


@contextmanager
def cheap_server() -> Iterator[tuple[str, psutil.Process]]:
    """Serve one short answer to whatever is asked, in a process of its own."""
    end = listen()
    process = multiprocessing.get_context("fork").Process(target=_serve, args=(end,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{port_of(end)}", psutil.Process(process.pid)
    finally:
        process.terminate()
        process.join()
        end.close()


def _serve(end: socket.socket) -> None:
    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(_Cheap, sock=end, backlog=2048)
        await server.serve_forever()

    uvloop.run(main())


class _Cheap(asyncio.Protocol):
    """Answers each request once its head and its body are there; clients that send one after the other are assumed."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._bytes = b""

    def data_received(self, data: bytes) -> None:
        self._bytes += data
        head, blank, body = self._bytes.partition(b"\r\n\r\n")
        _, named, length = head.lower().partition(b"content-length:")
        if blank and len(body) >= (int(length.split(b"\r\n", 1)[0]) if named else 0):
            self._bytes = b""
            self._transport.write(ANSWER)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", choices=("added", "workers", "verdicts"))
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    print(f"cores {os.cpu_count()}, load of the machine before {os.getloadavg()[0]:.1f}")
    if arguments.only in (None, "added"):
        added(arguments.seconds)
    if arguments.only in (None, "workers"):
        workers(min(8.0, arguments.seconds), arguments.rounds)
    if arguments.only in (None, "verdicts"):
        verdicts("30s")
    print(f"load of the machine after {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
