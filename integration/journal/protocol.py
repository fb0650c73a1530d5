"""What a journal does, whatever stores it: one transaction per effect, claimed by epochs, chained by digests.

An engine holds a `Lease` of one epoch and commits `Write` values, each as one transaction: the outcome of a step, the
intent of the next one, and the inbox, outbox, case and flow rows that go with them. A lease that another one has
replaced writes nothing: it raises Fenced.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from integration.effects import Effect
from integration.exceptions import ExceptionCase
from integration.flow import Step
from integration.journal.home import Restoration
from integration.outcomes import Message, Outcome

if TYPE_CHECKING:
    from integration.journal.reading import Reader

OPEN = ("ready", "running", "parked")
"""The statuses of flows that are not over. `ready` flows have not begun, or wait for their entity."""


class Fenced(Exception):
    """A zombie tried to write: another process has claimed the journal since."""


class Unstorable(ValueError):
    """A value of a write cannot be stored (a number too large, text with NUL, an object): whoever made it is wrong.

    Nothing was written. It is not the store's trouble, so the engine lives on.
    """


UNSTORABLE = (TypeError, ValueError, OverflowError, RecursionError)
"""What encoding such a value raises."""


class Raced(Exception):
    """Another worker was first: it took the message, or started the flow of this id. Nothing was written.

    Whoever meets this looks at the journal again and decides anew. `flow` is the number of the flow that lost, 0 for
    none; `outcome` is what it was to go on with.
    """

    flow: int = 0
    outcome: Outcome | None = None


class Crash(Exception):
    """The process dies here: a test asked for it at a durable write, before or after the write took place."""

    def __init__(self, point: CrashPoint) -> None:
        super().__init__(f"crash {'after' if point.after else 'before'} durable write {point.write}")
        self.point = point


class CrashPoint(msgspec.Struct, frozen=True, order=True):
    """A durable write of the journal's life, counted from 1, at which the process dies; it strikes once."""

    write: int
    after: bool


class Entry(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One line of a flow's journal; what one transaction adds to it is one row of the audit trail.

    `step`: the outcome of the effect before and the effect asked for now (None at the end).
    `branch`: the outcome of one branch of an All. `trial`: an outcome that the flow could not live with; it does not
    count, a re-drive performs the effect again. `note`: what people and the driver did to cases and tables.
    """

    seq: int
    branch: int
    at_us: int
    epoch: int
    kind: str
    outcome: Outcome | None = None
    effect: Effect | None = None
    note: dict[str, Any] | None = None


def steps_in(entries: Sequence[Entry], flow: int) -> list[Step]:
    """Return what a flow is rebuilt from: its steps, without a gap."""
    found = [entry for entry in entries if entry.kind == "step"]
    assert [entry.seq for entry in found] == list(range(len(found))), f"flow {flow} has a gap in its journal"
    return [Step(entry.outcome, entry.effect) for entry in found if entry.outcome is not None]


def branches_in(entries: Sequence[Entry], seq: int) -> dict[int, Outcome]:
    """Return the outcomes of the branches of one All that have ended, by their number."""
    return {
        entry.branch: entry.outcome
        for entry in entries
        if entry.kind == "branch" and entry.seq == seq and entry.outcome is not None
    }


class FlowRow(msgspec.Struct, frozen=True, gc=False):
    """A flow as the journal knows it. `arguments` and `result` are MessagePack."""

    number: int
    id: str
    name: str
    txn: str
    entity_key: str
    order_key: str
    arguments: bytes
    status: str
    created_us: int
    result: bytes = b""


class InboxRow(msgspec.Struct, frozen=True, gc=False):
    """A stored message; `wanted` says that a flow is going to receive it."""

    number: int
    message: Message
    wanted: bool


class OutboxRow(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An event of the log: `sequence` counts the events of its subject from 1, `number` all events."""

    number: int = 0
    id: str
    type: str
    subject: str
    txn: str
    sequence: int = 0
    body: dict[str, Any]
    created_us: int


class Write(msgspec.Struct):
    """Everything that becomes durable together. Empty lists and zeroes mean nothing of that kind.

    The `entries` of a write belong to one flow, by number; 0 stands for none, such as a steward's note on a table.
    New flows, messages and events come without a number (and events without a sequence): `Lease.commit` puts the rows
    with the numbers they got in their place.
    """

    flow: int = 0
    entries: list[Entry] = []
    flows: list[FlowRow] = []
    statuses: list[tuple[int, str, bytes]] = []  # (flow number, status, result)
    messages: list[InboxRow] = []
    taken: list[int] = []  # numbers of messages that a flow has received
    events: list[OutboxRow] = []
    relayed: int = 0  # events up to this number have reached our own flows
    cases: list[ExceptionCase] = []
    mappings: list[tuple[str, str, bytes | None]] = []
    expected: dict[tuple[str, str], bytes | None] = {}  # what must stand in the table before, for compare and set
    blanked: int = 0  # a finished flow whose steps need not be kept
    answered: int = 0  # the number of a person's command that is obeyed with this write
    waits: list[tuple[str, str]] | None = None  # addresses (topic, key) the flow waits at from now on; None: no news


class OpenFlow(msgspec.Struct, frozen=True):
    """An unfinished flow as found in the journal: its row and its last step, with its number and instant."""

    row: FlowRow
    last: Entry | None


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine takes up: what another one left, or what has come for it since it last asked."""

    flows: Sequence[OpenFlow] = ()
    messages: Sequence[InboxRow] = ()
    events: Sequence[OutboxRow] = ()
    cases: Sequence[ExceptionCase] = ()
    commands: Sequence[tuple[int, bytes]] = ()  # number, Act as MessagePack
    has_more: bool = False


class Head(msgspec.Struct, frozen=True, order=True):
    """The end of a chain of the audit trail and its number of rows: keep it elsewhere, and no one can cut it unnoticed.

    `chain` is 0 in SQLite, which has one chain; in PostgreSQL each epoch has a chain of its own, under its number.
    """

    entries: int
    digest: str
    chain: int = 0


class Verification(msgspec.Struct, frozen=True):
    """Whether the audit trail is what was written, the first thing wrong with it, and the heads of its chains.

    `head` stands for all of them: of one chain it is the head, of several the sum of entries and a digest of digests.
    """

    intact: bool
    head: Head
    problem: str = ""
    heads: tuple[Head, ...] = ()


class CommandRow(msgspec.Struct, frozen=True):
    """A person's command that was left for a worker: `waiting`, `done`, `refused` or `dropped`, with the problem.

    It is dropped when the worker that it was meant for has ended without an answer.
    """

    number: int
    flow: str
    status: str
    problem: str = ""


class WorkerRow(msgspec.Struct, frozen=True):
    """An incarnation that may write: its epoch, its name, and how many flows it has in hand."""

    epoch: int
    name: str
    flows: int


class Lease(Protocol):
    """The right to write, of one epoch."""

    @property
    def epoch(self) -> int: ...

    @property
    def is_shared(self) -> bool:
        """Tell whether other workers write too: then memory holds a part, and `poll` says what is new for it."""

    @property
    def mappings(self) -> MutableMapping[tuple[str, str], dict[str, Any]]:
        """The cross-reference as this engine may read it: its own copy, or a view of the table that all share."""

    def commit(self, write: Write) -> None:
        """Make a write durable in one transaction; raise Fenced (nothing is written) or Crash (in tests)."""

    def may_share(self, write: Write) -> bool:
        """Tell whether a write of a flow may become durable together with those of others, a moment later."""

    def commit_together(self, writes: Sequence[Write]) -> None:
        """Make writes durable in one transaction, all or none; raise as `commit` does, Raced when one of them lost."""

    def look_back(self, now_us: int) -> Restoration:
        """Find out whether the journal was restored from a backup, and remember it; say when it last was."""

    def mark(self) -> None:
        """Write down outside of the database how far it has come, where that is done at all. Raise OSError."""

    def load(self) -> Loaded:
        """Return what is open, or of that as much as this worker may take."""

    def confirm(self) -> None:
        """Raise Fenced when another process has taken over, as while this one stood still."""

    def poll(self, flows_max: int) -> Loaded:
        """Renew the lease, and return what is new: flows claimed, messages for flows at hand, commands of people.

        Raise Fenced when the lease was ended meanwhile. A journal of one process has no news.
        """

    def give_back(self, flows: Sequence[int]) -> None:
        """Let other workers claim flows; this engine has forgotten them."""

    def leave(self) -> None:
        """End the lease and give everything back: the graceful end of a worker."""

    def reopen(self, flow: int) -> OpenFlow | None:
        """Return a flow at hand as the journal has it; None when it is over or another worker's."""

    def command(self, act: bytes, flow_id: str = "") -> list[int]:
        """Leave a command for the worker that holds a flow, or for each worker; return their numbers."""

    def answer(self, command: int, problem: str) -> None:
        """Remember that a command was obeyed, or refused with a sentence."""

    def find(self, flow_id: str) -> FlowRow | None:
        """Return the flow of an id, finished ones included."""

    def known(self, flow_ids: Sequence[str]) -> set[str]:
        """Return those of some ids that have a flow, finished ones included."""

    def has_message(self, source: str, message_id: str) -> bool:
        """Tell whether a message has been stored before."""

    def advance(self, consumer: str, number: int) -> None:
        """Remember that a consumer of the event log has done with the events up to a number."""

    def steps(self, flow: int) -> list[Step]:
        """Return the journal of an open flow, for a replay."""

    def branches(self, flow: int, seq: int) -> dict[int, Outcome]:
        """Return the outcomes of the branches of an All that have ended."""


class Journal(Protocol):
    """Where it is all kept."""

    writes: int

    def claim(self) -> Lease:
        """Take over: the new lease has the next epoch, older ones of this worker are fenced."""

    def head(self) -> Head:
        """Return the end of the audit trail."""

    def verify(self, head: Head | Sequence[Head] | None = None) -> Verification:
        """Recompute the audit trail, and compare it with heads kept elsewhere."""

    def entries(self) -> Iterator[tuple[int, int, Entry]]:
        """Yield the audit trail: every entry that has not been blanked, with the numbers of its row and flow."""

    def flows(self) -> Iterator[FlowRow]:
        """Yield all flows, in the order of their start."""

    def reader(self) -> Reader:
        """Return the read side, on a connection of its own where that is possible."""

    def close(self) -> None:
        """Close the database; after trouble too, and twice."""
