"""Service levels of one transaction: which clocks run, when each is due, and which is at risk. Tables, pure functions.

The targets are the slowest part of each level (99 % of the orders within an hour); a clock of which four fifths are
spent is at risk. At the end of a quarter the tighter column counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from domain.calendar import HOUR_US, MINUTE_US
from domain.events.envelope import rfc3339
from integration.api.shapes.experience import Deadline
from integration.exceptions import ExceptionCase
from integration.journal.protocol import FlowRow, OutboxRow


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """A level between two events. `by` is what both have in common: the transaction, or the subject of the first.

    `instant` names the field of the first event's body that holds the instant of the fact.
    """

    name: str
    title: str
    start: str
    stops: tuple[str, ...]
    target_us: int
    target_quarter_end_us: int
    by: str = "subject"
    instant: str = ""


LEVELS = (
    Level(
        name="SLA-2", title="order creation", start="quote.accepted", by="txn", instant="accepted_at_us",
        stops=("order.booked", "amendment.booked", "renewal.booked", "order.rejected"),
        target_us=HOUR_US, target_quarter_end_us=15 * MINUTE_US,
    ),
    Level(
        name="SLA-4", title="invoice posting", start="invoice.generated", stops=("invoice.posted", "invoice.voided"),
        instant="generated_at_us", target_us=HOUR_US, target_quarter_end_us=30 * MINUTE_US,
    ),
    Level(
        name="SLA-5", title="payment posting", start="payment.received", stops=("payment.applied",),
        instant="received_at_us", target_us=15 * MINUTE_US, target_quarter_end_us=15 * MINUTE_US,
    ),
)  # fmt: skip
MIRROR = ("SLA-6", "status shown to sales", HOUR_US)


def deadlines(
    events: Sequence[OutboxRow],
    flows: Iterable[FlowRow],
    cases: Iterable[ExceptionCase],
    now_us: int,
    quarter_end: bool = False,
) -> tuple[Deadline, ...]:
    """Return the clocks of a transaction, those that are due first in front; met ones come last."""
    found = [each for level in LEVELS for each in _of_level(level, events, now_us, quarter_end)]
    found += [_of_case(case, now_us) for case in cases]
    name, title, target_us = MIRROR
    found += [
        _clock(name, title, flow.id, flow.created_us, flow.created_us + target_us, 0, now_us)
        for flow in flows
        if flow.name == "mirror" and flow.status in ("ready", "running", "parked")
    ]
    return tuple(sorted(found, key=lambda each: (each.met_at is not None, each.due_at, each.about)))


def _of_level(level: Level, events: Sequence[OutboxRow], now_us: int, quarter_end: bool) -> Iterable[Deadline]:
    target_us = level.target_quarter_end_us if quarter_end else level.target_us
    starts = f"q2c.{level.start}.v1"
    stops = {f"q2c.{name}.v1" for name in level.stops}
    for event in events:
        if event.type != starts:
            continue
        met_us = next(
            (
                other.created_us
                for other in events
                if other.type in stops and (level.by == "txn" or other.subject == event.subject)
            ),
            0,
        )
        began_us = _instant(event, level.instant)
        yield _clock(level.name, level.title, event.subject, began_us, began_us + target_us, met_us, now_us)


def _instant(event: OutboxRow, field: str) -> int:
    said = event.body.get(field)
    return said if isinstance(said, int) and said else event.created_us


def _of_case(case: ExceptionCase, now_us: int) -> Deadline:
    met_us = 0 if case.is_open else case.moved_us or now_us
    return _clock("SLA-8", f"exception: {case.code}", case.id, case.opened_us, case.due_us, met_us, now_us)


def _clock(level: str, title: str, about: str, began_us: int, due_us: int, met_us: int, now_us: int) -> Deadline:
    return Deadline(
        level=level, title=title, about=about, started_at=rfc3339(began_us), due_at=rfc3339(due_us),
        met_at=rfc3339(met_us) if met_us else None, state=state_of(began_us, due_us, met_us, now_us),  # type: ignore[arg-type]
    )  # fmt: skip


def state_of(began_us: int, due_us: int, met_us: int, now_us: int) -> str:
    """Return the state of a clock: running, at_risk (four fifths are spent), missed, met or met_late."""
    if met_us:
        return "met" if met_us <= due_us else "met_late"
    if now_us > due_us:
        return "missed"
    return "at_risk" if (now_us - began_us) * 5 >= (due_us - began_us) * 4 else "running"
