"""`q2c integration up`: what cannot start says why, in a line or two and with the right exit status; how it ends."""

from __future__ import annotations

import contextlib
import json
import logging
import signal
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from q2c import exits
from q2c.cli import q2c
from q2c.mocks_running import Mocks as Addresses
from q2c.mocks_running import write
from tests.live import Mocks, Service, until

NOWHERE = dict.fromkeys(("crm", "erp", "billing", "tax", "payment", "fulfilment", "admin"), "http://127.0.0.1:1")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Return a workspace that names mocks, which nobody needs to serve for this."""
    folder = tmp_path / "workspace"
    write(folder, Addresses(pid=1, addresses=NOWHERE))
    return folder


def _refused(tmp_path: Path, *arguments: object, status: int) -> str:
    """Return what the command says when it refuses to start."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    with contextlib.chdir(tmp_path):
        done = CliRunner().invoke(q2c, ["integration", *map(str, arguments)], env={"Q2C_CRM_URL": ""})
    root.handlers, root.level = handlers, level
    assert done.exit_code == status, done.output
    assert "Traceback" not in done.output
    return done.output


def test_without_addresses_it_says_which_and_how_to_name_them(tmp_path: Path) -> None:
    said = _refused(tmp_path, "up", status=exits.USAGE)
    assert "crm: no address. Set Q2C_CRM_URL" in said
    assert said.count("no address") == 6


def test_without_running_mocks_it_says_how_to_start_them(tmp_path: Path) -> None:
    said = _refused(tmp_path, "up", "--mocks", "--workspace", tmp_path / "empty", status=exits.USAGE)
    assert "q2c mocks up" in said


def test_a_port_that_is_taken_is_named(tmp_path: Path, workspace: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        options = ["--mocks", "--workspace", workspace, "--port", str(port)]
        said = _refused(tmp_path, "up", *options, status=exits.COULD_NOT_RUN)
    assert f"127.0.0.1:{port}" in said
    assert "--port" in said


@pytest.mark.parametrize(
    ("database", "word"),
    [
        ("/nowhere/at/all/journal.db", "journal.db"),
        ("postgresql://q2c@127.0.0.1:1/q2c", "127.0.0.1"),
    ],
)
def test_a_database_that_cannot_be_opened_is_named(tmp_path: Path, workspace: Path, database: str, word: str) -> None:
    options = ["--mocks", "--workspace", workspace, "--port", "0", "--database", database]
    assert word in _refused(tmp_path, "up", *options, status=exits.COULD_NOT_RUN)


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path, workspace: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear customer, " * 100)
    options = ["--mocks", "--workspace", workspace, "--port", "0", "--database", file]
    assert "letter.txt" in _refused(tmp_path, "up", *options, status=exits.COULD_NOT_RUN)
    assert file.read_text().startswith("Dear customer")


def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path, workspace: Path) -> None:
    database = tmp_path / "newer.db"
    connection = sqlite3.connect(database)
    connection.execute("CREATE TABLE migration (number INTEGER)")
    connection.execute("INSERT INTO migration VALUES (9999)")
    connection.commit()
    connection.close()
    options = ["--mocks", "--workspace", workspace, "--port", "0", "--database", database]
    said = _refused(tmp_path, "up", *options, status=exits.COULD_NOT_RUN)
    assert "version" in said


def test_several_workers_need_a_database_that_they_can_share(tmp_path: Path, workspace: Path) -> None:
    options = ["--mocks", "--workspace", workspace]
    assert "postgresql://" in _refused(tmp_path, "up", *options, "--workers", "2", status=exits.USAGE)
    assert "postgresql://" in _refused(tmp_path, "worker", *options, status=exits.USAGE)


def test_a_mistake_in_the_file_names_the_file_and_what_is_known(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text("[integration]\nprot = 9000\n")
    said = _refused(tmp_path, "up", "--config", file, status=exits.USAGE)
    assert "prot" in said
    assert "port" in said


def test_help_lists_endpoints_and_examples() -> None:
    said = CliRunner().invoke(q2c, ["integration", "up", "--help"]).output
    for word in ("/health/ready", "/webhooks/SYSTEM", "--database", "Examples:", "SIGTERM"):
        assert word in said


def test_the_plain_command_comes_up_and_ends_when_it_is_told_to(tmp_path: Path, mocks: Mocks) -> None:
    options = ["--mocks", "--workspace", str(mocks.workspace), "--port", "0", "--json"]
    command = [sys.executable, "-m", "q2c", "integration", "up", *options]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        address = json.loads(process.stdout.readline())["address"]
        assert httpx.get(f"{address}/health/ready", trust_env=False).status_code == 200
        process.terminate()
        assert process.wait(30) == exits.HOLDS
    finally:
        process.kill()
        process.communicate()


def test_one_journal_in_a_file_belongs_to_one_process_and_the_later_one_has_it(tmp_path: Path, mocks: Mocks) -> None:
    database = str(tmp_path / "journal.db")
    first = Service(tmp_path, mocks, database=database)
    with Service.up(tmp_path, mocks, database=database, name="second") as second:
        # The first one learns it when it writes, or when it looks after its sweeps.
        first.http.post("/webhooks/crm", content=_accepted())
        assert first.process.process.wait(30) == exits.COULD_NOT_RUN
        assert "another process has taken the journal" in first.process.logged()
        assert second.readiness()[0] == 200
    first.end()


def _accepted() -> bytes:
    return (
        b"<OrganizationId>00D000000000001EAA</OrganizationId><Notification><Id>04l1</Id><sObject><sf:Id>0Q01</sf:Id>"
        b"<sf:QuoteNumber>Q-777777</sf:QuoteNumber><sf:Version__c>1.0</sf:Version__c></sObject></Notification>"
    )


def test_a_second_signal_ends_it_at_once(tmp_path: Path, mocks: Mocks) -> None:
    mocks.ask("PUT", "/faults", [{"kind": "black_hole", "system": "crm"}])
    try:
        service = Service(tmp_path, mocks)
        service.http.post("/webhooks/crm", content=_accepted())
        until(lambda: service.http.get("/health/live").status_code == 200, "alive")
        service.process.process.send_signal(signal.SIGTERM)
        until(lambda: not _answers(service), "no more answers")
        assert service.end(signal.SIGTERM) == exits.INTERRUPTED
    finally:
        mocks.ask("DELETE", "/faults")


def _answers(service: Service) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", service.port)) == 0
