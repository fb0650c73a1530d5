from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from contracts.conformance.profiles import PROFILES, profile
from contracts.conformance.server import PROMISES
from contracts.conformance.suite import of_server
from contracts.conformance.target import Target, Unusable, read_target
from contracts.findings import Tally
from tests.contracts.conformance.order_service import FAULTS, OrderService

DESCRIBED: dict[str, Any] = {
    "url": "http://orders.test",
    "operation": {
        "path": "/v1/orders",
        "body": {"customer": "C-1", "reference": "{unique}", "lines": [{"sku": "a", "quantity": 1}]},
        "change": {"lines": [{"sku": "a", "quantity": 2}]},
        "spoil": {"lines": []},
    },
    "count": {"path": "/v1/orders?reference={unique}", "pointer": "/orders"},
    "other": {"path": "/v1/orders/{id}/invoices"},
    "tenants": [{"x-tenant": "a"}, {"x-tenant": "b"}],
    "replace": {"method": "PUT", "path": "/v1/orders/{id}", "body": {"note": "x"}},
    "remove": {"method": "DELETE", "path": "/v1/orders/{id}"},
    **{
        name: {"url": f"http://orders.test/control/{what}"}
        for name, what in (
            ("fail_before", "before"),
            ("fail_after", "after"),
            ("restart", "restart"),
            ("advance", "advance"),
        )
    },
}


class _Wire(httpx.ASGITransport):
    """Tells the application how the header was written, which ASGI does not."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        for name, _ in request.headers.raw:
            if name.lower() == b"idempotency-key":
                request.headers["x-original-case"] = name.decode()
        return await super().handle_async_request(request)


def examined(service: OrderService, chosen: str = "own", ids: Iterable[str] = (), **changed: Any) -> Tally:
    target = msgspec.convert({**DESCRIBED, **changed}, Target)

    def client() -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=_Wire(app=service.app, raise_app_exceptions=False))

    return of_server(target, profile(chosen), "t", ids=tuple(ids), clients=client).run(lambda *_: None)


def broken(tally: Tally) -> set[str]:
    return {finding.rule for finding in tally.findings if finding.severity == "error"}


def test_a_service_that_is_right_keeps_every_promise() -> None:
    tally = examined(OrderService())
    assert broken(tally) == set()
    assert tally.could_not_run == ""
    assert {name for name, _ in tally.skipped} <= {"I23", "I27"}, tally.skipped
    assert tally.checked >= 27


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_by_the_promise_meant_for_it(fault: str) -> None:
    found = broken(examined(OrderService(fault), ids=FAULTS[fault]))
    assert found & FAULTS[fault], f"{fault} was noticed by {found or 'nobody'}"


def test_every_promise_but_optional_ones_finds_a_fault() -> None:
    found = set().union(*FAULTS.values())
    idle = {promise.id for promise in PROMISES.assertions if promise.level != "MAY"} - found
    assert idle == {"I12"}  # it follows from I11 and I04, and says so in a burst


def test_without_a_way_to_count_identities_tell() -> None:
    assert broken(examined(OrderService("no_store"), count=None)) >= {"I05"}


def test_what_a_target_does_not_say_is_skipped_with_a_reason() -> None:
    tally = examined(OrderService(), tenants=[], other=None, restart=None, advance=None)
    reasons = dict(tally.skipped)
    assert {"I09", "I10", "I25", "I26"} <= reasons.keys()
    assert all(reasons.values())


def test_nobody_at_the_address_is_no_verdict() -> None:
    target = msgspec.convert({**DESCRIBED, "url": "http://127.0.0.1:9"}, Target)
    tally = of_server(target, profile("own"), "t").run(lambda *_: None)
    assert tally.outcome == "could not run"
    assert "nobody answers at http://127.0.0.1:9" in tally.could_not_run


def test_a_server_that_talks_nonsense_breaks_promises_and_nothing_of_ours() -> None:
    async def nonsense(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": b"\xff\x00<html>"})

    target = msgspec.convert({**DESCRIBED, "count": None}, Target)
    suite = of_server(
        target, profile("own"), "t", clients=lambda: httpx.AsyncClient(transport=httpx.ASGITransport(app=nonsense))
    )
    tally = suite.run(lambda *_: None)
    assert "I04" in broken(tally)
    assert "not JSON" in next(finding.message for finding in tally.findings if finding.rule == "I04")


def test_a_finding_shows_the_exchanges() -> None:
    tally = examined(OrderService("other_payload_executed"))
    (finding,) = [finding for finding in tally.findings if finding.rule == "I07"]
    assert any("POST /v1/orders key" in line for line in finding.evidence)


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_can_be_tried(name: str) -> None:
    tally = examined(OrderService(), name)
    assert tally.checked + len(tally.skipped) == len(PROMISES.assertions)


def test_an_unknown_profile_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="known are: ietf-07, stripe-v1"):
        profile("ietf")


def test_a_target_file_whose_request_is_refused_breaks_one_promise_and_not_all_of_them() -> None:
    operation = {**DESCRIBED["operation"], "path": "/v1/orrders"}
    tally = examined(OrderService(), operation=operation)
    first = [finding.rule for finding in tally.findings if "The first request was answered 404" in finding.message]
    assert first == ["I02"]
    assert {"I03", "I04", "I05", "I06", "I24"} <= {name for name, why in tally.skipped if "see I02" in why}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("operation: {path: /o, boby: {}}", ":2:23: at operation.boby found 'boby', expected one of 'method', "),
        ("operation: {path: /o, boby: {}}", "; did you mean 'body'?"),
        ("operation: {path: /o}\ntenants:\n  - X-Tenant: 1", ":4:5: at tenants.0 expected `str`, got `int`"),
        ("count: {path: /o}", ":1:1: at the top object missing required field `operation`"),
    ],
)
def test_a_mistake_in_a_target_file_is_told_with_its_line(tmp_path: Path, wrong: str, words: str) -> None:
    path = tmp_path / "orders.yaml"
    path.write_text(f"url: http://127.0.0.1:1\n{wrong}\n", encoding="utf-8")
    with pytest.raises(Unusable) as refused:
        read_target(path)
    assert words in str(refused.value)
