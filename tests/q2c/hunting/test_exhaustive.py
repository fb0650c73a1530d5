"""The exhaustive mode, on a few points of one flow; benchmarks/exhaustive.py plays them all."""

from __future__ import annotations

import json
from itertools import islice

import msgspec
import pytest
from click.testing import CliRunner

from domain.faults import CATALOGUE, Fault, Place
from q2c.cli import q2c
from q2c.commands import exhausting
from q2c.hunting import exhaustive
from q2c.hunting.canonical import FLOWS, lifecycle_of, named, trial_of
from q2c.hunting.exhaustive import BROKEN, DEATHS, HOLDS, Point, deaths, distinct, examine, faults, pairs, run
from q2c.hunting.trial import timeline_of
from q2c.hunting.writes import DurableWrite, writes_of
from simulator.experiments.executors import Serial

FLOW = "new_business"


@pytest.fixture(scope="module")
def writes() -> tuple[DurableWrite, ...]:
    return writes_of(trial_of(FLOW))


@pytest.fixture(scope="module")
def dying() -> list[Point]:
    return list(deaths(FLOW))


@pytest.mark.parametrize("flow", [each.name for each in FLOWS])
def test_a_canonical_flow_plays_one_lifecycle_of_its_kind(flow: str) -> None:
    name, timeline = lifecycle_of(trial_of(flow)), timeline_of(trial_of(flow))
    assert timeline.lifecycles == 1
    assert not timeline.faults
    acts = [act for act in timeline.acts if act.txn == name]
    assert named(flow).action in {act.action for act in acts}
    assert named(flow).kind in {"", *(act.arguments.get("amendment_kind") or act.arguments.get("kind") for act in acts)}


def test_a_flow_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(ValueError, match="no canonical flow is called 'renewals'; there are new_business, "):
        named("renewals")


def test_writes_are_counted_through_the_run_and_placed_in_their_flow(writes: tuple[DurableWrite, ...]) -> None:
    assert [each.number for each in writes] == list(range(1, len(writes) + 1))
    own = [each for each in writes if each.name == "accepted_quote"]
    assert [each.place for each in own] == list(range(1, len(own) + 1))
    assert own[0].does == "message quote.accepted"
    assert own[-1].does == "end"
    assert "call upsert_order" in [each.does for each in own]


def test_every_write_of_the_lifecycle_is_struck_before_and_after(
    writes: tuple[DurableWrite, ...], dying: list[Point]
) -> None:
    own = {each.number for each in distinct(writes) if each.txn}
    struck = {(fault.kind, fault.count) for point in dying for fault in point.faults}
    assert {(kind, number) for number in own for kind in DEATHS} <= struck
    assert len(own) > 25


def test_sweeps_and_polls_are_struck_once_for_all_their_likes() -> None:
    sweeps = [DurableWrite(n, f"sweep/{n}", "sweep_orders", "", 1, "start") for n in range(1, 9)]
    polls = [DurableWrite(n, "quote/Q-000001-v1", "apply", "Q-000001", n, "call read_job") for n in range(9, 20)]
    assert [each.number for each in distinct([*sweeps, *polls])] == [1, 9, 10, 19]


def test_pairs_are_close_and_in_order() -> None:
    for point in pairs(FLOW, gap=2):
        first, second = (2 * fault.count + DEATHS.index(fault.kind) for fault in point.faults)
        assert first < second <= first + 2


def test_every_kind_that_strikes_calls_or_messages_comes_by_itself() -> None:
    planned = {fault.kind for point in faults(FLOW) for fault in point.faults}
    free = {kind.key for kind in CATALOGUE.values() if kind.reach == type(kind.reach)() and kind.key not in DEATHS}
    assert free <= planned
    assert {CATALOGUE[kind].place for kind in planned} >= {Place.NETWORK, Place.BEFORE, Place.AFTER, Place.WEBHOOK}


def test_a_death_at_a_write_of_an_order_changes_nothing(dying: list[Point]) -> None:
    orders = [point for point in dying if "call upsert_order" in point.what]
    tally = run(orders, Serial())
    assert tally.total(HOLDS) == len(orders) == 2
    assert not tally.findings


def test_what_ends_otherwise_than_undisturbed_is_a_finding(dying: list[Point]) -> None:
    (point, *_) = [each for each in dying if "call upsert_order" in each.what]
    other = msgspec.structs.replace(point.reference, state="another state")
    assert examine(msgspec.structs.replace(point, reference=other)).status == exhaustive.DIFFERS


def test_a_rule_of_messages_that_lost_its_only_message_is_no_finding() -> None:
    (lost,) = [point for point in faults("amendment_co_term") if point.what.startswith("loss at crm quote.accepted")]
    assert examine(lost).status == HOLDS


def test_a_run_whose_judging_falls_over_is_a_finding(monkeypatch: pytest.MonkeyPatch, dying: list[Point]) -> None:
    def falls(_facts: object) -> None:
        raise RuntimeError("a total of nothing")

    monkeypatch.setattr(exhaustive, "final_state", falls)
    outcome = examine(dying[0])
    assert (outcome.status, outcome.sentence) == (exhaustive.FAILED, "RuntimeError: a total of nothing")


def test_a_pair_whose_second_death_never_came_is_idle(dying: list[Point]) -> None:
    (point, *_) = [each for each in dying if "call upsert_order" in each.what]
    never = Fault(kind="crash", count=10_000)
    assert examine(msgspec.structs.replace(point, faults=(*point.faults, never))).status == exhaustive.IDLE


def test_an_integration_that_asks_under_new_keys_is_found_out() -> None:
    (lost,) = [point for point in faults(FLOW) if point.what.startswith("lost_reply at erp upsert_order")]
    outcome = examine(msgspec.structs.replace(lost, mutant="fresh_key_per_retry"))
    assert outcome.status == BROKEN
    assert "S1" in outcome.checks
    assert examine(lost).status == HOLDS


def test_the_command_counts_and_names_what_it_found(monkeypatch: pytest.MonkeyPatch, dying: list[Point]) -> None:
    other = msgspec.structs.replace(dying[-1].reference, state="another state")
    few = [dying[-2], msgspec.structs.replace(dying[-1], reference=other)]
    monkeypatch.setattr(exhausting, "points_of", lambda flows, modes, mutant: iter([*few, *islice(faults(FLOW), 3)]))
    asked = ["hunt", FLOW, "--exhaustive", "--only", few[0].faults[0].kind, "--only", few[1].faults[0].kind]
    done = CliRunner().invoke(q2c, [*asked, "--workers", "1", "--json"])
    assert done.exit_code == 1
    told = json.loads(done.stdout)
    assert told["flows"] == {FLOW: {"deaths": {"differs": 1, "holds": 1}}}
    assert [each["what"] for each in told["findings"]] == [dying[-1].what]


def test_the_command_says_which_flows_there_are() -> None:
    done = CliRunner().invoke(q2c, ["hunt", "renewals", "--exhaustive", "--workers", "1"])
    assert done.exit_code == 2
    assert "no canonical flow is called 'renewals'" in done.output
