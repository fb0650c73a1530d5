"""The HTTP message as a value: what integration and mocks exchange, whatever carries it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Request(msgspec.Struct, frozen=True, gc=False):
    """A request as it stands on the wire.

    `target` is the raw path with its query, undecoded; header names are lower case; `host` is the service's name
    (`crm`, `erp`, ...) in a rehearsal and the authority in a replay.
    """

    host: str
    method: str
    target: str
    headers: Mapping[str, str] = NO_HEADERS
    body: bytes = b""


class Reply(msgspec.Struct, frozen=True, gc=False):
    """A reply as it stands on the wire; header names are lower case."""

    status: int
    headers: Mapping[str, str] = NO_HEADERS
    body: bytes = b""


class Lost(msgspec.Struct, frozen=True, gc=False):
    """No reply came. `sent` tells whether the request may have been executed: if so, its outcome is unknown."""

    reason: str
    sent: bool
