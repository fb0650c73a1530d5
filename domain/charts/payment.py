"""The charts of a payment, one per kind of method.

Capture <= authorised; the sum of refunds <= captured; a processor may process less than was requested.
"""

from domain.charts.chart import Chart, rows

_RETURN = "NSF, account closed or unauthorised"

CARD_PAYMENT = Chart(
    name="card_payment",
    initial=("created",),
    transitions=(
        *rows("created", "requires_action", "challenge", "the issuer asks for authentication"),
        *rows("created requires_action", "authorized", "authorize", "", "payment.authorized"),
        *rows("authorized", "captured", "capture", "capture <= authorised", "payment.captured"),
        *rows("captured", "settled", "settle", "", "payout.settled"),
        *rows("created requires_action", "failed", "fail", "declined", "payment.failed"),
        *rows("authorized", "voided", "void", "cancelled, or expiry after 7 days"),
        *rows(
            "captured settled",
            "partially_refunded",
            "refund_part",
            "refunds < captured",
            "payment.refunded",
        ),
        *rows(
            "partially_refunded captured settled",
            "refunded",
            "refund",
            "refunds = captured",
            "payment.refunded",
        ),
        *rows("settled", "disputed", "dispute", "funds leave", "payment_dispute.opened"),
        *rows("disputed", "settled", "win_dispute", "funds come back", "payment_dispute.won"),
    ),
    terminal=frozenset({"settled", "failed", "voided", "refunded", "disputed"}),
    reopenable=frozenset({"settled", "disputed"}),
    notes=(
        "created -> authorized: most cards need no authentication step.",
        "requires_action -> failed: the customer fails the authentication.",
        "captured -> refunded and settled -> refunded: the whole amount in one refund.",
        "disputed -> settled: 2.3.12 returns the funds on won; a lost dispute ends in disputed (T*).",
    ),
)

DEBIT_PAYMENT = Chart(
    name="debit_payment",
    initial=("created",),
    transitions=(
        *rows("created", "submitted", "submit"),
        *rows("submitted", "processing", "process"),
        *rows("processing", "succeeded", "succeed", "provisional", "payment.received"),
        *rows("succeeded", "settled", "settle", "", "payout.settled"),
        *rows("processing", "failed", "fail", "", "payment.failed"),
        *rows("succeeded settled", "returned", "return", _RETURN, "payment.returned"),
    ),
    terminal=frozenset({"settled", "failed", "returned"}),
    reopenable=frozenset({"settled"}),
    notes=("returned has no exit in the text and counts as terminal: a new attempt is a new payment.",),
)

PUSH_PAYMENT = Chart(
    name="push_payment",
    initial=("received",),
    transitions=(
        *rows("received", "identified", "identify", "remittance names customer and invoice"),
        *rows("identified", "applied", "apply", "", "payment.applied"),
        *rows("received", "unidentified", "fail_to_identify"),
        *rows("unidentified", "unapplied", "park", "customer found or cash parked", "payment.unapplied"),
        *rows("unapplied", "applied", "apply", "", "payment.applied"),
        *rows("unapplied", "refunded", "refund", "", "payment.refunded"),
    ),
    terminal=frozenset({"applied", "refunded"}),
    notes=("refunded has no exit in the text and counts as terminal.",),
)
