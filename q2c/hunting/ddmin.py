"""Delta debugging: the smallest part of some items that still does what all of them do.

Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input" (IEEE TSE 2002), algorithm ddmin: parts are
tried alone, then left out, and the parts get smaller when neither helps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeVar

Item = TypeVar("Item")


def smallest(items: Sequence[Item], does: Callable[[tuple[Item, ...]], bool]) -> tuple[Item, ...]:
    """Return a part of `items`, in their order, for which `does` is true and of which no single item can be left out.

    `does(items)` is taken for granted and not asked; nothing at all is tried first. When `does` stops saying yes (its
    budget is spent) the smallest part found until then is returned.
    """
    if not items or does(()):
        return ()
    kept, parts = tuple(items), 2
    while len(kept) > 1:
        found = _smaller(kept, parts, does)
        if found is not None:
            kept, alone = found
            parts = 2 if alone else max(parts - 1, 2)
        elif parts >= len(kept):
            break
        else:
            parts = min(2 * parts, len(kept))
        parts = min(parts, len(kept))
    return kept


def _smaller(
    kept: tuple[Item, ...], parts: int, does: Callable[[tuple[Item, ...]], bool]
) -> tuple[tuple[Item, ...], bool] | None:
    """Return a part that suffices alone (True), or the rest without a part (False), or None."""
    chunks = _chunks(kept, parts)
    for chunk in chunks:
        if does(chunk):
            return chunk, True
    for index in range(len(chunks)) if parts > 2 else ():  # with two parts the rest of one is the other
        rest = tuple(item for other, chunk in enumerate(chunks) if other != index for item in chunk)
        if does(rest):
            return rest, False
    return None


def _chunks(kept: tuple[Item, ...], parts: int) -> list[tuple[Item, ...]]:
    edges = [len(kept) * part // parts for part in range(parts + 1)]
    return [kept[low:high] for low, high in pairwise(edges)]
