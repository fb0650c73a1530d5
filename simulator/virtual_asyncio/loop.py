"""An event loop on the virtual clock: asyncio's own tasks, futures and timers, with nothing to wait for but the clock.

It has no selector and no thread. What is ready runs in one turn at one virtual instant, in the order in which it became
ready; a timer is an appointment with the clock. So a program's timeouts, sleeps, queues and task groups are the real
ones, and take no time.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import sys
import threading
from asyncio import events
from collections import deque
from collections.abc import Callable
from contextvars import Context
from typing import Any, NoReturn
from weakref import WeakSet

from integration.drivers.virtual_time import VirtualTime
from simulator.virtual_asyncio.refusals import Refused, place_of

CALLBACKS_AT_ONE_INSTANT_MAX = 100_000
"""A program that does more than this without letting time pass waits for something by asking again and again."""


class NumberedTask(asyncio.Task[Any]):
    """A task whose place in a set is its number: `asyncio.wait` and task groups meet tasks in the same order each time.

    A plain task hashes by its address in memory, which differs from process to process.
    """

    def __init__(self, coro: Any, *, loop: VirtualLoop, **more: Any) -> None:
        loop.tasks_made += 1
        self.number = loop.tasks_made
        super().__init__(coro, loop=loop, **more)

    def __hash__(self) -> int:
        return self.number


class VirtualLoop(asyncio.BaseEventLoop):
    """The loop of one life of a program. `around(turn)` runs each turn; it is where the program's surroundings begin.

    `time()` counts seconds since `origin_us`, as a machine's monotonic clock counts them since it was switched on.
    """

    _ready: deque[asyncio.Handle]
    _thread_id: int | None
    _asyncgens: WeakSet[Any]
    _asyncgen_firstiter_hook: Any
    _asyncgen_finalizer_hook: Any

    def __init__(
        self, time: VirtualTime, origin_us: int, around: Callable[[Callable[[], None]], None] = lambda turn: turn()
    ) -> None:
        self.tasks_made = 0
        super().__init__()
        self._virtual, self._origin_us, self._around = time, origin_us, around
        self._is_planned = self._is_dead = False
        self._instant_us = self._callbacks = 0
        self._kept: list[NumberedTask] = []
        self.refusal: Refused | None = None
        self.set_task_factory(_numbered)

    def time(self) -> float:
        """Return the virtual seconds since the origin."""
        return (self._virtual.now_us - self._origin_us) / 1e6

    # --- what is ready, and when ------------------------------------------------------------------------------------

    def _call_soon(self, callback: Any, args: Any, context: Context | None) -> asyncio.Handle:
        handle: asyncio.Handle = super()._call_soon(callback, args, context)  # type: ignore[misc]
        self._awake()
        return handle

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Plan a callback for an instant of this loop's clock; never earlier, to the microsecond."""
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        if not math.isinf(when):
            due_us = self._origin_us + math.ceil(round(when * 1e6, 3))
            self._virtual.call_at(max(due_us, self._virtual.now_us), self._due, handle)
        return handle

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Plan a callback so many virtual seconds from now."""
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def _due(self, handle: asyncio.TimerHandle) -> None:
        if not (handle.cancelled() or self._is_dead):
            self._ready.append(handle)
            self._awake()

    def _awake(self) -> None:
        if not (self._is_planned or self._is_dead):
            self._is_planned = True
            self._virtual.call_at(self._virtual.now_us, self._begin_turn)

    def _begin_turn(self) -> None:
        if not self._is_dead:
            self._around(self._turn)

    def _turn(self) -> None:
        """Run all that is ready, and what becomes ready meanwhile, at this one instant."""
        ready, before = self._ready, events._get_running_loop()
        hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(self._asyncgen_firstiter_hook, self._asyncgen_finalizer_hook)
        self._thread_id = threading.get_ident()
        events._set_running_loop(self)
        try:
            while ready and not self._is_dead:
                handle = ready.popleft()
                if not handle.cancelled():
                    self._count(handle)
                    handle._run()
                    if self.refusal is not None:
                        raise self.refusal
        finally:
            self._is_planned = False
            self._thread_id = None
            events._set_running_loop(before)
            sys.set_asyncgen_hooks(*hooks)

    def _count(self, handle: asyncio.Handle) -> None:
        if self._instant_us != self._virtual.now_us:
            self._instant_us, self._callbacks = self._virtual.now_us, 0
        self._callbacks += 1
        if self._callbacks > CALLBACKS_AT_ONE_INSTANT_MAX:
            self.refuse(
                f"{_busy_with(handle)} keeps the loop busy and lets no time pass ({self._callbacks - 1} callbacks "
                "at one instant): wait for an event, or sleep longer than 0 between two looks"
            )

    # --- the end of a life ------------------------------------------------------------------------------------------

    def die(self) -> None:
        """End the program as a power failure does: no task goes on, no `finally` runs, nobody is told."""
        self._is_dead = True
        self._kept = [task for task in asyncio.all_tasks(self) if isinstance(task, NumberedTask)]
        self._kept.sort(key=lambda task: task.number)
        self._ready.clear()

    def bury(self) -> None:
        """Let go of what died, once nobody looks any more; whatever its `finally` blocks do now reaches nothing."""
        for task in self._kept:
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            coroutine = task.get_coro()
            with contextlib.suppress(BaseException):
                if coroutine is not None:
                    coroutine.close()
        self._kept.clear()
        self._asyncgens.clear()
        self.close()

    # --- what has no place in virtual time --------------------------------------------------------------------------

    def refuse(self, sentence: str) -> NoReturn:
        """Raise Refused, and end the run with it even if the program catches it."""
        self.refusal = self.refusal or Refused(sentence)
        raise self.refusal

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> NoReturn:  # type: ignore[override]
        """Refuse: a thread has a time of its own."""
        self.refuse(
            f"{place_of()} runs {getattr(func, '__qualname__', func)} in a thread, which no virtual clock can order: "
            "call it directly (in virtual time it takes none), or await something that has an asyncio interface"
        )

    def _sockets(self, *_: Any, **__: Any) -> NoReturn:
        self.refuse(
            f"{place_of()} opens a connection or a socket of its own: in virtual time nothing leaves the process. Call "
            "the systems by httpx.AsyncClient; take messages in as an ASGI application"
        )

    create_connection = create_server = create_datagram_endpoint = create_unix_connection = _sockets
    create_unix_server = getaddrinfo = getnameinfo = _sockets
    add_reader = add_writer = _sockets  # type: ignore[assignment]
    sock_connect = sock_recv = sock_sendall = sock_accept = connect_accepted_socket = _sockets

    def _programs(self, *_: Any, **__: Any) -> NoReturn:
        self.refuse(f"{place_of()} starts another program, which has a time of its own: hand in what it would answer")

    subprocess_exec = subprocess_shell = connect_read_pipe = connect_write_pipe = _programs

    def add_signal_handler(self, sig: int, callback: Callable[..., Any], *args: Any) -> None:  # type: ignore[override]
        """Take note of nothing: no signal comes in virtual time, a process dies without being told."""

    def remove_signal_handler(self, sig: int) -> bool:
        """Say that there was none."""
        return False

    def _write_to_self(self) -> None:
        """Wake nobody: there is only one thread."""


def _numbered(loop: Any, coro: Any, **more: Any) -> NumberedTask:
    return NumberedTask(coro, loop=loop, **more)


def _busy_with(handle: asyncio.Handle) -> str:
    """Return what a callback belongs to: the task and its place in the program."""
    task = getattr(handle._callback, "__self__", None)  # type: ignore[attr-defined]
    if isinstance(task, asyncio.Task):
        stack = task.get_stack(limit=1)
        if stack:
            return f"{stack[0].f_code.co_filename}:{stack[0].f_lineno} ({task.get_name()})"
    return repr(handle)
