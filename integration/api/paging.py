"""Pages: a list comes in pages of `limit`, each with the cursor that leads to the next one.

A cursor is opaque: what is behind it may change. It is the number (or id) of the last thing on the page, so that what
is added meanwhile is neither missed nor shown twice.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

from fastapi import Query

from integration.api.problems import FieldError, Refused

LIMIT_MAX = 200
LIMIT = 50

Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX, description="How many at most.")]
Cursor = Annotated[str, Query(max_length=400, description="Where to go on: `next` of the page before.")]


def token_of(text: str) -> str:
    """Return a text as a token that stands in an address as it is."""
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def text_of(token: str) -> str:
    """Return the text of a token; raise ValueError for what is none."""
    try:
        text = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError, ValueError) as error:
        raise ValueError(f"{token!r} is no token of ours") from error
    if token_of(text) != token:
        raise ValueError(f"{token!r} is no token of ours")
    return text


def number_after(cursor: str) -> int:
    """Return the number a cursor stands for, 0 for none; refuse what is no cursor."""
    if not cursor:
        return 0
    try:
        number = int(text_of(cursor))
    except ValueError as error:
        raise _no_cursor() from error
    if not 0 <= number < 2**63:
        raise _no_cursor()
    return number


def text_after(cursor: str) -> str:
    """Return the text a cursor stands for, empty for none; refuse what is no cursor."""
    try:
        return text_of(cursor) if cursor else ""
    except ValueError as error:
        raise _no_cursor() from error


def _no_cursor() -> Refused:
    message = "send `next` of a page as it is, or leave it out"
    return Refused("invalid-request", "the cursor is not one of ours", errors=[FieldError("after", "query", message)])
