"""What a team's program does with the official Python client: quote-to-cash, errors, paging, retries, repetition.

usage: program.py ADDRESS [HOOK]   prints what it saw as one line of JSON
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import stripe

ADDRESS = sys.argv[1]
HOOK = sys.argv[2] if len(sys.argv) > 2 else ""
client = stripe.StripeClient("sk_test_q2c", base_addresses={"api": ADDRESS, "files": ADDRESS}, max_network_retries=2)
v1 = client.v1
saw: dict[str, Any] = {}


def refused(call: Any) -> dict[str, Any]:
    """Return what a refusal says; fail when there is none."""
    try:
        call()
    except stripe.StripeError as error:
        return {
            "class": type(error).__name__, "status": error.http_status, "code": error.code,
            "param": getattr(error, "param", None), "request": bool(error.request_id),
            "decline": getattr(error.error, "decline_code", None) if error.error else None,
        }  # fmt: skip
    raise AssertionError("nothing was refused")


def until(test: Any, seconds: float = 10) -> bool:
    """Wait until something is so."""
    end = time.time() + seconds
    while time.time() < end:
        if test():
            return True
        time.sleep(0.05)
    return False


def catalogue() -> Any:
    product = v1.products.create({"name": "Seat", "metadata": {"sku": "SEAT"}})
    monthly = v1.prices.create(
        {"product": product.id, "currency": "usd", "unit_amount": 2_500, "recurring": {"interval": "month"}}
    )
    setup = v1.prices.create({"product": product.id, "currency": "usd", "unit_amount": 10_000})
    tiered = v1.prices.create({
        "product": product.id, "currency": "usd", "recurring": {"interval": "month"}, "billing_scheme": "tiered",
        "tiers_mode": "graduated", "expand": ["tiers"],
        "tiers": [{"up_to": 5, "unit_amount": 700}, {"up_to": "inf", "unit_amount": 650}],
    })  # fmt: skip
    saw["tiers"] = [tier.up_to for tier in tiered.tiers]
    v1.products.update(product.id, {"default_price": monthly.id})
    saw["default_price"] = v1.products.retrieve(product.id, {"expand": ["default_price"]}).default_price.unit_amount
    return monthly, setup


def customer(**more: Any) -> Any:
    return v1.customers.create({
        "name": "Acme", "email": "ap@acme.example", "metadata": {"account": "A-1"}, "payment_method": "pm_card_visa",
        "invoice_settings": {"default_payment_method": "pm_card_visa"} if more.get("own") else {}, "tax_exempt": "none",
        "address": {"line1": "1 Main St", "country": "US", "postal_code": "94110"},
    })  # fmt: skip


def one_off_invoice(buyer: Any, price: Any) -> Any:
    rate = v1.tax_rates.create({"display_name": "Sales tax", "percentage": 8.25, "inclusive": False})
    coupon = v1.coupons.create({"percent_off": 10, "duration": "once"})
    draft = v1.invoices.create({
        "customer": buyer.id, "collection_method": "send_invoice", "days_until_due": 30,
        "metadata": {"order": "Q-000001"}, "default_tax_rates": [rate.id], "discounts": [{"coupon": coupon.id}],
    })  # fmt: skip
    v1.invoice_items.create({"customer": buyer.id, "invoice": draft.id, "pricing": {"price": price.id}, "quantity": 3})
    v1.invoice_items.create({"customer": buyer.id, "invoice": draft.id, "amount": 1_999, "currency": "usd"})
    added = v1.invoices.add_lines(draft.id, {"lines": [{"description": "Travel", "amount": 501}]})
    saw["lines"] = [line.amount for line in added.lines.data]
    open_one = v1.invoices.finalize_invoice(draft.id, {"expand": ["payments", "confirmation_secret", "customer"]})
    saw["open"] = [open_one.status, open_one.subtotal, open_one.total, open_one.customer.id == buyer.id]
    saw["secret"] = open_one.confirmation_secret.client_secret.startswith("pi_")
    saw["refinalize"] = refused(lambda: v1.invoices.finalize_invoice(draft.id))
    saw["edit"] = refused(lambda: v1.invoice_items.create({"customer": buyer.id, "invoice": draft.id, "amount": 1}))
    paid = v1.invoices.pay(draft.id)
    saw["paid"] = [paid.status, paid.amount_paid == paid.total, paid.amount_remaining]
    payment = v1.invoice_payments.list({"invoice": draft.id}).data[0]
    intent = v1.payment_intents.retrieve(
        payment.payment.payment_intent, {"expand": ["latest_charge.balance_transaction"]}
    )
    saw["intent"] = [
        intent.status,
        intent.latest_charge.balance_transaction.net == intent.amount - intent.latest_charge.balance_transaction.fee,
    ]
    note = v1.credit_notes.create({
        "invoice": draft.id, "refund_amount": 1_083, "lines": [
            {"type": "custom_line_item", "description": "Goodwill", "quantity": 1, "unit_amount": 1_000,
             "tax_rates": [rate.id]}
        ],
    })  # fmt: skip
    saw["note"] = [note.total, note.status, len(note.refunds)] if note.total == 1_083 else note.total
    return paid


def credit_note_paths(buyer: Any) -> None:
    draft = v1.invoices.create({"customer": buyer.id, "auto_advance": False})
    v1.invoice_items.create({"customer": buyer.id, "invoice": draft.id, "amount": 5_000})
    v1.invoices.finalize_invoice(draft.id)
    note = v1.credit_notes.create({"invoice": draft.id, "amount": 2_000})
    saw["lowered"] = v1.invoices.retrieve(draft.id).amount_remaining
    v1.credit_notes.void_credit_note(note.id)
    saw["raised"] = v1.invoices.retrieve(draft.id).amount_remaining
    saw["void"] = v1.invoices.void_invoice(draft.id).status
    bad = v1.invoices.create({"customer": buyer.id})
    v1.invoice_items.create({"customer": buyer.id, "invoice": bad.id, "amount": 900})
    v1.invoices.finalize_invoice(bad.id)
    saw["uncollectible"] = v1.invoices.mark_uncollectible(bad.id).status
    saw["paid_after_all"] = v1.invoices.pay(bad.id, {"paid_out_of_band": True}).status
    saw["deleted"] = v1.invoices.delete(v1.invoices.create({"customer": buyer.id}).id).deleted


def subscription(buyer: Any, price: Any) -> Any:
    made = v1.subscriptions.create({
        "customer": buyer.id, "items": [{"price": price.id, "quantity": 4}], "metadata": {"order": "Q-000002"},
        "expand": ["latest_invoice.payments"],
    })  # fmt: skip
    saw["subscribed"] = [made.status, made.latest_invoice.status, made.latest_invoice.total]
    item = made["items"].data[0]
    saw["period"] = item.current_period_end - item.current_period_start > 27 * 86_400
    changed = v1.subscriptions.update(made.id, {"items": [{"id": item.id, "quantity": 6}]})
    saw["quantity"] = changed["items"].data[0].quantity
    waiting = v1.invoice_items.list({"customer": buyer.id, "pending": True}).data
    saw["prorations"] = [len(waiting), sum(each.amount for each in waiting) in range(4_900, 5_001)]
    preview = v1.invoices.create_preview({"subscription": made.id})
    saw["preview"] = preview.total - sum(each.amount for each in waiting)
    saw["ends"] = v1.subscriptions.update(made.id, {"cancel_at_period_end": True}).cancel_at_period_end
    return made


def renewals(price: Any) -> None:
    start = int(time.time())
    clock = v1.test_helpers.test_clocks.create({"frozen_time": start, "name": "a year"})
    buyer = v1.customers.create({"name": "Clock", "payment_method": "pm_card_visa", "test_clock": clock.id})
    made = v1.subscriptions.create({"customer": buyer.id, "items": [{"price": price.id}]})
    v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": start + 63 * 86_400})
    saw["clock"] = until(lambda: v1.test_helpers.test_clocks.retrieve(clock.id).status == "ready")
    found = v1.invoices.list({"subscription": made.id}).data
    saw["renewed"] = [len(found), sorted({each.status for each in found}), v1.subscriptions.retrieve(made.id).status]
    saw["canceled"] = v1.subscriptions.cancel(made.id).status


def payments(buyer: Any) -> None:
    paid = v1.payment_intents.create({
        "amount": 12_000, "currency": "usd", "customer": buyer.id, "payment_method": "pm_card_visa", "confirm": True,
        "metadata": {"order": "Q-000003"}, "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
    })  # fmt: skip
    held = v1.payment_intents.create({"amount": 5_000, "currency": "usd", "capture_method": "manual"})
    held = v1.payment_intents.confirm(held.id, {"payment_method": "pm_card_visa"})
    captured = v1.payment_intents.capture(held.id, {"amount_to_capture": 3_000})
    saw["payments"] = [paid.status, held.status, captured.status, captured.amount_received]
    refund = v1.refunds.create({"payment_intent": paid.id, "amount": 2_000, "reason": "requested_by_customer"})
    saw["refund"] = [refund.status, v1.charges.retrieve(paid.latest_charge).amount_refunded]
    disputed = v1.payment_intents.create({
        "amount": 4_000, "currency": "usd", "payment_method": "pm_card_createDispute", "confirm": True,
    })  # fmt: skip
    dispute = v1.disputes.list({"payment_intent": disputed.id}).data[0]
    answered = v1.disputes.update(dispute.id, {"evidence": {"product_description": "Seats"}, "submit": True})
    saw["dispute"] = [dispute.status, answered.status, v1.disputes.close(dispute.id).status]
    setup = v1.setup_intents.create({"customer": buyer.id, "payment_method": "pm_card_visa", "confirm": True})
    saw["setup"] = [setup.status, v1.payment_methods.retrieve(setup.payment_method).customer == buyer.id]
    funds = v1.balance.retrieve()
    saw["balance"] = funds.available[0].amount > 0
    payout = v1.payouts.create({"amount": 100, "currency": "usd"})
    saw["payout"] = [payout.status, v1.payouts.cancel(payout.id).status]
    saw["found"] = len(v1.payment_intents.search({"query": "metadata['order']:'Q-000003'"}).data)


def errors(buyer: Any) -> None:
    saw["decline"] = refused(lambda: v1.payment_intents.create({
        "amount": 900, "currency": "usd", "payment_method": "pm_card_chargeDeclinedInsufficientFunds", "confirm": True,
    }))  # fmt: skip
    saw["challenge"] = refused(lambda: v1.payment_intents.create({
        "amount": 900, "currency": "usd", "payment_method": "pm_card_authenticationRequired", "confirm": True,
        "off_session": True,
    }))  # fmt: skip
    saw["missing"] = refused(lambda: v1.customers.retrieve("cus_none"))
    saw["reference"] = refused(lambda: v1.invoices.create({"customer": "cus_none"}))
    saw["unknown"] = refused(lambda: v1.customers.create({"nmae": "Acme"}))
    saw["required"] = refused(lambda: v1.payment_intents.create({"amount": 100}))
    saw["small"] = refused(lambda: v1.payment_intents.create({"amount": 10, "currency": "usd"}))
    saw["integer"] = refused(lambda: v1.payment_intents.create({"amount": "ten", "currency": "usd"}))
    saw["expand"] = refused(lambda: v1.customers.retrieve(buyer.id, {"expand": ["nothing"]}))
    saw["empty"] = refused(
        lambda: v1.invoices.create(
            {"customer": buyer.id, "currency": "eur", "pending_invoice_items_behavior": "include"}
        )
    )
    stranger = stripe.StripeClient("nonsense", base_addresses={"api": ADDRESS})
    saw["stranger"] = refused(lambda: stranger.v1.customers.list())
    old = stripe.StripeClient("sk_test_q2c", base_addresses={"api": ADDRESS}, stripe_version="2024-11-20.acacia")
    saw["acacia"] = "paid" in old.v1.invoices.list({"limit": 1}).data[0]
    saw["newest"] = "paid" in v1.invoices.list({"limit": 1}).data[0]
    strange = stripe.StripeClient("sk_test_q2c", base_addresses={"api": ADDRESS}, stripe_version="2031-01-01.nothing")
    saw["version"] = refused(lambda: strange.v1.customers.list())


def repetition() -> None:
    options = {"idempotency_key": "order-1"}
    first = v1.customers.create({"name": "Once"}, options)
    again = v1.customers.create({"name": "Once"}, options)
    saw["once"] = [
        first.id == again.id,
        again.last_response.headers.get("idempotent-replayed"),
        first.last_response.headers["original-request"] == again.last_response.headers["original-request"],
    ]
    saw["reused"] = refused(lambda: v1.customers.create({"name": "Twice"}, options))
    decline = {"amount": 900, "currency": "usd", "payment_method": "pm_card_chargeDeclined", "confirm": True}
    saw["kept_decline"] = [
        refused(lambda: v1.payment_intents.create(decline, {"idempotency_key": "order-2"}))["code"] for _ in range(2)
    ]


def paging() -> None:
    made = [v1.customers.create({"name": f"Page {number}", "email": "page@acme.example"}).id for number in range(23)]
    listed = [each.id for each in v1.customers.list({"email": "page@acme.example", "limit": 5}).auto_paging_iter()]
    saw["paged"] = listed == made[::-1]
    back = v1.customers.list({"email": "page@acme.example", "limit": 4, "ending_before": made[10]})
    saw["back"] = [each.id for each in back.data] == made[14:10:-1]
    found = v1.customers.search({"query": "email:'page@acme.example'", "limit": 10})
    saw["searched"] = len(list(found.auto_paging_iter()))


def quotes(buyer: Any, price: Any) -> None:
    quote = v1.quotes.create({"customer": buyer.id, "line_items": [{"price": price.id, "quantity": 2}]})
    open_one = v1.quotes.finalize_quote(quote.id)
    saw["quote_lines"] = [line.amount_total for line in v1.quotes.line_items.list(quote.id).data]
    taken = v1.quotes.accept(quote.id)
    saw["quote"] = [quote.status, open_one.status, taken.status, v1.subscriptions.retrieve(taken.subscription).status]
    plan = v1.subscription_schedules.create({
        "customer": buyer.id, "start_date": "now", "end_behavior": "release",
        "phases": [
            {"items": [{"price": price.id, "quantity": 1}], "duration": {"interval": "month", "interval_count": 1}},
            {"items": [{"price": price.id, "quantity": 3}], "duration": {"interval": "month", "interval_count": 1}},
        ],
    })  # fmt: skip
    saw["schedule"] = [plan.status, len(plan.phases), v1.subscription_schedules.release(plan.id).status]
    promo = v1.promotion_codes.create(
        {"promotion": {"type": "coupon", "coupon": v1.coupons.create({"percent_off": 5}).id}, "code": "SPRING"}
    )
    saw["promo"] = v1.promotion_codes.list({"code": "SPRING"}).data[0].id == promo.id


def told() -> None:
    endpoint = v1.webhook_endpoints.create({"url": HOOK, "enabled_events": ["customer.created", "invoice.paid"]})
    saw["hook_secret"] = endpoint.secret
    saw["hook_again"] = getattr(v1.webhook_endpoints.retrieve(endpoint.id), "secret", None)
    v1.customers.create({"name": "Told"})
    kinds = [event.type for event in v1.events.list({"type": "customer.created", "limit": 3}).data]
    saw["events"] = kinds


def main() -> None:
    if HOOK:
        told()
        print(json.dumps(saw))
        return
    monthly, setup = catalogue()
    buyer = customer()
    v1.customers.tax_ids.create(buyer.id, {"type": "eu_vat", "value": "DE123456789"})
    v1.customers.balance_transactions.create(buyer.id, {"amount": 0, "currency": "usd"})
    one_off_invoice(buyer, setup)
    credit_note_paths(buyer)
    subscription(buyer, monthly)
    payments(buyer)
    errors(buyer)
    repetition()
    paging()
    quotes(customer(), monthly)
    renewals(monthly)
    print(json.dumps(saw))


main()
