"""Codes that both engines share: what an event is, what a lifecycle waits for, and where counts lie."""

from __future__ import annotations

from simulator.whatif.outcome import ROUTE_COUNTS, SERIES, STATION_COUNTS

TOKEN, GIVE_UP, RELEASE, SHIFT, ARRIVE, PROBE, DEATH = range(7)
"""Kinds of events: something of a lifecycle, its patience ends, a slot is free, slots change, arrivals, a probe,
the callers' process dies."""
CLOSED, OPEN, HALF_OPEN = range(3)
"""States of a breaker."""
(FREE, NEW, DUE, GOOD, FAILED, UNKNOWN, THROTTLED, PAUSED, REDRIVE, JOIN, WAITING, HELD, SIMPLE) = range(13)
"""States of a lifecycle: what it has come from when its event fires. A failed call was not done; of an unknown one
nobody knows."""
LOOKING, SURE = 1, 2
"""Why a call looks whether its work is done: its outcome is unknown, or it waited for too long to be repeated."""
ATTEMPT, COMPLETE, MEND, BEGIN, STOP = range(5)
"""What is done next with a lifecycle."""

(
    STARTED,
    FINISHED,
    GONE,
    GONE_THOUGH_DONE,
    RETRIES,
    REPEATS,
    DUPLICATES,
    DEAD_LETTERS,
    INVALIDS,
    FALLBACKS,
    UNFINISHED,
) = range(len(ROUTE_COUNTS))
CALLS, DONE, REFUSED, REJECTED, HUNG, ERRORS, GAVE_UP, ABANDONED, KILLED, HOLDS, OPENED, MENDED = range(
    len(STATION_COUNTS)
)
ROW_CALLS, ROW_REFUSED, ROW_BUSY, ROW_WAITING, ROW_QUEUE = range(len(SERIES))
BATCH_MAX = 8
"""An arrival brings at most so many lifecycles."""
ARRIVAL_BITS = 4
"""An arrival has so many bits of draws of its own."""
FARTHEST_DOUBLING = 30
"""Pauses between attempts double at most so often."""
