"""Calls that only read, and the refusal of what this system does not own."""

from __future__ import annotations

from domain.http import Reply
from mocks.billing.model import Billing
from mocks.billing.views import shown
from mocks.kernel.operations import Call, Refusal


def read_customer(billing: Billing, call: Call) -> Reply:
    """Show a customer."""
    return shown(billing, ("customer", billing.customer(call.params["id"])))


def read_subscription(billing: Billing, call: Call) -> Reply:
    """Show a subscription and its customer."""
    subscription = billing.subscription(call.params["id"])
    return shown(billing, ("subscription", subscription), ("customer", billing.customer(subscription.customer)))


def read_invoice(billing: Billing, call: Call) -> Reply:
    """Show an invoice."""
    return shown(billing, ("invoice", billing.invoice(call.params["id"])))


def read_credit_note(billing: Billing, call: Call) -> Reply:
    """Show a credit note."""
    return shown(billing, ("credit_note", billing.note(call.params["id"])))


def read_transaction(billing: Billing, call: Call) -> Reply:
    """Show a transaction."""
    return shown(billing, ("transaction", billing.transaction(call.params["id"])))


def read_item_price(billing: Billing, call: Call) -> Reply:
    """Show an item price."""
    return shown(billing, ("item_price", billing.found("item_price", call.params["id"])))


def read_event(billing: Billing, call: Call) -> Reply:
    """Show an event of the log."""
    message = billing.events.get(call.params["id"])
    if message is None:
        raise Refusal("resource_not_found", f"{call.params['id']} not found")
    return shown(billing, ("event", message))
