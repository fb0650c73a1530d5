"""What the table of operations does not say of a dialect: its title, media types, credentials and error body."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from mocks.openapi import errors

JSON, FORM, PROBLEM = "application/json", "application/x-www-form-urlencoded", "application/problem+json"
NETSUITE_ERROR = "application/vnd.oracle.resource+json; type=error; charset=UTF-8"
NETSUITE_RECORD = "application/vnd.oracle.resource+json; type=singular; charset=UTF-8"
NETSUITE_LIST = "application/vnd.oracle.resource+json; type=collection; charset=UTF-8"
_BEARER = {"type": "http", "scheme": "bearer"}
_BASIC = {"type": "http", "scheme": "basic"}


class Manner(msgspec.Struct, frozen=True, kw_only=True):
    """One dialect: `body` and `reply` are media types, `error` the type of a refusal, `security` its schemes by name.

    `public` are the paths that need no credentials, `more` other media types of replies, `apart` paths that refuse in
    a shape of their own (OAuth, scripts).
    """

    title: str
    version: str
    error: Any
    security: Mapping[str, Mapping[str, Any]]
    body: str = JSON
    reply: str = JSON
    error_media: str = JSON
    public: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()


MANNERS: Mapping[str, Manner] = MappingProxyType(
    {
        "crm": Manner(
            title="CRM with CPQ, compatible with Salesforce REST", version="v68.0", error=list[errors.SalesforceError],
            security={"session": _BEARER}, public=("/services/oauth2", "/services/Soap"), apart=("/services/oauth2",),
        ),
        "erp": Manner(
            title="ERP, compatible with NetSuite SuiteTalk REST", version="v1", error=errors.NetSuiteError,
            error_media=NETSUITE_ERROR, security={"token": _BEARER}, public=("/services/rest/auth",),
            more=(NETSUITE_RECORD, NETSUITE_LIST), apart=("/services/rest/auth", "/app/site/hosting"),
        ),
        "billing": Manner(
            title="Subscription billing, compatible with Chargebee API v2 (Product Catalog 2.0)", version="v2",
            error=errors.ChargebeeError, body=FORM, security={"api_key": _BASIC},
        ),
        "tax": Manner(
            title="Tax engine, compatible with AvaTax REST v2", version="v2", error=errors.AvaTaxError,
            security={"account": _BASIC, "token": _BEARER},
        ),
        "payment": Manner(
            title="Payment processor, compatible with Stripe API v1", version="v1", error=errors.StripeError,
            body=FORM, security={"secret_key": _BEARER, "secret_key_basic": _BASIC},
        ),
        "fulfilment": Manner(
            title="Fulfilment: a provisioning system of our own", version="v1", error=errors.Problem,
            error_media=PROBLEM, security={"token": _BEARER},
        ),
    }
)  # fmt: skip
