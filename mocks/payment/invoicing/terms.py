"""Terms: instants that lie whole days, weeks, months or years apart (UTC, to the second)."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime

DAY_SECONDS = 86_400
_DAYS = {"day": 1, "week": 7}


def later(start: int, interval: str, count: int, anchor: int | None = None) -> int:
    """Return the instant `count` intervals after `start`; months end where the month does, and remember their day.

    `anchor` is the instant whose day of the month is meant: 31 January, 28 February, 31 March.
    """
    if interval in _DAYS:
        return start + _DAYS[interval] * count * DAY_SECONDS
    at = datetime.fromtimestamp(start, UTC)
    day = at.day if anchor is None else datetime.fromtimestamp(anchor, UTC).day
    months = at.year * 12 + at.month - 1 + count * (12 if interval == "year" else 1)
    year, month = divmod(months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return int(at.replace(year=year, month=month + 1, day=min(day, last)).timestamp())
