"""Targets: what a file may say, and what is said of a file that says it wrong."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from scenarios.problems import ScenarioError
from simulator.replay.target import Target, load_target

WHOLE = """\
name: ours
health: http://127.0.0.1:9000/health
messages: {payment: "http://127.0.0.1:9000/hooks/stripe"}
polls: [erp]
start: {command: [node, server.js], environment: {PORT: "9000"}, within: 20s}
reset: {url: "http://127.0.0.1:9000/reset"}
time: {test_clock: "http://127.0.0.1:9000/clock"}
switches: {payment.authentication: verify}
"""


def loaded(folder: Path, text: str, *allowed: str) -> Target:
    file = folder / "target.yaml"
    file.write_text(text, encoding="utf-8")
    return load_target(file, allowed)


def problem(folder: Path, text: str) -> str:
    with pytest.raises(ScenarioError) as refused:
        loaded(folder, text)
    return str(refused.value)


def test_a_file_says_how_an_integration_is_started_reached_and_reset(tmp_path: Path) -> None:
    found = loaded(tmp_path, WHOLE)
    assert found.start is not None
    assert (found.start.command, found.start.within) == (("node", "server.js"), timedelta(seconds=20))
    assert set(found.addresses) == {"health", "messages.payment", "reset.url", "time.test_clock"}


def test_who_can_learn_nothing_of_a_system_is_told_which(tmp_path: Path) -> None:
    assert loaded(tmp_path, WHOLE).deaf_to() == ("crm", "billing", "fulfilment")


def test_one_address_for_all_messages_hears_everything(tmp_path: Path) -> None:
    text = "name: ours\nhealth: http://localhost:1/h\nmessages: {all: 'http://localhost:1'}\n"
    assert loaded(tmp_path, text).deaf_to() == ()


@pytest.mark.parametrize(
    ("line", "place", "words"),
    [
        ("healt: http://127.0.0.1:9000", ":9:1:", "did you mean 'health'?"),
        ("settles_within: 60", ":9:1:", "add the unit: 60s"),
        ("polls: erp", ":9:1:", "it once (it is on line 4 already)"),
        ("ports: [9101]", ":9:1:", "a mapping"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, line: str, place: str, words: str) -> None:
    said = problem(tmp_path, WHOLE + line + "\n")
    assert words in said
    assert place in said


def test_a_health_address_is_required(tmp_path: Path) -> None:
    assert "`health`, which is required" in problem(tmp_path, "name: ours\n")


def test_an_address_elsewhere_is_refused_unless_its_host_is_allowed(tmp_path: Path) -> None:
    text = "name: ours\nhealth: https://staging.example.com/health\n"
    assert "allow it with: --allow-host staging.example.com" in problem(tmp_path, text)
    assert loaded(tmp_path, text, "staging.example.com").name == "ours"


def test_something_that_is_no_address_is_refused(tmp_path: Path) -> None:
    assert "an address such as" in problem(tmp_path, "name: ours\nhealth: localhost:9000\n")


def test_a_reset_is_an_address_or_a_command(tmp_path: Path) -> None:
    text = "name: ours\nhealth: http://127.0.0.1:1/\nreset: {method: POST}\n"
    assert "one of `url` and `command`" in problem(tmp_path, text)


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="No such file"):
        load_target(tmp_path / "none.yaml")


def test_the_page_for_teams_names_every_field_and_its_example_is_a_target(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs/how-to/replay-against-your-integration.md").read_text(encoding="utf-8")
    assert {name for name in Target.model_fields if f"`{name}`" not in page} == set()
    (example,) = (block.split("```")[0] for block in page.split("```yaml\n")[1:])
    found = loaded(tmp_path, example)
    assert found.deaf_to() == ("fulfilment",)
    assert found.reset is not None
