"""Two schemas compared, whichever way their values go: each difference becomes a change with its rule and place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from contracts.compatibility.documents import Node, escaped
from contracts.compatibility.facets import Difference, differences
from contracts.compatibility.rules import RULES
from contracts.compatibility.shapes import Shape, shape_of
from contracts.findings import Place, Severity

Side = Literal["request", "response"]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One change between two versions of a document.

    `operation` is "POST /v1/orders" or a channel, `part` where in it ("request body", "response 201", "query limit"),
    `path` the way to the value ("/lines/*/sku"), `values` the enum values it is about. `place` is where it stands now;
    of what is gone, where it stood.
    """

    rule: str
    operation: str
    part: str = ""
    path: str = ""
    old: str = ""
    new: str = ""
    values: tuple[Any, ...] = ()
    place: Place

    @property
    def severity(self) -> Severity:
        """How bad it is for somebody who uses all of the operation."""
        return RULES[self.rule].severity

    @property
    def sentence(self) -> str:
        """What changed, in one sentence."""
        about = " ".join(part for part in (self.part, self.path) if part)
        was = f" ({self.old or 'nothing'} -> {self.new or 'nothing'})" if self.old or self.new else ""
        where = f" at {about}" if about else ""
        return f"{RULES[self.rule].sentence.removesuffix('.')}{where}{was}."


class Comparison:
    """Compares schemas of one part of an operation; circles of references are followed once."""

    def __init__(self, operation: str, part: str, side: Side) -> None:
        self._operation, self._part, self._side = operation, part, side
        self._open: set[tuple[int, str, int, str]] = set()

    def compare(self, old: Node, new: Node, path: str = "") -> Iterator[Change]:
        """Yield the changes from one schema to another, and of all that is inside of them."""
        old, new = old.resolved(), new.resolved()
        pair = (id(old.document), old.pointer, id(new.document), new.pointer)
        if pair in self._open:
            return
        self._open.add(pair)
        before, after = _alike(old, new)
        for difference in differences(before, after):
            yield self._change(difference, before, after, path)
        yield from self._inside(before, after, path)
        self._open.discard(pair)

    def _change(self, difference: Difference, old: Shape, new: Shape, path: str) -> Change:
        change, node = difference.change, new.node
        if difference.facet == "property" and difference.member in old.properties and change.startswith("removed"):
            node = old.properties[difference.member]
            if new.additional is False and self._side == "request":
                change = "removed-from-closed"
        elif difference.facet == "property" and difference.member in new.properties:
            node = new.properties[difference.member]
        member = f"/{escaped(difference.member)}" if difference.member else ""
        return Change(
            rule=f"{self._side}.{difference.facet}.{change}", operation=self._operation, part=self._part,
            path=f"{path}{member}" or "/", old=difference.old, new=difference.new, values=difference.values,
            place=node.place,
        )  # fmt: skip

    def _inside(self, old: Shape, new: Shape, path: str) -> Iterator[Change]:
        for name, node in old.properties.items():
            after = new.properties.get(name) or (new.additional if isinstance(new.additional, Node) else None)
            if after is not None and not self._is_hidden(node, after):
                yield from self.compare(node, after, f"{path}/{escaped(name)}")
        for name, node in old.pattern_properties.items():
            if name in new.pattern_properties:
                yield from self.compare(node, new.pattern_properties[name], f"{path}/*")
        if isinstance(old.additional, Node) and isinstance(new.additional, Node):
            yield from self.compare(old.additional, new.additional, f"{path}/*")
        yield from self._items(old, new, path)
        for name, before, after_branches in (
            ("anyOf", old.any_of, new.any_of),
            ("oneOf", old.one_of, new.one_of),
        ):
            yield from self._branches(name, before, after_branches, old, new, path)

    def _is_hidden(self, old: Node, new: Node) -> bool:
        """Tell whether a property never goes this way: what is only read is not sent, and the reverse."""
        name = "readOnly" if self._side == "request" else "writeOnly"
        return all(isinstance(node.value, dict) and node.value.get(name) is True for node in (old, new))

    def _items(self, old: Shape, new: Shape, path: str) -> Iterator[Change]:
        for index, (before, after) in enumerate(zip(old.prefix, new.prefix, strict=False)):
            yield from self.compare(before, after, f"{path}/{index}")
        if len(old.prefix) != len(new.prefix):
            kind = "added" if len(new.prefix) > len(old.prefix) else "removed"
            yield self._own(f"prefixItems.{kind}", new, path, str(len(old.prefix)), str(len(new.prefix)))
        if old.items is not None and new.items is not None:
            yield from self.compare(old.items, new.items, f"{path}/*")
        elif new.items is not None and new.items.value is not True:
            yield self._own("items.described", new, f"{path}/*")
        elif old.items is not None and old.items.value is not True:
            yield self._own("items.not-described", new, f"{path}/*")

    def _branches(
        self, name: str, before: tuple[Node, ...], after: tuple[Node, ...], old: Shape, new: Shape, path: str
    ) -> Iterator[Change]:
        if not before and not after:
            return
        if not before or not after:
            kind = "added" if not before else "removed"
            yield self._own(f"{name}.{kind}", new if not before else old, path)
            return
        pairs, gone, come = paired(before, after)
        for one, other in pairs:
            yield from self.compare(one, other, path)
        for node in gone:
            yield self._own(f"{name}.branch-removed", shape_of(node), path, old=label(node))
        for node in come:
            yield self._own(f"{name}.branch-added", shape_of(node), path, new=label(node))

    def _own(self, what: str, shape: Shape, path: str, old: str = "", new: str = "") -> Change:
        return Change(
            rule=f"{self._side}.{what}", operation=self._operation, part=self._part, path=path or "/", old=old, new=new,
            place=shape.node.place,
        )  # fmt: skip


def _alike(old: Node, new: Node) -> tuple[Shape, Shape]:
    """Return the shapes of both; one branch beside several is a branch, not the schema itself."""
    before, after = shape_of(old), shape_of(new)
    if bool(before.any_of or before.one_of) != bool(after.any_of or after.one_of):
        return shape_of(old, keep_branches=True), shape_of(new, keep_branches=True)
    return before, after


def paired(before: tuple[Node, ...], after: tuple[Node, ...]) -> tuple[list[tuple[Node, Node]], list[Node], list[Node]]:
    """Return which branch became which: equal ones first, then those of one name; and who is gone or new."""
    left, right = list(before), list(after)
    pairs: list[tuple[Node, Node]] = []
    for same in (_text, label):
        names = {same(node): node for node in reversed(right)}
        for node in list(left):
            other = names.get(same(node)) if same(node) else None
            if other is not None and other in right:
                pairs.append((node, other))
                left.remove(node)
                right.remove(other)
    if len(left) == 1 and len(right) == 1 and len(before) == len(after):
        pairs.append((left.pop(), right.pop()))
    return pairs, left, right


def label(node: Node) -> str:
    """Return what a branch is known by: the name of its definition, its title, its type or its constant."""
    head, _, name = node.pointer.rpartition("/")
    if head.endswith(("/schemas", "/$defs", "/definitions")):
        return name
    if not isinstance(node.value, dict):
        return ""
    kinds = node.value.get("properties", {})
    constants = (
        [str(inner["const"]) for inner in kinds.values() if isinstance(inner, dict) and "const" in inner]
        if isinstance(kinds, dict)
        else []
    )
    return str(node.value.get("title") or "/".join(constants) or node.value.get("type") or "")


def _text(node: Node) -> str:
    return json.dumps(node.value, sort_keys=True, default=str)
