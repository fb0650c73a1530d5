"""Switches of the payment service: vendor behaviour as values, each with its source."""

from __future__ import annotations

from typing import Annotated

import msgspec

from domain.paging import PAGE_SIZES_MAX


class Quirks(msgspec.Struct, frozen=True, kw_only=True):
    """How this processor behaves. Sources: the vendor's public documentation; [K] general knowledge.

    authentication        off | shape (any sk_test_/rk_test_ key) | verify (only `secret_key`)
    webhook_secret        signs every message: HMAC-SHA256 over "<t>.<payload>"
    webhook_events        event types the endpoint listens to
    events_max            the newest events are kept, whether anybody listens or not; older ones are forgotten
    placeholders          ids of thirteen x (cus_xxxxxxxxxxxxx) name an object in just the state that is called for
    webhook_target        path of the integration's intake
    card_fee_ppm, card_fee_fixed_minor     2.9 % + 30 minor units per card capture
    debit_fee_ppm, debit_fee_cap_minor     0.8 %, at most 500 minor units per bank debit
    dispute_fee_minor     kept from the balance when a dispute opens, given back only with `returns_dispute_fee`
    return_fee_minor      kept from the balance when a debit comes back after it had succeeded
    dispute_withdraws     on_open (funds leave at once) | on_lost
    debit_days_min/max    business days until a bank debit is decided
    debit_return_ppm      share of bank debits that fail although no act says so
    push_days             days until a push payment arrives when its customer has no number of its own
    available_after_days  days until a capture counts for a payout; payout_hour_utc is when payouts are made
    dunning_days          pauses between attempts to charge an invoice; after the last a subscription is canceled
    authorization_days    an uncaptured authorisation is cancelled after this
    page_size             the most rows that a page of a list or of search holds, whatever a client asks for
    search_lag_seconds    how long search does not see a new object; the vendor warns of up to a minute
    """

    authentication: str = "shape"
    secret_key: str = "sk_test_q2c"
    webhook_secret: str = "whsec_q2c_integration"
    webhook_target: str = "/webhooks/payment"
    webhook_events: frozenset[str] = frozenset(
        {
            "payment_intent.succeeded",
            "payment_intent.payment_failed",
            "payment_intent.processing",
            "charge.refunded",
            "charge.dispute.created",
            "charge.dispute.closed",
            "payout.paid",
        }
    )
    events_max: int = 10_000
    placeholders: bool = False
    api_version: str = "2025-09-30.clover"
    requests_per_second: int = 100
    card_fee_ppm: int = 29_000
    card_fee_fixed_minor: int = 30
    debit_fee_ppm: int = 8_000
    debit_fee_cap_minor: int = 500
    dispute_fee_minor: int = 1_500
    return_fee_minor: int = 400
    dispute_withdraws: str = "on_open"
    returns_dispute_fee: bool = False
    evidence_days: int = 14
    debit_days_min: int = 1
    debit_days_max: int = 4
    debit_return_ppm: int = 0
    push_days: int = 3
    available_after_days: int = 0
    payout_hour_utc: int = 2
    dunning_days: tuple[int, ...] = (3, 5, 7)
    authorization_days: int = 7
    event_days: int = 30
    page_size: Annotated[int, msgspec.Meta(ge=1, le=PAGE_SIZES_MAX["payment"])] = PAGE_SIZES_MAX["payment"]
    search_lag_seconds: int = 0
    idempotency_seconds: int = 86_400
