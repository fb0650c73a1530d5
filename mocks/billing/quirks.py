"""Switches of the billing platform: vendor behaviour as values, each with its source."""

from __future__ import annotations

from typing import Annotated

import msgspec

from domain.paging import PAGE_SIZES_MAX

SHEET_TOPICS = frozenset(
    {
        "subscription_created",
        "subscription_activated",
        "subscription_changed",
        "subscription_cancelled",
        "invoice_generated",
        "invoice_updated",
        "payment_succeeded",
        "credit_note_created",
    }
)
ZONES = {"US": "America/New_York", "UK": "Europe/London", "DE": "Europe/Berlin", "JP": "Asia/Tokyo"}


class Quirks(msgspec.Struct, frozen=True, kw_only=True):
    """How this site behaves. Sources: the vendor's public documentation; [K] marks general knowledge.

    day_count            policy of `domain.proration.POLICIES` for stubs and credits. The vendor counts milliseconds by
                         default and whole days by site setting; ACT_ACT is the second one on local dates (0.4)
    change_day_is_new    the day of a change belongs to the new price (0.5)
    zones, default_zone  billing zone of each business entity, and of entities not listed (0.3)
    dates_at             utc: contract dates travel as UTC midnights (a site in UTC); local: as midnights of the entity.
                         Requests may use either: an exact UTC midnight names that date, other instants are converted
    pending_invoices     new invoices wait as `pending` for charges until somebody closes them (site setting)
    generated_event      what a new pending invoice is announced as; the vendor's own word is pending_invoice_created
    topics               event types the webhook endpoint is subscribed to; the others are only listed by GET /events
    backdating           any: changes reach back to the start; strict: not before the last change or one plan period,
                         which is the vendor's rule for its backdating setting
    posted_until_due     a closed invoice is `posted` until its due date, as with net terms at the vendor, and then
                         payment_due; off: payment_due at once
    applies_credits      open refundable credits of the customer are used up when an invoice is closed (vendor default;
                         off here because the integration refunds them)
    dunning_days         days after the due date at which dunning moves on; the last but two exhausts
    events_kept          length of the event log; the vendor keeps 90 days [K]
    api_key              empty: any Basic user with an empty password; else that key only
    catalogue_writable   the API changes items and prices; off: sales publishes them, as in a rehearsal
    nets_changes         a change that credits and charges makes one document of both (0.6); off, as at the vendor: an
                         invoice, and a credit note for each invoice that is credited
    voids_closed         closed invoices without payments can be voided, as at the vendor; off: they are immutable
    time_machine         the site has a time machine: the vendor's test sites have, live ones have not
    page_size            the most rows that a page of a list holds, whatever a client asks for
    requests_per_minute  150 on test sites and Starter, 1000 Performance, 3500 Enterprise
    """

    day_count: str = "ACT_ACT"
    change_day_is_new: bool = True
    zones: dict[str, str] = msgspec.field(default_factory=lambda: dict(ZONES))
    default_zone: str = "UTC"
    dates_at: str = "utc"
    pending_invoices: bool = True
    generated_event: str = "invoice_generated"
    topics: frozenset[str] = SHEET_TOPICS
    backdating: str = "any"
    posted_until_due: bool = False
    applies_credits: bool = False
    dunning_days: tuple[int, ...] = (3, 10, 20, 30, 40, 60, 120)
    events_kept: int = 20_000
    api_key: str = ""
    webhook_user: str = "q2c"
    webhook_password: str = "webhook-secret"
    requests_per_minute: int = 1000
    page_size: Annotated[int, msgspec.Meta(ge=1, le=PAGE_SIZES_MAX["billing"])] = PAGE_SIZES_MAX["billing"]
    catalogue_writable: bool = False
    nets_changes: bool = True
    voids_closed: bool = False
    time_machine: bool = True


LIVE = Quirks(
    pending_invoices=False,
    generated_event="pending_invoice_created",
    applies_credits=True,
    catalogue_writable=True,
    nets_changes=False,
    voids_closed=True,
    backdating="any",
)
"""A site as a real integration finds it: the vendor's own defaults where the reference integration asks for others."""
