from __future__ import annotations

import json
from typing import Any

import pytest

from contracts.compatibility import forms
from contracts.compatibility.documents import Document

LINES = {"type": "array", "items": {"type": "object", "properties": {"sku": {}, "quantity": {"type": "integer"}}}}
SCHEMA = {
    "type": "object",
    "properties": {
        "amount": {"type": "integer"}, "confirm": {"type": "boolean"}, "code": {"type": "string"}, "lines": LINES,
        "kinds": {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "string"}]},
    },
    "additionalProperties": {"type": "number"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("amount=100&confirm=true&code=007", {"amount": 100, "confirm": True, "code": "007"}),
        ("amount=ten", {"amount": "ten"}),
        (
            "lines[0][sku]=a&lines[0][quantity]=2&lines[1][sku]=b",
            {"lines": [{"sku": "a", "quantity": 2}, {"sku": "b"}]},
        ),
        (
            "lines[sku][0]=a&lines[quantity][0]=2&lines[sku][1]=b",
            {"lines": [{"sku": "a", "quantity": 2}, {"sku": "b"}]},
        ),
        ("kinds[]=card&kinds[]=iban", {"kinds": ["card", "iban"]}),
        ("kinds=card", {"kinds": "card"}),
        ("metadata[order]=Q+1%2F2", {"metadata": {"order": "Q 1/2"}}),
        ("rate=0.5&code=", {"rate": 0.5, "code": ""}),
        ("", {}),
    ],
)
def test_a_form_means_what_its_schema_wants(text: str, value: dict[str, Any]) -> None:
    assert forms.value_of(text, Document("form.json", json.dumps(SCHEMA)).root) == value


@pytest.mark.parametrize("text", ["a[b]=1&a=2", "a=1&a[b]=2", "[", "a[[b]]=1", "]=", "=&=&&"])
def test_whatever_comes_as_a_form_is_some_value(text: str) -> None:
    assert isinstance(forms.value_of(text, Document("form.json", json.dumps(SCHEMA)).root), dict)
