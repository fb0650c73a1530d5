from base64 import b64encode
from typing import Any

import pytest

TOKEN = "/services/oauth2/token"
LIMITS = "/services/data/v62.0/limits/"
JWT = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion="


def test_a_login_returns_a_token_and_where_to_use_it(org: Any, json_of: Any) -> None:
    form = b"grant_type=client_credentials&client_id=a&client_secret=b"
    reply = org.send("POST", TOKEN, form, {"host": "127.0.0.1:9102", "x-forwarded-proto": "https"})
    granted = json_of(reply)
    assert reply.status == 200
    assert granted["token_type"] == "Bearer"
    assert granted["instance_url"] == "https://127.0.0.1:9102"
    assert granted["id"] == "https://127.0.0.1:9102/id/00D000000000001EAA/005000000000001AAA"
    assert granted["issued_at"] == "1796000000000"
    assert granted["access_token"].startswith("00D000000000001!")
    for scheme in ("Bearer", "OAuth"):
        headers = {"authorization": f"{scheme} {granted['access_token']}"}
        assert org.send("GET", LIMITS, headers=headers).status == 200


@pytest.mark.parametrize(
    ("form", "headers", "status", "error"),
    [
        (b"grant_type=client_credentials", {"authorization": "Basic " + b64encode(b"a:b").decode()}, 200, ""),
        (b"grant_type=client_credentials", {"authorization": "Basic !"}, 400, "invalid_client_id"),
        (b"grant_type=client_credentials&client_id=a", {}, 401, "invalid_client"),
        (b"grant_type=client_credentials&client_secret=a", {}, 400, "invalid_client_id"),
        (b"grant_type=password&client_id=a&client_secret=b&username=u&password=p", {}, 200, ""),
        (b"grant_type=password&client_id=a&client_secret=b&username=u", {}, 400, "invalid_grant"),
        (JWT.encode() + b"a.b.c", {}, 400, "invalid_grant"),
        (JWT.encode(), {}, 400, "invalid_grant"),
        (b"grant_type=magic", {}, 400, "unsupported_grant_type"),
    ],
)
def test_grants_and_their_refusals(
    org: Any, json_of: Any, form: bytes, headers: dict[str, str], status: int, error: str
) -> None:
    reply = org.send("POST", TOKEN, form, headers)
    assert reply.status == status
    assert json_of(reply).get("error", "") == error


def test_credentials_are_checked_when_the_organisation_has_some(new_org: Any, json_of: Any) -> None:
    org = new_org(client_id="app", client_secret="right")
    wrong = org.send("POST", TOKEN, b"grant_type=client_credentials&client_id=app&client_secret=wrong", {})
    assert (wrong.status, json_of(wrong)["error"]) == (401, "invalid_client")
    right = org.send("POST", TOKEN, b"grant_type=client_credentials&client_id=app&client_secret=right", {})
    assert right.status == 200


def test_the_401_body_is_exact(org: Any) -> None:
    for headers in ({}, {"authorization": "Bearer nope"}, {"authorization": "Basic abc"}):
        reply = org.send("GET", LIMITS, headers=headers)
        assert reply.status == 401
        assert reply.body == b'[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]'


def test_a_session_ends_when_it_lies_idle(org: Any) -> None:
    assert org.send("GET", LIMITS).status == 200
    for _ in range(3):
        org.now_us += 7_000_000_000
        assert org.send("GET", LIMITS).status == 200
    org.now_us += 7_201_000_000
    assert org.send("GET", LIMITS).status == 401
    org.login()
    assert org.send("GET", LIMITS).status == 200


def test_a_revoked_session_is_over(org: Any) -> None:
    org.login()
    assert org.send("POST", "/services/oauth2/revoke", f"token={org.token}".encode()).status == 200
    assert org.send("GET", LIMITS).status == 401
    assert org.send("POST", "/services/oauth2/revoke", f"token={org.token}".encode()).status == 400


def test_strictness_is_a_switch(new_org: Any) -> None:
    assert new_org(authentication="off").send("GET", LIMITS, headers={}).status == 200
    shape = new_org(authentication="shape")
    assert shape.send("GET", LIMITS, headers={"authorization": "Bearer any"}).status == 200
    assert shape.send("GET", LIMITS, headers={}).status == 401


def test_usage_is_told_and_the_daily_allowance_ends(new_org: Any, json_of: Any, error_of: Any) -> None:
    org = new_org(daily_requests=3)
    replies = [org.send("GET", LIMITS) for _ in range(4)]
    assert [reply.status for reply in replies] == [200, 200, 200, 403]
    assert replies[0].headers["sforce-limit-info"] == "api-usage=1/3"
    assert json_of(replies[1])["DailyApiRequests"] == {"Max": 3, "Remaining": 1}
    assert error_of(replies[3]) == (403, "REQUEST_LIMIT_EXCEEDED")
    assert "retry-after" not in replies[3].headers
    org.now_us += 24 * 3_600_000_000
    org.login()
    assert org.send("GET", LIMITS).status == 200
