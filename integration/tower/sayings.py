"""Sayings: effects, outcomes and notes of the journal in words, one row for each kind. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from integration.effects import (
    All,
    Assign,
    Call,
    Deliver,
    Effect,
    Emit,
    Lookup,
    Missing,
    Now,
    Park,
    Receive,
    Sleep,
    Start,
)
from integration.outcomes import (
    Absent,
    Answer,
    Begun,
    Delivered,
    Failed,
    Instant,
    Joined,
    Launched,
    Mapped,
    Outcome,
    Published,
    Received,
    Resumed,
    Slept,
    Unknown,
)
from web.words import counted, duration

OURS = "integration"
_TEXT_CHARACTERS = 200


class Said(msgspec.Struct, frozen=True):
    """Where something happened, what it was, and whether it was good or bad news."""

    where: str
    text: str
    tone: str = ""


def _call(call: Call) -> Said:
    again = f", attempt {call.attempt}" if call.attempt > 1 else ""
    return Said(call.system, f"{call.operation.replace('_', ' ')}{again}")


def _receive(receive: Receive) -> Said:
    return Said(OURS, f"waits for {receive.topic} at most {_seconds(receive.timeout_seconds)}")


def _all(both: All) -> Said:
    parts = [asked(branch).text for branch in both.branches]
    return Said(OURS, f"{len(parts)} at once: {'; '.join(parts)}")


def _seconds(seconds: float) -> str:
    return duration(round(seconds * 1_000_000))


_ASKED: dict[type, Callable[[Any], Said]] = {
    Call: _call,
    Sleep: lambda sleep: Said(OURS, f"pauses {_seconds(sleep.seconds)}"),
    Receive: _receive,
    Emit: lambda emit: Said(OURS, f"tells {emit.type}"),
    Start: lambda start: Said(OURS, f"starts {start.name} {start.flow_id}"),
    Park: lambda park: Said("people", f"stops: {park.code} {park.detail}".rstrip(), "bad"),
    Now: lambda now: Said(OURS, "reads the clock"),
    Lookup: lambda lookup: Said(OURS, f"looks up {lookup.kind} {lookup.key}"),
    Assign: lambda assign: Said(OURS, f"writes {assign.kind} {assign.key}"),
    Missing: lambda missing: Said(OURS, f"asks which of {len(missing.flow_ids)} flows it does not know"),
    Deliver: lambda deliver: Said(OURS, f"takes in {counted(len(deliver.messages), 'message')} of {deliver.source}"),
    All: _all,
}


def asked(effect: Effect | None) -> Said:
    """Return what a flow asked for."""
    if effect is None:
        return Said(OURS, "the end", "good")
    say = _ASKED.get(type(effect))
    return say(effect) if say is not None else Said(OURS, type(effect).__name__)


def _failed(failed: Failed) -> Said:
    parts = (str(failed.status or ""), failed.kind, failed.code, failed.detail)
    return Said("", f"failed: {' '.join(part for part in parts if part)}"[:_TEXT_CHARACTERS], "bad")


def _received(received: Received) -> Said:
    message = received.message
    return Said("", "nothing came", "warn") if message is None else Said(message.source, f"came: {message.id}", "good")


def _resumed(resumed: Resumed) -> Said:
    note = f": {resumed.note}" if resumed.note else ""
    return Said("people", f"{resumed.actor} decided {resumed.action}{note}", "good")


def _launched(launched: Launched) -> Said:
    if launched.conflict:
        return Said("", f"refused: {launched.conflict}", "bad")
    return Said("", "started" if launched.created else "it was there already", "good")


_CAME: dict[type, Callable[[Any], Said]] = {
    Answer: lambda answer: Said("", f"answered {answer.status}", "good"),
    Failed: _failed,
    Unknown: lambda unknown: Said("", f"outcome unknown: {unknown.reason}"[:_TEXT_CHARACTERS], "warn"),
    Begun: lambda begun: Said("", "begun"),
    Slept: lambda slept: Said("", "over"),
    Received: _received,
    Published: lambda published: Said("", "told", "good"),
    Launched: _launched,
    Resumed: _resumed,
    Instant: lambda instant: Said("", "read"),
    Mapped: lambda mapped: Said("", "nothing there", "warn") if mapped.value is None else Said("", "found", "good"),
    Absent: lambda absent: Said("", f"{counted(len(absent.flow_ids), 'flow')} unknown until now"),
    Delivered: lambda delivered: Said("", f"{counted(len(delivered.messages), 'message')} unknown until now"),
    Joined: lambda joined: Said("", "; ".join(came(each).text for each in joined.outcomes)),
}


def came(outcome: Outcome | None) -> Said:
    """Return what came of an effect; nothing yet when there is no outcome."""
    if outcome is None:
        return Said("", "on its way", "warn")
    say = _CAME.get(type(outcome))
    return say(outcome) if say is not None else Said("", type(outcome).__name__)


_ACTIONS = {
    "take": "took the case",
    "hand_over": "handed the case over",
    "wait": "waits for somebody outside",
    "resume": "went on with the case",
    "comment": "remarked",
    "escalate": "escalated the case",
    "retry": "let the flow try again",
    "cancel": "had the flow cancelled",
    "plan_re_drive": "planned a re-drive in a bulk",
    "ask_to_discard": "asked to discard the flow",
    "refuse_discard": "refused to discard the flow",
    "discard": "approved the discard",
    "map": "changed the cross-reference",
    "refuse": "refused a message",
}


def noted(note: dict[str, Any]) -> str:
    """Return a line of the audit trail about what somebody did, in words."""
    action = str(note.get("action", ""))
    actor = str(note.get("actor") or "the integration")
    what = _ACTIONS.get(action, f"decided {action}" if action else "noted")
    to = f" to {note['to']}" if note.get("to") else " to the queue" if action == "hand_over" else ""
    if action == "map":
        to = f": {note.get('kind')} {note.get('key')}"
    said = str(note.get("note") or note.get("reason") or "")
    return f"{actor} {what}{to}{f': {said}' if said else ''}"
