"""The chart of a renewal. T is the end date of the contract."""

from domain.charts.chart import Chart, rows

_LIVE = "forecast quoted negotiating accepted"

RENEWAL = Chart(
    name="renewal",
    initial=("not_due",),
    transitions=(
        *rows("not_due", "forecast", "forecast", "T-120 days", "renewal.due"),
        *rows("forecast", "quoted", "quote", "T-90 days", "renewal.quoted"),
        *rows("quoted", "negotiating", "negotiate"),
        *rows("negotiating", "accepted", "accept"),
        *rows("accepted", "booked", "book", "", "renewal.booked"),
        *rows(_LIVE, "lost", "lose", "the customer leaves", "renewal.lost"),
        *rows(_LIVE, "auto_renewed", "auto_renew", "auto_renew and no notice by T-30 days", "renewal.booked"),
        *rows(_LIVE, "lapsed", "lapse", "end date passed, grace 0-30 days"),
        *rows("lapsed", "reinstated", "reinstate", "inside the grace period"),
    ),
    terminal=frozenset({"booked", "lost", "auto_renewed", "lapsed", "reinstated"}),
    reopenable=frozenset({"lapsed"}),
    notes=(
        "lost, auto_renewed and lapsed end the whole chain, so every state from forecast on leads to them.",
        "reinstated has no exit in the text and counts as terminal.",
    ),
)
