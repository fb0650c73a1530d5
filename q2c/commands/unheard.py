"""What a person changes that the model does not know is said, so that nobody takes no effect for an answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import click
import msgspec

from scenarios.language import Scenario
from scenarios.paths import changed
from scenarios.problems import ScenarioError
from simulator.whatif.model import Model
from simulator.whatif.translation import translate


def note_unheard(scenario: Scenario, values: Mapping[str, Iterable[str]]) -> None:
    """Say on standard error which parameters make no other model of a scenario, whichever of these values they take."""
    usual = _played(scenario) if values else None
    for path, texts in values.items():
        others = _models(scenario, path, texts)
        if others and all(other == usual for other in others):
            click.echo(
                f"note: {path} changes nothing that the model plays; it matters to rehearsals (q2c rehearse), "
                "or not in this scenario",
                err=True,
            )


def _models(scenario: Scenario, path: str, texts: Iterable[str]) -> list[Model]:
    """Return the models of a scenario with other values; none where a value is right only together with others."""
    try:
        found = [changed(scenario, {path: text}) for text in texts]
        return [_played(other) for other in found if other != scenario]
    except (ScenarioError, ValueError):
        return []


def _played(scenario: Scenario) -> Model:
    """Return the model of a scenario without what is only told about it."""
    return msgspec.structs.replace(translate(scenario), name="", parameters=())
