"""What the table of operations does not say of a dialect: its title, media types, credentials and error body."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from mocks.openapi import errors

JSON, FORM, PROBLEM = "application/json", "application/x-www-form-urlencoded", "application/problem+json"
XML, CSV, TEXT = "text/xml; charset=UTF-8", "text/csv; charset=UTF-8", "text/plain; charset=utf-8"
BYTES = "application/octet-stream"
NETSUITE_ERROR = "application/vnd.oracle.resource+json; type=error; charset=UTF-8"
NETSUITE_RECORD = "application/vnd.oracle.resource+json; type=singular; charset=UTF-8"
NETSUITE_LIST = "application/vnd.oracle.resource+json; type=collection; charset=UTF-8"
_BEARER = {"type": "http", "scheme": "bearer"}
_BASIC = {"type": "http", "scheme": "basic"}


class Foreign(msgspec.Struct, frozen=True):
    """Where a dialect answers otherwise: paths that begin (or end) so, and the media type they answer in.

    `refusals` is that of refusals, empty when they are the dialect's own; `also` another media type of answers.
    """

    path: str
    media: str
    refusals: str = ""
    also: str = ""

    @property
    def medias(self) -> tuple[str, ...]:
        """The media types of answers."""
        return (self.media, self.also) if self.also else (self.media,)

    def takes(self, path: str) -> bool:
        """Tell whether it is about a path."""
        return path.startswith(self.path) or (self.path.endswith("$") and path.endswith(self.path[:-1]))


class Manner(msgspec.Struct, frozen=True, kw_only=True):
    """One dialect: `body` and `reply` are media types, `error` the type of a refusal, `security` its schemes by name.

    `public` are the paths that need no credentials, `more` other media types of replies, `apart` paths that refuse in
    a shape of their own (OAuth, scripts), `silent` those whose writes are answered with 204 and nothing. `foreign` are
    answers that are no JSON of this dialect, by the beginning or the end of a path. `identity` is where the answer to
    a creation says what was made, with the name of the path's last word in the place of `{noun}`. `forms` are paths
    whose bodies are forms where others are not. `custom` is the pattern of the names of fields that an account has
    defined itself; bodies take them in any place, or where `gathered` names the member that collects them, in those
    with such a member.
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
    silent: tuple[str, ...] = ()
    foreign: tuple[Foreign, ...] = ()
    identity: str = ""
    forms: tuple[str, ...] = ()
    custom: str = ""
    gathered: str = ""


MANNERS: Mapping[str, Manner] = MappingProxyType(
    {
        "crm": Manner(
            title="CRM with CPQ, compatible with Salesforce REST", version="v68.0", error=list[errors.SalesforceError],
            security={"session": _BEARER}, public=("/services/oauth2", "/services/Soap"), apart=("/services/oauth2",),
            silent=("/services/data",), identity="/id", forms=("/services/oauth2",),
            foreign=(
                Foreign("/services/Soap", XML, XML), Foreign("/cometd", JSON, JSON), Foreign("/id", JSON, "text/html"),
                Foreign("/batches$", CSV), Foreign("Results$", CSV), Foreign("/unprocessedrecords$", CSV),
                Foreign("/results$", CSV),
            ),
        ),
        "erp": Manner(
            title="ERP, compatible with NetSuite SuiteTalk REST", version="v1", error=errors.NetSuiteError,
            error_media=NETSUITE_ERROR, security={"token": _BEARER}, public=("/services/rest/auth",),
            more=(NETSUITE_RECORD, NETSUITE_LIST), apart=("/services/rest/auth", "/app/site/hosting"),
            silent=("/services/rest/record",), forms=("/services/rest/auth",), custom="^cust[a-z0-9_]+$",
            foreign=(Foreign("/app/site/hosting", JSON, also=TEXT),),
        ),
        "billing": Manner(
            title="Subscription billing, compatible with Chargebee API v2 (Product Catalog 2.0)", version="v2",
            error=errors.ChargebeeError, body=FORM, security={"api_key": _BASIC}, identity="/{noun}/id",
            custom="^cf_[a-z0-9_]+$", gathered="custom",
        ),
        "tax": Manner(
            title="Tax engine, compatible with AvaTax REST v2", version="v2", error=errors.AvaTaxError,
            security={"account": _BASIC, "token": _BEARER},
        ),
        "payment": Manner(
            title="Payment processor, compatible with Stripe API v1", version="v1", error=errors.StripeError,
            body=FORM, security={"secret_key": _BEARER, "secret_key_basic": _BASIC}, identity="/id",
            foreign=(Foreign("/pdf$", "application/pdf"),),
        ),
        "fulfilment": Manner(
            title="Fulfilment: a provisioning system of our own", version="v1", error=errors.Problem,
            error_media=PROBLEM, security={"token": _BEARER},
        ),
    }
)  # fmt: skip
