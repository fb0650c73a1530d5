"""`q2c report`: judge the history of a run again and write its report anew."""

from __future__ import annotations

from pathlib import Path

import click

from q2c import run_folder
from q2c.commands.asking import finish as finish_experiment
from q2c.commands.rehearse import finish
from q2c.experiments.folder import ExperimentFolder, is_experiment
from q2c.experiments.running import Means
from q2c.extras import require
from q2c.rehearsing import judged, reopened
from q2c.report.writing import write_report
from q2c.run_folder import RunFolder
from q2c.trouble import give_up


@click.command()
@click.argument("run", required=False, type=click.Path(path_type=Path))
@click.option("--runs", type=click.Path(path_type=Path), default=Path("runs"), help="Where run folders are [runs].")
@click.option("--json", "as_json", is_flag=True, help="The verdict as one JSON document on standard output.")
def report(run: Path | None, runs: Path, as_json: bool) -> None:
    """Judge the history in the folder RUN (the newest one by default) and write report.html and verdict.json anew.

    An experiment is worked out anew from its replications; what it lacks of them is played, so that one that was
    stopped goes on where it was.

    \b
    Example:
      q2c report runs/20261231-180000-quarter_end-1
    """
    folder = RunFolder(run) if run is not None else run_folder.newest(runs)
    if folder is None:
        give_up(f"there is no run in {runs}. Make one with: q2c rehearse quarter_end")
    if is_experiment(folder.path):
        require("whatif")
        experiment = ExperimentFolder(folder.path)
        finish_experiment(experiment, *experiment.read(), Means(), as_json)
    if not folder.path.is_dir():
        give_up(f"there is no folder {folder.path}. Name one of those in {runs}, or none for the newest.")
    if not folder.history.is_file():
        give_up(f"{folder.path} holds no history.parquet. A run that was stopped cannot be judged; repeat it.")
    rehearsed = judged(reopened(folder))
    write_report(rehearsed)
    folder.unmark()
    finish(rehearsed, as_json)
