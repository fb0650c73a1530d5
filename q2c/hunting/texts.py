"""Texts: scenarios as trials carry them. What was just read or written here is not read again."""

from __future__ import annotations

from scenarios.language import Scenario
from scenarios.loader import dump, parse, reread

_LATELY_MAX = 64
_lately: dict[str, Scenario] = {}
"""Text -> scenario: to read one takes longer than to play a small one."""


def read(text: str) -> Scenario:
    """Return the scenario in a text; ScenarioError when it cannot be read."""
    return _lately.get(text) or _remembered(text, parse(text))


def written(scenario: Scenario) -> str:
    """Return the text of a scenario; ScenarioError when it makes no sense, as reading it would say."""
    text = dump(scenario)
    if text not in _lately:
        _remembered(text, reread(scenario))
    return text


def _remembered(text: str, scenario: Scenario) -> Scenario:
    if len(_lately) >= _LATELY_MAX:
        _lately.clear()
    _lately[text] = scenario
    return scenario
