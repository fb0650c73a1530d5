"""Service levels: how long people and systems took, against targets.

A clock that still runs at the end of the run counts with the time it has run so far when that is over its target
already, and is left out otherwise. Events of the last three business days of the quarter have their own targets.
The clocks of systems run in wall time. Those of people rest on Saturdays and Sundays of their legal entity, and a
business day counts as 24 hours, as in the due times of the error taxonomy: the specification asks for the business
hours of the group that owns the step, and neither groups nor their hours are known of a run. In a replay business time
is compressed and systems are as slow as ever: their clocks count seconds of the wall.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import msgspec

from contracts.checks.casework import parkings
from contracts.checks.causes import captured_at
from contracts.checks.facts import BILLED, BOOKED, CASE_CLOSED, Facts, base_of, intent_of
from contracts.checks.lives import invoice_of, whole_of
from domain.calendar import SECOND_US, Interval, local_date, midnight_us
from domain.fiscal import last_business_days

NORMAL, LAST_DAYS = "normal", "last_3_business_days"
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_LOOK_BACK = timedelta(days=31)
_SATURDAY = 5


class Target(msgspec.Struct, frozen=True):
    """A share of the clocks (percent) that must have stopped within some seconds."""

    percent: float
    seconds: int


class Sla(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table: what starts and stops the clock, and the targets of both columns."""

    id: str
    title: str
    starts: str
    stops: str
    normal: tuple[Target, ...]
    last_days: tuple[Target, ...]
    of_people: bool = False

    def targets(self, column: str) -> tuple[Target, ...]:
        """Return the targets of a column."""
        return self.normal if column == NORMAL else self.last_days


class SlaResult(msgspec.Struct, frozen=True, kw_only=True):
    """One target of one SLA, measured. Durations are seconds; `attained_percent` is the share within the target.

    `status` is met, missed or unknown (no clock ran). `running` counts the clocks that never stopped.
    """

    sla: str
    title: str
    column: str
    target: Target
    status: str
    count: int
    running: int = 0
    attained_percent: float = 0.0
    p50_seconds: float = 0.0
    p95_seconds: float = 0.0
    p99_seconds: float = 0.0
    max_seconds: float = 0.0


class Clock(msgspec.Struct, frozen=True, gc=False):
    """One clock: when it started and stopped (None: it still runs), and what it is allowed before it counts."""

    start_us: int
    stop_us: int | None
    entity: str = ""
    allowed_us: int = 0


def _sla(
    key: str, title: str, starts: str, stops: str, normal: tuple[Target, ...], last_days: tuple[Target, ...] = (),
    of_people: bool = False,
) -> Sla:  # fmt: skip
    return Sla(
        id=key, title=title, starts=starts, stops=stops, normal=normal, last_days=last_days or normal,
        of_people=of_people,
    )  # fmt: skip


SLAS: tuple[Sla, ...] = (
    _sla("SLA-1", "quote approval", "quote submitted", "approved or rejected, unless a newer version replaced it",
         (Target(90, _DAY),), (Target(95, 4 * _HOUR),), of_people=True),
    _sla("SLA-2", "order creation", "quote accepted", "order booked", (Target(95, 5 * _MINUTE), Target(99, _HOUR)),
         (Target(99, 15 * _MINUTE),)),
    _sla("SLA-3", "invoice generation", "subscription activated or bill date", "invoice generated",
         (Target(98, 4 * _HOUR),), (Target(99, 2 * _HOUR),)),
    _sla("SLA-4", "invoice posting", "invoice generated", "invoice posted in the ERP", (Target(99, _HOUR),),
         (Target(99.5, 30 * _MINUTE),)),
    _sla("SLA-5", "payment posting", "payment received", "cash in the ERP", (Target(95, 15 * _MINUTE),)),
    _sla("SLA-6", "status to CRM", "invoice posted or paid", "CRM mirror updated",
         (Target(95, 5 * _MINUTE), Target(99.9, _HOUR))),
    _sla("SLA-7", "credit hold visible to sales", "hold applied", "CRM account shows it", (Target(99, 2 * _MINUTE),)),
    _sla("SLA-8", "exception resolution", "case opened", "case resolved within its own due time", (Target(90, 0),),
         of_people=True),
    _sla("SLA-9", "dead letter handled", "flow parked", "re-driven or discarded", (Target(95, _DAY),),
         (Target(95, 4 * _HOUR),), of_people=True),
)  # fmt: skip


def sla_results(facts: Facts) -> tuple[SlaResult, ...]:
    """Return every target of every SLA in both columns, measured on one history."""
    makers = {
        "SLA-1": _approvals, "SLA-2": _bookings, "SLA-3": _generations, "SLA-4": _postings, "SLA-5": _cash,
        "SLA-6": _mirrors, "SLA-7": _holds, "SLA-8": _cases, "SLA-9": _parked,
    }  # fmt: skip
    days = last_days(facts)
    results: list[SlaResult] = []
    for sla in SLAS:
        columns: dict[str, list[Clock]] = {NORMAL: [], LAST_DAYS: []}
        for clock in makers[sla.id](facts):
            columns[column_of(facts, clock, days)].append(clock)
        for column, clocks in columns.items():
            results.extend(measured(sla, column, target, clocks, facts) for target in sla.targets(column))
    return tuple(results)


def last_days(facts: Facts) -> frozenset[date]:
    """Return the last three business days of the quarter."""
    cutoff = facts.context.cutoff_date
    return frozenset(last_business_days(Interval(cutoff - _LOOK_BACK, cutoff), 3))


def column_of(facts: Facts, clock: Clock, days: frozenset[date]) -> str:
    """Return the column whose target a clock has: by the local date it started on."""
    day = local_date(clock.start_us, facts.zones.get(clock.entity, "UTC"))
    return LAST_DAYS if min(days) <= day < facts.context.cutoff_date else NORMAL


def measured(sla: Sla, column: str, target: Target, clocks: list[Clock], facts: Facts) -> SlaResult:
    """Return how the clocks of one column did against one target."""
    limit_us, end_us = target.seconds * SECOND_US, facts.context.horizon_us
    stopped = sorted(_lived(facts, sla, clock, clock.stop_us) for clock in clocks if clock.stop_us is not None)
    running = [_lived(facts, sla, clock, end_us) for clock in clocks if clock.stop_us is None]
    late = sum(1 for age in running if age > limit_us)
    within = sum(1 for age in stopped if age <= limit_us)
    count = len(stopped) + late
    attained = 100.0 * within / count if count else 0.0
    status = "unknown" if not count else "met" if attained >= target.percent else "missed"
    return SlaResult(
        sla=sla.id, title=sla.title, column=column, target=target, status=status, count=count, running=len(running),
        attained_percent=attained, p50_seconds=quantile(stopped, 50), p95_seconds=quantile(stopped, 95),
        p99_seconds=quantile(stopped, 99), max_seconds=quantile(stopped, 100),
    )  # fmt: skip


def _lived(facts: Facts, sla: Sla, clock: Clock, until_us: int) -> int:
    """Return how long something took for whoever waited for it, beyond what it was allowed."""
    if sla.of_people:
        worked_us = at_work_us(clock.start_us, until_us, facts.zones.get(clock.entity, "UTC"))
        return max(0, worked_us - clock.allowed_us)
    speed, business_us = facts.context.speed, until_us - clock.start_us
    return business_us if speed == 1.0 else round(business_us / speed)


def at_work_us(start_us: int, until_us: int, zone: str) -> int:
    """Return how much of a time is on business days: Monday to Friday of a zone, 24 hours each."""
    day = local_date(start_us, zone)
    saturday = day - timedelta(days=(day.weekday() - _SATURDAY) % 7)
    worked_us = until_us - start_us
    while (from_us := midnight_us(saturday, zone)) < until_us:
        monday_us = midnight_us(saturday + timedelta(days=2), zone)
        worked_us -= max(0, min(monday_us, until_us) - max(from_us, start_us))
        saturday += timedelta(days=7)
    return worked_us


def quantile(sorted_us: list[int], percent: int) -> float:
    """Return a percentile by nearest rank, in seconds; 0 of nothing."""
    if not sorted_us:
        return 0.0
    rank = max(1, -(-len(sorted_us) * percent // 100))
    return sorted_us[rank - 1] / SECOND_US


# --- the clocks -----------------------------------------------------------------------------------------------------


def _approvals(facts: Facts) -> Iterator[Clock]:
    """Yield a clock for each submitted version, but not for one that a newer version replaced: nobody decides on it."""
    for life in facts.lives("quote", "crm").values():
        submitted_us, decided_us = life.entered.get("submitted"), life.since(("approved", "rejected"))
        if submitted_us is not None and (decided_us is not None or "superseded" not in life.entered):
            yield Clock(submitted_us, decided_us, life.document.entity)


def _bookings(facts: Facts) -> Iterator[Clock]:
    for reference, life in facts.accepted.items():
        orders = facts.orders.get(reference, [])
        booked_us = min((at for order in orders if (at := order.since(BOOKED)) is not None), default=None)
        if booked_us is None and (life.status == "accept_failed" or _with_people(facts, life.txn, reference)):
            continue
        yield Clock(life.entered["accepted"], booked_us, life.document.entity)


def _with_people(facts: Facts, *names: str) -> bool:
    return not facts.excused.isdisjoint(names)


def _generations(facts: Facts) -> Iterator[Clock]:
    first: dict[str, int] = {}
    for life in facts.lives("invoice", "billing").values():
        first.setdefault(life.document.subscription, life.created_us)
    for life in facts.lives("subscription", "billing").values():
        activated_us = life.since(("active", "trialing"))
        if activated_us is not None and not life.is_seeded:
            yield Clock(activated_us, first.get(life.id), life.document.entity)


def _postings(facts: Facts) -> Iterator[Clock]:
    for life in facts.lives("invoice", "billing").values():
        if not life.is_seeded and life.status != "voided":
            posted_us = min((posted.created_us for posted in facts.posted.get(life.id, [])), default=None)
            yield Clock(life.created_us, posted_us, life.document.entity)


def _cash(facts: Facts) -> Iterator[Clock]:
    for reference, payments in facts.payments.items():
        invoice = facts.lives("invoice", "billing").get(reference)
        entity = invoice_of(invoice).entity if invoice is not None else ""
        for payment in payments:
            captured_us = captured_at(payment)
            if captured_us is not None:
                cash = facts.cash.get(intent_of(base_of(payment.id)), [])
                yield Clock(captured_us, min((life.created_us for life in cash), default=None), entity)


def _mirrors(facts: Facts) -> Iterator[Clock]:
    shown: dict[str, list[int]] = {}
    for change in facts.history.changes("mirror", "crm"):
        shown.setdefault(change.id, []).append(change.at_us)
    for life in facts.lives("invoice", "billing").values():
        reference = life.document.ref
        if life.is_seeded or reference not in facts.accepted:
            continue
        posted_us = min((posted.created_us for posted in facts.posted.get(life.id, [])), default=None)
        for fact_us in (posted_us if life.since(BILLED) is not None else None, life.entered.get("paid")):
            if fact_us is not None:
                seen_us = next((at_us for at_us in shown.get(whole_of(reference), ()) if at_us >= fact_us), None)
                yield Clock(fact_us, seen_us, life.document.entity)


def _holds(facts: Facts) -> Iterator[Clock]:
    statuses: dict[str, list[tuple[int, str]]] = {}
    for change in facts.history.changes("account", "crm"):
        statuses.setdefault(change.id, []).append((change.at_us, getattr(change.document, "credit_status", "")))
    for life in facts.lives("hold", "erp").values():
        placed_us = life.created_us
        rows = statuses.get(life.document.account, [])
        if rows:
            seen_us = next((at for at, status in rows if at >= placed_us and status.endswith("_hold")), None)
            released_us = life.entered.get("released")
            if seen_us is None and released_us is not None:
                continue  # it was over before anybody could have seen it
            yield Clock(placed_us, seen_us)


def _cases(facts: Facts) -> Iterator[Clock]:
    """Yield clocks that are allowed the time until the case is due: one resolved in time takes no time at all."""
    for records in facts.cases.values():
        last = records[-1]
        closed_us = next((record.at_us for record in records if record.status in CASE_CLOSED), None)
        if closed_us is not None or last.due_us < facts.context.horizon_us:
            yield Clock(last.opened_us, closed_us, _entity_of(facts, last.txn), last.due_us - last.opened_us)


def _parked(facts: Facts) -> Iterator[Clock]:
    for parked in parkings(facts):
        yield Clock(parked.flow.at_us, parked.until_us, _entity_of(facts, parked.flow.txn))


def _entity_of(facts: Facts, txn: str) -> str:
    life = facts.accepted_by_txn.get(txn)
    return life.document.entity if life is not None else ""
