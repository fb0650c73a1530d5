"""Calls of a program: httpx's own timeouts on the virtual clock, and what fails, fails as httpx says it does."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from domain.faults import Fault
from domain.history import Attempted
from tests.simulator.virtual_asyncio.stand import BEARER, TASK, TASK_URL, Stand


def attempted(stand: Stand) -> list[tuple[str, str]]:
    return [(each.outcome, each.reason) for each in stand.wire.of(Attempted)]


def test_an_answer_of_thirty_seconds_under_a_timeout_of_five_raises_read_timeout_after_five() -> None:
    stand = Stand(takes_seconds=30)

    async def main() -> None:
        try:
            await stand.ask(timeout=5)
        except httpx.ReadTimeout as late:
            stand.note(type(late).__name__)

    stand.main(main)
    assert stand.seen == [(5.0, "ReadTimeout")]
    assert attempted(stand) == [("unknown", "timeout")]
    assert stand.wire.exists(), "the system did the work all the same"


def test_a_patient_client_gets_the_answer() -> None:
    stand = Stand(takes_seconds=30)

    async def main() -> None:
        stand.note((await stand.ask(timeout=60)).status_code)

    assert stand.main(main).seen == [(30.015, 201)]


@pytest.mark.parametrize(
    ("kind", "raised", "after"),
    [
        ("refused", "ConnectError", 0.02),
        ("black_hole", "ConnectTimeout", 2.0),
        ("reset_before", "ReadError", 0.02),
        ("reset_after", "ReadError", 1.015),
        ("closed_after", "RemoteProtocolError", 1.015),
        ("truncated_after", "RemoteProtocolError", 1.015),
        ("lost_reply", "ReadTimeout", 7.0),
        ("late_arrival", "ReadTimeout", 7.0),
    ],
)
def test_what_fails_fails_as_httpx_says_it_does(kind: str, raised: str, after: float) -> None:
    stand = Stand(Fault(kind=kind, system="fulfilment", nth=1, seconds=1))

    async def main() -> None:
        try:
            await stand.ask(timeout=httpx.Timeout(7, connect=2))
        except httpx.TransportError as error:
            stand.note(type(error).__name__)

    assert stand.main(main).seen == [(after, raised)]


def test_a_body_in_drops_outlasts_a_read_timeout_but_not_a_total_one() -> None:
    stand = Stand(Fault(kind="drip_after", system="fulfilment", seconds=40))

    async def main() -> None:
        stand.note((await stand.ask(timeout=5)).status_code)
        try:
            async with asyncio.timeout(10):
                await stand.ask(timeout=5)
        except TimeoutError:
            stand.note("gave up")

    stand.main(main)
    assert stand.seen == [(41.0, 201), (51.0, "gave up")]
    assert attempted(stand)[-1] == ("unknown", "cancelled")


def test_a_call_that_is_cancelled_learns_nothing_and_its_work_is_done() -> None:
    stand = Stand()

    async def main() -> None:
        task = asyncio.create_task(stand.ask())
        await asyncio.sleep(0.25)
        task.cancel()
        await asyncio.wait([task])
        stand.note(task.cancelled())

    stand.main(main)
    assert stand.seen == [(0.25, True)]
    assert attempted(stand) == [("unknown", "cancelled")]
    assert stand.wire.exists()


def test_a_pool_of_one_connection_lets_one_call_through_at_a_time() -> None:
    stand = Stand()

    async def main() -> None:
        limits, timeout = httpx.Limits(max_connections=1), httpx.Timeout(9, pool=1.5)
        async with httpx.AsyncClient(limits=limits, timeout=timeout) as client:

            async def ask() -> None:
                try:
                    await client.put(TASK_URL, json=TASK, headers=BEARER)
                    stand.note("answered")
                except httpx.PoolTimeout:
                    stand.note("no connection")

            await asyncio.gather(ask(), ask(), ask())

    assert stand.main(main).seen == [(1.015, "answered"), (1.5, "no connection"), (2.03, "answered")]


def test_vendors_are_found_by_their_own_names_and_nobody_else_is() -> None:
    stand = Stand()

    async def main() -> None:
        async with httpx.AsyncClient(auth=("sk_test_q2c", "")) as client:
            stand.note((await client.get("https://api.stripe.com/v1/customers")).status_code)
            try:
                await client.get("https://example.com/")
            except httpx.ConnectError:
                stand.note("not there")

    stand.main(main)
    assert [what for _, what in stand.seen] == [200, "not there"]
    assert list(stand.program.notes) == ["example.com is no system of this world, and nothing else can be reached"]


def test_a_client_that_was_made_before_the_run_goes_over_the_virtual_network_too() -> None:
    stand, client = Stand(), httpx.AsyncClient()

    async def main() -> None:
        stand.note((await client.get(TASK_URL, headers=BEARER)).status_code)

    assert stand.main(main).seen == [(1.015, 404)]
    assert attempted(stand) == [("failed", "")]
