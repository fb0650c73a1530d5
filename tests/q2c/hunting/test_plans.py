from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.checks.coverage import Coverage
from contracts.checks.pairs import CALLS, Pair, pairs_of, why_not_call, why_not_message
from domain.draws import Draws
from domain.faults import CATALOGUE, Fault, Place
from q2c.hunting.aims import STARTERS
from q2c.hunting.ground import Ground
from q2c.hunting.plans import again, directed, plan
from q2c.hunting.swarm import kinds_on
from tests.q2c.hunting.pretence import CALLED, TOLD

MISSED = (
    Pair("erp", "read_order", "lost_reply", "first"),
    Pair("payment", "payment_intent.succeeded", "duplicate", "message"),
)
GROUND = Ground(
    start_us=1_000_000_000, heal_us=1_000_000_000 + 86_400_000_000, called=CALLED, told=TOLD, durable_writes=40,
    missed=MISSED,
)  # fmt: skip


def drawn(seed: int, kinds: frozenset[str] = frozenset(CATALOGUE)) -> tuple[Fault, ...]:
    return plan(GROUND, Draws(seed), kinds, turn=seed)


@given(seed=st.integers(0, 2**32), kinds=st.frozensets(st.sampled_from(sorted(CATALOGUE))))
@settings(max_examples=100, deadline=None)
def test_a_plan_has_only_kinds_that_are_on_within_what_a_right_integration_bears(
    seed: int, kinds: frozenset[str]
) -> None:
    for fault in drawn(seed, kinds):
        assert fault.kind in kinds | set(STARTERS)
        assert 0 <= fault.start_us <= fault.end_us <= GROUND.heal_us
        assert fault.end_us == 0 or fault.start_us >= GROUND.start_us
        for parameter in CATALOGUE[fault.kind].parameters:
            value = {"wait": fault.seconds, "count": fault.count, "factor": fault.factor}[parameter.word]
            if parameter.word == "factor" and fault.nth:
                assert fault.factor == 1, "its errors are aimed; what stretches every call is for windows"
                continue
            is_write = CATALOGUE[fault.kind].place is Place.PROCESS and parameter.word == "count"
            assert (1 if is_write else parameter.low) <= value <= (40 if is_write else parameter.high), fault


@given(seed=st.integers(0, 2**32))
@settings(max_examples=100, deadline=None)
def test_a_fault_is_only_planned_where_it_can_strike(seed: int) -> None:
    for fault in drawn(seed):
        if not fault.operation:
            continue
        place = CATALOGUE[fault.kind].place
        found = [why_not_call(fault.kind, each) for each in CALLED if each.operation == fault.operation]
        found += [why_not_message(fault.kind, each) for each in TOLD if each.topic == fault.operation]
        assert found == [""], fault
        assert (place in CALLS) == any(each.operation == fault.operation for each in CALLED)


def test_equal_draws_make_equal_plans_and_others_make_others() -> None:
    assert drawn(3) == drawn(3)
    assert len({drawn(seed) for seed in range(50)}) > 45


def test_pairs_that_no_run_has_hit_are_aimed_at_first() -> None:
    for seed in range(20):
        first, second = drawn(seed)[:2]
        assert {(first.kind, first.nth), (second.kind, second.nth)} == {("lost_reply", 1), ("duplicate", 1)}


EVERY = pairs_of(Coverage(cells=(), states=(), reasons=(), plan=(), called=CALLED, told=TOLD))
SPOTS = {(called.system, called.operation) for called in CALLED} | {(told.system, told.topic) for told in TOLD}


def test_a_directed_plan_aims_at_all_that_was_missed() -> None:
    ground = msgspec.structs.replace(GROUND, missed=EVERY.missed)
    for seed in range(20):
        faults = directed(ground, Draws(seed), frozenset(CATALOGUE), seed)
        assert {(fault.system, fault.operation) for fault in faults if fault.nth} == SPOTS


def test_where_nothing_is_missed_a_directed_plan_strikes_some_calls_all_the_same() -> None:
    ground = msgspec.structs.replace(GROUND, missed=())
    plans = [directed(ground, Draws(seed), frozenset(CATALOGUE), seed) for seed in range(40)]
    struck = [{fault.operation for fault in faults if fault.nth} for faults in plans]
    for called in CALLED:
        assert 10 < sum(called.operation in each for each in struck) < 30


def test_what_never_met_at_any_try_is_aimed_at_before_what_did_at_another_try() -> None:
    unmet = ("erp", "read_order", "unavailable")
    missed = tuple(Pair("erp", "read_order", kind, "first") for kind in ("throttled", "unavailable", "forbidden"))
    ground = msgspec.structs.replace(GROUND, missed=missed, unmet=frozenset([unmet]))
    kinds = frozenset(pair.fault for pair in missed)
    assert {directed(ground, Draws(seed), kinds, seed)[0].kind for seed in range(20)} == {"unavailable"}


def test_a_directed_plan_aims_at_kinds_that_are_off_only_where_nothing_else_is_missed() -> None:
    missed = (*MISSED, Pair("erp", "read_order", "throttled", "first"))
    ground = msgspec.structs.replace(GROUND, missed=missed)
    faults = directed(ground, Draws(1), frozenset(["throttled"]), 0)
    assert [(fault.kind, fault.operation) for fault in faults if fault.nth and fault.operation in str(MISSED)] == [
        ("throttled", "read_order"), ("duplicate", "payment_intent.succeeded"),
    ]  # fmt: skip


def test_a_run_is_played_again_with_the_same_faults_and_what_was_missed_in_the_place_of_what_was_aimed_at_it() -> None:
    known = (
        Fault(kind="loss", share_ppm=5_000), Fault(kind="refused", system="erp", operation="read_order", nth=1),
        Fault(kind="crash", count=7),
    )  # fmt: skip
    pair = Pair("payment", "create_payment_intent", "lost_reply", "first")
    ground = msgspec.structs.replace(GROUND, missed=(MISSED[0], pair))
    faults = again(ground, Draws(3), 0, known)
    assert (faults[0], faults[2]) == (known[0], known[2])
    assert [(each.kind, each.operation) for each in (faults[1], faults[3])] == [
        ("lost_reply", "read_order"), ("lost_reply", "create_payment_intent"),
    ]  # fmt: skip


def test_each_kind_is_off_in_about_half_of_the_runs_whichever_others_there_are() -> None:
    runs = [kinds_on(Draws(1).under("hunt", number), sorted(CATALOGUE)) for number in range(400)]
    for kind in CATALOGUE:
        assert 140 < sum(kind in on for on in runs) < 260
    alone = [kinds_on(Draws(1).under("hunt", number), ["loss"]) for number in range(400)]
    assert [("loss" in on) for on in runs] == [("loss" in on) for on in alone]


def test_nothing_is_planned_for_a_ground_of_which_nothing_is_known() -> None:
    unknown = Ground(start_us=GROUND.start_us, heal_us=GROUND.heal_us)
    kinds = frozenset(kind.key for kind in CATALOGUE.values() if kind.place is not Place.PROCESS)
    assert all(plan(unknown, Draws(seed), kinds, seed) == () for seed in range(20))
    assert msgspec.structs.replace(unknown, called=CALLED).minutes == 1440
