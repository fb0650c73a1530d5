"""Tests of the PostgreSQL journal in trouble and among versions: what is refused, what is kept, who migrates."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from integration.journal.opening import open_journal, open_reader
from integration.journal.postgres import PostgresJournal
from integration.journal.postgres_tables import VERSION
from integration.journal.protocol import Lease, Write
from integration.journal.trouble import Unavailable, WrongSchema, without_password
from tests.integration.journal.rows import event, flow_row, step
from tests.postgres import Server

Workers = Callable[..., tuple[PostgresJournal, Lease]]
ROOT = Path(__file__).parents[3]


def ids(lease: Lease, flows_max: int = 100) -> list[str]:
    """Poll, and return the flows that were claimed."""
    return [each.row.id for each in lease.poll(flows_max).flows]


# --- trouble --------------------------------------------------------------------------------------------------------


def test_a_database_that_cannot_be_reached_is_refused_without_its_password() -> None:
    with pytest.raises(Unavailable, match="is it running and reachable") as refusal:
        open_journal("postgresql://q2c:secret@127.0.0.1:1/q2c")
    assert "secret" not in str(refusal.value)
    assert without_password("host=x password=secret user=q") == "host=x password=*** user=q"


def test_a_missing_database_is_refused_with_what_to_do(postgres_server: Server) -> None:
    with pytest.raises(Unavailable, match="create the database first"):
        open_journal(postgres_server.address("nowhere"))


def test_a_read_only_database_takes_nothing_and_works_again_when_it_may_be_written(workers: Workers) -> None:
    journal, lease = workers("a")
    journal.connection.execute("SET default_transaction_read_only = on")
    with pytest.raises(Unavailable, match="connect to the primary"):
        lease.commit(Write(flows=[flow_row(1)]))
    journal.connection.execute("SET default_transaction_read_only = off")
    lease.commit(Write(flows=[flow_row(1)]))
    assert ids(lease) == ["order/1"]


def test_a_server_that_crashes_loses_nothing_that_was_acknowledged(postgres_server: Server, postgres: str) -> None:
    journal = PostgresJournal(postgres, "a")
    lease = journal.claim()
    lease.commit(Write(flows=[flow_row(1)]))
    ids(lease)
    for seq in range(5):
        lease.commit(step(1, seq))
    postgres_server.stop(signal.SIGQUIT)
    with pytest.raises(Unavailable):
        lease.commit(step(1, 5))
    with pytest.raises(Unavailable):
        journal.claim()
    postgres_server.start()
    again = journal.claim()
    (found,) = again.load().flows
    assert (found.row.id, found.last and found.last.seq) == ("order/1", 4)
    again.commit(step(1, 5))
    assert journal.verify().intact
    journal.close()


KILLED = """
import os, sys
from integration.journal.postgres import PostgresJournal
from integration.journal.protocol import Write
from tests.integration.journal.rows import flow_row, step
lease = PostgresJournal(sys.argv[1], "victim").claim()
lease.commit(Write(flows=[flow_row(1)]))
lease.poll(1)
for number in range(100):
    lease.commit(step(1, number))
    print(number, flush=True)
    if number == 50:
        os.kill(os.getpid(), 9)
"""


def test_what_a_killed_worker_had_committed_is_there_and_goes_on(postgres: str) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, postgres], cwd=ROOT, capture_output=True, text=True, env={**os.environ}
    )
    assert killed.returncode == -9, killed.stderr
    journal = PostgresJournal(postgres, "victim")
    lease = journal.claim()
    (found,) = lease.load().flows
    assert found.last is not None
    assert (found.last.seq, len(killed.stdout.split())) == (50, 51)
    assert len(lease.steps(1)) == 51
    assert journal.verify().intact
    journal.close()


def test_a_statement_that_the_server_has_forgotten_costs_a_connection_and_no_more(postgres: str) -> None:
    journal = PostgresJournal(postgres, "w")
    lease = journal.claim()
    for number in range(10):  # often enough for the driver to prepare what it sends
        lease.commit(Write(events=[event(number, "s")]))
    journal.connection.execute("DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$")  # behind the driver's back
    with pytest.raises(Unavailable, match="does not exist"):
        lease.commit(Write(events=[event(10, "s")]))
    again = Write(events=[event(10, "s")])
    journal.claim().commit(again)
    assert again.events[0].sequence == 11
    journal.close()


# --- versions -------------------------------------------------------------------------------------------------------


def test_workers_that_start_at_once_migrate_once(postgres: str) -> None:
    made: list[PostgresJournal] = []
    threads = [
        threading.Thread(target=lambda name=f"w{number}": made.append(PostgresJournal(postgres, name)))
        for number in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(len(journal.migrated) for journal in made) == [0, 0, 0, VERSION]
    for journal in made:
        journal.close()


def test_a_newer_database_is_refused_and_an_empty_one_has_nothing_to_read(postgres: str) -> None:
    with pytest.raises(WrongSchema, match=f"the database has no tables of ours, this package needs version {VERSION}"):
        open_reader(postgres)
    PostgresJournal(postgres).close()
    with psycopg.connect(postgres) as connection:
        connection.execute("INSERT INTO migration VALUES (99, 'of the future', now())")
    for opened in (open_journal, open_reader):
        with pytest.raises(WrongSchema, match=f"version 99 of .*, this package knows version {VERSION}: use a newer"):
            opened(postgres)
