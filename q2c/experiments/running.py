"""Running: an experiment from its question to the files in its folder; begun anew, or taken up where it was left."""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import msgspec

from q2c.experiments import tables
from q2c.experiments.folder import ExperimentFolder
from q2c.experiments.page import html_of
from q2c.experiments.says import said
from scenarios.language import Scenario
from simulator.experiments.answers import Compare, Effort, Experiment, Question, WhatIf
from simulator.experiments.executors import Cluster, Executor, Serial, local
from simulator.experiments.performing import perform
from simulator.experiments.playing import (
    Engine,
    keeping_measures,
    keeping_outcomes,
    read_measures,
    read_outcome,
)
from simulator.experiments.replications import Laboratory, Progress, seed_of
from simulator.experiments.store import Store
from simulator.experiments.sweeps import points_of
from simulator.whatif.engine import choose, expected_attempts, is_slow, simulate
from simulator.whatif.translation import translate

_ENGINES = {"kernel": "the compiled kernel", "simpy": "the SimPy engine"}
_WORTH_PROCESSES = 500_000
"""Fewer calls of the SimPy engine are done before other processes have started."""


class Means(msgspec.Struct, frozen=True, kw_only=True):
    """With what replications are computed: which engine, how many workers (None: all processors), which cluster.

    Of the first `lifecycles` replications every clock of every lifecycle is written to disk, too.
    """

    engine: Engine = "auto"
    workers: int | None = None
    cluster: str = ""
    lifecycles: int = 0

    def executor(self, is_compiled: bool, attempts: float) -> Executor:
        """Return who computes runs of so many calls in all; raise ValueError when the cluster does not answer."""
        if self.cluster:
            return Cluster(self.cluster)
        if not is_compiled and self.workers is None and attempts < _WORTH_PROCESSES:
            return Serial()
        return local(is_compiled, self.workers)


def run(
    folder: ExperimentFolder, experiment: Experiment, scenarios: tuple[Scenario, ...], means: Means,
    progress: Callable[[Progress], None],
) -> Experiment:  # fmt: skip
    """Play an experiment and write its files; what its folder already holds is not played again.

    Raise ValueError for what cannot be played. KeyboardInterrupt passes through: what was computed is kept.
    """
    whole, model = isinstance(experiment.question, WhatIf | Compare), translate(scenarios[0])
    runs = _runs(experiment)
    choice = choose(model, means.engine, runs=runs)
    is_compiled = choice.engine == "kernel"
    executor = means.executor(is_compiled, expected_attempts(model) * runs)
    laboratory = Laboratory(
        replicate=keeping_outcomes(choice.engine) if whole else keeping_measures(choice.engine),
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
        engine=f"{_ENGINES[choice.engine]} ({choice.reason})",
    )  # fmt: skip
    sentence = said(experiment.question, answer)
    done = msgspec.structs.replace(
        experiment, answer=answer, effort=effort, status=sentence.status, says=sentence.text, word=sentence.word
    )
    write(folder, done)
    keep_lifecycles(folder, done, scenarios, means)
    return done


def slowly(experiment: Experiment, scenarios: tuple[Scenario, ...], means: Means) -> str:
    """Return what to know before a long wait: that an engine plays which is far slower than the one to install."""
    if not is_slow(translate(scenarios[0]), means.engine, _runs(experiment)):
        return ""
    return (
        "Numba is not installed, so the SimPy engine plays: the same answer, many times later. Much faster: "
        "pip install 'q2c-harness[fast]'"
    )


def _runs(experiment: Experiment) -> int:
    """Return how many runs there are at most."""
    return experiment.question.rule.maximum * points_of(getattr(experiment.question, "axes", ()))


def write(folder: ExperimentFolder, experiment: Experiment) -> None:
    """Write tables, report and document of an experiment with its answer."""
    found = tables.rows(experiment)
    folder.put(folder.csv, tables.csv_text(found))
    tables.write_parquet(found, folder.parquet)
    folder.put(folder.report, html_of(experiment))
    folder.write(experiment)
    folder.unmark()


def keep_lifecycles(
    folder: ExperimentFolder, experiment: Experiment, scenarios: tuple[Scenario, ...], means: Means
) -> None:
    """Play the first replications again and stream their clocks to `lifecycles/<scenario>-<replication>.parquet`."""
    from simulator.whatif.rows import ParquetRows

    for (_, file), scenario in zip(experiment.scenarios, scenarios, strict=True):
        model = translate(scenario)
        for number in range(means.lifecycles):
            folder.lifecycles.mkdir(exist_ok=True)
            path = folder.lifecycles / f"{Path(file).stem}-{number + 1:04}.parquet"
            partial = path.with_suffix(".partial")  # nothing half-written looks complete
            with ParquetRows(partial, model) as sink:
                simulate(model, seed_of(experiment.question.seed, number), means.engine, sink)
            partial.replace(path)


def asked(
    question: Question, files: tuple[tuple[str, str], ...], scenarios: tuple[Scenario, ...], asks: str, repeat: str
) -> Experiment:
    """Return an experiment that has no answer yet; `files` are the title and file of each scenario."""
    return Experiment(
        scenarios=files, asks=asks, question=question, repeat=repeat, code_version=version("q2c-harness"),
        parameters=tuple(translate(scenario).parameters for scenario in scenarios),
    )  # fmt: skip
