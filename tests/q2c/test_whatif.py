"""The commands of experiments, on a small quarter: they answer, refuse, stop and go on as they say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from pyarrow.parquet import read_table

from q2c import exits
from q2c.cli import q2c
from scenarios.loader import load
from simulator.experiments import executors
from simulator.experiments.replications import Laboratory, Progress, seed_of
from simulator.whatif import process
from simulator.whatif.rows import Collected
from simulator.whatif.translation import translate

SMALL = """
name: small_quarter
title: A small quarter with a billing outage
question: "Release manager: does billing catch up?"
world: {orders_per_quarter: 150, live_subscriptions: 0}
rehearse: {weeks: 1}
outages: [{system: billing, from: quarter_end - 10h, lasts: 4h}]
run_on: 3d
assertions:
  - {says: nothing is doubled, metric: duplicates, is: at_most, value: 0}
  - {says: most orders are booked soon, metric: within, of: SLA-2, is: at_least, value: 50%}
variants:
  naive: {integration: {style: naive}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("experiments")
    (path / "small.yaml").write_text(SMALL, encoding="utf-8")
    return path


def run(folder: Path, *words: str, most: tuple[str, ...] = ("--replications", "3")) -> Result:
    command, *rest = words
    extra = ["--engine", "simpy", "--workers", "1", *most] if command != "report" else []
    return CliRunner().invoke(q2c, [command, *rest, *extra, "--runs", str(folder / "runs")])


def found(folder: Path, *words: str, replications: int = 3) -> dict[str, Any]:
    result = run(folder, *words, "--json", most=("--replications", str(replications)))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    document: dict[str, Any] = json.loads(result.stdout)
    return document


SCENARIO = "small.yaml"


@pytest.fixture(autouse=True)
def _inside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "96")


def test_a_what_if_answers_its_promises_and_writes_everything(folder: Path) -> None:
    result = run(folder, "whatif", SCENARIO)
    assert result.exit_code == exits.HOLDS, result.output
    assert "GO" in result.stdout
    (made,) = (folder / "runs").glob("*-whatif-small_quarter-*")
    assert {path.name for path in made.iterdir()} == {
        "experiment.json", "report.html", "results.csv", "results.parquet", "scenario.yaml", "replications",
    }  # fmt: skip
    document = json.loads((made / "experiment.json").read_text())
    assert document["answer"]["replications"] == 3
    assert [cost["trouble"] for cost in document["answer"]["costs"]] == [
        "billing is down for 4h, from quarter_end - 10h"
    ]


def test_the_clocks_of_lifecycles_are_kept_for_as_many_quarters_as_asked_for(folder: Path) -> None:
    runs = folder / "kept"
    CliRunner().invoke(q2c, ["compare", SCENARIO, "--with", "billing.slots=3", "--replications", "3", "--workers", "1",
                             "--engine", "simpy", "--lifecycles", "2", "--runs", str(runs)])  # fmt: skip
    (made,) = runs.glob("*-compare-small_quarter-*")
    files = sorted(path.name for path in (made / "lifecycles").iterdir())
    assert files == [f"{side}-000{number}.parquet" for side in ("first", "second") for number in (1, 2)]
    one, other = (read_table(made / "lifecycles" / file) for file in files[:2])
    assert one.column("duration_us").to_pylist() != other.column("duration_us").to_pylist()
    model, collected = translate(load(made / "first.yaml")), Collected()
    process.run(model, seed_of(json.loads((made / "experiment.json").read_text())["question"]["seed"], 1), collected)
    assert other.column("lifecycle").to_pylist() == collected.rows[:, 0].tolist()
    assert other.column("duration_us").to_pylist() == collected.rows[:, 3].tolist()


def test_a_promise_that_is_not_kept_is_a_no_go_with_its_own_status(folder: Path) -> None:
    result = run(folder, "whatif", SCENARIO, "--no-faults", "--keep", "p50 SLA-2 <= 1ms")
    assert result.exit_code == exits.LATE
    assert "NO GO" in result.stdout


def test_the_same_question_has_the_same_answer(folder: Path) -> None:
    first, second = (found(folder, "whatif", SCENARIO, "--no-faults", "--seed", "5") for _ in range(2))
    assert first["answer"] == second["answer"]
    assert first["answer"] != found(folder, "whatif", SCENARIO, "--no-faults", "--seed", "6")["answer"]


def test_a_comparison_with_itself_is_the_same_and_with_the_naive_variant_is_not(folder: Path) -> None:
    assert found(folder, "compare", SCENARIO, SCENARIO)["word"] == "THE SAME"
    other = found(folder, "compare", SCENARIO, f"{SCENARIO}:naive")
    assert other["word"] != "THE SAME"
    assert ["integration.style", "reference", "naive"] in other["answer"]["changes"]


def test_a_comparison_needs_something_to_compare(folder: Path) -> None:
    result = run(folder, "compare", SCENARIO)
    assert result.exit_code == exits.USAGE
    assert "compare what with what?" in result.stderr


@pytest.mark.parametrize(
    ("words", "is_noted"),
    [
        (("whatif", "--with", "contracts.renewed=50%"), True),
        (("whatif", "--with", "clerks=2"), False),
        (("sweep", "--vary", "contracts.renewed=50%,60%"), True),
        (("sweep", "--vary", "outages.lasts=1h,4h"), False),
    ],
)
def test_a_parameter_that_the_model_does_not_know_is_told(folder: Path, words: tuple[str, ...], is_noted: bool) -> None:
    said = run(folder, words[0], str(folder / "small.yaml"), *words[1:], most=("--replications", "2")).stderr
    assert ("changes nothing that the model plays" in said) == is_noted


def test_a_sweep_plays_every_point_and_a_search_finds_the_edge(folder: Path) -> None:
    swept = found(folder, "sweep", SCENARIO, "--vary", "outages.lasts=1h,4h", "--vary", "clerks=2,6", replications=2)
    assert [point["values"] for point in swept["answer"]["points"]] == [
        ["1h", "2"],
        ["1h", "6"],
        ["4h", "2"],
        ["4h", "6"],
    ]
    broke = found(folder, "search", SCENARIO, "--vary", "outages.lasts=1h..6h:1h", "--keep", "backlog billing <= 1000",
                  "--largest", replications=2)  # fmt: skip
    assert broke["answer"]["found"]["value"] == "6h"


def test_optimisation_and_sensitivity_answer_too(folder: Path) -> None:
    pytest.importorskip("SALib")
    best = found(
        folder, "optimise", SCENARIO, "--vary", "clerks=2..4", "--cost", "300*clerks", "--keep", "SLA-2 >= 10%",
        replications=5,
    )  # fmt: skip
    assert best["answer"]["optimum"]["best"]["settings"] == {"people.clerks": "2"}
    moved = found(folder, "sensitivity", SCENARIO, "--vary", "clerks=1..9", "--vary", "erp.p50=1s..5s:1s",
                  "--size", "2", "--measure", "p50 SLA-2", replications=2)  # fmt: skip
    effects = {each["path"]: each["strength"] for each in moved["answer"]["ranked"][0]["effects"]}
    assert effects["systems.erp.p50"] > effects["people.clerks"]


def test_json_is_one_document_and_nothing_else(folder: Path) -> None:
    result = run(folder, "whatif", SCENARIO, "--no-faults", "--json")
    assert json.loads(result.stdout)["format"] == "q2c.experiment"
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("sweep", SCENARIO, "--vary", "erp.slotz=5,7"), "the nearest: systems.erp.slots"),
        (("sweep", SCENARIO, "--vary", "erp.slots=1..1000", "--vary", "clerks=1..1000"), "1,000,000 points"),
        (("sweep", SCENARIO, "--vary", "erp.slots"), "expected PATH=VALUES"),
        (("search", SCENARIO, "--vary", "erp.slots=1..9", "--keep", "SLA-99 >= 1"), "expected one of this scenario"),
        (("search", SCENARIO, "--vary", "erp.slots=1..9", "--keep", "SLA-2"), "expected MEASURE >= BOUND"),
        (("whatif", SCENARIO, "--keep", "SLA-2 >= 99"), "SLA-2 is a share, expected 0% to 100%; add the unit: 99%"),
        (("whatif", SCENARIO, "--keep", "SLA-2 >= 9900%"), "--keep: 'SLA-2 >= 9900%': SLA-2 is a share, expected 0%"),
        (("whatif", SCENARIO, "--keep", "SLA-2 >= 5m"), "SLA-2 is a share"),
        (("whatif", SCENARIO, "--keep", "late <= -1"), "late is a count, expected a number of 0 or more"),
        (("whatif", SCENARIO, "--keep", "late < 5m"), "< is not one of >=, <=; late is a count"),
        (("whatif", SCENARIO, "--keep", "p95 SLA-2 <= 5%"), "p95 SLA-2 is a time, expected a duration such as 5m"),
        (("whatif", SCENARIO, "--keep", "SLA2 >= 99%"), "the nearest: SLA-2, "),
        (("sweep", SCENARIO, "--vary", "erp.slots=5..x"), "--vary: "),
        (("optimise", SCENARIO, "--vary", "erp.slots=1..9", "--cost", "3*clerks", "--keep", "SLA-2 >= 9%"),
         "not varied"),
        (("sensitivity", SCENARIO, "--vary", "erp.slots=1..9"), "at least two parameters"),
        (("whatif", SCENARIO, "--with", "erp.slots=many"), "expected a whole number"),
        (("whatif", SCENARIO, "--with", "erp.slots"), "expected PATH=VALUE"),
        (("whatif", SCENARIO, "--precision", "lots"), "expected a share between 0 and 1"),
        (("whatif", f"{SCENARIO}:other"), "a variant: base, naive"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_said_before_anything_is_played(
    folder: Path, words: tuple[str, ...], said: str
) -> None:
    before = set((folder / "runs").glob("*/replications/*"))
    result = run(folder, *words, most=("--replications", "3") if "--precision" not in words else ())
    assert result.exit_code == exits.USAGE
    assert said in result.stderr
    assert result.stdout == ""
    assert set((folder / "runs").glob("*/replications/*")) == before


def test_a_cluster_that_does_not_answer_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="NOTHING WAS PROVED: distributed is not installed")
    monkeypatch.setattr(executors, "CONNECT_SECONDS", 0.5)
    result = run(folder, "whatif", SCENARIO, "--cluster", "tcp://127.0.0.1:9")
    assert result.exit_code == exits.USAGE
    assert "no Dask scheduler answers at tcp://127.0.0.1:9" in result.stderr


def test_an_unstable_system_is_refused_with_the_figure(folder: Path) -> None:
    result = run(folder, "whatif", SCENARIO, "--with", "erp.slots=1", "--with", "erp.p50=4h", "--with", "erp.p95=5h",
                 "--with", "erp.timeout=20h")  # fmt: skip
    assert result.exit_code == exits.USAGE
    assert "--with erp.slots=1: small_quarter cannot be played: station erp: utilisation 3." in result.stderr


def test_what_cannot_be_played_is_said_with_file_and_line(folder: Path) -> None:
    slow = SMALL + "systems:\n  erp:\n    {slots: 1, p50: 4h, p95: 5h, timeout: 20h}\n"
    (folder / "slow.yaml").write_text(slow, encoding="utf-8")
    result = run(folder, "whatif", "slow.yaml")
    line = slow.splitlines().index("  erp:") + 1
    assert f"slow.yaml:{line}: small_quarter cannot be played: station erp: utilisation 3." in result.stderr


def test_a_long_wait_for_want_of_the_compiler_is_announced(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from simulator.whatif import compiled, engine

    monkeypatch.setattr(compiled, "AVAILABLE", False)
    monkeypatch.setattr(engine, "_WORTH_COMPILING", 100)
    words = ["whatif", SCENARIO, "--no-faults", "--replications", "3", "--workers", "1", "--runs", str(folder / "runs")]
    result = CliRunner().invoke(q2c, words)
    assert "Numba is not installed, so the SimPy engine plays" in result.stderr
    assert "pip install 'q2c-harness[fast]'" in result.stderr


def test_a_stopped_experiment_keeps_what_was_computed_and_report_goes_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    extended = Laboratory.extend

    def interrupted(laboratory: Laboratory, samples: Any, count: int) -> None:
        told = laboratory.progress

        def stop(progress: Progress) -> None:
            told(progress)
            if progress.done == 2:
                raise KeyboardInterrupt

        laboratory.progress = stop
        extended(laboratory, samples, count)

    monkeypatch.setattr(Laboratory, "extend", interrupted)
    result = run(folder, "whatif", SCENARIO, "--no-faults", "--seed", "77")
    assert result.exit_code == exits.INTERRUPTED
    (made,) = (folder / "runs").glob("*-77")
    assert f"go on with: q2c report {made}" in result.stderr
    assert (made / "INCOMPLETE").is_file()
    monkeypatch.setattr(Laboratory, "extend", extended)
    again = CliRunner().invoke(q2c, ["report", str(made), "--json"])
    effort = json.loads(again.stdout)["effort"]
    assert (effort["found"], effort["made"]) == (2, 1)
    assert not (made / "INCOMPLETE").exists()


def test_report_rebuilds_an_experiment_from_its_replications(folder: Path) -> None:
    first = found(folder, "whatif", SCENARIO, "--no-faults", "--seed", "78")
    (made,) = (folder / "runs").glob("*-78")
    page = (made / "report.html").read_text()
    (made / "report.html").unlink()
    result = CliRunner().invoke(q2c, ["report", str(made), "--json"])
    again = json.loads(result.stdout)
    assert again["answer"] == first["answer"]
    assert (again["effort"]["made"], again["effort"]["found"]) == (0, 3)
    assert (made / "report.html").read_text().partition("How this was made")[0] == page.partition("How this was made")[
        0
    ]
