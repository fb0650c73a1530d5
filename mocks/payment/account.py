"""The account itself: what a program asks for first, to see whether its key is good."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from domain.http import Reply
from mocks.kernel.codec import encode_json
from mocks.kernel.operations import JSON, Call, Operation
from mocks.payment.bodies import EmptyBody
from mocks.payment.model import Processor
from mocks.payment.parts import Shape
from mocks.payment.rows import prepare, row

_CAPABILITIES = {"card_payments": "active", "transfers": "active", "us_bank_account_ach_payments": "active"}


class Account(Shape, frozen=True, kw_only=True):
    """The account of a standard merchant, as it sees itself."""

    id: str = "acct_000000000000000000000001"
    object: str = "account"
    business_profile: Mapping[str, Any] = msgspec.field(default_factory=lambda: {"name": "Q2C", "url": None})
    business_type: str = "company"
    capabilities: Mapping[str, str] = msgspec.field(default_factory=lambda: dict(_CAPABILITIES))
    charges_enabled: bool = True
    country: str = "US"
    default_currency: str = "usd"
    details_submitted: bool = True
    email: str = "merchant@q2c.test"
    metadata: Mapping[str, str] = msgspec.field(default_factory=dict)
    payouts_enabled: bool = True
    settings: Mapping[str, Any] = msgspec.field(default_factory=dict)
    type: str = "standard"


def _get(model: Processor, call: Call) -> Reply:
    prepare(model, call, "account")
    return Reply(200, JSON, encode_json(Account()))


ROWS: tuple[Operation, ...] = (row("get_account", "GET", "/v1/account", _get, EmptyBody, Account),)
