"""Logs of every kind become the same observations, and what is wrong with one is said with file and line."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any, cast

import pytest

from domain.history import Attempted, Case, Changed, History
from simulator.calibration import histories
from simulator.calibration.naming import naming
from simulator.calibration.observations import DONE, FAILED, TIMED_OUT, Observations, Unusable
from simulator.calibration.reading import read
from tests.simulator.calibration.logs import START_US, attempted, case, quote

HEADER = "case,activity,start,end,status\n"
ROWS = (
    "o1,netsuite,2026-12-01T09:00:00Z,2026-12-01T09:00:02Z,200\n"
    "o1,stripe,2026-12-01T09:00:03Z,2026-12-01T09:01:03Z,timeout\n"
    "o2,netsuite,2026-12-01T10:00:00Z,2026-12-01T10:00:01.5Z,503\n"
)


def log(folder: Path, text: str | bytes, name: str = "log.csv", **options: Any) -> Observations:
    """Read a file with this content."""
    file = folder / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    said = naming(options.pop("names", {}))
    return read(file, said, **options)


def wrong(folder: Path, text: str | bytes, name: str = "log.csv", **options: Any) -> str:
    """Return what is said of a file that cannot be used."""
    with pytest.raises(Unusable) as error:
        log(folder, text, name, **options)
    return str(error.value)


# --- CSV ------------------------------------------------------------------------------------------------------------


def test_a_csv_file_tells_calls_outcomes_and_when_orders_began(tmp_path: Path) -> None:
    seen = log(tmp_path, HEADER + ROWS)
    assert [(call.system, call.duration_us, call.outcome) for call in seen.calls] == [
        ("erp", 2_000_000, DONE), ("payment", 60_000_000, TIMED_OUT), ("erp", 1_500_000, FAILED),
    ]  # fmt: skip
    assert [at_us - seen.begun_us[0] for at_us in seen.begun_us] == [0, 3_600_000_000]


@pytest.mark.parametrize(
    ("column", "milliseconds"),
    [
        ("Duration (ms)", 1.5), ("duration_ms", 1.5), ("durationMillis", 1.5), ("latency", 1500), ("latency_s", 1500),
        ("Elapsed time in seconds", 1500), ("duration_min", 90_000), ("duration_us", 0.0015),
    ],
)  # fmt: skip
def test_the_unit_of_a_duration_is_what_its_column_says_however_it_is_written(
    tmp_path: Path, column: str, milliseconds: float
) -> None:
    rows = "2026-12-15T10:00:00Z,Netsuite,1.5\n2026-12-15T11:00:00Z,Netsuite,1.5\n"
    text = f"Start Time,Service Name,{column}\n{rows}"
    call, _ = log(tmp_path, text, columns={"duration": column}).calls
    assert call.duration_us == round(milliseconds * 1000)


def test_columns_can_be_named_and_durations_have_the_unit_of_their_column(tmp_path: Path) -> None:
    text = "what;begun;took_ms\nERP Cloud;1796000000;250\nERP Cloud;1796000060;1250.5\n"
    seen = log(tmp_path, text, columns={"activity": "what", "start": "begun", "duration": "took_ms"})
    assert [call.duration_us for call in seen.calls] == [250_000, 1_250_500]
    assert seen.calls[0].start_us == 1_796_000_000_000_000


def test_people_are_told_by_their_column_or_by_name(tmp_path: Path) -> None:
    rows = (
        "Check credit,2026-12-01T09:00:00Z,2026-12-01T09:30:00Z,{}\nMend,2026-12-01T10:00:00Z,2026-12-01T10:05:00Z,{}\n"
    )
    by_column = log(tmp_path, "activity,start,end,resource\n" + rows.format("ann", "bob"))
    assert [(work.person, work.duration_us) for work in by_column.work] == [
        ("ann", 1_800_000_000),
        ("bob", 300_000_000),
    ]
    names = {"Check credit": "people", "Mend": "ignore"}
    by_name = log(tmp_path, "activity,start,end,note\n" + 2 * rows.format("", ""), names=names)
    assert [work.duration_us for work in by_name.work] == [1_800_000_000] * 2


def test_local_times_are_those_of_the_zone_that_was_named(tmp_path: Path) -> None:
    text = (
        "activity,start,end\nerp,2026-12-01 09:00:00,2026-12-01 09:00:02\nerp,2026-12-01 10:00:00,2026-12-01 10:00:02\n"
    )
    assert log(tmp_path, text, zone="Europe/Berlin").calls[0].start_us == 1_796_112_000_000_000
    assert "log.csv:2: found '2026-12-01 09:00:00', a local time without a zone; say which one: --zone" in wrong(
        tmp_path, text
    )


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ("log.csv: found an empty file",)),
        (HEADER, ("found no call of a known system",)),
        (HEADER + ROWS.splitlines()[0] + "\n", ("found one event", "expected a stretch of time")),
        (HEADER + 2 * "o,erp,2026-12-01T09:00:00Z,2026-12-01T09:00:00Z,ok\n", ("found 2 events within a second",)),
        ("when,what\n1,2\n", ("log.csv:1: found the columns when, what", "one for start and one for activity")),
        (HEADER + ROWS.replace("09:00:02Z", "08:00:02Z"), ("log.csv:2: found an end 0:59:58 before its start",)),
        (
            HEADER + ROWS.replace("10:00:00Z", "10:00:00"),
            ("log.csv:4:", "without a zone, expected it with one as at", "log.csv:2"),
        ),
        (HEADER + ROWS.replace("503", "perhaps"), ("log.csv:4: found the outcome 'perhaps'", "an HTTP status")),
        (HEADER + ROWS.replace(",503", ""), ("log.csv:4: found 4 columns, expected 5 as in line 1",)),
        (
            HEADER + ROWS.replace("2026-12-01T09:00:00Z", "yesterday"),
            ("log.csv:2: found 'yesterday', expected an instant",),
        ),
        (HEADER + ROWS.replace("2026-12-01T09:00:00Z", "1999999999999999999999"), ("log.csv:2: found",)),
        ("activity,start,end\nmainframe,1796000000,1796000001\n", ("it has 'mainframe': say what they are", "--name")),
        ("activity,start,duration\nerp,2026-12-01T09:00:00Z,-4\n", ("log.csv:2: found the duration -4", "backwards")),
        ("activity,start,duration\nerp,2026-12-01T09:00:00Z,long\n", ("log.csv:2:", "the duration 'long'")),
        ("activity,start,end\n" + "erp,x,y\n" * 30, ("log.csv:2:", "log.csv:21:", "... and 10 more")),
    ],
)
def test_what_is_wrong_with_a_csv_file_is_said_with_its_line(tmp_path: Path, text: str, parts: tuple[str, ...]) -> None:
    said = wrong(tmp_path, text)
    assert all(part in said for part in parts), said


def test_names_that_do_not_exist_are_refused_with_the_nearest(tmp_path: Path) -> None:
    assert "found no column 'begin', expected one of case, activity" in wrong(
        tmp_path, HEADER + ROWS, columns={"start": "begin"}
    )
    assert "expected one of start, end" in wrong(tmp_path, HEADER + ROWS, columns={"begin": "start"})
    with pytest.raises(Unusable, match="did you mean 'billing'"):
        naming({"Chargebee": "biling"})


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="found no file that can be read"):
        read(tmp_path / "none.csv", naming({}))
    with pytest.raises(Unusable, match="found no such file, expected the history of a run"):
        read(tmp_path, naming({}))


# --- traces ---------------------------------------------------------------------------------------------------------


def span(name: str, start_s: float, end_s: float, kind: int = 3, **attributes: Any) -> dict[str, Any]:
    listed = [
        {"key": key.replace("__", "."), "value": {"stringValue": str(value)}} for key, value in attributes.items()
    ]
    zero = 1_796_000_000
    return {
        "traceId": name, "spanId": name, "name": name, "kind": kind, "attributes": listed,
        "startTimeUnixNano": str(round((zero + start_s) * 1e9)), "endTimeUnixNano": str(round((zero + end_s) * 1e9)),
    }  # fmt: skip


def document(*spans: dict[str, Any]) -> str:
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}]})


def test_traces_are_read_from_a_document_or_from_lines(tmp_path: Path) -> None:
    spans = (
        span("order", 0, 9, kind=1),
        span("GET", 1, 3, peer__service="salesforce", http__request__method="GET", http__response__status_code=200),
        span("POST", 4, 34, peer__service="netsuite", error__type="timeout"),
        span("POST2", 40, 41, server__address="api.stripe.com", http__response__status_code=502),
        span("late", 50, 51, kind=2),
    )
    whole = log(tmp_path, document(*spans), "traces.json")
    lines = log(tmp_path, "\n".join(document(each) for each in spans) + "\n\n", "traces.jsonl")
    assert whole.calls == lines.calls
    assert [(call.system, call.outcome, call.writes) for call in whole.calls] == [
        ("crm", DONE, False), ("erp", TIMED_OUT, True), ("payment", FAILED, True),
    ]  # fmt: skip
    assert [at_us - whole.begun_us[0] for at_us in whole.begun_us] == [0, 50_000_000]


def test_our_own_span_lines_are_read_and_quotes_begin_once(tmp_path: Path) -> None:
    def line(kind: str, start: int, **told: Any) -> str:
        ids = {"trace_id": f"{start:032x}", "span_id": f"{start:016x}", "parent_id": ""}
        times = {"start_ns": 1_796_000_000_000_000_000 + start, "end_ns": 1_796_000_002_000_000_000 + start}
        return json.dumps({**ids, **times, "name": "run", "kind": kind, "status": "UNSET", "attributes": told})

    quote_id = {"q2c.quote.id": "Q-1"}
    call = {"q2c.peer": "tax", "http.request.method": "POST"}
    text = "\n".join((
        line("INTERNAL", 0, **quote_id), line("INTERNAL", 5, **quote_id),
        line("CLIENT", 7, **call, **{"http.request.resend_count": 1}), line("CLIENT", 9, **call),
    ))  # fmt: skip
    seen = log(tmp_path, text, "spans.jsonl")
    assert len(seen.begun_us) == 1
    assert [(call.system, call.repeats, call.duration_us) for call in seen.calls] == [
        ("tax", True, 2_000_000), ("tax", False, 2_000_000),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("{}", ("found no span, expected OTLP JSON",)),
        (document(span("a", 0, 1)) + "\n{broken\n", ("traces.jsonl:2: found no JSON",)),
        (document(span("a", 5, 1)), ("found an end 0:00:04 before its start",)),
        (
            document({**span("a", 0, 1), "startTimeUnixNano": "soon"}),
            ("found the span 'a' with startTimeUnixNano 'soon'",),
        ),
        (document(span("a", 0, 1, peer__service="mainframe")), ("found no call of a known system", "'mainframe'")),
    ],
)
def test_what_is_wrong_with_traces_is_said(tmp_path: Path, text: str, parts: tuple[str, ...]) -> None:
    said = wrong(tmp_path, text, "traces.jsonl")
    assert all(part in said for part in parts), said


# --- XES ------------------------------------------------------------------------------------------------------------


def event(name: str, at: str, transition: str = "complete", person: str = "") -> str:
    who = f'<string key="org:resource" value="{person}"/>' if person else ""
    return (
        f'<event><string key="concept:name" value="{name}"/><date key="time:timestamp" value="{at}"/>'
        f'<string key="lifecycle:transition" value="{transition}"/>{who}</event>\n'
    )


def xes(*traces: str) -> str:
    return "<log>\n" + "".join(f"<trace>\n{each}</trace>\n" for each in traces) + "</log>"


TRACE = (
    event("Check credit", "2026-12-01T09:00:00Z", "start", "ann")
    + event("SAP order", "2026-12-01T09:10:00Z", "start")
    + event("SAP order", "2026-12-01T09:10:04Z")
    + event("Check credit", "2026-12-01T09:20:00Z", "complete", "ann")
)


def test_an_event_log_tells_calls_work_and_cases(tmp_path: Path) -> None:
    text = xes(TRACE, TRACE.replace("T09", "T11"))
    for content in (text.encode(), gzip.compress(text.encode())):
        seen = log(tmp_path, content, "log.xes")
        assert [(call.system, call.duration_us) for call in seen.calls] == [("erp", 4_000_000)] * 2
        assert [(work.person, work.duration_us) for work in seen.work] == [("ann", 1_200_000_000)] * 2
        assert len(seen.begun_us) == 2


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (xes(), ("found no call of a known system",)),
        ("<log><trace>", ("log.xes:1: found broken XML",)),
        (xes(TRACE.replace("09:10:04", "09:09:00")), ("log.xes:5: found an end 0:01:00 before its start",)),
        (xes(TRACE.replace("2026-12-01T09:10:00Z", "noon")), ("log.xes:4: found 'noon'",)),
        (xes(TRACE.replace("time:timestamp", "time:other", 1)), ("log.xes:3: found the event 'Check credit' without",)),
        ("<!DOCTYPE log [<!ENTITY a 'b'>]>\n<log/>", ("found a document type",)),
    ],
)
def test_what_is_wrong_with_an_event_log_is_said_with_its_line(
    tmp_path: Path, text: str, parts: tuple[str, ...]
) -> None:
    said = wrong(tmp_path, text, "log.xes")
    assert all(part in said for part in parts), said


# --- histories ------------------------------------------------------------------------------------------------------


class Told:
    """A history of some records, without the context that a run begins with."""

    def __init__(self, records: list[Any]) -> None:
        self.records = records

    def of(self, kind: type) -> list[Any]:
        return [record for record in self.records if isinstance(record, kind)]


def test_a_history_tells_calls_repeats_work_and_accepted_quotes() -> None:
    records: list[Attempted | Case | Changed] = [
        quote("Q-1", 0), quote("Q-2", 60),
        attempted("erp", 1, 2, key="a"), attempted("erp", 10, 60, key="a", outcome="unknown", reason="timeout"),
        attempted("erp", 20, 1, key="b", outcome="failed", status=404),
        attempted("tax", 30, 1, outcome="failed", status=429),
        attempted("tax", 40, 1, outcome="failed", reason="connection refused", status=0),
        case("c1", "in_progress", 100), case("c1", "resolved", 400),
        case("c2", "in_progress", 500), case("c2", "resolved", 500),
    ]  # fmt: skip
    seen = histories.observed(cast(History, Told(records)), "here")
    assert [(call.system, call.outcome, call.repeats) for call in seen.calls] == [
        ("erp", DONE, False), ("erp", TIMED_OUT, True), ("erp", DONE, False),
        ("tax", FAILED, False), ("tax", FAILED, False),
    ]  # fmt: skip
    assert [work.duration_us for work in seen.work] == [300_000_000]
    assert seen.begun_us == (START_US, START_US + 60_000_000)
