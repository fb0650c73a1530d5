"""Casework: what people may do with an exception case, as rules. Pure: each returns the case's next states.

    taken, handed_over        one person at a time has a case; a second one is told who, and since when
    paused, continued         while somebody outside has to answer, the clock of the case stands still
    re_driven                 who may let the flow go on
    asked_to_discard, approved, refused_discard   giving a flow up takes two people
    chosen, spread            which cases a bulk takes, and the pace at which it lets them go

A rule that says no raises `Refused`, with a sentence for the person. The engine writes what is allowed (people.py);
the API and the tower may ask the same rules beforehand. Names of people are compared without case and outer spaces.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from domain.calendar import MINUTE_US, SECOND_US
from integration.exceptions import DiscardRequest, ExceptionCase, by_code, moved, said_at

REASON_CHARACTERS_MIN = 5
"""A reason for a discard says something."""


class Refused(ValueError):
    """A rule of the casework says no; its code is CONFLICT.STATE (HTTP 409)."""

    code = "CONFLICT.STATE"


class Changed(Refused):
    """What a person decided on has been changed by somebody else meanwhile; its code is CONFLICT.VERSION (HTTP 412)."""

    code = "CONFLICT.VERSION"


class NoSuchCase(KeyError):
    """No open case has the id that a person named; the text is a sentence."""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Which open cases: all that fit every field that is set. `system` is whose call or answer stopped the flow."""

    code: str = ""
    owner: str = ""
    system: str = ""
    txn: str = ""
    assignee: str = ""
    older_than_seconds: int = 0


def is_same(one: str, other: str) -> bool:
    """Tell whether two names are one person's."""
    return one.strip().casefold() == other.strip().casefold()


def named(actor: str) -> str:
    """Return a person's name; raise Refused when there is none: every action has an actor."""
    name = actor.strip()
    if not name:
        raise Refused("say who acts: the audit trail names a person for everything that people do")
    return name


def require_mine(case: ExceptionCase, actor: str) -> None:
    """Raise Refused when somebody else has the case."""
    if case.assignee and not is_same(case.assignee, actor):
        raise Refused(
            f"case {case.id} is with {case.assignee} since {said_at(case.assigned_us)}; "
            f"ask {case.assignee} to hand it over, or take it over by name"
        )


def require_version(case: ExceptionCase, version: int) -> None:
    """Raise Refused when a case has changed since somebody looked at it; 0 asks for nothing."""
    if version and version != case.version:
        by = f" by {case.actor} at {said_at(case.moved_us)}" if case.actor else ""
        raise Refused(f"case {case.id} was changed{by}; it is {case.status} now: look at it again before you act")


# --- who has it -----------------------------------------------------------------------------------------------------


def taken(case: ExceptionCase, actor: str, at_us: int, from_person: str = "", note: str = "") -> list[ExceptionCase]:
    """Return the case with its new assignee; a case of somebody else only when that person is named."""
    actor = named(actor)
    if case.assignee and is_same(case.assignee, actor):
        return []
    if not (from_person and is_same(case.assignee, from_person)):
        require_mine(case, actor)
    return _given(case, actor, actor, at_us, note)


def handed_over(case: ExceptionCase, actor: str, to: str, at_us: int, note: str = "") -> list[ExceptionCase]:
    """Return the case with another assignee; without a name it goes back to the queue of its owner."""
    actor = named(actor)
    require_mine(case, actor)
    if is_same(case.assignee, to):
        return []
    return _given(case, actor, to.strip(), at_us, note)


def _given(case: ExceptionCase, actor: str, to: str, at_us: int, note: str) -> list[ExceptionCase]:
    walk = [] if case.status not in ("new", "triaged", "escalated") or not to else moved(case, "assigned", actor, note)
    last = walk.pop() if walk else msgspec.structs.replace(case, actor=actor, note=note or case.note)
    return [*walk, msgspec.structs.replace(last, assignee=to, assigned_us=at_us if to else 0, planned=None)]


# --- the clock of a case --------------------------------------------------------------------------------------------


def paused(case: ExceptionCase, actor: str, at_us: int, note: str) -> list[ExceptionCase]:
    """Return the case while somebody outside has to answer: its clock stands still. `note` says for whom we wait."""
    actor = named(actor)
    require_mine(case, actor)
    if not note.strip():
        raise Refused("say for whom or what the case waits: its clock stands still meanwhile")
    if case.status == "waiting_external":
        return []
    walk = moved(case, "waiting_external", actor, note)
    return [*walk[:-1], msgspec.structs.replace(walk[-1], waiting_since_us=at_us)]


def continued(case: ExceptionCase, actor: str, at_us: int, note: str = "") -> list[ExceptionCase]:
    """Return the case in work again; it is due later by the time it stood still."""
    actor = named(actor)
    require_mine(case, actor)
    if case.status != "waiting_external":
        raise Refused(f"case {case.id} is {case.status}, it does not wait for anybody")
    return [restarted(moved(case, "in_progress", actor, note)[-1], at_us)]


def restarted(case: ExceptionCase, at_us: int) -> ExceptionCase:
    """Return a case with its clock running, due later by the time that it stood still."""
    if not case.waiting_since_us:
        return case
    stood_us = max(0, at_us - case.waiting_since_us)
    return msgspec.structs.replace(
        case, waiting_since_us=0, waited_us=case.waited_us + stood_us, due_us=case.due_us + stood_us
    )


# --- the way out ----------------------------------------------------------------------------------------------------


def require_undecided(case: ExceptionCase) -> None:
    """Raise Refused when somebody asked to discard the flow and nobody has answered yet."""
    if case.discard is not None:
        raise Refused(
            f"{case.discard.by} asked at {said_at(case.discard.at_us)} to discard case {case.id} "
            f"({case.discard.reason}); approve or refuse that first"
        )


def re_driven(case: ExceptionCase, actor: str, at_us: int, note: str = "") -> list[ExceptionCase]:
    """Return the case on its way to `resolved`, which it is until its flow has proved it."""
    actor = named(actor)
    require_mine(case, actor)
    require_undecided(case)
    return moved(restarted(case, at_us), "resolved", actor, note)


def asked_to_discard(case: ExceptionCase, actor: str, at_us: int, reason: str) -> list[ExceptionCase]:
    """Return the case with the request to give its flow up; what was planned for it is off."""
    actor = named(actor)
    require_mine(case, actor)
    require_undecided(case)
    if len(reason.strip()) < REASON_CHARACTERS_MIN:
        raise Refused("say why the flow is to be discarded: the reason stays in the audit trail for good")
    request = DiscardRequest(actor, at_us, reason.strip())
    return [msgspec.structs.replace(case, discard=request, actor=actor, note=reason.strip(), planned=None)]


def approved(case: ExceptionCase, actor: str, at_us: int) -> list[ExceptionCase]:
    """Return the case on its way to `resolved` because a second person agreed; nobody approves their own request."""
    actor = named(actor)
    request = _asked(case)
    if is_same(request.by, actor):
        raise Refused(f"{request.by} asked to discard case {case.id}; somebody else has to approve it")
    note = f"{request.reason} (asked for by {request.by}, approved by {actor})"
    return moved(restarted(case, at_us), "resolved", actor, note)


def refused_discard(case: ExceptionCase, actor: str, note: str = "") -> list[ExceptionCase]:
    """Return the case without the request: a second person said no, or the first took it back."""
    _asked(case)
    return [msgspec.structs.replace(case, discard=None, actor=named(actor), note=note or case.note)]


def _asked(case: ExceptionCase) -> DiscardRequest:
    if case.discard is None:
        raise Refused(f"nobody has asked to discard case {case.id}: a first person has to, with a reason")
    return case.discard


# --- many at once ---------------------------------------------------------------------------------------------------


def system_of(case: ExceptionCase) -> str:
    """Return the system whose call or answer stopped the flow, as its context says; empty when none did."""
    return str(case.context.get("system") or "")


def chosen(cases: Iterable[ExceptionCase], choice: Choice, now_us: int) -> list[ExceptionCase]:
    """Return the open cases that fit, those first that are due first."""
    found = [case for case in cases if case.is_open]
    if choice.code:
        found = by_code(found, choice.code)
    latest_us = now_us - choice.older_than_seconds * SECOND_US
    fits = [
        case
        for case in found
        if case.opened_us <= latest_us
        and (not choice.owner or case.owner == choice.owner)
        and (not choice.system or system_of(case) == choice.system)
        and (not choice.txn or case.txn == choice.txn)
        and (not choice.assignee or is_same(case.assignee, choice.assignee))
    ]
    return sorted(fits, key=lambda case: (case.due_us, case.opened_us, case.id))


DECIDED_ONE_BY_ONE = frozenset({"POLICY.APPROVAL_REQUIRED", "PAYMENT.DISPUTE"})
"""Codes of cases that ask for somebody's own decision: to drive such a flow again is to say yes."""


def is_meant(case: ExceptionCase, choice: Choice) -> bool:
    """Tell whether a bulk re-drive means a case: one that asks for a decision only when its code was named."""
    return case.code not in DECIDED_ONE_BY_ONE or case.code == choice.code


def is_free(case: ExceptionCase, actor: str) -> bool:
    """Tell whether a bulk re-drive may take a case: nobody else has it, nobody asked to discard it."""
    return case.is_open and case.discard is None and (not case.assignee or is_same(case.assignee, actor))


def spread(
    cases: Sequence[ExceptionCase], from_us: int, per_minute: int, at_once: int
) -> list[tuple[ExceptionCase, int]]:
    """Return the cases with the instant at which each goes: a few at once, the rest at an even pace."""
    pause_us = -(-MINUTE_US // max(1, per_minute))
    return [(case, from_us + max(0, number - at_once + 1) * pause_us) for number, case in enumerate(cases)]
