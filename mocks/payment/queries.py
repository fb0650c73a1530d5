"""Queries: which page of which objects a caller asks for."""

from __future__ import annotations

from typing import Literal

from mocks.payment.parts import Body, Shape

MethodType = Literal[
    "acss_debit", "affirm", "afterpay_clearpay", "alipay", "alma", "amazon_pay", "au_becs_debit", "bacs_debit",
    "bancontact", "billie", "bizum", "blik", "boleto", "card", "cashapp", "crypto", "custom", "customer_balance", "eps",
    "fpx", "giropay", "grabpay", "ideal", "kakao_pay", "klarna", "konbini", "kr_card", "link", "mb_way", "mobilepay",
    "multibanco", "naver_pay", "nz_bank_account", "oxxo", "p24", "pay_by_bank", "payco", "paynow", "paypal", "paypay",
    "payto", "pix", "promptpay", "revolut_pay", "samsung_pay", "satispay", "scalapay", "sepa_debit", "sequra", "sofort",
    "sunbit", "swish", "twint", "upi", "us_bank_account", "wechat_pay", "zip",
]  # fmt: skip
"""The types of payment methods there are, of which a few are played here."""


class Range(Shape, frozen=True, kw_only=True):
    """Bounds of an instant in seconds."""

    gt: int | None = None
    gte: int | None = None
    lt: int | None = None
    lte: int | None = None


class Paging(Body, frozen=True, kw_only=True):
    """The page of a list; further fields of a query are filters."""

    limit: int = 10
    starting_after: str | None = None
    ending_before: str | None = None
    created: Range | int | None = None


class CustomerQuery(Paging, frozen=True, kw_only=True):
    """Which customers."""

    email: str | None = None
    test_clock: str | None = None


class MethodQuery(Paging, frozen=True, kw_only=True):
    """Which payment methods."""

    allow_redisplay: Literal["always", "limited", "unspecified"] | None = None
    customer: str | None = None
    type: MethodType | None = None


class OwnedQuery(Paging, frozen=True, kw_only=True):
    """Which objects of a customer."""

    customer: str | None = None


class ChargeQuery(Paging, frozen=True, kw_only=True):
    """Which charges."""

    customer: str | None = None
    payment_intent: str | None = None
    transfer_group: str | None = None


class ChargedQuery(Paging, frozen=True, kw_only=True):
    """Which refunds or disputes."""

    charge: str | None = None
    payment_intent: str | None = None


class MovementQuery(Paging, frozen=True, kw_only=True):
    """Which balance transactions."""

    currency: str | None = None
    payout: str | None = None
    source: str | None = None
    type: str | None = None


class PayoutQuery(Paging, frozen=True, kw_only=True):
    """Which payouts."""

    arrival_date: Range | int | None = None
    destination: str | None = None
    status: str | None = None


class EventQuery(Paging, frozen=True, kw_only=True):
    """Which events."""

    delivery_success: bool | None = None
    type: str | None = None
    types: list[str] | None = None


class SearchQuery(Body, frozen=True, kw_only=True):
    """A search and its page."""

    query: str
    limit: int = 10
    page: str | None = None
