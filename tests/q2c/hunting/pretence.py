"""A pretended integration for tests of the hunt itself: what it calls, what strikes it, what breaks it: formulas.

It calls three operations and hears one topic; every aimed fault that can strike does. It breaks the rule X1 when the
first fault of a plan loses the reply to a payment.
"""

from __future__ import annotations

import msgspec

from contracts.checks.coverage import Called, Cell, Coverage, Told
from contracts.checks.pairs import CALLS, why_not_call, why_not_message
from domain.faults import CATALOGUE, Fault, Place
from q2c.hunting.trial import Broken, Found, Trial

CALLED = (
    Called("billing", "create_customer", True, True, 5, 2, 7),
    Called("erp", "read_order", False, False, 9, 1, 10),
    Called("payment", "create_payment_intent", True, True, 4, 1, 5),
)
TOLD = (Told("payment", "payment_intent.succeeded", 4, 4),)
KINDS = ("error_before", "lost_reply", "maintenance", "key_in_progress", "duplicate", "crash")
BREAKS = "lost_reply"


def attempt(trial: bytes, _seed: int) -> bytes:
    """Pretend to play an encoded trial."""
    return msgspec.msgpack.encode(played(msgspec.msgpack.decode(trial, type=Trial)))


def played(trial: Trial) -> Found:
    """Return what came of a trial."""
    faults = trial.faults or ()
    broken = tuple(
        Broken(check="X1", count=1, transactions=(), sentence="the reply was lost")
        for fault in faults[:1]
        if fault.kind == BREAKS and fault.operation == "create_payment_intent"
    )
    coverage = Coverage(
        cells=tuple(_cells(faults)), states=(), reasons=(), plan=(), called=CALLED, told=TOLD, durable_writes=50
    )
    return Found(
        status="broken" if broken else "holds", broken=broken, unknown=(), coverage=coverage, digest=str(trial.seed),
        lifecycles=3, hours=10.0, cpu_seconds=0.1,
    )  # fmt: skip


def _cells(faults: tuple[Fault, ...]) -> list[Cell]:
    """Return the strikes of a plan: the first fault at an operation strikes its first try, the others its retries."""
    cells, started = [], set()
    for fault in faults:
        place = (fault.system, fault.operation)
        for called in CALLED:
            if place == (called.system, called.operation) and CATALOGUE[fault.kind].place in CALLS:
                if not why_not_call(fault.kind, called):
                    when = "retry" if place in started else "first"
                    cells.append(Cell(*place, fault.kind, when, 1))
                started.add(place)
        for told in TOLD if CATALOGUE[fault.kind].place is Place.WEBHOOK else ():
            if place == (told.system, told.topic) and not why_not_message(fault.kind, told):
                cells.append(Cell(*place, fault.kind, "message", 1))
    return list({(c.system, c.operation, c.fault, c.when): c for c in cells}.values())
