"""Calls as seen on the wire of this process, by system: how many, how they ended, how long they took. Since its start.

These figures are about the health of peers now; they are not in the journal and begin at zero after a restart.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

import msgspec

from domain.http import Reply, Request
from integration.effects import Call
from integration.outcomes import Failed, Unknown

KEPT = 500


class Tally(msgspec.Struct):
    """What became of the calls of one system."""

    sent: int = 0
    answered: int = 0
    refused: int = 0
    throttled: int = 0
    unknown: int = 0
    retries: int = 0
    spans_us: deque[int] = msgspec.field(default_factory=lambda: deque(maxlen=KEPT))

    def span_us(self, percent: int) -> int | None:
        """Return a percentile of the latest durations (nearest rank); None before the first."""
        spans = sorted(self.spans_us)
        return spans[max(0, -(-len(spans) * percent // 100) - 1)] if spans else None


class Calls:
    """Observes the wire of a node."""

    def __init__(self) -> None:
        self.tallies: dict[str, Tally] = {}
        self._sent_us: dict[int, int] = {}

    def sent(self, call: Call, request: Request, at_us: int) -> Mapping[str, str] | None:
        """Take note of an attempt that leaves."""
        tally = self.tallies.setdefault(call.system, Tally())
        tally.sent += 1
        tally.retries += call.attempt > 1
        self._sent_us[id(call)] = at_us
        return None

    def ended(self, call: Call, result: Reply | Failed | Unknown, at_us: int) -> None:
        """Take note of how an attempt ended."""
        tally = self.tallies.setdefault(call.system, Tally())
        since_us = self._sent_us.pop(id(call), None)
        if since_us is not None:
            tally.spans_us.append(max(0, at_us - since_us))
        if isinstance(result, Unknown):
            tally.unknown += 1
        elif isinstance(result, Failed):
            tally.refused += 1
        else:
            tally.throttled += result.status == 429
            tally.answered += result.status < 400
            tally.refused += result.status >= 400
