"""Secrets: values from the environment or from files, read again when the file is replaced."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

LOOK_AGAIN_SECONDS = 1.0


class Secret:
    """One or more valid values, the current one first: during a rotation the old and the new one count.

    A value is text, or a file with a value in each line that is looked at again at most once a second. A file that
    cannot be read leaves the values as they were: a rotation that is half done must not lock us out.
    """

    def __init__(self, text: str = "", file: Path | None = None, steady: Callable[[], float] = time.monotonic) -> None:
        self._text, self._file, self._steady = text, file, steady
        self._stamp: tuple[int, int, int] | None = None
        self._looked = 0.0
        self._values: tuple[str, ...] = tuple(filter(None, text.split("\n"))) if file is None else ()
        if file is not None:
            self._read(file)

    def __repr__(self) -> str:
        return f"Secret({'set' if self._values else 'empty'})"

    def __bool__(self) -> bool:
        return bool(self._values)

    def values(self) -> tuple[str, ...]:
        """Return all values that are valid now."""
        if self._file is not None and self._steady() - self._looked >= LOOK_AGAIN_SECONDS:
            self._read(self._file)
        return self._values

    def current(self) -> str:
        """Return the value to sign in with; empty when there is none."""
        values = self.values()
        return values[0] if values else ""

    def _read(self, file: Path) -> None:
        self._looked = self._steady()
        try:
            found = os.stat(file)
            stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
            if stamp != self._stamp:
                lines = file.read_text(encoding="utf-8").splitlines()
                self._values = tuple(line.strip() for line in lines if line.strip()) or self._values
                self._stamp = stamp
        except (OSError, UnicodeError):
            return
