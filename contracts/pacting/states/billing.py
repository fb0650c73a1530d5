"""States of the billing platform: from a customer to a written-off invoice."""

from __future__ import annotations

from datetime import timedelta

from contracts.pacting.scene import Values
from contracts.pacting.stage import TODAY, Stage
from contracts.pacting.states.ground import (
    ADDRESS,
    BUYER,
    NUMBER,
    PLAN,
    QUOTE,
    REFERENCE,
    SHARE,
    a_customer,
)
from integration.systems import billing
from integration.systems.billing import receivables

PAYMENT = "pi_000000000000000000000001"
"""The processor's id of a payment, as billing keeps it."""


def a_billing_customer(stage: Stage) -> Values:
    """Set up the customer in billing."""
    found = a_customer(stage)
    stage.answered(billing.create_customer(BUYER, ADDRESS, 30, "c1", NUMBER))
    return found


def a_subscription(stage: Stage) -> Values:
    """Set up a live subscription; its first invoice waits for its tax."""
    found = a_billing_customer(stage)
    stage.answered(billing.create_subscription(QUOTE, REFERENCE, TODAY, "s1"))
    invoices = stage.does(billing.pending_invoices(), billing.invoices_of)
    return {**found, "subscription": NUMBER, "invoice": invoices[0].id}


def a_subscription_to_come(stage: Stage) -> Values:
    """Set up a subscription that starts later."""
    found = a_billing_customer(stage)
    stage.answered(billing.create_subscription(QUOTE, REFERENCE, TODAY + timedelta(days=30), "s1"))
    return {**found, "subscription": NUMBER}


def a_due_invoice(stage: Stage) -> Values:
    """Set up an invoice with tax that is due."""
    found = a_subscription(stage)
    stage.answered(billing.add_tax(found["invoice"], SHARE, "t1", NUMBER))
    stage.answered(billing.close_invoice(found["invoice"], "cl1", NUMBER))
    invoice = stage.does(billing.read_invoice(found["invoice"], NUMBER), billing.invoice_of)
    plan = next(line.id for line in invoice.line_items if not line.jurisdiction)
    return {**found, "line": plan, "tax_line": invoice.tax_lines[SHARE.jurisdiction].id}


def a_paid_invoice(stage: Stage) -> Values:
    """Set up an invoice that is paid."""
    found = a_due_invoice(stage)
    stage.answered(billing.record_payment(found["invoice"], PAYMENT, 536_25, TODAY, "p1", NUMBER))
    money = stage.does(receivables.read_money(found["invoice"], NUMBER), receivables.money_of)
    return {**found, "payment": PAYMENT, "transaction": money.linked_payments[0].txn_id}


def an_unused_payment(stage: Stage) -> Values:
    """Set up an invoice whose payment was taken off it again."""
    found = a_paid_invoice(stage)
    stage.answered(receivables.remove_payment(found["invoice"], found["transaction"], "rp1", NUMBER))
    return found


def a_credit_note(stage: Stage) -> Values:
    """Set up a refundable credit note of a paid invoice."""
    found = a_paid_invoice(stage)
    call = receivables.credit_lines(found["invoice"], [(found["line"], 100_00)], "RF-1", "cn1", NUMBER)
    note = stage.does(call, billing.credit_note_of)
    return {**found, "note": note.id}


def an_unused_credit_note(stage: Stage) -> Values:
    """Set up a refundable credit note of an invoice whose payment was taken off it after that."""
    found = a_credit_note(stage)
    stage.answered(receivables.remove_payment(found["invoice"], found["transaction"], "rp1", NUMBER))
    return found


def a_cancelled_subscription(stage: Stage) -> Values:
    """Set up a subscription that ends on a date to come."""
    found = a_subscription(stage)
    stage.answered(billing.cancel(NUMBER, TODAY + timedelta(days=20), "Q-500001-v1", "x1", NUMBER, "none"))
    return found


def a_paused_subscription(stage: Stage) -> Values:
    """Set up a subscription that is paused."""
    found = a_due_invoice(stage)
    start, resume = TODAY + timedelta(days=1), TODAY + timedelta(days=60)
    stage.answered(billing.pause(NUMBER, start, resume, "pa1", NUMBER))
    stage.later(3 * 86_400)
    return found


def a_resumed_subscription(stage: Stage) -> Values:
    """Set up a subscription that was paused and goes on."""
    found = a_paused_subscription(stage)
    stage.answered(billing.resume(NUMBER, "re1", NUMBER))
    return found


def change(reference: str = "Q-500001-v1") -> billing.Change:
    """Return an amendment: five more from mid-December on."""
    return billing.Change(
        subscription=NUMBER, currency="USD", effective=TODAY + timedelta(days=14),
        terms=(billing.Terms(PLAN, 15, 50_00, 12),), reference=reference, meta={"mark": reference},
    )  # fmt: skip


def a_stopped_dunning(stage: Stage) -> Values:
    """Set up a due invoice of which billing no longer reminds."""
    found = a_due_invoice(stage)
    stage.answered(receivables.stop_dunning(found["invoice"], "disputed", "sd1", NUMBER))
    return found
