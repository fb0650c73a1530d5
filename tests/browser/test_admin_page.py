"""The admin page in a real browser: its program runs under its policy, forms work, keys are enough, colours follow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from q2c.testing import Mocks, served
from tests.browser.chromium import Browser, browsing

SENT = "document.querySelector('form#fault').requestSubmit()"


@pytest.fixture(scope="module")
def shared() -> Iterator[Mocks]:
    with served() as found:
        yield found


@pytest.fixture
def mocks(shared: Mocks) -> Mocks:
    shared.begin()
    return shared


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browsing(tmp_path_factory.mktemp("profile")) as found:
        yield found


def customer(mocks: Mocks, name: str = "Ada") -> int:
    form = {"name": name}
    return httpx.post(
        mocks["payment"] + "/v1/customers", data=form, auth=("sk_test_1", ""), trust_env=False
    ).status_code


@pytest.mark.parametrize("page", ["", "journal", "documents", "deliveries", "faults", "limits", "drifts", "clock"])
def test_a_page_asks_nobody_else_and_breaks_no_policy(mocks: Mocks, browser: Browser, page: str) -> None:
    customer(mocks)
    url = f"{mocks['admin']}/ui/{page}"
    browser.open(url)
    assert browser.value("document.querySelector('h1').textContent") != ""
    assert browser.complaints() == []
    assert {each for each in browser.asked() if not each.startswith("data:")} == {url}


def test_a_fault_is_put_on_and_taken_off_in_the_browser(mocks: Mocks, browser: Browser) -> None:
    browser.open(mocks["admin"] + "/ui/faults")
    browser.value("document.getElementById('fault-kind').value = 'throttled'")
    browser.value("document.getElementById('fault-system').value = 'payment'")
    browser.submit(SENT)
    assert "throttled is on." in browser.value("document.getElementById('notice').textContent")
    assert customer(mocks) == 429
    browser.submit("document.querySelector('form[action=\"/ui/faults/0/remove\"] button').click()")
    assert customer(mocks) == 200


def test_the_journal_is_kept_fresh(mocks: Mocks, browser: Browser) -> None:
    browser.open(mocks["admin"] + "/ui/journal")
    assert not browser.value("document.querySelector('.follow').hidden")
    browser.value("document.getElementById('follow').click()")
    customer(mocks)
    browser.wait("document.body.textContent.includes('create_customer')")
    assert browser.complaints() == []


def test_keys_are_enough(mocks: Mocks, browser: Browser) -> None:
    customer(mocks)
    customer(mocks, "Grace")
    browser.open(mocks["admin"] + "/ui/journal")
    browser.press("Tab")
    assert browser.value("document.activeElement.textContent") == "Skip to the content"
    browser.press("/")
    assert browser.value("document.activeElement.form.id") == "filter"
    browser.value("document.getElementById('filter-text').focus()")
    for key in "Grace":
        browser.press(key)
    browser.submit("document.activeElement.form.requestSubmit()")
    assert browser.value("document.querySelectorAll('#requests tbody tr').length") == 1


def test_a_person_is_asked_before_the_world_is_emptied(mocks: Mocks, browser: Browser) -> None:
    customer(mocks)
    browser.open(mocks["admin"] + "/ui/")
    browser.value("window.confirm = (question) => { window.asked = question; return false; }")
    browser.value("document.querySelector('form#reset button').click()")
    assert "will be gone" in browser.value("window.asked")
    assert mocks.world.documents("payment", "customer") != []
    browser.value("window.confirm = () => true")
    browser.submit("document.querySelector('form#reset button').click()")
    assert "empty again" in browser.value("document.getElementById('notice').textContent")


def test_a_hostile_name_does_nothing(mocks: Mocks, browser: Browser) -> None:
    customer(mocks, "<img src=x onerror='window.hit=1'><script>window.hit=1</script>")
    browser.open(mocks["admin"] + "/ui/journal/r1")
    assert "onerror" in browser.value("document.body.textContent")
    assert browser.value("window.hit === undefined")


CONTRAST = """
(() => {
  const channel = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = (text) => {
    const [r, g, b] = text.match(/[\\d.]+/g).map(Number);
    return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  };
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const colour = getComputedStyle(node).backgroundColor;
      if (!colour.endsWith(", 0)") && colour !== "transparent") return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const worst = [];
  const kinds = "a, button, label, td, th, p, h1, h2, dd strong, input, select, .note";
  for (const node of document.querySelectorAll(kinds)) {
    if (!node.checkVisibility() || node.classList.contains("skip")) continue;
    const [a, b] = [light(getComputedStyle(node).color), light(behind(node))].sort((x, y) => y - x);
    worst.push((a + 0.05) / (b + 0.05));
  }
  return Math.min(...worst);
})()
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(mocks: Mocks, browser: Browser, scheme: str, tmp_path: Path) -> None:
    mocks.faults.add("loss", system="payment")
    customer(mocks)
    browser.prefer(scheme)
    for page in ("", "faults", "journal", "drifts"):
        browser.open(f"{mocks['admin']}/ui/{page}")
        assert browser.value(CONTRAST) >= 4.5, page
    browser.photograph(tmp_path / "page.png")
    assert (tmp_path / "page.png").stat().st_size > 10_000
