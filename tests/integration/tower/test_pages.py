"""Tests of the tower over HTTP: who may see it, who may act, and that no other page can act for them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from integration.service.access import Access, new_secret
from integration.service.configuration import ApiToken
from integration.tower.sessions import COOKIE, LIFE_US, Sessions, is_form_of
from tests.browser.tower_stage import Stage, standing

CASE = "/tower/cases/order%2FA%231"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with standing(tmp_path_factory.mktemp("tower")) as found:
        found.start("order/A", "asks", {"sku": "A"}, txn="Q-000001")
        yield found


@pytest.fixture
def browser(stage: Stage) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=stage.url, trust_env=False) as client:
        yield client


def sign_in(browser: httpx.Client, token: str, **fields: str) -> httpx.Response:
    return browser.post("/tower/sign-in", data={"token": token, **fields})


def secret_of(browser: httpx.Client, path: str = CASE) -> str:
    found = re.search(r'name="form_secret" value="([^"]+)"', browser.get(path).text)
    assert found is not None
    return found.group(1)


def act(browser: httpx.Client, action: str, headers: dict[str, str] | None = None, **fields: str) -> httpx.Response:
    said = {"case": "order/A#1", "action": action, "form_secret": secret_of(browser), **fields}
    return browser.post("/tower/act", data=said, headers=headers)


def test_nobody_gets_in_without_a_token_and_is_brought_back_with_one(stage: Stage, browser: httpx.Client) -> None:
    for path in ("/tower/", "/tower/exceptions?code=X", CASE):
        reply = browser.get(path)
        assert (reply.status_code, reply.headers["location"][:20]) == (303, "/tower/sign-in?next="), path
    assert browser.post("/tower/act", data={"action": "take"}).headers["location"] == "/tower/sign-in"
    assert sign_in(browser, "guess").status_code == 401
    assert sign_in(browser, stage.tokens["portal"]).status_code == 401  # known, but not one who may look
    reply = sign_in(browser, stage.tokens["Mo"], next="/tower/exceptions?code=X")
    assert (reply.status_code, reply.headers["location"]) == (303, "/tower/exceptions?code=X")
    cookie = reply.headers["set-cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=lax", "Path=/tower"))
    assert stage.tokens["Mo"] not in cookie


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/tower/../x\\", "/api/v1", "javascript:x"]
)
def test_nobody_is_sent_elsewhere_after_signing_in(stage: Stage, browser: httpx.Client, elsewhere: str) -> None:
    assert sign_in(browser, stage.tokens["Mo"], next=elsewhere).headers["location"] == "/tower/"


def test_every_page_forbids_what_it_does_not_need(stage: Stage, browser: httpx.Client) -> None:
    pages = [browser.get("/tower/sign-in")]
    sign_in(browser, stage.tokens["Mo"])
    pages += [browser.get(path) for path in ("/tower/", "/tower/exceptions", CASE, "/tower/cases/none", "/tower/money")]
    for page in pages:
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'sha256-" in policy
        assert "frame-ancestors 'none'" in policy
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["x-content-type-options"] == "nosniff"


def test_a_form_of_another_page_does_nothing(stage: Stage, browser: httpx.Client) -> None:
    sign_in(browser, stage.tokens["Mo"])
    assert act(browser, "take", headers={"origin": "https://evil.example"}).status_code == 403
    assert act(browser, "take", form_secret="").status_code == 403
    assert act(browser, "take", form_secret="guess").status_code == 403
    with httpx.Client(base_url=stage.url, trust_env=False) as other:
        sign_in(other, stage.tokens["Ada"])
        assert act(browser, "take", form_secret=secret_of(other)).status_code == 403
    case = stage.node.reader.case("order/A#1")
    assert case is not None
    assert case.assignee == ""


def test_scopes_decide_what_is_offered_and_what_is_done(stage: Stage, browser: httpx.Client) -> None:
    sign_in(browser, stage.tokens["Vi"])
    assert "<form" not in browser.get(CASE).text.split("<main", 1)[1]
    reply = act(browser, "take")
    assert (reply.status_code, "takes the scope exceptions:work" in reply.text) == (403, True)
    reply = browser.post("/tower/bulk", data={"action": "take", "form_secret": secret_of(browser)})
    assert reply.status_code == 403
    with httpx.Client(base_url=stage.url, trust_env=False) as ada:  # may work, is no steward
        sign_in(ada, stage.tokens["Ada"])
        reply = act(ada, "re_drive", decision="retry", kind="item", key="A", value='{"id": "X"}')
        assert (reply.status_code, "masterdata:steward" in reply.text) == (403, True)


def test_what_is_refused_says_why(stage: Stage, browser: httpx.Client) -> None:
    sign_in(browser, stage.tokens["Mo"])
    for fields, status, sentence in (
        ({"action": "dance"}, 409, "nobody can do"),
        ({"action": "take", "case": "order/none#1"}, 404, "no open case has the id"),
        ({"action": "take", "version": "99"}, 409, "look at it again"),
        ({"action": "wait"}, 409, "say for whom or what"),
        ({"action": "re_drive", "correction": "{"}, 409, "the correction is not JSON"),
        (
            {"action": "re_drive", "kind": "item", "key": "A", "value": "7"},
            409,
            "the value of the mapping is an object",
        ),
    ):
        reply = act(browser, **fields)  # type: ignore[arg-type]
        assert reply.status_code == status, fields
        assert sentence in reply.text.replace("&#39;", "'"), fields
        assert "Nothing was changed." in reply.text
    assert browser.post("/tower/act", content=b"x" * 70_000).status_code == 413


def test_strange_filters_and_pages_are_understood_as_none(stage: Stage, browser: httpx.Client) -> None:
    sign_in(browser, stage.tokens["Mo"])
    for query in ("page=-1", "page=x", "hours=1e9", "nonsense=1", "code='--", "late=nonsense"):
        assert browser.get(f"/tower/exceptions?{query}").status_code == 200, query


def test_what_came_of_a_form_is_said_once(stage: Stage, browser: httpx.Client) -> None:
    sign_in(browser, stage.tokens["Mo"])
    assert act(browser, "comment", note="hello").headers["location"] == CASE
    assert "Your remark is in the audit trail." in browser.get(CASE, headers={"sec-fetch-dest": "document"}).text
    assert "Your remark is in the audit trail." not in browser.get(CASE).text


def test_a_session_ends_with_signing_out(stage: Stage, browser: httpx.Client) -> None:
    sign_in(browser, stage.tokens["Mo"])
    browser.post("/tower/sign-out", data={"form_secret": secret_of(browser)})
    assert browser.get("/tower/").status_code == 303


def test_a_restart_folds_the_same_figures(tmp_path: Path) -> None:
    shown: list[str] = []
    for turn in range(2):
        with standing(tmp_path) as stage, httpx.Client(base_url=stage.url, trust_env=False) as browser:
            if turn == 0:
                at_us = stage.node.now_us() - 600_000_000
                for number in range(5):
                    arguments = {"minor": 1000 + number, "at_us": at_us, "steps": 1 + number, "off": int(number == 3)}
                    stage.start(f"deal/{number}", "deal", arguments, txn=f"Q-{number}")
            sign_in(browser, stage.tokens["Mo"])
            pages = [browser.get(f"/tower/{path}").text for path in ("", "money")]
            found = [re.search(r'<section id="(?:funnel|totals)".*?</section>', page, re.S) for page in pages]
            shown.append("".join(each.group(0) for each in found if each is not None))
    assert "Q" in shown[0] or "accepted" in shown[0]
    assert shown[0] == shown[1]


# --- sessions -------------------------------------------------------------------------------------------------------


def test_a_session_ends_after_its_time_and_when_its_token_is_taken_away() -> None:
    token, digest = new_secret()
    clients: list[Any] = [ApiToken("Mo", digest, ("exceptions:work",))]
    sessions = Sessions(Access(clients))
    name = sessions.sign_in(token, 0)
    visitor = sessions.visitor(name, LIFE_US - 1)
    assert visitor is not None
    assert (visitor.caller.name, visitor.may("exceptions:work"), visitor.may("exceptions:approve")) == (
        "Mo",
        True,
        False,
    )
    assert is_form_of(visitor, visitor.form_secret)
    assert not is_form_of(visitor, "ü")
    assert sessions.visitor(name, LIFE_US) is None
    assert sessions.visitor(name, 0) is None
    other = Sessions(Access(clients))
    name = other.sign_in(token, 0)
    other._access = Access(())
    assert other.visitor(name, 1) is None
    assert COOKIE not in name


def test_orders_that_are_not_booked_in_time_page_somebody(tmp_path: Path) -> None:
    with standing(tmp_path) as stage, httpx.Client(base_url=stage.url, trust_env=False) as browser:
        sign_in(browser, stage.tokens["Mo"])
        assert "nothing is wrong" in browser.get("/tower/").text
    with standing(tmp_path / "again") as stage, httpx.Client(base_url=stage.url, trust_env=False) as browser:
        late_us = stage.node.now_us() - 63 * 60_000_000
        for number in range(12):
            stage.start(f"deal/{number}", "deal", {"minor": 1, "at_us": late_us, "steps": 1}, txn=f"Q-{number}")
        sign_in(browser, stage.tokens["Mo"])
        page = browser.get("/tower/").text
        assert 'class="tag bad">page</span>' in page
        assert "1 of them to page somebody" in page
        assert 'class="tag bad">page somebody</span>' in page


def test_a_journal_that_cannot_be_read_is_said_and_not_a_crash(tmp_path: Path) -> None:
    with standing(tmp_path) as stage, httpx.Client(base_url=stage.url, trust_env=False) as browser:
        sign_in(browser, stage.tokens["Mo"])
        assert browser.get("/tower/").status_code == 200
        stage.inside(stage.node.reader.close)
        reply = browser.get("/tower/")
        assert (reply.status_code, "cannot be read now" in reply.text) == (503, True)
        assert "Traceback" not in reply.text
