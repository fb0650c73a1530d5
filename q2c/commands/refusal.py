"""Why a scenario cannot be played as a model, each reason with the line of the file or the option it comes from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from scenarios.located import read
from scenarios.problems import ScenarioError
from simulator.whatif.systems import CLERKS
from simulator.whatif.validity import Problem, Unplayable


def refusal(why: Unplayable, name: str, reference: str, settings: Sequence[str]) -> str:
    """Return one line for each reason; `reference` and `settings` are what the command line said."""
    return "\n".join(
        f"{place_of(problem, reference, settings)}: {name} cannot be played: {problem.place}: {problem.message}"
        for problem in why.problems
    )


def place_of(problem: Problem, reference: str, settings: Sequence[str]) -> str:
    """Return where a problem was said: an option, a line of the scenario's file, or else the scenario."""
    path = _path_of(problem)
    for setting in settings:
        said = set(re.split(r"[.\[\]]", setting.partition("=")[0]))
        if said & {*path[-1:], *(("clerks",) if path == ("people",) else ())}:
            return f"--with {setting}"
    file = _file_of(reference)
    if file is None:
        return reference
    try:
        return f"{file}:{read(file.read_text(encoding='utf-8'), str(file)).place(path).line}"
    except (OSError, UnicodeDecodeError, ScenarioError):
        return str(file)


def _path_of(problem: Problem) -> tuple[str, ...]:
    """Return the section of a scenario that a place of a model was made from."""
    kind, _, name = problem.place.partition(" ")
    if kind != "station":
        return ("world",)
    return ("people",) if name == CLERKS else ("systems", name)


def _file_of(reference: str) -> Path | None:
    for text in (reference, reference.rpartition(":")[0]):
        if text and Path(text).is_file():
            return Path(text)
    return None
