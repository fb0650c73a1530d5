"""The relay against a real broker: at least once, in order, across restarts, kills and events no broker takes."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from domain.events import envelope
from integration.drivers.simpy_driver import simulated
from integration.drivers.virtual_time import VirtualTime
from integration.effects import Emit, Start
from integration.flow import FlowContext
from integration.flows.steps import until_given_up
from integration.journal.protocol import OutboxRow
from integration.journal.sqlite import SqliteJournal
from integration.process import Parts
from integration.relay.publisher import Outgoing, Poison, Publisher, Unavailable, open_publisher
from integration.relay.relay import Relay, chains_of, newest_number
from integration.relay.withheld import withheld
from integration.settings import Settings
from tests.integration.relay.nats_server import NatsServer

START_US = 1_790_000_000_000_000
TOO_LARGE = "x" * 1_200_000  # a server takes messages of up to one megabyte


async def teller(_context: FlowContext, arguments: Mapping[str, Any]) -> None:
    """Tell events. Arguments: subjects, note."""
    for index, subject in enumerate(arguments["subjects"]):
        body = {"order_id": subject, "reason": arguments["note"], "index": index}
        await Emit(type="q2c.order.cancelled.v1", subject=subject, txn=subject.partition("-v")[0], body=body)


class Teller:
    """An integration that tells what it is asked to, and the relay of its log."""

    def __init__(self, folder: Path, publisher: Publisher) -> None:
        self.time = VirtualTime(START_US)
        self.journal = SqliteJournal(str(folder / "journal"))
        parts = Parts(programs={"teller": teller, "withheld": until_given_up(withheld)}, systems={})
        self.integration = simulated(
            self.time, Settings(), parts, self.journal, send=_nobody, record=lambda record: None, crashed=_nobody
        )
        self.integration.start()
        self.count = 0
        self.publisher = publisher
        self.relay = self.another_relay()

    def another_relay(self) -> Relay:
        """Return a relay of the log that knows of no other."""
        return Relay(
            log=self.journal.reader(), publisher=self.publisher, advance=self.integration.advance, launch=self._launch,
            now_us=lambda: self.time.now_us,
        )  # fmt: skip

    def tell(self, *subjects: str, note: str = "") -> None:
        """Tell an event of each subject."""
        self.count += 1
        arguments = {"subjects": subjects, "note": note}
        self._launch(Start(flow_id=f"teller/{self.count}", name="teller", arguments=arguments))
        self.pass_time()

    def pass_time(self) -> None:
        """Let a second pass."""
        self.time.play(self.time.now_us + 1_000_000)

    def case(self) -> tuple[str, str]:
        """Return id and code of the one open case."""
        (case,) = self.integration.open_cases()
        return case.id, case.code

    def re_drive(self, decision: str = "retry") -> None:
        """Decide about the one open case."""
        self.integration.re_drive(self.case()[0], "ann", decision, "decided")
        self.pass_time()

    def run(self) -> None:
        """Relay until nothing is left to do."""
        asyncio.run(self._run())

    async def _run(self) -> None:
        while await self.relay.relay():
            self.pass_time()
        await self.relay.disconnect()

    def _launch(self, start: Start) -> None:
        assert self.integration.launch(start) is not None


def _nobody(*_: object) -> None:
    raise AssertionError("nothing is sent, and nobody dies, in these tests")


@pytest.fixture
def source(tmp_path: Path, nats_server: NatsServer) -> Teller:
    """An integration beside a running broker."""
    return Teller(tmp_path, open_publisher(nats_server.address))


def told(server: NatsServer) -> list[tuple[str, int]]:
    """Return (subject, sequence) of the orders' events in the stream."""
    events = [event for topic, _, event in server.messages() if topic.startswith("q2c.order")]
    return [(each["subject"], int(each["sequence"])) for each in events]


def sequences(server: NatsServer) -> dict[str, list[int]]:
    """Return the sequences of the orders' events in the stream, in its order, by subject."""
    found: dict[str, list[int]] = {}
    for subject, sequence in told(server):
        found.setdefault(subject, []).append(sequence)
    return found


def test_events_leave_as_cloud_events_under_their_own_ids(source: Teller, nats_server: NatsServer) -> None:
    source.tell("Q-1-v1", note="changed their mind")
    source.run()
    ((topic, headers, event),) = nats_server.messages()
    assert topic == event["type"] == "q2c.order.cancelled.v1"
    assert headers["Nats-Msg-Id"] == event["id"] == "teller/1/0"
    assert headers["content-type"] == "application/cloudevents+json"
    assert event["specversion"] == "1.0"
    assert event["subject"] == event["partitionkey"] == "Q-1-v1"
    assert event["time"] == envelope.rfc3339(START_US)
    assert event["correlationid"] == event["data"]["txnid"] == "Q-1"
    assert event["idempotencykey"] == "Q-1-v1:cancelled"
    assert event["data"]["aggregate_version"] == 1
    assert "dataschema" not in event, "this payload lacks what the registry asks for, so nothing is promised"


def test_each_subject_keeps_its_order_and_the_backlog_goes_to_zero(source: Teller, nats_server: NatsServer) -> None:
    subjects = [f"Q-{number % 40}-v1" for number in range(600)]
    source.tell(*subjects)
    assert source.relay.standing().backlog == 600
    source.run()
    assert sequences(nats_server) == {subject: list(range(1, 16)) for subject in subjects}
    standing = source.relay.standing()
    assert (standing.backlog, standing.lag_seconds, standing.published) == (0, 0.0, 600)


def test_a_broker_that_goes_down_delays_and_loses_nothing(source: Teller, nats_server: NatsServer) -> None:
    source.tell("Q-1-v1")
    source.run()
    nats_server.kill()
    source.tell("Q-1-v1", "Q-2-v1")
    with pytest.raises(Unavailable, match="no connection to NATS"):
        asyncio.run(source.relay.relay())
    assert source.relay.standing().backlog == 2
    nats_server.start()
    source.run()
    assert told(nats_server) == [("Q-1-v1", 1), ("Q-1-v1", 2), ("Q-2-v1", 1)]


def test_a_running_relay_reconnects_by_itself_when_the_broker_is_back(source: Teller, nats_server: NatsServer) -> None:

    async def outage() -> None:
        stop = asyncio.Event()
        running = asyncio.create_task(source.relay.run(stop))
        source.tell("Q-1-v1")
        await until(lambda: source.relay.published == 1)
        nats_server.kill()
        source.tell("Q-1-v1")
        source.relay.wake()
        await until(lambda: bool(source.relay.trouble))
        nats_server.start()
        await until(lambda: source.relay.published == 2)
        stop.set()
        await running

    asyncio.run(outage())
    assert told(nats_server) == [("Q-1-v1", 1), ("Q-1-v1", 2)]


async def until(is_so: Any) -> None:
    """Wait for something, at most ten seconds."""
    async with asyncio.timeout(10):
        while not is_so():
            await asyncio.sleep(0.02)


def test_an_event_too_large_for_the_broker_becomes_a_case_and_blocks_its_own_subject_only(
    source: Teller, nats_server: NatsServer
) -> None:
    source.tell("Q-1-v1", "Q-2-v1")
    source.tell("Q-1-v1", note=TOO_LARGE)
    source.tell("Q-1-v1", "Q-2-v1")
    source.run()
    assert told(nats_server) == [("Q-1-v1", 1), ("Q-2-v1", 1), ("Q-2-v1", 2)]
    case, code = source.case()
    assert (case.rpartition("#")[0], code) == ("withheld/teller/2/0/1", "VALIDATION.LIMIT")
    assert source.relay.standing().withheld == 1
    assert source.relay.standing().backlog == 0


def test_a_case_that_is_given_up_leaves_one_event_out_and_lets_the_subject_follow(
    source: Teller, nats_server: NatsServer
) -> None:
    source.tell("Q-1-v1", note=TOO_LARGE)
    source.tell("Q-1-v1", "Q-1-v1")
    source.run()
    source.re_drive("cancel")
    source.run()
    assert told(nats_server) == [("Q-1-v1", 2), ("Q-1-v1", 3)]
    assert source.relay.standing().withheld == 0


class Moody:
    """A publisher that refuses some events as long as it is in the mood."""

    def __init__(self) -> None:
        self.refused: set[str] = set()
        self.taken: list[str] = []
        self.attempts: list[str] = []

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def publish(self, event: Outgoing) -> None:
        self.attempts.append(event.id)
        if event.id in self.refused:
            raise Poison("not this one")
        self.taken.append(event.id)


def test_a_re_driven_case_sends_the_event_first_and_its_followers_after_it(tmp_path: Path) -> None:
    broker = Moody()
    broker.refused = {"teller/1/0"}
    source = Teller(tmp_path, broker)
    source.tell("Q-1-v1", "Q-1-v1", "Q-2-v1")
    source.run()
    assert broker.taken[0] == "teller/1/2"
    assert broker.attempts.count("teller/1/0") == 3, "the same refusal three times is believed"
    broker.refused.clear()
    source.re_drive()
    source.run()
    assert [each for each in broker.taken if each.startswith("teller")] == ["teller/1/2", "teller/1/0", "teller/1/1"]


def test_an_event_that_is_refused_again_is_a_case_again(tmp_path: Path) -> None:
    broker = Moody()
    broker.refused = {"teller/1/0"}
    source = Teller(tmp_path, broker)
    source.tell("Q-1-v1", "Q-1-v1")
    source.run()
    for turn in (1, 2):
        assert source.case()[0].startswith(f"withheld/teller/1/0/{turn}#")
        source.re_drive()
        source.run()
    assert not [each for each in broker.taken if each.startswith("teller")]


def test_a_new_relay_knows_what_an_old_one_set_aside(tmp_path: Path) -> None:
    broker = Moody()
    broker.refused = {"teller/1/0"}
    source = Teller(tmp_path, broker)
    source.tell("Q-1-v1")
    source.run()
    source.relay = source.another_relay()
    source.tell("Q-1-v1", "Q-2-v1")
    source.run()
    assert [each for each in broker.taken if each.startswith("teller")] == ["teller/2/1"]


def test_two_relays_of_one_log_double_nothing_and_keep_the_order(source: Teller, nats_server: NatsServer) -> None:
    source.tell(*[f"Q-{number % 7}-v1" for number in range(300)])
    source.publisher = open_publisher(nats_server.address)
    other = source.another_relay()

    async def both() -> None:
        await asyncio.gather(source.relay.relay(), other.relay())
        await asyncio.gather(source.relay.relay(), other.relay())
        await source.relay.disconnect()
        await other.disconnect()

    asyncio.run(both())
    found = sequences(nats_server)
    assert (len(found), sum(map(len, found.values()))) == (7, 300)
    assert found == {subject: list(range(1, len(own) + 1)) for subject, own in found.items()}


# --- a process that dies between the broker's word and the cursor ---------------------------------------------------

_DYING = """
import asyncio, os, signal, sys
from integration.drivers.simpy_driver import simulated
from integration.drivers.virtual_time import VirtualTime
from integration.effects import Start
from integration.journal.sqlite import SqliteJournal
from integration.process import Parts
from integration.relay.publisher import open_publisher
from integration.relay.relay import Relay
from integration.settings import Settings
from tests.integration.relay.test_relay import teller
from integration.relay.withheld import withheld
from integration.flows.steps import until_given_up

path, address, dies = sys.argv[1], sys.argv[2], sys.argv[3] == "dies"
time = VirtualTime(1_790_000_000_000_000)
journal = SqliteJournal(path)
parts = Parts(programs={"teller": teller, "withheld": until_given_up(withheld)}, systems={})
integration = simulated(time, Settings(), parts, journal, None, lambda record: None, None)
integration.start()
subjects = [f"Q-{number % 5}-v1" for number in range(50)]
integration.launch(Start(flow_id="teller/1", name="teller", arguments={"subjects": subjects, "note": ""}))
time.play(time.now_us + 1_000_000)

def advance(consumer, number):
    if dies:
        os.kill(os.getpid(), signal.SIGKILL)
    integration.advance(consumer, number)

relay = Relay(log=journal.reader(), publisher=open_publisher(address), advance=advance,
              launch=integration.launch, now_us=lambda: time.now_us)

async def main():
    while await relay.relay():
        pass
    await relay.disconnect()

asyncio.run(main())
print(relay.published, relay.standing().backlog)
"""


def test_kill_9_between_the_brokers_word_and_the_cursor_repeats_and_doubles_nothing(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    def process(mode: str) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-c", _DYING, str(tmp_path / "journal"), nats_server.address, mode]
        here = Path(__file__).parents[3]
        return subprocess.run(command, capture_output=True, cwd=here, env={**os.environ, "PYTHONPATH": str(here)})

    dead = process("dies")
    assert dead.returncode == -signal.SIGKILL, dead.stderr.decode()
    assert len(told(nats_server)) == 50, "the broker had all of them, the cursor knew of none"
    again = process("lives")
    assert again.stdout.split() == [b"50", b"0"], again.stderr.decode()
    assert len(told(nats_server)) == 50


# --- parts ----------------------------------------------------------------------------------------------------------


def row(number: int, subject: str, kind: str = "q2c.order.cancelled.v1", **body: Any) -> OutboxRow:
    return OutboxRow(
        number=number, id=f"e{number}", type=kind, subject=subject, txn="", sequence=1, created_us=0, body=body
    )


def test_events_that_share_a_subject_or_a_key_are_one_chain_in_order() -> None:
    kind = "q2c.credit_memo.issued.v1"  # its partition key is the account
    rows = [
        row(1, "M-1", kind, account="A"), row(2, "Q-9"), row(3, "M-2", kind, account="B"),
        row(4, "M-1", kind, account="B"), row(5, "M-3", kind, account="A"), row(6, "Q-9"),
    ]  # fmt: skip
    assert [[each.number for each in chain] for chain in chains_of(rows)] == [[1, 3, 4, 5], [2, 6]]


@pytest.mark.parametrize("numbers", [[], [1], [1, 2, 3], [4, 9, 1000]])
def test_the_newest_event_is_found_without_counting(numbers: list[int]) -> None:
    class Numbers:
        def events(self, *, after: int = 0, limit: int = 100, **_: Any) -> list[OutboxRow]:
            return [row(number, "Q-1") for number in numbers if number > after][:limit]

    log: Any = Numbers()
    assert newest_number(log, 0) == max(numbers, default=0)
