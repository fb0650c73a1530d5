"""Every figure is in the tables, and the terminal fits."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from q2c.experiments.tables import csv_text, rows, write_parquet
from q2c.experiments.terminal import tell
from simulator.experiments.answers import Experiment
from tests.q2c.experiments.examples import COMPARED, differs, every_kind, experiment

KINDS = [pytest.param(each, id=type(each.question).__name__) for each in every_kind()]


@pytest.mark.parametrize("example", KINDS)
def test_csv_and_parquet_hold_the_same_figures(example: Experiment, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    found = rows(example)
    read = list(csv.DictReader(StringIO(csv_text(found))))
    write_parquet(found, tmp_path / "results.parquet")
    stored = parquet.read_table(tmp_path / "results.parquet").to_pylist()
    assert len(read) == len(stored) == len(found) > 0
    for as_text, as_value in zip(read, stored, strict=True):
        assert {name: str(value) for name, value in as_value.items()} == as_text


def test_a_comparison_has_both_sides_and_the_difference() -> None:
    found = [row for row in rows(experiment(differs())) if row.measure == "late"]
    assert [(row.side, row.what) for row in found] == [("first", "mean"), ("second", "mean"), ("", "difference")]
    late = next(each for each in COMPARED if each.measure == "late")
    assert found[2].value == late.difference.mean
    assert found[2].verdict == "higher"


@pytest.mark.parametrize("example", KINDS)
def test_the_terminal_says_the_answer_and_how_to_repeat_it(example: Experiment) -> None:
    console = Console(width=96, record=True, file=StringIO())
    tell(example, console, "runs/x/report.html")
    text = console.export_text()
    assert example.word in text
    assert example.repeat in text
    assert "runs/x/report.html" in text
    assert max(map(len, text.splitlines())) <= 96
