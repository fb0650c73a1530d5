"""Usage, invoices, payments, credit notes, and an invoice that is asked for twice."""

import uuid

import chargebee
from shop import KEEP, cb, items, now, raises


def check_usage_is_reported():
    cb.Subscription.create_with_items(
        "acme", {"id": "sub-usage", "subscription_items": items(("core-usd-monthly", 1), ("api-usd-monthly", None))}
    )
    for number in range(3):
        usage = cb.Usage.create(
            "sub-usage",
            {"id": f"u-{number}", "item_price_id": "api-usd-monthly", "quantity": "50", "usage_date": now()},
        ).usage
        assert (usage.quantity, usage.subscription_id) == ("50", "sub-usage")
    assert cb.Usage.retrieve("sub-usage", {"id": "u-1"}).usage.id == "u-1"
    assert len(cb.Usage.list({"subscription_id": {"is": "sub-usage"}}).list) == 3
    cb.Usage.delete("sub-usage", {"id": "u-2"})
    with raises(chargebee.InvalidRequestError, "duplicate_entry", "id"):
        cb.Usage.create(
            "sub-usage", {"id": "u-1", "item_price_id": "api-usd-monthly", "quantity": "1", "usage_date": now()}
        )
    with raises(chargebee.InvalidRequestError, "param_wrong_value", "item_price_id"):
        cb.Usage.create("sub-usage", {"item_price_id": "core-usd-monthly", "quantity": "1", "usage_date": now()})


def check_unbilled_charges_are_invoiced():
    made = cb.UnbilledCharge.create(
        {
            "subscription_id": "sub-1",
            "charges": [{"amount": 700, "description": "Travel"}],
            "item_prices": [{"item_price_id": "setup-usd", "quantity": 1}],
        }
    ).unbilled_charges
    assert sorted(charge.amount for charge in made) == [700, 12_000]
    assert cb.Customer.retrieve("acme").customer.unbilled_charges == 12_700
    assert len(cb.UnbilledCharge.list({"subscription_id": {"is": "sub-1"}}).list) == 2
    (invoice,) = cb.UnbilledCharge.invoice_unbilled_charges({"subscription_id": "sub-1"}).invoices
    assert invoice.total == 12_700
    assert cb.Customer.retrieve("acme").customer.unbilled_charges == 0
    with raises(chargebee.InvalidRequestError, "invalid_state_for_request"):
        cb.UnbilledCharge.invoice_unbilled_charges({"subscription_id": "sub-1"})


def one_off(amount=1000, **more):
    params = {
        "customer_id": "acme",
        "charges": [{"amount": amount, "description": "Consulting"}],
        "auto_collection": "off",
    }
    return cb.Invoice.create_for_charge_items_and_charges({**params, **more}).invoice


def check_invoice_of_charges():
    invoice = one_off(5000, item_prices=[{"item_price_id": "setup-usd", "quantity": 2}], po_number="PO-7")
    assert (invoice.total, invoice.status, invoice.recurring, invoice.po_number) == (
        29_000,
        "payment_due",
        False,
        "PO-7",
    )
    assert cb.Invoice.retrieve(invoice.id).invoice.line_items[1].amount == 5000


def check_pending_invoice_is_completed_and_closed():
    invoice = one_off(create_pending_invoice=True)
    assert invoice.status == "pending"
    invoice = cb.Invoice.add_charge(invoice.id, {"amount": 85, "description": "Tax NV"}).invoice
    assert invoice.total == 1085
    assert cb.Invoice.close(invoice.id, {}).invoice.status == "payment_due"
    with raises(chargebee.InvalidRequestError, "invalid_state_for_request"):
        cb.Invoice.close(invoice.id, {})


def check_payment_is_recorded():
    paid = cb.Invoice.record_payment(
        KEEP["invoice"],
        {
            "transaction": {
                "amount": 4500,
                "payment_method": "bank_transfer",
                "reference_number": "wire 1",
                "date": now(),
            }
        },
    )
    assert (paid.transaction.status, paid.transaction.amount) == ("success", 4500)
    assert paid.invoice.amount_paid == 4500
    paid = cb.Invoice.record_payment(KEEP["invoice"], {"transaction": {"payment_method": "check"}})
    assert (paid.invoice.status, paid.invoice.amount_due) == ("paid", 0)
    assert len(paid.invoice.linked_payments) == 2
    assert cb.Transaction.retrieve(paid.transaction.id).transaction.linked_invoices[0].invoice_id == KEEP["invoice"]


def check_payment_is_collected_and_refunded():
    invoice = one_off(8000)
    paid = cb.Invoice.collect_payment(invoice.id, {"payment_source_id": KEEP["card"]})
    assert (paid.invoice.status, paid.transaction.payment_method, paid.transaction.gateway) == (
        "paid",
        "card",
        "chargebee",
    )
    back = cb.Invoice.refund(
        invoice.id, {"refund_amount": 3000, "credit_note": {"reason_code": "service_unsatisfactory"}}
    )
    assert (back.transaction.type, back.transaction.amount, back.credit_note.status) == ("refund", 3000, "refunded")
    with raises(chargebee.InvalidRequestError, "param_wrong_value", "refund_amount"):
        cb.Invoice.refund(invoice.id, {"refund_amount": 5001})


def check_declined_card_is_a_payment_error():
    invoice = one_off(8000)
    with raises(chargebee.PaymentError, "payment_processing_failed"):
        cb.Invoice.collect_payment(invoice.id, {"payment_source_id": KEEP["declined"]})
    assert cb.Invoice.retrieve(invoice.id).invoice.status == "payment_due"
    failed = cb.Transaction.list({"status": {"is": "failure"}}).list
    assert [row.transaction.error_code for row in failed] == ["card_declined"]
    with raises(chargebee.PaymentError, "payment_processing_failed"):
        cb.Subscription.create_with_items(
            "acme",
            {
                "id": "sub-never",
                "auto_collection": "on",
                "payment_source_id": KEEP["declined"],
                "subscription_items": items(("core-usd-monthly", 1)),
            },
        )
    with raises(chargebee.InvalidRequestError, "resource_not_found"):
        cb.Subscription.retrieve("sub-never")


def check_auto_collection_pays_at_once():
    made = cb.Subscription.create_with_items(
        "acme",
        {
            "id": "sub-auto",
            "auto_collection": "on",
            "payment_source_id": KEEP["card"],
            "subscription_items": items(("core-usd-monthly", 1)),
        },
    )
    assert (made.invoice.status, made.invoice.amount_paid) == ("paid", 5000)


def check_excess_payment_is_applied():
    made = cb.Customer.record_excess_payment(
        "acme", {"transaction": {"amount": 2500, "payment_method": "bank_transfer", "date": now()}}
    )
    assert (made.customer.excess_payments, made.transaction.amount_unused) == (2500, 2500)
    invoice = one_off(4000)
    applied = cb.Invoice.apply_payments(invoice.id, {"transactions": [{"id": made.transaction.id}]}).invoice
    assert (applied.amount_paid, applied.amount_due) == (2500, 1500)
    assert cb.Customer.retrieve("acme").customer.excess_payments == 0
    got = cb.Customer.collect_payment("acme", {"amount": 900, "payment_source_id": KEEP["card"]})
    assert got.transaction.amount_unused == 900
    back = cb.Transaction.refund(got.transaction.id, {"amount": 900}).transaction
    assert (back.type, back.refunded_txn_id) == ("refund", got.transaction.id)


def check_promotional_credits_settle_the_next_invoice():
    given = cb.Customer.add_promotional_credits("acme", {"amount": 600, "description": "Sorry"})
    assert given.customer.promotional_credits == 600
    given = cb.PromotionalCredit.deduct({"customer_id": "acme", "amount": 100, "description": "Oops"})
    assert (given.customer.promotional_credits, given.promotional_credit.closing_balance) == (500, 500)
    given = cb.PromotionalCredit.add({"customer_id": "acme", "amount": 100, "description": "Sorry again"})
    assert given.promotional_credit.closing_balance == 600
    invoice = one_off(1000)
    assert (invoice.credits_applied, invoice.amount_due) == (600, 400)
    assert cb.Customer.retrieve("acme").customer.promotional_credits == 0


def check_credit_notes():
    invoice = one_off(9000)
    note = cb.CreditNote.create(
        {
            "reference_invoice_id": invoice.id,
            "type": "adjustment",
            "reason_code": "order_change",
            "line_items": [
                {"reference_line_item_id": invoice.line_items[0].id, "amount": 2000, "unit_amount": 2000, "quantity": 1}
            ],
        }
    )
    assert (note.credit_note.status, note.invoice.amount_due) == ("adjusted", 7000)
    cb.Invoice.record_payment(invoice.id, {"transaction": {"payment_method": "cash"}})
    params = {"reference_invoice_id": invoice.id, "type": "refundable", "reason_code": "waiver", "total": 1500}
    note = cb.CreditNote.create(params).credit_note
    assert (note.status, note.amount_available) == ("refund_due", 1500)
    refund = {"transaction": {"amount": 500, "payment_method": "cash", "date": now()}}
    back = cb.CreditNote.record_refund(note.id, refund)
    assert (back.credit_note.amount_available, back.transaction.type) == (1000, "refund")
    used = one_off(800)
    used = (
        used if used.credits_applied else cb.Invoice.apply_credits(used.id, {"credit_notes": [{"id": note.id}]}).invoice
    )
    assert (used.status, used.credits_applied) == ("paid", 800)
    voided = cb.CreditNote.create({**params, "total": 100}).credit_note
    assert cb.CreditNote.void_credit_note(voided.id, {}).credit_note.status == "voided"
    listed = cb.CreditNote.list({"reference_invoice_id": {"is": invoice.id}}).list
    assert {row.credit_note.type for row in listed} >= {"adjustment", "refundable"}


def check_record_refund_of_an_invoice():
    invoice = one_off(700)  # of which what is left of the last credit note pays 200
    cb.Invoice.record_payment(invoice.id, {"transaction": {"payment_method": "cash"}})
    back = cb.Invoice.record_refund(
        invoice.id, {"transaction": {"amount": 500, "payment_method": "cash", "date": now()}}
    )
    assert (back.credit_note.status, back.transaction.amount) == ("refunded", 500)


def check_void_write_off_and_pdf():
    assert cb.Invoice.void_invoice(one_off(300).id, {}).invoice.status == "voided"
    lost = cb.Invoice.write_off(one_off(300).id, {})
    assert (lost.invoice.write_off_amount, lost.invoice.amount_due) == (300, 0)
    assert cb.Invoice.pdf(KEEP["invoice"], {}).download.valid_till > now()


def check_invoice_lists():
    due = cb.Invoice.list(
        {"status": {"is": "payment_due"}, "customer_id": {"is": "acme"}, "limit": 100, "sort_by": {"desc": "date"}}
    ).list
    assert due
    assert all(row.invoice.amount_due > 0 for row in due)
    big = cb.Invoice.list({"total": {"gte": "100000"}, "limit": 100}).list
    assert {row.invoice.total for row in big} >= {100_000}


def check_orders():
    order = cb.Order.create({"id": "ship-1", "invoice_id": KEEP["invoice"], "status": "processing"}).order
    assert (order.id, order.status, order.total) == ("ship-1", "processing", 64_500)
    order = cb.Order.update("ship-1", {"status": "shipped", "tracking_id": "T-1"}).order
    assert (order.status, order.tracking_id) == ("shipped", "T-1")
    assert [row.order.id for row in cb.Order.list({"status": {"is": "shipped"}}).list] == ["ship-1"]


def check_repeated_key_is_replayed():
    key = {"chargebee-idempotency-key": str(uuid.uuid4())}
    params = {"customer_id": "acme", "charges": [{"amount": 111, "description": "Once"}], "auto_collection": "off"}
    first = cb.Invoice.create_for_charge_items_and_charges(params, headers=key)
    again = cb.Invoice.create_for_charge_items_and_charges(params, headers=key)
    assert (again.invoice.id, first.is_idempotency_replayed, again.is_idempotency_replayed) == (
        first.invoice.id,
        False,
        True,
    )
    with raises(chargebee.InvalidRequestError, "invalid_request"):
        cb.Invoice.create_for_charge_items_and_charges({**params, "po_number": "other"}, headers=key)
