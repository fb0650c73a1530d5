"""Exception cases: a flow that cannot go on has one, with an owner, a class, a due time and what a person must know.

A case moves along the chart `exception_case` of the domain. These functions are pure: they return the next value of a
case; the engine writes it to the journal together with what it does to the flow. A parked flow is its own dead letter:
replaying it is a re-drive, nothing else.
"""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from domain.charts.exception_case import EXCEPTION_CASE
from domain.errors import due_at, owner_of, rule_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

CLOSED = frozenset({"resolved", *EXCEPTION_CASE.terminal})
"""States in which nobody has to act: a resolved case waits for the flow to prove it."""

DRIVER = "integration"
"""The actor of what the integration does by itself."""

ESCALATIONS = ("80 % of the time to act is spent", "the time to act is over")
"""Why a case is escalated, the first time and the second."""


class DiscardRequest(msgspec.Struct, frozen=True):
    """Somebody asked to give a flow up, and why; a second person has to agree."""

    by: str
    at_us: int
    reason: str


class PlannedReDrive(msgspec.Struct, frozen=True, kw_only=True):
    """A re-drive that waits for its turn in a bulk, so that many at once do not hammer a peer."""

    by: str
    at_us: int
    decision: str = "retry"
    note: str = ""
    correction: dict[str, Any] = {}


class ExceptionCase(msgspec.Struct, frozen=True, kw_only=True):
    """One case. `flow` is the flow's id, `code` an error code of the taxonomy, `history` every state it was in.

    `owner` is the group that has to act, `assignee` the person of it who took the case, `actor` who moved it last, at
    `moved_us`. `escalations` counts the escalations, `waiting_since_us` is set while the clock stands still because
    somebody outside has to answer, `waited_us` is how long it stood still before. `version` counts the changes.
    """

    id: str
    flow: str
    txn: str
    code: str
    owner: str
    status: str
    opened_us: int
    due_us: int
    detail: str = ""
    context: dict[str, Any] = {}
    actor: str = ""
    note: str = ""
    history: tuple[str, ...] = ()
    assignee: str = ""
    assigned_us: int = 0
    moved_us: int = 0
    escalations: int = 0
    waiting_since_us: int = 0
    waited_us: int = 0
    discard: DiscardRequest | None = None
    planned: PlannedReDrive | None = None
    version: int = 0

    @property
    def is_open(self) -> bool:
        """Tell whether somebody still has to act."""
        return self.status not in CLOSED

    @property
    def escalates_us(self) -> int:
        """The instant at which 80 % of the time to act is spent; time spent waiting for others does not count."""
        return self.opened_us + self.waited_us + (self.due_us - self.opened_us - self.waited_us) * 8 // 10

    @property
    def next_escalation_us(self) -> int | None:
        """The instant of the next escalation: at 80 % of the time, then when it is due; None when nobody is left."""
        if self.waiting_since_us or self.escalations >= len(ESCALATIONS):
            return None
        return self.due_us if self.escalations else self.escalates_us

    @property
    def is_dead_letter(self) -> bool:
        """Tell whether the taxonomy sends this class to the dead letters."""
        return "dead letter" in rule_of(self.code)[0].goes_to

    @property
    def decisions(self) -> tuple[str, ...]:
        """What a person may decide with a re-drive: what the flow offers, or to retry and to cancel.

        A flow that stopped at an error, not at a question, can only be tried again (or discarded).
        """
        offered = self.context.get("decisions")
        if isinstance(offered, list | tuple) and offered:
            return tuple(str(each) for each in offered)
        return ("retry",) if "effect" in self.context else ("retry", "cancel")


def said_at(at_us: int) -> str:
    """Return an instant as refusals say it, e.g. "2026-12-31 19:00:05 UTC"."""
    return f"{_EPOCH + timedelta(microseconds=at_us - at_us % 1_000_000):%Y-%m-%d %H:%M:%S} UTC"


def known_code(code: str) -> tuple[str, str]:
    """Return a code of the taxonomy and a remark: an unknown code is our own mistake, not a reason to lose a case."""
    try:
        rule_of(code)
    except ValueError as mistake:
        return "INTERNAL.CONFIG", str(mistake)
    return code, ""


def opened(case: ExceptionCase, quarter_end: bool) -> ExceptionCase:
    """Return a new case with its owner (unless one was named) and due time from the taxonomy."""
    code, remark = known_code(case.code)
    return msgspec.structs.replace(
        case,
        code=code,
        owner=case.owner or owner_of(code),
        due_us=due_at(code, case.opened_us, quarter_end),
        detail=f"{case.detail} ({remark})" if remark else case.detail,
        history=(case.status,),
    )


def route_between(source: str, target: str) -> tuple[str, ...]:
    """Return the shortest legal walk from a state to another, the target included; raise ValueError without one."""
    walks: deque[tuple[str, ...]] = deque([(source,)])
    seen = {source}
    while walks:
        walk = walks.popleft()
        if walk[-1] == target:
            return walk[1:]
        for state in EXCEPTION_CASE.targets(walk[-1]):
            if state not in seen and (state == target or state not in ("escalated", "reopened")):
                seen.add(state)
                walks.append((*walk, state))
    raise ValueError(f"a case cannot go from {source} to {target}")


def moved(case: ExceptionCase, target: str, actor: str, note: str = "") -> list[ExceptionCase]:
    """Return the case in each state on its way to a target, each step checked against the chart."""
    walk = []
    for status in route_between(case.status, target):
        EXCEPTION_CASE.require(case.status, status)
        case = msgspec.structs.replace(
            case, status=status, actor=actor, note=note or case.note, history=(*case.history, status), planned=None
        )
        walk.append(case)
    return walk


def settled(case: ExceptionCase) -> list[ExceptionCase]:
    """Return the case's way to its end after its flow moved on: verified, or auto-resolved when nobody touched it."""
    if case.status in EXCEPTION_CASE.terminal:
        return []
    target = "auto_resolved" if case.status in ("new", "triaged") else "verified"
    return moved(case, target, DRIVER if target == "auto_resolved" else case.actor or DRIVER)


def parked_again(case: ExceptionCase) -> list[ExceptionCase]:
    """Return the case's way when its flow parks again for the same reason: a resolved case is reopened."""
    return moved(case, "reopened", DRIVER) if case.status == "resolved" else []


def escalated(case: ExceptionCase) -> list[ExceptionCase]:
    """Return the case after its next escalation; one that is escalated already stays so and counts one more."""
    why = ESCALATIONS[case.escalations]
    if case.status == "escalated":
        walk = [msgspec.structs.replace(case, actor=DRIVER, note=why)]
    else:
        walk = moved(case, "escalated", DRIVER, why)
    walk[-1] = msgspec.structs.replace(walk[-1], escalations=case.escalations + 1, planned=case.planned)
    return walk


def by_code(cases: list[ExceptionCase], prefix: str) -> list[ExceptionCase]:
    """Return the open cases whose code begins with a class or a class and subclass."""
    return [case for case in cases if case.is_open and f"{case.code}.".startswith(f"{prefix}.")]
