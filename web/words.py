"""Words: how every page and terminal says instants, durations, money, counts and shares."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

from domain.calendar import SECOND_US, local_datetime

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
NOTHING = "–"


def moment(at_us: int) -> datetime:
    """Return an instant as an aware datetime in UTC."""
    return _EPOCH + timedelta(microseconds=at_us)


def _day(at: datetime) -> str:
    """Return e.g. "Thu 31 Dec"; never by locale, so that pages are equal everywhere."""
    return f"{_DAYS[at.weekday()]} {at.day} {_MONTHS[at.month - 1]}"


def day(at_us: int) -> str:
    """Return the UTC day of an instant, e.g. "Thu 31 Dec"."""
    return _day(moment(at_us))


def instant(at_us: int, seconds: bool = False) -> str:
    """Return e.g. "Thu 31 Dec 19:00 UTC", with seconds when asked."""
    at = moment(at_us)
    return f"{_day(at)} {at:%H:%M:%S} UTC" if seconds else f"{_day(at)} {at:%H:%M} UTC"


def instant_with_year(at_us: int) -> str:
    """Return e.g. "Thu 31 Dec 2026 19:00 UTC"."""
    at = moment(at_us)
    return f"{_day(at)} {at.year} {at:%H:%M} UTC"


def local_time(at_us: int, zone: str) -> str:
    """Return the wall-clock time of an instant in a zone, e.g. "Thu 31 Dec 14:00 New York"."""
    at = local_datetime(at_us, zone)
    place = zone.rpartition("/")[2].replace("_", " ")
    return f"{_day(at)} {at:%H:%M} {place}"


def between(start_us: int, end_us: int) -> str:
    """Return a window of time, e.g. "Thu 31 Dec 19:00 to 23:00 UTC"."""
    start, end = moment(start_us), moment(end_us)
    until = f"{end:%H:%M}" if start.date() == end.date() else f"{_day(end)} {end:%H:%M}"
    return f"{_day(start)} {start:%H:%M} to {until} UTC"


def duration(span_us: int) -> str:
    """Return a duration in its two largest units, e.g. "4 h 10 min"; below ten seconds with a decimal."""
    if span_us < 0:
        return f"-{duration(-span_us)}"
    if span_us == 0:
        return "0 s"
    if span_us < SECOND_US:
        return f"{(span_us + 500) // 1000} ms"
    if span_us < 10 * SECOND_US:
        return f"{span_us // SECOND_US}.{span_us % SECOND_US // 100_000} s"
    left = (span_us + SECOND_US // 2) // SECOND_US
    parts = []
    for size, name in _UNITS:
        amount, left = divmod(left, size)
        if amount:
            parts.append(f"{amount} {name}")
        elif parts:
            break
        if len(parts) == 2:
            break
    return " ".join(parts)


def count(number: int) -> str:
    """Return a whole number with thousands separated, e.g. "12,345"."""
    return f"{number:,}"


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun, e.g. "1 order" or "2 orders"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def share(part: int, whole: int) -> str:
    """Return a share in percent with a decimal, rounded down so that only all is 100 %; a dash of nothing."""
    if not whole:
        return NOTHING
    tenths = Fraction(part * 1000, whole).__floor__()
    return "100 %" if part == whole else f"{tenths // 10}.{tenths % 10} %"


def sentence(text: str) -> str:
    """Return a text with a capital at its start and a full stop at its end; the rest stays as it is."""
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "?", "!")) else ".")


def listed(parts: list[str] | tuple[str, ...], last: str = "and") -> str:
    """Return words as people list them: "a, b and c"."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"
