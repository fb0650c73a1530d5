"""Which tax applies at all: the EU decision for a seller in one country, and US nexus, both as data.

Source: EU rules as tested in Lago; published US thresholds. Rates here are invented round figures
for mocks; the decisions are the facts.
"""

from collections.abc import Mapping
from datetime import date
from enum import Enum
from types import MappingProxyType

import msgspec

_EU = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
EU_COUNTRIES = frozenset(_EU.split())


class VatIdStatus(Enum):
    """What is known about a buyer's VAT id; PENDING means that VIES could not be asked and nothing is on record."""

    CONFIRMED = "confirmed"
    INVALID = "invalid"
    MISSING = "missing"
    PENDING = "pending"


class VatTreatment(Enum):
    """What a seller charges; HOLD means the invoice waits for a decision."""

    DOMESTIC = "domestic"
    REVERSE_CHARGE = "reverse_charge"
    BUYER_COUNTRY = "buyer_country"
    OUT_OF_SCOPE = "out_of_scope"
    HOLD = "hold"


class BuyerPlace(Enum):
    """Where the buyer is, seen from the seller."""

    SAME_COUNTRY = "same_country"
    OTHER_EU = "other_eu"
    OUTSIDE_EU = "outside_eu"


VAT_DECISIONS: Mapping[tuple[BuyerPlace, VatIdStatus], VatTreatment] = MappingProxyType(
    {(BuyerPlace.SAME_COUNTRY, status): VatTreatment.DOMESTIC for status in VatIdStatus}
    | {(BuyerPlace.OUTSIDE_EU, status): VatTreatment.OUT_OF_SCOPE for status in VatIdStatus}
    | {
        (BuyerPlace.OTHER_EU, VatIdStatus.CONFIRMED): VatTreatment.REVERSE_CHARGE,
        (BuyerPlace.OTHER_EU, VatIdStatus.INVALID): VatTreatment.BUYER_COUNTRY,
        (BuyerPlace.OTHER_EU, VatIdStatus.MISSING): VatTreatment.BUYER_COUNTRY,
        (BuyerPlace.OTHER_EU, VatIdStatus.PENDING): VatTreatment.HOLD,
    }
)
"""(buyer's place, VAT id status) -> treatment; a domestic buyer pays domestic VAT, id or not."""


def buyer_place(seller_country: str, buyer_country: str) -> BuyerPlace:
    """Return where the buyer is; countries are ISO 3166 two-letter codes."""
    if buyer_country == seller_country:
        return BuyerPlace.SAME_COUNTRY
    return BuyerPlace.OTHER_EU if buyer_country in EU_COUNTRIES else BuyerPlace.OUTSIDE_EU


def vat_treatment(
    seller_country: str, buyer_country: str, status: VatIdStatus, previous: VatTreatment | None = None
) -> VatTreatment:
    """Return the treatment of a sale by an EU seller; a decision on record outlives an unreachable VIES."""
    treatment = VAT_DECISIONS[buyer_place(seller_country, buyer_country), status]
    return previous if treatment is VatTreatment.HOLD and previous is not None else treatment


class NexusRule(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """When a US state makes a remote seller collect: sales in USD minor units, transactions, or both.

    `transactions` None means the state has no transaction test; `both` means that both tests must be met.
    """

    state: str
    sales_minor: int
    transactions: int | None = None
    both: bool = False

    def reached(self, sales_minor: int, transactions: int) -> bool:
        """Tell whether a year's sales reach the threshold."""
        by_sales = sales_minor >= self.sales_minor
        if self.transactions is None:
            return by_sales
        by_count = transactions >= self.transactions
        return (by_sales and by_count) if self.both else (by_sales or by_count)


TYPICAL_NEXUS = NexusRule(state="*", sales_minor=100_000_00, transactions=200)
"""The usual economic nexus test; several states have dropped the transaction count."""

NEXUS_RULES: Mapping[str, NexusRule] = MappingProxyType(
    {
        "CA": NexusRule(state="CA", sales_minor=500_000_00),
        "TX": NexusRule(state="TX", sales_minor=500_000_00),
        "NY": NexusRule(state="NY", sales_minor=500_000_00, transactions=100, both=True),
    }
)
"""States that differ from the typical test."""


def nexus_rule(state: str) -> NexusRule:
    """Return the rule of a state, or the typical one."""
    return NEXUS_RULES.get(state, TYPICAL_NEXUS)


def must_collect(registered_from: date | None, on: date) -> bool:
    """Tell whether tax is collected: only where the seller is registered, from that day on."""
    return registered_from is not None and registered_from <= on
