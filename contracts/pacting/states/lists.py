"""States in which lists have more than one page, and that of a client that signs in."""

from __future__ import annotations

from urllib.parse import parse_qsl

from msgspec.structs import replace

from contracts.pacting.scene import Values
from contracts.pacting.stage import ADAPTERS, OPENS_US, TODAY, Stage
from contracts.pacting.states import billing, crm, erp, payment
from contracts.pacting.states.ground import BUYER, QUOTE
from integration.systems import billing as billing_calls
from integration.systems import erp as erp_calls
from integration.systems import payment as payment_calls

SECOND = "Q-000002"
OTHER = replace(QUOTE, id="0Q1", txn=SECOND, number=SECOND)


def a_client(stage: Stage) -> Values:
    """Set up what the integration signs in with; a system hands it out once, and it stands in no file."""
    found: Values = {}
    for system in ADAPTERS.values():
        if system.token is not None:
            found |= dict(parse_qsl(system.token.call(OPENS_US).body.decode()))
    return {name: found[name] for name in ("client_secret", "client_assertion")}


def two_payments(stage: Stage) -> Values:
    """Set up two payments, the later one first in every list."""
    found = payment.a_payment(stage)
    stage.later(60)
    second = replace(payment.COLLECTION, invoice="INV-0000002", txn=SECOND)
    intent = stage.does(payment_calls.create_intent(second, "q2c/INV-0000002/collect/1"), payment_calls.intent_of)
    return {**found, "last": intent.id}


def two_invoices(stage: Stage) -> Values:
    """Set up two subscriptions of a customer, each with an invoice that waits for its tax."""
    found = billing.a_subscription(stage)
    stage.answered(billing_calls.create_subscription(OTHER, f"{SECOND}-v1", TODAY, "s2"))
    return found


def two_orders(stage: Stage) -> Values:
    """Set up two booked orders, one a minute after the other."""
    found = erp.an_order(stage)
    stage.later(60)
    stage.answered(erp_calls.put_order(OTHER, f"{SECOND}-v1", TODAY))
    return found


def two_customers_on_hold(stage: Stage) -> Values:
    """Set up two customers whose credit is held, one a minute after the other."""
    found = erp.a_customer_on_hold(stage)
    stage.later(60)
    stage.answered(erp_calls.put_customer(replace(BUYER, id="A-000002"), 30, SECOND))
    stage.act("erp", "place_hold", account="A-000002", level="soft")
    return found


def three_accepted_quotes(stage: Stage) -> Values:
    """Set up three quotes that their customer has accepted; the CRM gives them out in pages of two."""
    found = crm.an_accepted_quote(stage)
    for number in (SECOND, "Q-000003"):
        crm.quoted(stage, number=number)
        stage.act("crm", "approve_quote", number, number=number, approver="sales_manager")
        stage.act("crm", "accept_quote", number, number=number, version=1, signer="A. Buyer")
    return found
