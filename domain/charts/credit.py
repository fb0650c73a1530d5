"""The chart of an account's credit status.

A hold applies to an order decision made after `applied_at`; orders already booked go to
credit_hold_inflight only under a hard hold.
"""

from domain.charts.chart import Chart, rows

_CLEAR = "exposure and overdue back inside the limits, or manual override with expiry"

CREDIT = Chart(
    name="credit",
    initial=("clear",),
    transitions=(
        *rows("clear", "warning", "warn", "exposure > 90% of limit or oldest overdue > 15 days"),
        *rows("warning", "soft_hold", "hold_soft", "new orders held", "credit_hold.applied"),
        *rows(
            "soft_hold",
            "hard_hold",
            "hold_hard",
            "in-flight fulfilment and renewals held too",
            "credit_hold.applied",
        ),
        *rows("hard_hold soft_hold", "clear", "release", _CLEAR, "credit_hold.released"),
        *rows("warning", "clear", "release", _CLEAR),
    ),
    notes=("clear follows the whole chain, so every level leads back to it (manual override included).",),
)
