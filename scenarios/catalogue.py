"""The catalogue of the invented vendor: what it sells, in which currencies, at which list price.

Prices are invented [E]. A sku has one list price per currency and billing frequency; one-time skus have frequency 0.
The ERP knows a sku by its item number (the mapping the integration is configured with).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from domain.currency import quantum_count


@dataclass(frozen=True, slots=True)
class Level:
    """What a currency makes of a price: units of the currency for a dollar, and the step its prices move in."""

    per_dollar: Fraction
    step_minor: int


@dataclass(frozen=True, slots=True)
class Product:
    """One product: `kind` is recurring or one_time; `cents` prices a month (recurring) or the piece, in US cents."""

    sku: str
    name: str
    kind: str
    family: str
    revenue_rule: str
    cents: int
    item: str
    launched: bool = True  # False: sold already, but not yet in the mapping


PRICE_LEVELS: dict[str, Level] = {
    "USD": Level(Fraction(1), 100),
    "EUR": Level(Fraction(92, 100), 100),
    "GBP": Level(Fraction(79, 100), 100),
    "JPY": Level(Fraction(150), 100),
    "CAD": Level(Fraction(137, 100), 100),
    "AUD": Level(Fraction(152, 100), 100),
    "CHF": Level(Fraction(88, 100), 100),
    "KWD": Level(Fraction(31, 100), 500),
}

MONTHLY, ANNUAL, ONCE = 1, 12, 0
_ANNUAL_MONTHS_CHARGED = 10  # a year costs ten months

_RECURRING = (
    ("PLAT-STD", "Platform Standard", 2_500),
    ("PLAT-PRO", "Platform Professional", 4_900),
    ("PLAT-ENT", "Platform Enterprise", 9_900),
    ("ANLY-STD", "Analytics Standard", 1_500),
    ("ANLY-PRO", "Analytics Professional", 3_500),
    ("FLOW-STD", "Workflow Standard", 1_200),
    ("FLOW-PRO", "Workflow Professional", 2_900),
    ("DATA-HUB", "Data Hub", 19_900),
    ("API-PACK", "API Package", 9_900),
    ("SEC-SSO", "Single Sign-on", 500),
    ("SEC-AUD", "Audit Archive", 900),
    ("MOB-STD", "Mobile", 400),
    ("SBX-FULL", "Full Sandbox", 24_900),
    ("SUP-GOLD", "Gold Support", 14_900),
    ("SUP-PLAT", "Platinum Support", 39_900),
    ("STO-100", "Storage 100 GB", 2_000),
    ("CON-EDI", "EDI Connector", 7_900),
)
_ONE_TIME = (
    ("SETUP-S", "Set-up, small", 150_000),
    ("SETUP-M", "Set-up, medium", 450_000),
    ("SETUP-L", "Set-up, large", 1_200_000),
    ("MIG-DATA", "Data Migration", 600_000),
    ("TRN-ADM", "Administrator Training", 95_000),
    ("TRN-USR", "User Training", 45_000),
    ("SVC-DAY", "Consulting Day", 160_000),
    ("SVC-ARCH", "Architecture Review", 480_000),
    ("SVC-CUST", "Customisation", 900_000),
    ("SVC-INT", "Integration Package", 750_000),
    ("SVC-SEC", "Security Review", 390_000),
    ("HW-TOKEN", "Hardware Token", 4_500),
    ("SVC-LIVE", "Go-live Support", 220_000),
)
_NEW = (("AI-ASST", "Assistant", 3_900), ("AI-AGNT", "Assistant for Teams", 5_900))


def _products() -> tuple[Product, ...]:
    rows = [(*row, "recurring", "straight_line", True) for row in _RECURRING]
    rows += [(*row, "one_time", "point_in_time", True) for row in _ONE_TIME]
    rows += [(*row, "recurring", "straight_line", False) for row in _NEW]
    return tuple(
        Product(sku, name, kind, sku.split("-")[0], rule, cents, str(1001 + index), launched)
        for index, (sku, name, cents, kind, rule, launched) in enumerate(rows)
    )


PRODUCTS: tuple[Product, ...] = _products()
BY_SKU: dict[str, Product] = {product.sku: product for product in PRODUCTS}
RECURRING: tuple[Product, ...] = tuple(p for p in PRODUCTS if p.kind == "recurring" and p.launched)
ONE_TIME: tuple[Product, ...] = tuple(p for p in PRODUCTS if p.kind == "one_time")
UNMAPPED: tuple[Product, ...] = tuple(p for p in PRODUCTS if not p.launched)
MAPPING: dict[str, str] = {product.sku: product.item for product in PRODUCTS}


@lru_cache(maxsize=64)
def price_list(currency: str, rise: Fraction) -> dict[tuple[str, int], int]:
    """Return all list prices in a currency after a rise: (sku, months) -> minor units."""
    return {
        (product.sku, months): list_unit_minor(product.sku, currency, months, rise)
        for product in PRODUCTS
        for months in frequencies(product)
    }


def list_unit_minor(sku: str, currency: str, months: int, rise: Fraction = Fraction(0)) -> int:
    """Return the list price of one unit for one billing period in minor units, after a price rise.

    List prices are rounded to the currency's price step, risen ones half up to the minor unit.
    """
    product, level = BY_SKU[sku], PRICE_LEVELS[currency]
    assert (months == ONCE) == (product.kind == "one_time"), f"{sku} is not sold for {months} months"
    periods = _ANNUAL_MONTHS_CHARGED if months == ANNUAL else max(months, 1)
    minor = Fraction(product.cents * periods, 100) * level.per_dollar * quantum_count(currency)
    listed = max(1, round(minor / level.step_minor)) * level.step_minor
    return int(listed * (1 + rise) + Fraction(1, 2))


def frequencies(product: Product) -> tuple[int, ...]:
    """Return the billing frequencies a product is sold at, in months; 0 means once."""
    return (ONCE,) if product.kind == "one_time" else (MONTHLY, ANNUAL)
