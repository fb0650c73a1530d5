"""The chart of a payment dispute, or chargeback.

Funds leave on open and come back on won. Under `chargeback_reopens = on_open` the invoice balance rises on
open and falls on won; under `on_lost` it rises only on lost.
"""

from domain.charts.chart import Chart, rows

DISPUTE = Chart(
    name="dispute",
    initial=("inquiry", "needs_response"),
    transitions=(
        *rows("inquiry", "closed", "close"),
        *rows("inquiry", "needs_response", "open", "funds leave", "payment_dispute.opened"),
        *rows("needs_response", "under_review", "respond", "evidence sent"),
        *rows("under_review", "won", "win", "funds come back", "payment_dispute.won"),
        *rows("under_review", "lost", "lose", "", "payment_dispute.lost"),
        *rows("needs_response", "lost", "miss_deadline", "deadline passed", "payment_dispute.lost"),
    ),
    terminal=frozenset({"closed", "won", "lost"}),
    notes=("needs_response is initial too: most disputes open without an inquiry.",),
)
