"""The story of a transaction: what the journals of its flows say, put together for a reader. Pure functions.

A journal line holds the outcome of one effect and the effect that came next; a step of the story is an effect with its
own outcome.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from domain.events.envelope import rfc3339
from integration.api.shapes.experience import Stage, Step, Write
from integration.effects import All, Call, Effect, Emit, Lookup, Park, Receive, Sleep, Start
from integration.journal.protocol import Entry, FlowRow, OutboxRow
from integration.outcomes import Answer, Failed, Launched, Mapped, Outcome, Received, Resumed, Unknown

STAGES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("cancelled", "cancelled", ("order.cancelled", "subscription.cancelled")),
    ("returned", "returned to sales", ("order.rejected", "renewal.lost")),
    ("paid", "paid", ("payment.applied",)),
    ("invoiced", "invoiced", ("invoice.posted",)),
    ("billing", "invoice drawn up", ("invoice.generated",)),
    ("active", "active", ("subscription.activated", "amendment.applied", "fulfillment.completed")),
    ("booked", "booked", ("order.booked", "amendment.booked", "renewal.booked", "order.accepted")),
    ("received", "received", ("order.received", "quote.accepted")),
)
"""The stages from the last to the first, each with the events that say it has been reached."""

US_PER_MILLISECOND = 1000


def stage_of(events: Sequence[OutboxRow]) -> Stage:
    """Return the furthest stage that the events of a transaction tell of."""
    first = {event.type: event.created_us for event in reversed(events)}
    for name, title, marks in STAGES:
        found = [first[key] for mark in marks if (key := f"q2c.{mark}.v1") in first]
        if found:
            return Stage(name=name, title=title, since=rfc3339(min(found)))
    return Stage(name="submitted", title="submitted", since=None)


class Told(msgspec.Struct, frozen=True):
    """What one flow's journal says: its steps, the writes that took effect, whom it started, what it waits for."""

    steps: tuple[Step, ...]
    writes: tuple[tuple[int, Call], ...]
    started: tuple[str, ...]
    waits_for: Effect | None
    since_us: int


def told(row: FlowRow, trail: Iterable[Entry]) -> Told:
    """Return what a flow's journal says."""
    teller = _Teller(row.id)
    for entry in trail:
        teller.take(entry)
    if row.status in ("ready", "running", "parked"):
        teller.close()
    is_open = row.status in ("ready", "running", "parked")
    return Told(
        tuple(teller.steps), tuple(teller.writes), tuple(teller.started), teller.effect if is_open else None,
        teller.since_us or row.created_us,
    )  # fmt: skip


def lineage(flows: Sequence[FlowRow], tellings: Mapping[str, Told]) -> tuple[Write, ...]:
    """Return every write of a transaction in order of time, each with the flow that started its flow."""
    parents = {child: parent for parent, said in tellings.items() for child in said.started}
    found = [
        (at_us, Write(
            system=call.system, operation=call.operation, key=call.key, at=rfc3339(at_us), flow=flow.id,
            caused_by=parents.get(flow.id, ""),
        ))
        for flow in flows
        for at_us, call in tellings[flow.id].writes
    ]  # fmt: skip
    return tuple(write for _, write in sorted(found, key=lambda pair: pair[0]))


class _Teller:
    """Goes along one journal and keeps the effect that waits for its outcome."""

    def __init__(self, flow: str) -> None:
        self.flow = flow
        self.steps: list[Step] = []
        self.writes: list[tuple[int, Call]] = []
        self.started: list[str] = []
        self.effect: Effect | None = None
        self.since_us = 0

    def take(self, entry: Entry) -> None:
        if entry.kind == "note":
            self._note(entry)
            return
        if entry.kind == "branch":
            branches = self.effect.branches if isinstance(self.effect, All) else ()
            if 0 <= entry.branch < len(branches):
                self._done(branches[entry.branch], entry.outcome, entry.at_us)
            return
        if self.effect is not None and not isinstance(self.effect, All):
            self._done(self.effect, entry.outcome, entry.at_us)
        if entry.kind == "step":
            self.effect, self.since_us = entry.effect, entry.at_us

    def close(self) -> None:
        """Say what is being waited for."""
        if self.effect is not None and not isinstance(self.effect, All):
            self._done(self.effect, None, self.since_us)

    def _done(self, effect: Effect, outcome: Outcome | None, at_us: int) -> None:
        said = _said(effect)
        if said is None:
            return
        kind, system, what, key = said
        verdict, detail = _outcome(effect, outcome)
        took_ms = max(0, at_us - self.since_us) // US_PER_MILLISECOND if outcome is not None else None
        self.steps.append(
            Step(
                at=rfc3339(self.since_us), flow=self.flow, kind=kind, system=system, what=what, key=key,  # type: ignore[arg-type]
                outcome=verdict, detail=detail, took_ms=took_ms,  # type: ignore[arg-type]
            )
        )  # fmt: skip
        if isinstance(effect, Call) and effect.write and isinstance(outcome, Answer):
            self.writes.append((at_us, effect))
        if isinstance(effect, Start) and isinstance(outcome, Launched) and outcome.created:
            self.started.append(effect.flow_id)

    def _note(self, entry: Entry) -> None:
        note = entry.note or {}
        actor, action = str(note.get("actor", "")), str(note.get("action", ""))
        self.steps.append(
            Step(
                at=rfc3339(entry.at_us), flow=self.flow, kind="person", system="", what=f"{action} by {actor}",
                key=str(note.get("case", "")), outcome="ok", detail=str(note.get("note", "")), took_ms=None,
            )
        )  # fmt: skip


def _said(effect: Effect) -> tuple[str, str, str, str] | None:
    """Return the kind, system, description and key of an effect; None for those that are of no interest."""
    if isinstance(effect, Call):
        attempt = f", attempt {effect.attempt}" if effect.attempt > 1 else ""
        return "call", effect.system, f"{effect.operation}{attempt}", effect.key
    if isinstance(effect, Receive):
        return "message", "", f"waits for {effect.topic}", effect.key
    if isinstance(effect, Sleep):
        return "wait", "", f"pauses {effect.seconds:.0f} s", ""
    if isinstance(effect, Emit):
        return "event", "", effect.type, effect.subject
    if isinstance(effect, Park):
        return "exception", "", effect.code, ""
    if isinstance(effect, Start):
        return "start", "", f"starts {effect.name}", effect.flow_id
    if isinstance(effect, Lookup):
        return "mapping", "", f"looks up {effect.kind}", effect.key
    return None


def _outcome(effect: Effect, outcome: Outcome | None) -> tuple[str, str]:
    """Return what came of an effect, and a word on it. What a system says in a failure is its own, and is shown."""
    if outcome is None:
        return "waiting", effect.detail if isinstance(effect, Park) else ""
    if isinstance(outcome, Failed):
        return "failed", " ".join(filter(None, (outcome.kind, str(outcome.status or ""), outcome.code, outcome.detail)))
    if isinstance(outcome, Unknown):
        return "unknown", outcome.reason
    if isinstance(outcome, Received):
        return "ok", "nothing came in time" if outcome.message is None else f"from {outcome.message.source}"
    if isinstance(outcome, Resumed):
        return "ok", f"{outcome.action} by {outcome.actor}: {outcome.note}".removesuffix(": ")
    if isinstance(outcome, Launched):
        return ("failed", outcome.conflict) if outcome.conflict else ("ok", "" if outcome.created else "it ran already")
    if isinstance(outcome, Mapped):
        return "ok", "" if outcome.value is not None else "no entry"
    return "ok", ""
