"""Calls on usage, and on charges that wait for an invoice."""

from __future__ import annotations

from msgspec.structs import replace

from domain.calendar import SECOND_US, local_date
from domain.http import Reply
from mocks.billing import bodies as f
from mocks.billing import gateway, invoices, subscriptions, usages
from mocks.billing.invoice_calls import lines_of
from mocks.billing.model import Billing
from mocks.billing.records import Invoice, Subscription, Unbilled, Usage
from mocks.billing.subscriptions import LIVE, require_live
from mocks.billing.views import reply, show, shown
from mocks.kernel.operations import Call, Refusal


def create_usage(billing: Billing, call: Call) -> Reply:
    """Report usage of a metered charge of a subscription."""
    body: f.CreateUsage = call.body
    subscription = billing.subscription(call.params["id"])
    require_live(subscription, "suspended", "trialing")
    listed = billing.prices.get(body.item_price_id)
    if listed is None or not listed.metered:
        raise Refusal("param_wrong_value", f"{body.item_price_id} is no metered price", field="item_price_id")
    if not any(term.sku == listed.sku for term in subscription.terms):
        raise Refusal("param_wrong_value", f"{subscription.id} does not have {listed.id}", field="item_price_id")
    at_us, now_us = body.usage_date * SECOND_US, billing.book.now_us
    day = local_date(at_us, subscription.zone)
    if at_us > now_us or day < subscription.start:
        raise Refusal("param_wrong_value", "lies in the future or before the subscription", field="usage_date")
    known: Usage | None = billing.book.get("usage", body.id) if body.id else None
    if known is not None and not known.deleted:
        return _again(billing, body, known)
    usage = Usage(
        id=body.id or f"us_{billing.desk.next('usage'):09d}",
        subscription=subscription.id,
        item_price=listed.id,
        sku=listed.sku,
        quantity=int(body.quantity.partition(".")[0]),
        at_us=at_us,
        day=day,
        created_us=now_us,
        updated_us=now_us,
        note=body.note,
    )
    return shown(billing, ("usage", usages.add(billing, usage)))


def _again(billing: Billing, body: f.CreateUsage, known: Usage) -> Reply:
    """Answer a repeated report as its `dedupe_option` says; without one the id is taken."""
    if body.dedupe_option is None:
        raise Refusal("duplicate_entry", f"the value {body.id} is already present", field="id")
    if body.dedupe_option == "update_existing" and not known.invoice:
        quantity = int(body.quantity.partition(".")[0])
        known = replace(known, quantity=quantity, updated_us=billing.book.now_us, version=known.version + 1)
        usages.add(billing, known)
    return shown(billing, ("usage", known))


def read_usage(billing: Billing, call: Call) -> Reply:
    """Show a report of usage, named by its id in the query."""
    key = call.query.get("id", "")
    usage: Usage = billing.found("usage", key)
    if usage.subscription != call.params["id"]:
        raise Refusal("resource_not_found", f"{key} not found")
    return shown(billing, ("usage", usage))


def delete_usage(billing: Billing, call: Call) -> Reply:
    """Take back usage that was not billed yet."""
    usage: Usage = billing.found("usage", call.body.id)
    if usage.subscription != call.params["id"]:
        raise Refusal("resource_not_found", f"{usage.id} not found")
    if usage.invoice:
        raise Refusal("invalid_state_for_request", f"usage {usage.id} was billed by {usage.invoice}")
    return shown(billing, ("usage", usages.drop(billing, usage)))


# --- unbilled charges -------------------------------------------------------------------------------------------------


def create_unbilled(billing: Billing, call: Call) -> Reply:
    """Keep charges of a subscription until somebody invoices them."""
    body: f.CreateUnbilled = call.body
    subscription = billing.subscription(body.subscription_id)
    customer, now_us = billing.customer(subscription.customer), billing.book.now_us
    kept = []
    for line in lines_of(billing, customer, body.item_prices, body.charges):
        charge = Unbilled(
            id=line.id,
            customer=customer.id,
            subscription=subscription.id,
            currency=customer.currency,
            line=replace(line, period_start=billing.today(customer.zone), period_end=billing.today(customer.zone)),
            zone=customer.zone,
            created_us=now_us,
            updated_us=now_us,
        )
        billing.book.keep("unbilled_charge", charge.id, charge)
        billing.unbilled.setdefault(subscription.id, {})[charge.id] = None
        kept.append(charge)
    billing.shown.pop(customer.id, None)  # a customer shows what is unbilled
    return reply({"unbilled_charges": [show(billing, "unbilled_charge", charge) for charge in kept]})


def delete_unbilled(billing: Billing, call: Call) -> Reply:
    """Drop a charge that waits for an invoice."""
    charge: Unbilled = billing.found("unbilled_charge", call.params["id"])
    return shown(billing, ("unbilled_charge", _gone(billing, charge)))


def _gone(billing: Billing, charge: Unbilled) -> Unbilled:
    charge = replace(charge, deleted=True, updated_us=billing.book.now_us)
    billing.book.keep("unbilled_charge", charge.id, charge)
    waiting = billing.unbilled.get(charge.subscription, {})
    waiting.pop(charge.id, None)
    if not waiting:
        billing.unbilled.pop(charge.subscription, None)
    billing.shown.pop(charge.customer, None)
    return charge


def invoice_unbilled(billing: Billing, call: Call) -> Reply:
    """Invoice all that waits, of a subscription or of a customer."""
    body: f.InvoiceUnbilled = call.body
    if bool(body.subscription_id) is bool(body.customer_id):
        raise Refusal("param_wrong_value", "give a subscription or a customer", field="subscription_id")
    if body.subscription_id:
        wanted = [billing.subscription(body.subscription_id)]
    else:
        billing.customer(body.customer_id)
        table = billing.book.table("subscription").values()
        wanted = [subscription for subscription in table if subscription.customer == body.customer_id]
    made = [invoice for subscription in wanted for invoice in _invoiced(billing, subscription)]
    if not made:
        raise Refusal("invalid_state_for_request", "nothing is unbilled")
    return reply({"invoices": [show(billing, "invoice", billing.invoice(invoice.id)) for invoice in made]})


def _invoiced(billing: Billing, subscription: Subscription) -> list[Invoice]:
    made = []
    charges = [billing.found("unbilled_charge", key) for key in billing.unbilled.get(subscription.id, ())]
    if subscription.status in LIVE and subscription.fresh_from is not None:
        today = billing.today(subscription.zone)
        invoice = subscriptions.settle(
            billing, subscription, today, subscription.txn, subscription.reference
        ).invoice  # fmt: skip
        made.extend([invoice] if invoice is not None else [])
    if charges:
        customer = billing.customer(subscription.customer)
        lines = tuple([replace(charge.line, period_start=None, period_end=None) for charge in charges])
        for charge in charges:
            _gone(billing, charge)
        invoice = invoices.one_off(
            billing, customer, subscription.id, lines, txn=subscription.txn, reference=subscription.reference,
            pending=subscription.pending, auto_collection=subscription.auto_collection, source=subscription.source,
        )  # fmt: skip
        made.append(gateway.automatic(billing, invoice))
    return made
