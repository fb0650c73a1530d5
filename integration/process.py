"""The integration as a process: it is started, killed and restarted, takes requests in, and obeys people.

Everything that outlives a crash is in the journal; everything else is in the engine, of which each start makes a new
one. What is the same for all drivers is here; a driver only provides a `Host` (clock, timers, wire, undertaker).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from domain import history
from domain.acts import Act, UnknownAct
from domain.http import Reply, Request
from integration.effects import Start
from integration.engine import Engine, Host
from integration.exceptions import ExceptionCase, by_code
from integration.flow import Program
from integration.intake import Intake, Route, Source
from integration.journal.protocol import Head, Journal
from integration.lanes import Standing
from integration.live import Live
from integration.outcomes import Launched, Resumed
from integration.settings import Settings
from integration.system import System
from integration.transaction import Transaction

T = TypeVar("T")


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What an integration is made of besides its core: flows by name, systems by name, sources and routes."""

    programs: Mapping[str, Program]
    systems: Mapping[str, System]
    sources: tuple[Source, ...] = ()
    routes: tuple[Route, ...] = ()


class Integration:
    """One integration: at most one engine at a time, over one journal."""

    def __init__(self, settings: Settings, parts: Parts, journal: Journal, host: Host) -> None:
        self.settings, self.journal = settings, journal
        self._parts, self._host = parts, host
        self._intake = Intake(parts.sources, parts.routes)
        self._engine: Engine | None = None

    # --- life and death

    def start(self) -> None:
        """Claim the journal under a new epoch and take up whatever is open."""
        assert not self.is_alive, "the integration runs already; kill it first"
        lease = self.journal.claim()
        parts = self._parts
        self._engine = Engine(self.settings, parts.programs, parts.systems, self._intake, lease, self._host)
        self._engine.enter(self._engine.open)

    restart = start

    def kill(self) -> None:
        """Drop everything in memory; replies and timers of this incarnation have no effect any more."""
        if self._engine is not None:
            self._engine.dead = True
        self._engine = None

    @property
    def is_alive(self) -> bool:
        """Tell whether an engine runs."""
        return self._engine is not None and not self._engine.dead

    # --- what comes in

    def receive(self, request: Request) -> Reply | None:
        """Take a webhook in; None when there is no process to answer (the connection breaks)."""
        engine = self._engine
        return None if engine is None else engine.receive(request)

    def launch(self, start: Start) -> Launched | None:
        """Start a flow from outside; None when the process is down."""
        return self._inside(self._launch, start)

    def act(self, act: Act) -> None:
        """Let a steward act: add_mapping {kind, key, value}, remove_mapping {kind, key}, re_drive {case | code | txn},
        discard {case}; `actor` and `note` are optional. Raise UnknownAct for anything else.
        """
        actions: dict[str, Callable[[Engine, Act], None]] = {
            "add_mapping": self._map,
            "remove_mapping": self._map,
            "re_drive": self._re_drive_chosen,
            "discard": self._discard_chosen,
        }
        if act.action not in actions:
            raise UnknownAct(act, list(actions))
        self._inside(actions[act.action], act)

    # --- the exception queue

    def open_cases(self) -> list[ExceptionCase]:
        """Return the cases on which somebody has to act, oldest first."""
        return self._engine.desk.cases() if self._engine is not None and self.is_alive else []

    def re_drive(self, case: str, actor: str, action: str = "retry", note: str = "") -> None:
        """Resolve a case and let its flow go on; raise KeyError when no open case has this id."""
        self._inside(self._re_drive, case, actor, action, note)

    def re_drive_all(self, code: str, actor: str, note: str = "") -> int:
        """Re-drive all open cases of a class (`DEPENDENCY`) or code; return how many."""
        cases = by_code(self.open_cases(), code)
        for case in cases:
            self.re_drive(case.id, actor, note=note)
        return len(cases)

    def discard(self, case: str, actor: str, note: str) -> None:
        """Give a parked flow up for good, and let the next one of its entity run."""
        self._inside(self._discard, case, actor, note)

    # --- what can be seen

    def is_open(self, flow_id: str) -> bool:
        """Tell whether a flow is known and not over."""
        return self._engine is not None and flow_id in self._engine.lives

    def open_flows(self) -> list[tuple[str, str, str]]:
        """Return (id, name, status) of the flows that are not over, in the order of their start."""
        lives = self._engine.lives.values() if self._engine is not None else ()
        return [(live.row.id, live.row.name, live.status) for live in sorted(lives, key=lambda live: live.row.number)]

    def standings(self) -> list[Standing]:
        """Return how each system is doing that was called since the start."""
        lanes = self._engine.waiting.lanes.values() if self._engine is not None else ()
        return [lane.standing() for lane in lanes]

    def seal(self, state_changes: int, head: Head | None = None) -> history.Sealed:
        """Verify the audit trail and return its record for the end of a history."""
        found = self.journal.verify(head)
        return history.Sealed(
            at_us=self._host.now_us(),
            entries=found.head.entries,
            head=found.head.digest,
            intact=found.intact,
            problem=found.problem,
            state_changes=state_changes,
        )

    # --- inside

    def _inside(self, action: Callable[..., T], *arguments: Any) -> T | None:
        """Run an action in the engine and return its result; None when the process is down or dies of it."""
        engine = self._engine
        return None if engine is None else engine.enter(action, engine, *arguments)

    def _launch(self, engine: Engine, start: Start) -> Launched:
        tx = Transaction()
        launched = engine.launch(start, tx)
        if launched.created:
            engine.commit(tx)
        return launched

    def _map(self, engine: Engine, act: Act) -> None:
        told = act.arguments
        place = (str(told["kind"]), str(told["key"]))
        value = told["value"] if act.action == "add_mapping" else None
        tx = Transaction()
        tx.write.mappings.append((*place, None if value is None else msgspec.msgpack.encode(value)))
        engine.note(tx, None, action="map", kind=place[0], key=place[1], value=value, actor=_actor(told))
        engine.commit(tx)
        if value is None:
            engine.mappings.pop(place, None)
        else:
            engine.mappings[place] = value

    def _re_drive_chosen(self, engine: Engine, act: Act) -> None:
        told = act.arguments
        cases = engine.desk.cases()
        if "code" in told:
            cases = by_code(cases, told["code"])
        if "case" in told:
            cases = [case for case in cases if case.id == told["case"]]
        if txn := told.get("txn", act.txn):
            cases = [case for case in cases if case.txn == txn]
        for case in cases:
            self._re_drive(engine, case.id, _actor(told), told.get("decision", "retry"), told.get("note", ""))

    def _re_drive(self, engine: Engine, case_id: str, actor: str, action: str, note: str) -> None:
        case = engine.desk.by_id(case_id)
        live = engine.lives[case.flow]
        if live.status != "parked":
            return
        tx = Transaction()
        engine.desk.move(case, "resolved", actor, note, engine.now_us, tx)
        engine.note(tx, live, case=case.id, action=action, actor=actor, note=note)
        engine.parking.again(live, Resumed(actor, action, note, engine.now_us), tx)

    def _discard_chosen(self, engine: Engine, act: Act) -> None:
        told = act.arguments
        self._discard(engine, told["case"], _actor(told), told.get("note", ""))

    def _discard(self, engine: Engine, case: str, actor: str, note: str) -> None:
        found = engine.desk.by_id(case)
        live: Live = engine.lives[found.flow]
        if live.status != "parked":
            raise ValueError(f"flow {found.flow} is {live.status}; only a parked flow can be discarded")
        tx = Transaction()
        engine.desk.move(found, "resolved", actor, note, engine.now_us, tx)
        engine.desk.settle(found.flow, engine.now_us, tx)
        engine.note(tx, live, case=found.id, action="discard", actor=actor, note=note)
        tx.write.statuses.append((live.row.number, "discarded", b""))
        tx.records.append(engine.flow_record(live, "discarded", note))
        tx.after.append((engine.release, live))
        live.status = "discarded"
        engine.commit(tx)


def _actor(arguments: Mapping[str, Any]) -> str:
    return str(arguments.get("actor", "steward"))
