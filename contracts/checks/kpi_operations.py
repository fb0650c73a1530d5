"""Key figures of the machinery: failures, exceptions, calls, dead letters, recovery."""

from __future__ import annotations

from bisect import bisect_left
from typing import NamedTuple

from contracts.checks.facts import CASE_CLOSED, ERPS, Facts, version_of
from contracts.checks.kpi_business import Measured, percent, spread
from contracts.checks.sla import quantile
from domain.calendar import HOUR_US, SECOND_US
from domain.errors import class_of
from domain.history import Attempted, Case, Flow

_FALLOUT = frozenset({"DATA_QUALITY", "VALIDATION"})
_BUCKETS = (("0-4 h", 4), ("4-24 h", 24), ("1-3 d", 72), ("3-7 d", 168), ("> 7 d", 1 << 40))
_CREATIONS = frozenset({"upsert_order", "create_order", "put_order"})
_MACHINES = frozenset({"", "integration"})


def order_failures(facts: Facts) -> Measured:
    """Orders with at least one failed or unknown creation attempt, rate limits apart."""
    failed: dict[str, str] = {}
    for attempt in facts.history.of(Attempted):
        if attempt.system in ERPS and attempt.write and attempt.outcome != "ok" and attempt.status != 429:
            reference = version_of(attempt.key)
            if reference and attempt.operation in _CREATIONS:
                failed[reference] = "unknown" if attempt.outcome == "unknown" else str(attempt.status or attempt.reason)
    received = len(facts.accepted)
    classes: dict[str, int] = {}
    for reason in failed.values():
        classes[reason] = classes.get(reason, 0) + 1
    split = tuple((name, percent(count, received)) for name, count in sorted(classes.items()))
    return (("share", percent(len(failed), received)), *split), received


def fallout(facts: Facts) -> Measured:
    """Orders that ever needed a correction of data, and the share that passed at once."""
    fallen = {case[0].txn for case in facts.cases.values() if class_of(case[0].code) in _FALLOUT}
    share = percent(len(fallen & facts.accepted_by_txn.keys()), len(facts.accepted))
    return (("fallout", share), ("first pass", 100.0 - share if facts.accepted else 0.0)), len(facts.accepted)


def exception_ageing(facts: Facts) -> Measured:
    """The open cases at the end of the run by age, and their mean age in hours."""
    end_us = facts.context.horizon_us
    ages = [end_us - c[-1].opened_us for c in facts.cases.values() if c[-1].status not in CASE_CLOSED]
    counts = [0] * len(_BUCKETS)
    for age in ages:
        counts[bisect_left([hours for _, hours in _BUCKETS], age / HOUR_US)] += 1
    named = tuple((name, float(count)) for (name, _), count in zip(_BUCKETS, counts, strict=True))
    mean = sum(ages) / len(ages) / HOUR_US if ages else 0.0
    return (*named, ("mean hours", mean)), len(ages)


def exceptions_per_100(facts: Facts) -> Measured:
    """Exception cases for each hundred accepted quotes, and the share that resolved themselves."""
    cases = len(facts.cases)
    alone = sum(1 for records in facts.cases.values() if records[-1].status == "auto_resolved")
    return (("per 100 orders", percent(cases, len(facts.accepted))), ("auto-resolved", percent(alone, cases))), cases


def touches(facts: Facts) -> Measured:
    """What people did in exception cases, per order, and the share of orders that nobody had to touch."""
    touched: dict[str, int] = {}
    for case in facts.history.of(Case):
        if case.actor not in _MACHINES:
            touched[case.txn] = touched.get(case.txn, 0) + 1
    orders = len(facts.accepted)
    hands = len(touched.keys() & facts.accepted_by_txn.keys())
    per_order = sum(touched.values()) / orders if orders else 0.0
    return (("per order", per_order), ("touchless percent", percent(orders - hands, orders))), orders


def calls(facts: Facts) -> Measured:
    """Per system: the share of calls that succeeded, were throttled or were repetitions, and the latency of answers."""
    seen: dict[str, list[int]] = {}
    ages: dict[str, list[int]] = {}
    trouble: set[tuple[str, str, str, str]] = set()
    for attempt in facts.history.of(Attempted):
        counts = seen.setdefault(attempt.system, [0, 0, 0, 0])
        name = (attempt.system, attempt.operation, attempt.key, attempt.fingerprint)
        counts[0] += 1
        counts[1] += attempt.outcome == "ok"
        counts[2] += attempt.status == 429
        counts[3] += name in trouble
        if attempt.outcome == "ok":
            trouble.discard(name)
        else:
            trouble.add(name)
        if attempt.status:
            ages.setdefault(attempt.system, []).append(attempt.at_us - attempt.sent_us)
    values: list[tuple[str, float]] = []
    for system, (total, good, throttled, again) in sorted(seen.items()):
        own = sorted(ages.get(system, []))
        values += [
            (f"{system} success percent", percent(good, total)),
            (f"{system} 429 percent", percent(throttled, total)),
        ]
        values += [(f"{system} retry percent", percent(again, total))]
        values += [(f"{system} p{share} seconds", quantile(own, share)) for share in (50, 95, 99)]
    return tuple(values), sum(counts[0] for counts in seen.values())


def dead_letters(facts: Facts) -> Measured:
    """Flows parked at the end, the age of the oldest in hours, and the share of re-driven flows that did their work."""
    parked = facts.parked
    driven = {flow.flow for flow in facts.history.of(Flow) if flow.status == "resumed"}
    done = sum(1 for name in driven if facts.flows[name].ending == "done")
    oldest = max((facts.context.horizon_us - flow.at_us for flow in parked), default=0) / HOUR_US
    values = (("parked", float(len(parked))), ("oldest hours", oldest), ("replay success", percent(done, len(driven))))
    return values, len(parked) + len(driven)


def time_to_detect(facts: Facts) -> Measured:
    """From the first failed call of a transaction to its first exception case."""
    first_failed: dict[str, int] = {}
    for attempt in facts.history.of(Attempted):
        if attempt.outcome != "ok" and attempt.txn:
            first_failed.setdefault(attempt.txn, attempt.at_us)
    opened: dict[str, int] = {}
    for records in facts.cases.values():
        opened[records[0].txn] = min(opened.get(records[0].txn, records[0].at_us), records[0].at_us)
    ages = [at_us - first_failed[txn] for txn, at_us in opened.items() if first_failed.get(txn, at_us + 1) <= at_us]
    return spread(ages), len(ages)


def recovery(facts: Facts) -> Measured:
    """From the end of each outage to the moment when no more invoices wait for posting than before it, in seconds."""
    steps = _backlog_steps(facts)
    values: list[tuple[str, float]] = []
    for number, system, start_us, end_us in _outages(facts):
        usual = max(_backlog_at(steps, start_us), 1)
        healed_us = next((at for at, level in steps if at >= end_us and level <= usual), None)
        if _backlog_at(steps, end_us) > usual and healed_us is not None:
            values.append((f"outage {number}: {system}", (healed_us - end_us) / SECOND_US))
    return tuple(values), len(values)


class _Outage(NamedTuple):
    number: int
    system: str
    start_us: int
    end_us: int


def _outages(facts: Facts) -> list[_Outage]:
    """Return the outages by their place in the plan; of those of a system that overlap, one until it is back."""
    planned = [fault for fault in facts.context.faults if fault.end_us and fault.share_ppm >= 1_000_000]
    found: dict[str, list[_Outage]] = {}
    for number, fault in sorted(enumerate(planned, 1), key=lambda each: each[1].start_us):
        own = found.setdefault(fault.system, [])
        if own and fault.start_us <= own[-1].end_us:
            own[-1] = own[-1]._replace(end_us=max(own[-1].end_us, fault.end_us))
        else:
            own.append(_Outage(number, fault.system, fault.start_us, fault.end_us))
    return sorted(outage for own in found.values() for outage in own)


def _backlog_steps(facts: Facts) -> list[tuple[int, int]]:
    """Return the number of accepted quotes and pending invoices that wait, after each change of it."""
    moves: list[tuple[int, int]] = []
    for life in facts.lives("invoice", "billing").values():
        if not life.is_seeded:
            posted = facts.posted.get(life.id)
            moves += [(life.created_us, 1), *([(posted[0].created_us, -1)] if posted else [])]
    for reference, life in facts.accepted.items():
        orders = facts.orders.get(reference)
        moves += [(life.entered["accepted"], 1), *([(orders[0].created_us, -1)] if orders else [])]
    moves.sort()
    level, steps = 0, []
    for at_us, change in moves:
        level += change
        steps.append((at_us, level))
    return steps


def _backlog_at(steps: list[tuple[int, int]], at_us: int) -> int:
    place = bisect_left(steps, (at_us, -1))
    return steps[place - 1][1] if place else 0
