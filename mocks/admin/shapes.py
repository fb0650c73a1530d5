"""What is said to the admin API and what it answers, as values; its OpenAPI document is made from them."""

from __future__ import annotations

from typing import Any

import msgspec

from domain.faults import Fault
from mocks.kernel.journal import Criteria


class Wrong(Exception):
    """Something that cannot be done; the text says why."""

    def __init__(self, problem: str, status: int = 400) -> None:
        super().__init__(problem)
        self.status = status


class Problem(msgspec.Struct, frozen=True):
    """Why something could not be done."""

    problem: str


class Clock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to do with the clock: one of these. With `speed` 1 it runs on as the wall clock does."""

    freeze: bool = False
    speed: float = 0.0
    advance_seconds: float = 0.0
    advance_to_us: int = 0


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An act as a person writes it; its instant is now."""

    system: str
    action: str
    arguments: dict[str, Any] = {}
    txn: str = ""


class Reset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to begin anew."""

    seed: int | None = None


class Company(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The company to fill a world with: that of a scenario, with so many live subscriptions."""

    scenario: str = "quarter_end"
    subscriptions: int = 5


class FaultWish(Fault, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fault to put on. Instead of an absolute window it begins `in_seconds` and lasts `for_seconds`."""

    in_seconds: float = 0.0
    for_seconds: float = 0.0


class PlannedFault(msgspec.Struct, frozen=True, kw_only=True):
    """A fault that is on: its place in the plan, what it is, and how often it has struck."""

    index: int
    struck: int
    fault: Fault


class Search(Criteria, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Which requests to look for: the criteria of the journal, in one system or (empty) in all."""

    system: str = ""
    limit: int = 100


class Expectation(Search, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """How many requests must fit: exactly so many, or at least and at most. None of the three is "at least one"."""

    exactly: int | None = None
    at_least: int | None = None
    at_most: int | None = None


class RequestRow(msgspec.Struct, frozen=True, kw_only=True):
    """One request in short. `effect` is done, read, replayed, refused or faulted; `wire` how the reply left."""

    number: str
    at_us: int
    system: str
    method: str
    target: str
    operation: str
    status: int
    effect: str
    wire: str
    key: str
    txn: str


class RequestDetail(msgspec.Struct, frozen=True, kw_only=True):
    """One request in full; credentials in headers are blacked out. Bodies are text, with � for what is none."""

    row: RequestRow
    request_headers: dict[str, str]
    request_body: str
    request_plain: Any
    reply_headers: dict[str, str]
    reply_body: str


class NearMiss(msgspec.Struct, frozen=True, kw_only=True):
    """A request that nearly fits: the names of the criteria it misses, with what it had there instead."""

    row: RequestRow
    missed: dict[str, Any]


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Requests that fit, the newest first. `count` is how many there are in all; `forgotten` requests are gone."""

    count: int
    forgotten: int
    requests: list[RequestRow]


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Whether an expectation holds: a sentence, the requests that fit, and those that nearly do."""

    holds: bool
    sentence: str
    count: int
    forgotten: int
    requests: list[RequestRow]
    near: list[NearMiss]


class DocumentRow(msgspec.Struct, frozen=True, kw_only=True):
    """One document in short."""

    id: str
    status: str
    txn: str


class Documents(msgspec.Struct, frozen=True, kw_only=True):
    """Documents of one kind, the newest first; `count` is how many there are in all, whether or not they fit."""

    system: str
    kind: str
    count: int
    documents: list[DocumentRow]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One change of a document. `cause` is the number of a request, "agenda" or "act"."""

    at_us: int
    before: str
    status: str
    cause: str


class ChangeRow(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One change of a document in short; `number` counts all changes of the world, `ref` is its caller's reference."""

    number: int
    at_us: int
    system: str
    kind: str
    id: str
    before: str
    status: str
    txn: str
    ref: str


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """Changes after a number, earliest first. `last` is the newest of all; `forgotten` were asked for and are gone."""

    changes: list[ChangeRow]
    last: int
    forgotten: int


class ChartShown(msgspec.Struct, frozen=True, kw_only=True):
    """The state chart that a document obeys, and where it may go from here."""

    name: str
    states: list[str]
    next: list[str]
    is_final: bool


class DocumentDetail(msgspec.Struct, frozen=True, kw_only=True):
    """One document in full: as its system keeps it, as the history sees it, and how it came to be so."""

    system: str
    kind: str
    row: DocumentRow
    entry: Any
    document: Any
    history: list[Step]
    chart: ChartShown | None


class AttemptRow(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt to deliver a message; status 0 is no answer."""

    number: int
    at_us: int
    system: str
    message: str
    topic: str
    txn: str
    attempt: int
    url: str
    status: int
    note: str
    fault: str
    genuine: bool
    manual: bool
    took_us: int
    answer: str


class WaitingRow(msgspec.Struct, frozen=True, kw_only=True):
    """A message on its way."""

    number: int
    system: str
    topic: str
    due_us: int


class DeliveryLog(msgspec.Struct, frozen=True, kw_only=True):
    """The last attempts, newest first, and what is on its way."""

    attempts: list[AttemptRow]
    waiting: list[WaitingRow]


class DriftRow(msgspec.Struct, frozen=True, kw_only=True):
    """A drift: what changes, what breaks, since when, who says so, and whether it is on."""

    name: str
    system: str
    summary: str
    breaks: str
    since: str
    source: str
    on: bool


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """The world is up; its time."""

    status: str
    now_us: int
