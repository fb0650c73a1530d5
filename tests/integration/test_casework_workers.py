"""Casework among many workers on a real PostgreSQL: whoever is asked, the worker of the flow decides, once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from integration.settings import Settings
from tests.browser.tower_stage import Stage, standing
from tests.postgres import postgres, postgres_server

__all__ = ["postgres", "postgres_server"]
FLOWS = 12
Pair = tuple[Stage, Stage]


@pytest.fixture
def pair(postgres: str, tmp_path: Path) -> Iterator[Pair]:
    settings = Settings(redrives_at_once=2, redrives_per_minute=240)
    with standing(tmp_path, settings, postgres, "a") as one, standing(tmp_path, settings, postgres, "b") as other:
        yield one, other


def until(found: Callable[[], bool], what: str) -> None:
    ends = time.monotonic() + 30
    while not found():
        assert time.monotonic() < ends, f"{what} did not come about"
        time.sleep(0.05)


def parked(pair: Pair) -> None:
    """Start flows until each worker holds some that are stopped."""
    for number in range(FLOWS):
        pair[number % 2].start(f"order/{number}", "asks", {"sku": f"S{number}"}, txn=f"Q-{number:06d}")
    until(lambda: len(pair[0].node.reader.cases(open_only=True)) == FLOWS, "every case")


def test_of_two_people_at_two_workers_one_gets_the_case_and_the_other_the_name(pair: Pair) -> None:
    parked(pair)
    people = ("Mo", "Ada")

    def take(number: int, turn: int) -> str:
        try:
            pair[turn].act("take", case=f"order/{number}#1", actor=people[turn])
        except ValueError as refused:
            return str(refused)
        return ""

    with ThreadPoolExecutor(2) as pool:
        for number in range(FLOWS):
            said = list(pool.map(take, (number, number), (0, 1)))
            case = pair[0].node.reader.case(f"order/{number}#1")
            assert case is not None
            assert sorted(bool(each) for each in said) == [False, True], said
            winner = people[said.index("")]
            assert case.assignee == winner
            assert f"is with {winner} since" in "".join(said)


def test_a_bulk_reaches_the_flows_of_every_worker_at_one_pace(pair: Pair) -> None:
    parked(pair)
    one, other = pair
    with httpx.Client(base_url=other.url, trust_env=False, follow_redirects=True, timeout=60) as browser:
        browser.post("/tower/sign-in", data={"token": other.tokens["Mo"]})
        page = browser.get("/tower/exceptions").text
        secret = page.split('name="form_secret" value="', 1)[1].split('"', 1)[0]
        said = {"action": "cancel", "note": "test data", "form_secret": secret}
        page = browser.post("/tower/bulk", data=said, headers={"sec-fetch-dest": "document"}).text
        assert f"{FLOWS} of {FLOWS} are done or planned." in page
    until(lambda: not one.node.reader.cases(open_only=True), "the end of every case")
    moved = sorted(case.moved_us for case in one.node.reader.cases())
    assert moved[-1] - moved[0] >= (FLOWS - 2) * 250_000 - 100_000, "the pace is that of one bulk, not of each worker"
    assert {case.actor for case in one.node.reader.cases()} == {"Mo"}
    assert one.node.reader.verify().intact


def test_a_mapping_that_one_worker_writes_lets_flows_of_the_other_go_on(pair: Pair) -> None:
    parked(pair)
    for number in range(FLOWS):
        mapping = {"kind": "item", "key": f"S{number}", "value": {"id": number}}
        pair[number % 2].act("re_drive", case=f"order/{number}#1", actor="Mo", correction={"mapping": mapping})
    until(lambda: not pair[0].node.reader.cases(open_only=True), "the end of every case")
    rows = [pair[1].node.reader.flow(f"order/{number}") for number in range(FLOWS)]
    assert [row.status for row in rows if row is not None] == ["finished"] * FLOWS
