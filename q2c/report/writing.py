"""Writing: puts the report and the machine-readable verdict of a run into its folder."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from domain.history import Ended
from q2c.report.document import Cost, document_of, to_plain
from q2c.report.gathered import Gathered, Run
from q2c.report.page import html_of
from scenarios.library import find, names
from scenarios.problems import ScenarioError

if TYPE_CHECKING:
    from q2c.rehearsing import Rehearsed


def write_report(rehearsed: Rehearsed) -> None:
    """Write report.html and then verdict.json, whose presence says that the folder is whole."""
    gathered = gather(rehearsed)
    folder = rehearsed.folder
    partial = folder.report.with_suffix(".partial")
    partial.write_text(html_of(gathered), encoding="utf-8")
    partial.replace(folder.report)
    cost = Cost(play_seconds=rehearsed.play_seconds, judge_seconds=rehearsed.judge_seconds)
    folder.write_verdict(to_plain(document_of(gathered, repeat_command(rehearsed), cost)))


def gather(rehearsed: Rehearsed) -> Gathered:
    """Return what a report says about a run, to be worked out as it is asked for."""
    scenario = rehearsed.timeline.scenario
    ended = [record.lifecycles for record in rehearsed.facts.history.of(Ended)]  # a load plays part of its timeline
    run = Run(
        title=scenario.title, question=scenario.question, expected=scenario.outlook, digest=rehearsed.digest,
        records=rehearsed.records, lifecycles=ended[-1] if ended else rehearsed.timeline.lifecycles,
        replay=rehearsed.folder.read_replay() if rehearsed.folder.replay.is_file() else None,
    )  # fmt: skip
    return Gathered(run, rehearsed.facts, rehearsed.verdict)


def repeat_command(rehearsed: Rehearsed) -> str:
    """Return the command that plays the same run again: by name for the library's own scenarios, else by file."""
    if rehearsed.folder.replay.is_file():
        return rehearsed.folder.read_replay().command
    scenario, seed = rehearsed.timeline.scenario, rehearsed.timeline.seed
    try:
        is_known = scenario.name in names() and find(scenario.name) == scenario
    except ScenarioError:
        is_known = False
    of = rehearsed.folder.program
    program = f" --target {shlex.quote(of.read_text(encoding='utf-8'))}" if of.is_file() else ""
    return f"q2c rehearse {scenario.name if is_known else rehearsed.folder.scenario} --seed {seed}{program}"
