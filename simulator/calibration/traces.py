"""Reading traces: OTLP JSON as exporters write it (a document, or one a line), or our own span lines.

A span of kind client is a call; the first span of a trace that is no call begins a lifecycle (of our own spans, the
first of each quote). Calls go to the peer that their attributes name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from scenarios.words import SYSTEMS
from simulator.calibration.instants import elapsed
from simulator.calibration.naming import Naming
from simulator.calibration.observations import DONE, FAILED, TIMED_OUT, Call, Observations, complain, ordered

PEERS = ("q2c.peer", "peer.service", "server.address", "net.peer.name", "rpc.service", "db.system", "service.peer")
"""Attributes that name whom a call goes to, in the order in which they are believed."""
_CLIENT = frozenset({"3", "client", "span_kind_client"})
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_NS = 1_000


def read(path: Path, naming: Naming) -> Observations:
    """Return what an export of traces tells; raise Unusable with file and line of everything that is wrong."""
    calls: list[Call] = []
    begun: dict[str, int] = {}
    unknown: Counter[str] = Counter()
    problems: list[str] = []
    for place, span in _spans(path, problems):
        try:
            _take(span, naming, calls, begun, unknown)
        except ValueError as error:
            problems.append(f"{place}: {error}")
    complain(problems)
    return ordered(str(path), calls, (), begun.values(), dict(unknown))


def _take(
    span: Mapping[str, Any], naming: Naming, calls: list[Call], begun: dict[str, int], unknown: Counter[str]
) -> None:
    start_us, end_us = _instant(span, "startTimeUnixNano", "start_ns"), _instant(span, "endTimeUnixNano", "end_ns")
    duration_us = elapsed(start_us, end_us)
    told = _attributes(span.get("attributes"))
    if str(span.get("kind", "")).lower() not in _CLIENT:
        is_root = not (span.get("parentSpanId") or span.get("parent_id"))
        case = str(told.get("q2c.quote.id") or (span.get("traceId") or span.get("trace_id") or "") if is_root else "")
        if case:
            begun[case] = min(start_us, begun.get(case, start_us))
        return
    names = [str(told[name]) for name in PEERS if told.get(name)]
    target = naming.of(*names, str(span.get("name", "")))
    if not target:
        unknown.update([names[0] if names else str(span.get("name", "?"))])
    elif target in SYSTEMS:
        repeats = int(told.get("http.request.resend_count") or 0) > 0
        method = str(told.get("http.request.method") or told.get("http.method") or "POST").upper()
        calls.append(Call(target, start_us, duration_us, _outcome(span, told), method not in _READING, repeats))


def _outcome(span: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    kind = str(told.get("error.type") or "").lower()
    status = int(told.get("http.response.status_code") or told.get("http.status_code") or 0)
    if "timeout" in kind or "timed out" in kind or "deadline" in kind or status in (408, 504):
        return TIMED_OUT
    if status:
        return FAILED if status >= 500 or status == 429 else DONE
    said = span.get("status")
    code = str(said.get("code", "")) if isinstance(said, dict) else str(said or "")
    return FAILED if kind or code in ("2", "ERROR", "STATUS_CODE_ERROR") else DONE


def _instant(span: Mapping[str, Any], *names: str) -> int:
    value = next((span[name] for name in names if span.get(name) not in (None, "")), None)
    if value is None or not str(value).isdigit():
        raise ValueError(f"found the span {span.get('name', '?')!r} with {names[0]} {value!r}, expected nanoseconds")
    return int(value) // _NS


def _attributes(given: Any) -> dict[str, Any]:
    """Return attributes by name, from OTLP's list of keys and typed values or from a plain mapping."""
    if isinstance(given, dict):
        return given
    rows = given if isinstance(given, list) else []
    return {row.get("key", ""): next(iter((row.get("value") or {}).values()), "") for row in rows}


def _spans(path: Path, problems: list[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every span with its place; a file is one document, or a document on each line."""
    content = path.read_bytes()
    try:
        documents = [(str(path), msgspec.json.decode(content))]
    except msgspec.DecodeError:
        documents = list(_lines(path, content, problems))
    for place, document in documents:
        found = list(_within(document))
        if not found:
            problems.append(f"{place}: found no span, expected OTLP JSON (resourceSpans) or a span")
        yield from ((place, span) for span in found)


def _lines(path: Path, content: bytes, problems: list[str]) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(content.splitlines(), 1):
        if line.strip():
            try:
                yield f"{path}:{number}", msgspec.json.decode(line)
            except msgspec.DecodeError as error:
                problems.append(f"{path}:{number}: found no JSON ({error}), expected a document on each line")


def _within(document: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(document, list):
        for each in document:
            yield from _within(each)
    elif isinstance(document, dict) and "resourceSpans" in document:
        for resource in document["resourceSpans"]:
            for scope in resource.get("scopeSpans") or resource.get("instrumentationLibrarySpans") or ():
                yield from scope.get("spans", ())
    elif isinstance(document, dict) and ("spanId" in document or "span_id" in document):
        yield document
