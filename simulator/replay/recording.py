"""Recording: the history of a replay, as the systems of record saw it.

What a caller learned of its call (`Attempted`) is told by the door: an answer that left is ok or failed, a severed
connection is unknown. Whether the caller was still there to hear the answer, nobody but the caller knows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from domain.history import Arrived, Attempted, Changed, Context, Delivered, Ended, Limit, Record
from mocks.billing import api as billing
from mocks.billing.quirks import LIVE
from mocks.billing.quirks import Quirks as BillingQuirks
from mocks.crm import api as crm
from mocks.erp import api as erp
from mocks.fulfilment import api as fulfilment
from mocks.kernel.limits import LimitPolicy
from mocks.payment import api as payment
from mocks.tax import api as tax
from scenarios.timeline import Timeline
from simulator.replay.target import Target
from simulator.setup import CODE_VERSION, bounded
from simulator.vendors import drifted

_NOT_FOUND = 404
READS: frozenset[tuple[str, str]] = frozenset(
    (dialect.system, operation.name)
    for dialect in (crm.DIALECT, erp.DIALECT, billing.DIALECT, tax.DIALECT, payment.DIALECT, fulfilment.DIALECT)
    for operation in dialect.operations
    if not operation.write
)
"""The operations that change nothing: a refusal of one is no failed write."""


class Recording:
    """Turns what a live world tells into a history; `add` takes each record. The first of all is the context.

    It counts what shows whether a target is at work: changes of documents, messages that went out, requests that did
    something.
    """

    def __init__(self, context: Context, add: Callable[[Record], None]) -> None:
        self._add = add
        self.changes = self.messages = self.writes = 0
        self.last_us = context.at_us
        add(context)

    def take(self, record: Any) -> None:
        """Take one record of the world."""
        self._add(record)
        if isinstance(record, Changed):
            self.changes += 1
            self.last_us = record.at_us
        elif isinstance(record, Delivered):
            self.messages += 1
        elif isinstance(record, Arrived):
            self.writes += record.effect == "done"
            self._add(_attempt(record))

    def end(self, at_us: int, lifecycles: int, *, complete: bool) -> None:
        """Say that the run is over."""
        self._add(Ended(at_us=at_us, complete=complete, lifecycles=lifecycles))


def _attempt(seen: Arrived) -> Attempted:
    """Return what the door can say of an attempt: it left when it came, and was answered at once.

    That there is no such record is an answer like any other to somebody who looked.
    """
    is_read = seen.effect == "read" or (seen.system, seen.operation) in READS
    is_answer = seen.status < 400 or (seen.status == _NOT_FOUND and (is_read or seen.effect == "refused"))
    outcome = "unknown" if not seen.status else "ok" if is_answer else "failed"
    return Attempted(
        at_us=seen.at_us, sent_us=seen.at_us, number=seen.number, system=seen.system, operation=seen.operation,
        write=not is_read, key=seen.key, fingerprint=seen.fingerprint, txn=seen.txn, outcome=outcome,
        status=seen.status, reason="" if seen.status else "the connection was severed",
    )  # fmt: skip


def context_of(timeline: Timeline, target: Target, speed: float, limits: dict[str, LimitPolicy]) -> Context:
    """Return the first record of a replay's history; patience is in business time, as all instants are."""
    vendor = BillingQuirks() if target.reference else LIVE
    plain = Context(
        at_us=timeline.start_us, scenario=timeline.scenario.name, seed=timeline.seed, code_version=CODE_VERSION,
        engine="replay", integration=target.name, cutoff_date=timeline.cutoff_date, heal_us=timeline.heal_us,
        horizon_us=timeline.horizon_us, settle_seconds=timeline.settle_seconds, entities=timeline.entities,
        limits=tuple(
            Limit(system=system, requests=each.requests, window_seconds=each.window_seconds, concurrent=each.concurrent)
            for system, each in limits.items()
        ),
        faults=bounded(timeline), drifted=drifted(timeline), inside=False, twins=timeline.twins, speed=speed,
        nets_changes=bool(target.switches.get("billing.nets_changes", vendor.nets_changes)),
    )  # fmt: skip
    return msgspec.structs.replace(
        plain,
        credit_grace_seconds=round(plain.credit_grace_seconds * max(1.0, speed)),
        signature_tolerance_seconds=round(plain.signature_tolerance_seconds * max(1.0, speed)),
    )
