"""Variants: the same scenario with some values changed, named in its file, so that both can be compared."""

from __future__ import annotations

from difflib import get_close_matches

from scenarios.assertions import BASE
from scenarios.language import Scenario
from scenarios.loader import validated
from scenarios.located import placed
from scenarios.merge import overlaid
from scenarios.problems import Problem, ScenarioError, shown


def variant(scenario: Scenario, name: str) -> Scenario:
    """Return a variant of a scenario; `base` and an empty name are the scenario itself.

    Raise ScenarioError for a name it does not have.
    """
    if name in ("", BASE):
        return scenario
    if name not in scenario.variants:
        close = get_close_matches(name, scenario.variants, 1)
        known = ", ".join((BASE, *scenario.variants))
        hint = f"did you mean {close[0]!r}?" if close else ""
        problem = Problem(scenario.name, 0, 0, "variants", shown(name), f"a variant: {known}", hint)
        raise ScenarioError((problem,))
    said = scenario.model_dump(by_alias=True, mode="json", exclude_none=True, exclude_unset=True)
    whole = placed(said, scenario.name)
    patch = placed(scenario.variants[name], f"{scenario.name} ({name})")
    return validated(overlaid(whole, patch))
