"""The page of a verification in a real browser: nothing hostile runs, nothing is fetched, links lead to their rules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from contracts.findings import Finding, Place, Tally
from contracts.verification.baseline import Accepted, Sorted
from contracts.verification.page import rules
from q2c import verified
from tests.browser.chromium import Browser, browsing
from tests.browser.looks import CONTRAST, HEADINGS, NAMELESS, UNTITLED

HOSTILE = "</script><img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"


def finding(rule: str, severity: str = "error", subject: str = HOSTILE) -> Finding:
    return Finding(
        rule=rule, severity=severity, message=f"It was answered 500. {HOSTILE}", subject=subject,  # type: ignore[arg-type]
        place=Place("contracts/targets/orders.yaml", 3, 5), evidence=("POST /v1/orders key 'a' -> 500", HOSTILE),
    )  # fmt: skip


def result() -> Sorted:
    entry = Accepted(fingerprint="f" * 16, reason="the partner moves in March", until=date(2027, 3, 31), by="ana")
    return Sorted(
        tallies=(
            Tally(suite="server POST /v1/orders", checked=21, findings=(finding("I07"), finding("I11")),
                  passed=("I01 a request without a key is refused",), skipped=(("I09", HOSTILE),), seconds=1.5),
            Tally(suite="compatibility", checked=3, findings=(finding("property.removed", "warning"),)),
            Tally(suite="receiver of webhooks", checked=0, could_not_run="nobody answers at http://127.0.0.1:9"),
        ),
        accepted=((finding("I10", subject="POST /v1/invoices"), entry),),
        expired=((finding("I07"), entry),),
        stale=(entry,),
    )  # fmt: skip


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(verified.html_of(result(), rules(), "q2c.toml", "0.1.0"), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browsing(tmp_path_factory.mktemp("profile")) as found:
        yield found


def test_nothing_hostile_runs_and_nothing_is_fetched(browser: Browser, page: Path) -> None:
    browser.open(page.as_uri())
    assert browser.value("document.title") == "Do the contracts hold?"
    assert browser.value("document.querySelectorAll('img').length") == 0
    assert browser.complaints() == []
    assert browser.asked() == {page.as_uri()}


def test_the_answer_comes_first_with_what_to_mend_and_links_lead_to_their_rules(browser: Browser, page: Path) -> None:
    browser.open(page.as_uri())
    assert browser.value("document.querySelector('main section p').textContent") == "A contract is broken."
    text = browser.value("document.body.innerText")
    for said in ("contracts/targets/orders.yaml:3:5", "nobody answers at http://127.0.0.1:9", "2027-03-31", "ana"):
        assert said in text
    lost = "[...document.querySelectorAll('a[href^=\"#\"]')].filter(a => !document.getElementById(a.hash.slice(1)))"
    assert browser.value(f"{lost}.map(a => a.hash)") == []


def test_every_id_is_there_once_and_folds_open_by_keys(browser: Browser, page: Path) -> None:
    browser.open(page.as_uri())
    ids = browser.value("[...document.querySelectorAll('[id]')].map(each => each.id)")
    assert len(ids) == len(set(ids))
    browser.value("document.querySelector('details summary').focus()")
    browser.press("Enter")
    assert browser.value("document.querySelector('details').open")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read(browser: Browser, page: Path, scheme: str) -> None:
    browser.prefer(scheme)
    browser.open(page.as_uri())
    browser.value("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert browser.value(f"({CONTRAST})()") >= 4.5
    assert browser.value(f"({NAMELESS})()") == []
    assert browser.value(f"({HEADINGS})()") == []
    assert browser.value(f"({UNTITLED})()") == []


def test_it_fits_a_narrow_window(browser: Browser, page: Path) -> None:
    browser.resize(360)
    browser.open(page.as_uri())
    assert browser.value("document.documentElement.scrollWidth") <= 360
    browser.resize(1300)
