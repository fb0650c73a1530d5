"""What a pact must not leave open: rules for pact files, whoever wrote them.

A type matcher takes any value of its type, and it is inherited: below `$.items` that is matched by type, every field
without a rule of its own is matched by type too. So the rule that holds for a field is looked up as Pact does.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from contracts.compatibility.documents import Unusable
from contracts.compatibility.inlining import fits
from contracts.compatibility.pacts import Pact, read_pact
from contracts.findings import Finding, Progress, Rule, Severity, Tally
from contracts.pacting.matching import Kind, kind_of

_ROWS: tuple[tuple[str, Severity, str, str], ...] = (
    ("pact.money-by-type", "error", "Money is matched by value or by pattern", "a price of zero passes a type matcher"),
    ("pact.status-by-type", "error", "A status, kind or code is matched by value or by pattern",
     "any word passes a type matcher"),
    ("pact.currency-by-type", "error", "A currency is matched by value or by pattern", "dollars would pass for yen"),
    ("pact.date-by-type", "error", "A date or instant is matched by value or by pattern",
     "another form of dates passes a type matcher, seconds pass for milliseconds"),
    ("pact.default-date-format", "warning", "A date or time matcher names a format",
     "the default format refuses Z, +00:00 and fractions of a second"),
    ("pact.empty-list", "warning", "A list that is matched by type has a least number of items",
     "without one an empty list passes, and none of what is inside is checked"),
    ("pact.bounds-not-checked", "warning", "Bounds are checked, not only made up",
     "least, greatest and digits of a matcher steer what is generated; any other number passes"),
    ("pact.decimal-refuses-whole", "warning", "A number that may be whole is not matched as a decimal",
     "a decimal matcher refuses 20 where 20.5 was expected, and an integer matcher 5.0"),
    ("pact.example-misfit", "error", "The example fits the pattern it stands for",
     "the mock of the consumer's tests would answer what the provider never may"),
    ("pact.same-request", "error", "No two interactions ask the same in the same state",
     "the first always answers; the other is never tried"),
)  # fmt: skip
RULES: dict[str, Rule] = {
    name: Rule(
        id=name,
        sentence=f"{said}.",
        severity=severity,
        why=f"{why[0].upper()}{why[1:]}.",
        source="contract tests' lore",
    )
    for name, severity, said, why in _ROWS
}
_BY_KIND: Mapping[Kind, str] = {
    "money": "pact.money-by-type", "status": "pact.status-by-type", "currency": "pact.currency-by-type",
    "date": "pact.date-by-type",
}  # fmt: skip
_TYPES = frozenset({"type", "integer", "decimal", "number", "boolean", "notEmpty", "semver"})
_TIMES = frozenset({"date", "time", "timestamp", "datetime"})
_BOUNDS = ("min", "max", "digits")
_STEP = re.compile(r"\.([A-Za-z_][\w]*)|\['((?:[^'\\]|\\.)*)'\]|\[(\d+|\*)\]|\.(\*)")
Way = tuple[str, ...]


def lint(pact: Pact) -> list[Finding]:
    """Return what a pact leaves open."""
    found: list[Finding] = []
    for index, interaction in enumerate(pact.document.tree["interactions"]):
        for part, name in ((interaction.get("response"), "response"), (interaction, "contents")):
            if isinstance(part, Mapping):
                found.extend(_linted(pact, index, interaction, part, name))
    return [*found, *_repeated(pact)]


def _linted(
    pact: Pact, index: int, interaction: Mapping[str, Any], part: Mapping[str, Any], name: str
) -> Iterator[Finding]:
    body = part.get("body") if name == "response" else part.get("contents")
    if body is None:
        return
    content = body["content"] if isinstance(body, Mapping) and "content" in body else body
    said = part.get("matchingRules")
    told = said.get("body") if isinstance(said, Mapping) else None
    rules = {_way(path): rule for path, rule in told.items()} if isinstance(told, Mapping) else {}
    made = part.get("generators")
    bounds = _bounded(made.get("body") if isinstance(made, Mapping) else None)
    where = "/response/body" if name == "response" else "/contents"
    for way, value in _values(content):
        for rule, message in (*_wrong(way, value, rules), *_unchecked(way, rules, bounds)):
            place = pact.document.place(f"/interactions/{index}{where}")
            pointer = "/".join(way)
            yield Finding(
                rule=rule, severity=RULES[rule].severity, message=f"{pointer}: {message}", place=place,
                subject=str(interaction.get("description", "")), detail=pointer,
            )  # fmt: skip


def _wrong(way: Way, value: Any, rules: Mapping[Way, Any]) -> Iterator[tuple[str, str]]:
    own, inherited = _rule_of(way, rules)
    matchers = [each for each in (own or {}).get("matchers", ()) if isinstance(each, Mapping)]
    kinds = {str(each.get("match", "")) for each in matchers}
    leaf = not isinstance(value, Mapping | list)
    name = next((step for step in reversed(way) if not step.isdigit()), "")
    rule = _BY_KIND.get(kind_of(name)) if leaf and value is not None and not isinstance(value, bool) else None
    if rule and kinds and kinds <= _TYPES:
        how = "inherits a type matcher from above" if inherited else f"is matched by {' and '.join(sorted(kinds))}"
        yield rule, f"{value!r} {how}, which takes any other value; match it by `equality` or `regex`."
    if inherited:
        return
    for each in matchers:
        match = each.get("match")
        if match in _TIMES and not each.get("format"):
            yield "pact.default-date-format", "has no format of its own; use a `regex` for RFC 3339."
        if match == "type" and isinstance(value, list) and not each.get("min"):
            yield "pact.empty-list", "an empty list would do; give `min: 1`."
        if match == "regex" and leaf and not fits(str(each.get("regex", "")), str(value)):
            yield "pact.example-misfit", f"the example {value!r} does not fit {each.get('regex')!r}."


def _bounded(generators: Any) -> dict[Way, str]:
    """Return the fields whose values are generated within bounds, and the bounds."""
    if not isinstance(generators, Mapping):
        return {}
    return {
        _way(path): ", ".join(f"{name} {each[name]}" for name in _BOUNDS if name in each)
        for path, each in generators.items()
        if isinstance(each, Mapping) and each.get("type") in ("RandomInt", "RandomDecimal")
    }  # fmt: skip


def _unchecked(way: Way, rules: Mapping[Way, Any], bounds: Mapping[Way, str]) -> Iterator[tuple[str, str]]:
    own, inherited = _rule_of(way, rules)
    kinds = {each.get("match") for each in (own or {}).get("matchers", ()) if isinstance(each, Mapping)}
    said = next((each for path, each in bounds.items() if len(path) == len(way) and _covers(path, way)), None)
    if said and not inherited and kinds and kinds <= _TYPES:
        yield "pact.bounds-not-checked", f"is generated with {said}, and any other number passes; match it by `regex`."
    if not inherited and "decimal" in kinds:
        yield "pact.decimal-refuses-whole", "a whole number is refused; match it by `number`, or as a text by `regex`."


def _rule_of(way: Way, rules: Mapping[Way, Any]) -> tuple[Mapping[str, Any] | None, bool]:
    """Return the rule that holds for a field, its own or the nearest above, and whether it is inherited."""
    for length in range(len(way), -1, -1):
        found = [rule for path, rule in rules.items() if len(path) == length and _covers(path, way[:length])]
        if found:
            return found[-1], length < len(way)
    return None, False


def _covers(path: Way, way: Way) -> bool:
    return all(step in ("*", other) for step, other in zip(path, way, strict=True))


def _way(path: str) -> Way:
    return tuple(next(filter(None, match.groups()), "") for match in _STEP.finditer(path.removeprefix("$")))


def _values(value: Any, way: Way = ()) -> Iterator[tuple[Way, Any]]:
    yield way, value
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _values(inner, (*way, str(name)))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _values(inner, (*way, str(index)))


def _repeated(pact: Pact) -> Iterator[Finding]:
    seen: Counter[str] = Counter()
    for index, interaction in enumerate(pact.document.tree["interactions"]):
        if "request" not in interaction:
            continue
        request = {name: value for name, value in interaction["request"].items() if name != "generators"}
        key = repr((_sorted(request), _sorted(interaction.get("providerStates", []))))
        seen[key] += 1
        if seen[key] > 1:
            yield Finding(
                rule="pact.same-request", severity="error", subject=str(interaction.get("description", "")),
                message="asks the same in the same state as another interaction; name a state of its own.",
                place=pact.document.place(f"/interactions/{index}"), detail=key,
            )  # fmt: skip


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return sorted((str(name), _sorted(inner)) for name, inner in value.items())
    return [_sorted(inner) for inner in value] if isinstance(value, list) else repr(value)


class Lint:
    """The suite that lints pact files."""

    def __init__(self, files: Sequence[Path]) -> None:
        self.name = "pacts-lint"
        self._files = tuple(files)

    def run(self, progress: Progress) -> Tally:
        """Lint all files; one that cannot be read is said."""
        findings: list[Finding] = []
        passed: list[str] = []
        unable: list[str] = []
        for number, path in enumerate(self._files, 1):
            try:
                found = lint(read_pact(path))
            except Unusable as refusal:
                unable.append(str(refusal))
                continue
            finally:
                progress(number, len(self._files))
            findings.extend(found)
            if not found:
                passed.append(f"{path.name} leaves nothing open")
        return Tally(
            suite=self.name, checked=len(self._files) - len(unable), findings=tuple(findings), passed=tuple(passed),
            could_not_run=" ".join(unable),
        )  # fmt: skip
