"""`q2c contracts registry`, and the how-to page about governing: its blocks are used as they stand."""

from __future__ import annotations

import json
import re
import subprocess
from glob import glob
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from q2c.cli import q2c
from tests.contracts.governance.shop import API, EVENTS, MESSAGES, PACT

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "how-to" / "govern-contracts.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
SHELL = [text for language, text in BLOCKS if language == "sh"]
EVENT, CONFIGURATION, FIELDS, OBJECTS = [text for language, text in BLOCKS if language == "toml"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with two documents and two pacts, in which commands are run."""
    files = {
        "openapi.json": API, "events.json": EVENTS, "pacts/shop-orders.json": PACT,
        "pacts/shop-messages.json": MESSAGES,
    }  # fmt: skip
    (tmp_path / "pacts").mkdir()
    for name, tree in files.items():
        (tmp_path / name).write_text(json.dumps(tree, indent=1), encoding="utf-8")
    (tmp_path / "q2c.toml").write_text("[verify]\n" + CONFIGURATION.replace('released = "git:HEAD"\n', ""))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _run(line: str) -> Result:
    """Run a line of the page: patterns are expanded, and what stands after > is written."""
    command, _, target = line.strip().partition(" > ")
    words = [name for word in command.split()[1:] for name in (sorted(glob(word)) or [word])]
    found = CliRunner().invoke(q2c, words)
    if target:
        Path(target).write_text(found.output, encoding="utf-8")
    return found


def _drafted(folder: Path) -> Path:
    assert _run(SHELL[0]).exit_code == 0
    path = folder / "registry.toml"
    path.write_text(path.read_text().replace('owner = ""', 'owner = "order team"'))
    return path


def test_the_page_leads_to_a_registry_that_holds(project: Path) -> None:
    path = _drafted(project)
    path.write_text(path.read_text() + "\n" + EVENT)
    shown, verified = map(_run, SHELL[1].splitlines())
    assert (shown.exit_code, verified.exit_code) == (0, 0), shown.output + verified.output
    assert "order.booked.v1" in shown.output
    assert re.search(r"order\.shipped\.v1 +event +1\.0 +draft +order team +orders +shop", shown.output)
    assert "4 contracts, 2 events in registry.toml" in shown.output


def test_owners_are_not_made_up(project: Path) -> None:
    assert _run(SHELL[0]).exit_code == 0
    assert "NOBODY" in _run("q2c contracts registry").output
    verified = _run("q2c verify")
    assert (verified.exit_code, "govern.no-owner" in verified.output) == (1, True)


@pytest.mark.parametrize(("field", "status"), [("customer", 0), ("status", 1)])
def test_the_fields_of_the_page_tell_whose_they_are(project: Path, field: str, status: int) -> None:
    """The shop is a carrier: it may bring what sales proposes, and nothing that nobody may propose."""
    path = _drafted(project)
    path.write_text(path.read_text().replace("orders-service", "orders") + "\n" + FIELDS)
    pact = json.loads((project / "pacts" / "shop-orders.json").read_text())
    pact["provider"]["name"] = "orders"
    pact["interactions"][0]["request"]["body"]["content"] = {field: "x"}
    (project / "pacts" / "shop-orders.json").write_text(json.dumps(pact, indent=1))
    verified = _run("q2c verify")
    assert verified.exit_code == status, verified.output
    assert ("govern.not-the-owner" in verified.output) == bool(status)


def test_the_object_of_the_page_is_defined_once(project: Path) -> None:
    path = _drafted(project)
    path.write_text(path.read_text() + "\n" + OBJECTS)
    assert _run("q2c verify").exit_code == 0
    other = json.loads((project / "openapi.json").read_text())
    other["components"]["schemas"]["Money"]["properties"]["amount"]["type"] = "number"
    (project / "openapi.json").write_text(json.dumps(other, indent=1))
    verified = _run("q2c verify")
    assert (verified.exit_code, "govern.object-overlap" in verified.output) == (1, True)


def test_programs_read_the_registry_as_json(project: Path) -> None:
    _drafted(project)
    told = json.loads(_run("q2c contracts registry --json").output)
    assert told["schema_version"] == 1
    assert [row["type"] for row in told["events"]] == ["order.booked.v1"]
    assert {row["kind"] for row in told["contracts"]} == {"openapi", "asyncapi", "pact"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("q2c contracts registry", "registry.toml: cannot be read"),
        ("q2c contracts registry openapi.json", "FILES are for --draft"),
        ("q2c contracts registry --draft", "name the documents and pacts"),
        ("q2c contracts registry --draft nothing.json", "nothing.json: cannot be read"),
        ("q2c contracts registry --config none.toml", "none.toml: cannot be read"),
    ],
)
def test_bad_input_is_said_in_one_line(project: Path, line: str, said: str) -> None:
    found = _run(line)
    assert (found.exit_code, said in found.output) == (2, True), found.output


def test_a_revision_that_released_the_documents_asks_for_a_new_version(project: Path) -> None:
    _drafted(project)
    for command in ("init -q", "add .", "-c user.name=a -c user.email=a@example.com commit -q -m released"):
        subprocess.run(["git", *command.split()], check=True, cwd=project)
    (project / "q2c.toml").write_text("[verify]\n" + CONFIGURATION)
    assert _run("q2c verify").exit_code == 0
    other = json.loads((project / "openapi.json").read_text())
    other["components"]["schemas"]["Order"]["properties"]["note"] = {"type": "string"}
    (project / "openapi.json").write_text(json.dumps(other, indent=1))
    verified = _run("q2c verify")
    assert (verified.exit_code, "govern.version-not-bumped" in verified.output) == (1, True), verified.output
