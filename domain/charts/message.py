"""The chart of an integration message."""

from domain.charts.chart import Chart, rows

MESSAGE = Chart(
    name="message",
    initial=("accepted",),
    transitions=(
        *rows("accepted", "in_flight", "send"),
        *rows("in_flight", "succeeded", "succeed"),
        *rows("in_flight", "retry_scheduled", "schedule_retry", "retryable, attempts left"),
        *rows("retry_scheduled", "in_flight", "send"),
        *rows("in_flight", "dead_lettered", "bury", "attempts spent, or poison", "message.dead_lettered"),
        *rows("dead_lettered", "replayed", "replay", "", "message.replayed"),
        *rows("replayed", "succeeded", "succeed"),
        *rows("dead_lettered replayed", "discarded", "discard", "reason and approver", "message.discarded"),
        *rows(
            "accepted retry_scheduled replayed",
            "parked",
            "park",
            "behind an earlier failed message of the same key",
        ),
        *rows("parked", "in_flight", "send", "the earlier message left the way"),
        *rows("in_flight", "unknown", "lose_reply", "ambiguous timeout"),
        *rows("unknown", "in_flight", "query", "only after a status query"),
        *rows("replayed", "dead_lettered", "bury", "the replay fails too", "message.dead_lettered"),
    ),
    terminal=frozenset({"succeeded", "discarded"}),
    notes=(
        "in_flight -> unknown: the text names only the way out.",
        "parked is reached from every state in which the message waits to be sent.",
        "replayed -> dead_lettered: a replay can fail.",
    ),
)
