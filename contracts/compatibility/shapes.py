"""Shapes: a schema in one normal form, however it was spelled.

The same thing can be said in several ways: null as `nullable` (OpenAPI 3.0), in a list of types (3.1) or as a branch;
one value as `const` or `enum`; exclusive bounds as a flag (3.0) or as a number (3.1); and anything through `allOf`.
Two spellings of one meaning have one shape, so that moving from 3.0 to 3.1 is no change.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from contracts.compatibility.documents import Node

UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains")
LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains")
NOTHING_BELOW = frozenset({"minLength", "minItems", "minProperties"})
"""Lower bounds of which 0 says nothing."""


class Shape(msgspec.Struct, kw_only=True):
    """A schema in normal form. None means that a keyword sets no limit; inner schemas are nodes, not shapes yet.

    `required` are names of properties; `additional` is True, False or a schema. Values of `enum` are compared as JSON.
    """

    node: Node
    types: frozenset[str] | None = None
    nullable: bool = True
    enum: tuple[Any, ...] | None = None
    extensible: bool = False
    formats: frozenset[str] = frozenset()
    patterns: frozenset[str] = frozenset()
    multiples: frozenset[float] = frozenset()
    bounds: dict[str, float] = {}
    unique: bool = False
    default: tuple[Any, ...] = ()
    properties: dict[str, Node] = {}
    required: frozenset[str] = frozenset()
    additional: Node | bool = True
    pattern_properties: dict[str, Node] = {}
    names: Node | None = None
    items: Node | None = None
    prefix: tuple[Node, ...] = ()
    contains: Node | None = None
    dependent_required: dict[str, frozenset[str]] = {}
    any_of: tuple[Node, ...] = ()
    one_of: tuple[Node, ...] = ()
    discriminator: str = ""
    excluded: str = ""
    condition: str = ""
    read_only: bool = False
    write_only: bool = False
    deprecated: bool = False


def shape_of(node: Node, keep_branches: bool = False) -> Shape:
    """Return the shape of a schema; a single branch is taken for the schema itself unless branches are to be kept."""
    node = node.resolved()
    if node.value is False:
        return Shape(node=node, types=frozenset(), nullable=False)
    if not isinstance(node.value, Mapping):
        return Shape(node=node)
    shape = _own(node)
    for _, part in _listed(node, "allOf"):
        shape = _both(shape, shape_of(part))
    return _without_null_branches(shape, keep_branches)


def _own(node: Node) -> Shape:
    """Return the shape of a schema without its `allOf`."""
    said: Mapping[str, Any] = node.value
    types, nullable = _types(said)
    enum = tuple(said["enum"]) if isinstance(said.get("enum"), list) else (said["const"],) if "const" in said else None
    if enum is not None and None in enum:
        enum = tuple(value for value in enum if value is not None)
    elif enum is not None and types is None:
        nullable = False
    return Shape(
        node=node,
        types=types,
        nullable=nullable,
        enum=enum,
        extensible=bool(said.get("x-extensible-enum")),
        formats=_one(said, "format"),
        patterns=_one(said, "pattern"),
        multiples=frozenset({said["multipleOf"]}) if _is_number(said.get("multipleOf")) else frozenset(),
        bounds=_bounds(said),
        unique=said.get("uniqueItems") is True,
        default=(said["default"],) if "default" in said else (),
        properties=dict(_listed(node, "properties")),
        required=frozenset(name for name in said.get("required", ()) if isinstance(name, str))
        if isinstance(said.get("required"), list)
        else frozenset(),
        additional=_additional(node),
        pattern_properties=dict(_listed(node, "patternProperties")),
        names=node.get("propertyNames"),
        items=node.get("items"),
        prefix=tuple(inner for _, inner in _listed(node, "prefixItems")),
        contains=node.get("contains"),
        dependent_required={
            name: frozenset(inner.value) for name, inner in _listed(node, "dependentRequired") if _is_names(inner.value)
        },
        any_of=tuple(inner for _, inner in _listed(node, "anyOf")),
        one_of=tuple(inner for _, inner in _listed(node, "oneOf")),
        discriminator=_discriminator(said),
        excluded=_text(said, "not"),
        condition=_text(said, "if", "then", "else"),
        read_only=said.get("readOnly") is True,
        write_only=said.get("writeOnly") is True,
        deprecated=said.get("deprecated") is True,
    )


def _types(said: Mapping[str, Any]) -> tuple[frozenset[str] | None, bool]:
    """Return the types without null, and whether null is allowed."""
    told = said.get("type")
    if told is None:
        return None, True
    types = frozenset([told] if isinstance(told, str) else told)
    return types - {"null"}, "null" in types or said.get("nullable") is True


def _bounds(said: Mapping[str, Any]) -> dict[str, float]:
    found = {name: said[name] for name in (*UPPER, *LOWER) if _is_number(said.get(name))}
    for flag, bound in (("exclusiveMaximum", "maximum"), ("exclusiveMinimum", "minimum")):
        if said.get(flag) is True and bound in found:  # OpenAPI 3.0
            found[flag] = found.pop(bound)
    return {name: bound for name, bound in found.items() if bound or name not in NOTHING_BELOW}


def _additional(node: Node) -> Node | bool:
    for name in ("additionalProperties", "unevaluatedProperties"):
        told = node.get(name)
        if told is not None and told.value is not True and told.value != {}:
            return False if told.value is False else told
    return True


def _discriminator(said: Mapping[str, Any]) -> str:
    told = said.get("discriminator")
    return str(told.get("propertyName", "")) if isinstance(told, Mapping) else ""


def _listed(node: Node, name: str) -> Iterator[tuple[str, Node]]:
    inner = node.get(name)
    if inner is not None:
        yield from inner.members()


def _one(said: Mapping[str, Any], name: str) -> frozenset[str]:
    return frozenset({said[name]}) if isinstance(said.get(name), str) else frozenset()


def _text(said: Mapping[str, Any], *names: str) -> str:
    found = {name: said[name] for name in names if name in said}
    return json.dumps(found, sort_keys=True, default=str) if found else ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _both(one: Shape, other: Shape) -> Shape:
    """Return the shape of what satisfies both."""
    return msgspec.structs.replace(
        one,
        types=_common(one.types, other.types),
        nullable=one.nullable and other.nullable,
        enum=one.enum if other.enum is None else other.enum if one.enum is None else _shared(one.enum, other.enum),
        extensible=one.extensible or other.extensible,
        formats=one.formats | other.formats,
        patterns=one.patterns | other.patterns,
        multiples=one.multiples | other.multiples,
        bounds=_tighter(one.bounds, other.bounds),
        unique=one.unique or other.unique,
        default=one.default or other.default,
        properties=_merged(one.properties, other.properties),
        required=one.required | other.required,
        additional=_stricter(one.additional, other.additional),
        pattern_properties=_merged(one.pattern_properties, other.pattern_properties),
        names=one.names or other.names,
        items=_together(one.items, other.items),
        prefix=one.prefix or other.prefix,
        contains=one.contains or other.contains,
        dependent_required={**one.dependent_required, **other.dependent_required},
        any_of=one.any_of or other.any_of,
        one_of=one.one_of or other.one_of,
        discriminator=one.discriminator or other.discriminator,
        excluded=one.excluded + other.excluded,
        condition=one.condition + other.condition + _more_branches(one, other),
        read_only=one.read_only or other.read_only,
        write_only=one.write_only or other.write_only,
        deprecated=one.deprecated or other.deprecated,
    )


def _more_branches(one: Shape, other: Shape) -> str:
    """Return the branches that have no room beside those of another part, as text: what changes in them is told."""
    more = [
        json.dumps([branch.value for branch in second], sort_keys=True, default=str)
        for first, second in ((one.any_of, other.any_of), (one.one_of, other.one_of))
        if first and second
    ]
    return "".join(more)


def _common(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if one is None or other is None:
        return other if one is None else one
    wide = (one | {"integer"} if "number" in one else one), (other | {"integer"} if "number" in other else other)
    return wide[0] & wide[1]


def _shared(one: tuple[Any, ...], other: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(value for value in one if value in other)


def _tighter(one: dict[str, float], other: dict[str, float]) -> dict[str, float]:
    found = {**one}
    for name, bound in other.items():
        found[name] = (
            bound if name not in found else min(found[name], bound) if name in UPPER else max(found[name], bound)
        )
    return found


def _stricter(one: Node | bool, other: Node | bool) -> Node | bool:
    return other if one is True else one


def _merged(one: dict[str, Node], other: dict[str, Node]) -> dict[str, Node]:
    found = {**one}
    for name, node in other.items():
        found[name] = _together(found.get(name), node) or node
    return found


def _together(one: Node | None, other: Node | None) -> Node | None:
    if one is None or other is None:
        return other if one is None else one
    if one.pointer == other.pointer and one.document is other.document:
        return one
    return Node(one.document, one.pointer, {"allOf": [one.value, other.value]})


def _without_null_branches(shape: Shape, keep_branches: bool) -> Shape:
    """Take `{type: null}` out of the branches; a single branch that is left is the schema itself."""
    for name in ("any_of", "one_of"):
        branches: tuple[Node, ...] = getattr(shape, name)
        if not branches:
            continue
        kept = tuple(branch for branch in branches if not _is_null(branch))
        allows_null = len(kept) < len(branches) or any(_allows_null(branch) for branch in kept)
        if len(kept) == 1 and not keep_branches:
            inner = shape_of(kept[0])
            shape = _both(msgspec.structs.replace(shape, **{name: ()}), msgspec.structs.replace(inner, nullable=True))
            shape.nullable = shape.nullable and allows_null
        else:
            setattr(shape, name, kept)
            shape.nullable = shape.nullable and allows_null
    return shape


def _is_null(node: Node) -> bool:
    return isinstance(node.value, Mapping) and node.value.get("type") in ("null", ["null"])


def _allows_null(node: Node) -> bool:
    said = node.value
    if not isinstance(said, Mapping):
        return said is not False
    return _types(said)[1] and "allOf" not in said
