"""The schedule: flows that are started every so often, one of a kind at a time."""

from __future__ import annotations

from collections.abc import Sequence

from integration.effects import Start
from integration.engine import Host
from integration.flows.sweeps import SWEEPS, Sweep
from integration.process import Integration

_SECOND_US = 1_000_000


class Schedule:
    """Starts each sweep at its interval, unless the one before is still under way or the process is down.

    A sweep looks back to the start of the last one that was started, and some more, so that nothing falls between two.
    """

    def __init__(self, integration: Integration, host: Host, sweeps: Sequence[Sweep] = SWEEPS) -> None:
        self._integration, self._host = integration, host
        self._latest: dict[str, tuple[str, int]] = {}
        for sweep in sweeps:
            self._plan(sweep, host.now_us() + sweep.every_seconds * _SECOND_US)

    def _plan(self, sweep: Sweep, at_us: int) -> None:
        self._host.call_at(at_us, self._run, sweep, at_us)

    def _run(self, sweep: Sweep, now_us: int) -> None:
        self._plan(sweep, now_us + sweep.every_seconds * _SECOND_US)
        flow_id, started_us = self._latest.get(sweep.name, ("", now_us))
        if not self._integration.is_alive or (flow_id and self._integration.is_open(flow_id)):
            return
        since_us = started_us - sweep.look_back_seconds * _SECOND_US
        start = Start(flow_id=f"{sweep.name}/{now_us // _SECOND_US}", name=sweep.name, arguments={"since_us": since_us})
        if self._integration.launch(start) is not None:
            self._latest[sweep.name] = (start.flow_id, now_us)
