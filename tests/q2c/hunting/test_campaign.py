"""The campaign with a pretended integration: its trials are a function of the base seed, whoever plays them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count, islice

import msgspec
import pytest

from contracts.checks.coverage import Called, Coverage
from contracts.checks.pairs import Pair
from domain.faults import Fault
from q2c.hunting import prospects
from q2c.hunting.campaign import Budget, Campaign, Quarry, trial_of
from q2c.hunting.ground import Ground
from q2c.hunting.meetings import AHEAD, AT_ONCE, Meetings
from q2c.hunting.trial import Trial
from q2c.hunting.trial import attempt_encoded as really
from scenarios.loader import dump
from simulator.experiments.executors import Cluster, Done, Executor, Replicate, Serial, Task
from tests.demo import demo
from tests.q2c.hunting.pretence import CALLED, KINDS, TOLD, attempt

TEXT = dump(demo(3, 2, days=2, run_on_days=2))
QUARRY = Quarry(scenario=TEXT, seed=7, kinds=KINDS)


@pytest.fixture(autouse=True)
def few_prospects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prospects, "TIMELINES_MAX", 5)


class Backwards:
    """Takes some tasks at once and finishes the last of them first, as no executor would."""

    name = "the last first"

    def __init__(self, room: int) -> None:
        self._room = room

    def run(self, replicate: Replicate, tasks: Iterable[Task]) -> Iterator[Done]:
        waiting = iter(tasks)
        while taken := list(islice(waiting, self._room)):
            for task in reversed(taken):
                yield task, replicate(task.model, task.seed)

    def close(self) -> None:
        """Do nothing."""


class Stopped(Serial):
    """Is interrupted by a person after some tasks."""

    def __init__(self, after: int) -> None:
        self._after = after

    def run(self, replicate: Replicate, tasks: Iterable[Task]) -> Iterator[Done]:
        for done in super().run(replicate, tasks):
            if self._after == 0:
                raise KeyboardInterrupt
            self._after -= 1
            yield done


def hunted(executor: Executor, quarry: Quarry = QUARRY, **budget: float) -> Campaign:
    campaign = Campaign(quarry, msgspec.convert(budget, Budget), executor, attempt=attempt)
    campaign.run()
    return campaign


def caught(campaign: Campaign) -> list[tuple[int, Trial]]:
    return [(catch.number, catch.trial) for catch in campaign.catches]


def test_the_first_broken_trial_by_number_is_reported_whoever_finishes_first() -> None:
    serial, backwards = hunted(Serial(), runs=500), hunted(Backwards(9), runs=500)
    assert caught(serial)
    assert caught(serial) == caught(backwards)
    assert (serial.runs, serial.coverage) == (backwards.runs, backwards.coverage)
    assert serial.runs == serial.catches[0].number + 1, "what came after the catch is forgotten"


def test_all_trials_are_the_same_whoever_plays_them() -> None:
    serial = hunted(Serial(), runs=200, keeps_going=True)
    backwards = hunted(Backwards(16), runs=200, keeps_going=True)
    assert caught(serial) == caught(backwards)
    assert len(serial.catches) > 1
    assert serial.coverage == backwards.coverage


def test_a_dask_cluster_plays_the_same_trials() -> None:
    pytest.importorskip("distributed")
    cluster = Cluster(None, workers=2)
    try:
        assert caught(hunted(cluster, runs=60, keeps_going=True)) == caught(hunted(Serial(), runs=60, keeps_going=True))
    finally:
        cluster.close()


def test_another_base_seed_makes_other_trials() -> None:
    other = msgspec.structs.replace(QUARRY, seed=8)
    assert caught(hunted(Serial(), runs=200, keeps_going=True)) != caught(
        hunted(Serial(), other, runs=200, keeps_going=True)
    )


@pytest.mark.parametrize("runs", [1, 2, 33, 100])
def test_a_budget_of_runs_is_spent_exactly(runs: int) -> None:
    assert hunted(Backwards(7), runs=runs, keeps_going=True).runs == runs


def test_a_budget_of_seconds_ends_the_hunt() -> None:
    ticking = count()
    campaign = Campaign(
        QUARRY, Budget(seconds=100, keeps_going=True), Serial(), clock=lambda: float(next(ticking)), attempt=attempt
    )
    campaign.run()
    assert 1 <= campaign.runs < 100


def test_what_was_never_hit_is_aimed_at_until_nothing_is_missed() -> None:
    campaign = hunted(Serial(), runs=200, keeps_going=True)
    pairs = campaign.pairs
    assert pairs.missed == ()
    assert {"maintenance", "key_in_progress"} == {each.fault for each in pairs.impossible}


RARE = ("erp", "read_order")
KNOWN = Trial(scenario=TEXT, seed=99, faults=(Fault(kind="loss"),))


def trials(*repeats: Trial | None) -> list[Trial]:
    ground = Ground(
        start_us=0, heal_us=86_400_000_000, called=CALLED, told=TOLD, missed=(Pair(*RARE, "lost_reply", "retry"),),
        repeats=repeats,
    )  # fmt: skip
    return [trial_of(msgspec.structs.replace(QUARRY, kinds=("lost_reply",)), ground, number) for number in range(60)]


def test_where_a_known_run_is_worth_it_two_trials_in_three_are_that_run_again_with_more_aimed_at() -> None:
    known = [number for number, trial in enumerate(trials(KNOWN)) if trial.seed == KNOWN.seed]
    assert known == [number for number in range(60) if number % 3]
    faults = trials(KNOWN)[1].faults or ()
    assert faults[0] == Fault(kind="loss")
    assert [fault.kind for fault in faults[1:]] == ["error_before", "lost_reply"]


def test_known_runs_take_turns_with_new_ones_where_those_promise_enough() -> None:
    assert sum(trial.seed == KNOWN.seed for trial in trials(KNOWN, None)) == 20
    assert len({trial.seed for trial in trials(None)} - {KNOWN.seed}) == 60


def test_three_in_four_directed_trials_on_new_ground_have_business_that_few_seeds_have() -> None:
    ground = Ground(start_us=0, heal_us=86_400_000_000, called=CALLED, prospects=((5,), (6, 7)))
    seeds = [trial_of(QUARRY, ground, number).seed for number in range(300)]
    directed = [seed for number, seed in enumerate(seeds) if number % 3]
    assert 130 < sum(seed in (5, 6, 7) for seed in directed) < 170
    assert {5, 6, 7} < set(directed)
    assert not {5, 6, 7} & set(seeds[::3])


def met(*spots: str) -> Coverage:
    called = tuple(Called("erp", spot, False, False, 3, 0, in_time=1) for spot in spots)
    return Coverage(cells=(), states=(), reasons=(), plan=(), called=called)


def test_rare_is_what_few_seeds_met_while_faults_strike_however_often_they_are_played_again() -> None:
    late = Called("erp", "read_invoice", False, False, 3, 0)
    often = Coverage(cells=(), states=(), reasons=(), plan=(), called=(*CALLED, late), told=TOLD)
    once = msgspec.structs.replace(often, called=(*CALLED, msgspec.structs.replace(late, in_time=1)))
    meetings = Meetings()
    for seed in range(20):
        meetings.add(Trial(scenario=TEXT, seed=seed), once if seed == 3 else often)
    for _ in range(20):
        meetings.add(Trial(scenario=TEXT, seed=3), once)
    assert meetings.rare() == {("erp", "read_invoice")}


def again(lacks: dict[str, int], **runs: Coverage) -> list[str]:
    """Return the names of the runs that are worth playing again, in turn; a new one is "new"."""
    meetings = Meetings()
    for seed, coverage in enumerate(runs.values()):
        meetings.add(Trial(scenario=TEXT, seed=seed), coverage)
    missed = [("erp", spot) for spot, count in lacks.items() for _ in range(count)]
    return [list(runs)[trial.seed] if trial else "new" for trial in meetings.worth_playing_again(missed)]


def test_what_few_runs_met_is_met_again_by_the_run_that_met_most_of_what_lacks_faults() -> None:
    others = {f"dull{number}": met("order") for number in range(6)}
    chosen = again(
        {"refund": 2 * AT_ONCE, "dispute": AT_ONCE}, one=met("refund"), both=met("refund", "dispute"), **others
    )
    assert chosen[:2] == ["both", "one"], "the second time the dispute has been struck, and the other has played less"
    assert set(chosen) == {"one", "both"}
    assert len(chosen) == AHEAD


def test_what_every_run_meets_is_no_reason_to_play_one_again() -> None:
    assert set(again({"order": 30}, one=met("order"), other=met("order", "refund"))) == {"new"}


def test_nothing_is_played_again_for_what_nobody_has_met_or_when_nothing_is_missed() -> None:
    assert again({"refund": 3}, one=met("order")) == again({}, one=met("order")) == []


def test_runs_that_promise_about_as_much_take_turns() -> None:
    dull = {f"dull{number}": met("order") for number in range(8)}
    chosen = again({"refund": 40}, one=met("refund"), other=met("refund", "order"), **dull)
    assert chosen == ["one", "other"] * (AHEAD // 2)


def test_the_first_run_is_calm_and_the_others_have_faults() -> None:
    first = hunted(Serial(), runs=1)
    assert first.planned == set()
    assert hunted(Serial(), runs=100, keeps_going=True).planned == set(KINDS)


def test_what_was_done_when_a_person_stops_it_is_kept() -> None:
    campaign = Campaign(QUARRY, Budget(runs=100, keeps_going=True), Stopped(12), attempt=attempt)
    with pytest.raises(KeyboardInterrupt):
        campaign.run()
    assert campaign.runs == 12


def test_a_trial_that_cannot_be_played_is_noted_and_the_hunt_goes_on() -> None:
    def stuck_in_trouble(trial: bytes, seed: int) -> bytes:
        return really(b"no trial", seed) if seed else attempt(trial, seed)

    campaign = Campaign(QUARRY, Budget(runs=3), Serial(), attempt=stuck_in_trouble)
    campaign.run()
    assert [number for number, _ in campaign.stuck] == [1, 2]
    assert campaign.statuses == {"holds": 1, "unknown": 2}


def test_where_not_even_the_calm_run_can_be_played_nothing_more_is_tried() -> None:
    unknown = Quarry(scenario=TEXT, seed=1, mutant="there_is_no_such_mutant", kinds=KINDS)
    campaign = Campaign(unknown, Budget(runs=20), Serial(), attempt=really)
    campaign.run()
    assert [number for number, _ in campaign.stuck] == [0]
    assert "there_is_no_such_mutant" in campaign.stuck[0][1]


def test_a_calm_run_proves_nothing_about_faults() -> None:
    assert hunted(Serial(), runs=1).proved == 0
    several = hunted(Serial(), runs=20, keeps_going=True)
    assert 0 < several.proved < several.statuses["holds"]
