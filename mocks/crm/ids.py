"""Record ids: 15 case-sensitive characters and a suffix of three that makes them safe where case is lost."""

from __future__ import annotations

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_CAPITALS = str.maketrans({digit: "1" if "A" <= digit <= "Z" else "0" for digit in _DIGITS})
_WIDTH = 12


def suffix(id15: str) -> str:
    """Return the checksum of a 15-character id: one character for the capitals of each group of five."""
    bits = id15.translate(_CAPITALS)[::-1]  # the first of five characters is the lowest bit
    return _SUFFIX[int(bits[10:], 2)] + _SUFFIX[int(bits[5:10], 2)] + _SUFFIX[int(bits[:5], 2)]


def eighteen(id15: str) -> str:
    """Return the 18-character form of a 15-character id."""
    return id15 + suffix(id15)


def record_id(prefix: str, number: int) -> str:
    """Return the 18-character id of the `number`-th record whose object has this three-character key prefix."""
    characters = []
    while number:
        number, digit = divmod(number, 62)
        characters.append(_DIGITS[digit])
    return eighteen(prefix + "".join(reversed(characters)).rjust(_WIDTH, "0"))


def canonical(text: str) -> str | None:
    """Return the 18-character form of a well-formed id of 15 or 18 characters, else None.

    >>> canonical("00D000000000001"), canonical("00D000000000001AAA")
    ('00D000000000001EAA', None)
    """
    if len(text) not in (15, 18) or not (text.isascii() and text.isalnum()):
        return None
    whole = eighteen(text[:15])
    return whole if len(text) == 15 or text[15:] == whole[15:] else None
