"""The chart of an approval request."""

from domain.charts.chart import Chart, rows

APPROVAL = Chart(
    name="approval",
    initial=("pending",),
    transitions=(
        *rows("pending", "approved", "approve"),
        *rows("pending", "rejected", "reject"),
        *rows("pending", "recalled", "recall"),
        *rows("pending", "escalated", "escalate"),
        *rows("escalated", "approved", "approve"),
        *rows("escalated", "rejected", "reject"),
        *rows("pending", "auto_approved", "auto_approve", "inside the requester's authority"),
        *rows("pending", "expired", "expire", "due_at passes with no escalation rule"),
    ),
    terminal=frozenset({"approved", "rejected", "recalled", "auto_approved", "expired"}),
)
