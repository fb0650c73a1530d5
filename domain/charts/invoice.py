"""The chart of an invoice.

`overdue` is derived and no state: balance > 0 and due_date < today in the local zone.
"""

from domain.charts.chart import Chart, rows

_REOPEN = "payment returned, chargeback (policy chargeback_reopens: on_open or on_lost), refund unadjusted"

INVOICE = Chart(
    name="invoice",
    initial=("draft",),
    transitions=(
        *rows("draft", "tax_pending", "ask_tax", "tax asked", "invoice.generated"),
        *rows("tax_pending", "ready", "tax", "tax returned", "invoice.tax_committed"),
        *rows(
            "tax_pending",
            "tax_estimated",
            "estimate_tax",
            "tax engine down and fallback policy = estimate; flagged, must be trued up",
            "invoice.tax_committed",
        ),
        *rows(
            "ready tax_estimated",
            "posted",
            "post",
            "ERP confirms; number assigned here, gapless; business_date in an open period",
            "invoice.posted",
        ),
        *rows("draft ready", "voided", "void", "before posting; no number used", "invoice.voided"),
        *rows("posted", "partially_paid", "pay_part", "applications > 0 and < total", "payment.applied"),
        *rows("posted partially_paid", "paid", "pay", "balance = 0", "payment.applied"),
        *rows(
            "posted partially_paid",
            "disputed",
            "dispute",
            "disputed amount kept; undisputed part stays due",
            "dispute.opened",
        ),
        *rows(
            "disputed",
            "posted",
            "resolve",
            "resolved for seller, or credit memo applied; nothing paid yet",
            "dispute.resolved",
        ),
        *rows(
            "disputed",
            "partially_paid",
            "resolve_part",
            "resolved for seller, or credit memo applied; part paid",
            "dispute.resolved",
        ),
        *rows(
            "posted partially_paid",
            "written_off",
            "write_off",
            "approval; bad debt entry",
            "invoice.written_off",
        ),
        *rows("paid partially_paid", "posted", "reopen", _REOPEN),
        *rows("paid", "partially_paid", "reopen_part", _REOPEN),
        *rows("written_off", "partially_paid", "reinstate", f"a part had been paid: {_REOPEN}"),
    ),
    terminal=frozenset({"voided", "paid", "written_off"}),
    reopenable=frozenset({"paid", "written_off"}),
    notes=(
        "partially_paid -> posted: the rest of what was paid is given back after a part of it was.",
        "written_off -> partially_paid: what was paid before the rest was given up goes back, and is owed again.",
    ),
)
