"""`q2c hunt`: run after run with other faults and other luck, until a rule breaks or a budget is spent."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path

import click
import msgspec

from domain.faults import CATALOGUE
from q2c import exits, run_folder
from q2c.commands.scenarios import loaded
from q2c.commands.target import loaded as loaded_target
from q2c.consoles import standard_output
from q2c.hunting import keeping
from q2c.hunting.campaign import Budget, Campaign, Quarry
from q2c.hunting.document import EXITS
from q2c.hunting.terminal import tell
from q2c.mutants import require
from q2c.numbers import SEED, Number, Whole
from q2c.progress import progress
from q2c.rehearsing import require_understood
from q2c.trouble import give_up
from scenarios.language import Scenario
from scenarios.loader import dump
from scenarios.scale import SHORT_ORDERS, SHORT_SUBSCRIPTIONS, short
from scenarios.timeline import expected_lifecycles
from simulator.experiments.executors import Cluster, Executor, local

GROUND = "hunting_ground"
SECONDS = 60.0
LIFECYCLES_MANY = 200
"""A run of more takes many seconds, and a hunt wants many runs."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a person asked for."""

    scenario: str
    is_short: bool
    seed: int | None
    runs: int
    seconds: float
    keep_going: bool
    only: tuple[str, ...]
    without: tuple[str, ...]
    mutant: str
    target: str
    workers: int | None
    cluster: str
    folder: Path
    shrink: bool
    as_json: bool

    @property
    def words(self) -> str:
        """The command that makes the same runs again."""
        said = ["q2c", "hunt", self.scenario, *(["--short"] if self.is_short else [])]
        said += ["--runs", str(self.runs)] if self.runs else []
        said += ["--seconds", f"{self.seconds:g}"] if self.seconds else []
        said += ["--seed", str(self.seed)] if self.seed is not None else []
        said += ["--keep-going"] if self.keep_going else []
        said += [word for kind in self.only for word in ("--only", kind)]
        said += [word for kind in self.without for word in ("--without", kind)]
        said += ["--mutant", self.mutant] if self.mutant else []
        said += ["--target", self.target] if self.target else []
        return shlex.join(said)


@click.command()
@click.argument("scenario", default="")
@click.option(
    "--short",
    "is_short",
    is_flag=True,
    help=f"Its short form: {SHORT_ORDERS} orders, {SHORT_SUBSCRIPTIONS} subscriptions.",
)
@click.option("--runs", "budget_runs", type=Whole(1), help="End after so many runs.")
@click.option("--seconds", type=Number(0, min_open=True), help=f"End after so many seconds [{SECONDS:g}].")
@click.option("--keep-going", is_flag=True, help="Go on after a rule was broken, until the budget is spent.")
@click.option("--seed", type=SEED, help="The base seed; the scenario's own by default.")
@click.option("--only", multiple=True, metavar="FAULT", help="Hunt with this kind of fault (and others named) only.")
@click.option("--without", multiple=True, metavar="FAULT", help="Hunt without this kind of fault.")
@click.option("--mutant", default="", metavar="NAME", help="Break the integration in a known way (`q2c mutants`).")
@click.option(
    "--exhaustive", is_flag=True, help="Leave nothing to chance: SCENARIO is a canonical flow, such as refund, or all."
)
@click.option(
    "--target", type=click.Path(path_type=Path), help="A target file with `python:`; hunt in that program instead."
)
@click.option("--no-shrink", is_flag=True, help="Keep what was caught as it is, without making it smaller.")
@click.option("--workers", type=Whole(1), help="How many play at once; all processors by default.")
@click.option("--cluster", default="", metavar="ADDRESS", help="A Dask scheduler, e.g. tcp://10.0.0.5:8786.")
@click.option("--folder", type=click.Path(path_type=Path), default=Path("runs"), help="Where run folders go [runs].")
@click.option("--json", "as_json", is_flag=True, help="The hunt as one JSON document on standard output.")
def hunt(
    scenario: str, is_short: bool, budget_runs: int | None, seconds: float | None, keep_going: bool, seed: int | None,
    only: tuple[str, ...], without: tuple[str, ...], mutant: str, exhaustive: bool, target: Path | None,
    no_shrink: bool, workers: int | None, cluster: str, folder: Path, as_json: bool,
) -> None:  # fmt: skip
    """Hunt for what breaks the integration in SCENARIO (a name of the library or a YAML file; else hunting_ground).

    Each run has its own luck and its own faults, with whole kinds of fault switched off. It ends at the first broken
    rule, which is then made as small as it can be, or when the budget is spent. The same base seed makes the same runs,
    whoever plays them.

    \b
    Examples:
      q2c hunt                                  a minute in the scenario made for it
      q2c hunt quarter_end --short --runs 200 --keep-going
      q2c hunt --mutant fresh_key_per_retry     see it find something
      q2c hunt refund --exhaustive              every death and every fault at every point of a refund

    Exit statuses: 0 nothing was found, 1 a rule was broken, 3 only rules about time were, 4 nothing was proved.
    """
    limit = SECONDS if seconds is None and budget_runs is None else seconds
    if exhaustive and not scenario:
        give_up("--exhaustive examines a canonical flow, or all of them; name it: q2c hunt refund --exhaustive.")
    if exhaustive and (target is not None or seed is not None):
        give_up("--exhaustive plays the reference integration with a seed of its own; leave out --target and --seed.")
    if target is not None:
        loaded_target(target, ())
        if mutant:
            give_up("--mutant breaks the reference integration; a program of your own has mistakes of its own.")
    asked = Asked(
        scenario=scenario or GROUND, is_short=is_short, seed=seed, runs=budget_runs or 0, seconds=limit or 0.0,
        keep_going=keep_going, only=only, without=without, mutant=require(mutant) if mutant else "",
        target=str(target or ""), workers=workers, cluster=cluster, folder=folder, shrink=not no_shrink,
        as_json=as_json,
    )  # fmt: skip
    if exhaustive:
        from q2c.commands.exhausting import exhaust

        exhaust(scenario, _kinds(asked), _executor(asked), asked.runs, seconds or 0.0, asked.mutant, as_json)
    chosen = loaded(asked.scenario)
    require_understood(chosen)
    lifecycles = expected_lifecycles(chosen)
    if lifecycles > LIFECYCLES_MANY and not is_short:
        click.echo(f"A run has about {lifecycles:,.0f} lifecycles; --short hunts in few of them, many runs.", err=True)
    _hunted(asked, short(chosen) if is_short else chosen, _kinds(asked))


def _kinds(asked: Asked) -> tuple[str, ...]:
    for kind in (*asked.only, *asked.without):
        if kind not in CATALOGUE:
            near = get_close_matches(kind, CATALOGUE, 3, 0.4)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            give_up(f"{kind!r} is no kind of fault (docs/reference/faults.md lists them all){hint}")
    kinds = tuple(kind for kind in CATALOGUE if kind not in asked.without and (not asked.only or kind in asked.only))
    return kinds or give_up("no kind of fault is left to hunt with; leave out some --without.")


def _hunted(asked: Asked, scenario: Scenario, kinds: tuple[str, ...]) -> None:
    seed = scenario.seed if asked.seed is None else asked.seed
    repeat = msgspec.structs.replace(asked, seed=seed).words
    quarry = Quarry(scenario=dump(scenario), seed=seed, mutant=asked.mutant, target=asked.target, kinds=kinds)
    budget = Budget(runs=asked.runs, seconds=asked.seconds, keeps_going=asked.keep_going)
    executor = _executor(asked)
    into = run_folder.create(asked.folder, f"hunt-{scenario.name}", seed)
    is_stopped = False
    try:
        with _progress(scenario.title, budget, asked.as_json) as progress:
            campaign = Campaign(quarry, budget, executor, progress)
            try:
                campaign.run()
            except KeyboardInterrupt:
                is_stopped = True
    finally:
        executor.close()
    seconds = campaign.seconds
    try:
        try:
            caught = keeping.caught(into.path, campaign, asked.shrink and not is_stopped)
        except KeyboardInterrupt:  # whoever does not want to wait for a smaller one keeps what was caught
            is_stopped = True
            caught = keeping.caught(into.path, campaign, False)
        document = keeping.write(into, campaign, scenario, repeat, caught, executor.name, seconds, is_stopped)
    except OSError as error:
        give_up(f"cannot write to {into.path}: {error.strerror}. Make room, or name another folder: --folder.")
    if asked.as_json:
        click.echo((into.path / keeping.DOCUMENT).read_text(encoding="utf-8"), nl=False)
    else:
        tell(document, standard_output(highlight=False), into.report)
    raise SystemExit(exits.INTERRUPTED if is_stopped else EXITS[document.status])


def _executor(asked: Asked) -> Executor:
    try:
        return Cluster(asked.cluster) if asked.cluster else local(compiled=False, workers=asked.workers)
    except ValueError as why:
        give_up(str(why))


@contextmanager
def _progress(title: str, budget: Budget, is_quiet: bool) -> Iterator[Callable[[Campaign], None]]:
    """Show how far a hunt is: rate, coverage, catches."""
    with progress(title[:40], is_quiet=is_quiet) as shown:

        def step(campaign: Campaign) -> None:
            if shown.is_due:
                shown.step(_part(campaign, budget), _said(campaign))

        yield step


def _part(campaign: Campaign, budget: Budget) -> float:
    """Return which part of its budget a campaign has spent."""
    runs = (campaign.runs + campaign.under_way) / budget.runs if budget.runs else 0.0
    return min(1.0, max(runs, campaign.seconds / budget.seconds if budget.seconds else 0.0))


def _said(campaign: Campaign) -> str:
    runs, seconds = campaign.runs + campaign.under_way, max(campaign.seconds, 1e-9)
    pairs = campaign.pairs
    return (
        f"{runs:,} runs, {runs / seconds:.1f}/s, {campaign.hours * 60 / seconds:,.0f} virtual h/min, "
        f"{pairs.hit:,} of {len(pairs.hits):,} pairs, {len(campaign.catches)} broken"
    )
