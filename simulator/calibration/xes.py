"""Reading an XES event log (IEEE 1849): traces of events, of which start and complete make a duration."""

from __future__ import annotations

import gzip
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any
from xml.parsers import expat

from simulator.calibration.instants import Clock, elapsed
from simulator.calibration.naming import IGNORED, PEOPLE, Naming
from simulator.calibration.observations import DONE, Call, Observations, Work, complain, ordered

STARTS, ENDS = frozenset({"start", "resume"}), frozenset({"complete", "suspend"})
"""Transitions of the lifecycle extension that begin work and that end it."""


def read(path: Path, naming: Naming, zone: str = "") -> Observations:
    """Return what an event log tells; raise Unusable with file and line of everything that is wrong."""
    log = Log(str(path), naming, Clock(zone))
    content = path.read_bytes()
    log.parse(gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content)
    complain(log.problems)
    return ordered(str(path), log.calls, log.work, log.begun, dict(log.unknown))


class Log:
    """Walks through a log once; entities and document types, which only attacks have in a log, are refused."""

    def __init__(self, file: str, naming: Naming, clock: Clock) -> None:
        self._file, self._naming, self._clock = file, naming, clock
        self.calls: list[Call] = []
        self.work: list[Work] = []
        self.begun: list[int] = []
        self.unknown: Counter[str] = Counter()
        self.problems: list[str] = []
        self._event: dict[str, str] | None = None
        self._depth_in_event = 0
        self._first_us: int | None = None
        self._open: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._starts
        self._parser.EndElementHandler = self._ends
        self._parser.StartDoctypeDeclHandler = self._refuse

    def parse(self, content: bytes) -> None:
        """Read a whole document."""
        try:
            self._parser.Parse(content, True)
        except expat.ExpatError as error:
            self.problems.append(f"{self._file}:{error.lineno}: found broken XML ({error}), expected an XES event log")
        except ValueError as error:
            self.problems.append(f"{self._file}:{self._parser.CurrentLineNumber}: {error}")

    def _refuse(self, *_: Any) -> None:
        raise ValueError("found a document type, which an event log does not have")

    def _starts(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "trace":
            self._first_us = None
            self._open.clear()
        elif tag == "event":
            self._event, self._depth_in_event = {}, 0
        elif self._event is not None:
            if self._depth_in_event == 0 and "key" in attributes:
                self._event[attributes["key"]] = attributes.get("value", "")
            self._depth_in_event += 1

    def _ends(self, tag: str) -> None:
        if tag == "event" and self._event is not None:
            event, self._event = self._event, None
            try:
                self._take(event)
            except ValueError as error:
                self.problems.append(f"{self._file}:{self._parser.CurrentLineNumber}: {error}")
        elif self._event is not None:
            self._depth_in_event -= 1
        elif tag == "trace" and self._first_us is not None:
            self.begun.append(self._first_us)

    def _take(self, event: dict[str, str]) -> None:
        name = event.get("concept:name", "")
        if "time:timestamp" not in event:
            raise ValueError(f"found the event {name!r} without time:timestamp")
        at_us = self._clock.us(event["time:timestamp"], f"{self._file}:{self._parser.CurrentLineNumber}")
        self._first_us = at_us if self._first_us is None else min(at_us, self._first_us)
        transition = event.get("lifecycle:transition", "complete").lower()
        key = (name, event.get("concept:instance", ""))
        if transition in STARTS:
            self._open[key].append(at_us)
        elif transition in ENDS and self._open[key]:
            self._done(name, event.get("org:resource", ""), self._open[key].pop(0), at_us)

    def _done(self, name: str, person: str, start_us: int, end_us: int) -> None:
        duration_us = elapsed(start_us, end_us)
        target = self._naming.of(name) or (PEOPLE if person else "")
        if not target:
            self.unknown.update([name])
        elif target == PEOPLE:
            self.work.append(Work(person, start_us, duration_us))
        elif target != IGNORED:
            self.calls.append(Call(target, start_us, duration_us, DONE))
