"""`q2c scenarios`, `q2c validate` and `q2c oracle`: what they print, and the status they end with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scenarios.library import names
from tests.q2c.conftest import Run

CASES = Path(__file__).resolve().parents[1] / "domain" / "public_cases.json"


def test_the_library_is_listed_with_its_questions(run: Run) -> None:
    ended = run("scenarios")
    assert ended.exit_code == 0
    assert all(name in ended.stdout for name in names())
    assert "q2c rehearse NAME" in ended.stdout


def test_the_library_is_listed_as_one_document(run: Run) -> None:
    rows = json.loads(run("scenarios", "--json").stdout)
    assert [row["name"] for row in rows] == list(names())
    assert all(row["question"] and row["expected"] for row in rows)


def test_help_names_every_command_and_exit_status(run: Run) -> None:
    ended = run("--help")
    assert ended.exit_code == 0
    assert all(word in ended.stdout for word in ("oracle", "rehearse", "report", "scenarios", "validate", "0 holds"))


def test_a_valid_file_says_so(run: Run, small: Path) -> None:
    ended = run("validate", small)
    assert (ended.exit_code, "valid" in ended.stdout) == (0, True)
    assert json.loads(run("validate", small, "--json").stdout) == {"valid": True, "name": "quarter_end"}


BAD = "name: my_quarter\ntitle: T\nquestion: Q\nsettle: 4\nworld:\n  orderz_per_quarter: 9\n"


def test_everything_wrong_is_said_with_file_line_and_what_was_expected(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(BAD)
    ended = run("validate", file)
    assert ended.exit_code == 2
    assert ended.stdout == ""
    assert f"{file}:4:" in ended.stderr
    assert "found 4, expected a duration with a unit" in ended.stderr
    assert f"{file}:6:" in ended.stderr
    assert "orderz_per_quarter" in ended.stderr


def test_problems_are_one_document_too(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(BAD)
    ended = run("validate", file, "--json")
    told = json.loads(ended.stdout)
    assert (ended.exit_code, told["valid"]) == (2, False)
    assert [problem["line"] for problem in told["problems"]] == [4, 6]


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "name: [\n", "\t", "\0"])
def test_a_file_that_is_no_scenario_is_refused_without_a_traceback(run: Run, tmp_path: Path, text: str) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    ended = run("validate", file)
    assert ended.exit_code == 2
    assert str(file) in ended.stderr
    assert "Traceback" not in ended.output


def test_a_missing_file_and_a_folder_are_refused(run: Run, tmp_path: Path) -> None:
    assert "no such file" in run("validate", tmp_path / "none.yaml").stderr
    assert run("validate", tmp_path).exit_code == 2


# --- the oracle -----------------------------------------------------------------------------------------------------


def test_the_public_cases_agree(run: Run) -> None:
    ended = run("oracle", CASES)
    assert (ended.exit_code, "33 of 33 cases agree" in ended.stdout) == (0, True)


def test_a_wrong_expectation_is_shown_with_both_values(run: Run, tmp_path: Path) -> None:
    told = json.loads(CASES.read_text())
    expected = told["cases"][0]["expected"]
    name = next(iter(expected))
    right, expected[name] = expected[name], "999999"
    file = tmp_path / "wrong.json"
    file.write_text(json.dumps(told))
    ended = run("oracle", file)
    assert ended.exit_code == 1
    assert "DIFFERS" in ended.stdout
    assert f"{name}: expected 999999, computed {right}" in ended.stdout
    assert "32 of 33 cases agree" in ended.stdout


@pytest.mark.parametrize("text", ["{", "[]", '{"cases": 3}', '{"cases": [{"id": "X"}]}', ""])
def test_a_file_the_oracle_does_not_understand_ends_with_two(run: Run, tmp_path: Path, text: str) -> None:
    file = tmp_path / "cases.json"
    file.write_text(text)
    ended = run("oracle", file)
    assert ended.exit_code == 2
    assert ended.output.strip()
    assert "Traceback" not in ended.output


def test_a_missing_file_of_cases_ends_with_two(run: Run, tmp_path: Path) -> None:
    assert run("oracle", tmp_path / "none.json").exit_code == 2


def test_the_oracle_answers_in_one_document(run: Run) -> None:
    told = json.loads(run("oracle", CASES, "--json").stdout)
    assert (told["equal"], told["total"]) == (33, 33)
