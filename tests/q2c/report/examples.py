"""Small runs to report on: one clean lifecycle, one with an outage and faults, one that breaks rules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from contracts.checks.facts import Facts
from contracts.checks.judge import judge
from domain.faults import Fault
from domain.history import Acted, Case, Crashed, Fired, MemoryHistory, Record
from q2c.report.gathered import Gathered, Run
from tests.contracts.checks.build import ORDER, at, attempt, changed, clean, ended_at, history, walk

OUTAGE = Fault(kind="refused", system="billing", start_us=at(10), end_us=at(16))
BROWNOUT = Fault(kind="brownout", system="tax", start_us=at(20), end_us=at(50), share_ppm=400_000, factor=8.0)
LOST = Fault(kind="lost_reply", system="erp", share_ppm=3_000)


def gathered(records: Iterable[Record], title: str = "A quarter-end", **context: Any) -> Gathered:
    """Return a report's values for some records."""
    return gathered_of(history(records, **context), title)


def gathered_of(known: MemoryHistory, title: str = "A quarter-end") -> Gathered:
    """Return a report's values for a history."""
    run = Run(
        title=title, question="Go or no-go?", expected=("nothing exists twice",), digest=known.digest(),
        records=len(known.records), lifecycles=1,
    )  # fmt: skip
    return Gathered(run, Facts(known), judge(known))


def case(minutes: float, status: str, **more: Any) -> Case:
    """Return a record of the one exception case."""
    values: dict[str, Any] = {"owner": "data steward", "detail": "no mapping", **more}
    return Case(
        at_us=at(minutes), case="C1", flow="quote/Q-000123-v1", txn="Q-000123", status=status,
        code="DATA_QUALITY.MAPPING_MISSING.SEAT", opened_us=at(8), due_us=at(248), **values,
    )  # fmt: skip


def troubled() -> Gathered:
    """Return a run with an outage, a brownout, a lost reply, a crash and a case that a person resolved."""
    records = [
        *clean(),
        attempt(8, "r0", "erp", "put_order", "Q-000123-v1", outcome="unknown", status=0, reason="timeout"),
        Fired(
            at_us=at(8), fault=2, kind="lost_reply", system="erp", operation="put_order", txn="Q-000123", number="r0"
        ),
        Crashed(at_us=at(11), write=7, after=False, back_us=at(11.5)),
        case(8.5, "new"),
        case(8.6, "in_progress", actor="steward"),
        case(9, "resolved", actor="steward"),
        Acted(at_us=at(9), system="erp", action="create_item", subject="SEAT"),
    ]  # fmt: skip
    return gathered(records, faults=(OUTAGE, BROWNOUT, LOST))


def broken() -> Gathered:
    """Return a run in which one quote became two orders."""
    twin = replace(ORDER, id="101", number="SO2")
    return gathered([*clean(), *walk(11, "erp", "order", twin, "submitted", "booked")])


def cut_short(came_to_rest: bool = False) -> Gathered:
    """Return a replay that ended with an invoice on its way from billing to the ERP."""
    records, context = ended_at(29, clean(), came_to_rest)
    return gathered(records, **context)


def hostile(name: str) -> Gathered:
    """Return a run whose data tries to break out of the page wherever it is shown."""
    twin = replace(ORDER, id=name, number=name)
    records = [
        *clean(),
        changed(11, "erp", "order", twin),
        attempt(8, "r0", name, name, "k", outcome="failed", status=400, reason=name),
        case(8.5, "new", owner=name, detail=name),
    ]
    return gathered(records, title=name, integration=name)
