"""The router: which row of a dialect a raw path and a method find."""

from __future__ import annotations

import pytest

from domain.http import Reply, Request
from mocks.kernel.operations import Call, Operation, Router, fingerprint


def _row(name: str, method: str, path: str) -> Operation:
    return Operation(name, method, path, lambda _model, _call: Reply(204))


ROUTER = Router(
    [
        _row("list", "GET", "/v1/things"),
        _row("create", "POST", "/v1/things"),
        _row("read", "GET", "/v1/things/{id}"),
        _row("search", "GET", "/v1/things/search"),
        _row("part", "GET", "/v1/things/{id}/parts/{part}"),
        _row("found", "GET", "/v1/{kind}/search/parts/{part}"),
    ]
)


@pytest.mark.parametrize(
    ("target", "name", "params"),
    [
        ("/v1/things", "list", {}),
        ("/v1/things/?limit=2", "list", {}),
        ("/v1/things/search", "search", {}),
        ("/v1/things/a%2Fb", "read", {"id": "a/b"}),
        ("/v1/things/7/parts/9", "part", {"id": "7", "part": "9"}),
        ("/v1/things/search/parts/9", "part", {"id": "search", "part": "9"}),
        ("/v1/other/search/parts/9", "found", {"kind": "other", "part": "9"}),
    ],
)
def test_literal_segments_win_over_parameters_from_the_left(target: str, name: str, params: dict[str, str]) -> None:
    operation, found, _ = ROUTER.find("GET", target)
    assert operation is not None
    assert (operation.name, found) == (name, params)


def test_a_method_the_path_does_not_have_is_told_the_ones_it_has() -> None:
    operation, params, methods = ROUTER.find("DELETE", "/v1/things")
    assert (operation, params, list(methods)) == (None, {}, ["GET", "POST"])


def test_an_unknown_path_has_no_methods() -> None:
    assert ROUTER.find("GET", "/v2/things") == (None, {}, ())


def test_a_call_is_fingerprinted_by_method_target_and_body() -> None:
    request = Request("erp", "POST", "/v1/things", {"x": "1"}, b"{}")
    call = Call(request, _row("create", "POST", "/v1/things"), {}, 0, "r1")
    assert call.fingerprint == fingerprint(Request("erp", "POST", "/v1/things", {}, b"{}"))
    assert call.fingerprint != fingerprint(Request("erp", "PUT", "/v1/things", {}, b"{}"))
