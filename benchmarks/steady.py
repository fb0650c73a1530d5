"""How many hours of a steady business a rehearsal plays in a minute, with so many lifecycles in flight.

    python -m benchmarks.steady                               30 in flight, a quarter, on one and on two processors
    python -m benchmarks.steady --sweep-every 24h             with a sweep of each kind once a day
    python -m benchmarks.steady --paid-by transfer            customers who all send the money when it is due

A business that sells as much in every week of a quarter, at four legal entities, with the usual customers, errors and
clerks, and nothing that fails. A lifecycle is in flight from the signature of its quote until its first invoice is
paid. How many are is the mean over every hour that counts, those included in which the business begins and runs out;
a first run, which is not measured, tells how many orders that takes. Open flows are those of the integration, sweeps
left out. An hour counts what it takes to play and to judge it, from the scenario on.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import msgspec

from contracts.checks.judge import judge
from domain.calendar import HOUR_US
from domain.history import Attempted, Changed, Flow, Record
from scenarios.language import Scenario
from scenarios.loader import parse
from scenarios.timeline import Timeline, build
from simulator.recorder import MemoryRecorder
from simulator.rehearsal import Rehearsal

SEED = 1
_PAYMENTS = {"usual": "{}", "transfer": "{push: 100%, debit: 0%, card: 0%}"}
_SCENARIO = """
name: steady_business
title: A business that sells as much every week
question: "Engineer: how much virtual time fits into a minute?"
world:
  quarter: {{start: 2026-10-01, end: 2026-12-31, pattern: linear}}
  orders_per_quarter: {orders}
  live_subscriptions: 0
rehearse: {{weeks: {weeks}}}
payments: {payments}
integration: {{sweep_every: {sweep_every}}}
run_on: 7d
settle: 1d
"""


class Business(msgspec.Struct, frozen=True, kw_only=True):
    """What is played: orders a quarter, the last so many weeks of it, how often is swept, how customers pay."""

    orders: int
    weeks: int = 13
    sweep_every: str = "1h"
    paid_by: str = "usual"

    def scenario(self) -> Scenario:
        """Return it as a scenario."""
        return parse(
            _SCENARIO.format(
                orders=self.orders, weeks=self.weeks, payments=_PAYMENTS[self.paid_by], sweep_every=self.sweep_every
            )
        )


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a run: virtual hours, lifecycles, how many were in flight and flows open on average, CPU seconds."""

    hours: float
    lifecycles: int
    in_flight: float
    open_flows: float
    calls: int
    status: str
    cpu_seconds: float


def played(seed: int, business: Business) -> Played:
    """Play and judge a business."""
    started = time.process_time()
    timeline, recorder = build(business.scenario(), seed), MemoryRecorder()
    rehearsal = Rehearsal(timeline, recorder)
    rehearsal.run(steps=1)
    history = recorder.history()
    verdict = judge(history)
    history.digest()
    seconds = time.process_time() - started
    span_us = timeline.horizon_us - timeline.start_us
    return Played(
        hours=span_us / HOUR_US, lifecycles=timeline.lifecycles, status=verdict.status, cpu_seconds=seconds,
        calls=sum(type(each) is Attempted for each in recorder.records),
        in_flight=_lasting_us(_lifecycles(recorder.records), timeline) / span_us,
        open_flows=_lasting_us(_flows(recorder.records), timeline) / span_us,
    )  # fmt: skip


def _lifecycles(records: Iterable[Record]) -> Iterator[tuple[str, int, bool]]:
    """Yield (transaction, instant, whether it begins) of every signature and of every invoice that is paid."""
    for each in records:
        if type(each) is Changed and (each.kind, each.status) == ("quote", "accepted"):
            yield each.txn, each.at_us, True
        elif type(each) is Changed and (each.system, each.kind, each.status) == ("billing", "invoice", "paid"):
            yield each.txn, each.at_us, False


def _flows(records: Iterable[Record]) -> Iterator[tuple[str, int, bool]]:
    """Yield (flow, instant, whether it begins) of every flow that is no sweep."""
    for each in records:
        if type(each) is Flow and not each.name.startswith("sweep_"):
            yield each.flow, each.at_us, each.status == "started"


def _lasting_us(moments: Iterable[tuple[str, int, bool]], timeline: Timeline) -> int:
    """Return how long all that begins lasts together, until it ends for the first time or the run does."""
    begun: dict[str, int] = {}
    total_us = 0
    for name, at_us, begins in moments:
        if begins:
            begun.setdefault(name, at_us)
        else:
            total_us += at_us - begun.pop(name, at_us)
    return total_us + sum(timeline.horizon_us - at_us for at_us in begun.values())


def sized(in_flight: float, business: Business) -> Business:
    """Return the business with as many orders as it takes to have so many lifecycles in flight."""
    found = played(SEED, business)
    return msgspec.structs.replace(business, orders=round(business.orders * in_flight / found.in_flight))


def main(argv: list[str] | None = None) -> None:
    """Play a business on one processor and on several, and print what an hour and a lifecycle cost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--in-flight", type=float, default=30.0)
    parser.add_argument("--weeks", type=int, default=13)
    parser.add_argument("--sweep-every", default="1h")
    parser.add_argument("--paid-by", choices=tuple(_PAYMENTS), default="usual")
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args(argv)
    guess = Business(orders=200, weeks=chosen.weeks, sweep_every=chosen.sweep_every, paid_by=chosen.paid_by)
    business = sized(chosen.in_flight, guess)
    idle = played(SEED, msgspec.structs.replace(business, orders=1))
    print(_told(business, played(SEED, business), idle), flush=True)
    if chosen.processes > 1:
        print(_at_once(business, chosen.processes))


def _told(business: Business, busy: Played, idle: Played) -> str:
    more = busy.lifecycles - idle.lifecycles
    return "\n".join(
        [
            f"{business.orders} orders a quarter paid by {business.paid_by} customers, swept every "
            f"{business.sweep_every} at most: {busy.lifecycles} lifecycles in {busy.hours:,.0f} virtual hours, "
            f"{busy.calls:,} calls, {busy.status}",
            f"{busy.in_flight:.1f} lifecycles in flight and {busy.open_flows:.1f} flows open on average",
            f"one processor: {busy.hours * 60 / busy.cpu_seconds:,.0f} virtual hours a minute of CPU",
            f"of which {1e6 * idle.cpu_seconds / idle.hours:,.0f} us for an hour in which nothing happens "
            f"({idle.calls / idle.hours:.1f} calls), {1e3 * (busy.cpu_seconds - idle.cpu_seconds) / more:.1f} ms for a "
            f"lifecycle",
        ]
    )


def _at_once(business: Business, processes: int) -> str:
    """Play a business in several processes at once, each with a seed of its own, and tell what the wall says."""
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        warm = partial(played, business=msgspec.structs.replace(business, weeks=1))
        list(pool.map(warm, range(processes)))
        started = time.perf_counter()
        found = list(pool.map(partial(played, business=business), range(SEED, SEED + processes)))
        seconds = time.perf_counter() - started
    hours, statuses = sum(each.hours for each in found), ", ".join(each.status for each in found)
    share = sum(each.cpu_seconds for each in found) / seconds
    return (
        f"{processes} processes: {hours * 60 / seconds:,.0f} virtual hours a minute of the wall ({statuses}); they had "
        f"{share:.1f} processors to themselves"
    )


if __name__ == "__main__":
    main()
