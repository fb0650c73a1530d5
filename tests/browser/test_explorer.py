"""The explorer in a real browser: keys move sliders, figures and charts follow, all can read, nothing leaves."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from q2c.experiments.running import Means
from q2c.explorer.explorer import Explorer
from q2c.explorer.knobs import knobs
from q2c.explorer.server import application
from scenarios.loader import parse
from tests.browser.looks import CONTRAST, HEADINGS, NAMELESS, UNTITLED
from tests.q2c.test_explore import HOSTILE, SMALL

PATIENCE_SECONDS = 30.0
ANSWERED = "() => document.getElementById('says').getAttribute('aria-busy') === 'false'"
MOVED = f"() => document.getElementById('command').textContent.includes('lasts=24h') && ({ANSWERED})()"
WIDE = """
() => [...document.querySelectorAll("body *")].filter((each) =>
  each.getBoundingClientRect().right > innerWidth + 1 && !each.closest(".scroll, .chart, .skip")
).map((each) => each.outerHTML.slice(0, 80))
"""
"""What is wider than the window, apart from what scrolls by itself and charts, which follow a moment later."""
DRAWN = "() => [...document.querySelectorAll('.chart')].every((each) => each.querySelector('svg.main-svg'))"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    start = parse(SMALL, "small.yaml")
    means = Means(engine="simpy", workers=1)
    explorer = Explorer("small.yaml", start, knobs(start), replications=6, means=means)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(application(explorer), log_level="error", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        until = time.monotonic() + PATIENCE_SECONDS
        while not server.started:
            assert time.monotonic() < until, "the explorer does not start"
            time.sleep(0.02)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        server.should_exit = True
        thread.join()


def test_a_slider_moved_by_keys_changes_figures_chart_and_command_at_once(chromium: Any, address: str) -> None:
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    complaints: list[str] = []
    asked: set[str] = set()
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.add(request.url))
    page.goto(address)
    page.wait_for_function(ANSWERED)
    first = page.inner_text("#says")
    assert first.startswith("Over 6 quarters")
    assert HOSTILE in page.inner_text("h1")
    assert page.evaluate("window.hit") is None

    slider = page.get_by_label("billing is down for")
    slider.focus()
    for _ in range(7):
        page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "24h"
    page.wait_for_function(MOVED)
    assert "Against where you started" in page.inner_text("#says")
    assert page.inner_text("#says") != first
    assert page.evaluate(DRAWN)
    assert "where you started" in page.inner_text("#backlog")

    assert {NAMELESS: page.evaluate(NAMELESS), HEADINGS: page.evaluate(HEADINGS)} == {NAMELESS: [], HEADINGS: []}
    assert page.evaluate(UNTITLED) == []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate(CONTRAST) >= 4.5, scheme
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate(WIDE) == []

    assert complaints == []
    page.get_by_label("Anything else").fill("clerks=-1")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.getElementById('says').textContent.startsWith('This cannot be played')")
    assert "people.clerks" in page.inner_text("#says")
    page.get_by_role("button", name="Back to where I started").click()
    page.wait_for_function(f"() => document.getElementById('says').textContent.startsWith('Over 6') && ({ANSWERED})()")
    assert page.inner_text("#says") == first
    assert [each for each in complaints if "422" not in each] == []  # the browser itself tells of a refused question
    assert {url.partition("?")[0] for url in asked if not url.startswith((address, "data:"))} == set()
    page.close()
