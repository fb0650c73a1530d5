"""What is known of a kind of answer: learned from examples of it, completed by what a person says.

A vendor's documents rarely tell which member is absent when it is empty; a handful of its answers do.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from contracts.responses.documents import Number, Path, Tree, name_of, place_of, walk

Unset = Literal["absent", "null", "either"]
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_AMOUNT = re.compile(r"-?\d+\.\d+")
_WORD = re.compile(r"[A-Za-z][A-Za-z_]{2,40}")
_IDS = re.compile(r"^(id|ID|Id)$|_id$|[a-z]Id$|^(externalid|tranId|reference_number|code)$")
_ENUMS = re.compile(r"^(status|state|type|kind|Status|reason|.*_status|.*_type|jurisType|authorityType)$")


class Manner(msgspec.Struct, frozen=True, kw_only=True):
    """What a person says of a vendor's answers. `unset`: how a member without a value is told.

    `meant` are names whose text the consumer takes apart or compares, so that another text is another meaning;
    `unordered` are names of lists without an order; `open_words` are words of vendors that may grow (besides names
    such as `status`); `closed` are names whose words never grow; `maps` are members
    whose own members are a customer's; `never` are mutators that do not happen at this vendor.
    """

    unset: Unset = "either"
    meant: frozenset[str] = frozenset()
    unordered: frozenset[str] = frozenset()
    open_words: frozenset[str] = frozenset()
    closed: frozenset[str] = frozenset()
    maps: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of answer: where members may be missing or null, where numbers have decimals, and the vendor's manner."""

    members: dict[str, frozenset[str]]
    optional: frozenset[str]
    decimals: frozenset[str]
    manner: Manner = Manner()

    def is_id(self, path: Path) -> bool:
        """Tell whether a text at a path names something and means nothing else."""
        name = name_of(path)
        return bool(_IDS.search(name)) and name not in self.manner.meant

    def is_word(self, path: Path, value: Tree) -> bool:
        """Tell whether a text at a path is one of a list of words that the vendor may make longer."""
        name = name_of(path)
        if name in self.manner.closed or not isinstance(value, str) or not _WORD.fullmatch(value):
            return False
        return name in self.manner.open_words or bool(_ENUMS.search(name))

    def is_text(self, path: Path, value: Tree) -> bool:
        """Tell whether a text at a path is for people: a name, a description, an address."""
        named = name_of(path).lower()
        words = ("name", "description", "street", "line1", "company", "memo", "notes", "title", "po_number_text")
        return isinstance(value, str) and name_of(path) not in self.manner.meant and named.endswith(words)


def is_instant(value: Tree) -> bool:
    """Tell whether a value is an instant of ISO 8601."""
    return isinstance(value, str) and bool(_INSTANT.match(value))


def is_amount(value: Tree) -> bool:
    """Tell whether a value is a number with decimals, or one as text."""
    return (isinstance(value, Number) and value.is_decimal) or (
        isinstance(value, str) and bool(_AMOUNT.fullmatch(value))
    )


def learned(examples: Iterable[Tree], manner: Manner = Manner()) -> Shape:  # noqa: B008
    """Return what examples of one kind of answer show."""
    seen: dict[str, set[str]] = {}
    objects: Counter[str] = Counter()
    present: Counter[tuple[str, str]] = Counter()
    empty: set[str] = set()
    decimals: set[str] = set()
    for tree in examples:
        for path, value in walk(tree):
            place = place_of(path)
            if isinstance(value, dict):
                objects[place] += 1
                seen.setdefault(place, set()).update(value)
                present.update((place, name) for name in value)
            elif value is None:
                empty.add(place)
            elif isinstance(value, Number) and value.is_decimal:
                decimals.add(place)
    rare = {_under(place, name) for (place, name), times in present.items() if times < objects[place]}
    return Shape(
        members={place: frozenset(names) for place, names in seen.items()}, optional=frozenset(rare | empty),
        decimals=frozenset(decimals), manner=manner,
    )  # fmt: skip


def _under(place: str, name: str) -> str:
    return f"{place}/{name}" if place else name


def missing(shape: Shape, path: Path, value: dict[str, Tree]) -> Sequence[str]:
    """Return the members that an object of this kind may have and this one has not."""
    return sorted(shape.members.get(place_of(path), frozenset()) - value.keys())
