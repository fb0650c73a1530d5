"""Flows a second on PostgreSQL with one and two workers, on the embedded SQLite, and with DBOS, in one run.

Run `python -m benchmarks.postgres [--flows 600] [--rounds 3] [--without-dbos]`. It needs the binaries of PostgreSQL;
DBOS is left out, and said so, when it cannot be installed into build/bench-dbos.

Each flow makes five calls, one after the other. There is no peer and no network: a call is answered at once, in the
process that makes it, so this measures what durability costs and nothing else. A flow is seven transactions here
(start, one for each call's intent together with the outcome before it, end) and about as many in DBOS. The steps of
flows in flight share transactions: how many commits and flushes a flow costs is counted by the database and printed.
All stores flush to disk at each commit (PostgreSQL: fsync and synchronous_commit on; SQLite: synchronous=FULL). The
database, its workers and this script share one machine: a second worker helps as far as a core is left for it. It runs
twice: with the databases in memory, where a flush costs nothing and the processors decide, and on this machine's disk.
The CPU time of a flow, workers and database together, and the commits are what a busy machine changes least.

Every worker starts its share of the flows itself; the time runs from the first start to the last end. The rounds
alternate, one worker first and two workers first; the medians count, and the ratio of two to one is that of each round.
"""

from __future__ import annotations

import argparse
import heapq
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from domain.history import Flow as FlowRecord
from domain.history import Record
from domain.http import Reply, Request
from integration.effects import Call, Start
from integration.flow import FlowContext
from integration.journal.opening import open_journal
from integration.process import Integration, Parts
from integration.settings import Settings
from tests.postgres import Server, binaries

STEPS = 5
REPLY = Reply(200, {"content-type": "application/json"}, b'{"id": "1234567890", "status": "open"}' * 10)
ENVIRONMENT = Path("build/bench-dbos")
MEMORY = Path("/dev/shm")
ONE, TWO = "PostgreSQL, 1 worker", "PostgreSQL, 2 workers"
STATISTICS_SECONDS = 1.2


async def lifecycle(context: FlowContext, arguments: Mapping[str, Any]) -> str:
    """Make some calls."""
    for number in range(STEPS):
        key = f"q2c/{context.flow_id}/{number}"
        await Call(system="erp", operation="put", method="PUT", target="/x", body=b"x" * 300, key=key, write=True)
    return "done"


class Bench:
    """A Host on the wall clock, without a network: every call is answered at once."""

    def __init__(self) -> None:
        self.ended = 0
        self._timers: list[tuple[int, int, Callable[..., Any], tuple[Any, ...]]] = []
        self._numbers = count()

    def now_us(self) -> int:
        return time.time_ns() // 1000

    def call_at(self, at_us: int, action: Callable[..., Any], *arguments: Any) -> None:
        heapq.heappush(self._timers, (at_us, next(self._numbers), action, arguments))

    def send(self, request: Request, call: Call, done: Callable[[Any], Any]) -> None:
        self.call_at(0, done, REPLY)

    def record(self, record: Record) -> None:
        self.ended += type(record) is FlowRecord and record.status == "finished"

    def died(self, end: Exception) -> None:
        raise end

    def run(self, is_over: Callable[[], bool]) -> None:
        """Do what is due until it is over."""
        while not is_over():
            while self._timers and self._timers[0][0] <= self.now_us():
                _, _, action, arguments = heapq.heappop(self._timers)
                action(*arguments)
            pause_seconds = (self._timers[0][0] - self.now_us()) / 1e6 if self._timers else 0.001
            if pause_seconds > 0:
                time.sleep(min(pause_seconds, 0.01))


def work(database: str, name: str, flows: int) -> None:
    """Be one worker: start flows, and work until no flow of anybody is open."""
    host = Bench()
    integration = Integration(Settings(limits={}), Parts(programs={"lifecycle": lifecycle}, systems={}),
                              open_journal(database, name), host)  # fmt: skip
    integration.start()
    print("ready", flush=True)
    sys.stdin.readline()
    started, spent = time.time(), time.process_time()
    for number in range(flows):
        integration.launch(Start(flow_id=f"{name}-{number:06}", name="lifecycle", arguments={"number": number}))
    reader = integration.journal.reader()
    looked = [0.0]

    def is_over() -> bool:
        if integration.open_flows() or time.time() - looked[0] < 0.02:
            return False
        looked[0] = time.time()
        counts = reader.counts().flows
        return sum(counts.values()) >= flows and set(counts) == {("lifecycle", "finished")}

    host.run(is_over)
    print(started, time.time(), time.process_time() - spent, host.ended, flush=True)
    reader.close()


class Measure(msgspec.Struct, frozen=True):
    """What one run gave: flows a second, CPU milliseconds a flow, and how many flows each worker ended.

    `commits` and `flushes` of the database are a flow's share, -1 where nobody counts them.
    """

    rate: float
    cpu_ms: float
    shares: list[int]
    commits: float = -1
    flushes: float = -1


class Counts(msgspec.Struct, frozen=True):
    """What a PostgreSQL server has done so far: commits in one database, flushes of its log."""

    commits: int
    flushes: int


def counted(address: str) -> Counts:
    """Ask a server; its backends report a second late at most."""
    time.sleep(STATISTICS_SECONDS)
    with psycopg.connect(address, autocommit=True) as connection:
        of_io = connection.info.server_version >= 180_000  # where the count of flushes lives moved with version 18
        flushes = (
            "SELECT sum(fsyncs) FROM pg_stat_io WHERE object = 'wal'" if of_io else "SELECT wal_sync FROM pg_stat_wal"
        )
        commits = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
        row = connection.execute(f"SELECT ({commits}), (SELECT {flushes})".encode()).fetchall()[0]
        return Counts(int(row[0]), int(row[1]))


def measured(commands: list[list[str]], flows: int, server: Server | None) -> Measure:
    """Run worker processes at once."""
    workers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for command in commands
    ]
    try:
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline().strip() == "ready", "a worker did not start"
        before = server.cpu_seconds() if server else 0.0
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write("go\n")
            worker.stdin.flush()
        told = [worker.communicate()[0].split() for worker in workers]
        spent = (server.cpu_seconds() if server else 0.0) - before
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    seconds = max(float(line[1]) for line in told) - min(float(line[0]) for line in told)
    spent += sum(float(line[2]) for line in told)
    return Measure(flows / seconds, spent / flows * 1000, [int(line[3]) for line in told])


def ours(database: str, flows: int, workers: int, server: Server | None) -> Measure:
    """Measure our engine on a database."""
    share = flows // workers
    command = [sys.executable, "-m", "benchmarks.postgres", "--worker", database, "--flows", str(share), "--name"]
    commands = [[*command, f"w{number}"] for number in range(workers)]
    if server is None:
        return measured(commands, share * workers, server)
    open_journal(database, "tables").close()
    before, found, after = counted(database), measured(commands, share * workers, server), counted(database)
    flows = share * workers
    return msgspec.structs.replace(
        found, commits=(after.commits - before.commits) / flows, flushes=(after.flushes - before.flushes) / flows
    )


def dbos(python: Path, flows: int, workers: int, server: Server) -> Measure:
    """Measure DBOS on a database of its own."""
    share = flows // workers
    command = [str(python), "benchmarks/dbos_flows.py", server.create()]
    workers_of = [[*command, f"w{number}", str(share), str(STEPS)] for number in range(workers)]
    return measured(workers_of, share * workers, server)


def environment() -> Path | None:
    """Return the Python that has DBOS, in an environment of its own."""
    python = ENVIRONMENT / "bin" / "python"
    try:
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", ENVIRONMENT], check=True)
            subprocess.run([python, "-m", "pip", "install", "-q", "dbos"], check=True)
        subprocess.run([python, "-c", "import dbos"], check=True)
    except (OSError, subprocess.CalledProcessError) as trouble:
        print(f"DBOS is left out: {trouble}")
        return None
    return python


def compare(place: str, flows: int, rounds: int, python: Path | None) -> None:
    """Run all of them in turn on databases in a folder, and print rates and ratios."""
    found = binaries()
    assert found is not None, "PostgreSQL is not installed (Debian: postgresql): nothing to measure"
    folder = Path(tempfile.mkdtemp(prefix="q2c-bench-", dir=place))
    server = Server(folder, found, fsync="on", shared_buffers="128MB")
    seen: dict[str, list[Measure]] = {}
    try:
        server.start()
        for number in range(rounds):
            with tempfile.TemporaryDirectory(dir=place) as own:
                seen.setdefault("SQLite, embedded", []).append(ours(f"{own}/journal", flows, 1, None))
            for workers in (1, 2) if number % 2 == 0 else (2, 1):
                measure = ours(server.create(), flows, workers, server)
                seen.setdefault(ONE if workers == 1 else TWO, []).append(measure)
            for workers in (1, 2):
                if python is not None:
                    measure = dbos(python, flows // 2, workers, server)
                    seen.setdefault(f"DBOS, {workers} process{'es' * (workers > 1)}", []).append(measure)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    report(seen)


def report(seen: Mapping[str, list[Measure]]) -> None:
    """Print medians, and each in relation to one worker on PostgreSQL."""
    base = statistics.median(each.rate for each in seen[ONE])
    base_ms = statistics.median(each.cpu_ms for each in seen[ONE])
    for name, measures in seen.items():
        rate = statistics.median(each.rate for each in measures)
        cpu_ms = statistics.median(each.cpu_ms for each in measures)
        shares = " + ".join(str(share) for share in measures[-1].shares)
        print(
            f"{name:22}{rate:7,.0f} flows/s ({rate / base:5.2f} of one worker) "
            f"{cpu_ms:7.2f} CPU ms a flow ({cpu_ms / base_ms:5.2f}); flows ended by each: {shares}"
        )
    for name in (ONE, TWO):
        commits = statistics.median(each.commits for each in seen[name])
        flushes = statistics.median(each.flushes for each in seen[name])
        print(f"{name:22}{commits:7.2f} commits and {flushes:.2f} flushes a flow")
    ratios = [two.rate / one.rate for one, two in zip(seen[ONE], seen[TWO], strict=True)]
    listed = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    print(f"two workers to one, round by round: {listed}; median {statistics.median(ratios):.2f}")


def flush_ms(place: str, times: int = 30) -> float:
    """Return the median milliseconds that a small flush takes in a folder."""
    spent = []
    with tempfile.NamedTemporaryFile(dir=place) as file:
        for _ in range(times):
            file.write(bytes(4096))
            file.flush()
            started = time.perf_counter()
            os.fsync(file.fileno())
            spent.append(time.perf_counter() - started)
    return statistics.median(spent) * 1000


def main() -> None:
    """Read the options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flows", type=int, default=600, help="in memory; a sixth of them on disk")
    parser.add_argument("--rounds", type=int, default=3, help="of each")
    parser.add_argument("--without-dbos", action="store_true", help="measure our own only")
    parser.add_argument("--worker", default="", help=argparse.SUPPRESS)
    parser.add_argument("--name", default="", help=argparse.SUPPRESS)
    said = parser.parse_args()
    if said.worker:
        work(said.worker, said.name, said.flows)
        return
    python = None if said.without_dbos else environment()
    flows, rounds = min(said.flows, 6000), min(said.rounds, 9)
    if MEMORY.exists():
        print(f"in memory ({MEMORY}): what the processors allow")
        compare(str(MEMORY), flows, rounds, python)
    disk = tempfile.gettempdir()
    print(f"\non disk ({disk}): a flush takes {flush_ms(disk):.1f} ms now")
    compare(disk, max(12, flows // 6), rounds, python)


if __name__ == "__main__":
    main()
