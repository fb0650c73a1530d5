"""States of the payment service: payments made, refused, given back, disputed, paid out."""

from __future__ import annotations

from msgspec.structs import replace

from contracts.pacting.scene import Values
from contracts.pacting.stage import OPENS_US, Stage
from contracts.pacting.states import ground
from contracts.pacting.states.ground import CUSTOMER, METHOD, NUMBER
from integration.systems import payment, payment_back

INVOICE = "INV-0000001"
AMOUNT_MINOR = 536_25
COLLECTION = payment.Collection(
    invoice=INVOICE, customer=CUSTOMER, payment_method=METHOD, method="card", amount_minor=AMOUNT_MINOR, currency="USD",
    txn=NUMBER,
)  # fmt: skip
KEY = f"q2c/{INVOICE}/collect/1"


def a_payment(stage: Stage) -> Values:
    """Set up a card payment that succeeded."""
    found = ground.a_customer(stage)
    intent = stage.does(payment.create_intent(COLLECTION, KEY), payment.intent_of)
    return {**found, "invoice": INVOICE, "payment": intent.id}


def a_debit(stage: Stage) -> Values:
    """Set up a debit that is on its way."""
    found = ground.a_customer_who_pays_by_debit(stage)
    debit = replace(COLLECTION, method="debit")
    intent = stage.does(payment.create_intent(debit, KEY), payment.intent_of)
    return {**found, "invoice": INVOICE, "payment": intent.id}


def a_debit_that_succeeded(stage: Stage) -> Values:
    """Set up a debit that arrived."""
    found = a_debit(stage)
    stage.later(8 * 86_400)
    return found


def a_declined_payment(stage: Stage) -> Values:
    """Set up a card payment that was declined."""
    found = ground.a_customer_whose_card_is_declined(stage)
    stage.outcome(payment.create_intent(COLLECTION, KEY))
    intents = stage.does(payment.find_intents(INVOICE, NUMBER), payment.intents_of)
    return {**found, "invoice": INVOICE, **({"payment": intents[0].id} if intents else {})}


def a_refund(stage: Stage) -> Values:
    """Set up a payment of which a part was given back."""
    found = a_payment(stage)
    stage.answered(payment_back.create_refund(found["payment"], 100_00, "RF-1", "requested_by_customer", "r1", NUMBER))
    return found


def a_payout(stage: Stage) -> Values:
    """Set up a payout that holds a payment."""
    found = a_payment(stage)
    stage.later(3 * 86_400)
    payouts = stage.does(payment.recent_payouts(OPENS_US), payment.payouts_of)
    return {**found, "payout": payouts[0].id}


def a_dispute(stage: Stage) -> Values:
    """Set up a payment whose card holder disputes it."""
    found = a_payment(stage)
    stage.later(3600)
    stage.act("payment", "open_dispute", NUMBER, payment=found["payment"], reason="fraudulent")
    disputes, _ = stage.does(payment_back.disputes_since(OPENS_US), payment_back.disputes_in)
    return {**found, "dispute": disputes[0].id}


def a_lost_dispute(stage: Stage) -> Values:
    """Set up a dispute that the card holder won."""
    found = a_dispute(stage)
    stage.act("payment", "close_dispute", NUMBER, payment=found["payment"], won=False)
    return found


def a_key_in_use(stage: Stage) -> Values:
    """Set up a customer; the first request with a key still runs when the second comes."""
    found = ground.a_customer(stage)
    stage.fault("key_in_progress", "payment")
    return found
