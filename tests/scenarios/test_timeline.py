"""A timeline is a sorted, complete, reproducible value in which each lifecycle stands on its own."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.acts import Act
from scenarios import library, loader
from scenarios.language import Scenario
from scenarios.scale import scaled, short
from scenarios.timeline import Timeline, build, estimate_memory, expected_lifecycles

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def demo() -> Scenario:
    return short(library.named("quarter_end"))


@pytest.fixture(scope="module")
def timeline(demo: Scenario) -> Timeline:
    return build(demo, 7)


def of_txn(timeline: Timeline) -> dict[str, list[Act]]:
    found: dict[str, list[Act]] = {}
    for act in timeline.acts:
        found.setdefault(act.txn, []).append(act)
    return found


@settings(max_examples=12, deadline=None)
@given(name=st.sampled_from(library.names()), seed=st.integers(0, 2**63 - 1))
def test_acts_come_in_order_of_time_within_the_run(name: str, seed: int) -> None:
    timeline = build(short(library.named(name)), seed)
    acts = list(timeline.acts)
    assert all(before.at_us <= after.at_us for before, after in pairwise(acts))
    assert timeline.start_us == acts[0].at_us <= acts[-1].at_us <= timeline.horizon_us
    assert len(acts) == len(timeline.acts)
    accepted = [act for act in acts if act.action == "accept_quote"]
    assert len(accepted) == timeline.lifecycles
    assert all(act.at_us <= timeline.heal_us for act in accepted)


def test_equal_scenario_and_seed_make_equal_timelines_and_others_differ(demo: Scenario, timeline: Timeline) -> None:
    again, other = build(demo, 7), build(demo, 8)
    assert again == timeline
    assert again.digest() == timeline.digest() == build(demo, 7).digest()
    assert other.digest() != timeline.digest()


def test_the_digest_is_the_same_under_any_hash_seed() -> None:
    code = (
        "from scenarios import library; from scenarios.scale import short; from scenarios.timeline import build;"
        "print(build(short(library.named('quarter_end')), 3).digest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": zone},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed, zone in (("0", "UTC"), ("4711", "Asia/Tokyo"))
    }
    assert len(digests) == 1


def test_removing_a_lifecycle_leaves_all_others_unchanged(demo: Scenario, timeline: Timeline) -> None:
    txns = [act.txn for act in timeline.acts if act.action == "accept_quote"]
    gone = frozenset({txns[0], txns[len(txns) // 2], txns[-1]})
    less, all_of_it = of_txn(build(demo, 7, gone)), of_txn(timeline)
    assert not gone & set(less)
    for txn in set(less) - {""}:
        assert less[txn] == all_of_it[txn]
    assert build(demo, 7, gone).lifecycles == timeline.lifecycles - 3


def test_adding_lifecycles_leaves_those_there_were_unchanged(demo: Scenario) -> None:
    small, large = of_txn(build(scaled(demo, 40, 20), 3)), of_txn(build(scaled(demo, 80, 20), 3))
    orders = [txn for txn in small if txn.startswith("Q-000")]
    assert len(orders) > 20
    assert all(small[txn] == large[txn] for txn in orders)


@settings(max_examples=8, deadline=None)
@given(orders=st.integers(30, 300), subscriptions=st.integers(0, 60), name=st.sampled_from(library.names()))
def test_scaling_brings_the_sizes_asked_for_and_keeps_the_rest(orders: int, subscriptions: int, name: str) -> None:
    whole = library.named(name)
    part = scaled(whole, orders, subscriptions)
    counts = [build(part, seed).acts.orders for seed in range(6)]
    assert sum(counts) / 6 == pytest.approx(orders, abs=3 * (2.2 * orders / 6) ** 0.5 + 2)
    assert part.world.live_subscriptions == subscriptions
    assert (part.rehearse, part.outages, part.mix, part.price_rise) == (
        whole.rehearse,
        whole.outages,
        whole.mix,
        whole.price_rise,
    )
    assert loader.parse(loader.dump(part)) == part


def test_scaling_moves_a_crash_with_the_durable_writes() -> None:
    whole = library.named("quarter_end")
    crashes = [each.count for each in whole.faults if each.kind.startswith("crash")]
    part = [each.count for each in scaled(whole, 280, 200).faults if each.kind.startswith("crash")]
    assert part == [count // 10 for count in crashes]


def test_scaling_beyond_the_numbers_of_the_language_is_refused(demo: Scenario) -> None:
    with pytest.raises(ValueError, match="out of range"):
        scaled(demo, 400_000, 10)
    with pytest.raises(ValueError, match="out of range"):
        scaled(demo, 10, -1)


def test_windows_are_absolute_and_local_to_their_entity() -> None:
    timeline = build(short(library.named("billing_outage_last_day")))
    (outage,) = timeline.faults
    new_york_14 = 1_798_743_600_000_000  # 2026-12-31T19:00:00Z
    assert (outage.kind, outage.system) == ("refused", "billing")
    assert (outage.start_us, outage.end_us) == (new_york_14, new_york_14 + 4 * 3_600_000_000)
    assert timeline.heal_us == 1_798_779_600_000_000  # midnight in New York, the last of the four


def test_a_window_that_outlasts_the_rehearsed_days_heals_with_it_and_nobody_acts_otherwise() -> None:
    calm = library.named("quarter_end_spike")
    through = loader.parse(
        "name: through\ntitle: t\nquestion: q\nextends: quarter_end_spike\n"
        "outages:\n  - {system: erp, from: quarter_end - 2h, lasts: 6h}\n"
        "faults:\n  - {kind: duplicate, share: 1%, count: 1}\n"
    )
    was, now = build(short(calm), 7), build(short(through), 7)
    outage, duplicates = now.faults
    assert (outage.end_us, duplicates.end_us) == (was.heal_us + 4 * 3_600_000_000, now.heal_us)
    assert (now.heal_us, now.horizon_us) == (outage.end_us, was.horizon_us)
    assert list(now.acts) == list(was.acts)


def test_faults_end_when_the_run_heals(timeline: Timeline) -> None:
    assert len(timeline.faults) > 10
    assert all(timeline.start_us <= fault.start_us < fault.end_us <= timeline.heal_us for fault in timeline.faults)
    assert timeline.heal_us + timeline.settle_seconds * 1_000_000 <= timeline.horizon_us


def test_a_larger_scenario_needs_more_memory_and_its_size_is_foreseen() -> None:
    whole = library.named("quarter_end")
    part = scaled(whole, 300, 200)
    assert estimate_memory(part) < estimate_memory(whole)
    found = [build(part, seed).lifecycles for seed in range(5)]
    assert sum(found) / 5 == pytest.approx(expected_lifecycles(part), rel=0.15)


def test_a_bank_decides_on_a_chargeback_within_the_time_that_is_said_and_takes_a_third_of_it_at_least() -> None:
    ground = library.find("hunting_ground")
    days = ground.payments.decided_within.days
    took = [hours for seed in range(40) for hours in decisions(build(ground, seed))]
    assert days * 8 <= min(took) < max(took) <= days * 24
    usual = ground.model_copy(
        update={"payments": ground.payments.model_copy(update={"decided_within": timedelta(days=12)})}
    )
    assert all(hours >= 4 * 24 for seed in range(40) for hours in decisions(build(usual, seed)))


def test_a_payment_is_charged_back_after_a_change_for_less_where_the_scenario_says_so() -> None:
    usual = library.find("hunting_ground")
    said = {"card": Fraction(1), "debit": Fraction(0), "chargeback": Fraction(0), "chargeback_credited": Fraction(1)}
    ground = usual.model_copy(update={"payments": usual.payments.model_copy(update=said)})
    timelines = [build(ground, seed) for seed in range(10)]
    opened = [act for each in timelines for act in each.acts if act.action == "open_dispute"]
    assert {act.arguments["txn"][:3] for act in opened} == {"Q-9"}  # the contract's payment
    assert {act.txn[:3] for act in opened} == {"Q-5"}  # it comes and goes with the change
    less = {act.txn for each in timelines for act in each.acts if _is_for_less(act)}
    assert {act.txn for act in opened} <= less
    assert not any(act.action == "open_dispute" and act.txn[:3] == "Q-5" for act in build(usual, 1).acts)


def _is_for_less(act: Act) -> bool:
    return act.action == "create_quote" and act.arguments.get("amendment_kind") in ("cancel", "downsell")


def decisions(timeline: Timeline) -> list[float]:
    """Return the hours that the bank takes to decide on each chargeback."""
    disputed = {act.txn: act.at_us for act in timeline.acts if act.action == "open_dispute"}
    closed = [act for act in timeline.acts if act.action == "close_dispute"]
    return [(act.at_us - disputed[act.txn]) / 3_600_000_000 for act in closed]


def test_a_customer_objects_to_an_invoice_within_the_days_that_are_said() -> None:
    ground = library.find("hunting_ground")
    took = [waited for seed in range(40) for waited in objections(build(ground, seed))]
    assert timedelta(days=2) <= min(took) < max(took) <= ground.failures.disputed_within


def objections(timeline: Timeline) -> list[timedelta]:
    """Return how long after the signature each invoice is disputed."""
    signed = {act.txn: act.at_us for act in timeline.acts if act.action == "accept_quote"}
    disputed = [act for act in timeline.acts if act.action == "dispute_invoice"]
    return [timedelta(microseconds=act.at_us - signed[act.txn]) for act in disputed]
