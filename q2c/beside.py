"""Beside: a second process does something meanwhile, where there is one to spare; else it is done when it is asked for.

The process is a fork: it sees everything that is there at that moment, and nothing that is done to it is seen here.
Only a process without other threads is forked (a lock that one of them holds would never open again), only on Linux,
and only when a second processor and the memory for it are free.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, NoReturn, TypeVar

import psutil

T = TypeVar("T")
_TASKS = Path("/proc/self/task")


class Beside(Generic[T]):
    """A piece of work whose result somebody will ask for; `cpu_seconds` is what it took, wherever it was done."""

    def __init__(self, work: Callable[[], T], may_fork: bool = True) -> None:
        self._work = work
        self._found: list[T] = []
        self._child, self._pipe = _forked(work) if may_fork and can_fork() else (0, -1)
        self.cpu_seconds = 0.0

    @property
    def is_forked(self) -> bool:
        """Tell whether another process has it at hand."""
        return bool(self._child)

    def result(self) -> T:
        """Return what came of the work, once it is done; raise what it raises.

        What another process could not do is done again here, so that whoever asks learns why.
        """
        if not self._found and self._child:
            self._take()
        if not self._found:
            started = time.process_time()
            self._found.append(self._work())
            self.cpu_seconds = time.process_time() - started
        return self._found[0]

    def _take(self) -> None:
        """Wait for the other process; nothing is found when it failed."""
        with os.fdopen(self._pipe, "rb") as pipe:
            body = pipe.read()
        _, status = os.waitpid(self._child, 0)
        self._child = 0
        if status == 0:
            found, self.cpu_seconds = pickle.loads(body)
            self._found.append(found)


def can_fork() -> bool:
    """Tell whether a second process would help, and is safe."""
    if not sys.platform.startswith("linux") or len(os.sched_getaffinity(0)) < 2:
        return False
    if not _TASKS.is_dir() or len(list(_TASKS.iterdir())) > 1:
        return False
    return bool(psutil.virtual_memory().available > psutil.Process().memory_info().rss)


def _forked(work: Callable[[], T]) -> tuple[int, int]:
    """Start the work in another process; return its id and where its result will be read."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    os.close(reading)
    _do(work, writing)


def _do(work: Callable[[], T], writing: int) -> NoReturn:
    """Do the work and leave, whatever happens: nothing of the parent's is to be ended twice."""
    status = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # who stops a run stops the parent; what is being written stays
        gc.disable()
        started = time.process_time()
        found = work()
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(pickle.dumps((found, time.process_time() - started)))
        status = 0
    finally:
        os._exit(status)
