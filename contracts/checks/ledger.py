"""The books: entries balance, rates are on record, closed periods stay closed (M4, M7, P3)."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date
from fractions import Fraction
from operator import attrgetter

from contracts.checks.facts import Facts
from contracts.checks.lives import document_of
from contracts.checks.verdict import Findings, Tally
from domain.history import Changed
from domain.money import Money, said
from domain.objects import Entry, Period, Posting

EXCHANGE = frozenset({"7000", "7050"})
"""Realised and unrealised differences of exchange: what is left over when documents of two rates meet."""
_AT_OLD_RATES = frozenset({"1100", "2150"})
REVENUE_RUN = "revenue/"
"""The sources of entries that recognise the revenue of a month, of invoices of many rates."""
Rates = dict[tuple[str, str], set[Fraction]]
_SUBLEDGER = frozenset({"invoice", "credit_memo", "cash", "payment", "refund", "customerpayment", "creditmemo"})
_CLOSED = {"ar": frozenset({"soft_closed", "closed", "locked"}), "gl": frozenset({"closed", "locked"})}
"""The statuses of a period in which each module takes no more postings."""


def entries_balance(facts: Facts) -> Findings:
    """Every journal entry adds up to zero in its currency and in base currency, and so does every trial balance."""
    tally = Tally("M4")
    balances: dict[tuple[str, str], int] = {}
    for change in facts.history.changes("entry", "erp"):
        entry: Entry = document_of(change)
        tally.examined += 1
        amount = sum([posting.amount_minor for posting in entry.postings])
        base = sum([posting.base_minor for posting in entry.postings])
        if not change.before:
            key = (entry.entity, entry.currency)
            balances[key] = balances.get(key, 0) + amount
        if amount or base:
            off, off_base = said(amount, entry.currency), said(base, entry.base_currency)
            sentence = f"entry {entry.id} of {entry.source} is off by {off}, {off_base} in base currency"
            tally.violation(change.txn, sentence, change, entities=(f"erp entry {entry.id}",))
    for (entity, currency), amount in sorted(balances.items()):
        if amount:
            off = said(amount, currency)
            at = (facts.context.horizon_us, f"trial balance of {entity} in {currency}: {off}")
            tally.violation("", f"the trial balance of {entity} in {currency} is off by {off}", at)
    return tally.findings()


def conversions_reproduce(facts: Facts) -> Findings:
    """Amounts of two currencies meet only through a recorded rate, and converting again gives the same."""
    tally = Tally("M7")
    known: Rates = {}
    for change in facts.history.changes("entry", "erp"):
        entry: Entry = document_of(change)
        tally.examined += 1
        problem = _rate_problem(entry, known)
        if problem:
            sentence = f"entry {entry.id} of {entry.source}: {problem}"
            tally.violation(change.txn, sentence, change, entities=(f"erp entry {entry.id}",))
    invoices = facts.lives("invoice", "erp")
    for life in facts.lives("cash", "erp").values():
        for key, _amount in life.document.applied:
            invoice = invoices.get(key)
            tally.examined += 1
            if invoice is not None and invoice.document.currency != life.document.currency:
                sentence = f"cash {life.id} in {life.document.currency} pays an invoice in {invoice.document.currency}"
                tally.violation(life.txn, sentence, invoice.last, life.last, entities=(life.name, invoice.name))
    return tally.findings()


def _rate_problem(entry: Entry, known: Rates) -> str:
    if entry.currency == entry.base_currency:
        bad = [posting for posting in entry.postings if posting.amount_minor != posting.base_minor]
        has_exchange = any(posting.account in EXCHANGE for posting in entry.postings)
        return (
            f"base amounts differ from amounts in the same currency {entry.currency}"
            if bad and not has_exchange
            else ""
        )
    if not entry.rate_id:
        return f"{entry.currency} is converted to {entry.base_currency} without a recorded rate"
    if entry.source.startswith(REVENUE_RUN):
        return ""  # each slice has the rate of its invoice (M9)
    rates = known.setdefault((entry.currency, entry.base_currency), set())
    rates.add(Fraction(entry.rate))
    has_exchange = any(posting.account in EXCHANGE for posting in entry.postings)
    wrong = [
        posting
        for posting in entry.postings
        if not _reproduces(entry, posting, rates if has_exchange and posting.account in _AT_OLD_RATES else set())
    ]
    if has_exchange:
        wrong = [posting for posting in wrong if posting.account not in EXCHANGE]
    # What is settled in parts loses with its last part what their rounding left: then one more line takes the rest.
    rests = [posting for posting in wrong if posting.account not in _AT_OLD_RATES]
    if len(rests) > 1 or any(abs(_off(entry, posting)) > len(entry.postings) for posting in wrong):
        return f"base amounts of {[posting.account for posting in wrong]} are not the amounts at rate {entry.rate}"
    return ""


def _reproduces(entry: Entry, posting: Posting, rates: set[Fraction]) -> bool:
    """Tell whether a base amount is the amount at the entry's rate, or between those at the rates of older documents.

    Cash that settles receivables takes them off at the rates of their invoices; the rest is realised exchange.
    """
    if _off(entry, posting) == 0:
        return True
    money = Money(posting.amount_minor, entry.currency)
    found = sorted(money.converted(rate, entry.base_currency).amount_minor for rate in rates)
    return bool(found) and found[0] - len(entry.postings) <= posting.base_minor <= found[-1] + len(entry.postings)


def _off(entry: Entry, posting: Posting) -> int:
    money = Money(posting.amount_minor, entry.currency).converted(Fraction(entry.rate), entry.base_currency)
    return posting.base_minor - money.amount_minor


def closed_stays_closed(facts: Facts) -> Findings:
    """Nothing is posted into an accounting period that is closed for its module at that moment."""
    tally = Tally("P3")
    steps: dict[tuple[str, str, date, date], list[Changed]] = {}
    for change in facts.history.changes("period", "erp"):
        period: Period = document_of(change)
        steps.setdefault((period.entity, period.module, period.start, period.end), []).append(change)
    by_module: dict[tuple[str, str], list[tuple[date, date, list[Changed]]]] = {}
    for (entity, module, start, end), changes in steps.items():
        by_module.setdefault((entity, module), []).append((start, end, changes))
    for change in facts.history.changes("entry", "erp"):
        if change.before:
            continue
        entry: Entry = document_of(change)
        tally.examined += 1
        modules = ("ar", "gl") if entry.source.partition("/")[0] in _SUBLEDGER else ("gl",)
        for module in modules:
            found = _period_then(by_module.get((entry.entity, module), []), entry.business_date, change.at_us)
            if found is not None and found.status in _CLOSED[module]:
                period = document_of(found)
                when = f"on {entry.business_date}, when {module} {period.id} was {found.status}"
                sentence = f"entry {entry.id} was posted {when}"
                tally.violation(change.txn, sentence, found, change, entities=(f"erp entry {entry.id}",))
    return tally.findings()


def _period_then(periods: list[tuple[date, date, list[Changed]]], on: date, at_us: int) -> Changed | None:
    """Return the last change, by an instant, of the period that holds a date."""
    for start, end, changes in periods:
        if start <= on < end:
            done = bisect_right(changes, at_us, key=attrgetter("at_us"))
            return changes[done - 1] if done else None
    return None
