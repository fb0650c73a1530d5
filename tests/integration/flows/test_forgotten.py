"""A journal that is restored from a backup, at any instant of an order's life: nothing is lost, nothing is doubled."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.checks.business_state import KINDS, difference, document
from domain.history import Case, Changed, Record
from domain.objects import Delta
from integration.effects import Start
from integration.flows.sweeps import SWEEPS
from integration.journal.sqlite import SqliteJournal
from simulator.recorder import MemoryRecorder
from simulator.rehearsal import Rehearsal
from tests.stage import CORE, HOUR_US, LIVE, OPENS_US, SECOND_US, TODAY, Played, Stage

SIGNED_US = OPENS_US + HOUR_US
TASK_SECONDS = 1800
BACK_SECONDS = 2
DAY_SECONDS = 86_400
NUMBER = "Q-000001"


class Restored(Played):
    """A play in whose middle the journal is replaced by a backup, taken at an earlier instant."""

    def __init__(
        self, stage: Stage, folder: Path, backup_us: int, restored_us: int, days: float = 2.0,
        away_seconds: int = BACK_SECONDS,
    ) -> None:  # fmt: skip
        recorder = MemoryRecorder()
        super().__init__(Rehearsal(stage.timeline(days, days * 0.9), recorder), recorder.records)
        self._file, self._copy, self._since_us = folder / "journal.db", folder / "backup.db", backup_us
        self._open()
        self._at(backup_us, self._back_up)
        if restored_us:
            self._at(restored_us, self._restore)
            self._at(restored_us + away_seconds * SECOND_US, self._start)
        self.rehearsal.run(steps=1)

    def _at(self, at_us: int, action: Callable[[], None]) -> None:
        self.rehearsal.host.call_at(at_us, action)

    def _open(self) -> None:
        journal = SqliteJournal(str(self._file))
        journal.connection.execute("PRAGMA synchronous=OFF")  # the test may lose it
        self.rehearsal.journal = self.rehearsal.integration.journal = journal

    def _back_up(self) -> None:
        copy = SqliteJournal(str(self._copy))
        self.rehearsal.journal.connection.backup(copy.connection)
        copy.close()

    def _restore(self) -> None:
        self.rehearsal.integration.mark()
        self.rehearsal.integration.kill()
        self.rehearsal.journal.close()
        for file in self._file.parent.glob(f"{self._file.name}-*"):
            file.unlink()
        shutil.copy(self._copy, self._file)
        self._open()

    def _start(self) -> None:
        """Start as a node does: what was forgotten is looked for, back to the last sweeps before the backup."""
        integration = self.rehearsal.integration
        integration.start()
        assert "a second time" in integration.restoration.reason or "had" in integration.restoration.reason
        for sweep in SWEEPS:
            since = {"since_us": self._since_us - HOUR_US}
            integration.launch(Start(flow_id=f"{sweep.name}/restored", name=sweep.name, arguments=since))

    def state(self) -> list[Any]:
        """Return the business state at the end."""
        return [
            document(change.txn, system, kind, msgspec.to_builtins(change.document) | {"status": change.status})
            for system, kinds in KINDS.items()
            for kind in kinds
            for change in self.last(system, kind).values()
        ]


def order(method: str = "card", **said: Any) -> Stage:
    stage = Stage()
    stage.customer(method, **said)
    stage.signs(NUMBER, takes_seconds=TASK_SECONDS)
    return stage


def told(records: list[Record], kind: str) -> list[Changed]:
    return [each for each in records if isinstance(each, Changed) and each.kind == kind and not each.before]


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Restored:
    """The same life without a restore."""
    return Restored(order(), tmp_path_factory.mktemp("calm"), SIGNED_US - SECOND_US, 0)


BOOKED, CAPTURED, IN_BILLING = 8.7, TASK_SECONDS + 88.8, TASK_SECONDS + 90
LIFE = (BOOKED, 9.4, 11, *(TASK_SECONDS + seconds for seconds in (71, 75.5, 79, 86.5)), CAPTURED, IN_BILLING, 5800)
"""Seconds after the signature, in the calm life above: booked, the task, the subscription; then the task is done, the
invoice there, taxed, closed, the payment captured, known to billing, and all over."""


def us(seconds: float) -> int:
    """Return the instant so many seconds after the signature."""
    return SIGNED_US + round(seconds * SECOND_US)


@pytest.mark.parametrize("seconds", LIFE)
def test_whatever_an_order_had_come_to_it_ends_as_if_nothing_had_been_forgotten(
    calm: Restored, tmp_path: Path, seconds: float
) -> None:
    played = Restored(order(), tmp_path, us(-1), us(seconds))
    assert difference(calm.state(), played.state()) == ""
    assert len(told(played.records, "payment")) == 1
    assert {case.code for case in played.of(Case)} <= {"CONFLICT.STATE"}, "people hear of it and have nothing to do"


def test_what_was_posted_before_is_looked_for_in_the_books_of_its_entity(tmp_path: Path) -> None:
    stage = order()
    stage.ledgers = {"US": "erp2"}
    played = Restored(stage, tmp_path, us(-1), us(5800))
    asked = [*played.attempts("read_invoice"), *played.attempts("read_payment")]
    assert {each.system for each in asked} - {"billing"} == {"erp2"}
    assert len(told(played.records, "payment")) == 1


@pytest.mark.parametrize("seconds", [CAPTURED, IN_BILLING])
def test_money_between_two_records_is_applied_once_when_the_processor_has_forgotten_our_key(
    calm: Restored, tmp_path: Path, seconds: float
) -> None:
    played = Restored(order(), tmp_path, us(-1), us(seconds), days=4, away_seconds=2 * DAY_SECONDS)
    assert difference(calm.state(), played.state()) == ""
    assert [len(played.last(*each)) for each in (("payment", "payment"), ("billing", "cash"), ("erp", "cash"))] == [
        1
    ] * 3


def test_a_payment_whose_message_was_forgotten_is_asked_for_at_once(tmp_path: Path) -> None:
    succeeded = "payment_intent.succeeded"
    calm = Restored(order("debit"), _made(tmp_path / "calm"), us(DAY_SECONDS), 0, days=14)
    (heard,) = calm.delivered(succeeded)
    played = Restored(order("debit"), _made(tmp_path / "played"), us(DAY_SECONDS), heard.at_us + HOUR_US, days=14)
    assert difference(calm.state(), played.state()) == ""
    paid_us = played.changes("erp", "cash")[0].at_us
    assert paid_us < heard.at_us + 2 * HOUR_US


def test_an_amendment_that_was_forgotten_is_in_billing_once(tmp_path: Path) -> None:
    def amended() -> Stage:
        stage = Stage()
        stage.subscribed()
        stage.amends("Q-500001", LIVE, "upsell", TODAY, 1, Delta(sku=CORE, quantity=20, unit_minor=1200_00, months=12))
        return stage

    calm = Restored(amended(), _made(tmp_path / "calm"), us(-1), 0)
    for seconds in (12, 4 * 3600):
        played = Restored(amended(), _made(tmp_path / f"{seconds}"), us(-1), us(seconds))
        assert difference(calm.state(), played.state()) == ""
        assert len(played.changes("billing", "subscription")) == len(calm.changes("billing", "subscription"))


def test_people_hear_which_orders_the_journal_had_forgotten(tmp_path: Path) -> None:
    played = Restored(order(), tmp_path, us(-1), us(5800))
    (case,) = [case for case in played.of(Case) if case.status == "new"]
    assert case.flow == "forgotten/sweep_orders/restored"
    found = played.rehearsal.journal.reader().cases(limit=10)[0]
    assert (found.owner, found.context["orders"]) == ("platform", [f"{NUMBER}-v1"])
    assert "1 orders are booked that our journal did not know" in found.detail


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
