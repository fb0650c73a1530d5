"""Record ids: 15 case-sensitive characters and a suffix of three that makes them safe where case is lost."""

from __future__ import annotations

from functools import lru_cache

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_CAPITALS = str.maketrans({digit: "1" if "A" <= digit <= "Z" else "0" for digit in _DIGITS})
_PAIR, _GROUP = 62**2, 62**5
_PAIRS = [first + second for first in _DIGITS for second in _DIGITS]
_PAIR_BITS = [int(pair.translate(_CAPITALS)[::-1], 2) for pair in _PAIRS]


def suffix(id15: str) -> str:
    """Return the checksum of a 15-character id: one character for the capitals of each group of five."""
    bits = id15.translate(_CAPITALS)[::-1]  # the first of five characters is the lowest bit
    return _SUFFIX[int(bits[10:], 2)] + _SUFFIX[int(bits[5:10], 2)] + _SUFFIX[int(bits[:5], 2)]


def eighteen(id15: str) -> str:
    """Return the 18-character form of a 15-character id."""
    return id15 + suffix(id15)


def record_id(prefix: str, number: int) -> str:
    """Return the 18-character id of the `number`-th record whose object has this three-character key prefix."""
    high, low = divmod(number, _GROUP)
    rest, last = divmod(low, _PAIR)
    first, middle = divmod(rest, _PAIR)
    ten, two = _head(prefix, high)
    bits = _PAIR_BITS[first] >> 1 | _PAIR_BITS[middle] << 1 | _PAIR_BITS[last] << 3
    return f"{ten}{_DIGITS[first]}{_PAIRS[middle]}{_PAIRS[last]}{two}{_SUFFIX[bits]}"


@lru_cache(maxsize=64)
def _head(prefix: str, high: int) -> tuple[str, str]:
    """Return the first two groups of an id, which change once in 900 million records, and their checksums."""
    characters = []
    while high:
        high, digit = divmod(high, 62)
        characters.append(_DIGITS[digit])
    ten = prefix + "".join(reversed(characters)).rjust(7, "0")
    return ten, suffix(ten + "00000")[:2]


def canonical(text: str) -> str | None:
    """Return the 18-character form of a well-formed id of 15 or 18 characters, else None.

    >>> canonical("00D000000000001"), canonical("00D000000000001AAA")
    ('00D000000000001EAA', None)
    """
    if len(text) not in (15, 18) or not (text.isascii() and text.isalnum()):
        return None
    whole = eighteen(text[:15])
    return whole if len(text) == 15 or text[15:] == whole[15:] else None
