"""Tables: every figure of an experiment as rows, for spreadsheets (CSV) and for programs (Parquet)."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec

from simulator.experiments.answers import (
    Broke,
    Differs,
    Estimate,
    Experiment,
    Happened,
    Optimised,
    Question,
    Search,
    Sensitive,
    Sweep,
    Swept,
)
from simulator.experiments.comparison import Compared
from simulator.experiments.conditions import Judged
from simulator.experiments.metrics import metric_of


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One figure: of which side or trouble, at which values of the parameters, with its interval.

    Units: share (a part of one), seconds, count, minor (units of the currency). `what` is mean, difference (second
    minus first, or with minus without), condition, or an effect of a parameter.
    """

    side: str = ""
    at: str = ""
    what: str
    measure: str
    unit: str
    value: float
    half_width: float
    confidence: float
    replications: int
    verdict: str = ""


def rows(experiment: Experiment) -> list[Row]:
    """Return all figures of an experiment that has its answer."""
    return list(_rows(experiment))


def csv_text(found: list[Row]) -> str:
    """Return rows as CSV."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(Row.__struct_fields__)
    writer.writerows(msgspec.structs.astuple(row) for row in found)
    return text.getvalue()


def write_parquet(found: list[Row], path: Path) -> None:
    """Write rows as Parquet."""
    import pyarrow
    import pyarrow.parquet

    kinds: dict[str, Any] = {"str": pyarrow.string(), "float": pyarrow.float64(), "int": pyarrow.int64()}
    schema = pyarrow.schema([(name, kinds[str(kind)]) for name, kind in Row.__annotations__.items()])
    table = pyarrow.Table.from_pylist([msgspec.structs.asdict(row) for row in found], schema=schema)
    pyarrow.parquet.write_table(table, path, compression="zstd")


def _rows(experiment: Experiment) -> Iterator[Row]:
    question, answer = experiment.question, experiment.answer
    assert answer is not None, "only an answer has figures"
    if isinstance(answer, Happened):
        yield from (_estimated(each) for each in answer.estimates)
        yield from (_judged(each, "") for each in answer.promises)
        for cost in answer.costs:
            yield from (_difference(row, cost.trouble, "") for row in cost.compared)
    elif isinstance(answer, Differs):
        for row in answer.compared:
            yield from _sides(row)
    elif isinstance(answer, Swept):
        assert isinstance(question, Sweep)
        names = [axis.path for axis in question.axes]
        for point in answer.points:
            at = _at(names, point.values)
            yield from (_estimated(each, at) for each in point.estimates)
    else:
        yield from _explored(question, answer)


def _explored(question: Question, answer: Broke | Optimised | Sensitive) -> Iterator[Row]:
    if isinstance(answer, Broke):
        assert isinstance(question, Search)
        for each in answer.found.tried:
            yield _judged(each.judged, _at([question.axis.path], [each.value]))
    elif isinstance(answer, Optimised):
        for trial in answer.optimum.trials:
            at = _at(list(trial.settings), list(trial.settings.values()))
            yield from (_judged(judged, at) for judged in trial.judged)
    else:
        for ranked in answer.ranked:
            for effect in ranked.effects:
                yield Row(
                    at=effect.path, what="strength", measure=ranked.measure, unit=metric_of(ranked.measure).unit,
                    value=effect.strength, half_width=effect.half_width, confidence=question.rule.confidence,
                    replications=answer.replications,
                )  # fmt: skip


def _at(names: list[str], values: tuple[str, ...] | list[str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in zip(names, values, strict=True))


def _estimated(each: Estimate, at: str = "") -> Row:
    found = each.interval
    return Row(
        at=at, what="mean", measure=each.measure, unit=metric_of(each.measure).unit, value=found.mean,
        half_width=found.half_width, confidence=found.confidence, replications=found.count,
    )  # fmt: skip


def _judged(judged: Judged, at: str) -> Row:
    found, measure = judged.interval, judged.condition.measure
    return Row(
        at=at, what="condition", measure=measure, unit=metric_of(measure).unit, value=found.mean,
        half_width=found.half_width, confidence=found.confidence, replications=found.count, verdict=judged.judgement,
    )  # fmt: skip


def _sides(row: Compared) -> Iterator[Row]:
    for side, found in (("first", row.first), ("second", row.second)):
        yield Row(
            side=side, what="mean", measure=row.measure, unit=metric_of(row.measure).unit, value=found.mean,
            half_width=found.half_width, confidence=found.confidence, replications=found.count,
        )  # fmt: skip
    yield _difference(row, "", "")


def _difference(row: Compared, side: str, at: str) -> Row:
    found = row.difference
    return Row(
        side=side, at=at, what="difference", measure=row.measure, unit=metric_of(row.measure).unit, value=found.mean,
        half_width=found.half_width, confidence=found.confidence, replications=found.count, verdict=row.verdict,
    )  # fmt: skip
