"""`q2c compare`: two scenarios on the same seeds, and which is better in what."""

from __future__ import annotations

from typing import Any

import click

from q2c.commands.asking import Options, answered, chosen, keeps_lifecycles, measured, options, playable
from q2c.trouble import give_up
from simulator.experiments.answers import Compare


@click.command()
@click.argument("first")
@click.argument("second", required=False)
@options
@keeps_lifecycles
def compare(first: str, second: str | None, **more: Any) -> None:
    """Play FIRST and SECOND with the same customers and the same luck, and say what the second changes.

    Without SECOND it is the first with the parameters of --with. A winner is named only where the interval of the
    difference leaves zero out; else the answer says how many replications would settle it (exit status 4).

    \b
    Examples:
      q2c compare quarter_end --with billing.slots=42
      q2c compare billing_outage_last_day billing_outage_last_day:naive
    """
    said = Options(**more)
    if second is None and not said.settings:
        give_up("compare what with what? Name a second scenario, or change the first one: --with erp.slots=7")
    one, other = chosen(first, ()), chosen(second or first, said.settings)
    model = playable(one, first)
    playable(other, second or first, said.settings)
    question = Compare(
        seed=one.seed if said.seed is None else said.seed, rule=said.rule(), measures=measured(model, said.measures)
    )
    title = other.title if second else f"the same with {', '.join(said.settings)}"
    asks = f"What does this change: {title}?" if second is None else f"{one.title}, or {other.title}?"
    words = [first, *([second] if second else [])]
    answered("compare", asks, question, ((one.title, one), (title, other)), said, words)
