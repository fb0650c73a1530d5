"""A database restored to ten minutes ago: what it has forgotten did happen, and must not happen again."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

from contracts.checks.business_state import difference
from tests.kills import state_of
from tests.live import Mocks, Service, Shop, until
from tests.trouble.people import ONE_OF_EACH, client, counts, is_whole, settled, staffed

POLL = {"Q2C_POLL_SECONDS": "1"}
TASK_SECONDS = 200
"""Less than the tolerance of signatures: the clock of the mocks is moved by it, ours is not."""


def test_what_a_restored_database_has_forgotten_is_found_again_and_never_done_twice(
    tmp_path: Path, mocks: Mocks, shop: Shop, port: int, number: Callable[[], str]
) -> None:
    before, midway, forgotten, unseen = (number() for _ in range(4))
    database, staff = tmp_path / "journal.db", staffed(tmp_path, "ada")
    with Service.up(tmp_path, mocks, *staff, port=port, database=str(database), **POLL):
        shop.signs(before)
        settled(shop, before)
        shop.signs(midway, takes_seconds=TASK_SECONDS)
        until(lambda: mocks.documents("fulfilment", "task", midway), "the task")
        backup = _copied(database)
        shop.signs(forgotten)
        settled(shop, forgotten)
        _mirrored(mocks, forgotten)
    was = state_of(mocks, [before, forgotten])
    shop.signs(unseen)
    _put_back(backup, database)
    with Service.up(tmp_path, mocks, *staff, port=port, database=str(database), **POLL) as service:
        assert service.process.said["open_flows"] > 0, "the order that was midway is open again"
        mocks.ask("POST", "/clock", {"advance_seconds": TASK_SECONDS})
        settled(shop, midway, unseen)
        until(lambda: _is_over(database, forgotten, "accepted_quote", "bill"), "the end of what nobody told again")
        with client(service, "ada") as ada:
            told = {case["detail"] for case in ada.get("/exceptions").json()["cases"]}
    assert any(f"{forgotten}-v1" in detail for detail in told), "people hear which order the journal did not know"
    assert any("audit trail had" in detail or "a second time" in detail for detail in told), "and that it was restored"
    assert len(told) == 2, "and they have nothing else to do"
    assert "the journal was restored from a backup" in service.process.logged()
    assert difference(was, state_of(mocks, [before, forgotten])) == ""
    assert [counts(mocks, each) for each in (before, midway, forgotten, unseen)] == [ONE_OF_EACH] * 4
    assert is_whole(str(database))


def _copied(database: Path) -> Path:
    """Return a backup that was taken while the service ran."""
    backup = database.with_suffix(".backup")
    source, copy = sqlite3.connect(database), sqlite3.connect(backup)
    source.backup(copy)
    source.close()
    copy.close()
    return backup


def _put_back(backup: Path, database: Path) -> None:
    for file in database.parent.glob(f"{database.name}-*"):
        file.unlink()
    shutil.copy(backup, database)


def _is_over(database: Path, number: str, *names: str) -> bool:
    """Tell whether these flows of a quote are known, and all flows of it over."""
    connection = sqlite3.connect(database)
    try:
        rows = connection.execute("SELECT name, status FROM flow WHERE txn = ?", (number,)).fetchall()
    finally:
        connection.close()
    return set(names) <= {name for name, _ in rows} and {status for _, status in rows} == {"finished"}


def _mirrored(mocks: Mocks, *numbers: str) -> None:
    """Wait until sales see that all is paid."""
    for each in numbers:
        query = f"SELECT+InvoiceStatus__c+FROM+Quote+WHERE+QuoteNumber='{each}'"
        until(
            lambda query=query: (
                mocks.crm("GET", f"/query?q={query}").json()["records"][0]["InvoiceStatus__c"] == "paid"
            ),  # type: ignore[misc]
            f"the mirror of {each}",
        )
