"""Instants as logs write them: ISO 8601 with or without a zone, or a count since 1970 in s, ms, us or ns."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from domain.calendar import instant_us

_EPOCH_SCALES = ((11, 1_000_000), (14, 1_000), (17, 1))  # most digits -> microseconds in a unit; beyond: nanoseconds
_DIGITS = re.compile(r"\d{9,19}(\.\d+)?")
_EARLIEST_US, _LATEST_US = 631_152_000_000_000, 4_102_444_800_000_000  # 1990 and 2100
FORMS = "an instant such as 2026-12-31T14:00:00+01:00, or seconds, ms, us or ns since 1970"


class Clock:
    """Reads the instants of one log; local ones need the zone they are meant in, and no log may have both kinds."""

    def __init__(self, zone: str = "") -> None:
        self._zone = ZoneInfo(zone) if zone else None
        self._first: tuple[bool, str] | None = None

    def us(self, text: str, place: str) -> int:
        """Return an instant in microseconds UTC; raise ValueError that says what is wrong with it.

        `place` names where it stands, for when a later one contradicts it.
        """
        text = text.strip()
        if _DIGITS.fullmatch(text):
            return _checked(_counted(text), text)
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(f"found {text!r}, expected {FORMS}") from None
        self._same_kind(found.tzinfo is not None, text, place)
        if found.tzinfo is None:
            if self._zone is None:
                raise ValueError(f"found {text!r}, a local time without a zone; say which one: --zone Europe/Berlin")
            found = found.replace(tzinfo=self._zone)
        return _checked(instant_us(found), text)

    def _same_kind(self, has_zone: bool, text: str, place: str) -> None:
        if self._first is None:
            self._first = (has_zone, place)
        elif self._first[0] != has_zone:
            found, other = ("with a zone", "without one") if has_zone else ("without a zone", "with one")
            raise ValueError(
                f"found {text!r} {found}, expected it {other} as at {self._first[1]}: write all of them in one way"
            )


def _counted(text: str) -> int:
    whole, _, part = text.partition(".")
    for digits, scale in _EPOCH_SCALES:
        if len(whole) <= digits:
            return int(whole) * scale + (round(float(f"0.{part}") * scale) if part else 0)
    return int(whole) // 1_000


def _checked(at_us: int, text: str) -> int:
    if not _EARLIEST_US <= at_us < _LATEST_US:
        raise ValueError(f"found {text!r}, expected an instant between 1990 and 2100")
    return at_us


def elapsed(start_us: int, end_us: int) -> int:
    """Return how long something took; raise ValueError when it ended before it started."""
    if end_us < start_us:
        back = timedelta(microseconds=start_us - end_us)
        raise ValueError(f"found an end {back} before its start, expected a clock that does not run backwards")
    return end_us - start_us
