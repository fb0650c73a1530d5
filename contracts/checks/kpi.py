"""Key figures: a table, measured on one history.

K-14 (revenue leakage) and K-19 (attainment by SLA and entity) are not here: the first needs the whole contract value,
of which a history of some weeks sees a part; the second is the table of `sla.py`.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from contracts.checks import kpi_business as business
from contracts.checks import kpi_operations as operations
from contracts.checks import parties
from contracts.checks.facts import Facts
from contracts.checks.kpi_business import Measured


class KpiResult(msgspec.Struct, frozen=True, kw_only=True):
    """One key figure: labelled values in one unit, and how many things they were measured on.

    `unit` is percent, seconds, hours, days, minor units, count or mixed (then each label names its own).
    """

    kpi: str
    title: str
    unit: str
    values: tuple[tuple[str, float], ...]
    count: int

    def value(self, label: str) -> float:
        """Return one value; raise KeyError when there is none of that label."""
        for name, value in self.values:
            if name == label:
                return value
        raise KeyError(f"{self.kpi} has no value {label!r}; it has: {', '.join(name for name, _ in self.values)}")


KPIS: tuple[tuple[str, str, str, Callable[[Facts], Measured]], ...] = (
    ("K-01", "quote conversion rate", "percent", business.conversion),
    ("K-02", "order creation failure rate", "percent", operations.order_failures),
    ("K-03", "order fallout", "percent", operations.fallout),
    ("K-04", "booking to first invoice", "seconds", business.booking_to_invoice),
    ("K-05", "invoice posting delay", "seconds", business.posting_delay),
    ("K-06", "unbilled past due value", "minor units", business.unbilled_past_due),
    ("K-07", "payment synchronisation lag", "seconds", business.payment_lag),
    ("K-08", "exception ageing", "count", operations.exception_ageing),
    ("K-09", "exceptions per 100 orders", "mixed", operations.exceptions_per_100),
    ("K-10", "close-to-cash cycle time", "seconds", business.close_to_cash),
    ("K-11", "days sales outstanding", "days", business.days_sales_outstanding),
    ("K-12", "touches per order", "mixed", operations.touches),
    ("K-13", "dispute rate", "percent", business.dispute_rate),
    ("K-15", "duplicate financial transactions", "count", business.duplicates),
    ("K-16", "cut-off accuracy", "mixed", business.cut_off),
    ("K-17", "calls: success, latency, throttling, retries", "mixed", operations.calls),
    ("K-18", "dead letters", "mixed", operations.dead_letters),
    ("K-20", "time to detect", "seconds", operations.time_to_detect),
    ("K-21", "CRM truth skew", "count", business.truth_skew),
    ("K-22", "reconciliation differences (some are on their way)", "mixed", business.reconciliation_differences),
    ("K-23", "recovery time", "seconds", operations.recovery),
    ("K-24", "amendment accuracy", "percent", business.amendment_accuracy),
    ("K-25", "duplicate customers", "mixed", parties.repeated_customers),
)
"""Every key figure: id, title, unit and the function that measures it."""


def kpi_results(facts: Facts) -> tuple[KpiResult, ...]:
    """Return every key figure of a history."""
    results = []
    for key, title, unit, measure in KPIS:
        values, count = measure(facts)
        results.append(KpiResult(kpi=key, title=title, unit=unit, values=values, count=count))
    return tuple(results)
