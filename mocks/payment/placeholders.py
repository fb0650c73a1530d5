"""Placeholders: ids like cus_xxxxxxxxxxxxx name an object in just the state that the caller's operation needs.

Examples in documentation, and the vendor's own generated tests, call one object after another by such ids without
making any. With the switch `placeholders` each of them is made when it is named, through the same functions that make
any other object; where an operation needs a state of its own the object is made anew each time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from msgspec import structs

from mocks.payment import attempts, balance, customers, disputes, intents, methods, refunds, setup_intents, webhooks
from mocks.payment.bodies import ConfirmBody, CustomerBody, IntentBody, PayoutBody, RefundBody, TaxIdBody
from mocks.payment.invoicing import (
    clocks,
    collecting,
    coupons,
    credit_notes,
    invoices,
    items,
    prices,
    products,
    quotes,
    schedules,
    subscribing,
    tax_rates,
    wallets,
)
from mocks.payment.invoicing.credit_note import NoteBody, NoteLineBody
from mocks.payment.invoicing.invoice_bodies import InvoiceBody
from mocks.payment.invoicing.lines import Line
from mocks.payment.invoicing.quote import FinalizeBody, QuoteBody, QuoteLine
from mocks.payment.invoicing.schedule import PhaseBody, PhaseItemBody, ScheduleBody
from mocks.payment.invoicing.subscription_bodies import ItemEntry, SubscriptionBody
from mocks.payment.model import Processor
from mocks.payment.parts import DiscountBody
from mocks.payment.records import Charge, Intent, Method
from mocks.payment.webhooks import EndpointBody

FORM = re.compile(r"(?:[a-z_]+_(?:x{4,}|xyz|123))|Z4OV52SU", re.ASCII)
Maker = Callable[[Processor, str, str], Any]


def made(model: Processor, kind: str, key: str, operation: str) -> Any:
    """Return what a placeholder names, made for an operation; None when the id is no placeholder."""
    if FORM.fullmatch(key) is None or kind not in _MAKERS:
        return None
    known = model.tables[kind].get(key)
    spent = getattr(known, "is_deleted", False) or getattr(known, "status", "") in _SPENT
    if known is not None and not spent and (kind not in _STATEFUL or not operation):
        return known
    wanted = model.wanted_ids
    model.wanted_ids = {}
    try:
        return _MAKERS[kind](model, key, operation)
    finally:
        model.wanted_ids = wanted


def _called(model: Processor, prefix: str, key: str) -> None:
    """Let the next object with a prefix have an id."""
    model.wanted_ids[prefix] = key


def _x(prefix: str) -> str:
    return f"{prefix}_{'x' * 13}"


# --- money ----------------------------------------------------------------------------------------------------------


def _customer(model: Processor, key: str, operation: str) -> Any:
    return customers.create(model, CustomerBody(name="Placeholder", payment_method="pm_card_visa"), key)


def _method(model: Processor, key: str, operation: str) -> Any:
    owner = (
        "" if operation == "attach" or key.startswith("tok_") else model.referred("customer", _x("cus"), "customer").id
    )
    method = Method(id=key, created=model.now, type="card", customer=owner)
    methods.keep(model, method)
    return method


_INTENTS: Mapping[str, dict[str, Any]] = {
    "capture_payment_intent": {"payment_method": "pm_card_visa", "confirm": True, "capture_method": "manual"},
    "increment_authorization": {"payment_method": "pm_card_visa", "confirm": True, "capture_method": "manual"},
}


def _intent(model: Processor, key: str, operation: str) -> Any:
    _called(model, "pi", key)
    intent = intents.create(model, IntentBody(amount=2_000, currency="usd", **_INTENTS.get(operation, {})))
    kind = {"apply_customer_balance": "push", "verify_microdeposits": "debit"}.get(operation)
    if kind is None:
        return intent
    name = {"push": "customer_balance", "debit": "us_bank_account"}[kind]
    method = Method(id=model.new_id("pm"), created=model.now, type=name)
    methods.keep(model, method)
    waiting: Intent = structs.replace(
        intent, kind=kind, types=(name,), method=method.id, status="requires_action", amount=2_000
    )
    attempts.keep(model, waiting)
    return waiting


def _charge(model: Processor, key: str, operation: str) -> Any:
    capture = "manual" if operation == "capture_charge" else "automatic"
    intent = intents.create(model, IntentBody(amount=2_000, currency="usd", capture_method=capture))
    _called(model, "ch", key)
    confirmed = intents.confirm(model, intent, ConfirmBody(payment_method="pm_card_visa"))
    return model.charges[confirmed.charge]


def _refund(model: Processor, key: str, operation: str) -> Any:
    charge = _charge(model, model.new_id("ch"), "")
    _called(model, "re", key)
    refund = refunds.create(model, RefundBody(charge=charge.id))
    if operation == "cancel_refund":
        refund = model.change("refund", refund, "", status="requires_action")
    return refund


def _dispute(model: Processor, key: str, operation: str) -> Any:
    charge: Charge = _charge(model, model.new_id("ch"), "")
    opened = disputes.open_dispute(model, charge, charge.captured, "general")
    assert opened is not None, "a fresh charge can be disputed"
    model.disputes[key] = structs.replace(opened, id=key)
    return model.disputes[key]


def _movement(model: Processor, key: str, operation: str) -> Any:
    charge = _charge(model, model.new_id("ch"), "")
    movement = structs.replace(model.movements[charge.balance_transaction], id=key)
    model.movements[key] = movement
    return movement


def _payout(model: Processor, key: str, operation: str) -> Any:
    _charge(model, model.new_id("ch"), "")
    _called(model, "po", key)
    payout = balance.pay_out_by_hand(model, PayoutBody(amount=100, currency="usd"))
    if operation == "reverse_payout":
        balance.payout_arrives(model, payout.id)
    return model.payouts[key]


def _setup(model: Processor, key: str, operation: str) -> Any:
    _called(model, "seti", key)
    intent = setup_intents.create(model, setup_intents.SetupBody())
    if operation != "verify_setup_microdeposits":
        return intent
    method = Method(id=model.new_id("pm"), created=model.now, type="us_bank_account")
    methods.keep(model, method)
    return model.change("setup_intent", intent, "", status="requires_action", payment_method=method.id)


def _endpoint(model: Processor, key: str, operation: str) -> Any:
    _called(model, "we", key)
    webhooks.create(model, EndpointBody(url="http://127.0.0.1:9/never", enabled_events=["charge.failed"]))
    return model.endpoints[key]


def _event(model: Processor, key: str, operation: str) -> Any:
    product = products.create(model, products.ProductBody(name="Placeholder"))
    event = next(reversed(model.events.values()))
    assert event.subject is product, "a world with placeholders keeps all events"
    made_up = structs.replace(event, id=key)
    model.events[key] = made_up
    return made_up


# --- catalogue ------------------------------------------------------------------------------------------------------


def _product(model: Processor, key: str, operation: str) -> Any:
    if operation == "delete_product":
        for price in [each for each in model.tables["price"].values() if each.product == key]:
            del model.tables["price"][price.id]
        model.tables["product"].pop(key, None)
    known = model.tables["product"].get(key)
    return known or products.create(model, products.ProductBody(name="Placeholder", id=key))


def _price(model: Processor, key: str, operation: str) -> Any:
    model.referred("product", _x("prod"), "product")
    _called(model, "price", key)
    monthly = prices.RecurringBody(interval="month")
    return prices.create(
        model, prices.PriceBody(currency="usd", product=_x("prod"), unit_amount=2_000, recurring=monthly)
    )


def _coupon(model: Processor, key: str, operation: str) -> Any:
    return coupons.create(model, coupons.CouponBody(id=key, amount_off=100, currency="usd", duration="forever"))


def _code(model: Processor, key: str, operation: str) -> Any:
    model.referred("coupon", "Z4OV52SU", "coupon")
    _called(model, "promo", key)
    return coupons.create_code(model, coupons.PromotionBody(coupon="Z4OV52SU"))


def _tax_rate(model: Processor, key: str, operation: str) -> Any:
    _called(model, "txr", key)
    body = tax_rates.TaxRateBody(display_name="VAT", inclusive=False, percentage=Decimal(16))
    return tax_rates.create(model, body)


def _clock(model: Processor, key: str, operation: str) -> Any:
    _called(model, "clock", key)
    return clocks.create(model, clocks.ClockBody(frozen_time=0))


def _tax_id(model: Processor, key: str, operation: str) -> Any:
    customer = model.referred("customer", _x("cus"), "customer")
    _called(model, "txi", key)
    return wallets.add_tax_id(model, customer, TaxIdBody(type="eu_vat", value="DE123456789"))


def _entry(model: Processor, key: str, operation: str) -> Any:
    customer = model.referred("customer", _x("cus"), "customer")
    _called(model, "cbtxn", key)
    return wallets.adjust(model, customer, 0, "usd", "adjustment")


# --- invoicing ------------------------------------------------------------------------------------------------------


_DRAFTS = ("delete_invoice", "finalize_invoice", "add_lines", "update_lines", "remove_lines")


def _invoice(model: Processor, key: str, operation: str) -> Any:
    customer = model.referred("customer", _x("cus"), "customer").id
    model.notes_of.pop(key, None)
    model.payments_of.pop(key, None)
    _called(model, "in", key)
    invoice = invoices.create(model, InvoiceBody(customer=customer))
    _called(model, "il", _x("il"))
    items.create(model, items.ItemBody(invoice=invoice.id, amount=2_000, description="Placeholder"))
    invoice = model.tables["invoice"][invoice.id]
    return invoice if operation in _DRAFTS else collecting.finalize(model, invoice)


def _item(model: Processor, key: str, operation: str) -> Any:
    customer = model.referred("customer", _x("cus"), "customer").id
    _called(model, "ii", key)
    return items.create(model, items.ItemBody(customer=customer, amount=1_000))


def _note(model: Processor, key: str, operation: str) -> Any:
    invoice = _invoice(model, model.new_id("in"), "")
    line: Line = invoice.lines.data[0]
    _called(model, "cn", key)
    asked = NoteLineBody(type="invoice_line_item", invoice_line_item=line.id, amount=500)
    return credit_notes.create(model, NoteBody(invoice=invoice.id, lines=[asked]))


def _subscription(model: Processor, key: str, operation: str) -> Any:
    customer = model.referred("customer", _x("cus"), "customer").id
    price = model.referred("price", _x("price"), "price").id
    coupon = model.referred("coupon", "Z4OV52SU", "coupon").id
    model.tables["subscription"].pop(key, None)
    _called(model, "si", _x("si"))
    body = SubscriptionBody(
        customer=customer, discounts=[DiscountBody(coupon=coupon)],
        items=[ItemEntry(price=price), ItemEntry(price=price, quantity=2)],
    )  # fmt: skip
    return subscribing.create(model, body, key)


def _subscription_item(model: Processor, key: str, operation: str) -> Any:
    return _subscription(model, _x("sub"), operation).items.data[0]


def _schedule(model: Processor, key: str, operation: str) -> Any:
    customer = model.referred("customer", _x("cus"), "customer").id
    price = model.referred("price", _x("price"), "price").id
    _called(model, "sub_sched", key)
    phase = PhaseBody(items=[PhaseItemBody(price=price)])
    return schedules.create(model, ScheduleBody(customer=customer, phases=[phase]))


def _quote(model: Processor, key: str, operation: str) -> Any:
    customer = model.referred("customer", _x("cus"), "customer").id
    price = model.referred("price", _x("price"), "price").id
    _called(model, "qt", key)
    quote = quotes.create(model, QuoteBody(customer=customer, line_items=[QuoteLine(price=price)]))
    return quotes.finalize(model, quote, FinalizeBody()) if operation == "accept_quote" else quote


_MAKERS: Mapping[str, Maker] = {
    "customer": _customer,
    "payment_method": _method,
    "payment_intent": _intent,
    "charge": _charge,
    "refund": _refund,
    "dispute": _dispute,
    "balance_transaction": _movement,
    "payout": _payout,
    "setup_intent": _setup,
    "webhook_endpoint": _endpoint,
    "event": _event,
    "product": _product,
    "price": _price,
    "coupon": _coupon,
    "promotion_code": _code,
    "tax_rate": _tax_rate,
    "test_helpers.test_clock": _clock,
    "tax_id": _tax_id,
    "customer_balance_transaction": _entry,
    "invoice": _invoice,
    "invoiceitem": _item,
    "credit_note": _note,
    "subscription": _subscription,
    "subscription_item": _subscription_item,
    "subscription_schedule": _schedule,
    "quote": _quote,
}
_SPENT = frozenset({"void", "paid", "canceled", "lost", "won", "accepted", "released"})
_STATEFUL = frozenset(
    {
        "payment_method", "payment_intent", "charge", "refund", "dispute", "payout", "setup_intent", "product",
        "invoice",
        "credit_note", "subscription", "subscription_item", "subscription_schedule", "quote",
        "test_helpers.test_clock",
    }
)  # fmt: skip
