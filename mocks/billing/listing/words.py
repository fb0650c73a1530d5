"""Words of the vendor that filters of lists may name: whatever else is asked for is refused."""

from __future__ import annotations

SHELVED = ("active", "archived", "deleted")
ITEM_TYPES = ("plan", "addon", "charge")
ORDER_STATUSES = (
    "new", "processing", "complete", "cancelled", "voided", "queued", "awaiting_shipment", "on_hold", "delivered",
    "shipped", "partially_delivered", "returned",
)  # fmt: skip
QUOTE_STATUSES = (
    "open", "accepted", "declined", "invoiced", "closed", "pending_approval", "approval_rejected", "proposed", "voided",
    "expired",
)  # fmt: skip
WEBHOOK_STATUSES = (
    "not_configured", "scheduled", "succeeded", "re_scheduled", "failed", "skipped", "not_applicable", "disabled",
    "rate_limited",
)  # fmt: skip
DUNNING = ("in_progress", "exhausted", "stopped", "success")
REASONS = (
    "write_off", "subscription_change", "subscription_cancellation", "subscription_pause", "chargeback",
    "product_unsatisfactory", "service_unsatisfactory", "order_change", "order_cancellation", "waiver", "other",
    "fraudulent",
)  # fmt: skip
