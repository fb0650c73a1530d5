"""RESTlets: scripts behind one address, with errors in their own shape."""

from __future__ import annotations

import json
from typing import Any

import pytest

from domain.faults import Fault
from domain.http import Request
from mocks.erp import Quirks

PATH = "/app/site/hosting/restlet.nl"


def ask(bench: Any, method: str, query: str, body: bytes = b"", **headers: str) -> tuple[int, Any]:
    """Call a script; return status and answer."""
    sent = {"authorization": "Bearer test", **{name.replace("_", "-"): value for name, value in headers.items()}}
    reply = bench.service.handle(Request("erp", method, f"{PATH}{query}", sent, body), bench.now_us, "r").reply
    is_json = reply.headers["content-type"].startswith("application/json")
    return reply.status, json.loads(reply.body) if is_json else reply.body.decode()


def echo(_erp: Any, call: Any) -> Any:
    """A script of the tests: says what it was given."""
    return [call.method, dict(call.parameters), call.body] if call.body != "text" else "as it is"


@pytest.fixture
def scripted(make: Any) -> Any:
    return make(Quirks(restlets={"customscript_echo/customdeploy_echo": f"{__name__}:echo"}))


def test_a_script_gets_method_parameters_and_body(scripted: Any) -> None:
    query = "?script=customscript_echo&deploy=customdeploy_echo&a=1"
    assert ask(scripted, "GET", query) == (200, ["GET", {"a": "1"}, None])
    assert ask(scripted, "DELETE", query) == (200, ["DELETE", {"a": "1"}, None])
    typed = {"content_type": "application/json"}
    assert ask(scripted, "POST", query, b'{"b":2}', **typed) == (200, ["POST", {"a": "1"}, {"b": 2}])
    assert ask(scripted, "PUT", query, b"text", content_type="text/plain") == (200, "as it is")


def test_scripts_fail_in_their_own_shape(bench: Any) -> None:
    for query, code in (
        ("?script=1&deploy=1", "SSS_INVALID_SCRIPTLET_ID"),
        ("?script=1", "SSS_MISSING_REQD_ARGUMENT"),
        ("?script=customscript_credit_standing&deploy=1&account=none", "RCRD_DSNT_EXIST"),
    ):
        status, answer = ask(bench, "GET", query)
        assert (status, set(answer), answer["error"]["code"]) == (400, {"error"}, code)
    fine = "?script=customscript_credit_standing&deploy=1&account=A-000001"
    assert ask(bench, "GET", fine)[1]["status"] == "clear"
    assert ask(bench, "POST", fine, b"{", content_type="application/json")[0] == 400
    assert ask(bench, "GET", fine, authorization="Basic x")[1]["error"]["code"] == "INVALID_LOGIN_ATTEMPT"
    assert ask(bench, "PATCH", fine)[0] == 405


def test_too_many_at_once_is_a_bad_request_here(make: Any) -> None:
    bench = make(faults=(Fault(kind="throttled", system="erp", operation="restlet_get", seconds=3),))
    status, answer = ask(bench, "GET", "?script=1&deploy=1")
    assert (status, answer["error"]["code"]) == (400, "SSS_REQUEST_LIMIT_EXCEEDED")


def test_a_script_may_be_deployed_by_act(bench: Any) -> None:
    bench.act("deploy_restlet", script="s", deploy=1, reply={"x": [1]})
    assert ask(bench, "GET", "?script=s&deploy=1") == (200, {"x": [1]})


@pytest.mark.parametrize("restlets", [{"s": "json:dumps"}, {"s/1": "json"}])
def test_a_script_that_is_named_wrongly_is_told(make: Any, restlets: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="a RESTlet is"):
        make(Quirks(restlets=restlets))


def test_who_the_token_is(bench: Any) -> None:
    assert bench.get("/rest/tokeninfo")["companyId"] == "TSTDRV123_SB1"
