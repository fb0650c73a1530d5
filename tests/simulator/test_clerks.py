"""Clerks work in their hours, one case each, correct what they can and give up what nobody can mend."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from datetime import date
from itertools import count
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from domain.acts import Act
from domain.draws import Draws
from simulator.clerks import GIVEN_UP, LOOK_EVERY_US, ROUNDS_MAX, Clerks, Remedy, Staff

HOUR_US = 3_600_000_000
MONDAY_US = 1_796_047_200_000_000  # 2026-11-30, nine o'clock in New York
QUICK = Staff(clerks=2, touch_median_minutes=30.0, touch_p95_minutes=30.0)


class Case(msgspec.Struct, frozen=True):
    id: str
    code: str = "DATA_QUALITY.MAPPING_MISSING"
    txn: str = "Q-000001"
    flow: str = "quote/Q-000001-v1"


class Office:
    """A queue of cases, a calendar, and the clerks between them."""

    def __init__(
        self, staff: Staff, *cases: Case, remedies: dict[str, Remedy] | None = None, start_us: int = MONDAY_US,
        seed: int = 1,
    ):  # fmt: skip
        self.cases = list(cases)
        self.reopens = False
        self.done: list[tuple[float, str, str, str]] = []
        self.acts: list[Act] = []
        self.now_us = self.start_us = start_us
        self._ordinal = count()
        self._planned: list[tuple[int, int, Callable[[], None]]] = []
        self.clerks = Clerks(staff, self, Draws(seed), self.at, self.acts.append, remedies or {}, start_us)

    def open_cases(self) -> Sequence[Any]:
        return list(self.cases)

    def re_drive(self, case: str, actor: str, action: str = "retry", note: str = "") -> None:
        self.done.append(((self.now_us - self.start_us) / HOUR_US, case, action, note))
        if not self.reopens or action == "cancel":
            self.cases = [each for each in self.cases if each.id != case]

    def opens(self, case: Case) -> None:
        self.cases.append(case)

    def at(self, at_us: int, action: Callable[[], None]) -> None:
        heapq.heappush(self._planned, (at_us, next(self._ordinal), action))

    def run(self, hours: float) -> Office:
        end_us = self.start_us + round(hours * HOUR_US)
        while self._planned and self._planned[0][0] <= end_us:
            self.now_us, _, action = heapq.heappop(self._planned)
            action()
        return self


def test_a_case_is_taken_at_the_next_look_and_takes_the_time_it_takes() -> None:
    office = Office(QUICK, Case("c1")).run(2)
    look = LOOK_EVERY_US / HOUR_US
    assert [(round(at, 3), case) for at, case, _, _ in office.done] == [(round(look + 0.5, 3), "c1")]
    assert office.clerks.minutes == 30.0


def test_each_clerk_has_one_case_at_a_time() -> None:
    office = Office(QUICK, *(Case(f"c{number}") for number in range(6))).run(3)
    finished = sorted(round(at, 1) for at, _, _, _ in office.done)
    assert len(finished) == 6
    assert finished[0] == finished[1] < finished[2] == finished[3] < finished[4] == finished[5]


def test_nobody_works_at_night() -> None:
    office = Office(QUICK, Case("c1"), start_us=MONDAY_US + 10 * HOUR_US)  # seven in the evening
    assert office.run(13.9).done == []
    assert len(office.run(15.5).done) == 1


def test_nobody_works_on_the_weekend() -> None:
    office = Office(QUICK, Case("c1"), start_us=MONDAY_US + 5 * 24 * HOUR_US)  # Saturday
    assert office.run(47.9).done == []
    assert len(office.run(49.0).done) == 1


def test_what_the_driver_tries_again_by_itself_is_left_alone() -> None:
    office = Office(QUICK, Case("c1", code="DEPENDENCY.UNAVAILABLE")).run(24)
    assert office.done == []


def test_a_remedy_is_looked_up_by_code_and_then_by_class() -> None:
    act = Act(at_us=0, system="erp", action="create_item", arguments={})
    remedies: dict[str, Remedy] = {
        "DATA_QUALITY.MAPPING_MISSING": lambda case, at_us: [act],
        "PAYMENT": lambda case, at_us: [act, act],
    }
    by_code = Office(QUICK, Case("c1"), remedies=remedies).run(2)
    by_class = Office(QUICK, Case("c1", code="PAYMENT.NSF"), remedies=remedies).run(2)
    neither = Office(QUICK, Case("c1", code="AUTH.FORBIDDEN"), remedies=remedies).run(2)
    assert [len(office.acts) for office in (by_code, by_class, neither)] == [1, 2, 0]
    assert [office.done[0][3] for office in (by_code, by_class, neither)] == ["corrected", "corrected", "tried again"]


def test_a_case_that_keeps_coming_back_is_left_to_its_owner_after_three_corrections() -> None:
    office = Office(QUICK, Case("c1"))
    office.reopens = True
    office.run(8)
    assert [action for _, _, action, _ in office.done] == ["retry"] * ROUNDS_MAX
    assert [case.id for case in office.cases] == ["c1"]


@pytest.mark.parametrize("code", sorted(GIVEN_UP))
def test_what_nobody_can_mend_is_given_up(code: str) -> None:
    office = Office(QUICK, Case("c1", code=code)).run(2)
    assert [(action, note) for _, _, action, note in office.done] == [("cancel", "cannot be mended")]


def test_a_clerk_who_waits_for_an_answer_works_on_other_cases_meanwhile() -> None:
    staff = replace(QUICK, clerks=1, wait_share=1.0, wait_median_minutes=300.0, wait_p95_minutes=300.0)
    office = Office(staff, Case("c1"), Case("c2")).run(7)
    first, second = (at for at, _, _, _ in office.done)
    assert 5.5 < first < second < 6.5
    assert office.clerks.minutes == 60.0


def test_days_are_longer_in_the_days_of_overtime() -> None:
    evening_us = MONDAY_US + 9 * HOUR_US  # six in the evening
    today = date(2026, 11, 30)
    staff = replace(QUICK, overtime_minutes=180, overtime_from=today, overtime_to=date(2026, 12, 1))
    assert Office(QUICK, Case("c1"), start_us=evening_us).run(2).done == []
    assert len(Office(staff, Case("c1"), start_us=evening_us).run(2).done) == 1
    earlier = replace(staff, overtime_to=today)
    assert Office(earlier, Case("c1"), start_us=evening_us).run(2).done == []


def test_a_case_that_resolved_itself_is_put_back_untouched() -> None:
    office = Office(QUICK, Case("c1"))
    office.run(0.3)
    office.cases.clear()
    assert office.run(4).done == []


def test_without_clerks_nothing_is_touched() -> None:
    assert Office(Staff(clerks=0), Case("c1")).run(24).done == []


def test_who_gives_up_cancels_only_what_can_be_taken_back() -> None:
    flows = {
        "c1": "quote/Q-000001-v1",
        "c2": "apply/Q-500001-v1",
        "c3": "mirror/Q-000001-v1/1/Status",
        "c4": "undo/Q-1",
    }
    half_way = Case("c5", "INTEGRITY.TOTAL_MISMATCH")
    staff = replace(QUICK, gives_up_share=1.0)
    office = Office(staff, *(Case(name, flow=flow) for name, flow in flows.items()), half_way).run(4)
    said = {case: action for _, case, action, _ in office.done}
    assert said == {"c1": "cancel", "c2": "cancel", "c3": "retry", "c4": "cancel", "c5": "retry"}


def test_a_share_of_the_cases_is_given_up_the_same_ones_whatever_else_happens() -> None:
    names = [f"c{number}" for number in range(40)]
    staff = replace(QUICK, clerks=40, gives_up_share=0.5)

    def given_up(cases: list[str]) -> set[str]:
        office = Office(staff, *map(Case, cases)).run(2)
        return {case for _, case, action, _ in office.done if action == "cancel"}

    chosen = given_up(names)
    assert 10 <= len(chosen) <= 30
    assert given_up(names[20:]) == chosen & set(names[20:])
