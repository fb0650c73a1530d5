"""The control tower in a real browser: keys are enough, data is text, nothing leaves, news is told, all can read."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.browser.looks import CONTRAST, HEADINGS, NAMELESS, UNTITLED
from tests.browser.tower_stage import Stage, standing

HOSTILE = "<img src=x onerror='window.hit=1'><script>window.hit=1</script>\"'`${1}"
PATHS = ("", "exceptions", "letters", "transactions", "transactions/Q-100003", "money", "peers", "backlog")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with standing(tmp_path_factory.mktemp("tower")) as stage:
        now_us = stage.node.now_us()
        for number in range(8):
            arguments = {
                "minor": 10_000 + number,
                "at_us": now_us - 600_000_000,
                "steps": 1 + number % 5,
                "off": number == 4,
            }
            stage.start(f"deal/{number}", "deal", arguments, txn=f"Q-10000{number}")
        stage.start("order/calling", "calling", {}, txn="Q-200000")
        yield stage


class Visit:
    """One person's browser: what it complained about and whom it asked."""

    def __init__(self, chromium: Any, stage: Stage, person: str, **options: Any) -> None:
        self.stage = stage
        self.context = chromium.new_context(base_url=stage.url, **options)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.asked: set[str] = set()
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.asked.add(request.url))
        self.page.goto("/tower/")
        self.page.get_by_label("Token").fill(stage.tokens[person])
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url("**/tower/")

    def tab_to(self, selector: str, most: int = 120) -> None:
        """Press the tabulator until something has the focus, and see that the focus can be seen."""
        for _ in range(most):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("selector => document.activeElement.matches(selector)", selector):
                seen = "getComputedStyle(document.activeElement).outlineStyle !== 'none'"
                assert self.page.evaluate(seen), f"{selector} has the focus and nobody sees it"
                return
        raise AssertionError(f"the tabulator never comes to {selector}")

    def told(self, text: str, where: str = "#notice") -> None:
        """Wait until a part of the page says something."""
        self.page.locator(where).filter(has_text=text).wait_for(timeout=30_000)


@pytest.fixture
def visit(chromium: Any, shared: Stage) -> Iterator[Any]:
    made: list[Visit] = []

    def begin(person: str = "Mo", **options: Any) -> Visit:
        made.append(Visit(chromium, shared, person, **options))
        return made[-1]

    yield begin
    for each in made:
        each.context.close()


def test_keys_are_enough_to_own_a_case_and_to_put_it_right(visit: Any, shared: Stage) -> None:
    shared.start("order/keys", "asks", {"sku": "KEYS"}, txn="Q-300001")
    mo = visit()
    mo.page.keyboard.press("Tab")
    assert mo.page.evaluate("document.activeElement.textContent") == "Skip to the content"
    mo.tab_to("nav a[href='/tower/exceptions']")
    mo.page.keyboard.press("Enter")
    mo.page.wait_for_url("**/tower/exceptions")
    mo.tab_to("a[href='/tower/cases/order%2Fkeys%231']")
    mo.page.keyboard.press("Enter")
    mo.page.wait_for_url("**/tower/cases/**")
    mo.tab_to("#take button")
    mo.page.keyboard.press("Enter")
    mo.told("The case is yours.")
    mo.tab_to("#re-drive-note")
    mo.page.keyboard.type("mapped by hand")
    mo.tab_to("#re-drive-value")
    mo.page.keyboard.type('{"id": "SKU-77"}')
    mo.tab_to("#re-drive button")
    mo.page.keyboard.press("Enter")
    mo.told("The flow goes on.")
    case = shared.node.reader.case("order/keys#1")
    assert case is not None
    assert (case.status, case.actor, case.note) == ("verified", "Mo", "mapped by hand")
    assert mo.page.locator("#done").text_content().count("Mo ") == 3  # took, mapped, let it try again
    assert mo.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_can_be_read_by_everybody(visit: Any, shared: Stage, scheme: str) -> None:
    shared.start("order/read", "asks", {"sku": "READ"}, txn="Q-300002")
    mo = visit(color_scheme=scheme)
    for path in (*PATHS, "cases/order%2Fread%231", "cases/nothing", "transactions?find=nothing"):
        mo.page.goto(f"/tower/{path}")
        assert mo.page.evaluate(CONTRAST) >= 4.5, path
        for role in ("banner", "main", "contentinfo"):
            assert mo.page.get_by_role(role).count() == 1, (path, role)
        assert mo.page.get_by_role("navigation", name="Pages").count() == 1
        assert mo.page.evaluate(HEADINGS) == [], path
        assert mo.page.evaluate(NAMELESS) == [], path
        assert mo.page.evaluate(UNTITLED) == [], path
        assert mo.page.get_attribute("html", "lang") == "en"
    assert [said for said in mo.complaints if "404" not in said] == []


def test_no_page_asks_anybody_else(visit: Any, shared: Stage) -> None:
    mo = visit()
    for path in PATHS:
        mo.page.goto(f"/tower/{path}")
        mo.page.wait_for_timeout(50)
    assert mo.complaints == []
    assert {url for url in mo.asked if not url.startswith((shared.url, "data:"))} == set()


def test_every_page_fits_a_small_screen(visit: Any, shared: Stage) -> None:
    shared.start("order/small", "asks", {"sku": "SMALL" * 30}, txn="Q-300003")
    mo = visit(viewport={"width": 320, "height": 640})
    for path in (*PATHS, "cases/order%2Fsmall%231"):
        mo.page.goto(f"/tower/{path}")
        assert mo.page.evaluate("document.scrollingElement.scrollWidth") <= 320, path


def test_hostile_names_are_text(visit: Any, shared: Stage) -> None:
    shared.start(f"order/{HOSTILE}", "asks", {"sku": HOSTILE, "customer": HOSTILE}, txn=f"Q-{HOSTILE}")
    mo = visit()
    for path in ("exceptions", "transactions"):
        mo.page.goto(f"/tower/{path}")
        assert HOSTILE in mo.page.inner_text("main"), path
        assert mo.page.evaluate("window.hit === undefined")
    mo.page.goto("/tower/exceptions")
    mo.page.locator("#list a", has_text=HOSTILE).first.click()
    mo.page.wait_for_url("**/tower/transactions/**")
    assert HOSTILE in mo.page.inner_text("h1")
    mo.page.locator("#short a").first.click()
    mo.page.wait_for_url("**/tower/cases/**")
    assert mo.page.inner_text("#know").count(HOSTILE) == 2
    mo.page.locator("#comment-note").fill(HOSTILE)
    mo.page.get_by_role("button", name="Remark").click()
    mo.told("Your remark")
    assert HOSTILE in mo.page.inner_text("#done")
    assert mo.page.evaluate("window.hit === undefined")
    assert mo.page.evaluate("document.querySelectorAll('main img, main script').length") == 0
    assert mo.complaints == []


def test_a_new_case_comes_without_a_reload_and_is_told_politely(visit: Any, shared: Stage) -> None:
    mo = visit()
    mo.page.goto("/tower/exceptions")
    mo.page.evaluate("window.same = true")
    assert mo.page.get_attribute("#news", "role") == "status"
    before = mo.page.text_content("#news")
    mo.page.focus("nav a[href='/tower/money']")
    shared.start("order/news", "asks", {"sku": "NEWS"}, txn="Q-300004")
    mo.told("Q-300004", "#list")
    assert mo.page.evaluate("window.same"), "the page was loaded again"
    assert mo.page.text_content("#news") != before
    assert mo.page.evaluate("document.activeElement.getAttribute('href')") == "/tower/money"
    assert mo.complaints == []


def test_a_refresh_leaves_focus_and_half_typed_words_alone(visit: Any, shared: Stage) -> None:
    shared.start("order/typing", "asks", {"sku": "TYPING"}, txn="Q-300005")
    mo, ada = visit(), visit("Ada")
    mo.page.goto("/tower/cases/order%2Ftyping%231")
    mo.page.locator("#comment-note").fill("half a wo")
    mo.page.focus("#case a[href='/tower/exceptions']")
    ada.page.goto("/tower/cases/order%2Ftyping%231")
    ada.page.get_by_role("button", name="Take it").click()
    mo.told("Ada since", "#case")
    assert mo.page.input_value("#comment-note") == "half a wo"
    assert mo.page.evaluate("document.activeElement.getAttribute('href')") == "/tower/exceptions"


def test_the_second_of_two_people_is_told_who_was_first(visit: Any, shared: Stage) -> None:
    shared.start("order/two", "asks", {"sku": "TWO"}, txn="Q-300006")
    mo, ada = visit(), visit("Ada")
    for each in (mo, ada):
        each.page.goto("/tower/cases/order%2Ftwo%231")
        each.page.uncheck("#follow")
    mo.page.get_by_role("button", name="Take it").click()
    mo.told("The case is yours.")
    ada.page.get_by_role("button", name="Resolve").click()
    ada.told("This was not done", "h1")
    assert "was changed by Mo at" in ada.page.inner_text("main")
    ada.page.get_by_role("link", name="Back", exact=True).click()
    ada.page.get_by_role("button", name="Take over from Mo").click()
    ada.told("The case is yours.")
    case = shared.node.reader.case("order/two#1")
    assert case is not None
    assert case.assignee == "Ada"


def test_a_flow_is_given_up_by_two_people_and_asked_about_first(visit: Any, shared: Stage) -> None:
    shared.start("order/gone", "asks", {"sku": "GONE"}, txn="Q-300007")
    mo, ada = visit(), visit("Ada")
    questions: list[str] = []

    def agree(dialog: Any) -> None:
        questions.append(dialog.message)
        dialog.accept()

    for each in (mo, ada):
        each.page.on("dialog", agree)
        each.page.goto("/tower/cases/order%2Fgone%231")
    mo.page.fill("#discard-note", "a test quote")
    mo.page.get_by_role("button", name="Ask to discard").click()
    mo.told("somebody else")
    assert mo.page.get_by_role("button", name="Agree").count() == 0
    ada.page.goto("/tower/exceptions?late=discard")
    ada.page.locator("#list a").first.click()
    ada.page.get_by_role("button", name="Agree: discard the flow").click()
    ada.told("The flow is discarded.")
    row = shared.node.reader.flow("order/gone")
    assert row is not None
    assert row.status == "discarded"
    assert len(questions) == 2


def test_it_works_without_its_program(visit: Any, shared: Stage) -> None:
    shared.start("order/plain", "asks", {"sku": "PLAIN"}, txn="Q-300008")
    mo = visit(java_script_enabled=False)
    mo.page.goto("/tower/cases/order%2Fplain%231")
    mo.page.get_by_role("button", name="Take it").click()
    mo.told("The case is yours.")


def test_the_story_shows_every_system_and_what_people_did(visit: Any, shared: Stage) -> None:
    mo = visit()
    mo.page.goto("/tower/transactions")
    mo.page.get_by_label("Quote, reference, document, flow or case").fill("Q-100004-v1")
    mo.page.keyboard.press("Enter")
    mo.page.wait_for_url("**/tower/transactions/Q-100004")
    for event in ("quote.accepted", "order.booked", "invoice.posted", "payment.received"):
        assert f"told q2c.{event}.v1" in mo.page.inner_text("#story")
    assert mo.page.locator("#trace tbody tr").count() == 5
    mo.page.goto("/tower/money")
    assert "I-Q-100004" in mo.page.inner_text("#differences")


def test_hundreds_of_open_cases_are_shown_page_by_page_and_let_go_at_a_pace(chromium: Any, tmp_path: Path) -> None:
    with standing(tmp_path) as stage:

        def launch() -> None:
            for number in range(300):
                start = {"sku": f"S{number:04d}"}
                stage.node.integration.launch(_start(number, start))

        stage.inside(launch)
        mo = Visit(chromium, stage, "Mo")
        mo.page.on("dialog", lambda dialog: dialog.accept())
        mo.page.goto("/tower/exceptions")
        assert "Cases: 1 to 50 of 300" in mo.page.inner_text("#list")
        assert mo.page.locator("#list tbody tr").count() == 50
        mo.page.get_by_role("link", name="Last page (6)").click()
        mo.page.wait_for_url("**page=6")
        assert "Cases: 251 to 300 of 300" in mo.page.inner_text("#list")
        took = mo.page.evaluate("performance.getEntriesByType('navigation')[0].responseEnd")
        assert took < 3000, f"a page of hundreds of cases took {took} ms"
        mo.page.goto("/tower/exceptions?txn=Q-0001")
        mo.page.goto("/tower/exceptions")
        mo.page.select_option("#bulk-action", "cancel")
        mo.page.fill("#bulk-note", "test data")
        mo.page.locator("#bulk button").click()
        mo.told("300 of 300")
        left = stage.node.reader.cases(open_only=True, limit=2000)
        turns = sorted(case.planned.at_us for case in left if case.planned is not None and case.planned.by == "Mo")
        assert 200 <= len(left) == len(turns) <= 290, "ten go at once"
        assert {after - before for before, after in pairwise(turns)} == {1_000_000}, "then one a second"
        mo.context.close()


def _start(number: int, arguments: dict[str, Any]) -> Any:
    from integration.effects import Start

    return Start(flow_id=f"order/{number:04d}", name="asks", arguments=arguments, txn=f"Q-{number:04d}")
