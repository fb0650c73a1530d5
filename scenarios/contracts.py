"""Contracts: the live subscriptions of the first day, with the history that later credits need as a base."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from domain.calendar import ANNUAL as EVERY_YEAR
from domain.calendar import MONTHLY as EVERY_MONTH
from domain.calendar import Interval, add_months
from scenarios.accounts import Account, account
from scenarios.catalogue import ANNUAL, RECURRING, price_list
from scenarios.deals import frequency, net_unit_minor, spread
from scenarios.ground import LIVE_FIRST, Ground
from scenarios.luck import lognormal, whole
from scenarios.moments import DAY
from scenarios.renewals import ending, renews_itself
from scenarios.values import MICROSECOND

AGE_MIN_DAYS, TERM_LEFT_DAYS = 35, 35
ITEMS_MAX = 4
SEATS_MEDIAN, SEATS_P95, SEATS_MAX = 15.0, 250.0, 5_000
HALF_PERCENTS_MAX = 40  # live contracts were sold at up to 20% off [E]
TERMS = ((12, 0.70), (24, 0.12), (36, 0.18))


@dataclass(frozen=True, slots=True)
class Contract:
    """One live subscription. All items are billed every `months` months, in advance, up to `billed_to` so far.

    `half_percents` is the discount it was sold at; no term ends before a month after the run, but those of contracts
    that are decided upon in it (`scenarios.renewals`).
    """

    id: str
    serial: int
    account: Account
    months: int
    half_percents: int
    items: tuple[tuple[str, int, int, int], ...]  # (sku, quantity, list unit, net unit in minor units)
    start: date
    term_end: date
    billed_from: date
    billed_to: date
    renews_itself: bool = False


def contract(ground: Ground, serial: int) -> Contract:
    """Return the live subscription of a serial number (900,001 and up)."""
    draws = ground.draws
    who = account(ground, serial, ground.site("live", serial))
    months = frequency(ground, serial)
    half = draws.whole(0, HALF_PERCENTS_MAX, "sold_at", serial)
    start, term_end = _term(ground, serial)
    billed = _billed(start, ground.moments.first_day, months)
    return Contract(
        id=f"Q-{serial:06d}",
        serial=serial,
        account=who,
        months=months,
        half_percents=half,
        items=_items(ground, serial, who.currency, months, half),
        start=start,
        term_end=term_end,
        billed_from=billed.start,
        billed_to=billed.end,
        renews_itself=renews_itself(ending(ground, serial)),
    )


def _term(ground: Ground, serial: int) -> tuple[date, date]:
    """Return start and term end: begun at least 35 days ago, ending at least 35 days after the run.

    Only contracts that are decided upon in the run end when that says.
    """
    draws, bounds = ground.draws, ground.moments
    term = draws.weighted(TERMS, "live_term", serial)
    decided = ending(ground, serial)
    if decided is not None:
        return add_months(decided.end, -term), decided.end
    run_days = (bounds.horizon_us - bounds.start_us) * MICROSECOND // timedelta(days=1)
    oldest = max(term * 30 - run_days - TERM_LEFT_DAYS, AGE_MIN_DAYS + 1)
    begun = bounds.first_day - draws.whole(AGE_MIN_DAYS, oldest, "age", serial) * DAY
    start = begun.replace(day=min(begun.day, 28))
    return start, add_months(start, term)


def _billed(start: date, today: date, months: int) -> Interval:
    cadence = EVERY_YEAR if months == ANNUAL else EVERY_MONTH
    return cadence.period(start, today)


def _items(
    ground: Ground, serial: int, currency: str, months: int, half_percents: int
) -> tuple[tuple[str, int, int, int], ...]:
    units, prices = ground.units("items", serial), price_list(currency, Fraction(0))
    made: list[tuple[str, int, int, int]] = []
    for product in spread(RECURRING, whole(1, ITEMS_MAX, units[0]), units[1], units[2]):
        seats = int(lognormal(SEATS_MEDIAN, SEATS_P95, units[3 + len(made)]) + 0.5)
        listed = prices[product.sku, months]
        made.append((product.sku, min(max(2, seats), SEATS_MAX), listed, net_unit_minor(listed, half_percents)))
    return tuple(made)


def seed_subscription(live: Contract) -> dict[str, Any]:
    """Return the arguments of billing's `seed_subscription`."""
    noted = {"meta_data": {"auto_renew": True}} if live.renews_itself else {}
    return {
        **noted,
        "id": live.id,
        "account": live.account.id,
        "name": live.account.name,
        "street": live.account.street,
        "city": live.account.city,
        "region": live.account.region,
        "postal_code": live.account.postal_code,
        "country": live.account.country,
        "entity": live.account.entity,
        "currency": live.account.currency,
        "net_term_days": live.account.terms_days,
        "items": [
            {
                "sku": sku,
                "kind": "recurring",
                "quantity": quantity,
                "unit_minor": unit,
                "months": live.months,
                "start": live.start.isoformat(),
            }
            for sku, quantity, _, unit in live.items
        ],
        "start": live.start.isoformat(),
        "term_end": live.term_end.isoformat(),
        "billed_to": live.billed_to.isoformat(),
    }


def serials(ground: Ground) -> range:
    """Return the serial numbers of all live subscriptions."""
    return range(LIVE_FIRST, LIVE_FIRST + ground.scenario.world.live_subscriptions)
