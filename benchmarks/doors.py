"""How many requests a second the doors answer on one core, beside peers in the same run.

Run `python -m benchmarks.doors [--seconds 10] [--rounds 3] [--peers FOLDER [--install]] [--only PATTERN]`; it needs
wrk.

The server has core 0, wrk (1 thread, 16 kept-alive connections) core 1. The rounds go through all contenders in turn,
so that a slow minute of the machine slows all of them. Medians of the rounds are shown; a round in which others used
much of the two cores is marked, and requests per CPU second of the server compare even then.
"""

from __future__ import annotations

import argparse
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from benchmarks.peers import Contender, all_peers, install, intents, invoices, ours

CONNECTIONS = 16
READY_SECONDS = 60
FOREIGN_MAX = 0.15
_LINE = "{:42}{:>9}{:>9}{:>9}{:>8}{:>10}{:>9}{:>9}  {}"


@dataclass(frozen=True)
class Measured:
    """One round of one contender: requests a second, latencies in ms, the server's CPU share, memory, bad replies."""

    rate: float
    p50_ms: float
    p99_ms: float
    cpu: float
    memory_mb: float
    bad: int
    foreign: float


class Server:
    """A contender that runs."""

    def __init__(self, port: int, process: psutil.Popen, script: Path, start_seconds: float) -> None:
        self.port, self.process, self.script, self.start_seconds = port, process, script, start_seconds

    def cpu_seconds(self) -> float:
        """Return the CPU time of the process and its children."""
        found = [self.process, *self.process.children(recursive=True)]
        return sum(sum(each.cpu_times()[:2]) for each in found)

    def memory_mb(self) -> float:
        """Return the resident memory of the process and its children."""
        found = [self.process, *self.process.children(recursive=True)]
        return sum(each.memory_info().rss for each in found) / 1e6


def main(said: list[str]) -> None:
    """Run and print."""
    options = _options(said)
    if shutil.which("wrk") is None:
        print("SKIPPED: the doors are not measured, for wrk is not installed (Debian package wrk)")
        return
    if options.install:
        install(options.peers)
    chosen = [each for each in _contenders(options.peers) if re.search(options.only, each.name, re.IGNORECASE)]
    for each in chosen:
        if each.missing:
            print(f"SKIPPED: {each.name}: {each.missing} is not installed (--install)")
    measure([each for each in chosen if not each.missing], options.seconds, options.rounds)


def _options(said: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", type=Path, default=Path("runs/peers"))
    parser.add_argument("--install", action="store_true")
    parser.add_argument("--only", default="")
    return parser.parse_args(said)


def _contenders(peers: Path) -> list[Contender]:
    invoice = invoices("CUSTOMER")
    durable = ("--state", "FOLDER/world.db")
    return [
        ours("ours, ASGI, POST invoice", invoice),
        ours("ours, ASGI, POST payment intent", intents()),
        ours("ours, ASGI, POST invoice, durable", invoice, *durable),
        ours("ours, turbo, POST invoice", invoice, "--turbo"),
        ours("ours, turbo, POST payment intent", intents(), "--turbo"),
        ours("ours, turbo, POST invoice, durable", invoice, "--turbo", *durable),
        *all_peers(peers),
    ]


def measure(contenders: list[Contender], seconds: int, rounds: int) -> None:
    """Start all, go through them in rounds, and print the medians."""
    found: dict[str, list[Measured]] = {}
    starts: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            for index, contender in enumerate(contenders):
                home = Path(folder, f"{number}-{index}")
                home.mkdir()
                with started(contender, home) as server:
                    _wrk(server, contender.warm_seconds)
                    found.setdefault(contender.name, []).append(_round(server, seconds))
                    starts.setdefault(contender.name, server.start_seconds)
                print(f"round {number + 1}: {contender.name}: {found[contender.name][-1].rate:,.0f}/s", flush=True)
    _show(found, starts)


@contextmanager
def started(contender: Contender, folder: Path) -> Iterator[Server]:
    """Run a contender on core 0 until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    begun = time.monotonic()
    command = ["taskset", "-c", "0", *contender.command(port, folder)]
    log = (folder / "log").open("wb")
    process = psutil.Popen(command, stdout=log, stderr=log)
    try:
        _wait(port, process, folder)
        script = folder / "work.lua"
        server = Server(port, process, script, time.monotonic() - begun)
        contender.prepare(f"http://127.0.0.1:{port}")
        script.write_text(contender.work.script().replace("CUSTOMER", _customer(contender, port)))
        yield server
    finally:
        children = process.children(recursive=True)
        for each in (process, *children):
            if each.is_running():
                each.terminate()
        psutil.wait_procs([process, *children], timeout=10)
        log.close()


def _customer(contender: Contender, port: int) -> str:
    if "CUSTOMER" not in contender.work.body:
        return ""
    made = httpx.post(
        f"http://127.0.0.1:{port}/v1/customers", data={"name": "Acme"}, auth=("sk_test_q2c", ""), trust_env=False
    )
    return str(made.json()["id"])


def _wait(port: int, process: psutil.Popen, folder: Path) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=0.2).close()
            return
        except OSError:
            time.sleep(0.01)
    sys.exit(f"a server did not start: {(folder / 'log').read_text()[-2000:]}")


def _wrk(server: Server, seconds: int) -> str:
    command = ["taskset", "-c", "1", "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency"]
    command += ["-s", str(server.script), f"http://127.0.0.1:{server.port}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _round(server: Server, seconds: int) -> Measured:
    before, busy, began = server.cpu_seconds(), _busy_seconds(), time.monotonic()
    said = _wrk(server, seconds)
    span = time.monotonic() - began
    spent, all_busy = server.cpu_seconds() - before, _busy_seconds() - busy
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    assert rate is not None, said
    foreign = max(0.0, (all_busy - spent) / span - 1.0)  # wrk may take a whole core
    return Measured(
        rate=float(rate.group(1)), p50_ms=_ms(said, "50%"), p99_ms=_ms(said, "99%"), cpu=spent / span,
        memory_mb=server.memory_mb(), bad=int(bad.group(1)) if bad else 0, foreign=foreign,
    )  # fmt: skip


def _busy_seconds() -> float:
    found = psutil.cpu_times(percpu=True)[:2]
    return sum(each.user + each.system + each.nice for each in found)


def _ms(said: str, name: str) -> float:
    found = re.search(rf"{name}\s+([\d.]+)(us|ms|s)", said)
    assert found is not None, said
    return float(found.group(1)) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[found.group(2)]


def _show(found: dict[str, list[Measured]], starts: dict[str, float]) -> None:
    print()
    print(_LINE.format("", "req/s", "p50 ms", "p99 ms", "CPU", "req/CPU-s", "RSS MB", "start s", "rounds"))
    for name, rounds in found.items():
        fields = Measured.__annotations__
        middle = {field: statistics.median(getattr(each, field) for each in rounds) for field in fields}
        remarks = " ".join(f"{each.rate:,.0f}{'*' if each.foreign > FOREIGN_MAX else ''}" for each in rounds)
        bad = sum(each.bad for each in rounds)
        print(
            _LINE.format(
                name, f"{middle['rate']:,.0f}", f"{middle['p50_ms']:.2f}", f"{middle['p99_ms']:.2f}",
                f"{middle['cpu']:.2f}", f"{middle['rate'] / middle['cpu']:,.0f}", f"{middle['memory_mb']:,.0f}",
                f"{starts[name]:.2f}", remarks + (f"  {bad} BAD REPLIES" if bad else ""),
            )
        )  # fmt: skip
    print("* others used the cores meanwhile: compare requests per CPU second")


if __name__ == "__main__":
    main(sys.argv[1:])
