"""The story of one business transaction: all its flows with their steps, calls, waits, people and events. Pure but for
the reader it is told from.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from integration.effects import All, Call, Park, Receive
from integration.exceptions import ExceptionCase
from integration.journal.protocol import Entry, FlowRow, OutboxRow
from integration.journal.reading import Reader
from integration.outcomes import Answer, Failed, Unknown
from integration.tower.sayings import OURS, Said, asked, came, noted

FLOWS_MAX = 200
EVENTS_MAX = 500


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """One effect of a flow, from when it was asked for to when its outcome came (None: it is on its way)."""

    flow: str
    seq: int
    branch: int
    start_us: int
    end_us: int | None
    what: Said
    outcome: Said
    is_call: bool = False
    attempt: int = 1
    target: str = ""
    key: str = ""


class Line(msgspec.Struct, frozen=True, order=True):
    """One sentence of the story."""

    at_us: int
    order: int
    where: str
    text: str
    tone: str = ""


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """Everything known of one transaction."""

    txn: str
    flows: tuple[FlowRow, ...]
    spans: tuple[Span, ...]
    lines: tuple[Line, ...]
    cases: tuple[ExceptionCase, ...]
    events: tuple[OutboxRow, ...]

    @property
    def start_us(self) -> int:
        """The instant of its first sign of life."""
        return min((flow.created_us for flow in self.flows), default=0)

    @property
    def end_us(self) -> int:
        """The instant of its latest sign of life."""
        ends = [span.end_us or span.start_us for span in self.spans] + [event.created_us for event in self.events]
        return max([self.start_us, *ends])

    @property
    def systems(self) -> tuple[str, ...]:
        """The systems it came through."""
        return tuple(sorted({span.what.where for span in self.spans if span.is_call}))


def found_txn(reader: Reader, text: str) -> str:
    """Return the transaction that a person means: its number, a reference of it, a flow's or a case's id; else ""."""
    text = text.strip()
    if not text:
        return ""
    if reader.flows(txn=text, limit=1):
        return text
    flow = reader.flow(text) or reader.flow(text.rpartition("#")[0])
    if flow is not None:
        return flow.txn
    told = reader.events(subject=text, limit=1)
    if told:
        return told[0].txn
    shorter = text.rpartition("-v")[0]
    return shorter if shorter and reader.flows(txn=shorter, limit=1) else ""


def told_from(reader: Reader, txn: str) -> Story:
    """Return the story of a transaction."""
    flows = reader.flows(txn=txn, limit=FLOWS_MAX)
    spans: list[Span] = []
    lines: list[Line] = []
    for row in flows:
        trail = reader.trail(row.number)
        spans.extend(spans_of(row.id, trail))
        lines.extend(lines_of(row, trail))
    events = reader.events(txn=txn, limit=EVENTS_MAX)
    lines.extend(
        Line(event.created_us, event.number, OURS, f"told {event.type} of {event.subject}") for event in events
    )
    return Story(
        txn=txn, flows=tuple(flows), spans=tuple(sorted(spans, key=lambda span: (span.start_us, span.flow, span.seq))),
        lines=tuple(sorted(lines)), cases=tuple(reader.cases(txn=txn)), events=tuple(events),
    )  # fmt: skip


def spans_of(flow: str, trail: list[Entry]) -> Iterator[Span]:
    """Yield what a flow asked for, with what came of it: the outcome of an effect stands in the step after it."""
    steps = [entry for entry in trail if entry.kind == "step"]
    branches = {(entry.seq, entry.branch): entry for entry in trail if entry.kind == "branch"}
    for number, step in enumerate(steps):
        if step.effect is None:
            continue
        after = steps[number + 1] if number + 1 < len(steps) else None
        if isinstance(step.effect, All):
            yield from _parallel(flow, step, step.effect, branches)
            continue
        effect, outcome = step.effect, after.outcome if after is not None else None
        asks = isinstance(effect, Park) and after is None
        yield Span(
            flow=flow, seq=step.seq, branch=-1, start_us=step.at_us, end_us=after.at_us if after else None,
            what=asked(effect), outcome=Said("people", "waits for a person", "bad") if asks else came(outcome),
            is_call=isinstance(effect, Call), attempt=getattr(effect, "attempt", 1), target=_target(effect),
            key=getattr(effect, "key", ""),
        )  # fmt: skip


def _target(effect: object) -> str:
    return f"{effect.method} {effect.target}" if isinstance(effect, Call) else ""


def _parallel(flow: str, step: Entry, both: All, ended: dict[tuple[int, int], Entry]) -> Iterator[Span]:
    for index, effect in enumerate(both.branches):
        entry = ended.get((step.seq, index))
        yield Span(
            flow=flow, seq=step.seq, branch=index, start_us=step.at_us, end_us=entry.at_us if entry else None,
            what=asked(effect), outcome=came(entry.outcome if entry else None), is_call=isinstance(effect, Call),
            attempt=getattr(effect, "attempt", 1), target=_target(effect), key=getattr(effect, "key", ""),
        )  # fmt: skip


def lines_of(row: FlowRow, trail: list[Entry]) -> Iterator[Line]:
    """Yield the sentences that a flow adds to the story: calls, messages, stops, people; not its inner steps."""
    yield Line(row.created_us, row.number, OURS, f"{row.name} {row.id} begins")
    asked_for: object = None
    for entry in trail:
        if entry.kind == "note" and entry.note:
            yield Line(entry.at_us, row.number, _who(entry.note), noted(entry.note))
        elif entry.kind == "trial":
            said = came(entry.outcome)
            yield Line(entry.at_us, row.number, OURS, f"{row.id} could not go on: {said.text}", "bad")
        elif entry.kind in ("step", "branch"):
            yield from _lines_of_step(row, entry, asked_for)
            asked_for = entry.effect if entry.kind == "step" else asked_for


def _lines_of_step(row: FlowRow, entry: Entry, effect: object) -> Iterator[Line]:
    if isinstance(effect, All) and entry.kind == "branch":
        effect = effect.branches[entry.branch]
    if isinstance(effect, Call) and isinstance(entry.outcome, Answer | Failed | Unknown):
        what, outcome = asked(effect), came(entry.outcome)
        yield Line(entry.at_us, row.number, what.where, f"{what.text}: {outcome.text}", outcome.tone)
    elif isinstance(effect, Receive):
        outcome = came(entry.outcome)
        yield Line(entry.at_us, row.number, outcome.where or OURS, f"{effect.topic}: {outcome.text}", outcome.tone)
    if isinstance(entry.effect, Park):
        what = asked(entry.effect)
        yield Line(entry.at_us, row.number, OURS, f"{row.id} {what.text}", what.tone)
    elif entry.kind == "step" and entry.effect is None:
        yield Line(entry.at_us, row.number, OURS, f"{row.name} {row.id} is over", "good")


def _who(note: dict[str, object]) -> str:
    return OURS if str(note.get("actor") or OURS) == OURS else "people"
