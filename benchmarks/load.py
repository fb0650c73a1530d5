"""What the harness adds to a request, how exactly it offers, what a second worker brings: python -m benchmarks.load.

added     500 requests a second, open, by the driver of a load test, to mocks without service times whose history is
          written, and whose collector is settled, as in a replay: what a request takes then is what the harness adds
          to it. Asked: 1 ms or less at p50, 5 ms or less at p99, offered within 1 %.
workers   one worker and two send as many acts as they can to a server that costs next to nothing. Asked: 1.8 times the
          load, when the cores are there. Two that share what one core has slow each other down, whatever they do, and
          the server and the leader need their part. So in each round two processes of plain Python show what two of
          anything do here; and two workers take turns on one core, where an act costs them more than it costs one
          worker only if the work is more.
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
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
import psutil
import uvloop

from benchmarks.soak import target_file
from domain.history import Context
from mocks.doors.garbage import settled_collector
from mocks.doors.live import LiveWorld
from mocks.doors.serving import listen, port_of, running
from mocks.doors.settings import UNLIMITED
from q2c.rehearsing import Recording
from simulator.replay.recording import Recording as Seen

ROOT = Path(__file__).resolve().parents[1]
RATE = 500.0
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
TOO_MANY = 6_000.0
"""Acts a second that are due at each worker, more than any can send: it sends them as fast as it can."""


def driven(what: str, url: str, rate: float, seconds: float, workers: int, core: int | None = None) -> dict[str, Any]:
    """Let workers of Locust offer at a rate; return counts, percentiles (ms) and CPU seconds.

    With a `core` all workers take turns on it, and leave the others to the server and the leader.
    """
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / "found.json"
        command = [
            sys.executable, "-m", "locust", "-f", str(Path(__file__).with_name("load_locustfile.py")), "--headless",
            "--only-summary", "--loglevel", "ERROR", "--processes", str(workers), "--master-bind-port",
            str(_free_port()),
        ]  # fmt: skip
        command += ["--master-port", command[-1]]
        said = {"WHAT": what, "URL": url, "RATE": rate, "SECONDS": seconds, "WORKERS": workers, "OUT": out}
        if core is not None:
            said["CORE"] = core
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
        world = LiveWorld(1, limits=UNLIMITED, listeners=[Seen(_context(), recorder.add).take])
        with running(world, turbo=True) as doors, settled_collector():
            found = driven("requests", doors["payment"], RATE, seconds, 1)
        recorder.close_incomplete()
    counts, times = found["counts"], found["times_ms"]
    print(
        f"added: asked {RATE:g} a second for {seconds:g} s, offered {found['offered_rate']:.1f} a second; "
        f"{counts['late']} of {counts['offered']} later than 50 ms, {counts['errors']} errors"
    )
    for name in ("request", "since due", "lateness"):
        row = times[name]
        print(
            f"  {name:10} p50 {row['p50_ms']:.2f} ms, p99 {row['p99_ms']:.2f} ms, p99.9 {row['p99.9_ms']:.2f} ms, "
            f"at most {row['p100_ms']:.2f} ms"
        )


def _context() -> Context:
    return Context(
        at_us=0, scenario="benchmark", seed=1, code_version="", engine="replay", integration="nobody",
        cutoff_date=date(2027, 1, 1), heal_us=0, horizon_us=0, settle_seconds=0, inside=False,
    )  # fmt: skip


def workers(seconds: float, rounds: int) -> None:
    """Measure what one worker and two can send, in turn, and what two processes can do here at all.

    A machine that others use as well is now faster, now slower: what is compared stands in one round, one before and
    after two, and the median of the rounds is told.
    """
    ratios, costs, plain = list[float](), list[float](), list[float]()
    with cheap_server() as (url, server):
        for _ in range(rounds):
            plain.append(plain_ratio(seconds))
            before, two, again, after = (_sent(url, server, seconds, count)["rate"] for count in (1, 2, 2, 1))
            ratios.append((two + again) / (before + after))
            one, both = (_cost(_sent(url, server, seconds, count, core=0)) for count in (1, 2))
            costs.append(2 * one / both)
    print(f"  two sent {_median(ratios)} times as many as one, on {os.cpu_count()} cores with server and leader")
    print(f"  two processes of plain Python did {_median(plain)} times as much as one here")
    print(f"  by what an act costs, two on cores of their own send {_median(costs)} times as many")


def _median(ratios: list[float]) -> str:
    return f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def _sent(url: str, server: psutil.Process, seconds: float, count: int, core: int | None = None) -> dict[str, Any]:
    before, began = server.cpu_times(), time.monotonic()
    found = driven("acts", url, TOO_MANY * count, seconds, count, core)
    after, took = server.cpu_times(), time.monotonic() - began
    busy = (after.user + after.system - before.user - before.system) / took
    print(
        f"workers: {count} {'on one core ' if core is not None else ''}sent {found['rate']:.0f} acts a second for "
        f"{_cost(found) * 1e6:.0f} us of CPU each; the leader took {found['leader_cpu_seconds']:.1f} s of CPU in all, "
        f"the server {busy:.0%} of a core"
    )
    return found


def _cost(found: dict[str, Any]) -> float:
    cost: float = found["cpu_seconds"] / found["counts"]["requests"]
    return cost


def plain_ratio(seconds: float) -> float:
    """Return how many times as much as one process two processes of plain Python do."""
    with multiprocessing.get_context("fork").Pool(2) as pool:
        pool.map(_plain, [0.01, 0.01])
        before, both, after = (sum(pool.map(_plain, [seconds] * count, chunksize=1)) for count in (1, 2, 1))
    found = 2 * both / (before + after)
    print(f"plain Python: two processes did {found:.2f} times as much as one")
    return found


def _plain(seconds: float) -> int:
    """Count how often some plain work is done in so many seconds."""
    ends, rounds, table = time.monotonic() + seconds, 0, dict[int, int]()
    while time.monotonic() < ends:
        for number in range(10_000):
            table[number & 1023] = number + rounds
        rounds += 1
    return rounds


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
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    print(f"cores {os.cpu_count()}, load of the machine before {os.getloadavg()[0]:.1f}")
    if arguments.only in (None, "added"):
        added(arguments.seconds)
    if arguments.only in (None, "workers"):
        workers(min(3.0, arguments.seconds), arguments.rounds)
    if arguments.only in (None, "verdicts"):
        verdicts("30s")
    print(f"load of the machine after {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
