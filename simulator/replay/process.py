"""The integration's process, when the harness starts it: a group of its own, ended whole, its words kept in a file."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import IO

_GRACE_SECONDS = 10.0
_LINES_SHOWN = 3


class TargetProcess:
    """One command that can be started, killed as a power failure does, started again, and ended."""

    def __init__(self, command: tuple[str, ...], folder: Path, environment: Mapping[str, str], log: Path) -> None:
        self._command, self._folder, self._environment, self._log = command, folder, environment, log
        self._process: subprocess.Popen[bytes] | None = None
        self._is_over = True

    def start(self) -> None:
        """Start it; raise OSError when the program cannot be run."""
        with self._log.open("ab") as log:
            self._process = self._popen(log)
        self._is_over = False

    def _popen(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._command, cwd=self._folder, env={**os.environ, **self._environment}, stdin=subprocess.DEVNULL,
            stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip

    def problem(self) -> str:
        """Return why it is not running, with its last words; empty while it runs."""
        if self._process is None or self._process.poll() is None:
            return ""
        words = self._log.read_text("utf-8", "replace").strip().splitlines()[-_LINES_SHOWN:]
        said = f"; it said: {' / '.join(words)}" if words else ""
        return f"{self._command[0]} ended with status {self._process.returncode}{said} (see {self._log})"

    def kill(self) -> None:
        """End it at once, with all its children, as a power failure does."""
        self._signal(signal.SIGKILL)
        self._wait()
        self._is_over = True  # its number may be somebody else's from now on

    def stand_still(self, *, still: bool) -> None:
        """Stop it and all its children where they are, or let them go on."""
        self._signal(signal.SIGSTOP if still else signal.SIGCONT)

    def end(self) -> None:
        """Ask it to end, and insist after a while."""
        try:
            self._signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._wait(_GRACE_SECONDS)
        finally:  # also when a person is not patient
            self.kill()

    def _signal(self, number: int) -> None:
        if self._process is not None and not self._is_over:  # its children may outlive it, in the same group
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def _wait(self, seconds: float | None = None) -> None:
        if self._process is not None:
            self._process.wait(seconds)
