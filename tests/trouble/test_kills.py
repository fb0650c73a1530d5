"""The campaign of deaths in short: what `python -m tests.kills --kills 200` does at length, on every push."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.checks.business_state import Document
from tests.kills import Outcome, campaign, undisturbed

KILLS, ORDERS, WRITES_MAX = 6, 3, 8


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> list[Document]:
    """The business state after a run in which nobody dies."""
    return undisturbed(tmp_path_factory.mktemp("calm"), [f"Q-{number:06}" for number in range(1, ORDERS + 1)])


def _holds(outcome: Outcome) -> None:
    assert outcome.different == "", outcome.different
    assert (outcome.kills, outcome.orders) == (KILLS, ORDERS)
    assert 0 < outcome.at_writes < KILLS, "deaths at writes and deaths from outside: both kinds"
    assert outcome.documents >= 10 * outcome.orders, "a state in which little is compared proves little"


def test_a_process_that_dies_again_and_again_ends_where_an_undisturbed_one_does(
    tmp_path: Path, calm: list[Document]
) -> None:
    outcome = campaign(
        tmp_path, KILLS, seed=14, wave=ORDERS, kills_a_wave=KILLS, writes_max=WRITES_MAX, calm=calm
    )  # fmt: skip
    _holds(outcome)


def test_two_workers_that_die_again_and_again_end_where_an_undisturbed_one_does(
    tmp_path: Path, calm: list[Document], postgres: str
) -> None:
    outcome = campaign(
        tmp_path, KILLS, seed=14, wave=ORDERS, kills_a_wave=KILLS, writes_max=WRITES_MAX, calm=calm, database=postgres,
        workers=2,
    )  # fmt: skip
    _holds(outcome)
