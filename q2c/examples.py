"""The examples: integrations that come with the project, and the one small scenario that judges them all."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from q2c import exits
from q2c.trouble import give_up

HOME = Path(__file__).parents[1] / "examples"
SCENARIO = "three.yaml"
WINDOW = ("--from", "quarter_end - 10h", "--to", "quarter_end - 8h20m", "--within", "50s")
"""Forty orders in 100 minutes of business, played in 50 seconds."""


class Example(msgspec.Struct, frozen=True):
    """One integration: its folder, what it is, and what its first start installs (nothing: empty)."""

    name: str
    what: str
    installs: str = ""


EXAMPLES = {
    each.name: each
    for each in (
        Example("reference", "the reference integration of this project"),
        Example(
            "naive-node", "point to point in Node, written in a hurry",
            "jsforce and stripe, by npm into examples/naive-node/node_modules",
        ),
        Example("asyncio-httpx", "asyncio, httpx and SQLite; `q2c rehearse --target` plays it in virtual time, too"),
        Example(
            "dbos", "durable workflows on DBOS, in Python",
            "dbos, simple-salesforce, stripe and httpx, by pip into a virtual environment, examples/dbos/.venv",
        ),
    )
}  # fmt: skip


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What came out for one example: the verdict in short; `broken` counts violations by check.

    Amounts are minor units by what they are of: invoiced, posted, captured, in the books.
    """

    name: str
    status: str
    exit_status: int
    answer: str
    broken: dict[str, int]
    unknown: tuple[str, ...]
    figures: dict[str, str]
    money_minor: dict[str, int]
    stories: tuple[str, ...]
    wall_seconds: float
    report: str


def home() -> Path:
    """Return the folder of the examples; trouble when this is an installation without them."""
    found = next((each for each in (HOME, Path("examples")) if (each / SCENARIO).exists()), None)
    if found is None:
        give_up("the examples come with the sources of q2c-harness, not with the package: run this in a checkout")
    return found


def run(example: Example, runs: Path) -> Judged:
    """Replay the scenario against one example and return what came out."""
    folder = home()
    runs.mkdir(parents=True, exist_ok=True)
    target = runs / "target.yaml"
    text = (folder / example.name / "target.yaml").read_text(encoding="utf-8")
    target.write_text(moved(text, folder / example.name), encoding="utf-8")
    return run_target(example, folder / SCENARIO, target, runs, WINDOW)


def moved(target: str, folder: Path) -> str:
    """Return a target file whose integration runs in a folder and listens on a free port of this machine."""
    found = re.search(r"127\.0\.0\.1:(\d+)/", target)
    assert found is not None, "the target of an example has its health on this machine"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    return target.replace(found[1], port).replace("start:\n", f"start:\n  folder: {folder.resolve()}\n", 1)


def run_target(example: Example, scenario: Path, target: Path, runs: Path, window: tuple[str, ...]) -> Judged:
    """Replay a part of a scenario against a target, in a process of its own, and return what came out."""
    command = [sys.executable, "-m", "q2c", "replay", str(scenario), "--target", str(target), *window,
               "--runs", str(runs), "--json"]  # fmt: skip
    began = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode not in (exits.HOLDS, exits.BROKEN, exits.LATE, exits.UNKNOWN) or not done.stdout:
        give_up(f"{example.name} could not be judged: its replay ended with status {done.returncode}", done.returncode)
    return read(example.name, json.loads(done.stdout), time.monotonic() - began, runs)


def read(name: str, verdict: dict[str, Any], wall_seconds: float, runs: Path) -> Judged:
    """Return a verdict document in short."""
    counted = [check for check in verdict["checks"] if check["counted"]]
    money: dict[str, int] = {}
    for row in verdict["reconciliation"]:
        amounts = row["amounts"]
        for what in ("invoiced", "posted", "captured", "cash"):
            money[what] = money.get(what, 0) + amounts[f"{what}_minor"]
    return Judged(
        name=name, status=verdict["status"], exit_status=verdict["exit_status"], answer=verdict["answer"],
        broken={check["id"]: check["broken"] for check in counted if check["status"] == "broken"},
        unknown=tuple([check["id"] for check in counted if check["status"] == "unknown"]),
        figures={figure["label"]: figure["value"] for figure in verdict["figures"]},
        money_minor=money, stories=tuple([story["sentence"] for story in verdict["stories"]]),
        wall_seconds=wall_seconds, report=str(_newest(runs)),
    )  # fmt: skip


def _newest(runs: Path) -> Path:
    return max(runs.glob("*/report.html"), key=lambda path: path.stat().st_mtime, default=runs)
