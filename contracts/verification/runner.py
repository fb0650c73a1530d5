"""The runner: suites side by side, their tallies in the order in which they were given.

Suites that wait (for servers, for callers) share threads; those that compute for long get processes of their own, which
assemble them anew from the configuration: a suite is made of values, but not all of it can be sent. What a tally says
of files it says from the root of the project, so that baselines and code hosts know them on every machine.
"""

from __future__ import annotations

import logging
import multiprocessing
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.queues import SimpleQueue
from pathlib import Path

import msgspec

from contracts.findings import Suite, Tally
from contracts.verification import assembly
from contracts.verification.configuration import Configuration

Told = Callable[[str, int, int], None]
"""Told of a suite's progress: its name, how many things are done, of how many (0: not known)."""
_Said = SimpleQueue[tuple[str, int, int] | None]


def run(suites: Sequence[Suite], told: Told, at_once: int = 2) -> tuple[Tally, ...]:
    """Run suites and return their tallies; one that fails of a mistake of ours says so and does not end the others."""
    if not suites:
        return ()
    with ThreadPoolExecutor(max_workers=max(1, at_once), thread_name_prefix="suite") as pool:
        pending = [pool.submit(_run, suite, told) for suite in suites]
        return tuple(each.result() for each in pending)


def run_planned(
    configuration: Configuration,
    root: Path,
    scratch: Path,
    chosen: Sequence[tuple[int, assembly.Planned]],
    told: Told,
    expected_seconds: Mapping[str, float],
) -> tuple[Tally, ...]:
    """Run some of the suites of a configuration, by their number in it; those that took longest come first."""
    heavy = [(number, each) for number, each in chosen if each.is_heavy]
    heavy.sort(key=lambda pair: -expected_seconds.get(pair[1].suite.name, 0.0))
    replaced = {f"{scratch}/": "", f"{root}/": ""}
    pending: dict[int, Future[Tally]] = {}
    waiting = 1 if heavy else max(1, configuration.at_once)
    with (
        ThreadPoolExecutor(waiting, thread_name_prefix="suite") as threads,
        _processes(min(configuration.at_once, len(heavy)), told) as processes,
    ):
        for number, _ in heavy:
            assert processes is not None
            pending[number] = processes.submit(_run_numbered, configuration, root, number)
        for number, each in chosen:
            if not each.is_heavy:
                pending[number] = threads.submit(_run, each.suite, told)
        return tuple(_from_root(_result(pending[number], each), replaced) for number, each in chosen)


def _result(pending: Future[Tally], planned: assembly.Planned) -> Tally:
    try:
        return pending.result()
    except Exception as mistake:  # its process died, or it could not be made there
        return _mistaken(planned.suite.name, mistake)


@contextmanager
def _processes(count: int, told: Told) -> Iterator[ProcessPoolExecutor | None]:
    """Open a pool of processes whose suites tell of their progress; none when there is nothing to compute."""
    if not count:
        yield None
        return
    context = multiprocessing.get_context("spawn")
    said: _Said = context.SimpleQueue()
    listener = threading.Thread(target=_listen, args=(said, told), name="suite-progress", daemon=True)
    listener.start()
    pool = ProcessPoolExecutor(count, context, _begin, (said,))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
        said.put(None)
        listener.join()
        said.close()


def _listen(said: _Said, told: Told) -> None:
    for name, done, total in iter(said.get, None):
        told(name, done, total)


# --- in a process of its own ----------------------------------------------------------------------------------------

_queues: list[_Said] = []


def _begin(said: _Said) -> None:
    _queues.append(said)
    logging.disable(logging.CRITICAL)  # services that are made to fail would fill the screen


def _run_numbered(configuration: Configuration, root: Path, number: int) -> Tally:
    with tempfile.TemporaryDirectory() as scratch:
        suite = assembly.planned(configuration, root, Path(scratch))[number].suite
        return _run(suite, lambda *said: _queues[0].put(said))


# --- one suite ------------------------------------------------------------------------------------------------------


def _run(suite: Suite, told: Told) -> Tally:
    started = time.perf_counter()
    told(suite.name, 0, 0)
    try:
        tally = suite.run(lambda done, total: told(suite.name, done, total))
    except Exception as mistake:
        tally = _mistaken(suite.name, mistake)
    return msgspec.structs.replace(tally, seconds=time.perf_counter() - started)


def _mistaken(name: str, mistake: Exception) -> Tally:
    last = (traceback.extract_tb(mistake.__traceback__) or [None])[-1]
    where = f" in {last.filename.rpartition('/')[2]}:{last.lineno}" if last else ""
    sentence = f"{type(mistake).__name__}{where}: {mistake}. This is a mistake of q2c; please report it."
    return Tally(suite=name, checked=0, could_not_run=sentence)


def _from_root(tally: Tally, replaced: Mapping[str, str]) -> Tally:
    """Return a tally whose texts name files from the root of the project."""
    text = msgspec.json.encode(tally).decode()
    for path, shown in replaced.items():
        text = text.replace(msgspec.json.encode(path).decode()[1:-1], shown)
    return msgspec.json.decode(text, type=Tally)
