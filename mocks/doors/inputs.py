"""All that can happen to a live world, as values: played again in order, they make the same world again.

A world is a pure function of its settings and of these inputs with their instants. So a snapshot is a list of inputs,
one JSON line each, and so is the durable state: exact, readable, and free of anything that would have to be unpickled.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from domain.acts import Act
from domain.faults import Fault
from domain.http import Request
from mocks.doors.clock import Reading
from mocks.kernel.limits import LimitPolicy

FORMAT = 1
_CARRIER = frozenset(
    {
        "accept-encoding", "connection", "content-length", "user-agent", "x-stripe-client-telemetry",
        "x-stripe-client-user-agent",
    }
)  # fmt: skip
"""Headers of the carrier, which no service looks at: they are not kept."""


class Begun(msgspec.Struct, frozen=True, kw_only=True, tag="begun", tag_field="is"):
    """The world began with these settings; `switches` are the quirks of its systems that somebody set."""

    seed: int
    faults: tuple[Fault, ...] = ()
    limits: dict[str, LimitPolicy] = {}
    switches: dict[str, dict[str, Any]] = {}
    drifts: tuple[str, ...] = ()
    format: int = FORMAT


class Asked(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, tag="asked", tag_field="is"):
    """A client asked, and got this status. A body that is not UTF-8 text stands in `octets`.

    A `late` request is one whose caller had given up when it was performed.
    """

    at_us: int
    system: str
    method: str
    target: str
    headers: Mapping[str, str]
    status: int
    text: str = ""
    octets: bytes = b""
    late: bool = False

    def request(self) -> Request:
        """Return the request as it came, but for headers of the carrier."""
        return Request(self.system, self.method, self.target, self.headers, self.octets or self.text.encode())


class Performed(msgspec.Struct, frozen=True, gc=False, tag="act", tag_field="is"):
    """A person or the outside world acted."""

    act: Act


class Ticked(msgspec.Struct, frozen=True, gc=False, tag="tick", tag_field="is"):
    """A system did by itself what was due by then."""

    at_us: int
    system: str


class Settled(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, tag="settled", tag_field="is"):
    """An arrival was carried to its receiver, which answered with a status (0: not at all, or nobody was asked)."""

    at_us: int
    arrival: int
    status: int
    url: str = ""
    body: bytes = b""
    note: str = ""
    took_us: int = 0


class Redelivered(msgspec.Struct, frozen=True, gc=False, tag="redelivered", tag_field="is"):
    """A person asked for a delivery to be made again."""

    at_us: int
    attempt: int


class Planned(msgspec.Struct, frozen=True, tag="faults", tag_field="is"):
    """The plan of faults was replaced."""

    at_us: int
    faults: tuple[Fault, ...]


class Limited(msgspec.Struct, frozen=True, gc=False, tag="limits", tag_field="is"):
    """What a system tolerates was changed."""

    at_us: int
    system: str
    policy: LimitPolicy


class Drifted(msgspec.Struct, frozen=True, gc=False, tag="drifts", tag_field="is"):
    """These drifts, and no others, were on from then."""

    at_us: int
    names: tuple[str, ...]


class Clocked(msgspec.Struct, frozen=True, gc=False, tag="clock", tag_field="is"):
    """The clock was moved, stopped or started."""

    reading: Reading


Input = Begun | Asked | Performed | Ticked | Settled | Redelivered | Planned | Limited | Drifted | Clocked
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Input).decode


def asked(at_us: int, request: Request, status: int) -> Asked:
    """Return a request as an input."""
    headers = {name: value for name, value in request.headers.items() if name not in _CARRIER}
    try:
        text, octets = request.body.decode(), b""
    except UnicodeDecodeError:
        text, octets = "", request.body
    return Asked(at_us, request.host, request.method, request.target, headers, status, text, octets)


def encode(happened: Input) -> bytes:
    """Return an input as one JSON line, without the line's end."""
    return _encode(happened)


def decode(line: bytes) -> Input:
    """Return the input of a line; raise ValueError when it is none."""
    try:
        happened: Input = _decode(line)
    except msgspec.MsgspecError as wrong:
        raise ValueError(f"not a line of a world's state: {wrong}") from wrong
    return happened


def instant_us(happened: Input) -> int:
    """Return the instant of an input; 0 for the beginning, which has none."""
    match happened:
        case Performed():
            return happened.act.at_us
        case Clocked():
            return happened.reading.now_us
        case Begun():
            return 0
        case _:
            return happened.at_us
