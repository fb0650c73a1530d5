"""The judge of judges: a validator of JSON Schema that nobody here wrote says which values each version takes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from contracts.compatibility.documents import Document
from contracts.compatibility.schemas import Change, Comparison

_NAMES = ("a", "b")
_leaves: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["integer", "number", ["integer", "null"], ["number", "string"]])},
        optional={
            "minimum": st.integers(0, 3),
            "maximum": st.integers(0, 3),
            "exclusiveMinimum": st.integers(0, 3),
            "multipleOf": st.sampled_from([1, 2, 4]),
        },
    ),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["string", ["string", "null"]])},
        optional={
            "minLength": st.integers(0, 2),
            "maxLength": st.integers(0, 2),
            "pattern": st.sampled_from(["^x", "y$"]),
            "enum": st.lists(st.sampled_from(["x", "xy", None]), min_size=1, unique=True),
        },
    ),
    st.fixed_dictionaries({"const": st.sampled_from(["x", 1, None])}),
)


def _nested(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    objects = st.fixed_dictionaries(
        {"type": st.just("object"), "properties": st.dictionaries(st.sampled_from(_NAMES), inner, max_size=2)},
        optional={
            "required": st.lists(st.sampled_from(_NAMES), unique=True),
            "additionalProperties": st.booleans(),
            "minProperties": st.integers(0, 2),
            "dependentRequired": st.just({"a": ["b"]}),
        },
    )
    arrays = st.fixed_dictionaries(
        {"type": st.just("array")},
        optional={"items": inner, "minItems": st.integers(0, 2), "uniqueItems": st.booleans()},
    )
    both = st.builds(lambda one, other: {"allOf": [one, other]}, inner, inner)
    either = st.builds(lambda one, other: {"anyOf": [one, other]}, inner, inner)
    return st.one_of(objects, arrays, both, either)


schemas = st.recursive(_leaves, _nested, max_leaves=5)
_scalars = st.one_of(st.none(), st.integers(-1, 5), st.sampled_from([0.5, 2.0]), st.sampled_from(["", "x", "xy", "zz"]))
values = st.recursive(
    _scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["a", "b", "c"]), inner)),
    max_leaves=5,
)


def changes(old: dict[str, Any], new: dict[str, Any], side: str = "request") -> list[Change]:
    before, after = Document("old", json.dumps(old)).root, Document("new", json.dumps(new)).root
    return list(Comparison("POST /x", "body", "request" if side == "request" else "response").compare(before, after))


PRACTICE = {"request.property.added"}
"""Strictly, a schema for a name that was free refuses values that were taken; in practice nobody sends such names."""


def _tighter(found: list[Change]) -> bool:
    """Tell whether anything is said that may refuse what was taken."""
    return any(change.severity != "note" or change.rule in PRACTICE for change in found)


@settings(max_examples=400)
@given(old=schemas, new=schemas, value=values)
def test_what_is_called_harmless_takes_every_value_that_was_taken(
    old: dict[str, Any], new: dict[str, Any], value: Any
) -> None:
    if _tighter(changes(old, new)) or not Draft202012Validator(old).is_valid(value):
        return
    assert Draft202012Validator(new).is_valid(value)


@settings(max_examples=400)
@given(schema=schemas, extra=schemas, value=values)
def test_a_schema_with_one_more_demand_is_harmless_in_replies_or_is_told(
    schema: dict[str, Any], extra: dict[str, Any], value: Any
) -> None:
    new = {"allOf": [schema, extra]}
    if Draft202012Validator(schema).is_valid(value) and not Draft202012Validator(new).is_valid(value):
        assert _tighter(changes(schema, new))


@settings(max_examples=200)
@given(schemas)
def test_a_schema_does_not_differ_from_itself(schema: dict[str, Any]) -> None:
    assert changes(schema, json.loads(json.dumps(schema))) == []


@settings(max_examples=200)
@given(schemas, schemas)
def test_the_way_back_is_told_as_well(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert bool(changes(old, new)) == bool(changes(new, old))


@pytest.mark.parametrize(
    ("old", "new", "rules"),
    [
        ({"const": 1}, {"enum": [1, 2]}, {"request.enum.value-added"}),
        ({"maximum": 3, "exclusiveMaximum": True}, {"exclusiveMaximum": 3}, set()),
        ({"items": {"type": "string"}}, {"items": {"type": "string", "maxLength": 3}}, {"request.maxLength.tightened"}),
        ({"prefixItems": [{}]}, {"prefixItems": [{}, {"type": "string"}]}, {"request.prefixItems.added"}),
        ({}, {"propertyNames": {"pattern": "^x"}}, {"request.propertyNames.added"}),
        ({"additionalProperties": {"type": "string"}}, {"additionalProperties": {"type": "integer"}},
         {"request.type.changed"}),
        ({"properties": {"a": {}}}, {"additionalProperties": {"type": "string"}},
         {"request.additionalProperties.described", "request.type.narrowed", "request.null.refused"}),
    ],
)  # fmt: skip
def test_keywords_that_are_seldom_used_are_compared_too(
    old: dict[str, Any], new: dict[str, Any], rules: set[str]
) -> None:
    assert {change.rule for change in changes(old, new)} - {"request.null.refused"} == rules - {"request.null.refused"}
