"""What the flows of a contract's life say in canonical events: amendments, renewals, subscriptions, what was undone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from domain.errors import class_of
from domain.objects import Quote
from integration.flows.facts import Body, amount, books
from integration.systems.billing import BillingSubscription, SubscriptionItem
from integration.systems.wire import date_of_seconds


def amendment_booked(quote: Quote, reference: str, day: date) -> Body:
    """Return the body of `amendment.booked`: the ERP holds it, billing will apply it on its date."""
    deltas = [
        {"sku": delta.sku, "quantity": delta.quantity, "price": amount(delta.unit_minor, quote.currency)}
        for delta in quote.deltas
    ]
    effective = quote.effective_date.isoformat() if quote.effective_date else ""
    return {
        **books(quote.entity, day), "amendment_id": reference, "contract_id": quote.subscription,
        "kind": quote.amendment_kind, "effective_date": effective, "deltas": deltas,
    }  # fmt: skip


def amendment_applied(row: Mapping[str, Any], subscription: str, entity: str, currency: str, day: date) -> Body:
    """Return the body of `amendment.applied`: billing holds the new terms."""
    return {
        **books(entity, day), "amendment_id": row["ref"], "contract_id": subscription, "kind": row["kind"],
        "effective_date": row["effective"], "currency": currency,
    }  # fmt: skip


def order_cancelled(reference: str, entity: str, day: date, reason: str) -> Body:
    """Return the body of `order.cancelled`: what was booked was taken back."""
    return {**books(entity, day), "order_id": reference, "reason": reason, "compensation": ["billing", "erp", "crm"]}


def order_rejected(reference: str, entity: str, day: date, reason: str, code: str) -> Body:
    """Return the body of `order.rejected`: people gave it up before it was booked; a version of a quote has one try."""
    error = {"class": class_of(code), "code": code}
    return {**books(entity, day), "order_id": reference, "attempt": 1, "error": error, "details": reason}


def subscription_of_order(quote: Quote, reference: str, at_us: int, day: date) -> Body:
    """Return the body of the facts about the subscription of an order; `at_us` is when it was known."""
    start = (quote.term_start or day).isoformat()
    charges = [
        {
            "charge_id": f"{quote.number}/{line.sku}", "sku": line.sku, "quantity": line.quantity, "start": start,
            "price": amount(line.unit_minor, quote.currency), "billing_months": line.months,
        }
        for line in quote.lines
        if line.months and not line.parent
    ]  # fmt: skip
    return {
        **books(quote.entity, day), "subscription_id": quote.number, "contract_id": quote.number,
        "reference": reference, "account": quote.account, "currency": quote.currency, "charges": charges,
        "term_start": start,
        "total": amount(quote.total_minor, quote.currency), "at_us": at_us,
    }  # fmt: skip


def fulfilment_completed(quote: Quote, reference: str, at_us: int, day: date) -> Body:
    """Return the body of `fulfillment.completed`: everything that was ordered is there."""
    return {
        **books(quote.entity, day), "task_id": reference, "order_id": reference, "line_id": "",
        "qty_done": sum([line.quantity for line in quote.lines]), "finished_at_us": at_us,
    }  # fmt: skip


def subscription(found: BillingSubscription, day: date) -> Body:
    """Return the body of the facts about a subscription, as billing shows it."""
    charges = [_charge(found, item) for item in found.subscription_items]
    return {
        **books(found.business_entity_id, day), "subscription_id": found.id, "contract_id": found.id,
        "account": found.customer_id, "currency": found.currency_code, "charges": charges,
        "term_start": date_of_seconds(found.start_date).isoformat(),
        "term_end": found.ends.isoformat() if found.ends else None,
    }  # fmt: skip


def _charge(found: BillingSubscription, item: SubscriptionItem) -> Body:
    terms = item.terms()
    price = amount(terms.unit_minor, found.currency_code)
    return {
        "charge_id": f"{found.id}/{terms.sku}", "sku": terms.sku, "quantity": terms.quantity, "price": price,
        "billing_months": terms.months, "start": date_of_seconds(found.start_date).isoformat(),
    }  # fmt: skip


def renewal(quote: Quote, uplift_percent: str, day: date) -> Body:
    """Return the body of the facts about a renewal; `due_on` is the day on which the contract it follows ends."""
    return {
        **books(quote.entity, day), "contract_id": quote.subscription, "successor_id": quote.number,
        "due_on": quote.term_start.isoformat() if quote.term_start else "", "uplift_pct": uplift_percent,
        "is_automatic": quote.amendment_kind == "auto", "total": amount(quote.total_minor, quote.currency),
    }  # fmt: skip
