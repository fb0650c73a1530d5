"""Soak: steady load over HTTP for minutes or an hour; memory of mocks and driver, and of the integration, is sampled.

    python -m benchmarks.soak --minutes 5        # the form for CI
    python -m benchmarks.soak --minutes 60 --keep FOLDER        # samples.csv and the run are kept there

Systems of record hold every document they ever made, the older ones in a temporary file, indexes, plans and all: what
stays of each order in memory is a number for each thing that is still to happen. The integration knows of every flow
that is not over yet, so how many are open is sampled beside its memory: deliveries pile up for the first half of an
hour's soak, as they are half an hour to many hours of business; most invoices are due in weeks, and each that is unpaid
stays an open flow.
Whatever grows besides is a leak. A straight line through the samples after the warm-up tells what an hour adds, and
what that is for each order, give or take a standard error: memory comes and goes by megabytes within seconds, and what
is near in time is alike, so the error is that of a line through a dozen means. The mocks' memory is filled after some
hundred orders, of which five minutes have more.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean, linear_regression

import msgspec
import psutil

from integration.journal.sqlite_reading import OPEN_LIST

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "examples" / "reference"
SCENARIO = """\
name: soak
title: Steady load
question: "Does anything grow, get lost or get doubled under steady load?"
world:
  quarter: {start: 2026-10-01, end: 2026-12-31, pattern: linear}
  orders_per_quarter: 1000
  live_subscriptions: 20
rehearse: {weeks: 1}
settle: 1d
seed: 7
"""
PART = ("--from", "quarter_end - 14h", "--to", "quarter_end - 6h")
ORDERS_A_MINUTE = 180
"""Orders in the rehearsed week for each minute of the soak: a sixth of them is signed in the part that is played."""
_LOOK_SECONDS = 2.0
_SETTLED_SHARE = 1 / 3
"""The first third is warm-up: modules are loaded, caches and pools fill."""
_MEANS = 12
_OPEN_FLOWS = f"SELECT name, count(*) FROM flow WHERE status IN ({OPEN_LIST}) GROUP BY name"


class Sample(msgspec.Struct, frozen=True):
    """What processes hold for themselves at an instant, in bytes, and CPU seconds until then.

    Of mocks and driver, and of the integration. Pages of files, as those of libraries are, are not counted: the machine
    takes them back when it likes, and brings them in again by megabytes. `deliveries` and `invoices` are the flows of
    the integration that wait for one to be done or paid.
    """

    at_seconds: float
    harness: int
    integration: int
    harness_cpu_seconds: float
    integration_cpu_seconds: float
    deliveries: int = 0
    invoices: int = 0


class Growth(msgspec.Struct, frozen=True, kw_only=True):
    """How the memory of one process went, in bytes: when warm, at the end, at most; what an hour and an order add.

    `error_an_order` is the standard error of the latter.
    """

    name: str
    warm: int
    last: int
    peak: int
    an_hour: int
    an_order: int
    error_an_order: int


def growth(name: str, samples: list[tuple[float, int]], orders: int) -> Growth:
    """Return the growth of one process by a least-squares line through what comes after the warm-up."""
    settled = samples[int(len(samples) * _SETTLED_SHARE) :]
    slope, error = line(_means(settled))
    seconds_an_order = samples[-1][0] / max(1, orders)
    values = [y for _, y in samples]
    return Growth(
        name=name, warm=settled[0][1], last=values[-1], peak=max(values), an_hour=round(slope * 3600),
        an_order=round(slope * seconds_an_order), error_an_order=round(error * seconds_an_order),
    )  # fmt: skip


def _means(samples: list[tuple[float, int]]) -> list[tuple[float, float]]:
    """Return the means of a dozen stretches of samples, of all when they are few."""
    size = max(1, len(samples) // _MEANS)
    parts = [samples[start : start + size] for start in range(0, len(samples) - size + 1, size)]
    return [(fmean(x for x, _ in part), fmean(y for _, y in part)) for part in parts]


def line(points: list[tuple[float, float]]) -> tuple[float, float]:
    """Return the slope of the least-squares line through points, and its standard error; zeros of fewer than three."""
    if len(points) < 3:
        return 0.0, 0.0
    xs, ys = zip(*points, strict=True)
    slope, begin = linear_regression(xs, ys)
    rest = sum((y - begin - slope * x) ** 2 for x, y in points)
    spread = sum((x - fmean(xs)) ** 2 for x in xs)
    return slope, math.sqrt(rest / (len(points) - 2) / spread)


def soak(minutes: float, folder: Path) -> tuple[list[Sample], Path, int]:
    """Replay a steady part of a quarter for so many minutes; return the samples, the run folder, the exit status."""
    target, scenario = target_file(folder), folder / "soak.yaml"
    scenario.write_text(SCENARIO, encoding="utf-8")
    orders = str(max(1, round(minutes * ORDERS_A_MINUTE)))
    command = [
        sys.executable, "-m", "q2c", "replay", str(scenario), *PART, "--target", str(target), "--orders", orders,
        "--within", f"{max(1, round(minutes * 60))}s", "--runs", str(folder / "runs"), "--json",
    ]  # fmt: skip
    with (folder / "verdict.out").open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.DEVNULL)
    try:
        samples = list(_sampled(process, folder / "runs"))
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(30)
    (run,) = (folder / "runs").iterdir()
    return samples, run, process.returncode


def _sampled(process: subprocess.Popen[bytes], runs: Path) -> Iterator[Sample]:
    began, harness = time.monotonic(), psutil.Process(process.pid)
    while process.poll() is None:
        try:
            each = [harness, *harness.children(recursive=True)]
            memory, times = [_own_bytes(one) for one in each], [one.cpu_times() for one in each]
        except psutil.NoSuchProcess:
            return
        seconds = [one.user + one.system for one in times]
        if len(each) > 1:
            flows = open_flows(next(runs.glob("*/mocks/journal.db"), None))
            yield Sample(
                time.monotonic() - began, memory[0], sum(memory[1:]), seconds[0], sum(seconds[1:]),
                flows.get("accepted_quote", 0), flows.get("bill", 0),
            )  # fmt: skip
        time.sleep(_LOOK_SECONDS)


def _own_bytes(process: psutil.Process) -> int:
    found = process.memory_info()
    return int(found.rss) - int(getattr(found, "shared", 0))


def open_flows(journal: Path | None) -> dict[str, int]:
    """Return how many flows of each name are open by the integration's journal; none while there is none to read."""
    if journal is None:
        return {}
    connection = sqlite3.connect(f"{journal.resolve().as_uri()}?mode=ro", uri=True, timeout=_LOOK_SECONDS)
    try:
        return dict(connection.execute(_OPEN_FLOWS).fetchall())
    except sqlite3.OperationalError:  # it is being made, or is busy
        return {}
    finally:
        connection.close()


def target_file(folder: Path) -> Path:
    """Write the reference's target file with a port that is free."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    text = (REFERENCE / "target.yaml").read_text(encoding="utf-8").replace("9300", str(port))
    file = folder / "target.yaml"
    file.write_text(text.replace("start:\n", f"start:\n  folder: {REFERENCE}\n", 1), encoding="utf-8")
    return file


def told(samples: list[Sample], run: Path, status: int) -> dict[str, object]:
    """Return what a soak found, as plain values."""
    if not (run / "verdict.json").is_file():
        return {"status": status, "broken": ["the run did not come to its end"]}
    verdict = json.loads((run / "verdict.json").read_text(encoding="utf-8"))
    broken = [row["id"] for row in verdict["checks"] if row["status"] == "broken"]
    booked = next((level["count"] for level in verdict["slas"] if level["sla"] == "SLA-2" and level["count"]), 0)
    found = (
        growth("mocks and driver", [(each.at_seconds, each.harness) for each in samples], booked),
        growth("integration", [(each.at_seconds, each.integration) for each in samples], booked),
    )
    last = samples[-1]
    return {
        "status": status, "broken": broken, "orders": booked, "lifecycles": verdict["lifecycles"],
        "records": verdict["records"], "samples": len(samples), "growth": msgspec.to_builtins(found),
        "open": {name: _in_thirds([getattr(each, name) for each in samples]) for name in ("deliveries", "invoices")},
        "cores": round((last.harness_cpu_seconds + last.integration_cpu_seconds) / last.at_seconds, 3),
    }  # fmt: skip


def _in_thirds(counts: list[int]) -> tuple[int, ...]:
    """Return what was counted after each third of the run, the first of which is the warm-up."""
    return tuple(counts[len(counts) * third // 3 - 1] for third in (1, 2, 3))


def _written(samples: list[Sample], file: Path) -> None:
    rows = [",".join(Sample.__struct_fields__), *(",".join(map(str, msgspec.structs.astuple(row))) for row in samples)]
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")


def main() -> None:
    """Run a soak and print what it found; end with 1 when something was lost, doubled or broken otherwise."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=float(os.environ.get("Q2C_SOAK_MINUTES", "5")))
    parser.add_argument("--keep", type=Path, help="a folder, empty or new, for the samples and the run")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="q2c-soak-") as place:
        folder = arguments.keep or Path(place)
        folder.mkdir(parents=True, exist_ok=True)
        samples, run, status = soak(arguments.minutes, folder)
        _written(samples, folder / "samples.csv")
        found = told(samples, run, status)
    print(json.dumps(found, indent=1))
    raise SystemExit(1 if found["broken"] else 0)


if __name__ == "__main__":
    main()
