"""Rendering: each record of payment as its view, in the newest version of the dialect.

Records of invoicing are views already; here are those whose inside differs from what is shown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mocks.payment import views
from mocks.payment.parts import Deleted
from mocks.payment.records import Charge, Customer, Dispute, Event, Failure, Intent, Method, Movement, Payout, Refund

_NETWORKS = {"card": "card", "debit": "us_bank_account", "push": "customer_balance"}
_BANKS = ("us_bank_account", "sepa_debit")
_BANK = views.BankAccount()


def customer(record: Customer) -> Customer | Deleted:
    """Return a customer; of a deleted one only that it is."""
    return record if record.deleted is not True else Deleted(id=record.id, object="customer")


def method(record: Method) -> views.PaymentMethod:
    """Return a payment method."""
    kind = record.type
    return views.PaymentMethod(
        id=record.id,
        object="payment_method",
        allow_redisplay="unspecified",
        billing_details=record.billing_details,
        created=record.created,
        customer=record.customer or None,
        livemode=False,
        metadata=record.metadata,
        type=kind,
        card=_card(record) if kind == "card" else None,
        us_bank_account=_BANK if kind == "us_bank_account" else None,
        sepa_debit=_BANK if kind == "sepa_debit" else None,
        customer_balance={} if kind == "customer_balance" else None,
        p24={"bank": None} if kind == "p24" else None,
    )


def _card(record: Method) -> views.Card:
    return views.Card(exp_month=record.exp_month, exp_year=record.exp_year, last4=record.last4)


def intent(record: Intent) -> views.PaymentIntent:
    """Return a payment intent."""
    return views.PaymentIntent(
        id=record.id,
        amount=record.amount,
        amount_capturable=record.capturable,
        amount_received=record.received,
        automatic_payment_methods=views.AutomaticMethods(allow_redirects=record.automatic)
        if record.automatic
        else None,
        canceled_at=record.canceled_at or None,
        cancellation_reason=record.cancellation_reason or None,
        capture_method="manual" if record.manual_capture else "automatic",
        client_secret=f"{record.id}_secret_{record.id[-8:]}",
        created=record.created,
        currency=record.currency,
        customer=record.customer or None,
        description=record.description or None,
        last_payment_error=failure(record.failure, record.charge) if record.failure is not None else None,
        latest_charge=record.charge or None,
        metadata=record.metadata,
        next_action=_next_action(record) if record.status == "requires_action" else None,
        payment_method=record.method or None,
        payment_method_types=record.types,
        receipt_email=record.receipt_email or None,
        setup_future_usage=record.setup_future_usage or None,
        shipping=record.shipping,
        statement_descriptor=record.statement_descriptor or None,
        status=record.status,
    )


def failure(record: Failure, charge: str) -> views.PaymentError:
    """Return why a payment failed."""
    return views.PaymentError(
        charge=charge, code=record.code, decline_code=record.decline_code, message=record.message, type=record.type,
        network_decline_code=record.network_code or None,
    )  # fmt: skip


def _next_action(record: Intent) -> dict[str, Any]:
    if record.kind != "push":
        return {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}}
    instructions = {
        "amount_remaining": record.amount,
        "currency": record.currency,
        "reference": record.id[-10:],
        "type": "us_bank_transfer" if record.currency == "usd" else "bank_transfer",
    }
    return {"type": "display_bank_transfer_instructions", "display_bank_transfer_instructions": instructions}


def charge(record: Charge) -> views.Charge:
    """Return a charge."""
    problem = record.failure
    kind = _NETWORKS[record.kind]
    details: Any = views.Card() if kind == "card" else _BANK if kind in _BANKS else {}
    return views.Charge(
        id=record.id,
        amount=record.amount,
        amount_captured=record.captured,
        amount_refunded=record.refunded,
        balance_transaction=record.balance_transaction or None,
        captured=record.captured > 0,
        created=record.created,
        currency=record.currency,
        customer=record.customer or None,
        description=record.description or None,
        dispute=record.dispute or None,
        disputed=bool(record.dispute),
        failure_code=problem.code if problem is not None else None,
        failure_message=problem.message if problem is not None else None,
        metadata=record.metadata,
        outcome=_outcome(problem),
        paid=record.status == "succeeded",
        payment_intent=record.intent,
        payment_method=record.method or None,
        payment_method_details={"type": kind, kind: details},
        refunded=0 < record.captured == record.refunded,
        status=record.status,
    )


def _outcome(problem: Failure | None) -> views.ChargeOutcome:
    if problem is None:
        return views.ChargeOutcome(
            network_status="approved_by_network", seller_message="Payment complete.", type="authorized"
        )
    return views.ChargeOutcome(
        network_decline_code=problem.network_code or None, network_status="declined_by_network",
        reason=problem.decline_code, seller_message="The bank did not approve it.", type="issuer_declined",
    )  # fmt: skip


def refund(record: Refund) -> views.Refund:
    """Return a refund."""
    return views.Refund(
        id=record.id,
        amount=record.amount,
        balance_transaction=record.balance_transaction or None,
        charge=record.charge,
        created=record.created,
        currency=record.currency,
        metadata=record.metadata,
        payment_intent=record.intent,
        reason=record.reason or None,
        status=record.status,
    )


def dispute(record: Dispute) -> views.Dispute:
    """Return a dispute."""
    return views.Dispute(
        id=record.id,
        amount=record.amount,
        balance_transactions=[movement(each) for each in record.balance_transactions],
        charge=record.charge,
        created=record.created,
        currency=record.currency,
        evidence=record.evidence,
        evidence_details=views.EvidenceDetails(
            due_by=record.due,
            has_evidence=bool(record.evidence),
            submission_count=record.submissions,
            submission_method="manual" if record.submissions else "not_submitted",
        ),
        metadata=record.metadata,
        payment_intent=record.intent,
        reason=record.reason,
        status=record.status,
    )


def movement(record: Movement) -> views.BalanceTransaction:
    """Return a balance transaction."""
    return views.BalanceTransaction(
        id=record.id,
        amount=record.amount,
        available_on=record.available_on,
        created=record.created,
        currency=record.currency,
        description=record.description or None,
        fee=record.fee,
        fee_details=[views.Fee(amount=record.fee, currency=record.currency)] if record.fee else [],
        net=record.net,
        reporting_category={"adjustment": "dispute", "payment": "charge"}.get(record.type, record.type),
        source=record.source,
        status="available" if record.payout else "pending",
        type=record.type,
    )


def payout(record: Payout) -> views.Payout:
    """Return a payout."""
    return views.Payout(
        id=record.id,
        amount=record.amount,
        arrival_date=record.arrival,
        automatic=record.automatic,
        balance_transaction=record.movements[-1],
        created=record.created,
        currency=record.currency,
        description=record.description,
        metadata=record.metadata,
        original_payout=record.original or None,
        reversed_by=record.reversed_by or None,
        reconciliation_status="completed" if record.automatic else "not_applicable",
        status=record.status,
    )


def event(record: Event, api_version: str, subject: Any, previous: dict[str, Any] | None = None) -> views.Event:
    """Return an event with its subject, rendered already."""
    return views.Event(
        id=record.id,
        api_version=api_version,
        created=record.created,
        data=views.EventSubject(object=subject, previous_attributes=previous),
        pending_webhooks=1,
        request=views.EventRequest(id=record.request or None, idempotency_key=record.key or None),
        type=record.type,
    )


RENDERERS: dict[type, Callable[[Any], Any]] = {
    Customer: customer,
    Method: method,
    Intent: intent,
    Charge: charge,
    Refund: refund,
    Dispute: dispute,
    Movement: movement,
    Payout: payout,
}


def shown(record: Any) -> Any:
    """Return any record but an event as the newest version of the dialect shows it."""
    render = RENDERERS.get(type(record))
    return record if render is None else render(record)
