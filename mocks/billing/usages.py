"""Usage of metered charges: reported while a period runs, billed when it is over.

Usage that comes late goes on the next bill with a period of its own: what the whole period costs now
less what was billed of it.
"""

from __future__ import annotations

from datetime import date

from msgspec.structs import replace

from domain.objects import Line
from mocks.billing import invoices
from mocks.billing.model import Billing
from mocks.billing.pricing import rated
from mocks.billing.records import ItemPrice, Subscription, Usage
from mocks.billing.terms import Segment, segments
from mocks.kernel.tables import enlist, strike_off

Billed = tuple[Line, list[Usage]]


def add(billing: Billing, usage: Usage) -> Usage:
    """Keep usage of a metered charge."""
    billing.book.keep("usage", usage.id, usage)
    if usage.id not in billing.usages.get(usage.subscription, ()):
        enlist(billing.usages, usage.subscription, usage.id)
    return usage


def drop(billing: Billing, usage: Usage) -> Usage:
    """Take back usage that was not billed yet."""
    strike_off(billing.usages, usage.subscription, usage.id)
    return add_deleted(billing, usage)


def add_deleted(billing: Billing, usage: Usage) -> Usage:
    """Keep usage as deleted."""
    usage = replace(usage, deleted=True, updated_us=billing.book.now_us, version=usage.version + 1)
    billing.book.keep("usage", usage.id, usage)
    return usage


def of(billing: Billing, subscription: str) -> list[Usage]:
    """Return the usage of a subscription, in the order of its coming."""
    table = billing.book.table("usage")
    return [table[key] for key in billing.usages.get(subscription, ())]


def due(billing: Billing, subscription: Subscription) -> list[Billed]:
    """Return a line, and the usage it bills, for each period of a metered charge that is over."""
    own = of(billing, subscription.id)
    if not own:
        return []
    today = billing.today(subscription.zone)
    found = []
    for term in subscription.terms:
        fresh = [usage for usage in own if usage.sku == term.sku and not usage.invoice]
        if not term.price.metered or not fresh:
            continue
        for segment in segments(term, subscription.start, term.start, subscription.term_end):
            if segment.end > today:
                break
            billed = _period(billing, subscription, term.sku, segment, own)
            if billed is not None:
                found.append(billed)
    return found


def _period(
    billing: Billing, subscription: Subscription, sku: str, segment: Segment, own: list[Usage]
) -> Billed | None:
    inside = [usage for usage in own if usage.sku == sku and segment.start <= usage.day < segment.end]
    fresh = [usage for usage in inside if not usage.invoice]
    listed = billing.listed(sku, subscription.currency, segment.price.months)
    if not fresh or listed is None:
        return None
    before = _counted(billing, listed, [usage for usage in inside if usage.invoice])
    after = _counted(billing, listed, inside)
    unit_minor = segment.price.unit_minor
    amount = _cost(listed, unit_minor, after) - _cost(listed, unit_minor, before)
    line = Line(
        id=invoices.next_line_id(billing),
        sku=sku,
        kind="usage",
        quantity=after - before,
        unit_minor=unit_minor,
        amount_minor=amount,
        list_unit_minor=listed.list_unit_minor,
        months=segment.price.months,
        period_start=segment.start,
        period_end=segment.end,
        full_start=segment.full_start,
        full_end=segment.full_end,
    )
    return line, fresh


def _cost(listed: ItemPrice, unit_minor: int, quantity: int) -> int:
    return rated(listed.model, unit_minor, listed.tiers, quantity, listed.free) if quantity else 0


def _counted(billing: Billing, listed: ItemPrice, usages: list[Usage]) -> int:
    """Return what a period's usage counts for: its sum, its last report, or its highest, as the item says."""
    if not usages:
        return 0
    item = billing.book.get("item", listed.sku)
    way = item.usage_calculation if item is not None else None
    if way == "last_usage":
        return max(usages, key=lambda usage: (usage.at_us, usage.created_us)).quantity
    quantities = [usage.quantity for usage in usages]
    return max(quantities) if way == "max_usage" else sum(quantities)


def mark(billing: Billing, billed: list[Billed], invoice: str) -> None:
    """Note which invoice billed what was used."""
    for line, usages in billed:
        for usage in usages:
            billing.book.keep("usage", usage.id, replace(usage, invoice=invoice, line=line.id))


def counted(billing: Billing, subscription: Subscription, sku: str, months: int, start: date, end: date) -> int:
    """Return what was used so far of a metered charge in a period."""
    listed = billing.listed(sku, subscription.currency, months)
    own = [usage for usage in of(billing, subscription.id) if usage.sku == sku and start <= usage.day < end]
    return _counted(billing, listed, own) if listed is not None else 0
