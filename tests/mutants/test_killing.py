"""Every mutant is killed by a check that is meant for it; the correct integration holds wherever mutants are hunted."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace

import pytest
from click.testing import CliRunner

from q2c import exits
from q2c.cli import q2c
from q2c.hunting.trial import Trial, attempt
from tests.mutants.catalogue import BY_NAME, MUTANTS
from tests.mutants.grounds import Ground
from tests.mutants.killing import hunt
from tests.mutants.mutant import GROUPS, Mutant

SECONDS = 8.0
ON_GROUND: dict[Ground, list[Mutant]] = defaultdict(list)
for _mutant in MUTANTS:
    ON_GROUND[_mutant.ground].append(_mutant)


@pytest.mark.parametrize("ground", ON_GROUND, ids=lambda ground: ground.name)
def test_mutants_are_killed_where_the_correct_integration_holds(ground: Ground) -> None:
    kills = [hunt(mutant, SECONDS) for mutant in ON_GROUND[ground]]
    assert [kill.mutant for kill in kills if not kill.by] == []
    for seed in range(1, max(kill.runs for kill in kills) + 1):
        found = attempt(Trial(scenario=ground.text, seed=seed))
        assert [each.sentence for each in found.broken] == [], f"a false alarm on seed {seed}"


def test_mutants_have_names_of_their_own_and_every_group_has_some() -> None:
    assert len(BY_NAME) == len(MUTANTS)
    assert {mutant.group for mutant in MUTANTS} == set(GROUPS)
    assert len({mutant.mistake for mutant in MUTANTS}) == len(MUTANTS)


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    def run(*words: str) -> tuple[int, str]:
        ended = CliRunner().invoke(q2c, ["mutants", "--workers", "1", *words])
        return ended.exit_code, ended.output

    return run


def test_a_mutant_that_does_nothing_survives(
    cli: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    tame = replace(MUTANTS[0], name="tame", patches=list)
    monkeypatch.setattr("tests.mutants.catalogue.BY_NAME", {"tame": tame})
    status, said = cli("tame", "--seconds", "0")
    assert status == exits.BROKEN
    assert "NOBODY" in said
    assert "SURVIVED: tame" in said


def test_the_table_says_what_killed_a_mutant_and_after_how_long(cli: Callable[..., tuple[int, str]]) -> None:
    status, said = cli("timeout_is_failure", "--json")
    row = json.loads(said)["mutants"][0]
    assert (status, row["killed"], row["runs"]) == (0, True, 1)
    assert "S7" in row["by"]
    assert row["cpu_seconds"] > 0


def test_all_mutants_can_be_listed_without_a_run(cli: Callable[..., tuple[int, str]]) -> None:
    status, said = cli("--list")
    assert status == 0
    assert not [mutant.name for mutant in MUTANTS if mutant.name not in said]


def test_an_unknown_mutant_is_refused_with_a_suggestion(cli: Callable[..., tuple[int, str]]) -> None:
    status, said = cli("timeout_is_failur")
    assert status == exits.USAGE
    assert "did you mean 'timeout_is_failure'" in said
    assert "q2c mutants --list" in said
