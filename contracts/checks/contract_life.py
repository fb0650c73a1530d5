"""The life of contracts: pauses, renewals, refunds, and what was given up half-way (O6, O7, M14, P9, A9)."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from contracts.checks.facts import BOOKED, Facts, decided_us
from contracts.checks.lives import Life, document_of, quote_of, subscription_of
from contracts.checks.terms import Billed, Terms, billed_of, terms_of
from contracts.checks.verdict import Findings, Tally
from domain.objects import Quote


def pauses_rest(facts: Facts) -> Findings:
    """A pause rests: billing suspends the subscription and lets it go on, and no day of it stays charged."""
    tally = Tally("O6")
    for key, terms in terms_of(facts).items():
        if terms.unsettled or not terms.rests:
            continue
        tally.examined += 1
        quote = next(each for each in terms.amendments if each.amendment_kind == "pause")
        asked = facts.accepted[f"{quote.number}-v{quote.version}"]
        if "suspended" not in terms.life.entered:
            sentence = f"subscription {key} was to pause from {quote.effective_date} and never did"
            tally.violation(quote.txn, sentence, asked.last, terms.life.last, entities=(terms.life.name,))
        elif terms.life.status == "suspended":
            sentence = f"subscription {key} was to go on on {quote.resume_date} and is still suspended"
            tally.violation(quote.txn, sentence, asked.last, terms.life.last, entities=(terms.life.name,))
        _charged_while_resting(tally, facts, terms, asked)
    return tally.findings()


def _charged_while_resting(tally: Tally, facts: Facts, terms: Terms, asked: Life) -> None:
    for sku, billed in _billed(facts, terms.life.id):
        for piece in billed.pieces():
            for start, end in terms.rests:
                low, high = max(piece.start, start, terms.subscription.start), min(piece.end, end)
                if low < high:
                    sentence = f"{sku} of {terms.life.id} stays charged from {low} to {high}, while it was paused"
                    evidence = (asked.last, piece.invoice.first)
                    tally.violation(asked.txn, sentence, *evidence, entities=(terms.life.name, piece.invoice.name))


def _billed(facts: Facts, subscription: str) -> list[tuple[str, Billed]]:
    return facts.once(_billed_by_subscription).get(subscription, [])


def _billed_by_subscription(facts: Facts) -> dict[str, list[tuple[str, Billed]]]:
    found: dict[str, list[tuple[str, Billed]]] = {}
    for (subscription, sku), billed in billed_of(facts).items():
        found.setdefault(subscription, []).append((sku, billed))
    return found


# --- renewals -------------------------------------------------------------------------------------------------------


def renewals_join(facts: Facts) -> Findings:
    """A renewed contract has one successor, which begins on the day it ends, for the same customer and currency."""
    tally = Tally("O7")
    for quote, order, contract in _renewals(facts):
        tally.examined += 1
        successors = facts.subscriptions.get(quote.txn, [])
        if len(successors) != 1:
            sentence = f"contract {contract.id} was renewed by {quote.number} and has {len(successors)} successors"
            tally.violation(quote.txn, sentence, order.last, contract.last, entities=(contract.name, order.name))
            continue
        problem = _misfit(contract, successors[0])
        if problem:
            sentence = f"{successors[0].name} follows contract {contract.id}, but {problem}"
            evidence = (contract.last, successors[0].last)
            tally.violation(quote.txn, sentence, *evidence, entities=(contract.name, successors[0].name))
    return tally.findings()


def _misfit(contract: Life, successor: Life) -> str:
    old, new = subscription_of(contract), subscription_of(successor)
    if new.start != old.term_end:
        return f"it begins on {new.start} and the contract ends on {old.term_end}"
    for what in ("customer", "currency", "entity"):
        if getattr(old, what) != getattr(new, what):
            return f"its {what} is {getattr(new, what)}, that of the contract {getattr(old, what)}"
    return ""


def _renewals(facts: Facts) -> Iterator[tuple[Quote, Life, Life]]:
    """Yield the renewals that are booked and had time to be carried out: quote, order, and the contract they follow."""
    contracts = facts.lives("subscription", "billing")
    for reference, life in facts.accepted.items():
        quote = quote_of(life)
        orders = facts.orders.get(reference, ()) if quote.kind == "renew" else ()
        contract = contracts.get(quote.subscription)
        if not orders or contract is None or orders[0].status == "cancelled":
            continue
        booked_us = orders[0].since(BOOKED)
        if booked_us is None or not facts.is_due(max(booked_us, decided_us(facts, quote))):
            continue
        if facts.excused.isdisjoint({quote.txn, reference}):
            yield quote, orders[0], contract


def renewals_keep_terms(facts: Facts) -> Findings:
    """A renewal costs more only within the cap, and a contract renews itself only when nobody gave notice in time."""
    tally = Tally("P9")
    notices = facts.once(_notices)
    for quote, order, contract in _renewals(facts):
        tally.examined += 1
        uplift = _uplift(quote, contract)
        if uplift > facts.context.uplift_cap_percent:
            sentence = f"{quote.number} renews {contract.id} for {float(uplift):.2f} % more; its cap is "
            sentence += f"{facts.context.uplift_cap_percent} %"
            tally.violation(quote.txn, sentence, contract.last, order.last, entities=(contract.name, order.name))
        known_us = decided_us(facts, quote)
        notice = notices.get(quote.subscription)
        if known_us and notice is not None and notice.entered["accepted"] < known_us:
            sentence = f"contract {contract.id} renewed itself although notice had been given in time"
            tally.violation(quote.txn, sentence, notice.last, order.last, entities=(contract.name, order.name))
        successor = next(iter(facts.subscriptions.get(quote.txn, [])), None)
        if known_us and successor is not None and successor.created_us < known_us:
            sentence = f"contract {contract.id} renewed itself while notice could still be given"
            tally.violation(quote.txn, sentence, successor.first, entities=(contract.name, successor.name))
    return tally.findings()


def _notices(facts: Facts) -> dict[str, Life]:
    """Return the notices that customers gave, by contract."""
    found = {}
    for reference, life in facts.accepted.items():
        quote = quote_of(life)
        orders = facts.orders.get(reference, [])
        if quote.amendment_kind == "notice" and not any(order.status == "cancelled" for order in orders):
            found[quote.subscription] = life
    return found


def _uplift(quote: Quote, contract: Life) -> Fraction:
    """Return by how many percent the dearest line costs more per unit and month than the contract's last price."""
    before = {
        item.sku: Fraction(item.unit_minor, item.months)
        for item in sorted(subscription_of(contract).items, key=lambda item: item.start)
        if item.months and item.unit_minor and item.kind == "recurring"
    }
    rises = [
        (Fraction(line.unit_minor, line.months) / before[line.sku] - 1) * 100
        for line in quote.lines
        if line.months and line.sku in before
    ]
    return max(rises, default=Fraction(0))


# --- ends -----------------------------------------------------------------------------------------------------------


def refunds_as_agreed(facts: Facts) -> Findings:
    """A cancellation gives back what was agreed of what was paid ahead: nothing, or every day after its date."""
    tally = Tally("M14")
    for key, terms in terms_of(facts).items():
        ends = [each for each in terms.amendments if each.amendment_kind == "cancel"]
        if terms.unsettled or not ends:
            continue
        quote = ends[0]
        assert quote.effective_date is not None, "amendments without a date are left out"
        tally.examined += 1
        asked = facts.accepted[f"{quote.number}-v{quote.version}"]
        if quote.refund == "none":
            for note in facts.once(_notes).get(quote.txn, []):
                sentence = f"{note.name} gives something back for {key}, whose cancellation refunds nothing"
                tally.violation(quote.txn, sentence, asked.last, note.first, entities=(terms.life.name, note.name))
            continue
        day = max(quote.effective_date, terms.subscription.start)
        for sku, billed in _billed(facts, key):
            for piece in billed.pieces():
                if piece.end > day:
                    sentence = f"{sku} of {key} stays charged from {max(piece.start, day)} to {piece.end}; it was "
                    sentence += f"cancelled from {day} on with a refund"
                    evidence = (asked.last, piece.invoice.first)
                    tally.violation(quote.txn, sentence, *evidence, entities=(terms.life.name, piece.invoice.name))
    return tally.findings()


def _notes(facts: Facts) -> dict[str, list[Life]]:
    """Return the credit notes of billing that give back more than tax, by business transaction."""
    found: dict[str, list[Life]] = {}
    for life in facts.lives("credit_memo", "billing").values():
        if life.status != "voided" and any(line.kind != "tax" for line in life.document.lines):
            found.setdefault(life.txn, []).append(life)
    return found


def undone_amendments_are_gone(facts: Facts) -> Findings:
    """An amendment whose order was cancelled is applied to no subscription, pauses or ends none, and moves no end."""
    tally = Tally("A9")
    subscriptions = facts.lives("subscription", "billing")
    parked = {flow.txn for flow in facts.parked}
    for reference, orders in facts.orders.items():
        order = orders[0]
        life = facts.accepted.get(reference)
        if life is None or quote_of(life).kind != "amend" or order.status != "cancelled":
            continue
        if not facts.is_due(order.entered["cancelled"]) or order.txn in parked:
            continue
        tally.examined += 1
        subscription = subscriptions.get(quote_of(life).subscription)
        if subscription is not None and reference in subscription_of(subscription).applied:
            sentence = f"the order of amendment {reference} was cancelled, but {subscription.name} has it applied"
            entities = (order.name, subscription.name)
            tally.violation(order.txn, sentence, order.last, subscription.last, entities=entities)
        if subscription is not None and _end_stays(facts, quote_of(life), order, subscription):
            sentence = f"the order of amendment {reference} was cancelled, but {subscription.name} still ends on "
            sentence += f"{quote_of(life).co_term_end}, to which it moved the end"
            entities = (order.name, subscription.name)
            tally.violation(order.txn, sentence, order.last, subscription.last, entities=entities)
    return tally.findings()


def _end_stays(facts: Facts, quote: Quote, order: Life, subscription: Life) -> bool:
    """Tell whether a subscription ends where only an amendment that was undone had moved its end."""
    end = quote.co_term_end
    if end is None or subscription_of(subscription).term_end != end:
        return False
    if any(other.co_term_end == end for other in _standing(facts, quote.subscription)):
        return False
    changes = facts.history.changes("subscription", "billing")
    former = [
        document_of(each).term_end for each in changes if each.id == subscription.id and each.at_us < order.created_us
    ]
    return bool(former) and former[-1] != end


def _standing(facts: Facts, key: str) -> list[Quote]:
    """Return the amendments of a subscription that were accepted and not undone."""
    quotes = [quote_of(life) for life in facts.accepted.values() if life.txn not in facts.undone]
    return [quote for quote in quotes if quote.kind == "amend" and quote.subscription == key]
