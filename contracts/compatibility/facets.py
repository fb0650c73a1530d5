"""Facets: the keywords of a schema, each with what makes it narrower or wider.

A schema is narrower when fewer values satisfy it. Whether that breaks anybody depends on which way the values go: who
sends requests suffers from narrower ones, who reads replies and events from wider ones. So the facets know nothing of
directions; `rules` do.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from contracts.compatibility.documents import Node
from contracts.compatibility.inlining import fits
from contracts.compatibility.shapes import LOWER, UPPER, Shape

Kind = Literal["narrower", "wider", "other"]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One facet that differs: `change` in a word, what it does to the set of values, and what was before and is now.

    `values` are the values of an enum that were added or removed, `member` the property it is about, if one.
    """

    facet: str
    change: str
    kind: Kind
    old: str = ""
    new: str = ""
    values: tuple[Any, ...] = ()
    member: str = ""


def _made(kind: Kind) -> Callable[..., Difference]:
    def make(
        facet: str, change: str, old: str = "", new: str = "", values: tuple[Any, ...] = (), member: str = ""
    ) -> Difference:
        return Difference(facet=facet, change=change, kind=kind, old=old, new=new, values=values, member=member)

    return make


_narrower, _wider, _other = _made("narrower"), _made("wider"), _made("other")
Compare = Callable[[Shape, Shape], Iterator[Difference]]


def differences(old: Shape, new: Shape) -> Iterator[Difference]:
    """Yield how two shapes differ by themselves, without what is inside of them."""
    for compare in _FACETS:
        yield from compare(old, new)


def _type(old: Shape, new: Shape) -> Iterator[Difference]:
    if old.types == new.types:
        return
    told = _types(old.types), _types(new.types)
    if _covers(new.types, old.types):
        yield _wider("type", "widened", *told)
    elif _covers(old.types, new.types):
        yield _narrower("type", "narrowed", *told)
    else:
        yield _other("type", "changed", *told)


def _covers(wide: frozenset[str] | None, narrow: frozenset[str] | None) -> bool:
    if wide is None or narrow is None:
        return wide is None
    return narrow <= (wide | {"integer"} if "number" in wide else wide)


def _types(types: frozenset[str] | None) -> str:
    return "anything" if types is None else " or ".join(sorted(types)) or "nothing"


def _null(old: Shape, new: Shape) -> Iterator[Difference]:
    if old.types is None and old.enum is None and new.types is None and new.enum is None:
        return
    if new.nullable and not old.nullable:
        yield _wider("null", "allowed")
    elif old.nullable and not new.nullable and not (old.types is None and new.types is not None):
        yield _narrower("null", "refused")


def _enum(old: Shape, new: Shape) -> Iterator[Difference]:
    if old.enum == new.enum:
        return
    if old.enum is None or new.enum is None:
        told = _values(old.enum), _values(new.enum)
        yield _narrower("enum", "introduced", *told) if old.enum is None else _wider("enum", "lifted", *told)
        return
    removed = _without(old.enum, new.enum)
    added = _without(new.enum, old.enum)
    if removed:
        yield _narrower("enum", "value-removed", old=_values(removed), values=removed)
    if added:
        change = "value-added-to-open" if old.extensible else "value-added"
        yield _wider("enum", change, new=_values(added), values=added)


def _without(some: Sequence[Any], others: Sequence[Any]) -> tuple[Any, ...]:
    known = {json.dumps(value, sort_keys=True, default=str) for value in others}
    return tuple(value for value in some if json.dumps(value, sort_keys=True, default=str) not in known)


def _values(values: Sequence[Any] | None) -> str:
    return (
        "anything"
        if values is None
        else ", ".join(json.dumps(value, ensure_ascii=False, default=str) for value in values)
    )


def _set_of(facet: str, attribute: str) -> Compare:
    """Return the comparison of a facet that is a set of demands: more of them are narrower."""

    def compare(old: Shape, new: Shape) -> Iterator[Difference]:
        before, after = getattr(old, attribute), getattr(new, attribute)
        if before == after:
            return
        told = ", ".join(map(str, sorted(before))), ", ".join(map(str, sorted(after)))
        if after > before:
            yield _narrower(facet, "added", *told)
        elif after < before:
            yield _wider(facet, "removed", *told)
        else:
            yield _other(facet, "changed", *told)

    return compare


def _multiple(old: Shape, new: Shape) -> Iterator[Difference]:
    for difference in _set_of("multipleOf", "multiples")(old, new):
        before, after = next(iter(old.multiples), 0), next(iter(new.multiples), 0)
        if difference.change == "changed" and before and after and len(old.multiples) == len(new.multiples) == 1:
            if not after % before:
                difference = msgspec.structs.replace(difference, change="coarser", kind="narrower")
            elif not before % after:
                difference = msgspec.structs.replace(difference, change="finer", kind="wider")
        yield difference


def _bounds(old: Shape, new: Shape) -> Iterator[Difference]:
    for name in (*UPPER, *LOWER):
        before, after = old.bounds.get(name), new.bounds.get(name)
        if before == after:
            continue
        narrower = before is None or (after is not None and (after < before if name in UPPER else after > before))
        told = _bound(before), _bound(after)
        yield _narrower(name, "tightened", *told) if narrower else _wider(name, "loosened", *told)


def _bound(bound: float | None) -> str:
    return "none" if bound is None else f"{bound:g}" if isinstance(bound, float) else str(bound)


def _unique(old: Shape, new: Shape) -> Iterator[Difference]:
    if new.unique and not old.unique:
        yield _narrower("uniqueItems", "added")
    elif old.unique and not new.unique:
        yield _wider("uniqueItems", "removed")


def _members(old: Shape, new: Shape) -> Iterator[Difference]:
    for name, node in old.properties.items():
        if name not in new.properties and not _takes(new, name):
            change = "removed" if name in old.required else "removed-optional"
            yield _other("property", change, member=name, old=node.text("type"))
        elif name in new.required and name not in old.required:
            yield _narrower("property", "became-required", member=name)
        elif name in old.required and name not in new.required:
            yield _wider("property", "became-optional", member=name)
    for name in new.properties:
        if name not in old.properties:
            yield _added(old, new, name)
    nameless = (new.required ^ old.required) - old.properties.keys() - new.properties.keys()
    for name in sorted(nameless):  # required, whatever it is
        if name in new.required:
            yield _narrower("property", "became-required", member=name)
        else:
            yield _wider("property", "became-optional", member=name)


def _takes(shape: Shape, name: str) -> bool:
    """Tell whether a removed property is described by a pattern or by what is said of all others."""
    return isinstance(shape.additional, Node) or any(fits(each, name) for each in shape.pattern_properties)


def _added(old: Shape, new: Shape, name: str) -> Difference:
    if name in new.required:
        return _narrower("property", "added-required", member=name)
    change = "added-to-closed" if old.additional is False else "added"
    return _wider("property", change, member=name)


def _additional(old: Shape, new: Shape) -> Iterator[Difference]:
    before, after = old.additional is False, new.additional is False
    if after and not before:
        yield _narrower("additionalProperties", "closed")
    elif before and not after:
        yield _wider("additionalProperties", "opened")
    elif old.additional is True and new.additional is not True:
        yield _narrower("additionalProperties", "described")
    elif new.additional is True and old.additional is not True:
        yield _wider("additionalProperties", "not-described")


def _present(facet: str, attribute: str) -> Compare:
    """Return the comparison of a demand that is there or not, or is another one."""

    def compare(old: Shape, new: Shape) -> Iterator[Difference]:
        before, after = _plain(getattr(old, attribute)), _plain(getattr(new, attribute))
        if before == after:
            return
        if not before:
            yield _narrower(facet, "added", new=after)
        elif not after:
            yield _wider(facet, "removed", old=before)
        else:
            yield _other(facet, "changed", old=before, new=after)

    return compare


def _plain(value: Any) -> str:
    inner = getattr(value, "value", value)
    return inner if isinstance(inner, str) else json.dumps(inner, sort_keys=True, default=str) if inner else ""


def _dependent(old: Shape, new: Shape) -> Iterator[Difference]:
    before, after = _pairs(old.dependent_required), _pairs(new.dependent_required)
    for name, wanted in sorted(after - before):
        yield _narrower("dependentRequired", "added", member=wanted, new=f"with {name}")
    for name, wanted in sorted(before - after):
        yield _wider("dependentRequired", "removed", member=wanted, old=f"with {name}")


def _pairs(demands: Mapping[str, frozenset[str]]) -> set[tuple[str, str]]:
    return {(name, wanted) for name, names in demands.items() for wanted in names}


def _default(old: Shape, new: Shape) -> Iterator[Difference]:
    if old.default != new.default:
        change = "added" if not old.default else "removed" if not new.default else "changed"
        yield _other("default", change, _values(old.default), _values(new.default))


def _access(old: Shape, new: Shape) -> Iterator[Difference]:
    if new.read_only != old.read_only:
        yield _narrower("access", "became-read-only") if new.read_only else _wider("access", "became-writable")
    if new.write_only != old.write_only:
        yield _wider("access", "became-write-only") if new.write_only else _narrower("access", "became-readable")


def _deprecated(old: Shape, new: Shape) -> Iterator[Difference]:
    if new.deprecated and not old.deprecated:
        yield _other("deprecated", "added")


_FACETS: tuple[Compare, ...] = (
    _type, _null, _enum, _set_of("format", "formats"), _set_of("pattern", "patterns"), _multiple, _bounds, _unique,
    _members, _additional, _dependent, _present("propertyNames", "names"), _present("contains", "contains"),
    _present("not", "excluded"), _present("if", "condition"), _present("discriminator", "discriminator"), _default,
    _access, _deprecated,
)  # fmt: skip
