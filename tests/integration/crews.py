"""A crew: workers with one PostgreSQL and one clock, and the fixture that assembles it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from integration import adoption
from integration.drivers.simpy_driver import simulated
from integration.effects import Start
from integration.intake import Route, Source
from integration.journal.postgres import PostgresJournal
from integration.outcomes import Message
from integration.process import Integration, Parts
from integration.settings import Settings
from tests.integration.booking import LOCAL, PROGRAMS
from tests.postgres import postgres, postgres_server

__all__ = ["postgres", "postgres_server"]


def forward(message: Message) -> Start | None:
    return None


SOURCE = Source("crm", "/crm", lambda request, now_us: None, lambda request: [news(request.body.decode())])
ROUTES = (*LOCAL, Route(source="crm", topic="news", start=forward))


def news(text: str) -> Message:
    number, _, key = text.partition(" ")
    return Message(source="crm", id=number, topic="news", key=key)


class Crew:
    """Workers with one PostgreSQL and one clock; the first is the world's integration."""

    def __init__(self, world: Any, address: str, programs: dict[str, Any], *names: str) -> None:
        self.address, self.programs = address, {**PROGRAMS, **programs}
        self.journals = [PostgresJournal(address, names[0])]
        self.world = world(self.programs, journal=self.journals[0], sources=(SOURCE,), routes=ROUTES)
        self.workers: list[Integration] = [self.world.integration]
        for name in names[1:]:
            self.hire(name)

    def hire(self, name: str) -> Integration:
        """Add a worker."""
        journal, world = PostgresJournal(self.address, name), self.world
        parts = Parts(programs=self.programs, systems={}, sources=(SOURCE,), routes=ROUTES)
        worker = simulated(world.env, Settings(), parts, journal, world.send, world.records.append, world.crashed)
        worker.start()
        self.journals.append(journal)
        self.workers.append(worker)
        return worker

    def let_leases_run_out(self, *alive: Integration) -> None:
        """Make all leases old but those of some workers, as the database would find them after a while."""
        epochs = [worker._engine.lease.epoch for worker in alive if worker._engine]
        self.journals[0].connection.execute(
            "UPDATE worker SET lease_until = now() - interval '1 s' WHERE NOT epoch = ANY (%s)", (epochs,)
        )

    def close(self) -> None:
        for journal in self.journals:
            journal.close()


@pytest.fixture(autouse=True)
def seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hours of virtual time need no poll every quarter of a second."""
    monkeypatch.setattr(adoption, "POLL_US", 200_000_000)


@pytest.fixture
def crew(world: Any, postgres: str) -> Iterator[Any]:
    made: list[Crew] = []

    def assemble(programs: dict[str, Any], *names: str) -> Crew:
        made.append(Crew(world, postgres, programs, *names))
        return made[-1]

    yield assemble
    for each in made:
        each.close()
