"""Keeping: the files of a hunt in its folder: the document, the report, the scenario, and every trial that was caught.

The first catch lies in the folder itself, each further one in a folder of its number. `trial.json` is the trial
exactly; `trial.yaml` is the same as a scenario for `q2c rehearse`; `regression.yaml` is its smallest form.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from q2c.hunting import regression
from q2c.hunting.campaign import Campaign, Catch
from q2c.hunting.document import Caught, Document, document_of, encode
from q2c.hunting.ending import sentence_of, shrunk_into
from q2c.hunting.page import html_of
from q2c.hunting.shrinking import NotBroken
from q2c.hunting.story import text_of
from q2c.hunting.unhandled import advice_for
from q2c.run_folder import RunFolder
from scenarios.language import Scenario
from scenarios.loader import dump

DOCUMENT, TRIAL, SCENARIO = "hunt.json", "trial.json", "trial.yaml"
SHRUNK_MAX = 10
"""So many catches are made smaller, each with other broken rules; the others can be by `q2c shrink FOLDER`."""


def caught(folder: Path, campaign: Campaign, shrinks: bool) -> tuple[Caught, ...]:
    """Write what a campaign caught into its folder, and shrink the first trial of each set of broken rules."""
    return tuple(_caught(folder, campaign, shrinks))


def _caught(folder: Path, campaign: Campaign, shrinks: bool) -> Iterator[Caught]:
    seen: set[frozenset[str]] = set()
    for i, catch in enumerate(campaign.catches):
        place = folder if i == 0 else folder / str(catch.number)
        place.mkdir(exist_ok=True)
        kept = _written(place, catch)
        if shrinks and catch.found.checks not in seen and len(seen) < SHRUNK_MAX:
            seen.add(catch.found.checks)
            kept = _smaller(place, catch, kept)
        yield kept


def _smaller(place: Path, catch: Catch, kept: Caught) -> Caught:
    try:
        small = shrunk_into(place, catch.trial, catch.found.broken[0].check)
    except NotBroken as otherwise:  # a program whose run depends on more than the trial
        return msgspec.structs.replace(kept, shrunk=f"played once more it went otherwise: {otherwise}")
    return msgspec.structs.replace(kept, shrunk=sentence_of(small.shrunk), story=text_of(small.tale))


def _written(place: Path, catch: Catch) -> Caught:
    trial = catch.trial
    (place / TRIAL).write_bytes(msgspec.json.format(msgspec.json.encode(trial), indent=1) + b"\n")
    played = regression.scenario_of(trial, f"Run {catch.number} of a hunt.")
    (place / SCENARIO).write_text(dump(played), encoding="utf-8")
    words = ["q2c", "rehearse", str(place / SCENARIO), *(["--mutant", trial.mutant] if trial.mutant else [])]
    words += ["--target", trial.target] if trial.target else []
    return Caught(
        number=catch.number, seed=trial.seed, broken=catch.found.broken, folder=str(place), repeat=shlex.join(words),
        advice=advice_for(trial, catch.found.broken),
    )  # fmt: skip


def _printed(folder: Path, printed: Mapping[int, str]) -> Iterator[str]:
    """Write what the program of a target printed in each of some runs into a file of its own; yield the files."""
    for number, text in sorted(printed.items()):
        file = folder / f"program-{number}.log"
        file.write_text(text, encoding="utf-8")
        yield str(file)


def write(
    folder: RunFolder, campaign: Campaign, scenario: Scenario, repeat: str, caught: tuple[Caught, ...], executor: str,
    seconds: float, interrupted: bool,
) -> Document:  # fmt: skip
    """Write the document and the report of a campaign that took so many seconds; return the document."""
    document = document_of(campaign, scenario, repeat, caught, executor, seconds, interrupted)
    document = msgspec.structs.replace(document, printed=tuple(_printed(folder.path, campaign.printed)))
    folder.scenario.write_text(dump(scenario), encoding="utf-8")
    for path, text in ((folder.report, html_of(document)), (folder.path / DOCUMENT, encode(document))):
        partial = path.with_suffix(".partial")
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    if interrupted:
        folder.mark("stopped by a person; what there was until then is here")
    else:
        folder.unmark()
    return document
