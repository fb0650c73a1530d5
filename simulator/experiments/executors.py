"""Executors: where replications are computed. All keep one promise: each task once, its result with it, in any order.

A replication is a pure function of (model, seed), so it does not matter who computes it, when, or how often: threads
for the compiled kernel (it lets go of the interpreter), spawned processes for Python, a Dask cluster for many machines.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures
from contextlib import suppress
from itertools import islice
from multiprocessing import get_context
from typing import Any, Protocol

import msgspec

Replicate = Callable[[bytes, int], bytes]
"""(encoded model, seed) -> what is kept of the replication, encoded. Importable by name, so that it can travel."""
_IN_FLIGHT = 4
CONNECT_SECONDS = 15


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One replication to compute: the model's digest, the model encoded, and the seed."""

    digest: str
    model: bytes
    seed: int


Done = tuple[Task, bytes]
"""A task and what came of it."""


class Executor(Protocol):
    """Computes tasks; `name` says how, in words."""

    @property
    def name(self) -> str: ...

    def run(self, replicate: Replicate, tasks: Iterable[Task]) -> Iterator[Done]:
        """Yield every task with its result, as they are done; tasks are taken as there is room for them."""
        ...

    def close(self) -> None:
        """Let go of what computes."""
        ...


class Serial:
    """One after another, here."""

    name = "one after another"

    def run(self, replicate: Replicate, tasks: Iterable[Task]) -> Iterator[Done]:
        """Yield every task with its result, in order."""
        for task in tasks:
            yield task, replicate(task.model, task.seed)

    def close(self) -> None:
        """Do nothing."""


class Pool:
    """Workers of this machine: threads, or spawned processes (which import everything anew and share nothing)."""

    def __init__(self, pool: futures.Executor, workers: int, name: str) -> None:
        self._pool, self._room, self.name = pool, workers * _IN_FLIGHT, name

    def run(self, replicate: Replicate, tasks: Iterable[Task]) -> Iterator[Done]:
        """Yield every task with its result, as they are done."""
        waiting = iter(tasks)
        flying: dict[futures.Future[bytes], Task] = {}
        try:
            while True:
                for task in islice(waiting, self._room - len(flying)):
                    flying[self._pool.submit(replicate, task.model, task.seed)] = task
                if not flying:
                    return
                done, _ = futures.wait(flying, return_when=futures.FIRST_COMPLETED)
                for each in done:
                    yield flying.pop(each), each.result()
        finally:
            for each in flying:
                each.cancel()

    def close(self) -> None:
        """Drop what has not begun, wait for what has."""
        self._pool.shutdown(wait=True, cancel_futures=True)


class Cluster:
    """A Dask cluster: the scheduler's workers compute, and compute again what a lost worker had."""

    def __init__(self, address: str | None, workers: int = 2) -> None:
        from distributed import Client, LocalCluster

        self._local: Any = None
        if address is None:
            self._local = LocalCluster(  # type: ignore[no-untyped-call]
                n_workers=workers, threads_per_worker=1, processes=False, dashboard_address=None
            )
        try:
            self._client: Any = Client(self._local or address, timeout=CONNECT_SECONDS)  # type: ignore[no-untyped-call]
        except OSError as error:
            raise ValueError(
                f"no Dask scheduler answers at {address} ({type(error).__name__}); start one with `dask scheduler`, "
                "or leave --cluster out to compute here"
            ) from None
        self.workers = len(self._client.scheduler_info(n_workers=-1)["workers"])
        self.name = f"Dask cluster of {self.workers} workers"

    def run(self, replicate: Replicate, tasks: Iterable[Task]) -> Iterator[Done]:
        """Yield every task with its result, as they are done."""
        from distributed import as_completed

        waiting = iter(tasks)
        flying: dict[str, tuple[Any, Task]] = {}
        arriving: Any = as_completed()  # type: ignore[no-untyped-call]
        room = _IN_FLIGHT * max(1, self.workers)
        try:
            while True:
                for task in islice(waiting, room - len(flying)):
                    future = self._client.submit(replicate, task.model, task.seed, pure=False)
                    flying[future.key] = (future, task)
                    arriving.add(future)
                if not flying:
                    return
                future = next(arriving)
                _, task = flying.pop(future.key)
                yield task, future.result()
        finally:
            for future, _ in flying.values():
                future.cancel()

    def close(self) -> None:
        """Leave the cluster; end it only if it was our own."""
        self._client.close()
        if self._local is not None:
            self._local.close()


def threads(workers: int) -> Executor:
    """Return threads: for work that lets go of the interpreter."""
    return Pool(futures.ThreadPoolExecutor(workers), workers, f"{workers} threads")


def processes(workers: int) -> Executor:
    """Return spawned processes: for Python."""
    pool = futures.ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_ignore_interrupts)
    return Pool(pool, workers, f"{workers} processes")


def local(compiled: bool, workers: int | None = None) -> Executor:
    """Return what suits this machine: threads for the compiled kernel, processes for Python, neither for one worker."""
    chosen = processors() if workers is None else workers
    if chosen == 1:
        return Serial()
    return threads(chosen) if compiled else processes(chosen)


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _ignore_interrupts() -> None:
    """Leave Ctrl-C to the parent, which lets running replications end and keeps them."""
    with suppress(ValueError):  # not in the main thread
        signal.signal(signal.SIGINT, signal.SIG_IGN)
