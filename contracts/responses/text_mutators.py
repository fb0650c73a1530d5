"""Changes of texts that are for people: what they say must come through, whatever they are made of."""

from __future__ import annotations

from collections.abc import Callable

from contracts.responses.documents import Path, Tree, mapped, walk
from contracts.responses.drafts import Draft, Replaced
from contracts.responses.shapes import Shape

Change = Callable[[Draft, Shape], Draft | None]


def suffixed(suffix: str) -> Change:
    """Return a change that adds something to every text for people."""
    return lambda draft, shape: _replaced(draft, shape, lambda text: text + suffix)


def emptied(draft: Draft, shape: Shape) -> Draft | None:
    """Make texts for people empty."""
    return _replaced(draft, shape, lambda _text: "")


def _replaced(draft: Draft, shape: Shape, told: Callable[[str], str]) -> Draft | None:
    if draft.raw is not None:
        return None
    pairs: dict[str, str] = {}
    meant = {value for path, value in walk(draft.tree) if isinstance(value, str) and not shape.is_text(path, value)}

    def change(path: Path, value: Tree) -> Tree:
        if not shape.is_text(path, value) or not value or value in meant:
            return value
        return pairs.setdefault(value, told(value))

    tree = mapped(draft.tree, change)
    found = tuple(Replaced(old, new) for old, new in pairs.items())
    return draft.but(tree=tree, replaced=(*draft.replaced, *found)) if found else None
