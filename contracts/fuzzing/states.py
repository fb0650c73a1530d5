"""States that answers tell of: which things there are, in which state each is, and which state nothing leaves again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_STATES = ("status", "state", "Status")
_IDS = ("id", "Id", "code")
Thing = tuple[str, str]
"""A kind (the name it stands under, or what it says it is) and an id."""


def told(tree: Any, kind: str) -> Iterator[tuple[Thing, str]]:
    """Yield the things of an answer that have an id and a state; `kind` is what the outermost one is."""
    if isinstance(tree, list):
        for each in tree:
            yield from told(each, kind)
    if not isinstance(tree, dict):
        return
    named = tree.get("object")
    name = named if isinstance(named, str) else kind
    identity = next((tree[each] for each in _IDS if isinstance(tree.get(each), str | int)), None)
    state = next((tree[each] for each in _STATES if isinstance(tree.get(each), str)), None)
    if identity is not None and state is not None:
        yield (name, str(identity)), state
    for inner, value in tree.items():
        yield from told(value, singular(inner) if isinstance(value, list) else inner)


def singular(word: str) -> str:
    """Return a word of several things as one of them."""
    return word.removesuffix("s")


def kind_of(path: str) -> str:
    """Return what the things of a path are: its last word that is no parameter and no transition."""
    words = [word for word in path.strip("/").split("/") if word]
    at = max((number for number, word in enumerate(words) if word[0] == "{"), default=len(words))
    return singular(words[at - 1]) if words and at else ""


def left(known: dict[Thing, str], tree: Any, kind: str, final: tuple[str, ...]) -> str:
    """Remember the states of an answer; return a sentence about a thing that left a final state, or an empty one."""
    said = ""
    for thing, state in told(tree, kind):
        before = known.get(thing, state)
        if before in final and state != before and not said:
            said = f"{thing[0]} {thing[1]} was {before} and is {state}"
        known[thing] = state
    return said
