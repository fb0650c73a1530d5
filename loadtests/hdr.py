"""HDR percentiles: how long acts took since they were due, up to the 99.99th, in a form that others can plot and merge.

A histogram counts from one microsecond to an hour with three significant digits; those of several workers add up
exactly, which percentiles of percentiles do not.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from hdrh.histogram import HdrHistogram

HIGHEST_US: Final = 3_600_000_000
DIGITS: Final = 3
PERCENTILES: Final = (50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 99.99, 100.0)
_TICKS_PER_HALF = 5


def new() -> Any:
    """Return an empty histogram of microseconds."""
    return HdrHistogram(1, HIGHEST_US, DIGITS)


class Histograms:
    """Histograms by name."""

    def __init__(self) -> None:
        self._by_name: dict[str, Any] = {}

    def note(self, name: str, seconds: float) -> None:
        """Count something that took so long; longer than an hour counts as an hour."""
        self._histogram(name).record_value(min(HIGHEST_US, max(1, round(seconds * 1e6))))

    def take(self) -> dict[str, str]:
        """Return what was counted since the last time, encoded, and begin anew."""
        found = {name: each.encode().decode() for name, each in self._by_name.items() if each.get_total_count()}
        for each in self._by_name.values():
            each.reset()
        return found

    def add(self, encoded: Mapping[str, str]) -> None:
        """Add what another one took."""
        for name, text in encoded.items():
            self._histogram(name).decode_and_add(text)

    def quantile_seconds(self, name: str, percent: float) -> float:
        """Return a percentile in seconds; 0 of nothing."""
        found = self._by_name.get(name)
        return found.get_value_at_percentile(percent) / 1e6 if found is not None and found.get_total_count() else 0.0

    def count(self, name: str) -> int:
        """Return how often something was counted."""
        return int(self._by_name[name].get_total_count()) if name in self._by_name else 0

    def rows(self) -> dict[str, dict[str, float]]:
        """Return the percentiles of each name, in milliseconds, with the count."""
        return {
            name: {"count": self.count(name)}
            | {f"p{percent:g}_ms": self.quantile_seconds(name, percent) * 1000 for percent in PERCENTILES}
            for name in sorted(self._by_name)
        }

    def write(self, folder: Path) -> None:
        """Write each histogram as a percentile distribution in milliseconds (.hgrm), as plotters of HDR read it."""
        for name, each in self._by_name.items():
            text = io.BytesIO()
            each.output_percentile_distribution(text, 1000.0, _TICKS_PER_HALF)
            file = "".join(sign if sign.isalnum() else "_" for sign in name).strip("_")
            (folder / f"{file}.hgrm").write_bytes(text.getvalue())

    def _histogram(self, name: str) -> Any:
        if name not in self._by_name:
            self._by_name[name] = new()
        return self._by_name[name]
