"""Mirror words: once all is quiet, what the CRM says of an order and of its invoices is what became of them (L3).

Only our own words are judged: how another integration calls what it shows is its own affair.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container

from contracts.checks.facts import BILLED, BOOKED, CASE_CLOSED, Facts
from contracts.checks.lives import Life, document_of, invoice_of, quote_of, whole_of
from contracts.checks.verdict import Tally
from domain.history import Changed
from domain.money import said
from domain.objects import Mirror

_GONE = frozenset({"cancelled", "rejected"})
_QUOTES = "accepted_quote"
Papers = dict[str, list[Life]]
"""Documents by the quote version that they belong to."""


def words_are_true(tally: Tally, facts: Facts, shown: dict[str, Changed]) -> None:
    """Find quotes whose order or invoices stand otherwise than the CRM says, and those given up behind sales' back."""
    orders, invoices = _orders(facts), _invoices(facts)
    sold = Counter(map(whole_of, facts.accepted))  # by how many legal entities each quote is
    for quote in orders:
        last = shown.get(quote)
        papers = [*orders[quote], *invoices.get(quote, [])]
        latest_us = max([life.last.at_us for life in papers])
        if last is None or not facts.is_due(latest_us) or any(facts.is_in_hand(life) for life in papers):
            continue
        tally.examined += 1
        own = invoices.get(quote, [])
        seen = document_of(last)
        billed = own if len(orders[quote]) >= sold[quote] and _all_billed(orders[quote], own, facts.undone) else []
        problem = _problem(seen, orders[quote], billed, facts.undone) or _paid_problem(facts, seen, own)
        if problem:
            sentence = f"{quote}: the CRM {problem}"
            tally.violation(
                papers[0].txn, sentence, last, *[life.last for life in papers], entities=(f"quote {quote}",)
            )
    _given_up_in_secret(tally, facts)


def _orders(facts: Facts) -> Papers:
    """Return the orders of each quote; where one has too many (S1) nobody can say which of them is to be shown."""
    found: Papers = {}
    for reference, lives in facts.orders.items():
        if reference in facts.accepted:
            found.setdefault(whole_of(reference), []).extend(lives)
    twice = {whole_of(reference) for reference, lives in facts.orders.items() if len(lives) > 1}
    return {quote: lives for quote, lives in found.items() if quote not in twice}


def _invoices(facts: Facts) -> Papers:
    found: Papers = {}
    for life in facts.lives("invoice", "billing").values():
        if not life.is_seeded and life.since(BILLED) is not None:
            found.setdefault(whole_of(invoice_of(life).ref), []).append(life)
    return found


def _all_billed(orders: list[Life], invoices: list[Life], undone: Container[str]) -> bool:
    """Tell whether each of the entities that sell something has billed its part; until then the whole is not over."""
    parts = [order for order in orders if order.txn not in undone]
    return len(parts) == 1 or {order.txn for order in parts} <= {invoice.txn for invoice in invoices}


def _problem(mirror: Mirror, orders: list[Life], invoices: list[Life], undone: Container[str]) -> str:
    """Return what the CRM says that is not so; empty for nothing. `invoices` are those of a whole that is billed.

    An order that was undone before sales had seen its number need not be named any more.
    """
    booked = [order for order in orders if order.since(BOOKED) is not None]
    there, named = _numbers(booked), set(filter(None, mirror.order_number.split(", ")))
    if not _numbers([order for order in booked if order.txn not in undone]) <= named <= there:
        return f"names order {mirror.order_number or 'nothing'}, the ERP has {', '.join(sorted(there))}"
    is_gone = all(order.txn in undone for order in orders)
    if is_gone != (mirror.order_status in _GONE):
        statuses = " and ".join(dict.fromkeys(order.status for order in orders))
        return f"shows the order as {mirror.order_status or 'nothing'}, in the ERP it is {statuses}"
    is_new = all(order.document.kind != "amend" for order in orders)
    if invoices and is_new and not is_gone and mirror.order_status != "fulfilled":
        return f"shows the order as {mirror.order_status or 'nothing'}, and it has been invoiced"
    return _money_problem(mirror, invoices)


def _numbers(orders: list[Life]) -> set[str]:
    return {order.document.number for order in orders}


def _money_problem(mirror: Mirror, invoices: list[Life]) -> str:
    is_paid, open_minor = mirror.invoice_status == "paid", mirror.invoice_balance_minor
    if not invoices or not mirror.invoice_status:
        return ""
    if is_paid and open_minor:
        return f"shows an invoice as paid with {said(open_minor, invoices[0].document.currency)} open"
    settled = all(life.status == "paid" and invoice_of(life).total_minor for life in invoices)
    return f"shows an invoice as {mirror.invoice_status}, and all are paid" if settled and not is_paid else ""


def _paid_problem(facts: Facts, mirror: Mirror, invoices: list[Life]) -> str:
    """Return what is wrong with what the CRM says of the payments; those that went back again are told in many ways."""
    payments = [payment for life in invoices for payment in facts.payments.get(life.id, [])]
    kept_minor = sum([_kept(payment) for payment in payments])
    if mirror.invoice_status == "paid" and kept_minor and not mirror.payment_status:
        return "shows an invoice as paid and nothing of its payment"
    is_owed = any(invoice_of(life).balance_minor for life in invoices)
    if payments and is_owed and not kept_minor and mirror.payment_status == "received":
        return "shows a payment as received, and none is left"
    return ""


def _kept(payment: Life) -> int:
    document = payment.document
    if payment.status == "returned":
        return 0
    kept: int = document.captured_minor - document.refunded_minor - document.disputed_minor
    return kept


def _given_up_in_secret(tally: Tally, facts: Facts) -> None:
    """Find accepted quotes whose flow ended with nothing to show for it, and that still stand as accepted."""
    for flow in facts.flows.values():
        quote = facts.lives("quote", "crm").get(flow.flow.rpartition("/")[2])
        if flow.name != _QUOTES or flow.ending != "given_up" or quote is None or not facts.is_due(flow.at_us):
            continue
        tally.examined += 1
        is_in_hand = any(
            case[-1].txn == quote.txn and case[-1].status not in CASE_CLOSED for case in facts.cases.values()
        )
        if quote.status == "accepted" and quote.id not in facts.orders and not is_in_hand:
            sentence = f"{flow.flow} was given up, and sales still sees {quote.id} as accepted"
            tally.violation(quote_of(quote).txn, sentence, quote.last, flow, entities=(quote.name,))
