"""A real PostgreSQL for tests: started by the test run on a free port, with a data folder of its own.

    def test_something(postgres: str) -> None:      # the address of a new, empty database
    def test_an_outage(postgres_server: Server):    # the server, to be stopped and started again

The binaries are those of Debian's package `postgresql` (or the folder in Q2C_POSTGRES_BIN). Root may not run the
server, so it runs as the user `postgres` then. Without binaries the tests are skipped, and say so.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from tests.ports import free_port

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",  # the machine does not lose power in a test; processes are killed, which fsync is not about
    "shared_buffers": "32MB",
    "max_connections": "60",
    "log_min_messages": "fatal",
}
START_SECONDS = 30


def binaries() -> Path | None:
    """Return the folder of PostgreSQL's binaries, the newest version of several."""
    named = os.environ.get("Q2C_POSTGRES_BIN", "")
    folders = [Path(named)] if named else sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


def _version(folder: Path) -> int:
    name = folder.parent.name
    return int(name) if name.isdecimal() else 0


class Server:
    """One server; its databases are trusted to anybody on loopback, who is to call themselves `q2c`."""

    def __init__(self, folder: Path, binaries: Path, **settings: str) -> None:
        self.folder, self._binaries = folder, binaries
        self.port = free_port()
        self._settings = {**SETTINGS, **settings, "port": str(self.port)}
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)
        user = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        self._ids = (user.pw_uid, user.pw_gid) if user else None
        if self._ids:
            os.chown(folder, *self._ids)
        self._run("initdb", "-D", str(folder / "data"), "-U", "q2c", "-A", "trust", "-E", "UTF8", "--no-sync")

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._binaries / "postgres", "-D", str(self.folder / "data"), *options],
                stdout=log, stderr=log, cwd="/", **self._as_user(),
            )  # fmt: skip
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                psycopg.connect(self.address("postgres"), connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                assert self._process.poll() is None, (self.folder / "log").read_text()
                assert time.monotonic() < until, "PostgreSQL did not answer in time"
                time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: SIGINT throws clients out, SIGQUIT is a crash."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(START_SECONDS)
            self._process = None

    def cpu_seconds(self) -> float:
        """Return the CPU time that the server and its processes have taken so far."""
        assert self._process is not None, "it does not run"
        main = psutil.Process(self._process.pid)
        ended = main.cpu_times()
        running = [child.cpu_times() for child in main.children()]
        return float(
            sum(ended[:2]) + ended.children_user + ended.children_system + sum(sum(each[:2]) for each in running)
        )

    def address(self, database: str) -> str:
        """Return the address of a database."""
        return f"postgresql://q2c@127.0.0.1:{self.port}/{database}"

    def create(self) -> str:
        """Create an empty database; return its address."""
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.address(name)

    def give(self, folder: Path) -> None:
        """Give a folder to the user that the server runs as."""
        if self._ids:
            os.chown(folder, *self._ids)

    def drop(self, address: str) -> None:
        """Remove a database, whoever is connected to it."""
        name = address.rpartition("/")[2]
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _run(self, name: str, *arguments: str) -> None:
        subprocess.run([self._binaries / name, *arguments], check=True, capture_output=True, cwd="/", **self._as_user())

    def _as_user(self) -> dict[str, Any]:
        return {"user": self._ids[0], "group": self._ids[1], "extra_groups": []} if self._ids else {}


@contextmanager
def running(found: Path | None = None) -> Iterator[Server]:
    """Run a server until the block ends."""
    found = found or binaries()
    assert found is not None, "PostgreSQL is not installed (Debian: postgresql)"
    folder = Path(tempfile.mkdtemp(prefix="q2c-postgres-"))
    server = Server(folder, found)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A running server."""
    found = binaries()
    if found is None:
        pytest.skip("PostgreSQL is not installed (Debian: postgresql): nothing that needs it was tested")
    with running(found) as server:
        yield server


@pytest.fixture
def postgres(postgres_server: Server) -> Iterator[str]:
    """The address of a new, empty database."""
    address = postgres_server.create()
    yield address
    postgres_server.drop(address)
