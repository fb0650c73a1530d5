"""How much CPU an effect costs in the journal and the driver: calls, a wait and events over a network of no time.

Run `python -m benchmarks.journal [flows]`; it prints effects and flows per CPU second.
"""

from __future__ import annotations

import sqlite3
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from domain.http import Reply, Request
from integration.drivers.simpy_driver import Result, simulated
from integration.drivers.virtual_time import VirtualTime
from integration.effects import Call, Emit, Sleep, Start
from integration.flow import FlowContext
from integration.journal.sqlite import SqliteJournal
from integration.process import Parts
from integration.retry import call_with_retries
from integration.settings import Settings

EFFECTS = 25
REPLY = Reply(200, {"content-type": "application/json"}, b'{"id": "1234567890", "status": "open"}' * 10)


async def lifecycle(context: FlowContext, arguments: Mapping[str, Any]) -> str:
    """Make 20 calls, 4 events and a pause."""
    for number in range(20):
        key = f"q2c/{context.flow_id}/{number}"
        call = Call(
            system="erp", operation="put", method="PUT", target=f"/x/{key}", body=b"x" * 300, key=key, write=True
        )
        await call_with_retries(context, call)
        if number % 5 == 0:
            await Emit(type="order.booked", subject=context.flow_id)
    await Sleep(60)
    return "done"


def main(flows: int = 2000) -> None:
    """Run and print."""
    env = VirtualTime(0)

    def send(request: Request, call: Call, done: Callable[[Result], None]) -> None:
        env.call_at(env.now_us + 50_000, done, REPLY)

    records: list[Any] = []
    settings = Settings(limits={}, keep_finished_steps="--blank" not in sys.argv)
    parts = Parts(programs={"lifecycle": lifecycle}, systems={})
    integration = simulated(env, settings, parts, SqliteJournal(), send, records.append, lambda crash: None)
    integration.start()
    started = time.process_time()
    for number in range(flows):
        integration.launch(Start(flow_id=f"Q-{number:06}", name="lifecycle", arguments={"number": number}))
    env.run(until=3_600_000_000)
    spent = time.process_time() - started
    effects = flows * EFFECTS
    each_us = spent / effects * 1e6
    print(f"{effects / spent:,.0f} effects and {flows / spent:,.0f} flows per CPU second, {each_us:.1f} us an effect")
    assert not integration.open_flows()
    print(f"for comparison, this machine now: {plain_insert_us():.1f} us for a plain INSERT of the same size")


def plain_insert_us(rows: int = 20_000) -> float:
    """Return the CPU microseconds of a bare INSERT into SQLite in memory."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("CREATE TABLE entry (number INTEGER PRIMARY KEY, flow INTEGER, body BLOB, digest BLOB)")
    body, digest = bytes(900), bytes(32)
    started = time.process_time()
    for number in range(rows):
        connection.execute("INSERT INTO entry VALUES (?, ?, ?, ?)", (None, number, body, digest))
    return (time.process_time() - started) / rows * 1e6


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdecimal() else 2000)
