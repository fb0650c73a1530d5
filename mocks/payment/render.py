"""Objects on the wire: each record as the dialect shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mocks.payment.records import (
    Charge,
    Customer,
    Dispute,
    Event,
    Failure,
    Intent,
    Method,
    Movement,
    Payout,
    Refund,
)

_NETWORKS = {"card": "card", "debit": "us_bank_account", "push": "customer_balance"}


def customer(record: Customer) -> dict[str, Any]:
    """Return a customer; of a deleted one only that it is."""
    if record.deleted:
        return {"id": record.id, "object": "customer", "deleted": True}
    return {
        "id": record.id,
        "object": "customer",
        "balance": 0,
        "created": record.created,
        "currency": record.currency or None,
        "default_source": None,
        "delinquent": False,
        "description": record.description or None,
        "email": record.email or None,
        "invoice_settings": {"custom_fields": None, "default_payment_method": record.default_method or None},
        "livemode": False,
        "metadata": record.metadata,
        "name": record.name or None,
        "phone": record.phone or None,
    }


def method(record: Method) -> dict[str, Any]:
    """Return a payment method."""
    body: dict[str, Any] = {
        "id": record.id,
        "object": "payment_method",
        "billing_details": {"address": None, "email": None, "name": None, "phone": None},
        "created": record.created,
        "customer": record.customer or None,
        "livemode": False,
        "metadata": record.metadata,
        "type": record.type,
    }
    body[record.type] = _details(record.type)
    return body


def _details(kind: str) -> dict[str, Any]:
    if kind == "card":
        return {
            "brand": "visa",
            "country": "US",
            "exp_month": 12,
            "exp_year": 2034,
            "funding": "credit",
            "last4": "4242",
        }
    if kind in ("us_bank_account", "sepa_debit"):
        return {
            "account_holder_type": "company",
            "bank_name": "TEST BANK",
            "last4": "6789",
            "routing_number": "110000000",
        }
    return {}


def intent(record: Intent) -> dict[str, Any]:
    """Return a payment intent."""
    return {
        "id": record.id,
        "object": "payment_intent",
        "amount": record.amount,
        "amount_capturable": record.capturable,
        "amount_received": record.received,
        "canceled_at": record.canceled_at or None,
        "cancellation_reason": record.cancellation_reason or None,
        "capture_method": "manual" if record.manual_capture else "automatic",
        "client_secret": f"{record.id}_secret_{record.id[-8:]}",
        "confirmation_method": "automatic",
        "created": record.created,
        "currency": record.currency,
        "customer": record.customer or None,
        "description": record.description or None,
        "last_payment_error": failure(record.failure, record.charge) if record.failure is not None else None,
        "latest_charge": record.charge or None,
        "livemode": False,
        "metadata": record.metadata,
        "next_action": _next_action(record),
        "payment_method": record.method or None,
        "payment_method_types": record.types,
        "receipt_email": record.receipt_email or None,
        "setup_future_usage": record.setup_future_usage or None,
        "statement_descriptor": record.statement_descriptor or None,
        "status": record.status,
    }


def failure(record: Failure, charge: str) -> dict[str, Any]:
    """Return why a payment failed."""
    body = {
        "type": record.type,
        "code": record.code,
        "decline_code": record.decline_code,
        "message": record.message,
        "charge": charge,
    }
    if record.network_code:
        body["network_decline_code"] = record.network_code
    return body


def _next_action(record: Intent) -> dict[str, Any] | None:
    if record.status != "requires_action":
        return None
    if record.kind != "push":
        return {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}}
    instructions = {
        "amount_remaining": record.amount,
        "currency": record.currency,
        "reference": record.id[-10:],
        "type": "us_bank_transfer" if record.currency == "usd" else "bank_transfer",
    }
    return {"type": "display_bank_transfer_instructions", "display_bank_transfer_instructions": instructions}


def charge(record: Charge) -> dict[str, Any]:
    """Return a charge."""
    problem = record.failure
    kind = _NETWORKS[record.kind]
    return {
        "id": record.id,
        "object": "charge",
        "amount": record.amount,
        "amount_captured": record.captured,
        "amount_refunded": record.refunded,
        "balance_transaction": record.balance_transaction or None,
        "captured": record.captured > 0,
        "created": record.created,
        "currency": record.currency,
        "customer": record.customer or None,
        "description": record.description or None,
        "dispute": record.dispute or None,
        "disputed": bool(record.dispute),
        "failure_code": problem.code if problem is not None else None,
        "failure_message": problem.message if problem is not None else None,
        "livemode": False,
        "metadata": record.metadata,
        "outcome": {"network_status": "declined_by_network" if problem is not None else "approved_by_network"},
        "paid": record.status == "succeeded",
        "payment_intent": record.intent,
        "payment_method": record.method or None,
        "payment_method_details": {"type": kind, kind: _details(kind)},
        "refunded": 0 < record.captured == record.refunded,
        "status": record.status,
    }


def refund(record: Refund) -> dict[str, Any]:
    """Return a refund."""
    return {
        "id": record.id,
        "object": "refund",
        "amount": record.amount,
        "balance_transaction": record.balance_transaction or None,
        "charge": record.charge,
        "created": record.created,
        "currency": record.currency,
        "metadata": record.metadata,
        "payment_intent": record.intent,
        "reason": record.reason or None,
        "status": record.status,
    }


def dispute(record: Dispute) -> dict[str, Any]:
    """Return a dispute."""
    return {
        "id": record.id,
        "object": "dispute",
        "amount": record.amount,
        "balance_transactions": record.balance_transactions,
        "charge": record.charge,
        "created": record.created,
        "currency": record.currency,
        "evidence_details": {
            "due_by": record.due,
            "has_evidence": record.submissions > 0,
            "past_due": False,
            "submission_count": record.submissions,
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": record.metadata,
        "payment_intent": record.intent,
        "reason": record.reason,
        "status": record.status,
    }


def movement(record: Movement) -> dict[str, Any]:
    """Return a balance transaction."""
    fees = [{"amount": record.fee, "currency": record.currency, "type": "stripe_fee"}] if record.fee else []
    return {
        "id": record.id,
        "object": "balance_transaction",
        "amount": record.amount,
        "available_on": record.available_on,
        "created": record.created,
        "currency": record.currency,
        "description": record.description or None,
        "exchange_rate": None,
        "fee": record.fee,
        "fee_details": fees,
        "net": record.net,
        "reporting_category": {"adjustment": "dispute", "payment": "charge"}.get(record.type, record.type),
        "source": record.source,
        "status": "available" if record.payout else "pending",
        "type": record.type,
    }


def payout(record: Payout) -> dict[str, Any]:
    """Return a payout."""
    return {
        "id": record.id,
        "object": "payout",
        "amount": record.amount,
        "arrival_date": record.arrival,
        "automatic": True,
        "balance_transaction": record.movements[-1],
        "created": record.created,
        "currency": record.currency,
        "description": "PAYOUT",
        "livemode": False,
        "metadata": {},
        "method": "standard",
        "reconciliation_status": "completed",
        "source_type": "card",
        "status": record.status,
        "type": "bank_account",
    }


def event(record: Event, api_version: str) -> dict[str, Any]:
    """Return an event with the object as it was when it happened."""
    return {
        "id": record.id,
        "object": "event",
        "api_version": api_version,
        "created": record.created,
        "data": {"object": shown(record.subject)},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": record.request or None, "idempotency_key": record.key or None},
        "type": record.type,
    }


_RENDERERS: Mapping[type, Callable[[Any], dict[str, Any]]] = {
    Customer: customer,
    Method: method,
    Intent: intent,
    Charge: charge,
    Refund: refund,
    Dispute: dispute,
    Movement: movement,
    Payout: payout,
}


def shown(record: Any) -> dict[str, Any]:
    """Return any record but an event as the dialect shows it."""
    return _RENDERERS[type(record)](record)
