from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from contracts.checks.pairs import Pair
from domain.draws import Draws
from domain.faults import CATALOGUE
from q2c.hunting.aims import ACROSS, WITHIN, aimed_at, in_turn, missed_at
from q2c.hunting.ground import Ground


def read_order(*pairs: tuple[str, str]) -> list[Pair]:
    return [Pair("erp", "read_order", *pair) for pair in pairs]


def aimed(*pairs: tuple[str, str], is_rare: bool = False) -> list[tuple[str, int]]:
    return [(fault.kind, fault.nth) for fault in aimed_at(read_order(*pairs), Draws(1), is_rare)]


def test_a_retry_is_made_by_a_failure_that_strikes_no_later_than_what_is_aimed_at_it() -> None:
    assert aimed(("lost_reply", "retry")) == [("error_before", 1), ("lost_reply", 1)]
    assert aimed(("refused", "retry")) == [("reset_before", 1), ("refused", 1)]
    assert aimed(("brownout", "retry")) == [("error_before", 1), ("brownout", 1)]


def test_a_first_try_that_was_never_hit_makes_the_retry() -> None:
    assert aimed(("throttled", "first"), ("lost_reply", "retry")) == [("throttled", 1), ("lost_reply", 1)]


def test_what_strikes_earlier_than_the_fault_of_the_first_try_sees_that_try_pass_by() -> None:
    assert aimed(("lost_reply", "first"), ("throttled", "retry")) == [("lost_reply", 1), ("throttled", 2)]
    assert aimed(("lost_reply", "first"), ("throttled", "retry"), ("reset_after", "retry")) == [
        ("lost_reply", 1), ("throttled", 2), ("reset_after", 1),
    ]  # fmt: skip


def test_several_retries_of_a_call_are_struck_one_after_another_the_earliest_to_strike_first() -> None:
    assert aimed(("lost_reply", "retry"), ("refused", "retry"), ("throttled", "retry")) == [
        ("reset_before", 1), ("refused", 1), ("lost_reply", 1),
    ]  # fmt: skip


def test_a_kind_that_strikes_the_first_try_strikes_a_retry_only_when_no_other_does() -> None:
    pairs = [("lost_reply", "first"), ("lost_reply", "retry"), ("closed_after", "retry"), ("truncated_after", "retry")]
    assert [kind for kind, _ in aimed(*pairs)] == ["lost_reply", "closed_after", "truncated_after"]
    assert [kind for kind, _ in aimed(*pairs[:3])] == ["lost_reply", "closed_after", "lost_reply"]


def test_several_kinds_share_the_first_calls_of_the_transactions() -> None:
    pairs = read_order(*((kind, "first") for kind in ("throttled", "refused", "unavailable", "forbidden")))
    faults = list(aimed_at(pairs, Draws(1)))
    assert [(fault.kind, fault.share_ppm, fault.nth) for fault in faults] == [
        ("throttled", 333_333, 1), ("unavailable", 500_000, 1), ("forbidden", 1_000_000, 1),
    ], "each takes a third: what the ones before it leave; another stage would strike before them"  # fmt: skip


def unmet(*kinds: str) -> list[tuple[str, str]]:
    return [(kind, when) for kind in kinds for when in ("first", "retry")]


def test_where_few_transactions_call_one_kind_has_the_first_call_and_more_of_them_those_that_follow() -> None:
    kinds = ("throttled", "unavailable", "forbidden", "row_locked", "error_before", "pool_taken")
    assert [kind for kind, _ in aimed(*unmet(*kinds), is_rare=True)] == list(kinds[:5])


def test_where_few_transactions_call_what_strikes_earliest_leaves_the_following_calls_to_the_others() -> None:
    found = aimed(*unmet("throttled", "lost_reply", "refused", "unavailable", "forbidden"), is_rare=True)
    assert [kind for kind, _ in found] == ["refused", "throttled", "unavailable", "forbidden", "lost_reply"]
    assert {nth for _, nth in found} == {1}


def test_where_few_transactions_call_only_the_last_strike_may_come_when_the_work_is_done() -> None:
    late = ("lost_reply", "closed_after", "truncated_after", "error_after")
    assert {kind for kind, _ in aimed(*unmet("throttled", *late), is_rare=True)} == {"throttled", "lost_reply"}


def test_where_few_transactions_call_late_kinds_whose_turn_it_is_share_the_first_calls() -> None:
    late = ("lost_reply", "closed_after", "truncated_after", "error_after")
    found = list(aimed_at(read_order(*unmet(*late, "throttled")), Draws(1), is_rare=True))
    assert {fault.kind for fault in found} == set(late)
    assert [fault.share_ppm for fault in found[:3]] == [333_333, 500_000, 1_000_000]


def test_a_storm_is_aimed_before_all_others_since_it_counts_the_calls_that_they_strike() -> None:
    storm, other = aimed_at(read_order(("refused", "first"), ("retry_storm", "first")), Draws(1))
    assert (storm.kind, storm.count) == ("retry_storm", 1), "the fewer it takes, the more calls meet it"
    assert other.kind == "refused"


def test_a_copy_that_lags_takes_no_other_kinds_place_and_lags_as_long_as_a_right_integration_bears() -> None:
    kinds = ("stale_read", "lost_reply", "closed_after")
    lag, *others = aimed_at(read_order(*((kind, "first") for kind in kinds)), Draws(1))
    longest = CATALOGUE["stale_read"].range_of("wait")[1]
    assert (lag.kind, lag.seconds, lag.share_ppm) == ("stale_read", longest, 1_000_000)
    assert [fault.share_ppm for fault in others] == [500_000, 1_000_000]


@pytest.mark.parametrize("step", [ACROSS, WITHIN])
@pytest.mark.parametrize("begun", [0, 17, 400])
def test_turns_that_follow_each_other_begin_everywhere_in_a_list(step: int, begun: int) -> None:
    began = sorted(in_turn(range(60), turn, step)[0] for turn in range(begun, begun + 20))
    assert max(later - earlier for earlier, later in pairwise(began)) <= 8
    assert Counter(in_turn(range(60), begun, step)) == Counter(range(60))


def test_of_what_is_missed_at_an_operation_each_turn_aims_first_at_another_part() -> None:
    kinds = ("throttled", "unavailable", "forbidden", "row_locked", "error_before", "lost_reply")
    ground = Ground(start_us=0, heal_us=1, missed=tuple(read_order(*((kind, "first") for kind in kinds))))
    first = [missed_at(ground, kinds, turn)["erp", "read_order"][0].fault for turn in range(12)]
    assert set(first) == set(kinds)
    assert missed_at(ground, ["row_locked"], 0) == {("erp", "read_order"): read_order(("row_locked", "first"))}
