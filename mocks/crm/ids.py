"""Record ids: 15 case-sensitive characters and a suffix of three that makes them safe where case is lost."""

from __future__ import annotations

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_BODY = frozenset(_DIGITS)
_WIDTH = 12


def suffix(id15: str) -> str:
    """Return the checksum of a 15-character id: one character for the capitals of each group of five."""
    characters = []
    for start in (0, 5, 10):
        bits = 0
        for place, character in enumerate(id15[start : start + 5]):
            if "A" <= character <= "Z":
                bits |= 1 << place
        characters.append(_SUFFIX[bits])
    return "".join(characters)


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
    if len(text) not in (15, 18) or not _BODY.issuperset(text):
        return None
    whole = eighteen(text[:15])
    return whole if len(text) == 15 or text[15:] == whole[15:] else None
