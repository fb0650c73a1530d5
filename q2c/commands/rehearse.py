"""`q2c rehearse`: play a scenario in virtual time and read the verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from q2c import exits, run_folder
from q2c.commands.scenarios import loaded
from q2c.commands.target import loaded as loaded_target
from q2c.consoles import standard_output
from q2c.numbers import SEED, Whole
from q2c.progress import progress
from q2c.rehearsing import Interrupted, Rehearsed, judged, rehearse_into, require_memory, require_understood
from q2c.report.document import read
from q2c.report.summary import put
from q2c.report.terminal import show
from q2c.report.writing import write_report
from q2c.trouble import give_up
from scenarios.language import Scenario
from scenarios.scale import SHORT_ORDERS, SHORT_SUBSCRIPTIONS, scaled
from simulator.rehearsal import Progress as Step
from web.words import instant


@click.command()
@click.argument("scenario")
@click.option("--seed", type=SEED, help="Chance; the scenario's own seed by default.")
@click.option("--runs", type=click.Path(path_type=Path), default=Path("runs"), help="Where run folders go [runs].")
@click.option("--orders", type=Whole(1), help="Scale to about so many orders in the rehearsed weeks.")
@click.option("--subscriptions", type=Whole(0), help="Scale to so many live subscriptions.")
@click.option(
    "--short", is_flag=True, help=f"The short form: {SHORT_ORDERS} orders, {SHORT_SUBSCRIPTIONS} subscriptions."
)
@click.option(
    "--target", type=click.Path(path_type=Path), help="A target file with `python:`; rehearse that program instead."
)
@click.option("--mutant", help="Break the integration in a known way; `q2c mutants` lists them.")
@click.option("--junit", "junit_file", type=click.Path(path_type=Path), help="Write the verdict as JUnit XML.")
@click.option("--markdown", "markdown_file", type=click.Path(path_type=Path), help="Write a summary in Markdown.")
@click.option("--json", "as_json", is_flag=True, help="The verdict as one JSON document on standard output.")
def rehearse(
    scenario: str,
    seed: int | None,
    runs: Path,
    orders: int | None,
    subscriptions: int | None,
    short: bool,
    target: Path | None,
    mutant: str | None,
    junit_file: Path | None,
    markdown_file: Path | None,
    as_json: bool,
) -> None:
    """Play SCENARIO (a name of the library or a YAML file) in virtual time, judge it and write a report.

    \b
    Examples:
      q2c rehearse quarter_end
      q2c rehearse quarter_end --short --seed 7 --mutant fresh_key_per_retry
      q2c rehearse my_quarter.yaml --json
      q2c rehearse quarter_end --short --target target.yaml
    """
    chosen = _sized(loaded(scenario), orders, subscriptions, short)
    if mutant is not None:
        switched = chosen.integration.model_copy(update={"mutant": mutant})
        chosen = chosen.model_copy(update={"integration": switched})
    if target is not None:
        loaded_target(target, ())
    require_understood(chosen)
    require_memory(chosen)
    folder = run_folder.create(runs, chosen.name, chosen.seed if seed is None else seed)
    try:
        rehearsed = _played(chosen, chosen.seed if seed is None else seed, folder, str(target or ""))
    except Interrupted:
        give_up(f"stopped. What had happened until then is kept in {folder.path}", exits.INTERRUPTED)
    except KeyboardInterrupt:  # before the play began, or after it had ended
        folder.mark("stopped by a person before there was a verdict")
        give_up(f"stopped; there is no verdict. {folder.path} is marked incomplete.", exits.INTERRUPTED)
    except OSError as error:
        folder.mark(f"could not be written: {error}")
        give_up(f"cannot write the run to {folder.path}: {error.strerror}. Make room, or name another folder: --runs.")
    put(read(folder.verdict.read_bytes()), None, junit_file, markdown_file)
    finish(rehearsed, as_json)


def finish(rehearsed: Rehearsed, as_json: bool) -> None:
    """Show a judged run to whoever asked, and end with the exit status of its verdict."""
    if as_json:
        click.echo(rehearsed.folder.verdict.read_text(encoding="utf-8"), nl=False)
    else:
        show(rehearsed, standard_output(highlight=False))
    raise SystemExit(rehearsed.verdict.exit_status)


def _sized(scenario: Scenario, orders: int | None, subscriptions: int | None, short: bool) -> Scenario:
    if short:
        orders, subscriptions = orders or SHORT_ORDERS, SHORT_SUBSCRIPTIONS if subscriptions is None else subscriptions
    if orders is None and subscriptions is None:
        return scenario
    if orders is None:
        give_up("--subscriptions scales together with --orders; give both.")
    world = scenario.world
    share = world.live_subscriptions / world.orders_per_quarter
    wanted = subscriptions if subscriptions is not None else round(orders * share)
    try:
        return scaled(scenario, orders=orders, subscriptions=wanted)
    except ValueError as error:
        give_up(str(error))


def _played(scenario: Scenario, seed: int, folder: run_folder.RunFolder, target: str) -> Rehearsed:
    with _progress(scenario.title) as (step, phase):
        played = rehearse_into(scenario, seed, folder, step, target)
        phase(f"judging {played.records:,} records")
        rehearsed = judged(played)
        phase("writing the report")
        write_report(rehearsed)
    folder.unmark()
    for remark in played.remarks:
        click.echo(remark, err=True)
    return rehearsed


@contextmanager
def _progress(title: str) -> Iterator[tuple[Callable[[Step], None], Callable[[str], None]]]:
    """Show how far a run is, and what is done once it is played."""
    with progress(title) as shown:

        def step(now: Step) -> None:
            # Acts and virtual time together: most of the work falls into the last days of the quarter.
            share = (now.at_us - now.start_us) / (now.horizon_us - now.start_us)
            shown.step(0.2 * share + 0.8 * now.acts_done / max(1, now.acts), instant(now.at_us))

        yield step, shown.phase
