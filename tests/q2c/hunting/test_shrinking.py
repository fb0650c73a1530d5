"""Shrinking, its story and its regression: from a hunt's catch to a test that fails as long as the fault is there."""

from __future__ import annotations

import json
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace
from typing import cast

import msgspec
import pytest
from click.testing import CliRunner

from domain.faults import Fault
from q2c.cli import q2c
from q2c.hunting import keeping, regression
from q2c.hunting.anchors import anchors_of
from q2c.hunting.campaign import Campaign, Catch
from q2c.hunting.ending import Kept, sentence_of, shrunk_into
from q2c.hunting.seen import look
from q2c.hunting.shrinking import LEFT_OVER, NotBroken, shrink
from q2c.hunting.trial import Broken, Trial, attempt, play, timeline_of
from q2c.hunting.writes import writes_of
from q2c.run_folder import RunFolder
from scenarios.library import find
from scenarios.loader import dump, load
from scenarios.scale import scaled
from simulator.recorder import ParquetRecorder
from tests.demo import demo
from tests.mutants.grounds import troubled

CHECK, MUTANT = "S1", "fresh_key_per_retry"
SPARED = 120.0
"""CPU seconds that a search may take here: a test must not end otherwise on a busy machine."""


@pytest.fixture(scope="module")
def caught() -> Trial:
    """Ten lifecycles, twenty-two faults, and an integration that asks under a new key each time."""
    text = dump(demo(8, 6, days=3, run_on_days=3, lost_replies="0.03", backdated="0.5"))
    return Trial(scenario=text, seed=1, mutant=MUTANT)


@pytest.fixture(scope="module")
def kept(caught: Trial, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return shrunk_into(tmp_path_factory.mktemp("run"), caught, CHECK, SPARED)


def test_a_catch_shrinks_to_one_lifecycle_and_one_fault_that_strikes_once(kept: Kept) -> None:
    assert kept.shrunk.before.lifecycles > 5
    assert kept.shrunk.before.faults > 10
    assert (kept.shrunk.after.lifecycles, kept.shrunk.after.faults, kept.shrunk.after.subscriptions) == (1, 1, 0)
    assert len(kept.shrunk.trial.faults or ()) == kept.shrunk.after.faults
    (fault,) = kept.shrunk.trial.faults or ()
    assert fault.txn
    assert (fault.share_ppm, fault.nth, fault.start_us, fault.end_us) == (1_000_000, 1, 0, 0)


def test_the_first_look_is_no_part_of_what_may_be_spent(caught: Trial) -> None:
    shrunk = shrink(caught, CHECK, seconds=1e-9)
    assert (shrunk.attempts, shrunk.left_over) == (0, LEFT_OVER)
    assert shrunk.seconds > 0.01


def test_the_same_catch_always_shrinks_to_the_same_trial(caught: Trial, kept: Kept) -> None:
    again = shrink(caught, CHECK, SPARED)
    assert (again.trial, again.attempts) == (kept.shrunk.trial, kept.shrunk.attempts)


def test_the_shrunk_trial_breaks_the_same_rule_and_nothing_without_the_mutant(kept: Kept) -> None:
    trial = kept.shrunk.trial
    assert look(trial, CHECK).is_broken
    assert not look(msgspec.structs.replace(trial, mutant=""), CHECK).is_broken


def test_the_scenario_file_plays_the_shrunk_trial(kept: Kept) -> None:
    scenario = load(kept.folder / regression.SCENARIO)
    written = timeline_of(regression.trial_of(dump(scenario)))
    shrunk = timeline_of(kept.shrunk.trial)
    assert list(written.acts) == list(shrunk.acts)
    assert [_place(fault) for fault in written.faults] == [_place(fault) for fault in shrunk.faults]


def test_the_story_says_who_what_which_fault_and_what_came_out(kept: Kept) -> None:
    (quote,) = timeline_of(kept.shrunk.trial).acts.lifecycles()
    (who,), (fault,) = kept.tale.who, kept.tale.faults
    assert "signs" in who
    assert quote in who
    assert "F09 lost reply" in fault
    assert quote in fault
    assert any("was sent again under a new key" in sentence for _, sentence in kept.tale.steps)
    assert "became 2 orders" in kept.tale.outcome


def test_its_pytest_file_fails_with_the_mutant_and_passes_without(kept: Kept, tmp_path: Path) -> None:
    file = kept.folder / regression.TEST
    with pytest.raises(AssertionError, match="became 2 orders"):
        run_path(str(file))["test_s1_holds"]()
    text, argument = file.read_text(encoding="utf-8"), f', mutant="{MUTANT}"'
    assert argument in text
    (tmp_path / regression.TEST).write_text(text.replace(argument, ""), encoding="utf-8")
    (tmp_path / regression.SCENARIO).write_bytes((kept.folder / regression.SCENARIO).read_bytes())
    run_path(str(tmp_path / regression.TEST))["test_s1_holds"]()


def test_a_regression_whose_fault_meets_nothing_any_more_is_skipped_and_says_so(kept: Kept, tmp_path: Path) -> None:
    fault = msgspec.structs.replace((kept.shrunk.trial.faults or ())[0], nth=9)
    never = msgspec.structs.replace(kept.shrunk.trial, mutant="", faults=(fault,))
    regression.write(tmp_path, never, CHECK, "a story")
    with pytest.raises(pytest.skip.Exception, match="S1 holds; what was planned to go wrong meets nothing: F09 lost"):
        run_path(str(tmp_path / regression.TEST))["test_s1_holds"]()


def test_a_regression_whose_rule_has_nothing_to_judge_any_more_is_skipped_and_says_so(tmp_path: Path) -> None:
    text = dump(demo(1, 0, days=1, run_on_days=1).model_copy(update={"lifecycles": ()}))
    regression.write(tmp_path, Trial(scenario=text, seed=1, faults=()), CHECK, "a story")
    outcome = regression.outcome_of(tmp_path / regression.SCENARIO, CHECK)
    assert not outcome.failure
    assert outcome.idle.startswith("S1 is not judged (nothing to judge")


def test_a_trial_that_breaks_nothing_cannot_be_shrunk(kept: Kept) -> None:
    with pytest.raises(NotBroken, match="does not break S1"):
        shrink(msgspec.structs.replace(kept.shrunk.trial, mutant=""), CHECK)


def test_a_search_that_may_not_search_returns_what_it_was_given(kept: Kept) -> None:
    shrunk = shrink(kept.shrunk.trial, CHECK, SPARED, attempts=0)
    assert not shrunk.is_whole
    assert "lifecycles, faults, the scenario and numbers may get smaller yet by `q2c shrink`" in sentence_of(shrunk)
    assert shrunk.before == shrunk.after


def test_the_command_shrinks_what_a_hunt_kept(kept: Kept, tmp_path: Path) -> None:
    (tmp_path / "trial.json").write_bytes(msgspec.json.encode(kept.shrunk.trial))
    done = CliRunner().invoke(q2c, ["shrink", str(tmp_path), "--check", CHECK])
    assert done.exit_code == 0, done.output
    assert "became 2 orders" in done.output
    assert (tmp_path / regression.SCENARIO).is_file()
    assert (tmp_path / regression.TEST).is_file()


def test_the_command_shrinks_a_rehearsal_that_a_mutant_broke(kept: Kept, tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    scenario = load(kept.folder / regression.SCENARIO)
    wrong = scenario.integration.model_copy(update={"mutant": MUTANT})
    text = dump(scenario.model_copy(update={"integration": wrong}))
    folder.scenario.write_text(text, encoding="utf-8")
    recorder = ParquetRecorder(folder.history)
    recorder.add(play(regression.trial_of(text))[0])
    recorder.close()
    done = CliRunner().invoke(q2c, ["shrink", str(tmp_path), "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["check"] in ("S1", "S7")
    assert told["after"]["lifecycles"] == told["after"]["faults"] == 1
    assert load(tmp_path / regression.SCENARIO).integration.mutant == "none"
    assert f'mutant="{MUTANT}"' in (tmp_path / regression.TEST).read_text(encoding="utf-8")


def test_the_command_says_what_a_folder_lacks(tmp_path: Path) -> None:
    done = CliRunner().invoke(q2c, ["shrink", str(tmp_path)])
    assert done.exit_code == 2
    assert "holds no run that can be played again: expected trial.json" in done.output
    assert "Make one: `q2c hunt`" in done.output
    (tmp_path / "a run").mkdir()
    (tmp_path / "a run" / "trial.json").write_text('{"a": 1}', encoding="utf-8")
    done = CliRunner().invoke(q2c, ["shrink", str(tmp_path)])
    assert f"Name one of the 1 run in it, such as {tmp_path / 'a run'}." in done.output
    done = CliRunner().invoke(q2c, ["shrink", str(tmp_path / "a run")])
    assert "it is no trial of a hunt, such as trial.json (Object missing required field `scenario`)" in done.output
    assert done.exit_code == 2


def test_a_death_stays_at_its_write_of_its_flow_when_neighbours_go(caught: Trial) -> None:
    sound = msgspec.structs.replace(caught, mutant="", faults=())
    names = timeline_of(sound).acts.lifecycles()
    last = [each for each in writes_of(sound) if each.txn == names[-1]][3]
    dying = msgspec.structs.replace(sound, faults=(Fault(kind="crash", count=last.number),))
    alone = msgspec.structs.replace(dying, without=frozenset(names[:-1]))
    moved = anchors_of(dying).moved(alone)
    (fault,) = moved.faults or ()
    assert fault.count < last.number
    there = {each.number: each for each in writes_of(msgspec.structs.replace(alone, faults=()))}[fault.count]
    assert (there.flow, there.place) == (last.flow, last.place)


def test_a_death_at_a_write_that_is_left_out_comes_at_the_next_one(caught: Trial) -> None:
    sound = msgspec.structs.replace(caught, mutant="", faults=())
    names = timeline_of(sound).acts.lifecycles()
    gone = next(each for each in writes_of(sound) if each.txn == names[-1])
    dying = msgspec.structs.replace(sound, faults=(Fault(kind="crash", count=gone.number),))
    without = msgspec.structs.replace(dying, without=frozenset(names[-1:]))
    (fault,) = anchors_of(dying).moved(without).faults or ()
    left = writes_of(msgspec.structs.replace(without, faults=()))
    assert left[fault.count - 1].at_us >= gone.at_us > left[fault.count - 2].at_us


@pytest.mark.parametrize("seed", [1, 3, 8])  # in which some death shows it
def test_of_many_deaths_those_at_writes_of_the_transaction_are_tried_by_themselves(seed: int) -> None:
    deaths = ({"kind": "crash", "count": count, "wait": "30s"} for count in range(25, 1400, 35))
    text = dump(troubled(*deaths, orders=10, days=2))
    shrunk = shrink(Trial(scenario=text, seed=seed, mutant="key_in_memory_only"), "S4", SPARED)
    assert shrunk.before.faults > 20
    assert (shrunk.after.lifecycles, shrunk.after.faults) == (1, 1)
    assert shrunk.attempts < 10


def test_many_strikes_at_the_operation_that_is_shown_become_one_fault_that_strikes_at_every_try() -> None:
    kinds = ("unavailable", "error_before", "throttled", "row_locked", "lost_reply", "reset_after", "closed_after")
    plan = tuple(Fault(kind=kind, system="erp", operation="upsert_order", nth=1) for kind in kinds)
    text = dump(demo(3, 0, days=1, run_on_days=1))
    shrunk = shrink(Trial(scenario=text, seed=1, faults=plan, mutant="retries_without_end"), "P6", SPARED)
    assert (shrunk.after.lifecycles, shrunk.after.faults) == (1, 1)
    (fault,) = shrunk.trial.faults or ()
    assert (fault.operation, fault.nth) == ("upsert_order", 0)


def _place(fault: Fault) -> tuple[object, ...]:
    return fault.kind, fault.system, fault.operation, fault.txn, fault.nth, fault.share_ppm, fault.seconds


def test_the_file_of_a_trial_has_its_faults_and_no_others() -> None:
    text = dump(scaled(find("quarter_end_dress_rehearsal"), orders=1, subscriptions=0))
    own = Fault(kind="loss", system="payment", nth=1)
    for trial in (Trial(scenario=text, seed=1, faults=(own,)), Trial(scenario=text, seed=1)):
        wanted = [each.kind for each in timeline_of(trial).faults]
        written = regression.trial_of(dump(regression.scenario_of(trial)))
        assert [each.kind for each in timeline_of(written).faults] == wanted


def test_a_catch_that_goes_otherwise_when_it_is_played_again_is_kept_as_it_was(kept: Kept, tmp_path: Path) -> None:
    sound = msgspec.structs.replace(kept.shrunk.trial, mutant="")
    broken = Broken(check=CHECK, count=1, transactions=(), sentence="it was ordered twice")
    found = msgspec.structs.replace(attempt(sound), broken=(broken,))
    hunt = SimpleNamespace(catches=[Catch(number=3, trial=sound, found=found)])
    (told,) = keeping.caught(tmp_path, cast(Campaign, hunt), shrinks=True)
    assert "went otherwise" in told.shrunk
    assert told.story == ""
    assert (tmp_path / keeping.TRIAL).is_file()
