"""The chart of a quote version.

Editing an approved version is not a transition: it creates version n+1 in draft and voids the approval.
"""

from domain.charts.chart import Chart, rows

QUOTE = Chart(
    name="quote",
    initial=("draft",),
    transitions=(
        *rows(
            "draft",
            "submitted",
            "submit",
            "lines priced, at least one line, valid_until in the future",
            "quote.submitted",
        ),
        *rows("submitted", "approved", "approve", "all approvals given, or none needed", "quote.approved"),
        *rows("submitted", "rejected", "reject", "any approver rejects", "quote.rejected"),
        *rows("submitted", "draft", "recall", "nobody decided yet", "quote.recalled"),
        *rows("approved", "presented", "present", "sent to the customer", "quote.presented"),
        *rows(
            "presented approved",
            "accepted",
            "accept",
            "customer accepts or signs; not expired; price book still honoured",
            "quote.accepted",
        ),
        *rows("presented", "declined", "decline", "customer declines", "quote.declined"),
        *rows(
            "draft submitted approved presented",
            "superseded",
            "supersede",
            "newer version submitted; only one live version",
            "quote.superseded",
        ),
        *rows(
            "draft submitted approved presented",
            "expired",
            "expire",
            "now > valid_until (local midnight of the selling entity)",
            "quote.expired",
        ),
        *rows("accepted", "converted", "convert", "order booked; exactly one order set", "quote.converted"),
        *rows("accepted", "accept_failed", "fail", "order creation failed, in exception"),
        *rows("accept_failed", "accepted", "recover", "keeps the acceptance"),
    ),
    terminal=frozenset({"rejected", "declined", "superseded", "expired", "converted"}),
)
