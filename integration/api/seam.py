"""What the interface asks of the node it stands in front of; `integration.service.node.Node` provides it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from domain.acts import Act
from domain.history import Record
from integration.effects import Start
from integration.journal.protocol import FlowRow
from integration.journal.reading import Reader
from integration.settings import Settings


class SeenPeer(Protocol):
    """How a system of record is doing."""

    @property
    def system(self) -> str: ...

    @property
    def state(self) -> str: ...

    @property
    def since_us(self) -> int: ...

    @property
    def in_flight(self) -> int: ...

    @property
    def waiting(self) -> int: ...

    @property
    def trouble(self) -> str: ...


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
