"""A grid that is wider than its page scrolls in a box of its own: the page around it stays where it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.chromium import browsing
from web.blocks import Fold, Grid, Mark, Section
from web.shell import Page, render

WIDE = 30
"""Operations side by side: as many as the ERP has in a full rehearsal, and some more."""


def page(file: Path) -> Path:
    """Write a page with a wide grid that opens on demand, as reports have one for the coverage of faults."""
    marks = tuple(Mark("●", "good", f"{place} times") for place in range(WIDE))
    grid = Grid(
        caption="Calls of the ERP", corner="fault", columns=tuple(f"create document {place}" for place in range(WIDE)),
        groups=(("On the network", (("F01 refused", marks), ("F02 reset after the commit", marks))),),
    )  # fmt: skip
    section = Section("checks", "Checks", (Fold("Which faults struck which calls", (grid,)),))
    file.write_text(render(Page(title="A quarter-end", kind="Rehearsal", sections=(section,))), encoding="utf-8")
    return file


@pytest.mark.parametrize("width", [1280, 800, 360])
def test_a_wide_grid_scrolls_in_its_own_box_and_not_the_page(tmp_path: Path, width: int) -> None:
    with browsing(tmp_path) as browser:
        browser.resize(width)
        browser.open(page(tmp_path / "report.html").as_uri())
        browser.value("document.querySelectorAll('details').forEach(each => each.open = true)")
        inner, outer = browser.value("(box => [box.scrollWidth, box.clientWidth])(document.querySelector('.grid'))")
        assert inner > outer > 0, "the grid is wider than its box, or this test proves nothing"
        assert browser.value("document.documentElement.scrollWidth") <= width
