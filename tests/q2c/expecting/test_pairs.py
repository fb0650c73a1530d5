"""Pairs of runs: the same luck on both sides, or nothing is proved."""

from __future__ import annotations

from typing import Any, cast

from q2c.expecting.playing import Player, _modelled
from scenarios.assertions import Assertion


class Runs:
    """A player whose runs are given."""

    def __init__(self, **runs: list[dict[str, float]]) -> None:
        self._runs = runs

    def modelled(self, name: str) -> list[dict[str, float]]:
        return self._runs[name]


def modelled(against: str = "", **runs: list[dict[str, float]]) -> Any:
    said = {
        "says": "s",
        "metric": "late",
        "is": "more" if against else "at_most",
        **({"against": against} if against else {"value": 9}),
    }
    return _modelled(cast(Player, Runs(**runs)), Assertion.model_validate(said))


def test_runs_are_paired_in_order() -> None:
    assert modelled("naive", base=[{"late": 1.0}, {"late": 2.0}], naive=[{"late": 3.0}, {"late": 4.0}]) == (
        [1.0, 2.0], [3.0, 4.0],
    )  # fmt: skip


def test_runs_that_lack_the_figure_on_either_side_pair_nobody_with_another() -> None:
    assert modelled("naive", base=[{}, {"late": 2.0}], naive=[{"late": 3.0}, {}]) == ([], [])


def test_a_run_without_a_case_proves_nothing() -> None:
    assert modelled(base=[{"late": 1.0}, {}]) == ([], None)
