"""The history of a run: what happened, in order, as values. All engines write it and all checks read nothing else.

Instants are integer microseconds since the Unix epoch (UTC), so that they are exact and equal on every platform.
A record is either *black box* (seen on the wire or in a system of record) or *inside* (told by the integration under
test, only when it is ours). Checks that need inside records say so and are skipped for other integrations.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Literal, Protocol, TypeVar, cast

import msgspec

from domain.faults import Fault
from domain.objects import Document


class Entity(msgspec.Struct, frozen=True):
    """A legal entity: its base currency and billing zone."""

    id: str
    currency: str
    zone: str
    country: str = ""


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """What a peer tolerates: requests in a window, and requests at once (0 = no limit)."""

    system: str
    requests: int = 0
    window_seconds: int = 1
    concurrent: int = 0


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What a peer grants for a while without telling: requests a second, and at once (0 = as before, or no limit)."""

    system: str
    start_us: int
    end_us: int
    requests: int = 0
    concurrent: int = 0


class Drifted(msgspec.Struct, frozen=True, kw_only=True):
    """An interface that is another for a while, and nobody was told: a drift by its name."""

    system: str
    name: str
    start_us: int
    end_us: int


class Context(msgspec.Struct, frozen=True, kw_only=True, tag="context"):
    """What a verdict must know of the run besides what happened. It is the first record of every history."""

    at_us: int
    scenario: str
    seed: int
    code_version: str
    engine: str  # rehearsal | replay | whatif
    integration: str  # reference, or the name of the target
    mutant: str = ""
    cutoff_date: date  # first day after the quarter, local to each entity
    heal_us: int  # faults end here
    horizon_us: int  # the run ends here
    settle_seconds: int  # how long after healing all systems may take to agree
    entities: tuple[Entity, ...] = ()
    limits: tuple[Limit, ...] = ()  # that the integration is told
    grants: tuple[Grant, ...] = ()  # other limits, of which it is not told
    drifted: tuple[Drifted, ...] = ()  # interfaces that drift: it is not told of them either
    faults: tuple[Fault, ...] = ()
    inside: bool = True
    attempts_max: int = 6
    retry_budget_percent: int = 20
    credit_grace_seconds: int = 120
    signature_tolerance_seconds: int = 300
    uplift_cap_percent: int = 5  # by which a renewal may cost more
    renewal_notice_days: int = 30  # before its end, until which a contract that renews itself can be given up
    speed: float = 1.0  # business seconds in a second of the wall; systems and networks live on the wall
    twins: tuple[tuple[str, str], ...] = ()  # (account, the account of the same party that was there before it)
    bundles: tuple[tuple[str, tuple[str, ...]], ...] = ()  # (sku, the products it is in the ERP, each as often)
    intercompany_percent: int = 70  # of the net price, what the entity that delivers gets from the one that sells
    nets_changes: bool = False  # billing puts what a change charges and takes back on one document

    def is_drifting(self, system: str, since_us: int, by_us: int) -> bool:
        """Tell whether a system's interface drifted at some time between two instants, both included."""
        return any(each.system == system and each.start_us <= by_us and since_us < each.end_us for each in self.drifted)


class Acted(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="acted"):
    """A person did something in a system: a customer signed, a controller held an account."""

    at_us: int
    system: str
    action: str
    subject: str
    txn: str = ""


class Changed(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="changed"):
    """A system of record changed a document; `before` is the former status, empty on creation."""

    at_us: int
    system: str
    kind: str
    id: str
    txn: str
    before: str
    status: str
    document: Document
    cause: str = ""  # number of the request that caused it ("r123"), "agenda" or "act"


class Attempted(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="attempted"):
    """One attempt of one call, as seen on the wire: when it left, what the caller learned and when.

    `outcome` is ok, failed or unknown: a timeout or a lost connection after sending is never "failed".
    """

    at_us: int  # when the attempt ended
    sent_us: int
    number: str  # "r123", unique in the run
    system: str
    operation: str
    write: bool
    key: str  # idempotency key, external id or document code; empty when the call carries none
    fingerprint: str  # digest of method, target and body
    txn: str
    outcome: str
    status: int  # 0 when no reply arrived
    reason: str = ""
    retry_after_seconds: int = -1


class Arrived(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="arrived"):
    """A request reached a system; `effect` is done, replayed, read, refused or faulted."""

    at_us: int
    number: str
    system: str
    operation: str
    key: str
    fingerprint: str
    txn: str
    status: int
    effect: str


class Delivered(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="delivered"):
    """A system's message reached the integration's intake, or failed to (`status` 0)."""

    at_us: int
    sent_us: int  # when the fact happened
    signed_us: int  # the instant the signature claims
    system: str
    message: str  # the sender's event id
    topic: str
    txn: str
    attempt: int
    status: int
    genuine: bool = True  # False for a forged or stale copy planted by the harness


class Fired(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="fired"):
    """A planned fault took effect; `fault` is its index in the plan of the context."""

    at_us: int
    fault: int
    kind: str
    system: str
    operation: str
    txn: str
    number: str = ""  # the attempt, delivery or durable write it hit


class Applied(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="applied"):
    """Inside: a consumer of the integration took a message to heart (its one and only effect starts here)."""

    at_us: int
    consumer: str
    system: str
    message: str
    topic: str
    txn: str


Ending = Literal["", "done", "given_up", "cancelled"]
FLOW_OVER = frozenset({"finished", "discarded"})
"""The statuses of a flow that never goes on."""


class Flow(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="flow"):
    """Inside: a flow changed its status: started, finished, parked, resumed or discarded.

    A finished one says what its `ending` was: what it was for is done, or was given up or cancelled by a person.
    """

    at_us: int
    flow: str
    name: str
    txn: str
    status: str
    result: str = ""
    ending: Ending = ""


class Case(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="case"):
    """Inside: an exception case changed its status (chart `exception_case`)."""

    at_us: int
    case: str
    flow: str
    txn: str
    status: str
    code: str
    owner: str
    opened_us: int
    due_us: int
    actor: str = ""
    detail: str = ""


class Emitted(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="emitted", rename={"type": "event_type"}):
    """Inside: a canonical event left the outbox; `problem` is how it breaks the schema of its type."""

    at_us: int
    type: str
    subject: str
    txn: str
    sequence: int
    id: str
    problem: str = ""


class Crashed(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="crashed"):
    """The integration process died at a durable write, and came back at `back_us`."""

    at_us: int
    write: int
    after: bool
    back_us: int


class Sealed(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="sealed"):
    """Inside: the audit chain at the end of the run: its length, its head, and whether it verified."""

    at_us: int
    entries: int
    head: str
    intact: bool
    problem: str = ""
    state_changes: int = 0  # state-changing effects the integration performed, counted on the wire


class Ended(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="ended"):
    """The run came to its end; `complete` is false when it was interrupted."""

    at_us: int
    complete: bool
    lifecycles: int


Record = (
    Context
    | Acted
    | Changed
    | Attempted
    | Arrived
    | Delivered
    | Fired
    | Applied
    | Flow
    | Case
    | Emitted
    | Crashed
    | Sealed
    | Ended
)
R = TypeVar("R")

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Record] = msgspec.json.Decoder(Record)


def encode(record: Record) -> bytes:
    """Return the canonical JSON of a record: same record, same bytes, on every platform."""
    return _encoder.encode(record)


def decode(line: bytes) -> Record:
    """Return the record that `encode` wrote; raise msgspec.DecodeError or ValidationError for anything else."""
    return _decoder.decode(line)


class History(Protocol):
    """What checks read: the context, and the records by type, or the changes of one kind of document.

    Every answer may be iterated again and again. A history larger than memory answers from disk, so a check goes
    through the records once, in order, and keeps no more than it must.
    """

    @property
    def context(self) -> Context:
        """What the run was."""
        ...

    def of(self, kind: type[R]) -> Iterable[R]:
        """Return the records of one type, in order."""
        ...

    def changes(self, kind: str, system: str = "") -> Iterable[Changed]:
        """Return the changes of one kind of document ("invoice"), of one system or of all, in order."""
        ...


class MemoryHistory:
    """A history held in memory."""

    def __init__(self, records: Iterable[Record]) -> None:
        self.records = tuple(records)
        if not self.records or not isinstance(self.records[0], Context):
            raise ValueError("a history starts with its Context record")
        self._context: Context = self.records[0]
        self._by_type: dict[type, list[Record]] = defaultdict(list)
        for record in self.records:
            self._by_type[type(record)].append(record)
        self._changes: dict[tuple[str, str], list[Changed]] = defaultdict(list)
        for change in self.of(Changed):
            self._changes[change.kind, change.system].append(change)
            self._changes[change.kind, ""].append(change)

    @property
    def context(self) -> Context:
        """What the run was."""
        return self._context

    def of(self, kind: type[R]) -> Sequence[R]:
        """Return the records of one type, in order."""
        return cast(Sequence[R], self._by_type.get(kind, []))

    def changes(self, kind: str, system: str = "") -> Sequence[Changed]:
        """Return the changes of one kind of document, of one system or of all, in order."""
        return self._changes.get((kind, system), [])

    def digest(self) -> str:
        """Return the digest that proves two runs equal: BLAKE2b over every record's canonical JSON."""
        return hashlib.blake2b(_encoder.encode_lines(self.records), digest_size=16).hexdigest()


class Digest:
    """The running digest of a history, for writers that do not keep it."""

    def __init__(self) -> None:
        self._hash = hashlib.blake2b(digest_size=16)

    def add(self, line: bytes) -> None:
        """Take in one encoded record."""
        self._hash.update(line)
        self._hash.update(b"\n")

    def hex(self) -> str:
        """Return the digest so far."""
        return self._hash.hexdigest()
