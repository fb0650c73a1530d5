"""The tower behind its pages: figures kept up with the event log, the open cases, and what a person may do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import anyio
import msgspec

from domain.acts import Act
from integration.casework import Refused, is_free, is_meant, spread
from integration.exceptions import ExceptionCase
from integration.journal.reading import Reader
from integration.lanes import Standing
from integration.observability.alerts import Alert, Observed
from integration.observability.alerts import alerts as alerts_of
from integration.settings import Settings
from integration.tower import queue
from integration.tower.board import Board, Pace
from integration.tower.burn import Meter
from integration.tower.calls import Calls
from integration.tower.exceptions_page import BULK_MAX
from integration.tower.queue import Filter
from integration.tower.sessions import Visitor
from integration.tower.targets import NORMAL, QUARTER_END

EVENTS_PAGE = 500
EVENTS_AT_ONCE = 20_000
"""Events folded for one request: after a restart on a long log the first pages say that they are not complete yet."""

CASES_KEPT_US = 500_000
ALERTS_KEPT_US = 5_000_000

WORK, APPROVE = "exceptions:work", "exceptions:approve"
SCOPES: dict[str, tuple[str, ...]] = {
    "take": (WORK,),
    "hand_over": (WORK,),
    "wait": (WORK,),
    "resume": (WORK,),
    "comment": (WORK,),
    "re_drive": (WORK,),
    "discard": (WORK,),
    "approve_discard": (APPROVE,),
    "refuse_discard": (WORK, APPROVE),
}
"""What a person may do with a case, and one scope of these it takes."""


class Place(Protocol):
    """What the tower asks of a peer of a node: where it is and how it is doing."""

    @property
    def address(self) -> str: ...

    @property
    def standing(self) -> Standing: ...


class NodeView(Protocol):
    """What the tower asks of a node (`integration.service.node.Node` fits)."""

    @property
    def reader(self) -> Reader: ...

    @property
    def settings(self) -> Settings: ...

    @property
    def wire_observers(self) -> list[Any]: ...

    def now_us(self) -> int: ...

    async def act(self, act: Act) -> None: ...

    def peers(self) -> Any: ...

    def readiness(self) -> list[str]: ...


class NotAllowed(Exception):
    """The person lacks a scope."""


class Tower:
    """One tower over one node. Its figures are rebuilt from the event log when the process starts.

    `observed` is what observability's alerts look at; promises of the board that burn are added, and of two
    alerts about one thing the more urgent one counts.
    """

    def __init__(self, node: NodeView, observed: Callable[[], Observed] = Observed) -> None:
        self.node = node
        self._observed = observed
        self.at_close: tuple[tuple[str, str, int], ...] = ()
        self._alerts: list[Alert] = []
        self._alerts_us = -ALERTS_KEPT_US
        self.board = Board(QUARTER_END if node.settings.quarter_end else NORMAL)
        self.calls = Calls()
        node.wire_observers.append(self.calls)
        self.behind = True
        self.alerts_behind = True
        self._cases: list[ExceptionCase] = []
        self._cases_us = -CASES_KEPT_US

    async def catch_up(self) -> None:
        """Fold the events told since the last time, of a very long log a part; others get their turn in between."""
        budget = EVENTS_AT_ONCE
        while budget > 0:
            events = self.node.reader.events(after=self.board.number, limit=EVENTS_PAGE)
            for event in events:
                self.board.take(event)
            budget -= EVENTS_PAGE
            if len(events) < EVENTS_PAGE:
                self.behind = False
                break
            await anyio.sleep(0)
        else:
            self.behind = True
        self.board.look(self.node.now_us())

    def cases(self) -> list[ExceptionCase]:
        """Return every open case; what was read a moment ago will do."""
        now_us = self.node.now_us()
        if abs(now_us - self._cases_us) >= CASES_KEPT_US:
            self._cases, self._cases_us = queue.open_cases(self.node.reader), now_us
        return self._cases

    def peers(self) -> list[Place]:
        """Return the systems of record."""
        return list(self.node.peers())

    def alerts(self) -> list[Alert]:
        """Return what is wrong now and what to do, pages first; what held some seconds ago will do.

        While `alerts_behind` holds nothing is said of promises: the log is still being folded.
        """
        now_us = self.node.now_us()
        if abs(now_us - self._alerts_us) >= ALERTS_KEPT_US:
            observed = self._observed()
            self.at_close, self.alerts_behind = observed.differences, observed.is_behind
            meters = () if self.behind else self.board.meters()
            own = [alert for pace, meter in meters if (alert := _burning(pace, meter, now_us))]
            self._alerts = most_urgent([*alerts_of(observed, now_us), *own])
            is_behind = observed.is_behind or self.behind
            self._alerts_us = -ALERTS_KEPT_US if is_behind else now_us  # the next look folds more
        return self._alerts

    async def act(self, visitor: Visitor, action: str, **arguments: Any) -> None:
        """Let a person act on a case; raise NotAllowed, KeyError or ValueError with a sentence when that cannot be."""
        if action not in SCOPES:
            raise Refused(f"nobody can do {action!r} here; what can be done: {', '.join(sorted(SCOPES))}")
        wanted = (*SCOPES[action], *(("masterdata:steward",) if _maps(arguments) else ()))
        may = any(visitor.may(scope) for scope in SCOPES[action])
        if not may or (_maps(arguments) and not visitor.may("masterdata:steward")):
            raise NotAllowed(f"this takes the scope {' or '.join(wanted)}, which {visitor.caller.name} does not have")
        told = {**{name: value for name, value in arguments.items() if value}, "actor": visitor.caller.name}
        self._cases_us = -CASES_KEPT_US
        await self.node.act(Act(at_us=self.node.now_us(), system="integration", action=action, arguments=told))

    async def bulk(self, visitor: Visitor, action: str, wanted: Filter, note: str) -> str:
        """Do one thing with all cases that fit and are free; return what came of it, in words."""
        me, now_us = visitor.caller.name, self.node.now_us()
        fitting = queue.fitting(self.cases(), wanted, me, now_us)
        free = [case for case in fitting if is_free(case, me)]
        if action in ("re_drive", "cancel"):
            decision = "retry" if action == "re_drive" else action
            choice = wanted.choice()
            free = [case for case in free if decision in case.decisions and is_meant(case, choice)]
            return _done(await self._re_drive(visitor, free, decision, note), len(fitting), "")
        done, refused = 0, ""
        for case in free[:BULK_MAX]:
            try:
                await self.act(visitor, action, case=case.id, note=note)
                done += 1
            except (KeyError, ValueError) as no:
                refused = sentence_of(no)
        return _done(done, len(fitting), refused)

    async def _re_drive(self, visitor: Visitor, cases: list[ExceptionCase], decision: str, note: str) -> int:
        """Plan many re-drives with one act, wherever their flows live; return how many."""
        pace, now_us = self.node.settings, self.node.now_us()
        turns = spread(cases, now_us, pace.redrives_per_minute, pace.redrives_at_once)
        if turns:
            said = {case.id: at_us for case, at_us in turns}
            await self.act(visitor, "re_drive", turns=said, decision=decision, note=note)
        return len(turns)


def _done(done: int, fitting: int, refused: str) -> str:
    said = f"{done} of {fitting} are done or planned."
    if done < fitting:
        said += f" {fitting - done} were left alone: others have them, or it cannot be done with them."
    return f"{said} The last refusal: {refused}" if refused else said


_WATCHED = {"booked": "order_booked", "invoiced": "first_invoice", "posted": "invoice_posted", "shown": "payment_shown"}
"""Promises of the board under the names by which observability alerts about them."""


def _burning(pace: Pace, meter: Meter, now_us: int) -> Alert | None:
    severity = meter.alert(now_us)
    if not severity:
        return None
    objective = meter.objective
    burning = next(each for each in meter.burning(now_us) if each.strikes)
    return Alert(
        name=_WATCHED.get(objective.id, objective.id), severity=severity, burn=float(burning.long),
        window_seconds=burning.rule.long_seconds,
        sentence=f"{objective.sla} {objective.title.lower()}: budget burns {float(burning.long):.1f} times too fast",
        advice=f"look at what waits from {pace.leg.source} to {pace.leg.target}: {pace.leg.waiting}",
    )  # fmt: skip


def most_urgent(alerts: list[Alert]) -> list[Alert]:
    """Return the alerts, pages first; of those with one name the most urgent, and of equal ones the first."""
    found: dict[str, Alert] = {}
    for alert in sorted(alerts, key=lambda alert: alert.severity != "page"):
        found.setdefault(alert.name, alert)
    return sorted(found.values(), key=lambda alert: (alert.severity != "page", alert.name))


def _maps(arguments: dict[str, Any]) -> bool:
    correction = arguments.get("correction")
    return isinstance(correction, dict) and "mapping" in correction


def correction_of(said: dict[str, str]) -> dict[str, Any]:
    """Return the correction that a form holds: JSON for the flow, and a mapping; raise Refused when it is not JSON."""
    found: dict[str, Any] = {}
    if said.get("correction"):
        found = _json(said["correction"], "the correction")
    if said.get("kind") or said.get("key"):
        value = _json(said.get("value") or "null", "the value of the mapping")
        found["mapping"] = {"kind": said.get("kind", ""), "key": said.get("key", ""), "value": value}
    return found


def _json(text: str, what: str) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError as wrong:
        raise Refused(f"{what} is not JSON: {wrong}") from wrong
    if not isinstance(found, dict):
        raise Refused(f'{what} is an object, such as {{"id": "SKU-77"}}')
    return found


def sentence_of(no: Exception) -> str:
    """Return what a refusal says; a KeyError wraps its words in quotes."""
    return str(no.args[0]) if isinstance(no, KeyError) and no.args else str(no)
