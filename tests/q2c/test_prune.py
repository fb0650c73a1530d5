"""Tests of `q2c integration prune`: what it says, what it removes, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from integration.journal.protocol import FlowRow, Write
from integration.journal.sqlite import SqliteJournal
from q2c.cli import q2c
from tests.integration.journal.rows import message, step


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SqliteJournal:
    """A journal of 1970, still open: the integration may run."""
    monkeypatch.chdir(tmp_path)
    made = SqliteJournal(str(tmp_path / "q2c.db"))
    lease = made.claim()
    rows = [FlowRow(0, f"{name}/1", name, "Q-1", "", "", b"\x80", "ready", 0) for name in ("mirror", "bill")]
    lease.commit(Write(flows=rows))
    for flow in (1, 2):
        for seq in range(4):
            lease.commit(step(flow, seq))
    lease.commit(Write(statuses=[(1, "finished", b"\xc0"), (2, "finished", b"\xc0")], messages=[message(1)]))
    return made


def run(*arguments: str) -> Result:
    return CliRunner().invoke(q2c, ["integration", "prune", *arguments])


def test_a_dry_run_says_what_the_run_then_removes(journal: SqliteJournal) -> None:
    tried = run("--database", journal.path, "--older-than", "90d", "--dry-run")
    assert (tried.exit_code, tried.stdout.splitlines()[-1].split()) == (0, ["3", "steps", "would", "be", "removed"])
    assert json.loads(run("--database", journal.path, "--dry-run", "--json").stdout)["steps"] == 3
    done = json.loads(run("--database", journal.path, "--json").stdout)
    assert (done["steps"], done["messages"], done["dry_run"]) == (3, 0, False)  # billing's ids stay, and its flow
    assert done["untaken"] == 1
    assert json.loads(run("--database", journal.path, "--json").stdout)["steps"] == 0
    audited = CliRunner().invoke(q2c, ["audit", "verify", "--database", journal.path])
    assert (audited.exit_code, journal.verify().intact) == (0, True)


def test_the_file_says_database_and_ages(journal: SqliteJournal, tmp_path: Path) -> None:
    section = f'[integration]\ndatabase = "{journal.path}"\n[integration.retention]\nsteps_days = '
    (tmp_path / "q2c.toml").write_text(section + "0\n")
    assert json.loads(run("--json").stdout)["steps"] == 0
    (tmp_path / "q2c.toml").write_text(section + "365\n")
    assert json.loads(run("--json").stdout)["steps"] == 3


@pytest.mark.parametrize("age", ["90", "0d", "-1d", "soon", "90 d"])
def test_an_age_that_is_none_is_refused(journal: SqliteJournal, age: str) -> None:
    found = run("--database", journal.path, f"--older-than={age}")
    assert found.exit_code == 2
    assert "expected whole days, such as 90d" in found.stderr


def test_ages_that_forget_too_early_and_no_database_are_refused(journal: SqliteJournal, tmp_path: Path) -> None:
    assert "which database?" in run().stderr
    (tmp_path / "q2c.toml").write_text("[integration.retention]\nmessages_days = 7\n")
    found = run("--database", journal.path)
    assert found.exit_code == 2
    assert "repeated orders must be known for 30 days" in found.stderr


def test_a_database_that_is_not_there_ends_with_5(tmp_path: Path) -> None:
    assert run("--database", str(tmp_path / "nothing.db")).exit_code == 5
