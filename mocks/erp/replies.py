"""What callers are answered, as types: what is not a record itself. They make the schemas of the replies."""

from __future__ import annotations

from typing import Any

import msgspec


class Link(msgspec.Struct, frozen=True):
    """A link of a reply."""

    rel: str
    href: str


class Item(msgspec.Struct, frozen=True):
    """A record in a list: where it is."""

    id: str
    links: list[Link]


class PageReply(msgspec.Struct, frozen=True):
    """A page of a list."""

    links: list[Link]
    count: int
    hasMore: bool
    items: list[Item]
    offset: int
    totalResults: int


class RowsReply(msgspec.Struct, frozen=True):
    """A page of the rows of a query or of a sublist; every value of a query is text."""

    links: list[Link]
    count: int
    hasMore: bool
    items: list[dict[str, Any]]
    offset: int
    totalResults: int


class TokenReply(msgspec.Struct, frozen=True):
    """An access token and how long it lives, in seconds."""

    access_token: str
    expires_in: str
    token_type: str
    refresh_token: str | None = None


class JobReply(msgspec.Struct, frozen=True):
    """An asynchronous job."""

    id: str
    completed: bool
    progress: str
    task: dict[str, Any]


class TaskReply(msgspec.Struct, frozen=True):
    """The task of a job."""

    id: str
    completed: bool
    progress: str
    links: list[Link]


class LimitsReply(msgspec.Struct, frozen=True):
    """How many requests the account may have at once."""

    accountConcurrencyLimit: int
    accountUnallocatedConcurrencyLimit: int
    limitType: str
