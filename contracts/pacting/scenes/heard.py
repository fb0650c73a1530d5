"""The messages that the integration hears, each in a state in which its system sends it: every route of its table."""

from __future__ import annotations

from contracts.pacting.scene import Heard

HEARD = (
    Heard(system="crm", topic="quote.accepted", state="an accepted quote"),
    Heard(system="billing", topic="invoice_generated", state="a subscription"),
    Heard(system="billing", topic="credit_note_created", state="a credit note"),
    Heard(system="billing", topic="subscription_resumed", state="a resumed subscription"),
    Heard(system="payment", topic="payment_intent.succeeded", state="a payment"),
    Heard(system="payment", topic="payment_intent.payment_failed", state="a declined payment"),
    Heard(system="payment", topic="charge.dispute.created", state="a dispute"),
    Heard(system="payment", topic="charge.dispute.closed", state="a lost dispute"),
    Heard(system="payment", topic="payout.paid", state="a payout"),
    Heard(system="erp", topic="customer.credit_changed", state="a customer on hold"),
    Heard(system="fulfilment", topic="task.completed", state="a completed task"),
)
