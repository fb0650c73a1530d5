"""Stages: how far each accepted quote got, whose turn it is, and since when.

A stage is either an end, or waits for somebody else (a customer, a credit manager, a technician, a date), or is the
integration's to move on. Only the last kind can be late.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from contracts.checks.causes import captured_at, credit_clear_us
from contracts.checks.facts import BILLED, BOOKED, Facts, decided_us
from contracts.checks.lives import Life, document_of, invoice_of, quote_of, subscription_of
from domain.calendar import local_date, midnight_us
from domain.objects import Quote

ENDS = ("paid", "applied", "active", "cancelled", "returned_to_sales")
WAITING = ("on_credit_hold", "in_fulfilment", "scheduled", "awaiting_start", "awaiting_payment", "in_exception")
OURS = ("accepted", "submitted", "booked", "fulfilled", "unposted", "uncollected", "unapplied")
"""The stages in which it is the integration's turn."""

LIVE_TASK = frozenset({"requested", "in_progress", "partially_completed"})
"""Statuses of a task that somebody works on, or will."""
_STANDING = frozenset({"active", "paid"})
"""The ends of an order that stands. One that was delivered and then undone is closed, what it billed is credited."""
_CHANGES = frozenset({"apply_amendment", "undo_amendment"})
"""Flows that change a subscription, of which one runs at a time."""
_BEGUN = frozenset({"active", "suspended", "pending_cancel", "trialing", "cancelled", "expired", "renewed"})


class Ending(msgspec.Struct, frozen=True):
    """Where one accepted quote version stood at the end of the run, and since when it was somebody's turn."""

    reference: str
    txn: str
    kind: str
    stage: str
    since_us: int
    document: str = ""

    @property
    def is_ours(self) -> bool:
        """Whether it was the integration's turn."""
        return self.stage in OURS

    @property
    def id(self) -> str:
        """The id of the document in its own system."""
        return self.document.rpartition(" ")[2]


def endings(facts: Facts) -> Iterator[Ending]:
    """Yield the ending of every accepted quote version, in the order of their entry into the CRM."""
    for life in facts.accepted.values():
        quote = quote_of(life)
        if _in_exception(facts, quote) or _is_queued(facts, quote):
            yield Ending(life.id, quote.txn, quote.kind, "in_exception", life.entered["accepted"])
            continue
        stage, since_us, document = _stage(facts, life, quote)
        yield Ending(life.id, quote.txn, quote.kind, stage, since_us, document)


Stage = tuple[str, int, str]


def _in_exception(facts: Facts, quote: Quote) -> bool:
    """Tell whether people have it in hand; after giving up, an order shows as cancelled and an amendment nowhere."""
    names = {quote.txn, f"{quote.number}-v{quote.version}", quote.subscription} - {""}
    return not names.isdisjoint(facts.excused)


def _is_queued(facts: Facts, quote: Quote) -> bool:
    """Tell whether an amendment waits behind one that people have in hand: a subscription's are applied in order."""
    return quote.kind == "amend" and quote.subscription in facts.once(_held_queues)


def _held_queues(facts: Facts) -> frozenset[str]:
    """Return the subscriptions of which an amendment is in the hands of people half-way."""
    held = {flow.txn for flow in facts.parked if flow.name in _CHANGES}
    quotes = [quote_of(life) for life in facts.accepted.values()]
    return frozenset(quote.subscription for quote in quotes if quote.kind == "amend" and quote.txn in held)


def _stage(facts: Facts, life: Life, quote: Quote) -> Stage:
    orders = facts.orders.get(life.id)
    if life.status == "accept_failed":
        return "returned_to_sales", life.last.at_us, life.name
    if not orders:
        clear_us = credit_clear_us(facts, quote.account, life.entered["accepted"])
        if clear_us > facts.context.horizon_us:
            return "on_credit_hold", life.entered["accepted"], life.name
        return "accepted", clear_us, life.name
    order = orders[0]
    booked_us = order.since(BOOKED)
    if order.status == "cancelled":
        return "cancelled", order.last.at_us, order.name
    if order.status in ("credit_hold", "credit_hold_inflight"):
        return "on_credit_hold", order.last.at_us, order.name
    if booked_us is None:
        return "submitted", order.last.at_us, order.name
    if quote.kind == "amend":
        return _amendment_stage(facts, life, quote, order, booked_us)
    stage = _delivery_stage(facts, quote, order, booked_us)
    if stage[0] in _STANDING and facts.undone.get(order.txn) is order:
        return "cancelled", order.last.at_us, order.name
    return stage


def _amendment_stage(facts: Facts, life: Life, quote: Quote, order: Life, booked_us: int) -> Stage:
    subscription = facts.lives("subscription", "billing").get(quote.subscription)
    if subscription is None:
        return "booked", booked_us, order.name
    if life.id in subscription_of(subscription).applied or (
        subscription.status == "cancelled" and life.id in facts.once(_once_applied)
    ):
        return "applied", subscription.last.at_us, subscription.name
    if subscription.status == "pending_activation":
        return "awaiting_start", booked_us, subscription.name
    today = local_date(facts.context.horizon_us, facts.zones.get(quote.entity, "UTC"))
    if quote.effective_date is not None and quote.effective_date >= today:
        return "scheduled", booked_us, order.name
    return "booked", max(booked_us, _effective_us(facts, quote), _activated_us(subscription)), order.name


def _once_applied(facts: Facts) -> frozenset[str]:
    """Return the amendments that were applied at some time: a cancellation of an earlier day takes them back."""
    changes = facts.history.changes("subscription", "billing")
    return frozenset(reference for change in changes for reference in document_of(change).applied)


def _effective_us(facts: Facts, quote: Quote) -> int:
    if quote.effective_date is None:
        return 0
    return midnight_us(quote.effective_date, facts.zones.get(quote.entity, "UTC"))


def _activated_us(subscription: Life) -> int:
    return subscription.since(_BEGUN) or 0


def _delivery_stage(facts: Facts, quote: Quote, order: Life, booked_us: int) -> Stage:
    tasks = facts.tasks.get(quote.txn, [])
    subscriptions = facts.subscriptions.get(quote.txn, [])
    completed_us = max((task.entered.get("completed", 0) for task in tasks), default=0)
    if any(task.status in LIVE_TASK for task in tasks):
        return "in_fulfilment", tasks[-1].last.at_us, tasks[-1].name
    if not subscriptions:
        decided_at_us = decided_us(facts, quote)
        stage = "scheduled" if decided_at_us > facts.context.horizon_us else "booked"
        return stage, max(booked_us, completed_us, decided_at_us), order.name
    subscription = subscriptions[0]
    if subscription.status == "pending_activation":
        if not tasks:
            return "awaiting_start", booked_us, subscription.name
        return "fulfilled", max(completed_us, tasks[-1].last.at_us), subscription.name
    return _money_stage(facts, quote, subscription)


def _money_stage(facts: Facts, quote: Quote, subscription: Life) -> Stage:
    """Return the stage of the invoice that is furthest behind."""
    worst: Stage = ("active", subscription.last.at_us, subscription.name)
    order = {"active": 4, "paid": 3, "awaiting_payment": 2}
    for invoice in facts.once(_invoices).get(subscription.id, ()):
        stage = _invoice_stage(facts, quote, invoice)
        if stage is not None and order.get(stage[0], 1) < order.get(worst[0], 1):
            worst = stage
    return worst


def _invoices(facts: Facts) -> dict[str, list[Life]]:
    """Return the billing invoices by subscription."""
    found: dict[str, list[Life]] = {}
    for life in facts.lives("invoice", "billing").values():
        found.setdefault(invoice_of(life).subscription, []).append(life)
    return found


def _invoice_stage(facts: Facts, quote: Quote, invoice: Life) -> Stage | None:
    if invoice.status == "voided" or invoice.is_seeded:
        return None
    posted = facts.posted.get(invoice.id)
    if not posted:
        return "unposted", invoice.since(BILLED) or invoice.created_us, invoice.name
    if invoice_of(posted[0]).balance_minor == 0 and invoice_of(invoice).balance_minor == 0:
        return "paid", posted[0].last.at_us, posted[0].name
    payments = facts.payments.get(invoice.id, [])
    captured_us = max((captured_at(payment) or 0 for payment in payments), default=0)
    if captured_us and not any(_went_back(payment) for payment in payments):
        return "unapplied", captured_us, invoice.name
    if payments or _pays_by_transfer(facts, quote, invoice) or invoice_of(invoice).balance_minor == 0:
        return "awaiting_payment", posted[0].created_us, invoice.name
    return "uncollected", posted[0].created_us, invoice.name


def _pays_by_transfer(facts: Facts, quote: Quote, invoice: Life) -> bool:
    """Tell whether who has to pay an invoice sends the money, so that nobody charges it.

    When it is a known account that the quote's was a duplicate of, its own quotes say how it pays, if there are any.
    """
    payer = invoice_of(invoice).customer
    if payer == quote.account or quote.partner_model or payer not in facts.lives("account", "crm"):
        return quote.payment_method == "push"
    return facts.once(_methods).get(payer, "push") == "push"


def _methods(facts: Facts) -> dict[str, str]:
    """Return how each account pays, as its quotes say."""
    quotes = [quote_of(life) for life in facts.lives("quote", "crm").values()]
    return {quote.account: quote.payment_method for quote in quotes if quote.payment_method}


def _went_back(payment: Life) -> bool:
    """Tell whether money of a payment was given back, so that its invoice is owed again (M14 judges how much)."""
    document = payment.document
    return payment.status == "returned" or bool(document.refunded_minor or document.disputed_minor)
