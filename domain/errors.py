"""The error taxonomy: what a code means, who owns it, whether a retry helps and when it is due.

A code is `CLASS.SUBCLASS` or `CLASS.SUBCLASS.DETAIL`, for example `DATA_QUALITY.MAPPING_MISSING.SKU-7`.
Due times are wall time: a business day counts as 24 hours.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, TypeVar

import msgspec

from domain.calendar import HOUR_US

T = TypeVar("T")
Retry = Literal["no", "backoff", "query_first", "reread", "park", "once", "schedule", "limited"]
"""How the same request may be tried again. `query_first`: the outcome is unknown, look it up before any resend.
`reread`: read the new version, then retry. `park`: wait for the gap to fill. `once`: after a new token.
`schedule`: on the dunning calendar. `limited`: a few times, then the message is poison.
"""

POISON_ATTEMPTS = 3


class Subclass(msgspec.Struct, frozen=True, gc=False):
    """One kind of error inside a class; `owner` is set where it differs from the owner of the class."""

    name: str
    http_status: int
    retry: Retry = "no"
    owner: str = ""

    @property
    def retryable(self) -> bool:
        """Tell whether the same request can succeed later without a person."""
        return self.retry != "no"


class ErrorClass(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the taxonomy; `goes_to` is where the message ends, `owner` the group that acts."""

    name: str
    subclasses: tuple[Subclass, ...]
    goes_to: str
    owner: str
    target_hours: int
    target_hours_quarter_end: int

    @property
    def http_statuses(self) -> tuple[int, ...]:
        """The HTTP statuses of the class, ascending."""
        return tuple(sorted({kind.http_status for kind in self.subclasses}))

    def subclass(self, name: str) -> Subclass:
        """Return a subclass by name, or raise ValueError that lists them."""
        for kind in self.subclasses:
            if kind.name == name:
                return kind
        listed = ", ".join(kind.name for kind in self.subclasses)
        raise ValueError(f"{self.name}.{name} is not an error code; {self.name} has: {listed}")


def _kinds(http_status: int, names: str, retry: Retry = "no", owner: str = "") -> tuple[Subclass, ...]:
    return tuple(Subclass(name, http_status, retry, owner) for name in names.split())


_ROWS = (
    ErrorClass(
        name="VALIDATION",
        subclasses=(*_kinds(400, "SCHEMA MISSING_FIELD FORMAT ENUM"), *_kinds(422, "BUSINESS_RULE LIMIT")),
        goes_to="sender, exception",
        owner="sales ops",
        target_hours=24,
        target_hours_quarter_end=24,
    ),
    ErrorClass(
        name="DATA_QUALITY",
        subclasses=_kinds(
            422,
            "MAPPING_MISSING MAPPING_AMBIGUOUS DUPLICATE_CUSTOMER ADDRESS_UNRESOLVED TAX_ID_INVALID "
            "PRICE_MISMATCH CURRENCY_EXPONENT HIERARCHY_CYCLE ENTITY_UNASSIGNED",
        ),
        goes_to="exception queue",
        owner="data steward",
        target_hours=24,
        target_hours_quarter_end=4,
    ),
    ErrorClass(
        name="DEPENDENCY",
        subclasses=(
            *_kinds(503, "UNAVAILABLE", "backoff"),
            *_kinds(504, "TIMEOUT", "query_first"),
            *_kinds(429, "RATE_LIMITED CONCURRENCY_LIMIT", "backoff"),
            *_kinds(503, "DEGRADED MAINTENANCE", "backoff"),
        ),
        goes_to="retry, then dead letter",
        owner="platform",
        target_hours=24,  # handled by itself; once it is a dead letter, SLA-9 gives a business day or 4 hours
        target_hours_quarter_end=4,
    ),
    ErrorClass(
        name="CONFLICT",
        subclasses=(
            *_kinds(409, "STATE"),
            *_kinds(409, "VERSION", "reread"),
            *_kinds(409, "DUPLICATE_REQUEST"),
            *_kinds(200, "ALREADY_DONE"),  # same key, same body: the stored result is returned, no error
            *_kinds(409, "PERIOD_CLOSED"),
            *_kinds(409, "ORDERING", "park"),
        ),
        goes_to="middleware, exception",
        owner="object owner",
        target_hours=1,
        target_hours_quarter_end=1,
    ),
    ErrorClass(
        name="POLICY",
        subclasses=(
            *_kinds(409, "CREDIT_HOLD", owner="credit"),
            *_kinds(409, "APPROVAL_REQUIRED", owner="deal desk"),
            *_kinds(403, "DISCOUNT_EXCEEDED", owner="deal desk"),
            *_kinds(403, "COMPLIANCE EXPORT", owner="legal"),
        ),
        goes_to="workflow",
        owner="deal desk",
        target_hours=24,  # SLA-1
        target_hours_quarter_end=4,
    ),
    ErrorClass(
        name="AUTH",
        subclasses=(
            *_kinds(401, "UNAUTHENTICATED"),
            *_kinds(403, "FORBIDDEN"),
            *_kinds(401, "TOKEN_EXPIRED", "once"),
        ),
        goes_to="platform",
        owner="security",
        target_hours=1,
        target_hours_quarter_end=1,
    ),
    ErrorClass(
        name="PAYMENT",
        subclasses=(
            *_kinds(402, "SOFT_DECLINE", "schedule"),
            *_kinds(402, "HARD_DECLINE NSF ACCOUNT_CLOSED UNAUTHORIZED_RETURN DISPUTE"),
        ),
        goes_to="dunning",
        owner="collections",
        target_hours=72,  # no target in the text; SLA-8 gives a P3 case three days
        target_hours_quarter_end=72,
    ),
    ErrorClass(
        name="TAX",
        subclasses=_kinds(422, "NO_NEXUS_CONFIG JURISDICTION_UNKNOWN ESTIMATED ENGINE_MISMATCH"),
        goes_to="tax team",
        owner="tax",
        target_hours=24,
        target_hours_quarter_end=24,
    ),
    ErrorClass(
        name="CONTRACT",
        subclasses=_kinds(422, "SCHEMA_DRIFT UNKNOWN_EVENT_VERSION SEMANTIC"),
        goes_to="dead letter, page",
        owner="integration owner",
        target_hours=1,
        target_hours_quarter_end=1,
    ),
    ErrorClass(
        name="INTEGRITY",
        subclasses=_kinds(500, "UNBALANCED_ENTRY TOTAL_MISMATCH DUPLICATE_FINANCIAL SEQUENCE_GAP"),
        goes_to="stop the line",
        owner="finance systems",
        target_hours=0,
        target_hours_quarter_end=0,
    ),
    ErrorClass(
        name="INTERNAL",
        subclasses=_kinds(500, "BUG CONFIG", "limited"),
        goes_to="dead letter",
        owner="dev",
        target_hours=4,
        target_hours_quarter_end=4,
    ),
)

ERROR_CLASSES: Mapping[str, ErrorClass] = MappingProxyType({row.name: row for row in _ROWS})
"""The taxonomy by class name."""


class ErrorCode(msgspec.Struct, frozen=True, gc=False):
    """A parsed code; `str()` gives the text back."""

    error_class: str
    subclass: str
    detail: str = ""

    @classmethod
    def parse(cls, code: str) -> "ErrorCode":
        """Read a code; raise ValueError when the taxonomy does not have it.

        >>> ErrorCode.parse("CONFLICT.STATE.order")
        ErrorCode(error_class='CONFLICT', subclass='STATE', detail='order')
        """
        name, _, rest = code.partition(".")
        subclass, dot, detail = rest.partition(".")
        if name not in ERROR_CLASSES:
            raise ValueError(f"{code!r} has no error class; expected one of: {', '.join(ERROR_CLASSES)}")
        ERROR_CLASSES[name].subclass(subclass)
        if dot and not detail:
            raise ValueError(f"{code!r} ends in a dot; expected CLASS.SUBCLASS or CLASS.SUBCLASS.DETAIL")
        return cls(name, subclass, detail)

    def __str__(self) -> str:
        return ".".join(part for part in (self.error_class, self.subclass, self.detail) if part)


def class_of(code: str) -> str:
    """Return the class of a code, be it known to the taxonomy or not.

    >>> class_of("CONFLICT.STATE.order")
    'CONFLICT'
    """
    return code.partition(".")[0]


def by_code(table: Mapping[str, T], code: str) -> T | None:
    """Return the row of a code in a table, else that of its class, else None."""
    row = table.get(code)
    return table.get(class_of(code)) if row is None else row


def rule_of(code: str | ErrorCode) -> tuple[ErrorClass, Subclass]:
    """Return the two rows of the taxonomy that govern a code."""
    parsed = ErrorCode.parse(code) if isinstance(code, str) else code
    row = ERROR_CLASSES[parsed.error_class]
    return row, row.subclass(parsed.subclass)


def is_retryable(code: str | ErrorCode) -> bool:
    """Tell whether the same request can succeed later without a person."""
    return rule_of(code)[1].retryable


def http_status(code: str | ErrorCode) -> int:
    """Return the HTTP status that a mock answers with."""
    return rule_of(code)[1].http_status


def owner_of(code: str | ErrorCode) -> str:
    """Return the group that acts on the error."""
    row, kind = rule_of(code)
    return kind.owner or row.owner


def due_at(code: str | ErrorCode, at_us: int, quarter_end: bool) -> int:
    """Return the instant by which the owner has acted, in microseconds of wall time (24 h = 1 business day)."""
    row, _ = rule_of(code)
    return at_us + HOUR_US * (row.target_hours_quarter_end if quarter_end else row.target_hours)


def is_poison(code: str | ErrorCode, attempts: int) -> bool:
    """Tell whether the same message, failed so often with this code, goes to the dead letters.

    A dependency that is down is no fault of the message, however often it failed.
    """
    return attempts >= POISON_ATTEMPTS and rule_of(code)[0].name != "DEPENDENCY"


def problem(code: str | ErrorCode, detail: str = "", txnid: str = "", fields: Sequence[str] = ()) -> dict[str, Any]:
    """Return the RFC 9457 problem body of an error; `fields` names the parts of the request that are wrong.

    Raises ValueError for CONFLICT.ALREADY_DONE, which is no error: the stored result is returned instead.
    """
    row, kind = rule_of(code)
    if kind.http_status < 400:
        raise ValueError(f"{code} is no error; return the stored result with status {kind.http_status}")
    return {
        "type": f"urn:q2c:error:{row.name}.{kind.name}".lower(),
        "title": f"{row.name}.{kind.name}".replace("_", " ").replace(".", ": ").lower(),
        "status": kind.http_status,
        "detail": detail,
        "code": str(code),
        "retryable": kind.retryable,
        "txnid": txnid,
        "fields": list(fields),
    }
