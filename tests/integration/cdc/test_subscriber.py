"""The subscriber against a CRM that streams: every change once, through restarts, ended sessions and lost places."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import msgspec
import pytest

from domain.acts import Act
from domain.http import Request
from integration.cdc.changes import CHANNEL, Change
from integration.cdc.subscriber import Subscriber
from integration.drivers.wire import Wire
from integration.systems import crm
from mocks.crm.quirks import OPEN
from mocks.doors.live import LiveWorld
from mocks.doors.serving import Running, running

HOUR_US = 3_600_000_000
_changes = msgspec.json.Decoder(list[Change])


class Keeper:
    """What a process keeps: places and changes; `full` when it can store nothing now."""

    def __init__(self) -> None:
        self.places: dict[str, int] = {}
        self.changes: list[Change] = []
        self.sweeps = 0
        self.full = False

    def place(self, channel: str) -> int:
        return self.places.get(channel, -1)

    def keep_place(self, channel: str, replay_id: int) -> bool:
        if not self.full:
            self.places[channel] = replay_id
        return not self.full

    def take(self, request: Request) -> bool:
        if not self.full:
            self.changes += _changes.decode(request.body)
        return not self.full

    def sweep(self) -> None:
        self.sweeps += 1

    def now_us(self) -> int:
        return 0

    def numbers(self) -> list[str]:
        """Return the numbers of the quotes that were told, in order."""
        return [change.number for change in self.changes]


@pytest.fixture
def doors() -> Iterator[Running]:
    """Serve a CRM that streams, with one account and one product."""
    with running(LiveWorld(quirks={"crm": OPEN}), turbo=True) as found:
        _act(found, "create_account", account="A-000001", name="Acme", entity="US", currency="USD", country="US")
        _act(found, "create_product", sku="SEAT")
        yield found


def _act(doors: Running, action: str, **arguments: Any) -> None:
    doors.do(
        lambda: doors.world.act(Act(at_us=doors.world.clock.now_us(), system="crm", action=action, arguments=arguments))
    )


def _accept(doors: Running, number: str) -> None:
    """Have a customer accept a quote."""
    _act(
        doors, "create_quote", number=number, account="A-000001", entity="US", currency="USD", valid_until="2031-01-01",
        lines=[{"sku": "SEAT", "quantity": 1, "unit_minor": 100}], term_start="2030-01-01", term_months=12,
    )  # fmt: skip
    _act(doors, "submit_quote", number=number)
    _act(doors, "approve_quote", number=number, approver="sales_manager")
    _act(doors, "accept_quote", number=number, signer="Jo Doe")


def _play(doors: Running, keeper: Keeper, *acts: Callable[[Subscriber], Awaitable[None]]) -> Subscriber:
    """Let a subscriber listen while things happen."""

    async def play() -> Subscriber:
        wire = Wire({"crm": doors["crm"]}, cookies=True)
        subscriber = Subscriber(wire, crm.SYSTEM, (CHANNEL,), keeper)
        listening = asyncio.create_task(subscriber.run())
        await _until(lambda: subscriber.state == "listening")
        for act in acts:
            await act(subscriber)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await wire.close()
        return subscriber

    return asyncio.run(play())


async def _until(found: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not found():
            await asyncio.sleep(0.01)


def _accepted(doors: Running, keeper: Keeper, *numbers: str) -> Callable[[Subscriber], Awaitable[None]]:
    """Have quotes accepted, and wait until they are told."""

    async def act(_subscriber: Subscriber) -> None:
        wanted = len(keeper.changes) + len(numbers)
        for number in numbers:
            await asyncio.to_thread(_accept, doors, number)
        await _until(lambda: len(keeper.changes) >= wanted)

    return act


def test_an_accepted_quote_is_told_within_moments_and_its_place_is_kept(doors: Running) -> None:
    keeper = Keeper()
    _play(doors, keeper, _accepted(doors, keeper, "Q-000001", "Q-000002"))
    assert len(keeper.changes) == 2
    assert keeper.changes[0].quote_id != keeper.changes[1].quote_id
    assert keeper.places[CHANNEL] > 0


def test_what_happened_while_nobody_listened_is_told_from_the_place_that_was_kept(doors: Running) -> None:
    keeper = Keeper()
    _play(doors, keeper, _accepted(doors, keeper, "Q-000001"))
    _accept(doors, "Q-000002")
    _play(doors, keeper, _accepted(doors, keeper, "Q-000003"), lambda _: _until(lambda: len(keeper.changes) >= 3))
    assert len({change.quote_id for change in keeper.changes}) == len(keeper.changes) == 3


def test_a_sweep_asks_for_what_was_before_the_first_event_and_no_other_while_the_place_is_known(doors: Running) -> None:
    keeper = Keeper()
    _play(doors, keeper)
    _play(doors, keeper, _accepted(doors, keeper, "Q-000001"))
    assert keeper.sweeps == 2  # twice without a place
    _play(doors, keeper, _accepted(doors, keeper, "Q-000002"))
    assert keeper.sweeps == 2


def test_a_session_that_ends_in_the_middle_is_opened_again(doors: Running) -> None:
    keeper = Keeper()

    async def ends(subscriber: Subscriber) -> None:
        subscriber.sleep = lambda seconds: asyncio.sleep(0.01)
        await asyncio.to_thread(_act, doors, "expire_sessions")

    _play(doors, keeper, _accepted(doors, keeper, "Q-000001"), ends, _accepted(doors, keeper, "Q-000002"))
    assert len({change.quote_id for change in keeper.changes}) == 2


def test_a_place_that_is_too_old_is_a_gap_a_sweep_asks_and_new_events_still_come(doors: Running) -> None:
    keeper = Keeper()
    _play(doors, keeper, _accepted(doors, keeper, "Q-000001", "Q-000002"))
    keeper.places[CHANNEL] = 1
    doors.wait(doors.world.advance(4 * 24 * 3600))
    _accept(doors, "Q-000003")
    _play(doors, keeper, _accepted(doors, keeper, "Q-000004"))
    assert keeper.sweeps == 2
    assert len(keeper.changes) == 3  # the third quote is the sweep's


def test_what_cannot_be_stored_is_told_again_later(doors: Running) -> None:
    keeper = Keeper()

    async def fills(subscriber: Subscriber) -> None:
        keeper.full = True
        subscriber.sleep = lambda seconds: asyncio.sleep(0.05)
        await asyncio.to_thread(_accept, doors, "Q-000002")
        await _until(lambda: "interrupted" in subscriber.state)
        assert len(keeper.changes) == 1
        keeper.full = False
        await _until(lambda: len(keeper.changes) >= 2)

    _play(doors, keeper, _accepted(doors, keeper, "Q-000001"), fills)
    assert len({change.quote_id for change in keeper.changes}) == 2


def test_trouble_that_nobody_expected_is_raised_so_that_the_stream_is_started_again() -> None:
    class Gone(Keeper):
        def place(self, channel: str) -> int:
            raise RuntimeError("the journal is gone")

    async def play() -> None:
        wire = Wire({"crm": "http://127.0.0.1:9"})
        try:
            await Subscriber(wire, crm.SYSTEM, (CHANNEL,), Gone()).run(asyncio.Event())
        finally:
            await wire.close()

    with pytest.raises(RuntimeError, match="gone"):
        asyncio.run(play())
