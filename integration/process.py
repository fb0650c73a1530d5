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
from integration.casework import Choice
from integration.effects import All, Branch, Call, Start
from integration.engine import Engine
from integration.exceptions import ExceptionCase
from integration.flow import Program
from integration.host import Host
from integration.intake import Intake, Route, Source
from integration.journal.home import Restoration
from integration.journal.protocol import UNSTORABLE, Head, Journal, Unstorable
from integration.lanes import Standing
from integration.live import Live
from integration.outcomes import Launched
from integration.people import acts, bulk
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
        self._acts = acts()

    # --- life and death

    def start(self) -> None:
        """Claim the journal under a new epoch and take up whatever is open."""
        assert not self.is_alive, "the integration runs already; kill it first"
        lease = self.journal.claim()
        parts = self._parts
        self._engine = Engine(self.settings, parts.programs, parts.systems, self._intake, lease, self._host)
        self._engine.adoption.perform = self._perform
        self._engine.enter(self._engine.open)

    restart = start

    def leave(self) -> None:
        """End gracefully: give the flows at hand to other workers, and drop everything in memory."""
        engine = self._engine
        if engine is not None and not engine.dead:
            engine.enter(engine.together.settle)
            engine.lease.leave()
        self.kill()

    def poll(self) -> None:
        """Look for what is new for this worker now: somebody hinted at it. The engine polls by itself too."""
        engine = self._engine
        if engine is not None:
            engine.enter(engine.adoption.soon)

    def kill(self) -> None:
        """Drop everything in memory; replies and timers of this incarnation have no effect any more."""
        if self._engine is not None:
            self._engine.dead = True
        self._engine = None

    def lose(self) -> Engine | None:
        """Lose sight of the engine at hand without ending it, as when its process stands still, and return it.

        Who starts meanwhile takes over, and the lost one is fenced at its next write; `find` takes it back.
        """
        engine, self._engine = self._engine, None
        return engine

    def find(self, engine: Engine) -> None:
        """Take back an engine that was lost; nobody may have started meanwhile."""
        assert not self.is_alive, "another engine has taken over"
        self._engine = engine

    def mark(self) -> None:
        """Write down outside of the journal how far it has come. Raise OSError."""
        if self._engine is not None and not self._engine.dead:
            self._engine.lease.mark()

    @property
    def restoration(self) -> Restoration:
        """Say when the journal was last found to be restored from a backup, and why, when this start found it out."""
        return self._engine.restoration if self._engine is not None else Restoration()

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
        """Start a flow from outside; None when the process is down. Raise Unstorable for values no journal holds."""
        return self._inside(self._launch, start)

    def try_again(self, flow_id: str) -> None:
        """Let a flow that is parked try again by itself; its case stays as it is until the flow moves."""
        self._inside(lambda engine: engine.parking.try_again(flow_id))

    def act(self, act: Act) -> list[int]:
        """Let a person act, as people.py lists it; raise UnknownAct for anything else, NoSuchCase, or Refused.

        Return the numbers of the commands that were left for other workers (`Reader.command` tells what became of
        them); none when it is done.
        """
        if act.action not in self._acts:
            raise UnknownAct(act, list(self._acts))
        engine = self._engine
        left = engine.insist(engine.adoption.delegate, act) if engine is not None else None
        if not left:
            self._inside(self._acts[act.action], act)
        return left or []

    def share(self, workers: int) -> None:
        """Let so many workers share what the systems grant us."""
        if self._engine is not None:
            self._engine.waiting.share(workers)

    def advance(self, consumer: str, number: int) -> bool:
        """Remember how far a consumer of something has got; False when the process is down."""
        return bool(self._inside(self._advance, consumer, number))

    def forget(self, before_us: int) -> None:
        """Drop from memory the messages that came before an instant and that no flow has taken."""
        self._inside(lambda engine: engine.mailbox.drop(before_us))

    # --- the exception queue

    def open_cases(self) -> list[ExceptionCase]:
        """Return the cases on which somebody has to act, oldest first; none that is being tried again just now."""
        if self._engine is None or not self.is_alive:
            return []
        lives = self._engine.lives
        return [case for case in self._engine.desk.cases() if lives[case.flow].status == "parked"]

    def re_drive(self, case: str, actor: str, action: str = "retry", note: str = "") -> None:
        """Resolve a case and let its flow go on; raise KeyError when no open case has this id, or Refused."""
        self._said("re_drive", case=case, actor=actor, decision=action, note=note)

    def re_drive_all(self, code: str, actor: str, note: str = "") -> int:
        """Re-drive all open cases of a class (`DEPENDENCY`) or code, at a bounded rate; return how many."""
        return self._inside(bulk, Choice(code=code), {"actor": actor, "note": note}) or 0

    def discard(self, case: str, actor: str, note: str) -> None:
        """Ask to give a parked flow up for good; it is done when a second person approves it."""
        self._said("discard", case=case, actor=actor, note=note)

    def approve_discard(self, case: str, actor: str) -> None:
        """Give a parked flow up, as somebody else has asked; the next one of its entity runs."""
        self._said("approve_discard", case=case, actor=actor)

    def _said(self, action: str, **arguments: Any) -> None:
        self.act(Act(at_us=self._host.now_us(), system="integration", action=action, arguments=arguments))

    # --- what can be seen

    def is_open(self, flow_id: str) -> bool:
        """Tell whether a flow is known and not over."""
        return self._engine is not None and flow_id in self._engine.lives

    def open_flows(self) -> list[tuple[str, str, str]]:
        """Return (id, name, status) of the flows that are not over, in the order of their start."""
        lives = self._engine.lives.values() if self._engine is not None else ()
        return [(live.row.id, live.row.name, live.status) for live in sorted(lives, key=lambda live: live.row.number)]

    def asker_of(self, call: Call) -> str:
        """Return the id of the open flow that asked for a call; empty for calls of our own (tokens, probes)."""
        for live in self._engine.lives.values() if self._engine is not None else ():
            if live.row.txn == call.txn and (live.effect is call or any(call is each for each in _branches(live))):
                return live.row.id
        return ""

    @property
    def duplicates(self) -> Mapping[str, int]:
        """How many messages of each source were known already when they came, since this process began."""
        return self._intake.duplicates

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
        return None if engine is None else engine.insist(action, engine, *arguments)

    def _perform(self, act: Act) -> None:
        assert self._engine is not None, "an engine performs, so there is one"
        if act.action not in self._acts:  # a worker of another version left it
            raise UnknownAct(act, list(self._acts))
        self._acts[act.action](self._engine, act)

    def _advance(self, engine: Engine, consumer: str, number: int) -> bool:
        engine.lease.advance(consumer, number)
        return True

    def _launch(self, engine: Engine, start: Start) -> Launched:
        tx = Transaction()
        try:
            launched = engine.launch(start, tx)
        except UNSTORABLE as error:
            raise Unstorable(str(error)) from error
        if launched.created:
            engine.commit(tx)
        return launched


def _branches(live: Live) -> tuple[Branch, ...]:
    return live.effect.branches if type(live.effect) is All else ()
