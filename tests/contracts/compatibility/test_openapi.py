from __future__ import annotations

import json
from datetime import date

import pytest

from contracts.compatibility.documents import Document
from contracts.compatibility.openapi import compare
from contracts.compatibility.rules import RULES
from contracts.compatibility.schemas import Change
from tests.contracts.compatibility.corpus import BASE, BREAKING, COMPATIBLE, GONE, ONE, Edits, edited

OLD = Document("old.json", json.dumps(BASE, indent=1))


def changes(edits: Edits, today: date | None = None) -> list[Change]:
    return compare(OLD, Document("new.json", json.dumps(edited(edits), indent=1)), today)


@pytest.mark.parametrize("name", BREAKING)
def test_a_breaking_change_is_found_by_the_rule_meant_for_it(name: str) -> None:
    edits, rules = BREAKING[name]
    found = changes(edits)
    assert {change.rule for change in found} == rules
    assert any(change.severity == "error" for change in found)


@pytest.mark.parametrize("name", COMPATIBLE)
def test_a_compatible_change_is_no_error(name: str) -> None:
    edits, rules = COMPATIBLE[name]
    found = changes(edits)
    assert {change.rule for change in found} == rules
    assert [change.sentence for change in found if change.severity == "error"] == []


def test_the_corpus_is_as_large_as_was_promised() -> None:
    assert len(COMPATIBLE) >= 40
    assert len(BREAKING) >= 35


@pytest.mark.parametrize("name", [*BREAKING, *COMPATIBLE])
def test_every_change_says_where_it_is(name: str) -> None:
    edits, _ = (BREAKING | COMPATIBLE)[name]
    for change in changes(edits):
        assert change.place.file in ("old.json", "new.json")
        assert change.place.line > 1
        assert change.rule in RULES
        assert change.sentence.endswith(".")


def test_a_change_is_shown_at_its_line() -> None:
    new = Document("new.json", json.dumps(edited(BREAKING["a request may have fewer items"][0]), indent=1))
    (change,) = compare(OLD, new)
    line = new.text.splitlines()[change.place.line - 1]
    assert '"lines"' in line
    assert (change.operation, change.part, change.path) == ("POST /v1/orders", "request body", "/lines")
    assert (change.old, change.new) == ("100", "10")


def test_yaml_is_read_like_json() -> None:
    import yaml

    new = Document("new.yaml", yaml.safe_dump(edited(BREAKING["a request may have fewer items"][0])))
    (change,) = compare(OLD, new)
    assert new.text.splitlines()[change.place.line - 1].strip() == "lines:"


def test_a_deprecated_operation_may_go_after_its_sunset() -> None:
    (change,) = changes([(f"{ONE}/delete", GONE)], today=date(2026, 7, 1))
    assert change.rule == "operation.removed-after-sunset"
    assert change.severity == "warning"


def test_moving_to_another_spelling_of_the_same_is_no_change() -> None:
    three_zero = json.loads(json.dumps(BASE))
    three_zero["openapi"] = "3.0.3"
    order = three_zero["components"]["schemas"]["Order"]["properties"]
    order["note"] = {"type": "string", "nullable": True, "maxLength": 200}
    page = three_zero["paths"]["/v1/orders"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    page["properties"]["next"] = {"type": "string", "nullable": True}
    assert compare(Document("old.json", json.dumps(three_zero)), OLD) == []
    assert compare(OLD, Document("new.json", json.dumps(three_zero))) == []


def test_a_circle_of_references_ends() -> None:
    edits: Edits = [("/components/schemas/Order/properties/parent/maxProperties", 3)]
    assert all(change.rule.startswith("response.") for change in changes(edits))
