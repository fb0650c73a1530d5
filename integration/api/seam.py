"""What the interface asks of the node it stands in front of; `integration.service.node.Node` provides it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from domain.acts import Act
from domain.history import Record
from integration.effects import Start
from integration.journal.protocol import FlowRow
from integration.journal.reading import Reader
from integration.lanes import Standing
from integration.settings import Settings


class SeenPeer(Protocol):
    """A system of record, and how it is doing."""

    @property
    def standing(self) -> Standing: ...


class Service(Protocol):
    """A running integration."""

    settings: Settings
    observers: list[Callable[[Record], None]]

    @property
    def reader(self) -> Reader: ...

    def now_us(self) -> int: ...

    async def run(self, start: Start, timeout_seconds: float) -> FlowRow: ...

    async def act(self, act: Act) -> None: ...

    def peers(self) -> Sequence[SeenPeer]: ...

    def readiness(self) -> list[str]: ...
