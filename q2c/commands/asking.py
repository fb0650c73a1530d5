"""Asking: what the commands of experiments share: their options, their scenarios, how they run and how they end."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click
import msgspec

from q2c import exits
from q2c.commands.refusal import refusal
from q2c.commands.scenarios import loaded
from q2c.commands.unheard import note_unheard
from q2c.consoles import standard_output
from q2c.experiments import folder as folders
from q2c.experiments.folder import ExperimentFolder
from q2c.experiments.running import Means, asked, run, slowly
from q2c.experiments.says import EXITS
from q2c.experiments.terminal import tell
from q2c.extras import require
from q2c.numbers import SEED, Whole
from q2c.progress import progress
from q2c.trouble import give_up
from scenarios.language import Scenario
from scenarios.paths import changed
from scenarios.problems import ScenarioError
from scenarios.variants import variant
from simulator.experiments import conditions, metrics
from simulator.experiments.answers import Experiment, Question
from simulator.experiments.conditions import Condition
from simulator.experiments.playing import Engine
from simulator.experiments.replications import MINIMUM, Progress, Rule
from simulator.whatif.model import Model
from simulator.whatif.translation import translate
from simulator.whatif.validity import Unplayable, check

_MOST = 200
_OPTIONS: tuple[Any, ...] = (
    click.option("--with", "settings", multiple=True, metavar="PATH=VALUE", help="Set a parameter of the scenario."),
    click.option("--measure", "measures", multiple=True, metavar="NAME", help="What to know well, e.g. 'p95 SLA-2'."),
    click.option("--seed", type=SEED, help="Chance; the scenario's own seed by default."),
    click.option("--replications", type=Whole(2), help="Exactly so many, instead of enough of them."),
    click.option(
        "--precision", default="5%", show_default=True,
        help="Enough: intervals within so much of their mean (shares: a tenth of it, in points).",
    ),
    click.option("--most", type=Whole(MINIMUM), default=_MOST, show_default=True, help="At most so many."),
    click.option("--engine", type=click.Choice(["auto", "kernel", "simpy"]), default="auto", show_default=True,
                 help="Who plays; auto takes the compiled kernel where it is installed."),
    click.option("--workers", type=Whole(1), help="How many compute at once; all processors by default."),
    click.option("--cluster", default="", metavar="ADDRESS", help="A Dask scheduler, e.g. tcp://10.0.0.5:8786."),
    click.option("--runs", type=click.Path(path_type=Path), default=Path("runs"), help="Where run folders go [runs]."),
    click.option("--json", "as_json", is_flag=True, help="The answer as one JSON document on standard output."),
)  # fmt: skip
Command = TypeVar("Command", bound=Callable[..., None])


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What a person said besides the question itself."""

    settings: tuple[str, ...]
    measures: tuple[str, ...]
    seed: int | None
    replications: int | None
    precision: str
    most: int
    engine: Engine
    workers: int | None
    cluster: str
    runs: Path
    as_json: bool
    lifecycles: int = 0

    def rule(self) -> Rule:
        """Return when there are enough replications."""
        if self.replications is not None:
            return Rule(minimum=self.replications, maximum=self.replications)
        found = conditions.share(self.precision)
        if found is None or not 0 < found < 1:
            give_up(f"--precision {self.precision}: expected a share between 0 and 1, such as 5%")
        return Rule(relative=found, points=found / 10, maximum=self.most)

    def words(self) -> list[str]:
        """Return the options that change the answer, as they are written."""
        found = [word for text in self.settings for word in ("--with", text)]
        found += [word for name in self.measures for word in ("--measure", name)]
        found += ["--seed", str(self.seed)] if self.seed is not None else []
        if self.replications is not None:
            return [*found, "--replications", str(self.replications)]
        found += ["--precision", self.precision] if self.precision != "5%" else []
        return found + (["--most", str(self.most)] if self.most != _MOST else [])


keeps_lifecycles = click.option(
    "--lifecycles", type=Whole(0), default=0, metavar="N",
    help="Keep every clock of every lifecycle of the first N replications (Parquet).",
)  # fmt: skip
"""The option of the experiments that play few points many times."""


def options(function: Command) -> Command:
    """Add the options that all experiments have."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def chosen(reference: str, settings: Sequence[str]) -> Scenario:
    """Return the scenario `NAME`, `FILE.yaml` or `NAME:VARIANT` with parameters set; Trouble says what is wrong."""
    name, colon, which = reference.rpartition(":")
    scenario = loaded(name if colon else reference)
    pairs = [text.partition("=") for text in settings]
    for text, (_, equals, _) in zip(settings, pairs, strict=True):
        if not equals:
            give_up(f"--with {text}: expected PATH=VALUE, for example erp.slots=7")
    try:
        found = variant(scenario, which) if colon else scenario
        return changed(found, {path.strip(): value.strip() for path, _, value in pairs})
    except ScenarioError as error:
        give_up(str(error))


def playable(scenario: Scenario, reference: str, settings: Sequence[str] = ()) -> Model:
    """Return the model of a scenario; Trouble says, with place and figure, why it cannot be played."""
    require("whatif")
    try:
        model: Model = translate(scenario)
        check(model)
    except Unplayable as why:
        give_up(refusal(why, scenario.name, reference, settings))
    except ValueError as why:
        give_up(f"{scenario.name} cannot be played: {why}")
    if settings:
        pairs = (text.partition("=") for text in settings)
        note_unheard(chosen(reference, ()), {path.strip(): (value.strip(),) for path, _, value in pairs})
    return model


def measured(model: Model, names: Sequence[str]) -> tuple[str, ...]:
    """Return the measures a person names; Trouble names the nearest ones."""
    known = metrics.names_of(model)
    try:
        return tuple(metrics.resolved(known, name) for name in names)
    except ValueError as why:
        give_up(str(why))


def bound(model: Model, text: str) -> Condition:
    """Return the condition that --keep writes; Trouble says what is wrong with it."""
    try:
        return conditions.parsed(text, metrics.names_of(model))
    except ValueError as why:
        give_up(f"--keep: {why}")


def answered(
    kind: str, asks: str, question: Question, scenarios: tuple[tuple[str, Scenario], ...], said: Options,
    repeat: Sequence[str],
) -> None:  # fmt: skip
    """Play an experiment into a new folder, show its answer, and end with its exit status.

    `scenarios` are (title, scenario); `repeat` are the words of the command that asks the same again.
    """
    played = tuple(scenario for _, scenario in scenarios)
    folder = folders.create(said.runs, kind, played, question.seed)
    files = tuple((title, file) for (title, _), (_, file) in zip(scenarios, folders.files(played), strict=True))
    experiment = asked(question, files, played, asks, shlex.join(["q2c", kind, *repeat, *said.words()]))
    folder.write(experiment)
    means = Means(engine=said.engine, workers=said.workers, cluster=said.cluster, lifecycles=said.lifecycles)
    finish(folder, experiment, played, means, said.as_json)


def finish(
    folder: ExperimentFolder, experiment: Experiment, scenarios: tuple[Scenario, ...], means: Means, as_json: bool
) -> NoReturn:
    """Play what is missing of an experiment, show its answer, and end with its exit status."""
    try:
        if note := slowly(experiment, scenarios, means):
            click.echo(note, err=True)
        with _progress(experiment) as progress:
            done = run(folder, experiment, scenarios, means, progress)
    except KeyboardInterrupt:
        folder.mark("stopped by a person; what was computed until then lies in replications/")
        give_up(f"stopped. What was computed is kept; go on with: q2c report {folder.path}", exits.INTERRUPTED)
    except (ValueError, ScenarioError) as why:
        folder.mark(f"could not be played: {why}")
        give_up(str(why))
    except OSError as error:
        folder.mark(f"could not be written: {error}")
        give_up(f"cannot write to {folder.path}: {error.strerror}. Make room, or name another folder: --runs.")
    if as_json:
        click.echo(folder.document.read_text(encoding="utf-8"), nl=False)
    else:
        tell(done, standard_output(highlight=False), str(folder.report))
    raise SystemExit(EXITS[done.status])


@contextmanager
def _progress(experiment: Experiment) -> Iterator[Callable[[Progress], None]]:
    """Show how far an experiment is and how long it will take."""
    with progress(experiment.asks[:60]) as shown:

        def told(now: Progress) -> None:
            there = f", {now.found} were there" if now.found else ""
            at_most = f"at most {experiment.question.rule.maximum} each"
            shown.step(now.done / max(1, now.total), f"{now.done}/{now.total} runs, {at_most}{there}")

        yield told
