"""The library: the named scenarios that come with the project, as YAML files beside this module."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from pathlib import Path

from scenarios.language import Scenario
from scenarios.loader import LIBRARY, library_names, load
from scenarios.problems import Problem, ScenarioError, shown


def names() -> tuple[str, ...]:
    """Return the names of the library, in alphabetical order."""
    return library_names()


@cache
def named(name: str) -> Scenario:
    """Return a scenario of the library; raise ScenarioError with the nearest name for one it does not have."""
    if name not in library_names():
        close = get_close_matches(name, library_names(), 1)
        hint = f"did you mean {close[0]!r}?" if close else f"the library has {', '.join(library_names())}"
        expected = "a scenario of the library or a file ending in .yaml"
        raise ScenarioError((Problem("the library", 0, 0, "", shown(name), expected, hint),))
    return load(LIBRARY / f"{name}.yaml")


def find(reference: str) -> Scenario:
    """Return what a person means by `reference`: a file if it looks like one, else a scenario of the library."""
    looks_like_a_file = reference.endswith((".yaml", ".yml")) or "/" in reference or Path(reference).is_dir()
    return load(reference) if looks_like_a_file else named(reference)
