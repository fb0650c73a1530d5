"""The chart of one slice of a revenue schedule."""

from domain.charts.chart import Chart, rows

REVENUE_SLICE = Chart(
    name="revenue_slice",
    initial=("planned",),
    transitions=(
        *rows("planned", "on_hold", "hold"),
        *rows("on_hold", "planned", "release"),
        *rows("planned", "recognised", "recognise", "the period is open", "revenue.recognized"),
        *rows("recognised", "reversed", "reverse", "by catch-up entry, never edited"),
        *rows("planned", "replanned", "replan", "modification", "revenue.schedule_changed"),
    ),
    terminal=frozenset({"recognised", "reversed", "replanned"}),
    reopenable=frozenset({"recognised"}),
    notes=("replanned has no exit in the text and counts as terminal: new slices replace it.",),
)
