"""Running: an experiment from its question to the files in its folder; begun anew, or taken up where it was left."""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec

import msgspec

from q2c.experiments import tables
from q2c.experiments.folder import ExperimentFolder
from q2c.experiments.page import html_of
from q2c.experiments.says import said
from scenarios.language import Scenario
from simulator.experiments.answers import Compare, Effort, Experiment, Question, WhatIf
from simulator.experiments.executors import Cluster, Executor, local
from simulator.experiments.performing import perform
from simulator.experiments.playing import (
    Engine,
    keeping_measures,
    keeping_outcomes,
    read_measures,
    read_outcome,
)
from simulator.experiments.replications import Laboratory, Progress
from simulator.experiments.store import Store


class Means(msgspec.Struct, frozen=True, kw_only=True):
    """With what replications are computed: which engine, how many workers (None: all processors), which cluster."""

    engine: Engine = "auto"
    workers: int | None = None
    cluster: str = ""

    @property
    def is_compiled(self) -> bool:
        """Whether the compiled kernel will play."""
        return self.engine == "kernel" or (self.engine == "auto" and find_spec("numba") is not None)

    @property
    def engine_name(self) -> str:
        """The engine in words."""
        return "the compiled kernel" if self.is_compiled else "the SimPy engine"

    def executor(self) -> Executor:
        """Return who computes; raise ValueError when the cluster does not answer."""
        return Cluster(self.cluster) if self.cluster else local(self.is_compiled, self.workers)


def run(
    folder: ExperimentFolder, experiment: Experiment, scenarios: tuple[Scenario, ...], means: Means,
    progress: Callable[[Progress], None],
) -> Experiment:  # fmt: skip
    """Play an experiment and write its files; what its folder already holds is not played again.

    Raise ValueError for what cannot be played. KeyboardInterrupt passes through: what was computed is kept.
    """
    whole = isinstance(experiment.question, WhatIf | Compare)
    executor = means.executor()
    laboratory = Laboratory(
        replicate=keeping_outcomes(means.engine) if whole else keeping_measures(means.engine),
        read=read_outcome if whole else read_measures, seed=experiment.question.seed, executor=executor,
        store=Store(folder.replications), progress=progress, forgetful=not whole,
    )  # fmt: skip
    started = time.perf_counter()
    try:
        answer = perform(experiment.question, scenarios, laboratory)
    finally:
        executor.close()
        laboratory.store.close()
    effort = Effort(
        made=laboratory.made, found=laboratory.found, seconds=time.perf_counter() - started, executor=executor.name,
        engine=means.engine_name,
    )  # fmt: skip
    sentence = said(experiment.question, answer, [scenario.title for scenario in scenarios])
    done = msgspec.structs.replace(
        experiment, answer=answer, effort=effort, status=sentence.status, says=sentence.text, word=sentence.word
    )
    write(folder, done)
    return done


def write(folder: ExperimentFolder, experiment: Experiment) -> None:
    """Write tables, report and document of an experiment with its answer."""
    found = tables.rows(experiment)
    folder.put(folder.csv, tables.csv_text(found))
    tables.write_parquet(found, folder.parquet)
    folder.put(folder.report, html_of(experiment))
    folder.write(experiment)
    folder.unmark()


def asked(question: Question, scenarios: tuple[tuple[str, str], ...], asks: str, repeat: str) -> Experiment:
    """Return an experiment that has no answer yet."""
    return Experiment(
        scenarios=scenarios, asks=asks, question=question, repeat=repeat, code_version=version("q2c-harness")
    )
