"""Business: how long orders, invoices, payments and mirrors took under load, what came twice, and what is waiting.

It is seen from outside, in the changes of documents in the systems of record. Lags are seconds of the wall, whatever
the speed of business time: systems and networks are as slow as ever.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from contracts.checks.facts import BOOKED
from contracts.checks.sla import SLAS
from loadtests.desk import Change

_MONEY_IS_THERE = frozenset({"captured", "succeeded", "identified", "applied", "settled"})
ORDER: Final = "order creation"


class Moment(msgspec.Struct, frozen=True):
    """When something of a lifecycle has happened: the first change of a kind to one of some statuses (None: any)."""

    system: str
    kind: str
    statuses: frozenset[str] | None = None

    def is_in(self, change: Change) -> bool:
        """Tell whether a change is this moment."""
        return (change.system, change.kind) == (self.system, self.kind) and (
            self.statuses is None or change.status in self.statuses
        )


class Lag(msgspec.Struct, frozen=True, kw_only=True):
    """A lag of a lifecycle from one moment to another; `sla` is the service level that limits it, empty for none."""

    name: str
    start: str
    stop: str
    sla: str = ""


MOMENTS: Final[Mapping[str, Moment]] = {
    "signed": Moment("crm", "quote", frozenset({"accepted"})),
    "booked": Moment("erp", "order", BOOKED),
    "invoiced": Moment("billing", "invoice"),
    "posted": Moment("erp", "invoice"),
    "paid": Moment("payment", "payment", _MONEY_IS_THERE),
    "cash": Moment("erp", "cash"),
    "mirrored": Moment("crm", "mirror"),
}
LAGS: Final[tuple[Lag, ...]] = (
    Lag(name=ORDER, start="signed", stop="booked", sla="SLA-2"),
    Lag(name="signature to invoice", start="signed", stop="invoiced"),
    Lag(name="invoice posting", start="invoiced", stop="posted", sla="SLA-4"),
    Lag(name="payment posting", start="paid", stop="cash", sla="SLA-5"),
    Lag(name="status to CRM", start="posted", stop="mirrored", sla="SLA-6"),
    Lag(name="signature to cash", start="signed", stop="cash"),
)
_ONCE: Final = {("erp", "order"), ("erp", "invoice"), ("erp", "cash")}


class Measured(msgspec.Struct, frozen=True):
    """One lag that came to its end: of which transaction, when it began, how long it was, and whether that is late."""

    name: str
    txn: str
    start_us: int
    seconds: float
    late: bool


def limits_of(own: Mapping[str, float] | None = None) -> dict[str, float]:
    """Return the limit of each lag in seconds: the first target of its service level, or a person's own."""
    targets = {sla.id: sla for sla in SLAS}
    found = {lag.name: float(targets[lag.sla].normal[0].seconds) for lag in LAGS if lag.sla}
    return found | dict(own or {})


def percent_of(name: str) -> float:
    """Return the share that must be within a lag's limit, in percent."""
    sla = next((lag.sla for lag in LAGS if lag.name == name), "")
    return next((each.normal[0].percent for each in SLAS if each.id == sla), 95.0)


class Business:
    """What is known of the lifecycles of a load; `take` changes as they come."""

    def __init__(self, speed: float, limits: Mapping[str, float] | None = None) -> None:
        self._speed = speed
        self.limits = limits_of() if limits is None else dict(limits)
        self._moments: dict[str, dict[str, int]] = {name: {} for name in MOMENTS}
        self._ids: dict[tuple[str, str, str], set[str]] = {}
        self.counts: Counter[str] = Counter()
        self.late: Counter[str] = Counter()
        self.duplicates: list[str] = []

    def take(self, changes: Iterable[Change]) -> list[Measured]:
        """Take changes in order of time; return the lags that they end."""
        found: list[Measured] = []
        for change in changes:
            self._note_copy(change)
            if change.txn:
                found += self._take(change)
        return found

    def waiting(self, start: str = "signed", stop: str = "booked") -> list[str]:
        """Return the transactions that are between two moments."""
        stopped = self._moments[stop]
        return [txn for txn in self._moments[start] if txn not in stopped]

    def running(self, name: str) -> int:
        """Return how many lags of a name have begun and not ended."""
        lag = next(each for each in LAGS if each.name == name)
        return len(self.waiting(lag.start, lag.stop))

    def within(self, start_us: int, end_us: int, now_us: int, name: str = ORDER) -> tuple[int, int, int]:
        """Return of the lags that began in [start_us, end_us): those within the limit, those decided, those of all.

        One that still runs is decided when it is over its limit.
        """
        lag = next(each for each in LAGS if each.name == name)
        limit, stopped = self.limits[name], self._moments[lag.stop]
        good = decided = whole = 0
        for txn, at_us in self._moments[lag.start].items():
            if start_us <= at_us < end_us:
                whole += 1
                seconds = self._seconds(at_us, stopped.get(txn, now_us))
                good += txn in stopped and seconds <= limit
                decided += txn in stopped or seconds > limit
        return good, decided, whole

    def _take(self, change: Change) -> Iterable[Measured]:
        for name, moment in MOMENTS.items():
            if name == "mirrored" and change.txn not in self._moments["posted"]:
                continue  # sales is shown an order before there is an invoice; that is not the news we wait for
            if moment.is_in(change) and change.txn not in self._moments[name]:
                self._moments[name][change.txn] = change.at_us
                yield from self._ended(name, change.txn)

    def _ended(self, moment: str, txn: str) -> Iterable[Measured]:
        for lag in LAGS:
            start_us = self._moments[lag.start].get(txn)
            if lag.stop == moment and start_us is not None:
                seconds = self._seconds(start_us, self._moments[moment][txn])
                late = seconds > self.limits.get(lag.name, float("inf"))
                self.counts[lag.name] += 1
                self.late[lag.name] += late
                yield Measured(lag.name, txn, start_us, seconds, late)

    def _note_copy(self, change: Change) -> None:
        if change.before or not change.ref or (change.system, change.kind) not in _ONCE:
            return
        ids = self._ids.setdefault((change.system, change.kind, change.ref), set())
        if ids and change.id not in ids:
            self.duplicates.append(f"{change.system} has a second {change.kind} for {change.ref}: {change.id}")
        ids.add(change.id)

    def _seconds(self, start_us: int, stop_us: int) -> float:
        return max(0, stop_us - start_us) / self._speed / 1e6
