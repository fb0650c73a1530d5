"""`q2c rehearse` and `q2c report`: a run folder, a verdict, and trouble told in plain words."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path

import psutil
import pytest

from domain.history import Ended
from q2c import exits
from q2c.commands import rehearse as command
from simulator.recorder import StoredHistory
from tests.q2c.conftest import Run

WHOLE = {"history.parquet", "report.html", "scenario.yaml", "timeline.parquet", "verdict.json"}
ROOT = Path(__file__).resolve().parents[2]


def only(runs: Path) -> Path:
    (found,) = runs.iterdir()
    return found


def names(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()}


@pytest.fixture(scope="module")
def rehearsed(run: Run, small: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A whole run, and what was printed of it."""
    runs = tmp_path_factory.mktemp("runs")
    ended = run("rehearse", small, "--seed", 3, "--runs", runs)
    assert ended.exit_code == 0, ended.output
    return only(runs), ended.stdout


def test_a_run_leaves_a_whole_folder(rehearsed: tuple[Path, str]) -> None:
    folder, _ = rehearsed
    assert names(folder) == WHOLE
    assert folder.name.endswith("-quarter_end-3")


def test_the_terminal_shows_the_verdict_the_command_and_the_report(rehearsed: tuple[Path, str]) -> None:
    folder, printed = rehearsed
    told = printed.replace("\n", "")
    assert "holds" in printed.lower()
    assert "q2c rehearse" in told
    assert "--seed 3" in told
    assert f"{folder}/report.html" in told


def test_the_verdict_is_one_document_for_machines(rehearsed: tuple[Path, str]) -> None:
    told = json.loads((rehearsed[0] / "verdict.json").read_text())
    text = json.dumps(told)
    assert "holds" in text
    assert "quarter_end" in text


def test_the_report_needs_no_network(rehearsed: tuple[Path, str]) -> None:
    page = (rehearsed[0] / "report.html").read_text()
    assert page.lower().startswith("<!doctype html>")
    assert '<script src="http' not in page
    assert '<link rel="stylesheet" href="http' not in page


def test_the_history_is_complete(rehearsed: tuple[Path, str]) -> None:
    (ended,) = StoredHistory(rehearsed[0] / "history.parquet").of(Ended)
    assert ended.complete


def test_the_scenario_in_the_folder_repeats_the_run(run: Run, rehearsed: tuple[Path, str], tmp_path: Path) -> None:
    folder, _ = rehearsed
    ended = run("rehearse", folder / "scenario.yaml", "--seed", 3, "--runs", tmp_path, "--json")
    assert ended.exit_code == 0
    again, first = StoredHistory(only(tmp_path) / "history.parquet"), StoredHistory(folder / "history.parquet")
    assert sum(1 for _ in again) == sum(1 for _ in first)
    assert all(one == other for one, other in zip(again, first, strict=True))
    assert json.loads(ended.stdout) == json.loads((only(tmp_path) / "verdict.json").read_text())


def test_a_report_is_written_anew_from_the_history(run: Run, rehearsed: tuple[Path, str]) -> None:
    folder, _ = rehearsed
    before = json.loads((folder / "verdict.json").read_text())
    (folder / "report.html").unlink()
    (folder / "verdict.json").unlink()
    ended = run("report", folder, "--json")
    assert ended.exit_code == 0
    assert names(folder) == WHOLE
    after = json.loads(ended.stdout)
    assert after.keys() == before.keys()


def test_a_broken_rule_ends_with_one_and_names_it(run: Run, small: Path, tmp_path: Path) -> None:
    ended = run("rehearse", small, "--seed", 3, "--runs", tmp_path, "--mutant", "timeout_is_failure")
    if ended.exit_code == 0:
        pytest.fail("the mutant was not caught: choose another seed")
    assert ended.exit_code == exits.BROKEN
    assert "S7" in ended.stdout
    assert names(only(tmp_path)) == WHOLE


# --- trouble --------------------------------------------------------------------------------------------------------


def test_an_unknown_scenario_ends_with_two_and_a_suggestion(run: Run, tmp_path: Path) -> None:
    ended = run("rehearse", "quarter_ent", "--runs", tmp_path)
    assert ended.exit_code == 2
    assert "did you mean 'quarter_end'?" in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_malformed_yaml_ends_with_two_and_leaves_no_folder(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("name: [")
    ended = run("rehearse", tmp_path / "bad.yaml", "--runs", tmp_path / "runs")
    assert ended.exit_code == 2
    assert "bad.yaml:" in ended.stderr
    assert not (tmp_path / "runs").exists()


def test_runs_that_are_a_file_are_refused(run: Run, small: Path, tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("")
    ended = run("rehearse", small, "--runs", tmp_path / "runs")
    assert ended.exit_code == 2
    assert "--runs" in ended.stderr


def test_runs_below_a_file_are_refused(run: Run, small: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ended = run("rehearse", small, "--runs", tmp_path / "file" / "runs")
    assert ended.exit_code == 2
    assert "cannot write to" in ended.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_unwritable_runs_folder_is_refused(run: Run, small: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    ended = run("rehearse", small, "--runs", tmp_path / "runs")
    assert ended.exit_code == 2
    assert "cannot write to" in ended.stderr


def test_a_scenario_bigger_than_memory_is_refused_before_it_starts(
    run: Run, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = namedtuple("memory", "available")
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory(100_000_000))
    ended = run("rehearse", small, "--runs", tmp_path)
    assert ended.exit_code == 2
    assert "GB of memory" in ended.stderr
    assert "orders_per_quarter" in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_size_the_language_does_not_allow_is_refused(run: Run, tmp_path: Path) -> None:
    ended = run("rehearse", "quarter_end", "--orders", 10_000_000, "--runs", tmp_path)
    assert ended.exit_code == 2
    assert "out of range" in ended.stderr


def test_a_run_that_is_not_whole_has_no_report(run: Run, tmp_path: Path) -> None:
    assert "there is no run" in run("report", "--runs", tmp_path).stderr
    nowhere = run("report", tmp_path / "nothing")
    assert (nowhere.exit_code, nowhere.stderr.partition(". ")[0]) == (2, f"there is no folder {tmp_path / 'nothing'}")
    assert "holds no history.parquet" in run("report", tmp_path).stderr
    (tmp_path / "r").mkdir()
    ended = run("report", tmp_path / "r")
    assert ended.exit_code == 2
    assert "cannot be judged" in ended.stderr


def test_ctrl_c_in_the_middle_keeps_what_happened_and_marks_it(small: Path, tmp_path: Path) -> None:
    # more records than are kept in memory: they stream to disk
    program = "import q2c.rehearsing as r; r.RECORDS_IN_MEMORY_MAX = 1000; from q2c.cli import main; main()"
    arguments = ["rehearse", "quarter_end", "--orders", "400", "--subscriptions", "20", "--runs", str(tmp_path)]
    process = subprocess.Popen(
        [sys.executable, "-c", program, *arguments], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # a shell's `&` has it ignored
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("*/history.partial")) and time.monotonic() < deadline:
        time.sleep(0.02)  # until the first records are on disk: the play is well under way
    process.send_signal(signal.SIGINT)
    printed, complaint = process.communicate(timeout=60)
    folder = only(tmp_path)
    assert process.returncode == exits.INTERRUPTED, complaint
    assert printed == ""
    assert "stopped" in complaint
    assert str(folder) in complaint.replace("\n", "")
    assert "Traceback" not in complaint
    assert names(folder) == {"INCOMPLETE", "history.incomplete.parquet", "scenario.yaml", "timeline.parquet"}
    (ended,) = StoredHistory(folder / "history.incomplete.parquet").of(Ended)
    assert not ended.complete


def test_ctrl_c_while_judging_is_no_verdict(
    run: Run, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "judged", interrupted)
    ended = run("rehearse", small, "--runs", tmp_path)
    assert ended.exit_code == exits.INTERRUPTED
    assert "stopped" in ended.stderr
    assert "verdict.json" not in names(only(tmp_path))
    assert "INCOMPLETE" in names(only(tmp_path))


@pytest.mark.parametrize(
    ("seed", "said"),
    [
        ("abc", "'abc' is not a valid integer."), ("1.5", "'1.5' is not a valid integer."),
        ("-1", "-1 is not in the range 0<=x<=2^63-1."), (2**63, f"{2**63} is not in the range 0<=x<=2^63-1."),
    ],
)  # fmt: skip
def test_a_seed_that_is_none_is_refused_in_plain_words(run: Run, seed: object, said: str) -> None:
    ended = run("rehearse", "quarter_end", "--seed", seed)
    assert ended.exit_code == exits.USAGE
    assert said in ended.stderr
