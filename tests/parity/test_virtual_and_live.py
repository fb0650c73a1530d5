"""Parity: the same plan in virtual time and live over HTTP ends in the same business state.

In virtual time the rehearsal plays it. Live the mocks and the integration are processes; both clocks are moved to where
something happens next, and each step waits until nothing is under way. Amounts, taxes, statuses, lines and what is
applied to what must be equal; what `contracts.checks.business_state` leaves out may differ.
"""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, cast

import pytest

from contracts.checks.business_state import KINDS, Document, difference, document
from domain.acts import Act
from domain.history import Changed
from integration.settings import Settings
from mocks.admin.state import plain
from scenarios.library import find
from scenarios.scale import scaled
from scenarios.timeline import Acts, Timeline, build
from simulator.recorder import MemoryRecorder
from simulator.rehearsal import Rehearsal
from tests.kills import state_of
from tests.live import Mocks, Service
from tests.parity.plan import END_US, START_US, acts, transactions
from tests.ports import free_port

STRIDE_US = 120 * 1_000_000
"""What happens within two minutes is one step: less than the tolerance of signatures."""
LOOK_SECONDS = 0.1


@pytest.fixture(scope="module")
def virtual() -> list[Document]:
    """The business state at the end of the rehearsal."""
    recorder = MemoryRecorder()
    Rehearsal(_timeline(), recorder, Settings()).run()
    latest = {
        (record.system, record.kind, record.id): record for record in recorder.records if isinstance(record, Changed)
    }
    wanted = set(transactions())
    return [
        document(record.txn, system, kind, plain(record.document))
        for (system, kind, _), record in latest.items()
        if record.txn in wanted and kind in KINDS.get(system, ())
    ]


def _timeline() -> Timeline:
    """Return a timeline of nothing but the plan: no faults, nobody else."""
    other = build(scaled(find("quarter_end_spike"), orders=1, subscriptions=0))
    plan = acts()
    return dataclasses.replace(
        other, acts=cast(Acts, plan), start_us=START_US, heal_us=END_US, horizon_us=END_US, faults=(),
        mapping_missing=(), twins=(), partners=(), lifecycles=len(transactions()),
    )  # fmt: skip


class Stage:
    """Mocks and integration, on clocks that are moved together."""

    def __init__(self, mocks: Mocks, service: Service) -> None:
        self._mocks, self._service = mocks, service
        self.now_us = 0

    def play(self, plan: list[Act], end_us: int) -> None:
        """Have people act as planned, and everything happen that follows until the end."""
        for at_us, together in groupby(plan, lambda act: act.at_us):
            self.move(at_us)
            said = [{"system": a.system, "action": a.action, "arguments": a.arguments, "txn": a.txn} for a in together]
            self._mocks.ask("POST", "/acts", said)
        self.move(end_us)

    def move(self, to_us: int) -> None:
        """Move both clocks to an instant, step by step where something happens on the way."""
        while self.now_us < to_us:
            self._settle()
            due_us = self._mocks.ask("GET", "/world")["due_us"]
            self._both(min(to_us, max(due_us, self.now_us) + STRIDE_US, self.now_us + 3_600_000_000))
        self._settle()

    def _both(self, at_us: int) -> None:
        moved = self._service.http.put("/operations/clock", json={"now_us": at_us})
        assert moved.status_code == 200, moved.text
        self._mocks.ask("POST", "/clock", {"advance_to_us": at_us})
        self.now_us = at_us

    def _settle(self) -> None:
        """Wait until no call is on the wire, no message is due, and nothing new has come for two looks."""
        last: Any = None
        while (seen := self._seen()) != last or seen[0]:
            last = seen
            time.sleep(LOOK_SECONDS)

    def _seen(self) -> tuple[int, int, bool]:
        world = self._mocks.ask("GET", "/world")
        in_flight = self._service.http.get("/operations/clock").json()["in_flight"]
        return in_flight, sum(world["requests"].values()), world["due_us"] <= world["clock"]["now_us"]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Document]]:
    """The business state at the end of the same plan, live."""
    folder: Path = tmp_path_factory.mktemp("live")
    port = free_port()
    with Mocks.up(folder, "--webhooks", f"http://127.0.0.1:{port}") as mocks:
        mocks.ask("POST", "/clock", {"freeze": True})
        mocks.ask("POST", "/clock", {"advance_to_us": START_US - STRIDE_US})
        with Service.up(folder, mocks, "--test-clock", port=port) as service:
            stage = Stage(mocks, service)
            stage.now_us = START_US - STRIDE_US
            stage.play(acts(), END_US)
            yield state_of(mocks, transactions())


def test_the_same_plan_ends_in_the_same_business_state(virtual: list[Document], live: list[Document]) -> None:
    found = difference(virtual, live)
    assert found == "", found


def test_the_plan_leaves_nothing_out(virtual: list[Document]) -> None:
    seen = {(txn, kind, json.loads(text).get("status")) for txn, _, kind, text in virtual}
    assert {("Q-000001", "payment", "settled"), ("Q-000002", "payment", "applied")} <= seen, "by card, by transfer"
    assert ("Q-000003", "payment", "failed") in seen, "a card that is declined"
    assert ("Q-000003", "invoice", "posted") in seen, "owed still"
    assert ("Q-000004", "order", "billed") in seen, "the hold was released"
    assert ("Q-000002", "credit_memo", "posted") in seen, "a contract that was ended"
    bills = [json.loads(text) for txn, _, kind, text in virtual if (txn, kind) == ("Q-000001", "invoice")]
    lines = [line for bill in bills for line in bill["lines"]]
    assert any(line["amount_minor"] < 0 for line in lines), "a change for more: one net invoice"
    assert {(each, "quote", "converted") for each in transactions()} <= seen, "all that was signed"
