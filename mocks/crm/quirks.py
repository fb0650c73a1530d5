"""How this organisation behaves where organisations differ, as named switches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec

from domain.paging import PAGE_SIZES_MAX
from mocks.crm.outbound import OutboundMessage
from mocks.crm.schema import Field, SObject, sobject

ZONES = {"US": "America/New_York", "UK": "Europe/London", "DE": "Europe/Berlin", "JP": "Asia/Tokyo"}


class CustomObject(msgspec.Struct, frozen=True, kw_only=True):
    """An object of the organisation's own: its name ends in `__c`, or in `__e` for a platform event."""

    name: str
    prefix: str
    fields: tuple[Field, ...]
    label_plural: str = ""
    children: Mapping[str, tuple[str, str]] = {}

    def sobject(self) -> SObject:
        """Return it as the schema has objects."""
        return sobject(self.name, self.label_plural or self.name, self.prefix, self.fields, self.children)


class Quirks(msgspec.Struct, frozen=True, kw_only=True):
    """The switches. Sources: the vendor's public documentation; [E] marks an estimate.

    `owns_quotes`, `owns_accounts`, `owns_products`: API users may not write what the CRM is the system of record of.
    `enforces_authority`: a discount above the requester's authority needs an approver.
    `guards_mirror_sequence`: a validation rule refuses a MirrorSequence__c below the current one (off: the CRM stores
    what it is told, as organisations do).
    `authentication`: `verify` (tokens this service issued), `shape` (any bearer token) or `off`.
    `session_seconds`: a session ends after this long without a call (vendor default 2 hours).
    `daily_requests`: calls allowed in a rolling day; beyond it every call is 403 REQUEST_LIMIT_EXCEEDED.
    `page_size`: the most records that a page of a query holds, whatever a client asks for.
    `scheme`: of absolute addresses in replies, unless the door says otherwise in `x-forwarded-proto`.
    `client_id`, `client_secret`: what a login must present; empty accepts any.
    `username`: the user behind the API. `users`: who may log in with which password; empty lets anybody in.
    `client_keys`: the public keys (PEM, RSA) by client id that signed logins are checked with; empty checks none.
    `change_events`: the objects whose changes are told to subscribers, `*` for all; none unless asked for.
    `custom_objects`: objects of the organisation's own.
    `outbound_messages`: what is told by SOAP besides accepted quotes.
    `oldest_version` to `newest_version` of the API are spoken; up to `retired_version` is 410.
    `query_rows_max`: a query that must look at more records than this is 400 QUERY_TIMEOUT; 0 lets all through.
    `bulk_seconds`: how long a bulk job works once its data is complete.
    `target`: the path of the outbound message at the integration.
    """

    owns_quotes: bool = True
    owns_accounts: bool = True
    owns_products: bool = True
    enforces_authority: bool = True
    guards_mirror_sequence: bool = False
    authentication: str = "verify"
    session_seconds: int = 7_200
    daily_requests: int = 100_000
    page_size: Annotated[int, msgspec.Meta(ge=1, le=PAGE_SIZES_MAX["crm"])] = PAGE_SIZES_MAX["crm"]
    scheme: str = "http"
    client_id: str = ""
    client_secret: str = ""
    organisation_id: str = "00D000000000001EAA"
    user_id: str = "005000000000001AAA"
    username: str = "integration@q2c.test"
    users: Mapping[str, str] = {}
    client_keys: Mapping[str, str] = {}
    change_events: tuple[str, ...] = ()
    custom_objects: tuple[CustomObject, ...] = ()
    outbound_messages: tuple[OutboundMessage, ...] = ()
    oldest_version: int = 31
    newest_version: int = 68
    retired_version: int = 30
    bulk_seconds: int = 0
    query_rows_max: int = 0
    target: str = "/webhooks/crm"
    zones: Mapping[str, str] = msgspec.field(default_factory=lambda: dict(ZONES))


OPEN = Quirks(owns_quotes=False, owns_accounts=False, owns_products=False, change_events=("*",))
"""An organisation whose API users may do everything, and which tells every change: one to point an integration at."""
