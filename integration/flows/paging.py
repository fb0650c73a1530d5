"""Lists are read to their end, whichever way a vendor turns its pages. A first page alone forgets the rest."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from typing import TypeVar

from integration.effects import Call
from integration.flow import FlowContext
from integration.flows.steps import LAGGING, ask_a_person, do, look_again
from integration.outcomes import Answer

PAGES_MAX = 1000
T = TypeVar("T")
Page = Callable[[Call, Answer], tuple[Sequence[T], Call | None]]
"""Returns the rows of an answer to a call, and the call for the next page; None at the end."""


async def page_with(context: FlowContext, call: Call, page: Page[T], is_wanted: Callable[[T], bool]) -> Answer | None:
    """Return the page of a list that has a row which is wanted; None when none of its pages has one."""
    asked: Call | None = call
    for number in count(1):
        if asked is None:
            break
        await _within_reason(asked, number)
        answer = await do(context, asked)
        rows, asked = page(asked, answer)
        if any(map(is_wanted, rows)):
            return answer
    return None


async def every_row(context: FlowContext, call: Call, page: Page[T]) -> list[T]:
    """Return the rows of a list, those of all its pages."""
    found: list[T] = []
    asked: Call | None = call
    for number in count(1):
        if asked is None:
            break
        await _within_reason(asked, number)
        rows, asked = page(asked, await do(context, asked))
        found += rows
    return found


async def _within_reason(call: Call, number: int) -> None:
    """Have a person look at a list that does not come to an end; who drives it again has so many pages more read."""
    if number % PAGES_MAX == 0:
        await ask_a_person("CONTRACT.SEMANTIC", f"a list has {number} pages, and more: {call.target}", call)


async def shown(what: str, there: Callable[[], Awaitable[Answer | None]]) -> Answer:
    """Return the answer that shows what has just been made; a list that comes from a copy which lags is asked again."""
    looks = count(1)
    while (found := await there()) is None:
        await look_again(next(looks), LAGGING, f"{what} was made, and no list shows it")
    return found
