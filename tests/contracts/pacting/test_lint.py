"""What a pact must not leave open."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contracts.compatibility.pacts import read_pact
from contracts.pacting.lint import RULES, Lint, lint
from contracts.pacting.recording import FOLDER


def _written(folder: Path, body: Any, rules: Any, copies: int = 1) -> Path:
    interaction = {
        "type": "Synchronous/HTTP", "description": "x", "request": {"method": "GET", "path": "/x"},
        "response": {
            "status": 200, "body": {"content": body, "contentType": "application/json", "encoded": False},
            "matchingRules": {"body": rules},
        },
    }  # fmt: skip
    path = folder / "a-b.json"
    pact = {"consumer": {"name": "a"}, "provider": {"name": "b"}, "interactions": [interaction] * copies}
    path.write_text(json.dumps({**pact, "metadata": {"pactSpecification": {"version": "4.0"}}}))
    return path


def _rule(*matchers: dict[str, Any]) -> dict[str, Any]:
    return {"combine": "AND", "matchers": list(matchers)}


TYPE = _rule({"match": "type"})
CASES = [
    ({"total": "20.00"}, {"$.total": TYPE}, "pact.money-by-type"),
    ({"amount": 5}, {"$.amount": _rule({"match": "integer"})}, "pact.money-by-type"),
    ({"status": "open"}, {"$.status": TYPE}, "pact.status-by-type"),
    ({"currency": "USD"}, {"$.currency": TYPE}, "pact.currency-by-type"),
    ({"due_date": "2026-12-01"}, {"$['due_date']": TYPE}, "pact.date-by-type"),
    ({"items": [{"total": 5}]}, {"$.items": _rule({"match": "type", "min": 1})}, "pact.money-by-type"),
    ({"at": "x"}, {"$.at": _rule({"match": "timestamp"})}, "pact.default-date-format"),
    ({"items": [{"id": "a"}]}, {"$.items": TYPE}, "pact.empty-list"),
    ({"ratio": 20.5}, {"$.ratio": _rule({"match": "decimal"})}, "pact.decimal-refuses-whole"),
    ({"code": "A1"}, {"$.code": _rule({"match": "regex", "regex": "^[0-9]+$"})}, "pact.example-misfit"),
]


@pytest.mark.parametrize(
    ("body", "rules", "rule"), CASES, ids=[f"{case[2]}-{number}" for number, case in enumerate(CASES)]
)
def test_what_is_left_open_is_found(tmp_path: Path, body: Any, rules: Any, rule: str) -> None:
    found = lint(read_pact(_written(tmp_path, body, rules)))
    assert {each.rule for each in found} == {rule}
    assert found[0].place is not None
    assert found[0].place.line > 0


@pytest.mark.parametrize(
    ("body", "rules"),
    [
        ({"total": "20.00"}, {"$.total": _rule({"match": "regex", "regex": r"^\d+\.\d\d$"})}),
        ({"total": 20}, {}),
        ({"items": [{"total": 5}]}, {"$.items": _rule({"match": "type", "min": 1}),
                                     "$.items[*].total": _rule({"match": "equality"})}),
        ({"name": "Acme"}, {"$.name": TYPE}),
    ],
)  # fmt: skip
def test_values_and_patterns_are_no_finding(tmp_path: Path, body: Any, rules: Any) -> None:
    assert lint(read_pact(_written(tmp_path, body, rules))) == []


@pytest.mark.parametrize(
    ("matcher", "rules"), [("integer", ["pact.bounds-not-checked"]), ("equality", []), ("regex", [])]
)
def test_bounds_that_only_steer_what_is_made_up_are_found(tmp_path: Path, matcher: str, rules: list[str]) -> None:
    """As `match.int(25, min=18, max=99)` writes them: 500 would pass."""
    rule = _rule({"match": matcher, **({"regex": "^[1-9][0-9]$"} if matcher == "regex" else {})})
    path = _written(tmp_path, {"age": 25}, {"$.age": rule})
    pact = json.loads(path.read_text())
    pact["interactions"][0]["response"]["generators"] = {"body": {"$.age": {"type": "RandomInt", "min": 18, "max": 99}}}
    path.write_text(json.dumps(pact))
    found = lint(read_pact(path))
    assert [each.rule for each in found] == rules
    assert all("min 18, max 99" in each.message for each in found)


def test_two_interactions_that_ask_the_same_are_found(tmp_path: Path) -> None:
    assert [each.rule for each in lint(read_pact(_written(tmp_path, {}, {}, copies=2)))] == ["pact.same-request"]


def test_the_pacts_of_the_project_leave_nothing_open() -> None:
    tally = Lint(sorted(FOLDER.glob("*.json"))).run(lambda _done, _of: None)
    assert (tally.outcome, tally.checked, tally.findings) == ("holds", 13, ())


def test_a_file_that_is_no_pact_is_said(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("{}")
    tally = Lint([path]).run(lambda _done, _of: None)
    assert tally.outcome == "could not run"
    assert "not a pact" in tally.could_not_run


def test_every_rule_has_a_sentence_and_a_reason() -> None:
    assert all(rule.sentence and rule.why for rule in RULES.values())
