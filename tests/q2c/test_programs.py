"""Somebody's asyncio program, rehearsed: its mistake is found, its correction holds, in every process alike."""

from __future__ import annotations

import atexit
import gc
import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

import msgspec
import pytest

from domain.faults import Fault
from domain.history import Crashed
from q2c.hunting.regression import scenario_of
from q2c.hunting.trial import Broken, Found, Trial, attempt, attempt_encoded, decode, encode, timeline_of
from q2c.hunting.unhandled import advice_for, unhandled
from q2c.in_virtual_time import rehearse
from scenarios.library import find
from scenarios.loader import dump, load
from scenarios.scale import scaled
from simulator.virtual_asyncio.refusals import Refused
from tests.q2c.conftest import Run

EXAMPLES = Path(__file__).parents[2] / "examples"
AFTERNOON = EXAMPLES / "afternoon.yaml"
EXAMPLE = EXAMPLES / "asyncio-httpx" / "target.yaml"
DRAFT, CORRECTED = "first_draft:create", "app:create"
LOST = Fault(kind="lost_reply", system="payment", operation="create_payment_intent", nth=1)
DEATHS = tuple(Fault(kind=kind, count=count, seconds=60) for kind, count in (("crash", 40), ("crash_after", 90)))


@cache
def target(factory: str) -> str:
    """Return a target file for a version of the example that sweeps once an hour: hardly ever, to save our time."""
    text = EXAMPLE.read_text().replace("app:create", factory).replace('SWEEP_SECONDS: "300"', 'SWEEP_SECONDS: "3600"')
    file = Path(mkdtemp(prefix="q2c-test-")) / "target.yaml"
    file.write_text(text.replace("python:\n", f"python:\n  folder: {EXAMPLE.parent}\n"))
    atexit.register(rmtree, file.parent)
    return str(file)


def trial(file: str, *faults: Fault) -> Trial:
    """Return a trial of a few orders of the example's afternoon."""
    text = dump(scaled(load(AFTERNOON), orders=4, subscriptions=0))
    return Trial(scenario=text, seed=1, faults=faults, target=file)


@cache
def tried(factory: str, *faults: Fault) -> Found:
    return attempt(trial(target(factory), *faults))


def test_the_first_draft_charges_twice_when_a_reply_is_lost() -> None:
    found = tried(DRAFT, LOST)
    assert {"S4", "S7"} <= found.checks
    (twice,) = [each for each in found.broken if each.check == "S4"]
    assert "was charged" in twice.sentence


def test_its_correction_holds_under_the_same_fault() -> None:
    found = tried(CORRECTED, LOST)
    assert (found.status, found.checks) == ("holds", frozenset())


def test_it_bears_deaths_at_its_requests() -> None:
    found = tried(CORRECTED, *DEATHS)
    assert found.checks == frozenset()


def test_a_run_is_a_function_of_program_scenario_and_seed_in_this_process_and_in_others() -> None:
    again = attempt(trial(target(CORRECTED), *DEATHS))
    assert again.digest == tried(CORRECTED, *DEATHS).digest
    code = (
        "import sys; from q2c.hunting.trial import attempt; from tests.q2c.test_programs import *;"
        "print(attempt(trial(target(CORRECTED), *DEATHS)).digest)"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "4242", "TZ": "Asia/Tokyo", "PYTHONPATH": str(EXAMPLES.parent)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == again.digest


def test_a_test_rehearses_a_program_by_its_factory_and_is_told_what_broke() -> None:
    made: list[int] = []

    def create() -> Any:
        made.append(1)

        async def deaf(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                await send({"type": "http.response.start", "status": 503, "headers": []})
                await send({"type": "http.response.body"})

        return deaf

    judged = rehearse(create, str(AFTERNOON), orders=4, faults=[Fault(kind="crash", count=1)])
    with pytest.raises(AssertionError, match=r"S9, .* lost"):
        judged.assert_holds()
    assert made == [1]
    assert not list(judged.history.of(Crashed)), "it never asked anybody, so it never died of it"


def test_a_program_that_blocks_gets_no_verdict_but_a_sentence(run: Run, tmp_path: Path) -> None:
    (tmp_path / "domain.py").write_text(  # the name of a package of ours: while it runs, the name is its own
        "import time\n\n\ndef create():\n    time.sleep(1)\n"
    )
    file = tmp_path / "target.yaml"
    file.write_text("name: sleepy\nhealth: http://127.0.0.1:9/health\npython: {factory: 'domain:create'}\n")
    done = run("rehearse", AFTERNOON, "--orders", "4", "--target", file, "--runs", tmp_path / "runs")
    assert done.exit_code == 5
    assert "domain.py:5 sleeps by time.sleep" in done.stderr
    assert "await asyncio.sleep" in done.stderr
    with pytest.raises(Refused, match=r"domain\.py:5"):
        attempt(trial(str(file)))


def test_a_run_says_how_it_is_repeated_and_keeps_what_the_program_printed(run: Run, tmp_path: Path) -> None:
    done = run("rehearse", AFTERNOON, "--orders", "4", "--target", target(CORRECTED), "--runs", tmp_path)
    (folder,) = tmp_path.iterdir()
    assert f"--target {target(CORRECTED)}" in " ".join(done.stdout.split())
    assert "again in" in (folder / "program.log").read_text()
    assert done.exit_code in (0, 4), done.stdout


DEAF = """
def create():
    async def deaf(scope, receive, send):
        print("nobody is at home")
        if scope["type"] == "http":
            status = 200 if scope["path"] == "/health" else 503
            await send({"type": "http.response.start", "status": status, "headers": []})
            await send({"type": "http.response.body"})

    return deaf
"""


def test_a_hunt_that_ends_at_its_calm_run_says_why_and_keeps_what_the_program_printed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "deaf.py").write_text(DEAF, encoding="utf-8")
    file, few = tmp_path / "target.yaml", tmp_path / "few.yaml"
    file.write_text("name: deaf\nhealth: http://127.0.0.1:9/health\npython: {factory: 'deaf:create'}\n")
    few.write_text(dump(scaled(load(AFTERNOON), orders=6, subscriptions=0)), encoding="utf-8")
    words = ("--runs", "3", "--workers", "1", "--no-shrink", "--folder", tmp_path / "runs")
    done = run("hunt", few, "--target", file, *words)
    assert done.exit_code == 1, done.output
    (folder,) = (tmp_path / "runs").iterdir()
    log = folder / "program-0.log"
    assert "nobody is at home" in log.read_text(encoding="utf-8")
    assert "nobody is at home" not in done.output
    assert f"printed {log}" in done.stdout
    assert "No fault was planned in this run: the scenario has business that it may not handle yet: new" in done.stdout
    assert "examples/afternoon.yaml is one of new orders only" in done.stdout
    assert "it may not handle yet" in (folder / "report.html").read_text(encoding="utf-8")


def test_who_knows_no_fault_to_blame_is_told_the_kinds_of_business() -> None:
    text = dump(find("hunting_ground"))
    calm = Trial(scenario=text, seed=20261230, faults=(), target="target.yaml")
    quotes = {act.txn for act in timeline_of(calm).acts if act.arguments.get("amendment_kind") == "upsell"}
    broken = Broken(check="L2", count=1, transactions=tuple(quotes), sentence="an amendment got stuck")
    assert unhandled(calm, [broken]) == (f"amendments by upsell ({len(quotes)} of {len(quotes)})",)
    assert "amendments by upsell" in advice_for(calm, [broken])
    assert not advice_for(msgspec.structs.replace(calm, target=""), [broken])
    assert not advice_for(msgspec.structs.replace(calm, faults=(LOST,)), [broken])


def test_what_a_program_broke_is_shrunk_with_that_program(run: Run, tmp_path: Path) -> None:
    scenario = tmp_path / "afternoon.yaml"
    scenario.write_text(dump(scenario_of(trial(target(DRAFT), LOST))), encoding="utf-8")
    run("rehearse", scenario, "--target", target(DRAFT), "--runs", tmp_path / "runs")
    (folder,) = (tmp_path / "runs").iterdir()
    done = run("shrink", folder, "--attempts", "1", "--check", "S4", "--json")
    assert done.exit_code == 0, done.output
    assert f"target={json.dumps(target(DRAFT))}" in (folder / "test_regression.py").read_text(encoding="utf-8")


def test_a_target_that_cannot_be_rehearsed_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "target.yaml"
    file.write_text("name: remote\nhealth: http://127.0.0.1:9/health\nmessages: {all: http://127.0.0.1:9}\n")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    found = decode(attempt_encoded(encode(trial(str(file))), 0))
    assert "can only be replayed" in found.trouble
    gc.collect()
    assert list(tmp_path.iterdir()) == [file]
