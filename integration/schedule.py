"""The schedule: flows that are started every so often, one of a kind at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from domain.calendar import SECOND_US
from integration.effects import Start
from integration.flows.sweeps import SWEEPS, Sweep
from integration.host import Host
from integration.process import Integration


class Memory(Protocol):
    """Remembers when each sweep was started last (microseconds; 0 for never)."""

    def latest(self, name: str) -> int: ...

    def remember(self, name: str, started_us: int) -> None: ...


class _OfThisProcess:
    """A memory that is as long as the process: enough where the schedule outlives the integration."""

    def __init__(self) -> None:
        self._latest: dict[str, int] = {}

    def latest(self, name: str) -> int:
        return self._latest.get(name, 0)

    def remember(self, name: str, started_us: int) -> None:
        self._latest[name] = started_us


class Schedule:
    """Starts each sweep at its interval, unless the one before is still under way or the process is down.

    One that is parked then tries again: no sweep comes after it while people have not seen to its case.

    A sweep looks back to the start of the last one that was started, and some more, so that nothing falls between two;
    the very first one looks back over its interval, for nobody has looked before.
    `first_seconds` brings the first ones forward: who was down for long had better look soon, and does so even when an
    earlier sweep is still under way, for it may pause. Sweeps that fell due while the machine slept, or over which its
    clock has jumped, are one: hundreds at a time would take the systems' slots from the orders that wait.

    Among many workers each has its schedule, at instants of its own. A sweep's flow is named after the interval it
    falls into, so the first one starts it and the others find it.
    """

    def __init__(
        self,
        integration: Integration,
        host: Host,
        sweeps: Sequence[Sweep] = SWEEPS,
        memory: Memory | None = None,
        first_seconds: int | None = None,
    ) -> None:
        self._integration, self._host = integration, host
        self._memory = memory if memory is not None else _OfThisProcess()
        for sweep in sweeps:
            after_seconds = sweep.every_seconds if first_seconds is None else first_seconds
            self._plan(sweep, host.now_us() + after_seconds * SECOND_US, first_seconds is not None)

    def _plan(self, sweep: Sweep, at_us: int, anyway: bool) -> None:
        self._host.call_at(at_us, self._run, sweep, at_us, anyway)

    def _run(self, sweep: Sweep, due_us: int, anyway: bool) -> None:
        every_us = sweep.every_seconds * SECOND_US
        now_us = due_us + (self._host.now_us() - due_us) // every_us * every_us
        self._plan(sweep, now_us + every_us, False)
        if not self._integration.is_alive:
            return
        started_us = self._memory.latest(sweep.name)
        known = _flow_ids(sweep, started_us) if started_us else ()
        still_open = list(filter(self._integration.is_open, known))
        if still_open and not anyway:
            for flow_id in still_open:
                self._integration.try_again(flow_id)
            return
        since_us = (started_us or now_us - every_us) - sweep.look_back_seconds * SECOND_US
        flow_id = _flow_ids(sweep, now_us)[anyway]
        launched = self._integration.launch(Start(flow_id=flow_id, name=sweep.name, arguments={"since_us": since_us}))
        if launched is not None and launched.created:  # one that was found looks back from an earlier instant
            self._memory.remember(sweep.name, now_us)


def _flow_ids(sweep: Sweep, started_us: int) -> tuple[str, str]:
    """Return how a sweep of an instant is called: as the one of its interval, and as the first one after a start."""
    second = started_us // SECOND_US
    return f"{sweep.name}/{second - second % sweep.every_seconds}", f"{sweep.name}/first/{second}"
