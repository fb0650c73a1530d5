"""The chart of an accounting period, per legal entity and module.

A posting whose business_date falls in a closed period goes to the first open day of the next open period
with `original_date` kept, or to an exception, by policy.
"""

from domain.charts.chart import Chart, rows

_CHANGED = "period.status_changed"

PERIOD = Chart(
    name="period",
    initial=("future",),
    transitions=(
        *rows("future", "open", "open", "", _CHANGED),
        *rows("open", "soft_closed", "soft_close", "AR locked, GL open", _CHANGED),
        *rows("soft_closed", "closed", "close", "", _CHANGED),
        *rows("closed", "locked", "lock", "", _CHANGED),
        *rows("soft_closed closed", "open", "reopen", "only with approval, logged", _CHANGED),
    ),
    terminal=frozenset({"locked"}),
)
