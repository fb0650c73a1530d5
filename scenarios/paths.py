"""Paths: how a parameter of a scenario file is named and changed: `systems.erp.slots`, `outages[0].lasts`.

Any end of a path that fits one parameter only will do (`erp.slots`, `clerks`); entries of a list are named by number or
by what they are about (`outages[billing].lasts`, `world.entities[US].share`), and a list of one needs no number.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from scenarios.consistency import inconsistencies
from scenarios.language import Scenario
from scenarios.loader import parse
from scenarios.located import read
from scenarios.merge import OWN_WORDS
from scenarios.problems import Problem, ScenarioError, shown
from scenarios.words import Words

Path = tuple[str | int, ...]
Section = TypeVar("Section", bound=Words)
_NO_PARAMETERS = frozenset({*OWN_WORDS, "seed"})
_NAMING = ("id", "system", "kind")
_PART = re.compile(r"([A-Za-z_]\w*)|\[(\w+)\]")
_NEAREST = 4
_NAMED_MAX = 8
OWN = "command line"


def parameters(scenario: Scenario) -> dict[str, Path]:
    """Return every parameter of a scenario: its full name and its path in the file."""
    plain = scenario.model_dump(by_alias=True, mode="json")
    del plain["world"]["preset"]  # the two sizes that it fills are parameters themselves
    return {dotted(path): path for path in _leaves(plain, ()) if path[0] not in _NO_PARAMETERS}


def resolved(scenario: Scenario, name: str) -> str:
    """Return the full name of the parameter a person means; raise ScenarioError with the nearest ones."""
    known = parameters(scenario)
    wanted = _parts(name)
    plain = scenario.model_dump(by_alias=True, mode="json")
    fits = [full for full, path in known.items() if wanted and _fits(wanted, path, plain)]
    if len(fits) == 1 or name in known:
        return name if name in known else fits[0]
    if fits:
        raise _trouble(name, f"{len(fits)} parameters that end so: {', '.join(fits[:_NAMED_MAX])}", "one of them")
    raise _trouble(name, shown(name), "a parameter of the scenario", f"the nearest: {', '.join(nearest(known, name))}")


def nearest(known: Mapping[str, Path], name: str) -> list[str]:
    """Return the parameters whose names are most like one that does not exist."""
    last = name.rpartition(".")[2]
    by_end: dict[str, list[str]] = {}
    for full in known:
        by_end.setdefault(full.rpartition(".")[2], []).append(full)
    found = get_close_matches(name, known, _NEAREST, 0.6)
    for end in get_close_matches(last, by_end, 2, 0.6):
        found += sorted(by_end[end], key=lambda full: (-_alike(full, name), full))
    return list(dict.fromkeys(found))[:_NEAREST] or sorted(known)[:_NEAREST]


def value_of(scenario: Scenario, name: str) -> Any:
    """Return what a parameter (by its full name) is set to, as the language writes it."""
    here: Any = scenario.model_dump(by_alias=True, mode="json")
    for part in parameters(scenario)[name]:
        here = here[part]
    return here


def changed(scenario: Scenario, settings: Mapping[str, Any]) -> Scenario:
    """Return the scenario with parameters (by full or short name) set to values; text means what it means in a file.

    Raise ScenarioError for parameters that do not exist and values the language does not allow.
    """
    if not settings:
        return scenario
    known = parameters(scenario)
    plain = scenario.model_dump(by_alias=True, mode="json")
    for name, value in settings.items():
        path = known[resolved(scenario, name)]
        here: Any = plain
        for part in path[:-1]:
            here = here[part]
        here[path[-1]] = _scalar(value) if isinstance(value, str) else value
    return _saying(checked(plain), scenario)


def _saying(new: Section, old: Words) -> Section:
    """Return a section that says what the old one said and what is new: the rest is still the language's default."""
    said = set(old.model_fields_set)
    for name in type(new).model_fields:
        mine, before = getattr(new, name), getattr(old, name)
        if mine != before:
            said.add(name)
        if isinstance(mine, Words) and isinstance(before, type(mine)):
            _saying(mine, before)
        elif isinstance(mine, tuple) and isinstance(before, tuple) and len(mine) == len(before):
            for each, other in zip(mine, before, strict=True):
                if isinstance(each, Words) and isinstance(other, type(each)):
                    _saying(each, other)
    object.__setattr__(new, "__pydantic_fields_set__", said)
    return new


def checked(plain: dict[str, Any]) -> Scenario:
    """Return the scenario that plain values describe; raise ScenarioError with the names of what is wrong."""
    try:
        scenario = Scenario.model_validate(_tuples(plain))
    except ValidationError:
        scenario = None
    if scenario is not None and not inconsistencies(scenario):
        return scenario
    try:
        return _parsed(plain)
    except ScenarioError as wrong:  # lines of a file that nobody wrote would lead nowhere
        problems = tuple(Problem(OWN, 0, 0, p.path, p.found, p.expected, p.hint) for p in wrong.problems)
        raise ScenarioError(problems) from None


def dotted(path: Sequence[str | int]) -> str:
    """Return a path as it is written."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def _scalar(text: str) -> Any:
    """Return a value as a file would mean it: `7` is a number, `7h` is text, `null` is nothing."""
    return read(f"value: {text}", OWN).plain()["value"]


def _parsed(plain: dict[str, Any]) -> Scenario:
    return parse(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True), OWN)


def _leaves(value: Any, path: Path) -> Iterator[Path]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, (*path, index))
    else:
        yield path


def _parts(name: str) -> list[str]:
    text = name.strip()
    if re.sub(_PART, "", text).strip("."):
        return []
    return [word or f"[{index}]" for word, index in _PART.findall(text)]


def _fits(wanted: Sequence[str], path: Path, plain: Any) -> bool:
    """Tell whether wanted parts are the end of a path; entries of a list may be called by what they are about."""
    names = list(_names(path, plain))
    position = len(names)
    for part in reversed(wanted):
        position -= 1
        while position >= 0 and not part.startswith("[") and "[0]" in names[position] and "only" in names[position]:
            position -= 1
        if position < 0 or part not in names[position]:
            return False
    return True


def _names(path: Path, plain: Any) -> Iterator[set[str]]:
    """Yield, part by part, all names that a part of a path goes by."""
    here = plain
    for part in path:
        if isinstance(part, str):
            yield {part}
        else:
            called = {f"[{part}]"} | ({"only"} if len(here) == 1 else set())
            if isinstance(here[part], dict):
                called |= {f"[{here[part][key]}]" for key in _NAMING if here[part].get(key)}
            yield called
        here = here[part]


def _alike(full: str, name: str) -> int:
    return sum((Counter(_parts(full)) & Counter(_parts(name))).values())


def _tuples(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _tuples(item) for key, item in value.items()}
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def _trouble(name: str, found: str, expected: str, hint: str = "") -> ScenarioError:
    return ScenarioError((Problem(OWN, 0, 0, name, found, expected, hint),))
