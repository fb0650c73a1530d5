"""What has no place in virtual time, refused where it is done, with file and line and what to do instead.

Each guard is put in place of a function of the standard library while a run is played, and asks first whether the
caller runs on a virtual loop: everybody else gets the real function.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import sysconfig
import threading
import time
from asyncio import events
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any
from unittest.mock import patch

_HOME = str(Path(__file__).parent)
_NOT_THEIRS = tuple({*(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")), _HOME})


class Refused(RuntimeError):
    """A program did what cannot be done in virtual time; the text says where, what, and what to do instead."""


_SOCKET = "opens a socket: nothing leaves the process in virtual time. Call the systems by httpx.AsyncClient"
_PROGRAM = "starts another program, which has a time of its own: hand in what it would answer"
_THREAD = (
    "starts a thread, which no virtual clock can order: make it a task (asyncio.create_task), or call the function "
    "directly, since in virtual time it takes none"
)
_SLEEP = "sleeps by time.sleep, which stops the event loop here and in production: write `await asyncio.sleep(...)`"
_GUARDED: tuple[tuple[Any, str, str], ...] = (
    (time, "sleep", _SLEEP),
    (socket.socket, "connect", _SOCKET),
    (socket.socket, "connect_ex", _SOCKET),
    (socket.socket, "bind", _SOCKET),
    (socket, "create_connection", _SOCKET),
    (socket, "getaddrinfo", _SOCKET),
    (threading.Thread, "start", _THREAD),
    (subprocess.Popen, "__init__", _PROGRAM),
    (os, "system", _PROGRAM),
    (os, "fork", _PROGRAM),
)
"""Whose function, its name, and what is wrong with calling it."""


def place_of() -> str:
    """Return file and line of whoever called: of the program itself where it can be told from the libraries it uses."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_HOME):
        frame = frame.f_back
    nearest = frame
    while frame is not None and (
        frame.f_code.co_filename.startswith(_NOT_THEIRS) or frame.f_code.co_filename[0] == "<"
    ):
        frame = frame.f_back
    found = frame or nearest
    return f"{found.f_code.co_filename}:{found.f_lineno}" if found is not None else "somebody"


@contextmanager
def guarded() -> Iterator[None]:
    """Refuse what cannot be done in virtual time to whoever runs on a virtual loop, until the block ends."""
    with ExitStack() as stack:
        for owner, name, wrong in _GUARDED:
            if hasattr(owner, name):
                stack.enter_context(patch.object(owner, name, guard(getattr(owner, name), wrong)))
        yield


def guard(real: Callable[..., Any], wrong: str) -> Callable[..., Any]:
    """Return a function that refuses with a sentence on a virtual loop, and is the real one everywhere else."""

    def called(*args: Any, **named: Any) -> Any:
        refuse = getattr(events._get_running_loop(), "refuse", None)
        if refuse is None:
            return real(*args, **named)
        return refuse(f"{place_of()} {wrong}")

    return called
