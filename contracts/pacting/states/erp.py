"""States of the ERP: from a customer to a posted, paid and disputed invoice."""

from __future__ import annotations

from datetime import date

from contracts.pacting.scene import Values
from contracts.pacting.stage import TODAY, Stage
from contracts.pacting.states.ground import ACCOUNT, BUYER, LINE, NUMBER, QUOTE, REFERENCE, SHARE, a_customer
from integration.systems import erp
from integration.systems.erp import receivables

INVOICE, NOTE, PAYMENT = "INV-0000001", "CN-0000001", "pi_000000000000000000000001"
POSTING = erp.Posting(
    id=INVOICE, customer=ACCOUNT, entity="US", currency="USD", txn=NUMBER, business_date=TODAY, lines=(LINE,),
    taxes=(SHARE,), due_date=date(2026, 12, 31),
)  # fmt: skip
MEMO = erp.Posting(
    id=NOTE, customer=ACCOUNT, entity="US", currency="USD", txn=NUMBER, business_date=TODAY, lines=(LINE,),
    taxes=(SHARE,), invoice=INVOICE,
)  # fmt: skip


def paper(document: str) -> receivables.Paper:
    """Return whose a document is."""
    return receivables.Paper(id=document, customer=ACCOUNT, entity="US", currency="USD", txn=NUMBER, day=TODAY)


def an_erp_customer(stage: Stage) -> Values:
    """Set up the customer in the ERP."""
    found = a_customer(stage)
    stage.answered(erp.put_customer(BUYER, 30, NUMBER))
    return found


def a_customer_on_hold(stage: Stage) -> Values:
    """Set up a customer whose credit is held."""
    found = an_erp_customer(stage)
    stage.act("erp", "place_hold", account=ACCOUNT, level="soft")
    return found


def an_order(stage: Stage) -> Values:
    """Set up a booked order."""
    found = an_erp_customer(stage)
    stage.answered(erp.put_order(QUOTE, REFERENCE, TODAY))
    return {**found, "order": REFERENCE}


def a_fulfilled_order(stage: Stage) -> Values:
    """Set up an order that is recorded as fulfilled."""
    found = an_order(stage)
    stage.answered(erp.fulfil_order(REFERENCE, 1, NUMBER))
    return found


def an_invoice(stage: Stage) -> Values:
    """Set up a posted invoice that is open."""
    found = a_fulfilled_order(stage)
    stage.answered(erp.put_invoice(POSTING))
    return {**found, "invoice": INVOICE}


def a_paid_invoice(stage: Stage) -> Values:
    """Set up a posted invoice and the payment that settles it."""
    found = an_invoice(stage)
    stage.answered(erp.put_cash(PAYMENT, INVOICE, POSTING, 536_25, 536_25, "card", TODAY))
    return {**found, "payment": PAYMENT}


def a_credit_memo(stage: Stage) -> Values:
    """Set up a posted credit memo of an invoice."""
    found = an_invoice(stage)
    stage.answered(erp.put_credit_memo(MEMO))
    return {**found, "note": NOTE}


def an_unused_memo(stage: Stage) -> Values:
    """Set up a credit memo of an invoice whose payment went back after that."""
    found = a_paid_invoice(stage)
    stage.answered(erp.put_credit_memo(MEMO))
    stage.answered(receivables.put_refund(paper("dp_1"), PAYMENT, 536_25, "card"))
    return {**found, "note": NOTE}


def a_closed_period(stage: Stage) -> Values:
    """Set up a period that is closed for receivables."""
    found = a_fulfilled_order(stage)
    for module in ("ar", "gl"):
        stage.act("erp", "close_period", entity="US", module=module, name="2026-11")
    return found
