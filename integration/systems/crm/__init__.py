"""The CRM: reads accepted quotes and shows sales what became of them (Salesforce REST)."""

from __future__ import annotations

from integration.systems.crm.calls import (
    BALANCE,
    BASE,
    accepted_since,
    mirrored,
    quotes_named,
    read_place,
    read_quote,
    update_account,
    update_quote,
)
from integration.systems.crm.manners import (
    ORGANISATION,
    OUTDATED,
    SESSION_SECONDS,
    SOURCE,
    SYSTEM,
)
from integration.systems.crm.shapes import (
    AcceptedQuote,
    AcceptedRow,
    Address,
    accepted_page,
    accepted_quote,
    accepted_rows,
    entity_named,
    is_accepted,
    place_shown,
)

__all__ = [
    "AcceptedQuote",
    "AcceptedRow",
    "Address",
    "BALANCE",
    "BASE",
    "ORGANISATION",
    "OUTDATED",
    "SESSION_SECONDS",
    "SOURCE",
    "SYSTEM",
    "accepted_page",
    "accepted_quote",
    "accepted_rows",
    "accepted_since",
    "entity_named",
    "is_accepted",
    "mirrored",
    "place_shown",
    "quotes_named",
    "read_place",
    "read_quote",
    "update_account",
    "update_quote",
]
