"""The chart of a credit memo."""

from domain.charts.chart import Chart, rows

CREDIT_MEMO = Chart(
    name="credit_memo",
    initial=("draft",),
    transitions=(
        *rows("draft", "approved", "approve"),
        *rows("approved", "posted", "post", "", "credit_memo.issued"),
        *rows("posted", "partially_applied", "apply_part", "balance > 0 left", "credit_memo.applied"),
        *rows("posted partially_applied", "applied", "apply", "balance = 0", "credit_memo.applied"),
        *rows("posted partially_applied", "refunded", "refund", "balance paid out", "payment.refunded"),
        *rows("draft", "voided", "void"),
    ),
    terminal=frozenset({"applied", "refunded", "voided"}),
    notes=("posted -> applied and posted -> refunded: the whole memo in one step, no part in between.",),
)
