"""Evaluates cases: reads them, finds the recipes that suit, computes, and compares under the expected names."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from domain.oracle import (
    allocation,
    changes,
    coupons,
    credit_note,
    dunning,
    gl,
    payment,
    periods,
    proration,
    rating,
    revrec,
    rounding,
    tax,
    timezone,
)
from domain.oracle.answers import Missing, find, rows
from domain.oracle.facts import Facts
from domain.oracle.policy import Policy, variants
from domain.oracle.recipe import Recipe
from domain.oracle.result import NotUnderstood, Report, Result

_PRORATION = (*changes.RECIPES, *proration.RECIPES, *periods.RECIPES)
FAMILIES: Mapping[str, tuple[Recipe, ...]] = {
    "proration": (*_PRORATION, *credit_note.RECIPES, *timezone.RECIPES),
    "timezone": (*timezone.RECIPES, *_PRORATION),
    "credit_note": (*credit_note.RECIPES, *_PRORATION, *coupons.RECIPES, *tax.RECIPES),
    "tax": (*coupons.RECIPES, *tax.RECIPES, *credit_note.RECIPES),
    "rounding": rounding.RECIPES,
    "allocation": (*allocation.RECIPES, *revrec.RECIPES),
    "rating": rating.RECIPES,
    "revrec": (*revrec.RECIPES, *gl.RECIPES),
    "gl": (*gl.RECIPES, *revrec.RECIPES, *payment.RECIPES),
    "payment": (*payment.RECIPES, *gl.RECIPES),
    "dunning": dunning.RECIPES,
}
"""Family -> recipes in the order in which they are asked; the first to compute a name wins."""

_ROW_LISTS = ("rows", "components", "added", "changes", "cases")
_BROADCAST = ("qty", "quantity", "usage", "units", "gross", "amount", "price", "base", "change", "change_date", "net")
_WORST = (ArithmeticError, AttributeError, KeyError, LookupError, OverflowError, TypeError, ValueError)


class _Case:
    """One case while it is worked on: facts, recipes, and outputs per policy."""

    def __init__(self, case: Mapping[str, Any]) -> None:
        self.id = _text(case, "id", "?")
        self.title = _text(case, "title", "")
        self.family = _text(case, "family", "")
        inputs, self.expected = _object(case, self.id, "inputs"), _object(case, self.id, "expected")
        if not self.expected:
            raise NotUnderstood(self.id, "expected is empty", "an object with at least one name")
        if self.family not in FAMILIES:
            raise NotUnderstood(self.id, f"family {self.family!r} is unknown", ", ".join(FAMILIES))
        self.recipes = FAMILIES[self.family]
        convention = _text(case, "convention", "")
        fields = case.get("policy", {})
        if not isinstance(fields, Mapping):
            raise NotUnderstood(self.id, f"policy is {fields!r}", "an object")
        policy = Policy.read(self.id, fields, convention)
        self.minor = _counts_minor(inputs, self.expected, convention)
        text = f"{self.title}\n{convention}"
        self.facts = Facts(self.id, inputs, policy, text, self.minor, _longest(self.expected))
        self.problem: Exception | None = None
        self._outputs: dict[str, dict[str, Any]] = {}

    def outputs(self, policy: Policy) -> dict[str, Any]:
        """Return everything that the suitable recipes compute under a policy."""
        key = repr((policy.chosen, policy.free))
        if key not in self._outputs:
            facts = self.facts.having(policy)
            own_rows = _rows_of(facts)
            whole = [recipe for recipe in self.recipes if recipe.whole or own_rows is None]
            result = self._asked(facts, whole)
            if own_rows is not None:
                single = [recipe for recipe in self.recipes if not recipe.whole]
                result = result | _transposed([self._asked(facts.row(row), single) for row in own_rows])
            self._outputs[key] = result
        return self._outputs[key]

    def _asked(self, facts: Facts, recipes: Iterable[Recipe]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for recipe in recipes:
            try:
                if recipe.suits(facts):
                    for name, value in recipe.compute(facts).items():
                        result.setdefault(name, value)
            except _WORST as problem:
                self.problem = self.problem or problem
        return result

    def value(self, name: str, expected: Any) -> Any:
        """Return the computed value for an expected name: an output, or an output under the policy it names."""
        policy = self.facts.policy
        try:
            found = find(self.outputs(policy), name)
        except Missing:
            return self._under_variant(name, expected)
        many = self._alternatives(expected)
        if many and not isinstance(found, list):
            return [find(self.outputs(alternative), name) for alternative in many]
        return found

    def _alternatives(self, expected: Any) -> list[Policy]:
        if not isinstance(expected, list):
            return []
        for field, values in self.facts.policy.alternatives.items():
            if len(values) > 1 and len(values) == len(expected):
                return [self.facts.policy.having(field, value) for value in values]
        return []

    def _under_variant(self, name: str, expected: Any) -> Any:
        for policy, rest in variants(self.facts.policy, name):
            outputs = self.outputs(policy)
            if not outputs:
                continue
            if not rest:
                return outputs if isinstance(expected, Mapping) else next(iter(outputs.values()))
            try:
                return find(outputs, rest)
            except Missing:
                continue
        raise self._not_computed(name)

    def _not_computed(self, name: str) -> NotUnderstood:
        known = ", ".join(self.outputs(self.facts.policy))
        if isinstance(self.problem, NotUnderstood):
            return self.problem
        keys = ", ".join(map(str, self.facts.inputs)) or "nothing"
        reason = f" ({self.problem})" if self.problem else ""
        what = f"no {self.family} rule computes {name!r} from inputs {keys}{reason}"
        return NotUnderstood(self.id, what, known or "see the public cases for the inputs of this family")


def _text(case: Mapping[str, Any], key: str, default: str) -> str:
    value = case.get(key, default)
    return value if isinstance(value, str) else str(value)


def _object(case: Mapping[str, Any], case_id: str, key: str) -> Mapping[str, Any]:
    value = case.get(key)
    if not isinstance(value, Mapping):
        raise NotUnderstood(case_id, f"{key} is {'missing' if value is None else repr(value)[:60]}", "an object")
    return value


def _keys(value: Any) -> Iterable[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from _keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _keys(inner)


def _counts_minor(inputs: Mapping[str, Any], expected: Mapping[str, Any], convention: str) -> bool:
    named = any(key.endswith(("_minor", "_cents")) for value in (inputs, expected) for key in _keys(value))
    return named or "minor unit" in convention.lower()


def _longest(expected: Mapping[str, Any]) -> int:
    return max((len(value) for value in expected.values() if isinstance(value, list)), default=0)


def _rows_of(facts: Facts) -> list[Mapping[str, Any]] | None:
    for key in _ROW_LISTS:
        values = facts.inputs.get(key)
        if isinstance(values, list) and values:
            if all(isinstance(value, Mapping) for value in values):
                return list(values)
            if key == "rows" and all(_is_date_pair(value) for value in values):
                return [{"from": value[0], "to": value[1]} for value in values]
    return _broadcast(facts)


def _is_date_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(v, str) and "-" in v[1:] for v in value)


def _broadcast(facts: Facts) -> list[Mapping[str, Any]] | None:
    names = [name + suffix for name in _BROADCAST for suffix in ("", "_minor")]
    lists = {name: facts.inputs[name] for name in names if isinstance(facts.inputs.get(name), list)}
    if not lists or "children" in facts.inputs:
        return None
    length = max(len(values) for values in lists.values())
    if any(len(values) != length for values in lists.values()):
        return None
    return [{name: values[place] for name, values in lists.items()} for place in range(length)]


def _transposed(outputs: list[dict[str, Any]]) -> dict[str, Any]:
    """Turn rows of outputs into lists by name; a name that some row lacks is no answer."""
    names = [name for name in outputs[0] if all(name in row for row in outputs)]
    return {name: [row[name] for row in outputs] for name in names}


def compute(case: Mapping[str, Any]) -> Result:
    """Evaluate one case; raise NotUnderstood when its policy, inputs or expected names cannot be read."""
    work = _Case(case)
    found = tuple(rows(work.expected, work.value, work.minor, work.facts.policy.mode))
    return Result(work.id, work.title, work.family, found)


def evaluate(case: object) -> Result:
    """Evaluate one case; what is not understood is told in the result, never raised."""
    if not isinstance(case, Mapping):
        return Result("?", "", "", understood=False, problem=f"a case is {type(case).__name__}; understood: an object")
    identity = _text(case, "id", "?"), _text(case, "title", ""), _text(case, "family", "")
    try:
        return compute(case)
    except NotUnderstood as problem:
        return Result(*identity, understood=False, problem=str(problem))
    except Missing as missing:
        text = f"case {identity[0]}: expected {missing} has a shape that no rule gives"
        return Result(*identity, understood=False, problem=text)
    except (*_WORST, RecursionError) as problem:
        text = f"case {identity[0]}: inputs cannot be computed: {problem}"
        return Result(*identity, understood=False, problem=text)


def evaluate_all(cases: Iterable[object], path: str = "") -> Report:
    """Evaluate cases in order."""
    return Report(path, tuple(evaluate(case) for case in cases))


def evaluate_file(path: str | Path) -> Report:
    """Evaluate a file of cases ({"cases": [...]} or a bare list); a file that cannot be read is told in the report."""
    name = str(path)
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as problem:
        return Report(name, problem=f"{name}: cannot be read: {problem.strerror}")
    except UnicodeDecodeError:
        return Report(name, problem=f"{name}: is not UTF-8 text; expected a JSON file of cases")
    except (ValueError, RecursionError) as problem:
        return Report(name, problem=f"{name}: is not JSON: {problem}")
    cases = content.get("cases") if isinstance(content, Mapping) else content
    if not isinstance(cases, list) or not cases:
        return Report(name, problem=f'{name}: holds no cases; expected {{"cases": [...]}} with at least one')
    return evaluate_all(cases, name)
