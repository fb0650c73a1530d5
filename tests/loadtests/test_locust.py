"""Locust itself: the locustfile as people run it, alone and with workers, against mocks in this process."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

import msgspec
import pytest

if find_spec("locust") is None or find_spec("hdrh") is None:  # not imported: gevent would change this process
    pytest.skip("the load tests need the extra: pip install 'q2c-harness[load]'", allow_module_level=True)

from loadtests.material import material
from loadtests.outcome import Outcome, read
from loadtests.settings import Settings
from mocks.admin.api import application
from mocks.doors.clock import Clock
from mocks.doors.live import LiveWorld
from mocks.doors.serving import Running, running

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = Settings(scenario="quarter_end_spike", profile="peak", within=2.0, times=0.15, subscriptions=3, rest=0.5)
MATERIAL = material(SETTINGS)
DAY_US = 86_400_000_000
MODES = {"alone": (), "with two workers": ("--processes", "2")}


class Ran(msgspec.Struct, frozen=True):
    """A finished run of Locust: its exit status, its words, what it wrote and the world it left."""

    status: int
    words: str
    folder: Path
    doors: Running | None = None

    @property
    def outcome(self) -> Outcome:
        """What it wrote."""
        return read(self.folder)


def started(folder: Path, *more: str) -> subprocess.Popen[str]:
    said = {"scenario": SETTINGS.scenario, "load-profile": SETTINGS.profile, "within": SETTINGS.within,
            "times": SETTINGS.times, "subscriptions": 3, "rest": SETTINGS.rest, "out": folder}  # fmt: skip
    command = [sys.executable, "-m", "locust", "-f", str(ROOT / "loadtests" / "locustfile.py"), "--headless"]
    command += ["--only-summary", *(f"--{name}={value}" for name, value in said.items()), *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder)


def ended(process: subprocess.Popen[str], folder: Path, doors: Running | None = None) -> Ran:
    try:
        words, _ = process.communicate(timeout=90)
    finally:
        process.kill()
    return Ran(process.returncode, words, folder, doors)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Ran]]:
    """Run Locust in all ways at the same time, each against a world of its own."""
    start_us = MATERIAL.timeline.start_us
    with ExitStack() as stack:
        running_now = {}
        for port, (mode, more) in enumerate(MODES.items(), start=5):
            folder = tmp_path_factory.mktemp("load")
            places: dict[str, str] = {}
            world = LiveWorld(7, clock=Clock(start_us - DAY_US))
            doors = stack.enter_context(running(world, admin=application(world, places)))
            places.update(doors)
            process = started(folder, f"--mocks={doors['admin']}", f"--master-bind-port={55_570 + port}",
                              f"--master-port={55_570 + port}", *more)  # fmt: skip
            running_now[mode] = (process, folder, doors)
        folder = tmp_path_factory.mktemp("down")
        (folder / "target.yaml").write_text("name: nobody\nhealth: http://127.0.0.1:9/health\n", encoding="utf-8")
        down = started(folder, "--mocks=http://127.0.0.1:9", f"--target={folder / 'target.yaml'}")
        found = {mode: ended(*each) for mode, each in running_now.items()}
        yield found | {"target down": ended(down, folder)}


@pytest.mark.parametrize("mode", MODES)
def test_every_act_is_offered_once_and_nothing_fails(runs: dict[str, Ran], mode: str) -> None:
    ran = runs[mode]
    assert ran.status == 0, ran.words
    outcome = ran.outcome
    assert outcome.problem == outcome.stopped == ""
    assert outcome.kept is not None
    assert outcome.kept.offered + outcome.unasked == outcome.asked > 5
    assert (outcome.errors, outcome.refused) == (0, 0)
    assert outcome.requests == outcome.kept.offered
    assert outcome.workers == (2 if "two" in mode else 1)


@pytest.mark.parametrize("mode", MODES)
def test_what_was_signed_is_in_the_world_and_waits_for_an_order(runs: dict[str, Ran], mode: str) -> None:
    ran = runs[mode]
    assert ran.doors is not None
    accepted = [change for change in MATERIAL.arrivals if change.act and change.act.action == "accept_quote"]
    assert ran.outcome.lifecycles == len(accepted) > 1
    assert ran.outcome.backlog[-1][1] == len(accepted)
    assert next((row.name, row.waiting) for row in ran.outcome.lags) == ("order creation", len(accepted))


def test_two_workers_do_what_one_does(runs: dict[str, Ran]) -> None:
    alone, together = (runs[mode].outcome for mode in MODES)
    assert alone.asked == together.asked
    assert alone.lifecycles == together.lifecycles
    assert {name: row["count"] for name, row in alone.times_ms.items()} == {
        name: row["count"] for name, row in together.times_ms.items()
    }


def test_the_business_is_in_locusts_own_statistics_and_percentiles_in_files(runs: dict[str, Ran]) -> None:
    ran = runs["alone"]
    assert re.search(r"business +backlog \(orders, not ms\)", ran.words)
    text = (ran.folder / "crm__accept_quote.hgrm").read_text(encoding="ascii")
    assert "Percentile" in text
    assert "#[Mean" in text


def test_a_target_that_is_down_is_told_before_any_load(runs: dict[str, Ran]) -> None:
    ran = runs["target down"]
    assert ran.status == 5, ran.words
    assert "nobody is not there" in ran.words
    assert ran.outcome.asked == 0
