"""A CloudEvents 1.0 envelope around a fact, in structured JSON.

Ids come from the caller. `time` is the instant of the fact, not of publishing. Compatibility follows 4.1:
a reader ignores payload fields and keeps extension attributes that it does not know; a type that it does not
know comes back as UnknownEvent with its body; a payload that lacks or retypes a field is refused.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache

import msgspec

from domain.events.fact import EventType, Fact
from domain.events.registry import REGISTRY, type_of

SPECVERSION = "1.0"
CONTENT_TYPE = "application/json"
EXTENSION_CHARS_MAX = 20
SEQUENCE_DIGITS = 12  # the CloudEvents extension asks for a string that sorts in the order of events

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_TYPE = re.compile(r"q2c\.[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*\.v[1-9][0-9]*")
_SOURCE = re.compile(r"/q2c/[a-z][a-z0-9_-]*/[^/\s]+")
_NAME = re.compile(r"[a-z0-9]{1,20}")
_TRACE = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


class EnvelopeError(ValueError):
    """A message that is no valid envelope; `code` is in the error taxonomy."""

    def __init__(self, message: str, *, code: str = "CONTRACT.SCHEMA_DRIFT") -> None:
        self.code = code
        super().__init__(message)


class UnknownEvent(msgspec.Struct, frozen=True):
    """The body of an event whose type the registry does not know; its code is CONTRACT.UNKNOWN_EVENT_VERSION."""

    type: str
    body: bytes


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """An event with its context: `event` is the fact, `at_us` its instant, the rest says where it comes from."""

    id: str
    source: str
    type: str
    subject: str
    at_us: int
    dataschema: str
    partitionkey: str
    sequence: int
    correlationid: str
    causationid: str = ""
    idempotencykey: str
    legalentity: str
    businessdate: date
    traceparent: str = ""
    replayed: bool = False
    extensions: Mapping[str, str] = {}
    event: Fact | UnknownEvent

    @property
    def system(self) -> str:
        """The system that the event comes from."""
        return self.source.split("/")[2]


class _Wire(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: str
    dataschema: str
    datacontenttype: str
    partitionkey: str
    sequence: str
    correlationid: str
    causationid: str = ""
    idempotencykey: str
    legalentity: str
    businessdate: date
    traceparent: str = ""
    replayed: str = ""
    data: msgspec.Raw


_ATTRIBUTES = frozenset(_Wire.__struct_fields__)
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Wire)
_attribute_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])


def wrap(
    event: Fact,
    *,
    id: str,  # noqa: A002 - the attribute's own name in CloudEvents
    at_us: int,
    sequence: int,
    txnid: str = "",
    system: str = "",
    causation: str = "",
    traceparent: str = "",
    replayed: bool = False,
    extensions: Mapping[str, str] | None = None,
) -> Envelope:
    """Put a fact into its envelope; the registry gives type, subject, partition and idempotency key.

    `txnid` and `system` are the fact's own and the type's first producer unless given. Raises EnvelopeError
    when an attribute breaks the rules of 4.1.
    """
    row = type_of(event)
    if txnid and txnid != event.txnid:
        raise EnvelopeError(f"{row.type}: txnid {txnid!r} differs from the payload's {event.txnid!r}")
    envelope = Envelope(
        id=id,
        source=f"/q2c/{system or row.producers[0]}/{event.legal_entity}",
        type=row.type,
        subject=row.subject_of(event),
        at_us=at_us,
        dataschema=row.dataschema,
        partitionkey=row.partition_key_of(event),
        sequence=sequence,
        correlationid=event.txnid,
        causationid=causation,
        idempotencykey=row.idempotency_key_of(event),
        legalentity=event.legal_entity,
        businessdate=event.business_date,
        traceparent=traceparent,
        replayed=replayed,
        extensions=extensions or {},
        event=event,
    )
    _check(envelope)
    return envelope


def replay(envelope: Envelope) -> Envelope:
    """Return the same event marked as replayed; id, time and keys stay, so consumers still deduplicate it."""
    return msgspec.structs.replace(envelope, replayed=True)


def encode(envelope: Envelope) -> bytes:
    """Write the envelope as structured-mode CloudEvents JSON; the same envelope gives the same bytes."""
    event = envelope.event
    body = event.body if isinstance(event, UnknownEvent) else _encoder.encode(event)
    wire = _Wire(
        specversion=SPECVERSION,
        id=envelope.id,
        source=envelope.source,
        type=envelope.type,
        subject=envelope.subject,
        time=rfc3339(envelope.at_us),
        dataschema=envelope.dataschema,
        datacontenttype=CONTENT_TYPE,
        partitionkey=envelope.partitionkey,
        sequence=f"{envelope.sequence:0{SEQUENCE_DIGITS}d}",
        correlationid=envelope.correlationid,
        causationid=envelope.causationid,
        idempotencykey=envelope.idempotencykey,
        legalentity=envelope.legalentity,
        businessdate=envelope.businessdate,
        traceparent=envelope.traceparent,
        replayed="true" if envelope.replayed else "",
        data=msgspec.Raw(body),
    )
    line = _encoder.encode(wire)
    if not envelope.extensions:
        return line
    more = _encoder.encode(dict(sorted(envelope.extensions.items())))
    return line[:-1] + b"," + more[1:]


def decode(line: bytes | str) -> Envelope:
    """Read structured-mode CloudEvents JSON; raise EnvelopeError when it breaks the contract."""
    try:
        wire = _decoder.decode(line)
        attributes = _attribute_decoder.decode(line)
        more = {name: str(msgspec.json.decode(attributes[name])) for name in attributes.keys() - _ATTRIBUTES}
    except msgspec.DecodeError as trouble:
        raise EnvelopeError(f"no CloudEvents envelope: {trouble}") from trouble
    envelope = Envelope(
        id=wire.id,
        source=wire.source,
        type=wire.type,
        subject=wire.subject,
        at_us=microseconds(wire.time),
        dataschema=wire.dataschema,
        partitionkey=wire.partitionkey,
        sequence=_sequence(wire.sequence),
        correlationid=wire.correlationid,
        causationid=wire.causationid,
        idempotencykey=wire.idempotencykey,
        legalentity=wire.legalentity,
        businessdate=wire.businessdate,
        traceparent=wire.traceparent,
        replayed=wire.replayed == "true",
        extensions=more,
        event=_event(wire),
    )
    _check_wire(wire)
    _check(envelope)
    return envelope


def rfc3339(at_us: int) -> str:
    """Write an instant in UTC as RFC 3339 with microseconds.

    >>> rfc3339(1_500_000)
    '1970-01-01T00:00:01.500000Z'
    """
    moment = _EPOCH + timedelta(microseconds=at_us)
    return moment.isoformat(timespec="microseconds")[:-6] + "Z"


def microseconds(time: str) -> int:
    """Read an RFC 3339 instant as microseconds since the Unix epoch; an offset is required."""
    try:
        moment = datetime.fromisoformat(time)
    except ValueError as trouble:
        raise EnvelopeError(f"time {time!r} is not RFC 3339, for example 2026-03-31T22:00:00Z") from trouble
    if moment.tzinfo is None:
        raise EnvelopeError(f"time {time!r} has no offset; RFC 3339 wants Z or +hh:mm")
    return (moment - _EPOCH) // _MICROSECOND


def _event(wire: _Wire) -> Fact | UnknownEvent:
    row = REGISTRY.get(wire.type)
    if row is None:
        return UnknownEvent(wire.type, bytes(wire.data))
    try:
        return _payload_decoder(row.type).decode(wire.data)
    except msgspec.DecodeError as trouble:
        raise EnvelopeError(f"{row.type}: the payload breaks its schema: {trouble}") from trouble


@cache
def _payload_decoder(event: str) -> "msgspec.json.Decoder[Fact]":
    row: EventType = REGISTRY[event]
    return msgspec.json.Decoder(row.payload)


def _sequence(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise EnvelopeError(f"sequence {text!r} is not a number in digits")
    return int(text)


def _check_wire(wire: _Wire) -> None:
    if wire.specversion != SPECVERSION:
        raise EnvelopeError(f"specversion {wire.specversion!r} is not {SPECVERSION!r}")
    if wire.datacontenttype != CONTENT_TYPE:
        raise EnvelopeError(f"datacontenttype {wire.datacontenttype!r} is not {CONTENT_TYPE!r}")
    if wire.replayed not in ("", "true", "false"):
        raise EnvelopeError(f"replayed {wire.replayed!r} is neither 'true' nor 'false'")


def _check(envelope: Envelope) -> None:
    if not envelope.id or not envelope.subject or not envelope.partitionkey:
        raise EnvelopeError(f"{envelope.type}: id, subject and partitionkey must not be empty")
    if not _TYPE.fullmatch(envelope.type):
        raise EnvelopeError(f"type {envelope.type!r} is not q2c.<object>.<past tense>.v<major>")
    if not _SOURCE.fullmatch(envelope.source):
        raise EnvelopeError(f"source {envelope.source!r} is not /q2c/<system>/<legal entity>")
    if envelope.sequence < 0 or envelope.sequence >= 10**SEQUENCE_DIGITS:
        raise EnvelopeError(f"sequence {envelope.sequence} is outside 0 to {10**SEQUENCE_DIGITS - 1}")
    if envelope.traceparent and not _TRACE.fullmatch(envelope.traceparent):
        raise EnvelopeError(f"traceparent {envelope.traceparent!r} is not a W3C trace context")
    if envelope.extensions:
        _check_names(envelope.extensions)


def _check_names(extensions: Mapping[str, str]) -> None:
    for name in extensions:
        if name in _ATTRIBUTES:
            raise EnvelopeError(f"extension {name!r} is an attribute of its own")
        if not _NAME.fullmatch(name):
            raise EnvelopeError(f"extension {name!r} must be 1 to {EXTENSION_CHARS_MAX} lower-case letters or digits")
