"""Reading a log of whichever kind: a run's folder or history, traces, a CSV file or an XES event log."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from simulator.calibration import histories, tables, traces, xes
from simulator.calibration.naming import Naming
from simulator.calibration.observations import Observations, Unusable

BYTES_MAX = 2_000_000_000


def read(path: Path, naming: Naming, zone: str = "", columns: Mapping[str, str] | None = None) -> Observations:
    """Return what a log tells; its kind is seen from its first bytes. Raise Unusable for one that cannot be used."""
    if path.is_dir() or path.suffix == ".parquet":
        return histories.read(path)
    try:
        with path.open("rb") as stream:
            head = stream.read(512).lstrip(b"\xef\xbb\xbf \t\r\n")
        size = path.stat().st_size
    except OSError as error:
        raise Unusable(f"{path}: found no file that can be read ({error.strerror})") from None
    if not head:
        raise Unusable(f"{path}: found an empty file, expected a history, traces, a CSV file or an XES event log")
    if size > BYTES_MAX:
        raise Unusable(
            f"{path}: found {size:,} bytes, expected at most {BYTES_MAX:,}; export a shorter stretch of time"
        )
    if head[:4] == b"PAR1":
        return histories.read(path)
    if head[:1] == b"<" or head[:2] == b"\x1f\x8b":
        return xes.read(path, naming, zone)
    if head[:1] in b"{[":
        return traces.read(path, naming)
    return tables.read(path, naming, zone, columns)
