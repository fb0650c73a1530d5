"""Key figures of the trade itself: conversion, cycle times, cash, cut-off, accuracy."""

from __future__ import annotations

from contracts.checks import identity
from contracts.checks.causes import captured_at
from contracts.checks.facts import BILLED, BOOKED, Facts
from contracts.checks.lives import Life, invoice_of, quote_of, whole_of
from contracts.checks.reconciliation import reconcile
from contracts.checks.sla import quantile
from contracts.checks.stages import endings
from contracts.checks.terms import terms_of
from domain.calendar import DAY_US, HOUR_US, local_date
from domain.objects import Quote

Measured = tuple[tuple[tuple[str, float], ...], int]
"""Labelled values, and how many things they were measured on."""

_FINAL = ("accepted", "declined", "expired", "rejected")


def percent(part: int, whole: int) -> float:
    """Return a share in percent; 0 of nothing."""
    return 100.0 * part / whole if whole else 0.0


def spread(ages_us: list[int]) -> tuple[tuple[str, float], ...]:
    """Return p50, p95 and the maximum of some durations, in seconds."""
    ages = sorted(ages_us)
    return ("p50", quantile(ages, 50)), ("p95", quantile(ages, 95)), ("max", quantile(ages, 100))


def conversion(facts: Facts) -> Measured:
    """Accepted quotes among those that reached a final state, each number once by its last version."""
    last: dict[str, Life] = {}
    for life in facts.lives("quote", "crm").values():
        number = quote_of(life).number
        if number not in last or quote_of(last[number]).version < quote_of(life).version:
            last[number] = life
    final = [life for life in last.values() if any(status in life.entered for status in _FINAL)]
    accepted = [life for life in final if "accepted" in life.entered]
    value = sum(quote_of(life).total_minor for life in final)
    won = sum(quote_of(life).total_minor for life in accepted)
    return (("by number", percent(len(accepted), len(final))), ("by value", percent(won, value))), len(final)


def booking_to_invoice(facts: Facts) -> Measured:
    """From booking to the first posted invoice."""
    ages = [invoiced - booked for _, booked, invoiced, _ in _milestones(facts) if booked and invoiced]
    return spread(ages), len(ages)


def posting_delay(facts: Facts) -> Measured:
    """From the generation of an invoice to its posting in the ERP."""
    invoices = facts.lives("invoice", "billing").values()
    pairs = [(life.created_us, facts.posted[life.id][0].created_us) for life in invoices if life.id in facts.posted]
    ages = [posted_us - made_us for made_us, posted_us in pairs]
    return spread(ages), len(ages)


def unbilled_past_due(facts: Facts) -> Measured:
    """The value of invoices that were due and not posted in the ERP when the run ended, by currency."""
    open_ones: dict[str, int] = {}
    count = 0
    for life in facts.lives("invoice", "billing").values():
        if not life.is_seeded and life.status != "voided" and life.id not in facts.posted:
            currency = invoice_of(life).currency
            open_ones[currency] = open_ones.get(currency, 0) + invoice_of(life).total_minor
            count += 1
    return tuple((currency, float(amount)) for currency, amount in sorted(open_ones.items())), count


def payment_lag(facts: Facts) -> Measured:
    """From money received to the CRM's mirror that shows it."""
    shown: dict[str, list[int]] = {}
    for change in facts.history.changes("mirror", "crm"):
        shown.setdefault(change.id, []).append(change.at_us)
    ages: list[int] = []
    invoices = facts.lives("invoice", "billing")
    for reference, payments in facts.payments.items():
        if reference not in invoices:
            continue
        for payment in payments:
            captured_us = captured_at(payment)
            rows = shown.get(whole_of(invoices[reference].document.ref), ())
            seen_us = next((at_us for at_us in rows if captured_us is not None and at_us >= captured_us), None)
            if captured_us is not None and seen_us is not None:
                ages.append(seen_us - captured_us)
    return (*spread(ages), ("p99", quantile(sorted(ages), 99))), len(ages)


def close_to_cash(facts: Facts) -> Measured:
    """From the customer's signature to the applied cash, and the parts that add up to it (medians of paid orders)."""
    whole: list[int] = []
    parts: tuple[list[int], ...] = ([], [], [])
    for accepted, booked, invoiced, paid in _milestones(facts):
        if booked and invoiced and paid:
            whole.append(paid - accepted)
            for part, age in zip(parts, (booked - accepted, invoiced - booked, paid - invoiced), strict=True):
                part.append(age)
    names = ("quote to order", "order to invoice", "invoice to cash")
    medians = tuple((name, quantile(sorted(part), 50)) for name, part in zip(names, parts, strict=True))
    return (("close to cash", quantile(sorted(whole), 50)), *medians), len(whole)


def _milestones(facts: Facts) -> list[tuple[int, int, int, int]]:
    """Return (accepted, booked, first invoice posted, first invoice paid) of each new order; 0 for not yet."""
    first: dict[str, Life] = {}
    for life in facts.lives("invoice", "billing").values():
        if life.id in facts.posted and life.document.ref not in first:
            first[life.document.ref] = facts.posted[life.id][0]
    rows = []
    for reference, life in facts.accepted.items():
        if quote_of(life).kind == "amend" or reference not in facts.orders:
            continue
        booked_us = facts.orders[reference][0].since(BOOKED) or 0
        posted = first.get(reference)
        rows.append(
            (
                life.entered["accepted"],
                booked_us,
                posted.created_us if posted is not None else 0,
                posted.entered.get("paid", 0) if posted is not None else 0,
            )
        )
    return rows


def days_sales_outstanding(facts: Facts) -> Measured:
    """Open receivables over the sales invoiced in the run, times its days, by currency."""
    days = (facts.context.horizon_us - facts.context.at_us) / (DAY_US)
    values, count = [], 0
    receivable: dict[str, list[int]] = {}
    for life in facts.lives("invoice", "erp").values():
        sums = receivable.setdefault(invoice_of(life).currency, [0, 0])
        if not life.is_seeded:
            sums[0] += invoice_of(life).balance_minor
            sums[1] += invoice_of(life).total_minor
            count += 1
    for currency, (open_minor, sold_minor) in sorted(receivable.items()):
        if sold_minor:
            values.append((currency, open_minor / sold_minor * days))
    return tuple(values), count


def dispute_rate(facts: Facts) -> Measured:
    """Disputed payments among posted invoices."""
    posted = sum(1 for life in facts.lives("invoice", "billing").values() if life.since(BILLED) is not None)
    return (("share", percent(len(facts.lives("dispute", "payment")), posted)),), posted


def duplicates(facts: Facts) -> Measured:
    """Orders, invoices, captures and tax documents that exist twice."""
    checks = (
        ("orders", identity.one_order_per_quote),
        ("invoices", identity.one_invoice_per_period),
        ("captures", identity.one_capture_per_payment),
        ("tax documents", identity.one_tax_commit),
    )
    found = [(name, function(facts)) for name, function in checks]
    return tuple((name, float(each.broken)) for name, each in found), sum(each.examined for _, each in found)


def cut_off(facts: Facts) -> Measured:
    """Orders accepted before the local cut-off but booked with a date of the next period: number and value."""
    cutoff, count = facts.context.cutoff_date, 0
    late, late_minor = 0, dict[str, int]()
    for reference, life in facts.accepted.items():
        quote: Quote = quote_of(life)
        orders = facts.orders.get(reference)
        zone = facts.zones.get(quote.entity, "UTC")
        if orders and local_date(life.entered["accepted"], zone) < cutoff:
            count += 1
            if orders[0].document.business_date >= cutoff:
                late += 1
                late_minor[quote.currency] = late_minor.get(quote.currency, 0) + quote.total_minor
    values = [("accuracy percent", 100.0 - percent(late, count)), ("late", float(late))]
    values += [(f"late minor units {currency}", float(amount)) for currency, amount in sorted(late_minor.items())]
    return tuple(values), count


def truth_skew(facts: Facts) -> Measured:
    """Closed-won quotes without a booked order for more than an hour at the end of the run, those in hand apart."""
    end_us = facts.context.horizon_us
    late = sum(
        ending.stage in ("accepted", "submitted") and end_us - ending.since_us > HOUR_US for ending in endings(facts)
    )
    return (("quotes", float(late)),), len(facts.accepted)


def reconciliation_differences(facts: Facts) -> Measured:
    """Differences between neighbouring systems: how many rows of entity and currency disagree, and by how much."""
    result = facts.once(reconcile)
    found = [(row.currency, amount) for row in result.rows for _, amount in row.differences]
    settled = ((each.currency, each.net_minor - each.booked_minor) for each in result.settlements)
    found += [(currency, amount) for currency, amount in settled if amount]
    apart: dict[str, int] = {}
    for currency, amount in found:
        apart[currency] = apart.get(currency, 0) + abs(amount)
    values = [(f"apart minor units {currency}", float(amount)) for currency, amount in sorted(apart.items())]
    return (("differences", float(len(found))), *values), len(result.rows)


def amendment_accuracy(facts: Facts) -> Measured:
    """Amended subscriptions whose terms are what an independent fold of their amendments gives."""
    judged = [terms for terms in terms_of(facts).values() if terms.amendments and not terms.unsettled]
    right = sum(1 for terms in judged if terms.expected == terms.actual)
    return (("share", percent(right, len(judged))),), len(judged)
