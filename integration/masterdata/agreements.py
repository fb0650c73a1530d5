"""Partner agreements: under which model a partner buys, at which margin, and who registered a customer first.

Rows of the cross-reference: `("partner", account)` is an agreement; `("registration", end customer)` is the partner
whose deal with that customer is protected, until a day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import msgspec

from domain.objects import Line

PARTNER, REGISTRATION = "partner", "registration"
PROTECTED_DAYS = 90  # [E]


class Agreement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was agreed with a partner; a distributor has a margin of its own on top of the reseller's."""

    models: tuple[str, ...]
    margin_percent: int = 20
    distributor_percent: int = 0

    def wanted_percent(self, model: str) -> int:
        """Return the least discount off the list price at which the partner buys under a model."""
        return self.margin_percent + (self.distributor_percent if model == "two_tier" else 0)


class WrongAgreement(ValueError):
    """A row that is no agreement: DATA_QUALITY.MAPPING_AMBIGUOUS."""


def agreement_of(row: Mapping[str, Any]) -> Agreement:
    """Return an agreement from its row; raise WrongAgreement with what is wrong with it."""
    try:
        found = msgspec.convert(row, Agreement)
    except msgspec.ValidationError as error:
        raise WrongAgreement(f"this is no partner agreement: {error}") from error
    if not 0 <= found.margin_percent + found.distributor_percent < 100:
        raise WrongAgreement("margins are between 0 and 100 percent together")
    return found


def direct_prices(lines: Iterable[Line], percent: int) -> list[str]:
    """Return the skus whose price is above the partner's, to the minor unit; lines without a list price are not known.

    >>> direct_prices([Line(id="1", sku="A", kind="recurring", quantity=1, unit_minor=90, amount_minor=90,
    ...                     list_unit_minor=100)], 20)
    ['A']
    """
    return [
        line.sku
        for line in lines
        if line.list_unit_minor and line.unit_minor > -(-line.list_unit_minor * (100 - percent) // 100)
    ]


def registration(partner: str, quote: str, day: date) -> dict[str, Any]:
    """Return the row that protects a partner's deal with a customer from a day on."""
    return {"partner": partner, "quote": quote, "until": (day + timedelta(days=PROTECTED_DAYS)).isoformat()}


def is_free(row: Mapping[str, Any] | None, partner: str, day: date) -> bool:
    """Tell whether a partner may sell to a customer on a day: nobody else's deal with it is protected."""
    return row is None or row["partner"] == partner or date.fromisoformat(row["until"]) <= day
