"""Records become what the vendor shows of them: `resources` filled from `records`, and kept as JSON.

Contract dates travel as Unix seconds of their day (quirk `dates_at`); `date_to` of a line is exclusive.
"""

from __future__ import annotations

from mocks.billing.views.credit_notes import credit_note
from mocks.billing.views.invoices import dunning_status, invoice
from mocks.billing.views.showing import event, reply, show, shown, webhook_status
from mocks.billing.views.subscriptions import STATUSES, subscription

__all__ = [
    "STATUSES",
    "credit_note",
    "dunning_status",
    "event",
    "invoice",
    "reply",
    "show",
    "shown",
    "subscription",
    "webhook_status",
]
