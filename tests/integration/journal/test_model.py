"""A model of who may run which flow, against PostgreSQL: whatever workers do in whatever order, both agree."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from integration.journal.postgres import PostgresJournal
from integration.journal.protocol import Fenced, Lease, Raced, Write
from tests.integration.journal.rows import entry, flow_row

WORKERS = (0, 1, 2)
BUSY = ("running", "parked")


class Flow:
    """A flow of the model; `holder` is a worker, None for nobody."""

    def __init__(self, number: int, entity: str, order: str) -> None:
        self.number, self.entity, self.order = number, entity, order
        self.status, self.steps = "ready", 0
        self.holder: int | None = None


class Workers(RuleBasedStateMachine):
    """Three workers start, claim, step, park, finish, give back and die."""

    def __init__(self, journals: list[PostgresJournal]) -> None:
        super().__init__()
        tables = "worker, trail, entry, flow, seen, inbox, waiting, event, unsent, subject, cursor, command"
        journals[0].connection.execute(f"TRUNCATE {tables} RESTART IDENTITY")
        self.journals = journals
        self.leases: list[Lease] = [journal.claim() for journal in journals]
        self.flows: list[Flow] = []
        self.late: set[int] = set()

    @rule(entity=st.sampled_from(["", "a", "b"]), order=st.sampled_from(["1", "2"]))
    def launch(self, entity: str, order: str) -> None:
        worker = next((worker for worker in WORKERS if worker not in self.late), None)
        if worker is None:
            return
        write = Write(flows=[flow_row(len(self.flows) + 1, entity, order)])
        self.leases[worker].commit(write)
        self.flows.append(Flow(write.flows[0].number, entity, order))

    @rule(worker=st.sampled_from(WORKERS), flows_max=st.integers(1, 3))
    def poll(self, worker: int, flows_max: int) -> None:
        if worker in self.late:  # nobody has noticed yet: it renews its lease in time
            self.late.discard(worker)
        self._let_go_of(self.late)
        expected = [flow for flow in self.flows if self._may_be_claimed(flow)][:flows_max]
        found = self.leases[worker].poll(flows_max).flows
        assert [each.row.number for each in found] == [flow.number for flow in expected]
        assert [each.last and each.last.seq for each in found] == [
            flow.steps - 1 if flow.steps and flow.status != "ready" else None for flow in expected
        ]
        for flow in expected:
            flow.holder, flow.status = worker, "running" if flow.status == "ready" else flow.status

    def _may_be_claimed(self, flow: Flow) -> bool:
        if flow.holder is not None or flow.status == "finished":
            return False
        rivals = [other for other in self.flows if flow.entity and other.entity == flow.entity]
        if flow.status in BUSY or not rivals:
            return True
        first = min(
            (other for other in rivals if other.status == "ready"), key=lambda other: (other.order, other.number)
        )
        return first is flow and not any(other.status in BUSY for other in rivals)

    def _let_go_of(self, workers: set[int]) -> None:
        """Do to the model what ending leases does: their workers are fenced, and come back as new ones."""
        for flow in self.flows:
            if flow.holder in workers:
                flow.holder = None
        for worker in sorted(workers):
            self.fenced(worker)
        workers.clear()

    def fenced(self, worker: int) -> None:
        """End a lease as another worker's poll does, see that the zombie writes nothing, and start it anew."""
        other = self.leases[(worker + 1) % len(WORKERS)]
        other.poll(0)
        with pytest.raises(Fenced):
            self.leases[worker].commit(Write(flows=[flow_row(10_000)]))
        self.leases[worker] = self.journals[worker].claim()

    @precondition(lambda self: any(flow.holder is not None and flow.holder not in self.late for flow in self.flows))
    @rule(choose=st.integers(0, 1000), act=st.sampled_from(["step", "park", "finish", "give_back", "steal"]))
    def work(self, choose: int, act: str) -> None:
        held = [flow for flow in self.flows if flow.holder is not None and flow.holder not in self.late]
        flow = held[choose % len(held)]
        assert flow.holder is not None
        lease = self.leases[flow.holder]
        if act == "give_back":
            lease.give_back([flow.number])
            flow.holder = None
        elif act == "steal":
            thief = self.leases[(flow.holder + 1) % len(WORKERS)]
            with pytest.raises((Raced, Fenced)):
                thief.commit(Write(flow=flow.number, entries=[entry(flow.steps)]))
        else:
            status = {"step": "running", "park": "parked", "finish": "finished"}[act]
            lease.commit(Write(flow=flow.number, entries=[entry(flow.steps)], statuses=[(flow.number, status, b"")]))
            flow.steps, flow.status = flow.steps + 1, status
            flow.holder = None if status == "finished" else flow.holder

    @precondition(lambda self: not self.late)
    @rule(worker=st.sampled_from(WORKERS))
    def run_late(self, worker: int) -> None:
        """Let a lease run out; the next poll of another worker ends it."""
        self.journals[0].connection.execute(
            "UPDATE worker SET lease_until = now() - interval '1 s' WHERE epoch = %s", (self.leases[worker].epoch,)
        )
        self.late.add(worker)

    @invariant()
    def both_agree(self) -> None:
        rows = self.journals[0].connection.execute("SELECT number, status, owner FROM flow ORDER BY number").fetchall()
        epochs = {lease.epoch: worker for worker, lease in enumerate(self.leases)}
        assert [(number, status, epochs.get(owner)) for number, status, owner in rows] == [  # type: ignore[call-overload]
            (flow.number, flow.status, flow.holder) for flow in self.flows
        ]
        for entity in ("a", "b"):
            assert sum(flow.entity == entity and flow.status in BUSY for flow in self.flows) <= 1

    def teardown(self) -> None:
        found = self.journals[0].verify()
        assert found.intact, found.problem
        assert found.head.entries == sum(flow.steps for flow in self.flows)


def test_workers_agree_with_a_model_whatever_they_do(postgres: str) -> None:
    journals = [PostgresJournal(postgres, f"w{worker}", lease_seconds=3600) for worker in WORKERS]
    limits = settings(max_examples=30, stateful_step_count=25, deadline=None)
    try:
        run_state_machine_as_test(partial(Workers, journals), settings=limits)  # type: ignore[arg-type]
    finally:
        for journal in journals:
            journal.close()
