"""Recurring revenue: the bridge from the start of a run to its end, made of what was sold, is what billing bills (M11).

What is compared is a year's worth of each subscription, exactly: quantity x price x 12 / months. The bridge is folded
from approved quotes and booked amendments; its end is what billing holds.
"""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import msgspec

from contracts.checks.facts import Facts
from contracts.checks.terms import Price, Spans, Terms, price_on, terms_of
from contracts.checks.verdict import Findings, Tally
from domain.calendar import local_date
from domain.money import said

_NOTHING = Fraction(0)


class Bridge(msgspec.Struct):
    """A year's worth of the subscriptions of one entity and currency in minor units, and what moved it."""

    start: Fraction = _NOTHING
    new: Fraction = _NOTHING
    more: Fraction = _NOTHING
    less: Fraction = _NOTHING
    gone: Fraction = _NOTHING
    end: Fraction = _NOTHING

    def told(self, entity: str, currency: str) -> str:
        """Return the bridge in a sentence."""
        steps = (("+", self.new, "new"), ("+", self.more, "more"), ("-", self.less, "less"), ("-", self.gone, "gone"))
        moved = " ".join(f"{sign} {said(round(amount), currency)} {word}" for sign, amount, word in steps)
        return f"{entity}, a year: {said(round(self.start), currency)} {moved} = {said(round(self.end), currency)}"


def recurring_revenue_bridges(facts: Facts) -> Findings:
    """What recurs at the end is what recurred at the start plus new and more, less less and gone, to the minor unit."""
    tally = Tally("M11")
    bridges: dict[tuple[str, str], Bridge] = {}
    parked = {flow.txn for flow in facts.parked}
    for key, terms in terms_of(facts).items():
        subscription = terms.subscription
        if terms.unsettled or subscription.start >= terms.last or terms.life.txn in parked:
            continue
        tally.examined += 1
        sold, billed = _sold(facts, terms), _worth(terms.actual, terms.last)
        if sold != billed:
            currency = subscription.currency
            sentence = (
                f"subscription {key} recurs with {said(round(billed), currency)} a year in billing, "
                f"what was sold and amended comes to {said(round(sold), currency)}"
            )
            tally.violation(terms.life.txn, sentence, terms.life.first, terms.life.last, entities=(terms.life.name,))
        _add(bridges.setdefault((subscription.entity, subscription.currency), Bridge()), facts, terms, sold, billed)
    return tally.findings(notes=[bridge.told(*key) for key, bridge in sorted(bridges.items())])


def _sold(facts: Facts, terms: Terms) -> Fraction:
    """Return what approved quotes and booked amendments make of it; nothing once its order was undone."""
    orders = facts.orders.get(terms.subscription.ref, [])
    if orders and orders[-1].txn in facts.undone:
        return _NOTHING
    return _worth(terms.expected, terms.last)


def _worth(spans: dict[str, Spans], last: date) -> Fraction:
    """Return what the charges that hold on the day before a day are worth a year."""
    prices = [price_on(own, last - timedelta(days=1)) for own in spans.values()]
    return _NOTHING + sum([_a_year(price) for price in prices if price is not None])


def _a_year(price: Price) -> Fraction | int:
    worth, rest = divmod(price.quantity * price.unit_minor * 12, price.months)
    return Fraction(worth * price.months + rest, price.months) if rest else worth


def _add(bridge: Bridge, facts: Facts, terms: Terms, sold: Fraction, billed: Fraction) -> None:
    begun = _NOTHING + sum([_a_year(spans[0].price) for spans in terms.base.values() if spans])
    today = local_date(facts.context.horizon_us, facts.zones.get(terms.subscription.entity, "UTC"))
    if terms.last < today:  # its term is over: what follows it is a contract of its own
        sold = billed = _NOTHING
    bridge.end += billed
    if terms.life.is_seeded:
        bridge.start += begun
    else:
        bridge.new += begun
    if not sold:
        bridge.gone += begun
    elif sold > begun:
        bridge.more += sold - begun
    else:
        bridge.less += begun - sold
