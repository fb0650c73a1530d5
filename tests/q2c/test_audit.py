"""Tests of `q2c audit verify`: intact and broken trails, heads kept elsewhere, and what cannot be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from integration.journal.postgres import PostgresJournal
from integration.journal.protocol import Write
from integration.journal.sqlite import SqliteJournal
from q2c.commands.audit import audit
from tests.integration.journal.rows import flow_row, step
from tests.postgres import postgres, postgres_server

__all__ = ["postgres", "postgres_server"]


@pytest.fixture
def journal(tmp_path: Path) -> SqliteJournal:
    """A journal with ten entries, still open: the integration may run."""
    made = SqliteJournal(str(tmp_path / "q2c.db"))
    lease = made.claim()
    lease.commit(Write(flows=[flow_row(1)]))
    for seq in range(10):
        lease.commit(step(1, seq))
    return made


def run(*arguments: str) -> Result:
    return CliRunner().invoke(audit, ["verify", *arguments])


def test_an_intact_trail_ends_with_0_and_prints_the_head_to_keep(journal: SqliteJournal) -> None:
    found = run("--database", journal.path)
    assert found.exit_code == 0
    assert found.stdout == f"head 0 10 {journal.head().digest}\n"
    assert "intact, 10 entries in 1 chain" in found.stderr


def test_a_changed_row_ends_with_1_and_is_named(journal: SqliteJournal) -> None:
    journal.connection.execute("UPDATE entry SET body = x'90' WHERE number = 4")
    found = run("--database", journal.path)
    assert found.exit_code == 1
    assert "BROKEN: entry 4 does not match its digest" in found.stderr


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_head_that_was_kept_shows_that_the_end_was_cut(
    journal: SqliteJournal, tmp_path: Path, options: list[str]
) -> None:
    kept = tmp_path / "heads"
    kept.write_text(run("--database", journal.path, *options).stdout)
    assert run("--database", journal.path, "--head", str(kept)).exit_code == 0
    for table in ("trail", "entry"):
        journal.connection.execute(f"DELETE FROM {table} WHERE number > 8")
    assert run("--database", journal.path).exit_code == 0
    found = run("--database", journal.path, "--head", str(kept), "--json")
    told = json.loads(found.stdout)
    assert (found.exit_code, told["intact"], told["entries"]) == (1, False, 8)
    assert told["problem"] == "the head kept elsewhere is entry 10: the trail ends at entry 8"


def test_each_chain_of_postgresql_is_verified_and_a_chain_that_vanished_is_missed(
    postgres: str, tmp_path: Path
) -> None:
    journal = PostgresJournal(postgres, "w")
    for _ in range(3):
        lease = journal.claim()
        for seq in range(4):
            lease.commit(step(0, seq))
    kept = tmp_path / "heads"
    kept.write_text(run("--database", postgres).stdout)
    assert [line.split()[:3] for line in kept.read_text().splitlines()] == [["head", str(n), "4"] for n in (1, 2, 3)]
    assert run("--database", postgres, "--head", str(kept)).exit_code == 0
    for table in ("trail", "entry"):
        journal.connection.execute(f"DELETE FROM {table} WHERE epoch = 2")
    found = run("--database", postgres, "--head", str(kept))
    assert found.exit_code == 1
    assert "chain 2: the head kept elsewhere is entry 4: the trail ends at entry 0" in found.stderr
    journal.close()


def test_what_cannot_be_read_is_said_in_a_sentence(tmp_path: Path, journal: SqliteJournal) -> None:
    missing = run("--database", str(tmp_path / "no.db"))
    assert (missing.exit_code, "unable to open" in missing.stderr) == (5, True)
    nonsense = tmp_path / "nonsense"
    nonsense.write_text("head zero 0\n")
    refused = run("--database", journal.path, "--head", str(nonsense))
    assert (refused.exit_code, "no heads that `q2c audit verify` printed" in refused.stderr) == (2, True)


def test_the_database_may_come_from_the_environment(
    journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    unsaid = run()
    assert (unsaid.exit_code, "which database?" in unsaid.stderr) == (2, True)
    monkeypatch.setenv("Q2C_DATABASE", journal.path)
    assert run().exit_code == 0
