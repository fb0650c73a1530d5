"""Deals: what stands on a quote. Lines, discounts and who must approve them.

The effective discount never exceeds the one on the quote's face: discounted unit prices are rounded up.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from domain.calendar import HOUR_US, MINUTE_US
from scenarios import luck
from scenarios.catalogue import ANNUAL, MONTHLY, ONCE, ONE_TIME, RECURRING, UNMAPPED, Product, price_list
from scenarios.ground import Ground
from scenarios.luck import lognormal, whole

LINES_MEDIAN, LINES_P95 = 4.0, 18.0  # [E]
LINES_MAX = min(40, len(RECURRING) + len(ONE_TIME))  # a subscription names a price once, so skus do not repeat
SEATS_MEDIAN, SEATS_P95, SEATS_MAX = 10.0, 150.0, 5_000
BANDS = ((0, 20), (21, 40), (41, 70), (71, 90))
"""Discounts in half percents by approver: none, sales manager, deal desk and finance, chief financial officer."""
BAND_SHARES = (0.60, 0.30, 0.09, 0.01)  # quotes needing each, mean discount 12% [P-low/E]
BAND_SHARES_LAST_WEEK = (0.20, 0.40, 0.32, 0.08)  # mean discount 20% [E]
APPROVERS = ("", "sales_manager", "deal_desk", "cfo")
"""Who approves a quote of each band, the last to sign where there are two; the empty name: no one needs to."""
APPROVAL_HOURS = ((0.003, 0.02), (3.0, 20.0), (8.0, 40.0), (12.0, 60.0))
APPROVAL_HOURS_RUSH = ((0.003, 0.02), (0.7, 3.5), (1.5, 7.0), (2.0, 11.0))
"""Median and 95th percentile of an approval by band, and in the last three business days [E]."""
OLD_PRICE_BOOK = Fraction(100, 105)


def band(half_percents: int) -> int:
    """Return the approval band of a discount in half percents."""
    return next((index for index, (_, high) in enumerate(BANDS) if half_percents <= high), len(BANDS) - 1)


def discount(ground: Ground, number: int, last_week: bool) -> int:
    """Return the discount of a quote in half percents."""
    shares = BAND_SHARES_LAST_WEEK if last_week else BAND_SHARES
    drawn = luck.quoting(ground.draws.seed, number)
    chosen = luck.weighted(tuple(enumerate(shares)), drawn.band)
    low, high = BANDS[chosen]
    unit = drawn.discount
    return low + int((unit**0.6 if chosen == 0 else unit) * (high - low + 1))


def percent_text(half_percents: int) -> str:
    """Return a discount as the quote shows it: "12.5"."""
    return f"{half_percents // 2}.5" if half_percents % 2 else str(half_percents // 2)


def approval_us(ground: Ground, number: int, half_percents: int, rush: bool) -> int:
    """Return how long an approver takes."""
    median, p95 = (APPROVAL_HOURS_RUSH if rush else APPROVAL_HOURS)[band(half_percents)]
    return int(luck.lognormal(median, p95, luck.quoting(ground.draws.seed, number).approval) * HOUR_US)


def net_unit_minor(list_minor: int, half_percents: int) -> int:
    """Return a list price less a discount, rounded up to the minor unit."""
    return -(-list_minor * (200 - half_percents) // 200)


def line(product: Product, quantity: int, listed_minor: int, unit_minor: int, months: int) -> dict[str, Any]:
    """Return one line of a quote as the CRM takes it."""
    return {
        "sku": product.sku,
        "kind": product.kind,
        "quantity": quantity,
        "list_unit_minor": listed_minor,
        "unit_minor": unit_minor,
        "months": months,
    }


def lines(
    ground: Ground, number: int, currency: str, months: int, half_percents: int, rise: Fraction
) -> list[dict[str, Any]]:
    """Return the lines of an order: distinct skus, at least one of them recurring, the odd ones out last."""
    made, prices = [], price_list(currency, rise)
    units: tuple[float, ...] = ()
    for position, product in enumerate(products(ground, number)):
        if position % 8 == 0:
            units = ground.units(f"quantities {position // 8}", number)
        frequency = months if product.kind == "recurring" else ONCE
        listed = prices[product.sku, frequency]
        quantity = _quantity(product, units[position % 8])
        made.append(line(product, quantity, listed, net_unit_minor(listed, half_percents), frequency))
    if ground.chance("price_skew", number):
        made[0]["list_unit_minor"] = int(made[0]["list_unit_minor"] * OLD_PRICE_BOOK)
    return made


def products(ground: Ground, number: int) -> list[Product]:
    """Return the products of an order, in the order of its lines."""
    size, part, sku, stride, service, service_stride, *_ = ground.units("products", number)
    wanted = int(lognormal(LINES_MEDIAN, LINES_P95, size) + 0.5)
    total = min(max(wanted, 1), LINES_MAX)
    services = min(int(total * part * 0.7 + 0.5), len(ONE_TIME), total - 1)
    recurring = min(total - services, len(RECURRING))
    chosen = spread(RECURRING, recurring, sku, stride)
    chosen += spread(ONE_TIME, services, service, service_stride)
    if lacks_mapping(ground, number):
        chosen[0] = ground.draws.choose(UNMAPPED, "unmapped", number)
    return chosen


def lacks_mapping(ground: Ground, number: int) -> bool:
    """Tell whether an order sells a sku that the mapping does not know yet."""
    return luck.order(ground.draws.seed, number).missing < ground.shares["missing_mapping"]


def spread(options: Sequence[Product], wanted: int, start: float, stride: float) -> list[Product]:
    """Return `wanted` different options: steps of one stride round a circle whose length is a prime."""
    size = len(options)
    first, step = int(start * size), 1 + int(stride * (size - 1))
    return [options[(first + index * step) % size] for index in range(wanted)]


def _quantity(product: Product, unit: float) -> int:
    if product.kind == "one_time":
        return whole(1, 4, unit)
    return min(max(1, int(lognormal(SEATS_MEDIAN, SEATS_P95, unit) + 0.5)), SEATS_MAX)


def frequency(ground: Ground, number: int) -> int:
    """Return how often a contract is billed, in months."""
    return MONTHLY if luck.order(ground.draws.seed, number).monthly < ground.shares["monthly"] else ANNUAL


def term_months(ground: Ground, number: int, months: int) -> int:
    """Return the length of a contract's term; those billed monthly run a year."""
    terms = ((12, 0.70), (24, 0.12), (36, 0.18))
    return 12 if months == MONTHLY else luck.weighted(terms, luck.order(ground.draws.seed, number).term)


def spaced(times_us: list[int]) -> list[int]:
    """Return instants pushed apart so that each comes at least a second after the one before it."""
    apart: list[int] = []
    for at_us in times_us:
        apart.append(max(at_us, apart[-1] + MINUTE_US // 60) if apart else at_us)
    return apart
