"""An answer on its way to being changed: status, headers, the tree of its body, and how both are to be written."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from contracts.responses.documents import Style, Tree, Unreadable, read, write
from domain.http import Reply

Wire = Literal["whole", "chunked", "cut", "reset"]
"""How the bytes travel: with their length, in chunks, cut off half way, or answered by a reset connection."""


class Replaced(msgspec.Struct, frozen=True):
    """A value that was put in the place of another; numbers as they were written."""

    old: str
    new: str


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """An answer; `raw` is a body that is no JSON. `replaced` says which values a consumer must find changed."""

    status: int
    headers: dict[str, str]
    tree: Tree = None
    raw: bytes | None = None
    style: Style = Style()
    wire: Wire = "whole"
    is_packed: bool = False
    replaced: tuple[Replaced, ...] = ()

    def but(self, **changes: Any) -> Draft:
        """Return it with changes."""
        return msgspec.structs.replace(self, **changes)

    def with_header(self, name: str, value: str) -> Draft:
        """Return it with a header, whatever the case of one that it has already."""
        kept = {known: said for known, said in self.headers.items() if known.lower() != name.lower()}
        return self.but(headers={**kept, name: value})

    def media(self) -> str:
        """Return its content type as it stands; empty when it has none."""
        return next((value for name, value in self.headers.items() if name.lower() == "content-type"), "")

    @property
    def body(self) -> bytes:
        """Its bytes before they are packed."""
        return write(self.tree, self.style) if self.raw is None else self.raw


def drafted(reply: Reply) -> Draft:
    """Return the draft of an answer."""
    try:
        return Draft(status=reply.status, headers=dict(reply.headers), tree=read(reply.body))
    except Unreadable:
        return Draft(status=reply.status, headers=dict(reply.headers), raw=reply.body)


def finished(draft: Draft) -> Reply:
    """Return the answer of a draft as an HTTP client hands it on: unpacked, with its length; half of it when cut."""
    body = draft.body
    return Reply(draft.status, draft.headers, body[: len(body) // 2] if draft.wire == "cut" else body)


def packed(draft: Draft) -> tuple[Mapping[str, str], bytes]:
    """Return headers and bytes of a draft as they go over a connection."""
    if not draft.is_packed:
        return draft.headers, draft.body
    return {**draft.headers, "content-encoding": "gzip"}, gzip.compress(draft.body, mtime=0)
