"""Reading a CSV file: a row for each call or piece of work, its columns named by the user or guessed by usual names."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from domain.calendar import HOUR_US, MINUTE_US, SECOND_US
from simulator.calibration.instants import Clock, elapsed
from simulator.calibration.naming import IGNORED, PEOPLE, Naming
from simulator.calibration.observations import (
    DONE,
    FAILED,
    TIMED_OUT,
    Call,
    Observations,
    Unusable,
    Work,
    complain,
    ordered,
)

ROLES: Mapping[str, tuple[str, ...]] = {
    "start": ("start", "start_time", "started_at", "start_timestamp", "begin", "timestamp", "time", "sent_at"),
    "end": ("end", "end_time", "ended_at", "complete_timestamp", "completed_at", "finish", "finished_at"),
    "duration": ("duration", "duration_ms", "duration_s", "duration_us", "elapsed_ms", "latency_ms", "latency"),
    "activity": ("activity", "system", "service", "service_name", "concept:name", "name", "task", "peer", "operation"),
    "case": ("case", "case_id", "case:concept:name", "order", "order_id", "trace_id", "txn"),
    "outcome": ("outcome", "status", "result", "status_code", "lifecycle:transition"),
    "person": ("person", "resource", "org:resource", "user", "agent", "clerk"),
}
"""What a column may stand for, and the names it usually has."""
REQUIRED = ("start", "activity")
_UNIT_WORDS: Mapping[float, str] = {
    0.001: "ns nanos nanoseconds",
    1: "us usec micros microseconds",
    1_000: "ms msec millis milliseconds",
    SECOND_US: "s sec secs second seconds",
    MINUTE_US: "m min mins minute minutes",
    HOUR_US: "h hour hours",
}
_UNITS = {word: unit_us for unit_us, words in _UNIT_WORDS.items() for word in words.split()}
"""Microseconds in the units that the name of a column may say."""
_DONE = frozenset({"", "ok", "done", "success", "succeeded", "complete", "completed", "200", "true", "0"})
_TIMED_OUT = frozenset({"timeout", "timed_out", "timedout", "deadline_exceeded", "408", "504", "unknown"})
_FAILED = frozenset({"error", "failed", "failure", "refused", "rejected", "false", "1", "aborted", "cancelled"})


def read(path: Path, naming: Naming, zone: str = "", columns: Mapping[str, str] | None = None) -> Observations:
    """Return what a CSV file tells; raise Unusable with file and line of everything that is wrong."""
    with path.open(encoding="utf-8-sig", newline="", errors="replace") as stream:
        sample = stream.read(4_096)
        stream.seek(0)
        rows = csv.reader(stream, delimiter=_delimiter(sample))
        header = next(rows, [])
        reader = Rows(str(path), header, naming, Clock(zone), columns or {})
        for row in rows:
            if any(cell.strip() for cell in row):
                reader.take(row, rows.line_num)
    complain(reader.problems)
    return ordered(str(path), reader.calls, reader.work, reader.begun.values(), dict(reader.unknown))


def _delimiter(sample: str) -> str:
    first = sample.split("\n", 1)[0]
    return max(",;\t|", key=first.count)


class Rows:
    """Turns rows into calls and work, and collects what is wrong with them on the way."""

    def __init__(
        self, file: str, header: list[str], naming: Naming, clock: Clock, said: Mapping[str, str], first_line: int = 1
    ) -> None:
        self._file, self._naming, self._clock = file, naming, clock
        self._header = [name.strip() for name in header]
        self._at = self._columns(said, first_line)
        self._unit_us = self._unit()
        self.calls: list[Call] = []
        self.work: list[Work] = []
        self.begun: dict[str, int] = {}
        self.unknown: Counter[str] = Counter()
        self.problems: list[str] = []

    def take(self, row: list[str], line: int) -> None:
        """Take one row; what is wrong with it is remembered with its line."""
        place = f"{self._file}:{line}"
        if len(row) != len(self._header):
            self.problems.append(f"{place}: found {len(row)} columns, expected {len(self._header)} as in line 1")
            return
        try:
            self._take({role: row[at].strip() for role, at in self._at.items()}, place)
        except ValueError as error:
            self.problems.append(f"{place}: {error}")

    def _take(self, cells: Mapping[str, str], place: str) -> None:
        start_us = self._clock.us(cells["start"], place)
        case = cells.get("case", "")
        if case:
            self.begun[case] = min(start_us, self.begun.get(case, start_us))
        target = self._naming.of(cells["activity"])
        if not target and cells.get("person"):
            target = PEOPLE
        if not target or target == IGNORED:
            self.unknown.update([cells["activity"]] if not target else [])
            return
        duration_us = self._duration(cells, start_us, place)
        if target == PEOPLE:
            self.work.append(Work(cells.get("person", ""), start_us, duration_us))
        else:
            self.calls.append(Call(target, start_us, duration_us, outcome_of(cells.get("outcome", ""))))

    def _duration(self, cells: Mapping[str, str], start_us: int, place: str) -> int:
        if cells.get("end"):
            return elapsed(start_us, self._clock.us(cells["end"], place))
        text = cells.get("duration", "")
        if not re.fullmatch(r"-?\d+(\.\d+)?", text):
            raise ValueError(f"found no end and the duration {text!r}, expected a number such as 12.5")
        if text.startswith("-"):
            raise ValueError(f"found the duration {text}, expected a clock that does not run backwards")
        return round(float(text) * self._unit_us)

    def _columns(self, said: Mapping[str, str], line: int) -> dict[str, int]:
        known = ", ".join(self._header) or "none"
        lowered = [re.sub(r"[^a-z0-9:]+", "_", name.lower()).strip("_") for name in self._header]
        found: dict[str, int] = {}
        for role, name in said.items():
            if role not in ROLES:
                raise Unusable(f"--column {role}={name}: found {role!r}, expected one of {', '.join(ROLES)}")
            if name not in self._header:
                close = get_close_matches(name, self._header, 1)
                hint = f"; did you mean {close[0]!r}?" if close else ""
                raise Unusable(f"{self._file}:{line}: found no column {name!r}, expected one of {known}{hint}")
            found[role] = self._header.index(name)
        for role, usual in ROLES.items():
            at = next((lowered.index(name) for name in usual if name in lowered), None)
            if role not in found and at is not None and at not in found.values():
                found[role] = at
        missing = [role for role in REQUIRED if role not in found]
        if "end" not in found and "duration" not in found:
            missing.append("end or duration")
        if missing:
            raise Unusable(
                f"{self._file}:{line}: found the columns {known}, expected one for {' and one for '.join(missing)}; "
                f"say which: {' or '.join(f'--column {role}=NAME' for role in missing[0].split(' or '))}"
            )
        return found

    def _unit(self) -> float:
        """Return the microseconds in the unit that the duration column's name says last; seconds by default.

        `latency_ms`, `Duration (ms)` and `elapsedMillis` are milliseconds.
        """
        if "duration" not in self._at:
            return SECOND_US
        apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", self._header[self._at["duration"]])
        said = [_UNITS[word] for word in re.findall("[a-z]+", apart.lower()) if word in _UNITS]
        return said[-1] if said else SECOND_US


def outcome_of(text: str) -> str:
    """Return what an outcome as logs write it means; raise ValueError for a word that means nothing."""
    word = text.strip().lower().replace(" ", "_").replace("-", "_")
    if word in _DONE:
        return DONE
    if word in _TIMED_OUT:
        return TIMED_OUT
    if word in _FAILED:
        return FAILED
    if word.isdigit() and 100 <= int(word) < 600:
        return FAILED if int(word) >= 500 or int(word) == 429 else DONE
    raise ValueError(f"found the outcome {text!r}, expected ok, failed, timeout or an HTTP status")
