"""Lists are read to their end, whichever way a vendor turns its pages. A first page alone forgets the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from integration.effects import Call
from integration.flow import FlowContext
from integration.flows.steps import do
from integration.outcomes import Answer

T = TypeVar("T")
Page = Callable[[Call, Answer], tuple[Sequence[T], Call | None]]
"""Returns the rows of an answer to a call, and the call for the next page; None at the end."""


async def every_row(context: FlowContext, call: Call, page: Page[T]) -> list[T]:
    """Return the rows of a list, those of all its pages."""
    found: list[T] = []
    asked: Call | None = call
    while asked is not None:
        rows, asked = page(asked, await do(context, asked))
        found += rows
    return found
