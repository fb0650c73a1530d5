"""The report and the verdict are put into the run's folder, and the terminal tells from there."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from contracts.checks.facts import Facts
from contracts.checks.judge import judge
from q2c.rehearsing import Rehearsed
from q2c.report.document import read
from q2c.report.terminal import show
from q2c.report.writing import repeat_command, write_report
from q2c.run_folder import RunFolder
from scenarios.language import Scenario
from scenarios.library import find
from scenarios.timeline import build
from tests.contracts.checks.build import clean, history


def _rehearsed(path: Path, scenario: Scenario) -> Rehearsed:
    known = history(clean())
    return Rehearsed(
        RunFolder(path), build(scenario, 7), Facts(known), judge(known), known.digest(), len(known.records), 1.0, 0.5
    )


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """A scenario of the library, made small."""
    world = find("quarter_end_spike").world.model_copy(update={"orders_per_quarter": 50, "live_subscriptions": 10})
    return find("quarter_end_spike").model_copy(update={"world": world})


def test_a_run_gets_its_report_and_its_verdict(tmp_path: Path, scenario: Scenario) -> None:
    rehearsed = _rehearsed(tmp_path, scenario)
    write_report(rehearsed)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "verdict.json"]
    assert rehearsed.folder.report.read_text(encoding="utf-8").startswith("<!doctype html>")
    document = read(rehearsed.folder.verdict.read_bytes())
    assert document.digest == rehearsed.digest
    assert (document.run.play_seconds, document.run.judge_seconds) == (1.0, 0.5)


def test_the_terminal_tells_from_the_folder(tmp_path: Path, scenario: Scenario) -> None:
    rehearsed = _rehearsed(tmp_path, scenario)
    write_report(rehearsed)
    stream = io.StringIO()
    show(rehearsed, Console(file=stream, width=400, highlight=False))
    assert "played in 1.0 CPU seconds" in stream.getvalue()
    assert str(tmp_path / "report.html") in stream.getvalue()


def test_a_run_is_repeated_by_name_or_by_its_file_when_it_was_changed(tmp_path: Path, scenario: Scenario) -> None:
    known = _rehearsed(tmp_path, find("quarter_end_spike"))
    assert repeat_command(known) == "q2c rehearse quarter_end_spike --seed 7"
    changed = _rehearsed(tmp_path, scenario)
    assert repeat_command(changed) == f"q2c rehearse {tmp_path / 'scenario.yaml'} --seed 7"
