from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from q2c.cli import q2c
from tests.contracts.compatibility.corpus import BASE, BREAKING, COMPATIBLE, edited
from tests.contracts.compatibility.test_usage import interaction


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    trees: dict[str, Any] = {
        "old": BASE,
        "broken": edited([*BREAKING["a path is removed"][0], ("/info/version", "2.0.0")]),
        "fine": edited([*COMPATIBLE["a property is added to a reply"][0], ("/info/version", "1.5.0")]),
    }
    for name, tree in trees.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(tree, indent=1), encoding="utf-8")
    (tmp_path / "pacts").mkdir()
    pact = {"consumer": {"name": "shop"}, "provider": {"name": "orders"}, "interactions": [interaction()]}
    (tmp_path / "pacts" / "shop.json").write_text(json.dumps(pact), encoding="utf-8")
    (tmp_path / "none").mkdir()
    return tmp_path


def run(folder: Path, new: str, *options: str) -> Result:
    return CliRunner().invoke(q2c, ["contracts", "diff", f"{folder}/old.json", f"{folder}/{new}.json", *options])


def test_a_breaking_change_ends_with_one_and_names_file_and_line(folder: Path) -> None:
    result = run(folder, "broken")
    assert result.exit_code == 1
    assert "operation.removed" in result.output
    assert f"{folder}/old.json:" in result.output
    assert "1.4.0 should become 2.0.0" in result.output


def test_a_compatible_change_ends_with_zero_and_says_what_it_hides(folder: Path) -> None:
    result = run(folder, "fine")
    assert result.exit_code == 0
    assert "compatible changes are not shown" in result.output


def test_with_pacts_only_what_breaks_a_consumer_breaks(folder: Path) -> None:
    result = run(folder, "broken", "--pacts", f"{folder}/pacts")
    assert result.exit_code == 0
    assert "Compatible with every consumer whose pact is known" in result.output


def test_a_folder_without_pacts_is_not_taken_for_no_consumers(folder: Path) -> None:
    result = run(folder, "broken", "--pacts", f"{folder}/none")
    assert result.exit_code == 2
    assert "holds no pact" in result.output


def test_what_cannot_be_read_is_said_without_a_traceback(folder: Path) -> None:
    result = run(folder, "missing")
    assert result.exit_code == 2
    assert "missing.json: cannot be read" in result.output
    assert "Traceback" not in result.output


def test_json_is_one_document(folder: Path) -> None:
    found = json.loads(run(folder, "broken", "--format", "json").output)
    assert (found["broken"], found["step"], found["next_version"]) == (True, "major", "2.0.0")
    assert found["changes"][0]["rule"] == "operation.removed"


@pytest.mark.parametrize(
    ("chosen", "said"), [("github", "::error file="), ("junit", "<failure"), ("markdown", "## q2c")]
)
def test_ci_reads_it_as_it_likes(folder: Path, chosen: str, said: str) -> None:
    assert said in run(folder, "broken", "--format", chosen).output


def test_a_version_is_published_with_all_pacts_of_a_folder(folder: Path) -> None:
    def publish(*pacts: str) -> Result:
        store = ["--version", "1.0.0", "--store", str(folder / "store")]
        return CliRunner().invoke(q2c, ["contracts", "publish", *(f"{folder}/{name}" for name in pacts), *store])

    done = publish("pacts")
    assert (done.exit_code, done.output.split(":")[0]) == (0, "shop 1.0.0 with orders")
    assert publish("pacts/shop.json").output == done.output
    refused = publish("none")
    assert (refused.exit_code, "holds no pact (*.json)" in refused.output) == (2, True)
