"""A transaction in the making: what will be written together, and what memory and history learn once it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from domain.history import Record
from integration.journal.protocol import Write


class Transaction(msgspec.Struct, gc=False):
    """A write; `records` go to the history and `after` to memory (a function, its argument), once it is durable."""

    write: Write = msgspec.field(default_factory=Write)
    records: list[Record] = []
    after: list[tuple[Callable[[Any], None], Any]] = []
