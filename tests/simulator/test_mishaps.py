"""What befalls the integration's process as a whole does not show in the business: each kind, at any durable write."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import msgspec
import pytest

from domain.faults import CATALOGUE, Fault, Place
from domain.history import Attempted, Crashed, Delivered, Fired, Flow
from integration.drivers.simpy_driver import SimpyHost
from integration.drivers.virtual_time import VirtualTime
from simulator.mishaps import GRACE_US, Mishaps
from simulator.troubled_host import BACK_OFF_SECONDS, TICK_US, TroubledHost
from tests.simulator.test_rehearsal import business, one_order
from tests.stage import OPENS_US, SECOND_US, Played

KINDS = sorted(kind.key for kind in CATALOGUE.values() if kind.place is Place.PROCESS)
WRITES = (5, 31)  # a flow begins; calls are under way


def struck(kind: str, count: int, **said: Any) -> Played:
    """Return the play of one order in which a mishap of the process strikes at a durable write."""
    return one_order(msgspec.structs.replace(CATALOGUE[kind].usual, count=count, **said))


@pytest.fixture(scope="module")
def undisturbed() -> Played:
    return one_order()


@pytest.mark.parametrize("count", WRITES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_mishap_does_not_show_in_the_business(kind: str, count: int, undisturbed: Played) -> None:
    played = struck(kind, count)
    assert {fired.kind for fired in played.of(Fired)} == {kind}
    assert business(played) == business(undisturbed)
    verdict = played.verdict()
    assert (verdict.status, played.broken(), verdict.unknown) == ("holds", {}, ())


def _fired_us(played: Played) -> int:
    return played.of(Fired)[0].at_us


def _quiet(played: Played, seconds: float) -> bool:
    """Tell whether nothing left the integration and no flow moved for so long after the mishap."""
    from_us = _fired_us(played)
    until_us = from_us + round(seconds * SECOND_US)
    moved = [each.at_us for each in played.of(Flow)] + [each.sent_us for each in played.of(Attempted)]
    return not any(from_us < at_us < until_us for at_us in moved)


@pytest.mark.parametrize("kind", ["pause", "journal_read_only"])
def test_nothing_leaves_a_process_that_stands_still_or_cannot_write(kind: str) -> None:
    assert _quiet(struck(kind, 31, seconds=600.0), 600)


def test_a_message_finds_nobody_while_the_process_stands_still_and_comes_again() -> None:
    played = struck("pause", 23, seconds=3600.0)
    unheard = {each.message for each in played.of(Delivered) if each.status == 0}
    assert unheard
    assert unheard <= {each.message for each in played.of(Delivered) if each.status == 200}


def test_a_zombie_is_replaced_and_what_it_still_does_is_done_once(undisturbed: Played) -> None:
    """Its call was recorded and is sent when it wakes, an hour after its successor sent the same under the same key."""
    for count in range(20, 40):
        played = struck("zombie", count, seconds=7200.0)
        (replaced,) = played.of(Crashed)
        assert replaced.back_us - replaced.at_us == 3600 * SECOND_US
        woken_us = replaced.at_us + 7200 * SECOND_US
        late = [each for each in played.of(Attempted) if each.sent_us == woken_us and each.write]
        if late:
            break
    (call,) = late
    same = [each for each in played.attempts(call.operation, call.system) if each.fingerprint == call.fingerprint]
    assert same[0].sent_us < woken_us, "the successor was first"
    assert {each.key for each in same} == {call.key}
    assert business(played) == business(undisturbed)


def test_a_successor_that_stands_still_does_not_wake_with_the_zombie() -> None:
    zombie = msgspec.structs.replace(CATALOGUE["zombie"].usual, count=23, seconds=1200.0)
    played = one_order(zombie, msgspec.structs.replace(CATALOGUE["pause"].usual, count=26, seconds=3600.0))
    replaced, paused = played.of(Crashed)
    woken_us = replaced.at_us + 1200 * SECOND_US
    assert paused.at_us < woken_us < paused.back_us
    assert {each.sent_us for each in played.of(Attempted) if paused.at_us < each.sent_us < paused.back_us} <= {woken_us}
    assert not [each for each in played.of(Flow) if paused.at_us < each.at_us < paused.back_us]


def test_a_locked_journal_ends_the_incarnation_and_the_next_one_begins_once_it_can_write() -> None:
    played = struck("journal_locked", 31, seconds=10.0)
    (end,) = played.of(Crashed)
    assert (end.write, end.after, end.back_us - end.at_us) == (31, False, 10 * SECOND_US)
    later = [each.sent_us for each in played.of(Attempted) if each.sent_us > end.at_us]
    longest_us = round(max(BACK_OFF_SECONDS) * SECOND_US)
    assert end.back_us <= min(later) <= end.back_us + longest_us


def test_a_restart_loop_dies_so_many_times_and_ends() -> None:
    played = struck("restart_loop", 31, factor=4.0, seconds=10.0)
    deaths = played.of(Crashed)
    assert len(deaths) == 4
    assert all(later.at_us >= each.back_us for each, later in pairwise(deaths))


def test_a_restart_loop_ends_when_it_heals_however_often_it_was_to_die() -> None:
    first, second, *_ = struck("restart_loop", 31, factor=4.0, seconds=10.0).of(Crashed)
    healed = struck("restart_loop", 31, factor=4.0, seconds=10.0, end_us=second.back_us)
    assert [each.at_us for each in healed.of(Crashed)] == [first.at_us, second.at_us]


def test_a_process_that_ends_in_order_waits_for_its_answers_and_begins_nothing() -> None:
    played = struck("deploy", 31, seconds=60.0)
    (end,) = played.of(Crashed)
    assert end.back_us - end.at_us == GRACE_US + 60 * SECOND_US
    assert _quiet(played, 80)
    assert not [each for each in played.of(Attempted) if each.outcome == "unknown"], "each call had its answer"


def test_a_clock_that_steps_back_is_set_right_when_the_faults_end() -> None:
    played = struck("clock_back", 31, seconds=200.0)
    told = [each.at_us for each in played.records if hasattr(each, "at_us")]
    assert told == sorted(told), "the history has true instants"
    assert _fired_us(played) > OPENS_US
    assert played.rehearsal.host.now_us() == played.rehearsal.time.now_us


def test_a_timer_waits_for_a_clock_that_was_set_back_after_it_was_planned() -> None:
    time, woken = VirtualTime(OPENS_US), []
    struck: list[object] = []
    host = TroubledHost(
        SimpyHost(time, lambda *_: None, struck.append, lambda _: None), time,
        Mishaps((), time, struck.append, lambda *_: None),
    )  # fmt: skip
    due_us = OPENS_US + 100 * SECOND_US
    host.call_at(due_us, lambda: woken.append((time.now_us, host.now_us())))
    host.strike(Fault(kind="clock_back", seconds=60.0, end_us=OPENS_US + 3600 * SECOND_US))
    time.play(OPENS_US + 3600 * SECOND_US)
    ((true_us, business_us),) = woken
    assert 0 <= business_us - due_us < TICK_US
    assert true_us - due_us > 40 * SECOND_US


def test_without_mishaps_but_deaths_nothing_is_wrapped() -> None:
    played = one_order(Fault(kind="crash", count=31))
    assert played.rehearsal.front is played.rehearsal.integration


@pytest.mark.parametrize("count", [23, 41])
def test_who_dies_while_it_is_to_end_is_followed_by_its_successor_alone(count: int, undisturbed: Played) -> None:
    leaving = msgspec.structs.replace(CATALOGUE["deploy"].usual, count=count, seconds=300.0)
    played = one_order(leaving, Fault(kind="crash", count=count + 1, seconds=30.0))
    left, died = played.of(Crashed)
    assert died.at_us - left.at_us < GRACE_US
    assert business(played) == business(undisturbed)
    assert played.verdict().status == "holds"
