from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from contracts.conformance.lifecycle import PROMISES, read_lifecycle_target
from contracts.conformance.suite import of_lifecycle
from contracts.conformance.target import Unusable
from contracts.findings import Tally
from contracts.verification.mutants import faults

FAULTS = faults("lifecycle")
NOW = datetime.now(UTC)
ENDS = NOW + timedelta(days=90)


def service(fault: str = "") -> Starlette:
    """A service with one old operation and a limit."""

    async def old(_request: Request) -> Response:
        if fault == "gone_early":
            return Response(status_code=410, headers=told(fault))
        return JSONResponse({}, headers=told(fault))

    async def busy(_request: Request) -> Response:
        after = {"no_retry_after": {}, "words_in_retry_after": {"Retry-After": "soon"}}.get(fault, {"Retry-After": "3"})
        return Response(status_code=429, headers=after)

    return Starlette(routes=[Route("/v1/old/{id}", old, methods=["GET", "POST"]), Route("/v1/busy", busy)])


def told(fault: str) -> dict[str, str]:
    since, ends = NOW - timedelta(days=1), ENDS
    if fault == "sunset_before_deprecation":
        since = ends + timedelta(days=1)
    if fault == "other_day":
        ends += timedelta(days=3)
    headers = {"Deprecation": f"@{int(since.timestamp())}", "Sunset": format_datetime(ends, usegmt=True)}
    if fault == "silent":
        del headers["Deprecation"]
    if fault == "milliseconds":
        headers["Deprecation"] = f"@{int(since.timestamp() * 1_000)}"
    if fault == "old_draft":
        headers["Deprecation"] = "true"
    if fault == "sunset_is_iso":
        headers["Sunset"] = ends.isoformat()
    if fault == "no_sunset":
        del headers["Sunset"]
    return headers


def described(folder: Path, **changed: Any) -> Path:
    old = {"deprecated": True, "x-sunset": ENDS.date().isoformat(), "responses": {}}
    document = {"openapi": "3.1.0", "paths": {"/v1/old/{id}": {"get": old, "post": old}, "/v1/busy": {"get": {}}}}
    (folder / "openapi.json").write_text(json.dumps(document), encoding="utf-8")
    target = {
        "url": "http://old.test", "document": "openapi.json", "values": {"id": "O 1"},
        "calls": {"POST /v1/old/{id}": {}}, "flood": {"path": "/v1/busy"}, **changed,
    }  # fmt: skip
    path = folder / "api.yaml"
    path.write_text(json.dumps(target), encoding="utf-8")
    return path


def examined(folder: Path, fault: str = "", ids: Iterable[str] = (), **changed: Any) -> Tally:
    target, old = read_lifecycle_target(described(folder, **changed))

    def client() -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=service(fault)))

    return of_lifecycle(target, old, ids=tuple(ids), clients=client).run(lambda *_: None)


def test_an_api_that_says_what_goes_keeps_every_promise(tmp_path: Path) -> None:
    tally = examined(tmp_path)
    assert tally.findings == ()
    assert tally.checked == len(PROMISES.assertions)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_by_the_promise_meant_for_it(tmp_path: Path, fault: str) -> None:
    tally = examined(tmp_path, fault)
    assert {finding.rule for finding in tally.findings} == FAULTS[fault]
    assert all(finding.evidence for finding in tally.findings)


def test_every_promise_finds_a_fault() -> None:
    assert {promise.id for promise in PROMISES.assertions} == set().union(*FAULTS.values())


def test_without_old_operations_or_a_limit_nothing_is_proved(tmp_path: Path) -> None:
    tally = examined(tmp_path, document="", flood={"path": "/v1/nowhere", "requests": 20})
    assert tally.outcome == "unknown"
    assert {"no deprecated operation" in reason or "no limit" in reason for _, reason in tally.skipped} == {True}


def test_a_document_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match=r"none\.json: cannot be read"):
        read_lifecycle_target(described(tmp_path, document="none.json"))
