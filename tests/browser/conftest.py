"""A browser for the tests of a module."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.chromium import NAMES

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
UNPROVED = "NOTHING WAS PROVED: {} is not installed, so no page was opened in a browser"


@pytest.fixture(scope="module")  # not longer: its driver keeps an event loop running, which other tests need to start
def chromium() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason=UNPROVED.format("playwright"))
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip(UNPROVED.format("chromium"))
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()
