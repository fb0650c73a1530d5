"""Where the inputs of a world are kept: in memory, or in a file that survives the process."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import weakref
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Protocol

Then = Callable[[], None]
_LINES_IN_MEMORY = 256
_TABLE = "CREATE TABLE IF NOT EXISTS batch (number INTEGER PRIMARY KEY, lines BLOB NOT NULL) STRICT"


class State(Protocol):
    """Keeps lines in order."""

    def add(self, line: bytes) -> None:
        """Keep one more line."""
        ...

    def then(self, action: Then) -> None:
        """Do something as soon as all that was added before is safe."""
        ...

    def lines(self) -> Iterator[bytes]:
        """Iterate over all lines."""
        ...

    def replace(self, lines: Iterable[bytes]) -> None:
        """Forget all lines and keep these."""
        ...

    def close(self) -> None:
        """Make everything safe and let go of the file."""
        ...


class MemoryState:
    """Lines that are gone with the process, and safe as soon as they are added: no reply waits for them.

    The last ones are in memory, the others in a temporary file without a name: a world that serves for hours gets
    some twenty requests for each order.
    """

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._file: IO[bytes] | None = None
        self._blocks: list[tuple[int, int]] = []  # where they begin in the file, and their lengths

    def add(self, line: bytes) -> None:
        """Keep one more line."""
        self._lines.append(line)
        if len(self._lines) >= _LINES_IN_MEMORY:
            self._spill()

    def _spill(self) -> None:
        if self._file is None:
            self._file = TemporaryFile()  # noqa: SIM115
            weakref.finalize(self, self._file.close)
        block = b"\n".join(self._lines)
        self._blocks.append((self._file.seek(0, os.SEEK_END), self._file.write(block)))
        self._lines.clear()

    def then(self, action: Then) -> None:
        """Do it now."""
        action()

    def lines(self) -> Iterator[bytes]:
        """Iterate over all lines."""
        for begin, length in self._blocks:
            assert self._file is not None
            self._file.seek(begin)
            yield from self._file.read(length).split(b"\n")
        yield from self._lines

    def replace(self, lines: Iterable[bytes]) -> None:
        """Forget all lines and keep these."""
        kept = list(lines)
        self._lines.clear()
        self._blocks.clear()
        if self._file is not None:
            self._file.truncate(0)
        for line in kept:
            self.add(line)

    def close(self) -> None:
        """There is nothing to let go of."""


class FileState:
    """Lines in an SQLite file. All that comes within one turn of the event loop is one transaction (group commit).

    Committed means handed to the operating system (WAL, synchronous=NORMAL): it survives the death of the process; a
    power cut may take the last moments, never the file.
    """

    def __init__(self, file: Path, patience_seconds: float = 1.0) -> None:
        # One thread at a time uses it: whoever makes the world, then the thread that serves it.
        self._connection = sqlite3.connect(
            file, timeout=patience_seconds, isolation_level=None, check_same_thread=False
        )
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "locking_mode=EXCLUSIVE"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute(_TABLE)
        self._batch: list[bytes] = []
        self._then: list[Then] = []
        self.batches = 0  # transactions so far

    def add(self, line: bytes) -> None:
        """Keep one more line; it is committed at the end of this turn of the event loop."""
        self._batch.append(line)
        if len(self._batch) == 1:
            _soon(self.commit)

    def then(self, action: Then) -> None:
        """Do something after the commit of all that was added before; now, if nothing waits for one."""
        if self._batch:
            self._then.append(action)
        else:
            action()

    def commit(self) -> None:
        """Commit what was added; then do what waited for it."""
        if self._batch:
            lines = b"\n".join(self._batch)
            self._batch.clear()
            self._connection.execute("INSERT INTO batch (lines) VALUES (?)", (lines,))
            self.batches += 1
        actions, self._then = self._then, []
        for action in actions:
            action()

    def lines(self) -> Iterator[bytes]:
        """Iterate over all lines."""
        self.commit()
        for (lines,) in self._connection.execute("SELECT lines FROM batch ORDER BY number"):
            yield from lines.split(b"\n")

    def replace(self, lines: Iterable[bytes]) -> None:
        """Forget all lines and keep these, in one transaction."""
        kept = list(lines)
        self._batch.clear()
        self._connection.execute("BEGIN")
        self._connection.execute("DELETE FROM batch")
        self._connection.executemany("INSERT INTO batch (lines) VALUES (?)", ((line,) for line in kept))
        self._connection.execute("COMMIT")
        self.commit()

    def close(self) -> None:
        """Commit and let go of the file."""
        self.commit()
        self._connection.close()


def _soon(action: Then) -> None:
    try:
        asyncio.get_running_loop().call_soon(action)
    except RuntimeError:  # nobody serves: there is no turn to wait for the end of
        action()
