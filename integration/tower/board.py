"""The board: rolling figures folded from the event log, one event after the other. Pure: no clock, no journal.

What it knows is a function of the events it was shown, so a node that restarts shows them again and has the same
figures. `Board.take` is told every event once, in the order of the log.
"""

from __future__ import annotations

import heapq
from collections import OrderedDict, deque
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from domain.calendar import DAY_US, SECOND_US
from integration.journal.protocol import OutboxRow
from integration.tower.burn import Meter
from integration.tower.targets import LEGS, STAGES, TELLINGS, Leg, Mark, Objective, Telling

DURATIONS_KEPT = 500
RECENT_KEPT = 50
RECENT_US = DAY_US


def short_name(event_type: str) -> str:
    """Return `order.booked` of `q2c.order.booked.v1`."""
    return event_type.removeprefix("q2c.").rpartition(".v")[0]


def _key(event: OutboxRow, mark: Mark) -> str:
    if mark.key == "subject":
        return event.subject
    return event.txn if mark.key == "txn" else str(event.body.get(mark.key) or "")


def _at(event: OutboxRow, mark: Mark) -> int:
    told = event.body.get(mark.at) if mark.at else None
    return told if isinstance(told, int) and told > 0 else event.created_us


class Pace:
    """One leg in progress: what is on its way since when, how long the latest took, and who keeps which promise."""

    def __init__(self, leg: Leg, objectives: tuple[Objective, ...]) -> None:
        self.leg = leg
        self.open: dict[str, int] = {}  # key -> since
        self.txns: dict[str, str] = {}
        self.ended = 0
        self.is_told = not leg.optional
        self.meters = tuple(Meter(objective) for objective in objectives if objective.leg == leg.id)
        self._durations: deque[tuple[int, int]] = deque(maxlen=DURATIONS_KEPT)
        self._deadlines: list[tuple[int, str, int, int]] = []  # instant, key, since, meter
        self._due: dict[str, int] = {}

    def begin(self, key: str, at_us: int, due_us: int, txn: str) -> None:
        """Let an item set out; one that is on its way already goes on."""
        if not key or key in self.open:
            return
        self.open[key], self.txns[key] = at_us, txn
        for place, meter in enumerate(self.meters):
            limit_us = at_us + meter.objective.seconds * SECOND_US if meter.objective.seconds else due_us
            if limit_us:
                heapq.heappush(self._deadlines, (limit_us, key, at_us, place))
                self._due[f"{place}/{key}"] = limit_us

    def end(self, key: str, at_us: int) -> None:
        """Let an item arrive."""
        since_us = self.open.pop(key, None)
        if since_us is None:
            return
        self.ended += 1
        self.is_told = True
        self.txns.pop(key, None)
        self._durations.append((at_us, max(0, at_us - since_us)))
        for place, meter in enumerate(self.meters):
            limit_us = self._due.pop(f"{place}/{key}", 0)
            if limit_us and at_us <= limit_us:
                meter.note(at_us, True)
            elif limit_us:  # it was late, and its deadline had not been looked at yet
                meter.note(limit_us, False)

    def look(self, now_us: int) -> None:
        """Count what became late until an instant; nothing of a leg whose ends nobody tells."""
        while self.is_told and self._deadlines and self._deadlines[0][0] < now_us:
            limit_us, key, since_us, place = heapq.heappop(self._deadlines)
            if self.open.get(key) == since_us and self._due.pop(f"{place}/{key}", 0):
                self.meters[place].note(limit_us, False)

    def at_risk(self, now_us: int) -> int:
        """Return how many open items have used 80 % of the time of the leg's first promise."""
        if not self.meters:
            return 0
        span_us = self.meters[0].objective.seconds * SECOND_US
        if span_us:
            latest_us = now_us - span_us * 8 // 10
            return sum(since_us <= latest_us for since_us in self.open.values())
        limits = ((since_us, self._due.get(f"0/{key}", 0)) for key, since_us in self.open.items())
        return sum((now_us - since_us) * 10 >= (limit_us - since_us) * 8 for since_us, limit_us in limits)

    def oldest(self) -> tuple[str, int] | None:
        """Return the key and the start of what has been on its way for longest."""
        if not self.open:
            return None
        since_us = min(self.open.values())
        return next(key for key, at_us in self.open.items() if at_us == since_us), since_us

    def lag_us(self, percent: int, now_us: int) -> int | None:
        """Return a percentile of the durations of the last day (nearest rank); None of none."""
        recent = sorted(span_us for at_us, span_us in self._durations if at_us > now_us - RECENT_US)
        return recent[max(0, -(-len(recent) * percent // 100) - 1)] if recent else None


class Money(msgspec.Struct):
    """What one system told of one entity and currency: how many documents, and how much in minor units."""

    count: int = 0
    amount_minor: int = 0


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Two systems told different amounts of one document."""

    document: str
    txn: str
    first: str
    second: str
    first_minor: int
    second_minor: int
    currency: str
    entity: str


class Books:
    """Money as each system told it: totals by entity and currency, what one side lacks, and what differs."""

    def __init__(self) -> None:
        self.totals: dict[tuple[str, str], dict[str, Money]] = {}
        self.lacking: dict[str, dict[str, tuple[int, str, str, str]]] = {}  # telling -> document -> told
        self.differences: list[Difference] = []
        self._seen: set[tuple[str, str]] = set()
        self._against = {telling.agrees_with: telling.id for telling in TELLINGS if telling.agrees_with}

    def take(self, telling: Telling, event: OutboxRow) -> None:
        """Book one fact; a document that one system tells twice counts once."""
        document = _key(event, Mark(telling.event, telling.key))
        told = amount_of(event.body, telling)
        if telling.but_kind and event.body.get("kind") == telling.but_kind:
            return
        if told is None or not document or (telling.id, document) in self._seen:
            return
        self._seen.add((telling.id, document))
        amount_minor, currency = told
        entity = str(event.body.get("legal_entity") or "?")
        sums = self.totals.setdefault((entity, currency), {}).setdefault(telling.id, Money())
        sums.count += 1
        sums.amount_minor += amount_minor
        self._compare(telling, document, (amount_minor, currency, entity, event.txn))

    def _compare(self, telling: Telling, document: str, told: tuple[int, str, str, str]) -> None:
        other = telling.agrees_with or self._against.get(telling.id, "")
        if not other:
            return
        before = self.lacking.get(other, {}).pop(document, None)
        if before is None:
            self.lacking.setdefault(telling.id, {})[document] = told
            return
        if before[:2] == told[:2]:
            return
        first, second = (before, told) if telling.agrees_with else (told, before)
        names = (other, telling.id) if telling.agrees_with else (telling.id, other)
        self.differences.append(
            Difference(
                document=document, txn=told[3], first=names[0], second=names[1], first_minor=first[0],
                second_minor=second[0], currency=told[1], entity=told[2],
            )
        )  # fmt: skip


def amount_of(body: Mapping[str, Any], telling: Telling) -> tuple[int, str] | None:
    """Return the amount a fact tells in minor units and its currency, or None when it tells none."""
    found = body.get(telling.amount)
    parts = [part.get("amount") for part in found] if isinstance(found, list) else [found]
    total, currency = 0, ""
    for part in parts:
        if not isinstance(part, Mapping) or not isinstance(part.get("amount_minor"), int):
            return None
        total, currency = total + part["amount_minor"], str(part.get("currency") or "")
    less = body.get(telling.less) if telling.less else None
    if isinstance(less, Mapping):
        total -= int(less.get("amount_minor") or 0)
    return total, currency


class Board:
    """All figures. `number` is the last event it was shown."""

    def __init__(self, objectives: tuple[Objective, ...]) -> None:
        self.number = 0
        self.taken = 0
        self.latest_us = 0
        self.paces = {leg.id: Pace(leg, objectives) for leg in LEGS}
        self.books = Books()
        self.stages: dict[str, set[str]] = {stage: set() for stage, _, _ in STAGES}
        self.recent: OrderedDict[str, tuple[int, str]] = OrderedDict()
        self._ends = _by_event((mark, leg.id) for leg in LEGS for mark in leg.ends)
        self._starts = _by_event((mark, leg.id) for leg in LEGS for mark in leg.starts)
        self._stages = _by_event((mark, stage) for stage, _, marks in STAGES for mark in marks)
        self._references: dict[str, str] = {}  # of an invoice's order
        self._tellings = {telling.event: telling for telling in TELLINGS}

    def take(self, event: OutboxRow) -> None:
        """Take one event in; one that was shown before is ignored."""
        if event.number <= self.number:
            return
        self.number, self.taken = event.number, self.taken + 1
        self.latest_us = max(self.latest_us, event.created_us)
        name = short_name(event.type)
        for mark, leg in self._ends.get(name, ()):
            self.paces[leg].end(_key(event, mark), _at(event, mark))
        for mark, leg in self._starts.get(name, ()):
            pace = self.paces[leg]
            due_us = int(event.body.get(pace.leg.due) or 0) if pace.leg.due else 0
            pace.begin(_key(event, mark), _at(event, mark), due_us, event.txn)
        for mark, stage in self._stages.get(name, ()):
            key = self._reference(event) if mark.key == "remittance" else _key(event, mark)
            if key and (stage == "accepted" or key in self.stages["accepted"]):
                self.stages[stage].add(key)
        if name == "invoice.generated" and event.body.get("reference"):
            self._references[event.subject] = str(event.body["reference"])
        if name in self._tellings:
            self.books.take(self._tellings[name], event)
        if event.txn:
            self._remember(event.txn, event.created_us, name)

    def _reference(self, event: OutboxRow) -> str:
        """Return the reference of the order whose invoice a payment names."""
        named = event.body.get("remittance")
        return self._references.get(str(named[0]), "") if isinstance(named, list) and named else ""

    def _remember(self, txn: str, at_us: int, name: str) -> None:
        """Keep the transactions that were told of last, with what was told."""
        self.recent[txn] = (at_us, name)
        self.recent.move_to_end(txn)
        if len(self.recent) > RECENT_KEPT:
            self.recent.popitem(last=False)

    def look(self, now_us: int) -> None:
        """Count what became late until an instant."""
        for pace in self.paces.values():
            pace.look(now_us)

    def meters(self) -> list[tuple[Pace, Meter]]:
        """Return the meter of each promise that can be measured, with the leg it is about."""
        return [(pace, meter) for pace in self.told() for meter in pace.meters]

    def told(self) -> list[Pace]:
        """Return the legs whose ends somebody tells."""
        return [pace for pace in self.paces.values() if pace.is_told]

    def funnel(self) -> list[tuple[str, str, int]]:
        """Return each step from quote to cash, the system that tells it, and how many orders came so far."""
        return [(stage, system, len(self.stages[stage])) for stage, system, _ in STAGES]


def _by_event(rows: Iterator[tuple[Mark, str]]) -> dict[str, list[tuple[Mark, str]]]:
    found: dict[str, list[tuple[Mark, str]]] = {}
    for mark, name in rows:
        found.setdefault(mark.event, []).append((mark, name))
    return found
