"""`q2c sweep`, `search`, `optimise`, `sensitivity`: one scenario over many values of its parameters."""

from __future__ import annotations

from typing import Any

import click

from q2c.commands.asking import Options, answered, bound, chosen, measured, options, playable
from q2c.commands.unheard import note_unheard
from q2c.experiments.wording import short_path
from q2c.extras import require
from q2c.numbers import Whole
from q2c.trouble import give_up
from scenarios.language import Scenario
from scenarios.paths import resolved
from scenarios.problems import ScenarioError
from simulator.experiments import answers
from simulator.experiments import optimise as optimising
from simulator.experiments import sensitivity as sensing
from simulator.experiments.replications import Rule
from simulator.experiments.sweeps import Axis, axes, require_size

_VARY = click.option(
    "--vary", "varied", multiple=True, required=True, metavar="PATH=VALUES",
    help="A parameter and its values: 5,7,15 or 5..15:2, 1h..12h:1h, 0%..10%:2%. Again for more parameters.",
)  # fmt: skip
_SPREAD_REPLICATIONS = 3


@click.command()
@click.argument("scenario")
@_VARY
@options
def sweep(scenario: str, varied: tuple[str, ...], **more: Any) -> None:
    """Play SCENARIO at every combination of values, on the same seeds.

    \b
    Examples:
      q2c sweep erp_concurrency_halved --vary erp.slots=5,7,15
      q2c sweep billing_outage_last_day --vary outages.lasts=1h..12h:1h --vary pattern=mild,severe,extreme
    """
    said = Options(**more)
    played, seed = _played(scenario, said)
    found = _axes(played, varied)
    _affordable(found, said.rule().minimum)
    question = answers.Sweep(
        seed=seed,
        rule=said.rule(),
        axes=found,
        measures=measured(playable(played, scenario, said.settings), said.measures),
    )
    asks = f"What comes of {' and '.join(short_path(axis.path) for axis in found)}?"
    answered("sweep", asks, question, ((played.title, played),), said, _words(scenario, varied))


@click.command()
@click.argument("scenario")
@click.option("--vary", "varied", required=True, metavar="PATH=RANGE", help="A parameter and its range: 1..40.")
@click.option("--keep", "kept", required=True, metavar="CONDITION", help="What must be kept, e.g. 'SLA-2 >= 99%'.")
@click.option("--largest", is_flag=True, help="The largest value that keeps it, instead of the smallest.")
@options
def search(scenario: str, varied: str, kept: str, largest: bool, **more: Any) -> None:
    """Find the smallest value of a parameter of SCENARIO that surely keeps a condition.

    \b
    Examples:
      q2c search erp_concurrency_halved --vary erp.slots=1..40 --keep "SLA-2 >= 99%"
      q2c search billing_outage_last_day --vary outages.lasts=1h..24h:1h --keep "late <= 0" --largest
    """
    said = Options(**more)
    played, seed = _played(scenario, said)
    (axis,) = _axes(played, (varied,))
    condition = bound(playable(played, scenario, said.settings), kept)
    question = answers.Search(seed=seed, rule=said.rule(), axis=axis, condition=condition, smallest=not largest)
    which = "largest" if largest else "smallest"
    words = [*_words(scenario, (varied,)), "--keep", kept, *(["--largest"] if largest else [])]
    asks = f"What is the {which} {short_path(axis.path)} that keeps {kept}?"
    answered("search", asks, question, ((played.title, played),), said, words)


@click.command()
@click.argument("scenario")
@_VARY
@click.option("--cost", required=True, metavar="SUM", help="What a point costs, e.g. '12*erp.slots + 300*clerks'.")
@click.option("--keep", "keeps", multiple=True, required=True, metavar="CONDITION", help="What must be kept.")
@click.option("--trials", type=Whole(1, 10_000), default=60, show_default=True, help="Points tried at most.")
@options
def optimise(
    scenario: str, varied: tuple[str, ...], cost: str, keeps: tuple[str, ...], trials: int, **more: Any
) -> None:
    """Find the cheapest values of some parameters of SCENARIO that surely keep all conditions.

    The cost is yours: a sum of parameters times what a unit of each costs (durations count in hours).

    \b
    Example:
      q2c optimise quarter_end --vary erp.slots=3..20 --vary clerks=2..12 \\
        --cost "12*erp.slots + 300*clerks" --keep "SLA-2 >= 98%"
    """
    said = Options(**more)
    played, seed = _played(scenario, said)
    found, model = _axes(played, varied), playable(played, scenario, said.settings)
    paths = {axis.path for axis in found}
    try:
        terms = optimising.cost_of(cost, lambda name: resolved(played, name))
    except (ValueError, ScenarioError) as why:
        give_up(str(why))
    missing = sorted({term.path for term in terms if term.path} - paths)
    if missing:
        give_up(f"the cost names {', '.join(missing)}, which is not varied; its cost is the same everywhere")
    question = answers.Optimise(
        seed=seed, rule=said.rule(), axes=found, cost=terms, cost_text=cost, trials=trials,
        conditions=tuple(bound(model, text) for text in keeps),
    )  # fmt: skip
    words = [*_words(scenario, varied), "--cost", cost, *(word for text in keeps for word in ("--keep", text)),
             "--trials", str(trials)]  # fmt: skip
    asks = (
        f"What is the cheapest {' and '.join(short_path(axis.path) for axis in found)} that keeps {', '.join(keeps)}?"
    )
    answered("optimise", asks, question, ((played.title, played),), said, words)


@click.command()
@click.argument("scenario")
@_VARY
@click.option("--method", type=click.Choice(["morris", "sobol"]), default="morris", show_default=True,
              help="Morris ranks with few runs; Sobol splits the variance and needs many.")  # fmt: skip
@click.option("--size", type=Whole(2, 100_000), help="Trajectories (Morris, 10) or base sample (Sobol, 64).")
@options
def sensitivity(scenario: str, varied: tuple[str, ...], method: sensing.Method, size: int | None, **more: Any) -> None:
    """Say which parameters of SCENARIO move its measures most, and how surely.

    \b
    Example:
      q2c sensitivity quarter_end --vary erp.slots=5..30 --vary clerks=2..12 --vary fallout=0%..10%:1%
    """
    said = Options(**more)
    played, seed = _played(scenario, said)
    found = _axes(played, varied)
    if len(found) < 2:
        give_up("a sensitivity needs at least two parameters; for one, sweep it: q2c sweep")
    rule = said.rule() if said.replications is not None else _few(said)
    question = answers.Sensitivity(
        seed=seed, rule=rule, axes=found, method=method, size=size or {"morris": 10, "sobol": 64}[method],
        measures=measured(playable(played, scenario, said.settings), said.measures),
    )  # fmt: skip
    asks = f"Which of {len(found)} parameters matters most?"
    words = [*_words(scenario, varied), "--method", method, "--size", str(question.size)]
    answered("sensitivity", asks, question, ((played.title, played),), said, words)


def _few(said: Options) -> Rule:
    """Return a rule of few replications a point: the points are many, and all have the same seeds."""
    return Rule(relative=said.rule().relative, minimum=_SPREAD_REPLICATIONS, maximum=_SPREAD_REPLICATIONS)


def _played(reference: str, said: Options) -> tuple[Scenario, int]:
    scenario = chosen(reference, said.settings)
    return scenario, scenario.seed if said.seed is None else said.seed


def _axes(scenario: Scenario, varied: tuple[str, ...]) -> tuple[Axis, ...]:
    try:
        found = axes(scenario, varied)
    except (ValueError, ScenarioError) as why:
        give_up(f"--vary: {why}")
    require("whatif")
    note_unheard(scenario, {axis.path: [axis.values.text(i) for i in {0, axis.values.count - 1}] for axis in found})
    return found


def _affordable(found: tuple[Axis, ...], replications: int) -> None:
    try:
        require_size(found, replications)
    except ValueError as why:
        give_up(str(why))


def _words(scenario: str, varied: tuple[str, ...]) -> list[str]:
    return [scenario, *(word for text in varied for word in ("--vary", text))]
