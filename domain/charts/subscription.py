"""The chart of a contract and of a subscription."""

from domain.charts.chart import Chart, rows

_ACTIVATION = "start date reached and fulfilment trigger met (on_booking, on_fulfilment or on_date)"

SUBSCRIPTION = Chart(
    name="subscription",
    initial=("draft",),
    transitions=(
        *rows("draft", "pending_activation", "book", "order booked", "subscription.created"),
        *rows("pending_activation", "trialing", "start_trial", _ACTIVATION),
        *rows("pending_activation", "active", "activate", _ACTIVATION, "subscription.activated"),
        *rows("trialing", "active", "end_trial", "trial end", "subscription.activated"),
        *rows("trialing", "cancelled", "cancel", "cancelled during the trial", "subscription.cancelled"),
        *rows(
            "active",
            "suspended",
            "suspend",
            "dunning stage or request; charges stop or continue by policy",
            "subscription.suspended",
        ),
        *rows("suspended", "active", "resume", "payment or resume", "subscription.resumed"),
        *rows("active suspended", "pending_cancel", "book_cancel", "cancel booked, future effective date"),
        *rows("pending_cancel", "active", "revoke_cancel", "revoked before the effective date"),
        *rows(
            "active suspended pending_cancel",
            "cancelled",
            "cancel",
            "effective date reached; final proration done",
            "subscription.cancelled",
        ),
        *rows("active", "expired", "expire", "end date, not renewed", "subscription.expired"),
        *rows(
            "active",
            "renewed",
            "renew",
            "renewal order booked; successor contract active; successor start = end",
        ),
        *rows(
            "pending_activation",
            "cancelled",
            "cancel",
            "order cancelled; nothing billed, else credit",
            "subscription.cancelled",
        ),
    ),
    terminal=frozenset({"cancelled", "expired", "renewed"}),
)
