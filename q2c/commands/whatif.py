"""`q2c whatif`: many quarters of one scenario: what happens, what saturates, what each trouble costs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from q2c.commands.asking import Options, answered, bound, chosen, keeps_lifecycles, measured, options, playable
from scenarios.assertions import Assertion
from scenarios.language import Scenario
from scenarios.words import WHATIF
from simulator.experiments.answers import WhatIf
from simulator.experiments.conditions import Condition
from simulator.experiments.metrics import METRICS, named, names_of
from simulator.whatif.model import Model


@click.command()
@click.argument("scenario")
@click.option("--keep", "keeps", multiple=True, metavar="CONDITION", help="A promise to judge, e.g. 'SLA-2 >= 99%'.")
@click.option("--faults/--no-faults", default=True, show_default=True, help="Play each trouble away, to see its cost.")
@options
@keeps_lifecycles
def whatif(scenario: str, keeps: tuple[str, ...], faults: bool, **more: Any) -> None:
    """Play SCENARIO many times in the what-if engine and say what a quarter comes to, with confidence.

    SCENARIO is a name of the library, a YAML file, or either with a variant of it (NAME:VARIANT). With promises (of the
    scenario itself, or --keep) the answer is go or no go, and the exit status says so.

    \b
    Examples:
      q2c whatif quarter_end
      q2c whatif billing_outage_last_day --with outages.lasts=8h --keep "SLA-2 >= 99%"
    """
    said = Options(**more)
    played = chosen(scenario, said.settings)
    model = playable(played, scenario, said.settings)
    promises = (*promised(played, model, scenario.rpartition(":")[2] if ":" in scenario else ""),
                *(bound(model, text) for text in keeps))  # fmt: skip
    question = WhatIf(
        seed=played.seed if said.seed is None else said.seed, rule=said.rule(), promises=promises, faults=faults,
        measures=measured(model, said.measures),
    )  # fmt: skip
    words = [scenario, *(word for text in keeps for word in ("--keep", text)), *([] if faults else ["--no-faults"])]
    answered("whatif", played.question, question, ((played.title, played),), said, words)


def promised(scenario: Scenario, model: Model, variant: str) -> Iterator[Condition]:
    """Yield what a scenario (or a variant of it) expects that is a promise: bounds on what should be high or low."""
    known = set(names_of(model))
    for each in scenario.assertions:
        if each.engine == WHATIF and not each.against and each.variant == variant and each.amount is not None:
            measure = named(each.metric, each.of)
            if _is_promise(each) and measure in known:
                yield Condition(
                    measure=measure, at_least=each.is_ == "at_least", bound=each.amount, text=each.says
                )  # fmt: skip


def _is_promise(assertion: Assertion) -> bool:
    wanted = {"more": "at_least", "less": "at_most"}.get(METRICS[assertion.metric].better)
    return assertion.is_ == wanted
