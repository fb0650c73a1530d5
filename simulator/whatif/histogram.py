"""Log-linear histograms of whole microseconds: integer counts, so merging is exact and order never matters.

A value keeps its seven leading bits after the first, so a bucket is never wider than 1/128 of its values.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

MANTISSA_BITS = 7
SIZE = (63 - MANTISSA_BITS + 1) << MANTISSA_BITS


def bucket_of(value: int) -> int:
    """Return the bucket of a value that is not negative."""
    shift = value.bit_length() - MANTISSA_BITS - 1
    return (shift << MANTISSA_BITS) + (value >> shift) if shift > 0 else value


def bounds_of(bucket: int) -> tuple[int, int]:
    """Return the smallest and the largest value of a bucket."""
    shift = max(0, (bucket >> MANTISSA_BITS) - 1)
    mantissa = bucket - (shift << MANTISSA_BITS)
    return mantissa << shift, ((mantissa + 1) << shift) - 1


class Histogram(msgspec.Struct, frozen=True):
    """Counts by bucket, ascending, without empty buckets."""

    buckets: tuple[int, ...] = ()
    counts: tuple[int, ...] = ()

    @property
    def count(self) -> int:
        """Return how many values it holds."""
        return sum(self.counts)

    def quantile(self, share: float) -> float:
        """Return the value below which a share lies, by nearest rank, at its bucket's middle; 0 of nothing."""
        rank, seen = max(1, -(-int(share * self.count * 1_000_000) // 1_000_000)), 0
        for bucket, count in zip(self.buckets, self.counts, strict=True):
            seen += count
            if seen >= rank:
                low, high = bounds_of(bucket)
                return (low + high) / 2
        return 0.0

    def merged(self, other: Histogram) -> Histogram:
        """Return the histogram of both."""
        if not other.buckets:
            return self
        total = dict(zip(self.buckets, self.counts, strict=True))
        for bucket, count in zip(other.buckets, other.counts, strict=True):
            total[bucket] = total.get(bucket, 0) + count
        ordered = sorted(total.items())
        return Histogram(tuple(bucket for bucket, _ in ordered), tuple(count for _, count in ordered))


def of_values(values: Iterable[int]) -> Histogram:
    """Return the histogram of values."""
    total: dict[int, int] = {}
    for value in values:
        bucket = bucket_of(value)
        total[bucket] = total.get(bucket, 0) + 1
    ordered = sorted(total.items())
    return Histogram(tuple(bucket for bucket, _ in ordered), tuple(count for _, count in ordered))
