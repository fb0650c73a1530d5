"""`q2c hunt` with the real integration: a mutant is found and named, kept, and can be played again."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import msgspec
import pytest

from q2c.commands import hunt
from q2c.hunting import campaign, keeping
from q2c.hunting.document import decode
from q2c.hunting.trial import Trial, attempt
from q2c.report import names
from scenarios.loader import load
from tests.q2c.conftest import Run

MUTANT = "fresh_key_per_retry"
BUDGET = ("--runs", "60", "--workers", "1", "--no-shrink", "--only", "lost_reply")


@pytest.fixture(scope="module")
def found(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    ended = run("hunt", "hunting_ground", "--mutant", MUTANT, "--folder", folder, *BUDGET)
    assert ended.exit_code == 1, ended.output
    assert "FOUND" in ended.stdout
    (made,) = folder.iterdir()
    return made


def test_a_mutant_is_found_and_its_rule_is_named(found: Path) -> None:
    document = decode((found / "hunt.json").read_bytes())
    (caught,) = document.caught
    assert document.status == "broken"
    assert document.mutant == MUTANT
    assert {"S1", "S3", "S4", "S5", "S7"} & {each.check for each in caught.broken}
    assert document.effort.runs == caught.number + 1
    assert names.rule(caught.broken[0].check) in document.says
    assert f"--seed {document.seed}" in document.repeat, "the seed is the scenario's, and is said all the same"
    assert "lost_reply" not in document.silent


def test_what_was_caught_breaks_the_same_rules_again(found: Path) -> None:
    (caught,) = decode((found / "hunt.json").read_bytes()).caught
    trial = msgspec.json.decode((found / "trial.json").read_bytes(), type=Trial)
    assert attempt(trial).broken == caught.broken


def test_its_scenario_plays_it_again_by_the_command_that_is_shown(found: Path, run: Run, tmp_path: Path) -> None:
    (caught,) = decode((found / "hunt.json").read_bytes()).caught
    words = shlex.split(caught.repeat)
    assert words[:3] == ["q2c", "rehearse", str(found / "trial.yaml")]
    assert load(found / "trial.yaml").seed == caught.seed
    ended = run(*words[1:], "--runs", tmp_path, "--json")
    broken = {each["id"] for each in json.loads(ended.stdout)["checks"] if each["status"] == "broken"}
    assert broken >= {each.check for each in caught.broken}


def test_the_report_shows_what_was_caught_and_what_was_never_hit(found: Path) -> None:
    text = (found / "report.html").read_text(encoding="utf-8")
    assert "What was caught" in text
    assert "pairs of operation and fault were hit" in text
    assert not (found / "INCOMPLETE").exists()


def test_the_correct_integration_is_not_accused(run: Run, tmp_path: Path) -> None:
    ended = run("hunt", "hunting_ground", "--folder", tmp_path, *BUDGET[:1], "4", *BUDGET[2:], "--json")
    assert ended.exit_code == 0, ended.output
    document = decode(ended.stdout.encode())
    assert (document.status, document.effort.runs, document.caught) == ("holds", 4, ())
    assert document.pairs_hit > 0
    assert len(document.missed) == document.pairs_possible - document.pairs_hit


def test_a_hunt_in_a_large_scenario_is_told_of_its_short_form(run: Run, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(hunt, "LIFECYCLES_MANY", 100)
    one = ("--runs", "1", "--workers", "1", "--folder", tmp_path)
    ended = run("hunt", "orchestrator_crash_each_step", "--short", *one, "--json")
    document = json.loads(ended.stdout)
    assert 40 <= document["effort"]["lifecycles"] <= 90
    assert document["repeat"].startswith("q2c hunt orchestrator_crash_each_step --short --runs 1")
    assert "lifecycles" not in ended.stderr
    assert "A run has about 114 lifecycles; --short" in run("hunt", "orchestrator_crash_each_step", *one).stderr


def test_what_there_was_is_kept_when_a_person_stops_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    played: list[range] = []
    play = campaign.Campaign._play

    def stopped(self: campaign.Campaign, numbers: range) -> None:
        if played:
            raise KeyboardInterrupt
        played.append(numbers)
        play(self, numbers)

    monkeypatch.setattr(campaign.Campaign, "_play", stopped)
    ended = run("hunt", "hunting_ground", "--folder", tmp_path, *BUDGET)
    assert ended.exit_code == 130
    (made,) = tmp_path.iterdir()
    document = decode((made / "hunt.json").read_bytes())
    assert document.interrupted
    assert document.effort.runs == 1
    assert document.status == "unknown", "the calm run alone proves nothing"
    assert "stopped by a person" in (made / "INCOMPLETE").read_text(encoding="utf-8")


def test_ctrl_c_while_a_catch_is_made_smaller_keeps_what_was_caught(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(keeping, "shrunk_into", stopped)
    words = ("--mutant", "fresh_key_per_retry", "--only", "lost_reply", "--seed", "7", "--workers", "1", "--runs", "60")
    ended = run("hunt", "hunting_ground", "--folder", tmp_path, *words)
    assert ended.exit_code == 130
    (made,) = tmp_path.iterdir()
    document = decode((made / "hunt.json").read_bytes())
    assert document.interrupted
    assert [each.check for each in document.caught[0].broken][:1] == ["S1"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("no_such_scenario",), "no_such_scenario"),
        (("hunting_ground", "--only", "gremlins"), "gremlins"),
        (("hunting_ground", "--only", "lost_replies"), "did you mean lost_reply"),
        (("hunting_ground", "--only", "loss", "--without", "loss"), "no kind of fault is left"),
        (("hunting_ground", "--mutant", "no_such_mutant"), "no_such_mutant"),
        (("refund", "--exhaustive", "--target", "mine.yaml"), "plays the reference integration"),
        (("refund", "--exhaustive", "--seed", "7"), "a seed of its own"),
        (("--exhaustive",), "name it: q2c hunt refund --exhaustive"),
    ],
)
def test_what_cannot_be_hunted_is_said_in_a_sentence(run: Run, words: tuple[str, ...], says: str) -> None:
    ended = run("hunt", *words)
    assert ended.exit_code == 2
    assert says in ended.output
