"""The host of an engine: what a driver gives it, in virtual or in real time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from domain.history import Record
from domain.http import Reply, Request
from integration.effects import Call
from integration.journal.protocol import Crash, Fenced
from integration.outcomes import Failed, Unknown


class Host(Protocol):
    """What an engine needs of the driver: clock, timers, wire, a place for history records, and an undertaker.

    `call_at` and `send` call back later, never at once.
    """

    def now_us(self) -> int: ...

    def call_at(self, at_us: int, action: Callable[..., Any], *arguments: Any) -> None: ...

    def send(self, request: Request, call: Call, done: Callable[[Reply | Failed | Unknown], Any]) -> None: ...

    def record(self, record: Record) -> None: ...

    def died(self, end: Crash | Fenced) -> None: ...
