"""The frame of the admin pages: their menu, the pages without content, and how things are said on all of them."""

from __future__ import annotations

from typing import Any

import msgspec

from mocks.world import SYSTEMS
from web import words
from web.blocks import Cell, Section, Text
from web.forms import Field, Form, Links
from web.site import SitePage

KIND = "q2c mocks"
MENU = (
    ("Overview", "/ui/"), ("Journal", "/ui/journal"), ("Documents", "/ui/documents"), ("Deliveries", "/ui/deliveries"),
    ("Faults", "/ui/faults"), ("Limits", "/ui/limits"), ("Drifts", "/ui/drifts"), ("Clock", "/ui/clock"),
)  # fmt: skip
ANY_SYSTEM = (("", "all systems"), *((system, system) for system in SYSTEMS))
_FOOTER = "Compatible with the vendors' dialects, not affiliated with them. No real money, no real customers."


def site(title: str, here: str, *sections: Section, lede: str = "", follows: bool = False) -> SitePage:
    """Return a page of the admin side."""
    return SitePage(
        title=title, kind=KIND, lede=lede, menu=MENU, here=here, sections=sections, footer=_FOOTER, follows=follows
    )


def wrong(problem: str) -> SitePage:
    """Return the page that says what could not be done."""
    where = Section("problem", "What was wrong", (Text(problem), Links((("Back to the overview", "/ui/"),))))
    page = site("This cannot be done", "", where)
    return msgspec.structs.replace(page, notice="Nothing was changed.", tone="bad")


def login() -> SitePage:
    """Return the page that asks for the token."""
    field = Field(name="token", label="Token of these mocks", kind="password")
    return site("Who are you?", "", Section("login", "Token", (
        Text("q2c mocks up shows the token when it starts."),
        Form(id="login", action="/ui/login", button="Go on", fields=(field,)),
    )))  # fmt: skip


def at(at_us: int) -> str:
    """Return an instant of the world, to the second."""
    return words.instant(at_us, seconds=True)


def pretty(value: Any) -> str:
    """Return plain values as indented JSON, names in order."""
    return msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=2).decode()


def status_cell(status: int) -> Cell:
    """Return a status with its tone; 0 is no answer."""
    return Cell(str(status), "bad" if status >= 500 or status == 0 else "warn" if status >= 400 else "good")
