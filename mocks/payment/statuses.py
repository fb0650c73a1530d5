"""How the vendor's states of a payment map to the canonical charts, in one table.

A row is (chart, vendor status) -> the canonical states it walks through, in order. A state that a payment has passed
already is not walked again. `Walk` says what follows from money moving afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping

from domain.charts import CARD_PAYMENT, DEBIT_PAYMENT, PUSH_PAYMENT
from domain.charts.chart import Chart

CHARTS: Mapping[str, Chart] = {"card": CARD_PAYMENT, "debit": DEBIT_PAYMENT, "push": PUSH_PAYMENT}
METHODS: Mapping[str, str] = {
    "card": "card",
    "us_bank_account": "debit",
    "sepa_debit": "debit",
    "customer_balance": "push",
    "link": "card",
    "p24": "card",
    "ideal": "card",
    "bancontact": "card",
}
TYPES: Mapping[str, str] = {"card": "card", "debit": "us_bank_account", "push": "customer_balance"}

WALKS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("card", "requires_payment_method"): ("created",),
    ("card", "requires_confirmation"): ("created",),
    ("card", "requires_action"): ("created", "requires_action"),
    ("card", "requires_capture"): ("created", "authorized"),
    ("card", "succeeded"): ("created", "authorized", "captured"),
    ("card", "declined"): ("created", "failed"),
    ("card", "canceled"): ("created", "failed"),  # nothing was authorised: the attempt is over
    ("card", "voided"): ("created", "authorized", "voided"),
    ("card", "paid_out"): ("settled",),
    ("card", "refunded_in_part"): ("partially_refunded",),
    ("card", "refunded"): ("refunded",),
    ("card", "disputed"): ("disputed",),
    ("card", "dispute_won"): ("settled",),
    ("debit", "requires_payment_method"): ("created",),
    ("debit", "requires_confirmation"): ("created",),
    ("debit", "processing"): ("created", "submitted", "processing"),
    ("debit", "succeeded"): ("succeeded",),
    ("debit", "declined"): ("failed",),
    ("debit", "paid_out"): ("settled",),
    ("debit", "returned"): ("returned",),
    # a push payment is nothing the processor has until the money is there
    ("push", "succeeded"): ("received", "identified", "applied"),
}


def walk(method: str, event: str, before: str) -> tuple[str, ...]:
    """Return the canonical states to write, in order; empty when the chart knows nothing of the event.

    States up to and including `before` are left out, and so are steps the chart does not allow (a partly refunded
    payment that is paid out stays partly refunded).
    """
    path = WALKS.get((method, event), ())
    if before in path:
        return path[path.index(before) + 1 :]
    if before and path:
        chart = CHARTS[method]
        for index, state in enumerate(path):
            if chart.allows(before, state):
                return path[index:]
        return ()
    return path
