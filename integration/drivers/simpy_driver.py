"""The driver in virtual time: SimPy's clock (integer microseconds since the epoch) and the simulator's network.

    time = VirtualTime(start_us)
    integration = simulated(time, settings, parts, journal, network.exchange, history.append, crashed)
    integration.start()

`send(request, call, done)` carries a request over the simulator's network and calls `done` later, never at once, with
the Reply, or Failed (nothing was sent, or it never arrived) or Unknown (timeout or reset after sending), within
`call.timeout_seconds`.
"""

from __future__ import annotations

from collections.abc import Callable

from domain.history import Record
from domain.http import Reply, Request
from integration.drivers.virtual_time import VirtualTime
from integration.effects import Call
from integration.journal.protocol import Crash, Fenced, Journal
from integration.outcomes import Failed, Unknown
from integration.process import Integration, Parts
from integration.settings import Settings

Result = Reply | Failed | Unknown
Send = Callable[[Request, Call, Callable[[Result], None]], None]


class SimpyHost:
    """A Host in virtual time."""

    def __init__(
        self,
        time: VirtualTime,
        send: Send,
        record: Callable[[Record], None],
        crashed: Callable[[Crash], None],
    ) -> None:
        self._time = time
        self.call_at = time.call_at
        self.send, self.record, self._crashed = send, record, crashed
        self._integration: Integration | None = None

    def now_us(self) -> int:
        """Return the virtual clock."""
        return self._time.now_us

    def died(self, end: Crash | Fenced) -> None:
        """Bury the incarnation that died; of a crash the simulator is told, it decides when to restart.

        One that was fenced has a successor, which lives.
        """
        assert self._integration is not None
        if isinstance(end, Crash):
            self._integration.kill()
            self._crashed(end)

    def serve(self, integration: Integration) -> None:
        """Remember whom to bury."""
        self._integration = integration


def simulated(
    time: VirtualTime,
    settings: Settings,
    parts: Parts,
    journal: Journal,
    send: Send,
    record: Callable[[Record], None],
    crashed: Callable[[Crash], None],
) -> Integration:
    """Return an integration in virtual time; `crashed` learns of each crash point that strikes."""
    host = SimpyHost(time, send, record, crashed)
    integration = Integration(settings, parts, journal, host)
    host.serve(integration)
    return integration
