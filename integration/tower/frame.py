"""The frame of the tower's pages: menu, sign-in, what cannot be done, and small things said on all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from integration.tower.sessions import Visitor
from web import words
from web.blocks import Block, Cell, Section, Text
from web.forms import Field, Form, Links
from web.site import SitePage

ROOT = "/tower"
KIND = "q2c control tower"
REFRESH_SECONDS = 3
MENU = (
    ("Overview", f"{ROOT}/"), ("Exceptions", f"{ROOT}/exceptions"), ("Dead letters", f"{ROOT}/letters"),
    ("Transactions", f"{ROOT}/transactions"), ("Money", f"{ROOT}/money"), ("Peers", f"{ROOT}/peers"),
    ("Backlog", f"{ROOT}/backlog"),
)  # fmt: skip
_FOOTER = "Instants are UTC. Figures are folded from the event log of this integration; a restart folds them again."


def site(title: str, here: str, *sections: Section, lede: str = "", fresh: bool = True) -> SitePage:
    """Return a page of the tower; `fresh` ones refresh themselves."""
    return SitePage(
        title=title, kind=KIND, lede=lede, menu=MENU, here=f"{ROOT}/{here}", sections=sections, footer=_FOOTER,
        follows=fresh, refresh_seconds=REFRESH_SECONDS if fresh else 0,
    )  # fmt: skip


def worn(page: SitePage, visitor: Visitor, news: str) -> SitePage:
    """Return a page with who is signed in, and with what is new."""
    corner = Form(id="sign-out", action=f"{ROOT}/sign-out", button="Sign out", fields=(secret(visitor),), narrow=True)
    return msgspec.structs.replace(page, person=visitor.caller.name, corner=corner, news=news)


def secret(visitor: Visitor) -> Field:
    """Return the hidden field that every form carries."""
    return Field(name="form_secret", kind="hidden", value=visitor.form_secret)


def hidden(**values: object) -> tuple[Field, ...]:
    """Return hidden fields of what is set."""
    return tuple(Field(name=name, kind="hidden", value=str(value)) for name, value in values.items() if value)


def sign_in(next_path: str, problem: str = "") -> SitePage:
    """Return the page that asks for a token; `next_path` is where the person wanted to go."""
    fields = (
        Field(name="token", label="Token", kind="password", note="the same as for the API"),
        *hidden(next=next_path),
    )
    form = Form(id="sign-in", action=f"{ROOT}/sign-in", button="Sign in", fields=fields)
    page = SitePage(
        title="Sign in", kind=KIND, menu=(), here="", footer=_FOOTER,
        sections=(Section("sign-in-part", "Who are you?", (
            Text("Whoever may look at operations or work on exceptions has a token with that scope."), form,
        )),),
    )  # fmt: skip
    return msgspec.structs.replace(page, notice=problem, tone="bad") if problem else page


def wrong(problem: str, visitor: Visitor | None, back: str = "") -> SitePage:
    """Return the page that says what could not be done, and why."""
    return _refusal("This was not done", "Nothing was changed.", problem, visitor, back)


def unsure(problem: str, visitor: Visitor, back: str = "") -> SitePage:
    """Return the page that says that nobody knows whether something was done, and why."""
    return _refusal("Look again", "It is not known whether this was done.", problem, visitor, back)


def _refusal(title: str, notice: str, problem: str, visitor: Visitor | None, back: str) -> SitePage:
    links = Links((("Back", back or f"{ROOT}/"),))
    page = site(title, "-", Section("problem", "Why", (Text(problem), links)), fresh=False)
    page = msgspec.structs.replace(page, notice=notice, tone="bad")
    return worn(page, visitor, "") if visitor is not None else msgspec.structs.replace(page, menu=())


def case_href(case_id: str) -> str:
    """Return the address of a case."""
    return f"{ROOT}/cases/{quote(case_id, safe='')}"


def txn_href(txn: str) -> str:
    """Return the address of a transaction's story."""
    return f"{ROOT}/transactions/{quote(txn, safe='')}"


def query_href(path: str, values: Mapping[str, Any]) -> str:
    """Return an address with those values that are set."""
    query = urlencode({name: value for name, value in values.items() if value})
    return f"{ROOT}/{path}?{query}" if query else f"{ROOT}/{path}"


def txn_cell(txn: str) -> Cell:
    """Return a transaction as a link to its story."""
    return Cell(txn, href=txn_href(txn)) if txn else Cell(words.NOTHING)


def ago(at_us: int, now_us: int) -> str:
    """Return how long ago an instant is, or how far ahead."""
    if not at_us:
        return words.NOTHING
    return f"in {words.duration(at_us - now_us)}" if at_us > now_us else f"{words.duration(now_us - at_us)} ago"


def at(at_us: int) -> str:
    """Return an instant, to the second."""
    return words.instant(at_us, seconds=True) if at_us else words.NOTHING


def span(span_us: int | None) -> str:
    """Return a duration, or a dash for none."""
    return words.NOTHING if span_us is None else words.duration(span_us)


def shortened(text: str, characters: int) -> str:
    """Return a text with its middle left out when it is long: ids differ at their ends."""
    if len(text) <= characters:
        return text
    tail = characters // 3
    return f"{text[: characters - tail - 1]}…{text[-tail:]}"


def pretty(value: Any) -> str:
    """Return plain values as indented JSON, names in order."""
    return msgspec.json.format(msgspec.json.encode(value, order="sorted", enc_hook=str), indent=2).decode()


def blocks(*found: Block | None) -> tuple[Block, ...]:
    """Return the blocks that are there."""
    return tuple(block for block in found if block is not None)


def links(pairs: Iterable[tuple[str, str]]) -> Links | None:
    """Return links, or nothing when there are none."""
    listed = tuple(pairs)
    return Links(listed) if listed else None
