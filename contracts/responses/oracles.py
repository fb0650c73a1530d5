"""Oracles: what a consumer made of an answer, compared with what it made of the plain one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from contracts.responses.drafts import Replaced
from contracts.responses.mutators import Kind
from domain.currency import EXPONENTS

_NAME = "(name)"
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SHORTEST_NAME = 3  # shorter texts stand in others by chance


class Read(msgspec.Struct, frozen=True):
    """The consumer read facts: values of plain types."""

    facts: Any


class Told(msgspec.Struct, frozen=True):
    """The consumer said, in a way that it declares, that it cannot read the answer."""

    trouble: str


class Crashed(msgspec.Struct, frozen=True):
    """The consumer failed in a way that it does not declare."""

    error: str


Outcome = Read | Told | Crashed


def attempted(read: Callable[[], Any], declared: tuple[type[Exception], ...]) -> Outcome:
    """Return what became of reading."""
    try:
        return Read(read())
    except declared as trouble:
        return Told(f"{type(trouble).__name__}: {trouble}"[:300])
    except Exception as error:  # whatever it is, it is not declared
        return Crashed(f"{type(error).__name__}: {error}"[:300])


def judged(kind: Kind, before: Any, after: Outcome, replaced: Iterable[Replaced] = ()) -> str:
    """Return what is wrong with an outcome, as a sentence; empty when the consumer did what it owes."""
    if isinstance(after, Crashed):
        return f"the consumer crashed: {after.error}"
    if isinstance(after, Told):
        return "" if kind == "refusable" else f"the consumer refused an answer that it must take: {after.trouble}"
    if kind == "evolving":
        return _lost(before, after.facts)
    if kind == "carried":
        return _carried(before, after.facts, tuple(replaced))
    if before == after.facts:
        return ""
    owed = "took an answer that is none" if kind == "refusable" else "made something else of the same answer"
    return f"the consumer {owed}: {difference(before, after.facts)}"


def at_least(before: Any, after: Outcome) -> str:
    """Return what is wrong when more may have been read than before, but nothing less."""
    if not isinstance(after, Read) or not isinstance(before, dict):
        return judged("preserving", before, after)
    lost = [name for name, fact in before.items() if after.facts.get(name) != fact]
    return f"the consumer lost {_short(lost)}" if lost else ""


def all_but_one(before: Any, after: Outcome) -> str:
    """Return what is wrong when one record was deleted while others were read; all others must be there."""
    if not isinstance(after, Read) or not isinstance(before, dict):
        return judged("preserving", before, after)
    lost = [name for name, fact in before.items() if after.facts.get(name) != fact]
    return f"the consumer lost {_short(lost)}, and one was deleted" if len(lost) > 1 else ""


def _lost(before: Any, after: Any) -> str:
    if isinstance(before, list | dict) and isinstance(after, list | dict) and len(after) < len(before):
        return f"the consumer lost {len(before) - len(after)} of {len(before)} records"
    if before is not None and after is None:
        return "the consumer lost the record"
    return ""


def _carried(before: Any, after: Any, replaced: tuple[Replaced, ...]) -> str:
    old, new = list(leaves(before)), list(leaves(after))
    if len(old) != len(new):
        return f"the consumer read {len(new)} values instead of {len(old)}"
    for (place, was), (_, found) in zip(old, new, strict=True):
        expected = [was, *_expected(was, replaced)] if place.endswith(_NAME) else _expected(was, replaced)
        if found not in expected:
            wanted = " or ".join(_short(each) for each in expected)
            return f"{place} is {_short(found)} and should be {wanted}"
    return ""


def _expected(was: Any, replaced: tuple[Replaced, ...]) -> list[Any]:
    """Return what may stand where `was` stood: numbers may be told in minor units, and may be others by chance."""
    if isinstance(was, str):
        whole = [pair.new for pair in replaced if pair.old == was]
        if whole:
            return [whole[0], was] if _DAY.fullmatch(was) else whole[:1]  # the same day may come from a number
        return [was, _within(was, replaced), *_days(was, replaced)]
    if isinstance(was, bool) and any(_moment(pair.old) is not None for pair in replaced):
        return [was, not was]  # what is before what may be otherwise at another time
    if isinstance(was, bool) or not isinstance(was, int | Decimal):
        return [was]
    found: list[Any] = [was, *_instants(was, replaced)]
    for pair in replaced:
        old, new = _number(pair.old), _number(pair.new)
        if old is not None and new is not None:
            scales = ((0, 0), (2, _places(replaced)))  # in major units, or in minor ones of the currency
            found += [sign * new * 10**to for at, to in scales for sign in _signs(was, old * 10**at)]
    return found


def _instants(was: int | Decimal, replaced: tuple[Replaced, ...]) -> Iterator[int]:
    """Yield the instants that stand in the place of one, counted since the epoch in the same unit."""
    for pair in replaced:
        old, new = _moment(pair.old), _moment(pair.new)
        if old is not None and new is not None:
            yield from (new // unit for unit in (1, 1_000, 1_000_000) if old // unit == was)
            yield from (new,) if old - old % 1_000_000 == was else ()  # read to the second


def _days(was: str, replaced: tuple[Replaced, ...]) -> Iterator[str]:
    """Yield the dates of instants that stand in the place of others; days are those of a clock that nobody told."""
    if not _DAY.fullmatch(was):
        return
    for pair in replaced:
        if _moment(pair.old) is not None and _moment(pair.new) is not None:
            yield pair.new[:10]


def _moment(text: str) -> int | None:
    """Return an instant with an offset in microseconds since the epoch; None for other texts."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if found.tzinfo is None else (found - _EPOCH) // timedelta(microseconds=1)


def _places(replaced: tuple[Replaced, ...]) -> int:
    """Return the decimals of the currency that amounts are in now."""
    return next((EXPONENTS[pair.new.upper()] for pair in replaced if pair.new.upper() in EXPONENTS), 2)


def _signs(was: int | Decimal, old: Decimal) -> tuple[int, ...]:
    return (1,) if was == old else (-1, 1) if was == -old else ()


def _within(was: str, replaced: tuple[Replaced, ...]) -> str:
    for pair in sorted(replaced, key=lambda pair: -len(pair.old)):
        if len(pair.old) >= _SHORTEST_NAME and pair.old in was:
            return was.replace(pair.old, pair.new)
    return was


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def leaves(facts: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Iterate over the single values of facts and where they stand; names of a mapping are values too."""
    if isinstance(facts, dict):
        for name, inner in sorted(facts.items()) if place else facts.items():  # records stay in their order
            yield f"{place}/{_NAME}", name
            yield from leaves(inner, f"{place}/{name}")
    elif isinstance(facts, list | tuple):
        for index, inner in enumerate(facts):
            yield from leaves(inner, f"{place}/{index}")
    else:
        yield place or "/", facts


def difference(before: Any, after: Any) -> str:
    """Return the first difference of two facts, for a person."""
    old, new = _values(before), _values(after)
    for place in [*old, *(place for place in new if place not in old)]:
        if place not in new:
            return f"{place} {_short(old[place])} is gone"
        if place not in old:
            return f"{place} {_short(new[place])} came from nowhere"
        if old[place] != new[place]:
            return f"{place} is {_short(new[place])}, it was {_short(old[place])}"
    return f"{_short(after)} instead of {_short(before)}"


def _values(facts: Any) -> dict[str, Any]:
    """Return values by where they stand; names of a mapping have no place of their own."""
    return {place: value for place, value in leaves(facts) if not place.endswith(_NAME)}


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
