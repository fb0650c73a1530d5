"""The desk: the admin door of the mocks, through which a load founds a company, runs the clock and looks at the world.

{"admin": "http://127.0.0.1:9100"}    where `q2c mocks up` says it is, in .q2c/mocks.json
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Final

import msgspec

from domain.acts import Act
from simulator.replay.asking import ask

PAGE: Final = 1000
_FOUNDING_SECONDS = 300.0
_PIECE = 200


class Unusable(Exception):
    """The mocks cannot be used for a load; the text says why and what to do."""


class Change(msgspec.Struct, frozen=True, gc=False):
    """A change of a document in a system of record, as the admin side shows it."""

    number: int
    at_us: int
    system: str
    kind: str
    id: str
    before: str
    status: str
    txn: str
    ref: str = ""


class Copy(msgspec.Struct, frozen=True, gc=False):
    """A copy of a message that was asked for: how its receiver answered, and after how long."""

    number: int
    topic: str
    status: int
    took_us: int
    genuine: bool
    manual: bool


class _Page(msgspec.Struct, frozen=True):
    changes: list[Change]
    last: int
    forgotten: int


class _Log(msgspec.Struct, frozen=True):
    attempts: list[Copy]


class _Reading(msgspec.Struct, frozen=True):
    now_us: int
    speed: float = 1.0
    frozen: bool = False


class Desk:
    """The admin door at an address."""

    _empty: ClassVar[dict[str, str]] = {}
    """The empty world at each address as it was first seen: the clock of a world goes back in no other way."""

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        self._last = 0
        self.missed = 0
        """Changes that were forgotten before they were looked at."""

    def clock(self) -> _Reading:
        """Return what time it is in the world, and whether its clock stands; raise Unusable when nobody answers."""
        found: _Reading = self._get("/clock", _Reading)
        return found

    def found(self, start_us: int, acts: Sequence[Act]) -> None:
        """Empty the world, move its clock to the start when that is still to come, and found the company, all standing.

        Raise Unusable when the world is later than the start already: time goes forward only.
        """
        self._do("POST", "/reset", {})
        reading = self.clock()
        if not reading.frozen:
            self._do("POST", "/clock", {"freeze": True})
        if self.clock().now_us <= start_us:
            self._empty.setdefault(self.address, self._do("GET", "/snapshot"))
        elif self.address in self._empty:
            self._do("POST", "/restore", self._empty[self.address])
        else:
            raise Unusable(
                f"the mocks at {self.address} are later than the load begins, and time goes forward only: "
                "start them anew (q2c mocks up), or let q2c load start its own"
            )
        self._do("POST", "/clock", {"advance_to_us": start_us})
        said = [{"system": a.system, "action": a.action, "arguments": a.arguments, "txn": a.txn} for a in acts]
        for start in range(0, len(said), _PIECE):
            self._do("POST", "/acts", said[start : start + _PIECE])

    def run(self, speed: float) -> None:
        """Let the world's clock run so many times as fast as the wall's."""
        self._do("POST", "/clock", {"speed": speed})

    def catch_up(self) -> None:
        """Begin to look from here on: what was changed before is not news."""
        self._last = self._get("/changes?limit=0", _Page).last

    def news(self) -> list[Change]:
        """Return the changes since the last time, in order, page by page."""
        found: list[Change] = []
        while True:
            page: _Page = self._get(f"/changes?after={self._last}&limit={PAGE}", _Page)
            self.missed += page.forgotten
            found += page.changes
            if not page.changes:
                return found
            self._last = page.changes[-1].number
            if self._last >= page.last:
                return found

    def deliveries(self) -> list[Copy]:
        """Return the last attempts to deliver messages, the newest first."""
        found: _Log = self._get("/deliveries", _Log)
        return found.attempts

    def _get(self, path: str, kind: Any) -> Any:
        return msgspec.json.decode(self._do("GET", path), type=kind)

    def _do(self, method: str, path: str, body: Any = None) -> str:
        content = body.encode() if isinstance(body, str) else b"" if body is None else msgspec.json.encode(body)
        answer = ask(method, self.address + path, content, timeout_seconds=_FOUNDING_SECONDS, bytes_max=None)
        if not answer.is_good:
            raise Unusable(f"{method} {self.address}{path}: {answer.problem} {answer.body[:300]}".strip())
        return answer.body


def address_in(workspace: Path) -> str:
    """Return the admin address of the mocks that run in a workspace; raise Unusable when there are none."""
    try:
        plain = msgspec.json.decode((workspace / "mocks.json").read_bytes())
        return str(plain["addresses"]["admin"])
    except (OSError, msgspec.MsgspecError, KeyError, TypeError) as wrong:
        raise Unusable(
            f"no mocks run in {workspace}: start them with `q2c mocks up`, or name their admin address (--mocks)"
        ) from wrong
