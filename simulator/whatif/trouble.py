"""Trouble of a model: windows and incidents of stations, faults of calls, deaths of the callers' process."""

from __future__ import annotations

from typing import Literal

import msgspec

from domain.calendar import DAY_US
from simulator.whatif.durations import Duration

NEVER_US = 1 << 62
"""A time that does not come."""


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """An outage: in [from_us, until_us) a station rejects calls, lets them hang, or rejects and kills running ones.

    Calls that hang learn nothing until their timeout, at most for `hang_us` (without either: until the outage ends).
    """

    from_us: int
    until_us: int
    kind: Literal["rejects", "hangs", "kills"] = "rejects"
    hang_us: int = 0


class Brownout(msgspec.Struct, frozen=True, kw_only=True):
    """In [from_us, until_us) a station is slower by a factor and fails a share of its calls before they take effect."""

    from_us: int
    until_us: int
    factor: float = 1.0
    error_share: float = 0.0


class Incidents(msgspec.Struct, frozen=True, kw_only=True):
    """Outages drawn for each run: so many a year on average, lognormal lengths, some followed by a second one.

    `brownout_share` of them are brownouts (ten minutes or ten hours of `factor` and `error_share`), `slow_share` are
    merely slow (`slow_factor`); the others are outages that reject. Model: domain 3.5.
    """

    per_year: float
    length: Duration
    second_share: float = 0.0
    second_within_us: int = DAY_US
    brownout_share: float = 0.0
    factor: float = 5.0
    error_share: float = 0.5
    slow_share: float = 0.0
    slow_factor: float = 5.0


class Faults(msgspec.Struct, frozen=True, kw_only=True):
    """Shares of calls that go wrong at any time until `until_us`.

    before: an error, nothing was done; after: an error although it was done; lost: done, but the reply never comes;
    unheard: not done, and no reply comes; throttled: refused at once as over a limit; broken: the connection breaks
    at once, and nothing was done.
    """

    before: float = 0.0
    after: float = 0.0
    lost: float = 0.0
    unheard: float = 0.0
    throttled: float = 0.0
    broken: float = 0.0
    until_us: int = NEVER_US

    @property
    def shares(self) -> dict[str, float]:
        """What goes wrong, by name."""
        return {name: share for name, share in msgspec.structs.asdict(self).items() if name != "until_us"}


class Death(msgspec.Struct, frozen=True, kw_only=True):
    """The callers' process dies, at an instant or (with `calls`) at the call of that number, and is back later.

    What it had in memory is gone: answers of calls on their way are not heard, and those calls are made again;
    breakers, budgets and pauses that were asked for begin anew. A call that comes before it is back waits until then.
    """

    at_us: int = 0
    calls: int = 0
    lasts_us: int
