"""Parties: who is billed and who is served (S12, S13), and how many customers are really one (K-25)."""

from __future__ import annotations

from contracts.checks.facts import Facts
from contracts.checks.kpi_business import Measured
from contracts.checks.lives import Life, quote_of
from contracts.checks.verdict import Findings, Tally

_BILLED = (
    ("order", "erp"),
    ("subscription", "billing"),
    ("invoice", "billing"),
    ("credit_memo", "billing"),
    ("invoice", "erp"),
    ("credit_memo", "erp"),
    ("cash", "erp"),
)


def one_customer_per_deal(facts: Facts) -> Findings:
    """Everything of one business transaction is ordered, billed, posted and paid under one customer."""
    tally = Tally("S12")
    for txn, lives in _by_txn(facts).items():
        tally.examined += 1
        first = lives[0]
        other = next((life for life in lives if life.document.customer != first.document.customer), None)
        if other is not None:
            sentence = (
                f"{txn} has two customers: {first.name} is {first.document.customer}'s, "
                f"{other.name} is {other.document.customer}'s"
            )
            tally.violation(txn, sentence, first.first, other.first, entities=(first.name, other.name))
    return tally.findings()


def _by_txn(facts: Facts) -> dict[str, list[Life]]:
    found: dict[str, list[Life]] = {}
    for kind, system in _BILLED:
        for life in facts.lives(kind, system).values():
            if life.txn and life.document.customer:
                found.setdefault(life.txn, []).append(life)
    return found


def partner_roles(facts: Facts) -> Findings:
    """In a partner deal who buys is billed and who uses is served: neither is taken for the other in any system."""
    tally = Tally("S13")
    first = dict(facts.context.twins)
    for reference, life in facts.accepted.items():
        quote = quote_of(life)
        if not quote.partner_model:
            continue
        tally.examined += 1
        user, buyer = first.get(quote.end_customer, quote.end_customer), first.get(quote.account, quote.account)
        served = [(each, each.document.account, user) for each in facts.tasks.get(quote.txn, [])]
        for order in facts.orders.get(reference, []):
            served += [(order, order.document.end_customer, user), (order, order.document.customer, buyer)]
        for each, found, wanted in served:
            if first.get(found, found) != wanted:
                sentence = f"{each.name} of partner deal {reference} is for {found or 'nobody'}, not for {wanted}"
                tally.violation(life.txn, sentence, life.last, each.last, entities=(each.name,))
    return tally.findings()


def repeated_customers(facts: Facts) -> Measured:
    """Customers of the ERP whose party was a customer before, for each thousand; and how many accounts repeat one."""
    customers = facts.lives("customer", "erp")
    twice = sum(account in customers and twin in customers for account, twin in facts.context.twins)
    per_1000 = 1000.0 * twice / len(customers) if customers else 0.0
    values = (("per 1000", per_1000), ("repeated customers", float(twice)))
    return (*values, ("repeated accounts", float(len(facts.context.twins)))), len(customers)
