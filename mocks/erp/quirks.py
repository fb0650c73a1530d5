"""How this ERP behaves where accounts of the same vendor differ: named switches, each with its source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec

from domain.paging import PAGE_SIZES_MAX


class Quirks(msgspec.Struct, frozen=True, kw_only=True):
    """Vendor behaviour as switches; the defaults are what the reference integration relies on.

    `closed_period`: refuse (400 USER_ERROR) or next_open (post on the first day of the next open period, keeping the
    original date).
    `opens_periods`: a period that nobody has set up is opened by the first posting into it; otherwise it is closed.
    `unknown_properties`: error or ignore, overridden by the request header X-NetSuite-PropertyNameValidation; custom
    fields (cust...) are always let through.
    `authentication`: shape (a bearer token or a signed OAuth 1 header must be there), signature (it must be right:
    `account`, consumer and token for OAuth 1, `certificate` for assertions, one or more in PEM) or off.
    `timestamp_seconds`: how far the time in a signature may be from the world's clock (0: not looked at, because a
    world's clock need not be the caller's).
    `restlets`: the account's own scripts, `script/deploy` -> `module:function` (see `restlets`).
    `owns_credit`: API users may not write credit limits.
    `bills_by_reference`: an invoice without `createdFrom` bills the orders of the same business transaction, as a
    billing bundle does.
    `releases_orders`: orders held for credit are booked when the hold ends; otherwise somebody must approve them.
    `loses_identity`: PUT by external id inserts orders and invoices again on every repetition.
    `credits_before_migration`: a customer seeded by act has a past in which only open items were migrated, so a credit
    memo of its may name an invoice this ERP never held; it is taken as a stand-alone credit.
    `recognises_revenue`: last month's revenue is recognised every day on the agenda; otherwise by act only.
    `warning_percent`, `overdue_warning_days`: when a customer is on warning.
    `concurrent`, `retry_after_seconds`: slots of the account, and what a 429 says (no Retry-After by default).
    `notifies_credit`: a user event script posts each change of a customer's credit status to `script_target`, signed
    with `script_secret`; the vendor itself sends nothing.
    `job_seconds`: how long an asynchronous request takes.
    `page_size`: the most rows that a page of a list or of SuiteQL holds, whatever a client asks for.
    """

    closed_period: str = "refuse"
    opens_periods: bool = False
    unknown_properties: str = "error"
    authentication: str = "shape"
    owns_credit: bool = True
    bills_by_reference: bool = True
    releases_orders: bool = True
    loses_identity: bool = False
    credits_before_migration: bool = True
    recognises_revenue: bool = False
    token_seconds: int = 3_600
    warning_percent: int = 90
    overdue_warning_days: int = 15
    default_credit_limit_minor: int = 0
    default_terms_days: int = 30
    concurrent: int = 15
    retry_after_seconds: int = 0
    notifies_credit: bool = True
    script_target: str = "/webhooks/erp"
    script_secret: str = "erp-script-secret"
    job_seconds: int = 5
    page_size: Annotated[int, msgspec.Meta(ge=1, le=PAGE_SIZES_MAX["erp"])] = PAGE_SIZES_MAX["erp"]
    account: str = "TSTDRV123_SB1"
    consumer_key: str = "consumer-key"
    consumer_secret: str = "consumer-secret"
    token_id: str = "token-id"
    token_secret: str = "token-secret"
    certificate: str = ""
    timestamp_seconds: int = 0
    restlets: Mapping[str, str] = {}
