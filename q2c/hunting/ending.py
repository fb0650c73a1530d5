"""The ending of a hunt: what was caught, made as small as can be, told, and kept as a regression."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from q2c.hunting import regression
from q2c.hunting.seen import look
from q2c.hunting.shrinking import ATTEMPTS_MAX, SECONDS_MAX, Shrunk, shrink
from q2c.hunting.story import Tale, tale_of, text_of
from q2c.hunting.trial import Trial
from scenarios.loader import dump
from web.words import listed


@dataclass(frozen=True)
class Kept:
    """A shrunk trial, its story, and the folder that holds its regression.

    `is_told_alike` is false when the scenario file, whose windows are whole seconds, does not break the rule any more:
    then the trial does, and the file is no regression.
    """

    shrunk: Shrunk
    tale: Tale
    folder: Path
    is_told_alike: bool


def shrunk_into(
    folder: Path, trial: Trial, check: str, seconds: float = SECONDS_MAX, attempts: int = ATTEMPTS_MAX
) -> Kept:
    """Shrink a trial that breaks a rule and write its regression into a folder.

    The folder then holds `regression.yaml` and `test_regression.py`. Raises NotBroken when the trial does not break it.
    """
    shrunk = shrink(trial, check, seconds, attempts)
    written = regression.trial_of(dump(regression.scenario_of(shrunk.trial)), shrunk.trial.mutant, shrunk.trial.target)
    seen = look(written, check)
    is_told_alike = seen.is_broken
    tale = tale_of(seen if is_told_alike else look(shrunk.trial, check))
    regression.write(folder, shrunk.trial, check, text_of(tale))
    return Kept(shrunk, tale, folder, is_told_alike)


def sentence_of(shrunk: Shrunk) -> str:
    """Return how small a trial has become, in a sentence."""
    before, after = shrunk.before, shrunk.after
    left = f"; {listed(shrunk.left_over)} may get smaller yet by `q2c shrink` with more --seconds or --attempts"
    return (
        f"shrunk from {before.lifecycles} lifecycles and {before.faults} faults to {after.lifecycles} and "
        f"{after.faults} in {shrunk.attempts} attempts and {shrunk.seconds:.1f} s{left if shrunk.left_over else ''}"
    )
