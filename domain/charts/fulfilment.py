"""The chart of a fulfilment task."""

from domain.charts.chart import Chart, rows

FULFILMENT = Chart(
    name="fulfilment",
    initial=("requested",),
    transitions=(
        *rows("requested", "in_progress", "start", "", "fulfillment.started"),
        *rows("in_progress", "completed", "complete", "", "fulfillment.completed"),
        *rows("in_progress", "partially_completed", "complete_part", "", "fulfillment.partially_completed"),
        *rows("partially_completed", "completed", "complete", "", "fulfillment.completed"),
        *rows("in_progress", "failed", "fail", "", "fulfillment.failed"),
        *rows("failed", "requested", "retry"),
        *rows("requested in_progress partially_completed failed", "cancelled", "cancel", "order cancelled"),
        *rows("completed", "reversed", "reverse", "deprovision"),
    ),
    terminal=frozenset({"completed", "cancelled", "reversed"}),
    reopenable=frozenset({"completed"}),
    notes=(
        "cancelled is reached from every state before completed: an order is cancelled at any of them.",
        "completed is marked T and has the exit reversed, so it counts as T*.",
    ),
)
