"""The luck of calls: one 64-bit word per call, from which every fault and the latency take their draws.

A word is keyed by the seed, the operation, what the call is about and the how-manieth of its kind it is; never by what
was drawn before, by a hash seed or by the Python version. A draw multiplies the word by an odd number of its own, which
makes it as good as independent of the other draws from the same word, at the price of one multiplication.
"""

from __future__ import annotations

from typing import Final
from zlib import crc32

from domain.draws import Draws
from mocks.kernel.tables import IN_MEMORY, Table, Tables

WORDS: Final = 1 << 64
MASK: Final = WORDS - 1
REMEMBERED_US: Final = 2 * 86_400_000_000  # a subject unheard of for so long starts anew


class Luck:
    """The luck of one operation's calls."""

    __slots__ = ("_counts", "_former", "_noise", "_until_us")

    def __init__(self, draws: Draws, *operation: str, tables: Tables = IN_MEMORY) -> None:
        self._noise = draws.whole(0, (1 << 53) - 1, "luck", *operation)
        self._counts: Table[int] = tables.table()  # by subject, since the last renewal
        self._former: Table[int] = tables.table()  # and as it stood before
        self._until_us = 0

    def word(self, subject: str, now_us: int) -> int:
        """Return the word of the next call about a subject: a key, a transaction, or empty."""
        if now_us >= self._until_us:
            self._former.clear()
            self._former, self._counts, self._until_us = self._counts, self._former, now_us + REMEMBERED_US
        counts = self._counts
        count = counts.get(subject)
        if count is None:
            count = self._former.get(subject, 0)
        counts[subject] = count + 1
        return stirred(self._noise + crc32(subject.encode()), count)


def stirred(noise: int, index: int) -> int:
    """Return the 64-bit word with this index out of the stream that the noise starts, as SplitMix64 does.

    Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
    """
    word = noise * 0xD1342543DE82EF95 + (index + 1) * 0x9E3779B97F4A7C15 & MASK
    word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9 & MASK
    word = (word ^ word >> 27) * 0x94D049BB133111EB & MASK
    return word ^ word >> 31


def multiplier(index: int) -> int:
    """Return the odd number by which draw number `index` multiplies a word; `word * odd & MASK` is its draw."""
    return stirred(0, index) | 1
