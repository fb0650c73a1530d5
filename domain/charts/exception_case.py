"""The chart of an exception case."""

from domain.charts.chart import Chart, rows

_LIVE = "new triaged assigned in_progress waiting_external resolved reopened"

EXCEPTION_CASE = Chart(
    name="exception_case",
    initial=("new",),
    transitions=(
        *rows("new", "triaged", "triage", "", "exception.opened"),
        *rows("triaged", "assigned", "assign", "", "exception.assigned"),
        *rows("assigned", "in_progress", "start"),
        *rows("in_progress", "waiting_external", "wait"),
        *rows("waiting_external", "in_progress", "resume"),
        *rows("in_progress", "resolved", "resolve", "", "exception.resolved"),
        *rows("resolved", "verified", "verify"),
        *rows("resolved", "reopened", "reopen"),
        *rows(_LIVE, "escalated", "escalate", "80% of the SLA is spent", "exception.escalated"),
        *rows(
            "new triaged",
            "auto_resolved",
            "auto_resolve",
            "the dependency returned and replay succeeded",
            "exception.resolved",
        ),
        *rows("escalated", "assigned", "assign", "a new owner takes it", "exception.assigned"),
        *rows("reopened escalated", "in_progress", "resume"),
    ),
    terminal=frozenset({"verified", "auto_resolved"}),
    notes=(
        "any -> escalated is expanded over every state that is neither terminal nor escalated.",
        "escalated and reopened have no exit in the text; work goes on from assigned or in_progress.",
    ),
)
