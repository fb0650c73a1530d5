"""The folder of an experiment: `runs/<id>/` with the question, its scenarios, finished replications and the answer.

It is whole once `experiment.json` holds an answer and there is no `INCOMPLETE`. What was computed until somebody
stopped it lies in `replications/`, and is not computed again.
"""

from __future__ import annotations

from pathlib import Path

from q2c import run_folder
from q2c.run_folder import RunFolder
from q2c.trouble import give_up
from scenarios.language import Scenario
from scenarios.loader import dump, load
from scenarios.problems import ScenarioError
from simulator.experiments import answers
from simulator.experiments.answers import Experiment

DOCUMENT = "experiment.json"


class ExperimentFolder:
    """The files of one experiment."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.document = path / DOCUMENT
        self.report = path / "report.html"
        self.csv = path / "results.csv"
        self.parquet = path / "results.parquet"
        self.replications = path / "replications"
        self.lifecycles = path / "lifecycles"

    def write(self, experiment: Experiment) -> None:
        """Write the experiment under its final name, in one step."""
        self.put(self.document, answers.encode(experiment).decode())

    def put(self, path: Path, text: str) -> None:
        """Write a file in one step."""
        partial = path.with_suffix(".partial")
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)

    def mark(self, reason: str) -> None:
        """Say that the experiment is not whole, and why."""
        RunFolder(self.path).mark(reason)

    def unmark(self) -> None:
        """Say that the experiment is whole."""
        RunFolder(self.path).unmark()

    def read(self) -> tuple[Experiment, tuple[Scenario, ...]]:
        """Return the experiment and its scenarios; Trouble says why it cannot be."""
        try:
            experiment = answers.decode(self.document.read_bytes())
            return experiment, tuple(load(self.path / file) for _, file in experiment.scenarios)
        except (ScenarioError, ValueError, OSError) as error:
            give_up(f"{self.path} is no experiment that can be read: {error}")


def create(runs: Path, kind: str, scenarios: tuple[Scenario, ...], seed: int) -> ExperimentFolder:
    """Make a new folder with the scenarios in it."""
    folder = ExperimentFolder(run_folder.create(runs, f"{kind}-{scenarios[0].name}", seed).path)
    for (_, file), scenario in zip(files(scenarios), scenarios, strict=True):
        (folder.path / file).write_text(dump(scenario), encoding="utf-8")
    return folder


def files(scenarios: tuple[Scenario, ...]) -> tuple[tuple[str, str], ...]:
    """Return (title, file) of each scenario."""
    names = ("scenario.yaml",) if len(scenarios) == 1 else ("first.yaml", "second.yaml")
    return tuple((scenario.title, file) for scenario, file in zip(scenarios, names, strict=True))


def is_experiment(path: Path) -> bool:
    """Tell whether a run folder is that of an experiment."""
    return (path / DOCUMENT).is_file()
