"""The books: entries balance, rates are on record, closed periods stay closed (M4, M7, P3)."""

from __future__ import annotations

from decimal import Decimal

from contracts.checks.facts import Facts, document_of
from contracts.checks.verdict import Findings, Tally
from domain.history import Changed
from domain.money import Money
from domain.objects import Entry, Period

_SUBLEDGER = frozenset({"invoice", "credit_memo", "cash", "payment", "refund", "customerpayment", "creditmemo"})
_CLOSED = {"ar": frozenset({"soft_closed", "closed", "locked"}), "gl": frozenset({"closed", "locked"})}
"""The statuses of a period in which each module takes no more postings (domain.md 2.3.16)."""


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
            sentence = (
                f"entry {entry.id} of {entry.source} is off by {amount} {entry.currency}, {base} in base currency"
            )
            tally.violation(change.txn, sentence, change, entities=(f"erp entry {entry.id}",))
    for (entity, currency), amount in sorted(balances.items()):
        if amount:
            at = (facts.context.horizon_us, f"trial balance of {entity} in {currency}: {amount}")
            tally.violation("", f"the trial balance of {entity} in {currency} is off by {amount}", at)
    return tally.findings()


def conversions_reproduce(facts: Facts) -> Findings:
    """Amounts of two currencies meet only through a recorded rate, and converting again gives the same."""
    tally = Tally("M7")
    for change in facts.history.changes("entry", "erp"):
        entry: Entry = document_of(change)
        tally.examined += 1
        problem = _rate_problem(entry)
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


def _rate_problem(entry: Entry) -> str:
    if entry.currency == entry.base_currency:
        bad = [posting for posting in entry.postings if posting.amount_minor != posting.base_minor]
        return f"base amounts differ from amounts in the same currency {entry.currency}" if bad else ""
    if not entry.rate_id:
        return f"{entry.currency} is converted to {entry.base_currency} without a recorded rate"
    rate = Decimal(entry.rate)
    wanted = [Money(p.amount_minor, entry.currency).converted(rate, entry.base_currency) for p in entry.postings]
    wrong = [p for p, money in zip(entry.postings, wanted, strict=True) if p.base_minor != money.amount_minor]
    if len(wrong) > 1 or any(abs(_off(p.base_minor, entry, p.amount_minor)) > len(entry.postings) for p in wrong):
        return f"base amounts of {[p.account for p in wrong]} are not the amounts at rate {entry.rate}"
    return ""


def _off(base_minor: int, entry: Entry, amount_minor: int) -> int:
    money = Money(amount_minor, entry.currency).converted(Decimal(entry.rate), entry.base_currency)
    return base_minor - money.amount_minor


def closed_stays_closed(facts: Facts) -> Findings:
    """Nothing is posted into an accounting period that is closed for its module at that moment."""
    tally = Tally("P3")
    steps: dict[tuple[str, str], list[Changed]] = {}
    for change in facts.history.changes("period", "erp"):
        period: Period = document_of(change)
        steps.setdefault((period.entity, period.module), []).append(change)
    for change in facts.history.changes("entry", "erp"):
        if change.before:
            continue
        entry: Entry = document_of(change)
        tally.examined += 1
        modules = ("ar", "gl") if entry.source.partition("/")[0] in _SUBLEDGER else ("gl",)
        for module in modules:
            found = _period_then(steps.get((entry.entity, module), []), entry, change.at_us)
            if found is not None and found.status in _CLOSED[module]:
                period = document_of(found)
                when = f"on {entry.business_date}, when {module} {period.id} was {found.status}"
                sentence = f"entry {entry.id} was posted {when}"
                tally.violation(change.txn, sentence, found, change, entities=(f"erp entry {entry.id}",))
    return tally.findings()


def _period_then(steps: list[Changed], entry: Entry, at_us: int) -> Changed | None:
    """Return the last change, by an instant, of the period that holds an entry's date."""
    found = None
    for change in steps:
        if change.at_us > at_us:
            break
        period: Period = document_of(change)
        if period.start <= entry.business_date < period.end:
            found = change
    return found
