"""`q2c shrink`: the smallest run that breaks the same rule, its story, and a test that fails until it is mended."""

from __future__ import annotations

import json
from pathlib import Path

import click
import msgspec

from q2c import exits
from q2c.hunting import regression
from q2c.hunting.ending import Kept, sentence_of, shrunk_into
from q2c.hunting.keeping import TRIAL
from q2c.hunting.shrinking import ATTEMPTS_MAX, NotBroken
from q2c.hunting.story import text_of
from q2c.hunting.trial import Trial, attempt
from q2c.numbers import Number, Whole
from q2c.run_folder import RunFolder
from q2c.trouble import give_up
from scenarios.loader import dump, parse
from scenarios.problems import ScenarioError
from simulator.virtual_asyncio.refusals import Refused
from web.words import counted

SECONDS = 60.0


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True))
@click.option("--check", help="The rule that the small run must break, such as S1; the first broken one by default.")
@click.option("--seconds", type=Number(0, min_open=True), default=SECONDS, help=f"CPU seconds [{SECONDS:g}].")
@click.option("--attempts", type=Whole(1), default=ATTEMPTS_MAX, help=f"Runs at most [{ATTEMPTS_MAX}].")
@click.option("--json", "as_json", is_flag=True, help="What came of it as one JSON document on standard output.")
def shrink(folder: Path, check: str | None, seconds: float, attempts: int, as_json: bool) -> None:
    """Make the run in FOLDER as small as it can be and still break the same rule.

    FOLDER is the folder of a hunt or of a rehearsal, or the file of a trial. The folder then also holds
    regression.yaml, which plays the small run by itself, and test_regression.py, a test to copy into your repository.

    \b
    Examples:
      q2c shrink runs/20261231-120000-quarter_end-7
      q2c shrink runs/20261231-120000-quarter_end-7 --check S1
    """
    try:
        trial = _trial_in(folder)
        chosen = check or _first_broken(trial, folder)
        kept = shrunk_into(folder if folder.is_dir() else folder.parent, trial, chosen, seconds, attempts)
    except Refused as refused:
        give_up(f"{refused}.", exits.COULD_NOT_RUN)
    except (NotBroken, KeyError) as error:
        give_up(f"nothing to shrink: {error.args[0]}")
    except msgspec.MsgspecError as error:
        give_up(f"{folder} holds no run that can be played again: it is no trial of a hunt, such as {TRIAL} ({error}).")
    except (ScenarioError, ValueError, OSError) as error:
        give_up(f"{folder} holds no run that can be played again: {error}")
    if as_json:
        click.echo(json.dumps(plain_of(kept), indent=1, ensure_ascii=False))
    else:
        _show(kept)


def plain_of(kept: Kept) -> dict[str, object]:
    """Return what came of shrinking, for JSON."""
    shrunk = kept.shrunk
    return {
        "check": shrunk.check, "before": msgspec.to_builtins(shrunk.before), "after": msgspec.to_builtins(shrunk.after),
        "attempts": shrunk.attempts, "seconds": round(shrunk.seconds, 3), "whole": shrunk.is_whole,
        "regression": str(kept.folder / regression.SCENARIO), "test": str(kept.folder / regression.TEST),
        "plays_alike": kept.is_told_alike, "story": text_of(kept.tale),
    }  # fmt: skip


def _trial_in(folder: Path) -> Trial:
    """Return the trial that a hunt kept, or the one that a rehearsal was."""
    file = folder / TRIAL if folder.is_dir() else folder
    if file.is_file():
        return msgspec.json.decode(file.read_bytes(), type=Trial)
    from simulator.recorder import StoredHistory

    run = RunFolder(folder)
    if not run.history.is_file():
        give_up(
            f"{folder} holds no run that can be played again: expected {TRIAL} (of a hunt that caught something) or "
            f"{run.scenario.name} and {run.history.name} (of a rehearsal). {_runs_in(folder)}"
        )
    if run.replay.is_file():
        give_up(
            f"{folder} is a replay, which is no function of its scenario alone; rehearse the scenario and shrink that."
        )
    context = StoredHistory(run.history).context
    return Trial(
        scenario=_sound(run.scenario.read_text(encoding="utf-8")), seed=context.seed, mutant=context.mutant,
        target=run.program.read_text(encoding="utf-8") if run.program.is_file() else "",
    )  # fmt: skip


def _runs_in(folder: Path) -> str:
    """Return what to name instead of a folder that is no run: a run in it, when there are some."""
    there = sorted(
        each.name for each in folder.iterdir() if (each / TRIAL).is_file() or RunFolder(each).history.is_file()
    )
    if not there:
        return "Make one: `q2c hunt` or `q2c rehearse`."
    return f"Name one of the {counted(len(there), 'run')} in it, such as {folder / there[-1]}."


def _sound(text: str) -> str:
    """Return a scenario that does not itself ask for a mutant: it is the trial's, and mended without it."""
    scenario = parse(text)
    sound = scenario.integration.model_copy(update={"mutant": "none"})
    return dump(scenario.model_copy(update={"integration": sound}))


def _first_broken(trial: Trial, folder: Path) -> str:
    found = attempt(trial)
    if not found.broken:
        give_up(f"nothing to shrink: the run in {folder} breaks no rule ({found.status}).", exits.USAGE)
    return found.broken[0].check


def _show(kept: Kept) -> None:
    click.echo(f"{kept.shrunk.check}: {sentence_of(kept.shrunk)}\n")
    click.echo(text_of(kept.tale))
    click.echo(f"Played again by {kept.folder / regression.SCENARIO}; asserted by {kept.folder / regression.TEST}.")
    if not kept.is_told_alike:
        click.echo("Its windows are finer than the seconds of a scenario file: the file alone does not break the rule.")
