"""A database that takes nothing: it is said, nothing is acknowledged that is not stored, and it goes on afterwards."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from q2c.exits import COULD_NOT_RUN
from tests.live import Mocks, Service, Shop, until
from tests.postgres import Server
from tests.trouble.disks import disk, fill, limit_files, write_protect
from tests.trouble.people import ONE_OF_EACH, counts, event, is_whole, settled, told

Numbers = Callable[[], str]
POLL = {"Q2C_POLL_SECONDS": "2"}


def _message(name: str) -> bytes:
    return event(name, "payout.failed", id="po_1", currency="usd", created=1)


def _refuses(service: Service, *signs: str) -> None:
    """Wait until a service says that it cannot work, in these words, and takes nothing in."""

    def is_said() -> bool:
        reasons = service.readiness()[1].get("reasons", [])
        return bool(reasons) and all(sign in reasons[0] for sign in signs)

    until(is_said, f"a reason that says {signs}")
    numbers = itertools.count()  # where larger writes find no room a message or two may still fit
    until(lambda: told(service, _message(f"evt_{next(numbers)}")).status_code == 503, "a message that is not taken in")
    assert service.http.get("/health/live").status_code == 200


def _heals(service: Service) -> None:
    """Wait until a service takes messages again; a sender who is told 503 once more sends once more."""
    until(lambda: service.readiness()[0] == 200, "ready again")
    until(lambda: told(service, _message("evt_unstored")).status_code == 200, "a message that is taken in")


def test_a_full_disk_stops_the_intake_until_there_is_room(
    tmp_path: Path, mocks: Mocks, shop: Shop, port: int, number: Numbers
) -> None:
    first, second, third = number(), number(), number()
    with (
        disk(tmp_path, "6m") as place,
        Service.up(tmp_path, mocks, port=port, database=str(place / "journal.db"), **POLL) as service,
    ):
        shop.signs(first)
        settled(shop, first)
        shop.signs(second, takes_seconds=2)
        filler = fill(place)
        shop.signs(third)
        _refuses(service, "full", "free some space")
        filler.unlink()
        _heals(service)
        settled(shop, second, third)
        assert is_whole(str(place / "journal.db"))
    assert [counts(mocks, each) for each in (first, second, third)] == [ONE_OF_EACH] * 3


def test_files_that_may_not_grow_stop_the_intake_until_they_may(
    tmp_path: Path, mocks: Mocks, shop: Shop, port: int, number: Numbers
) -> None:
    first, second = number(), number()
    with Service.up(tmp_path, mocks, port=port, **POLL) as service:
        shop.signs(first, takes_seconds=2)
        until(lambda: mocks.documents("erp", "order", first), "the order")
        limit_files(service.process.pid, 4096)
        shop.signs(second)
        _refuses(service, "journal.db")
        limit_files(service.process.pid, None)
        _heals(service)
        settled(shop, first, second)
    assert is_whole(str(tmp_path / "journal.db"))
    assert [counts(mocks, each) for each in (first, second)] == [ONE_OF_EACH] * 2


def test_a_database_server_without_room_stops_the_intake_until_there_is_some(
    tmp_path: Path, mocks: Mocks, shop: Shop, port: int, number: Numbers, postgres_server: Server
) -> None:
    first, second = number(), number()
    with disk(postgres_server.folder, "40m") as place, _on_disk(postgres_server, place) as database:
        with Service.up(tmp_path, mocks, port=port, database=database, **POLL) as service:
            shop.signs(first, takes_seconds=2)
            until(lambda: mocks.documents("erp", "order", first), "the order")
            filler = fill(place)
            shop.signs(second)
            _refuses(service, "No space left on device")
            filler.unlink()
            _heals(service)
            settled(shop, first, second)
        assert is_whole(database)
    assert [counts(mocks, each) for each in (first, second)] == [ONE_OF_EACH] * 2


@contextmanager
def _on_disk(server: Server, place: Path) -> Iterator[str]:
    """Have a database whose tables are on a disk, which the server needs no more afterwards; yield its address."""
    server.give(place)
    database = server.create()
    name = database.rpartition("/")[2]
    with psycopg.connect(server.address("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE TABLESPACE small LOCATION '{place}'")
        connection.execute(f"ALTER DATABASE {name} SET TABLESPACE small")
    try:
        yield database
    finally:
        (place / "filler").unlink(missing_ok=True)
        server.drop(database)
        with psycopg.connect(server.address("postgres"), autocommit=True) as connection:
            connection.execute("DROP TABLESPACE small")


def test_a_read_only_file_is_refused_at_the_start_with_what_to_do(tmp_path: Path, mocks: Mocks, port: int) -> None:
    with disk(tmp_path, "6m") as place:
        database = place / "journal.db"
        with Service.up(tmp_path, mocks, port=port, database=str(database)):
            pass
        write_protect(place, protected=True)
        arguments = ["--mocks", "--workspace", str(mocks.workspace), "--database", str(database), "--port", str(port)]
        ended = subprocess.run(
            [sys.executable, "-m", "q2c", "integration", "up", *arguments], capture_output=True, text=True, timeout=60,
            cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )  # fmt: skip
        assert ended.returncode == COULD_NOT_RUN, ended.stderr
        assert "journal.db: unable to open database file; its folder must exist and be writable" in ended.stderr
        assert "Traceback" not in ended.stderr
        write_protect(place, protected=False)
        with Service.up(tmp_path, mocks, port=port, database=str(database)) as service:
            assert service.readiness()[0] == 200


def test_a_database_server_that_became_read_only_stops_the_intake_until_it_takes_writes_again(
    tmp_path: Path, mocks: Mocks, shop: Shop, port: int, number: Numbers, postgres: str, postgres_server: Server
) -> None:
    """As after a failover that left us with the replica."""
    first, second = number(), number()
    with Service.up(tmp_path, mocks, port=port, database=postgres, **POLL) as service:
        shop.signs(first, takes_seconds=2)
        until(lambda: mocks.documents("erp", "order", first), "the order")
        _set_read_only(postgres_server, postgres, "on")
        shop.signs(second)
        _refuses(service, "read-only")
        _set_read_only(postgres_server, postgres, "off")
        _heals(service)
        settled(shop, first, second)
    assert is_whole(postgres)
    assert [counts(mocks, each) for each in (first, second)] == [ONE_OF_EACH] * 2


def _set_read_only(server: Server, database: str, switch: str) -> None:
    """Make a database read-only, or not, and cut everybody off who is connected."""
    name = database.rpartition("/")[2]
    with psycopg.connect(server.address("postgres"), autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = {switch}")
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
