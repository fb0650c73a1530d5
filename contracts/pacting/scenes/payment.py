"""What the integration asks the payment service."""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from contracts.pacting.scene import Scene, pinging
from contracts.pacting.stage import OPENS_US
from contracts.pacting.states.ground import ACCOUNT, NUMBER
from contracts.pacting.states.payment import COLLECTION, INVOICE, KEY
from integration.systems import payment, payment_back, payment_events

_DEBIT = replace(COLLECTION, method="debit")
_OTHER = replace(COLLECTION, amount_minor=99_99)

_scene = partial(Scene, "payment")


SCENES = (
    _scene("payouts are probed", "nothing is there", makes=pinging(payment.SYSTEM)),
    _scene(
        "the customer of an account is looked for", "a customer",
        makes=lambda _: payment.find_customer(ACCOUNT, NUMBER), read=payment.customers_of,
    ),
    _scene(
        "an account without a customer is looked for", "nothing is there",
        makes=lambda _: payment.find_customer("A-999999", NUMBER), read=payment.customers_of,
    ),
    _scene(
        "a card is charged", "a customer", makes=lambda _: payment.create_intent(COLLECTION, KEY),
        read=payment.intent_of,
    ),
    _scene(
        "a card is charged again with the same key", "a payment",
        makes=lambda _: payment.create_intent(COLLECTION, KEY), read=payment.intent_of,
    ),
    _scene(
        "the same key comes with another amount", "a payment", makes=lambda _: payment.create_intent(_OTHER, KEY),
        fails="rejected", code="idempotency_error",
    ),
    _scene(
        "the first request with a key still runs", "a request with the same key still runs",
        makes=lambda _: payment.create_intent(COLLECTION, KEY), fails="in_progress",
    ),
    _scene(
        "a lost card is charged", "a customer whose card is lost",
        makes=lambda _: payment.create_intent(COLLECTION, KEY), fails="rejected", code="lost_card",
    ),
    _scene(
        "a bank account is debited", "a customer who pays by debit",
        makes=lambda _: payment.create_intent(_DEBIT, KEY), read=payment.intent_of,
    ),
    _scene(
        "a payment is read", "a payment", makes=lambda values: payment.read_intent(values["payment"], NUMBER),
        read=payment.intent_of,
    ),
    _scene(
        "a debit on its way is read", "a debit on its way",
        makes=lambda values: payment.read_intent(values["payment"], NUMBER), read=payment.intent_of,
    ),
    _scene(
        "a declined payment is read", "a declined payment",
        makes=lambda values: payment.read_intent(values["payment"], NUMBER), read=payment.intent_of,
    ),
    _scene(
        "a payment that is not there is read", "nothing is there",
        makes=lambda _: payment.read_intent("pi_999999999999999999999999", NUMBER), fails="rejected",
        code="resource_missing",
    ),
    _scene(
        "the payments of an invoice are looked for", "a payment",
        makes=lambda _: payment.find_intents(INVOICE, NUMBER), page=payment.intent_page,
    ),
    _scene(
        "a payment is given back", "a payment",
        makes=lambda values: payment.refund(values["payment"], 100_00, "q2c/refund/1", NUMBER),
        read=payment_back.refund_of,
    ),
    _scene(
        "a refund is asked for by a request", "a payment",
        makes=lambda values: payment_back.create_refund(
            values["payment"], 100_00, "RF-1", "requested_by_customer", "q2c/refund/RF-1", NUMBER
        ),
        read=payment_back.refund_of,
    ),
    _scene(
        "more than was paid is refused", "a payment",
        makes=lambda values: payment_back.create_refund(
            values["payment"], 999_999_00, "RF-2", "requested_by_customer", "q2c/refund/RF-2", NUMBER
        ),
        fails="rejected",
    ),
    _scene(
        "the refunds of a payment are listed", "a refund",
        makes=lambda values: payment_back.refunds_of(values["payment"], NUMBER), page=payment_back.refund_page,
    ),
    _scene(
        "payouts are listed", "a payout", makes=lambda _: payment.recent_payouts(OPENS_US), page=payment.payout_page
    ),
    _scene(
        "what is in a payout is listed", "a payout",
        makes=lambda values: payment.payout_transactions(values["payout"]), page=payment.transaction_page,
    ),
    _scene(
        "a dispute is read", "a dispute", makes=lambda values: payment_back.read_dispute(values["dispute"], NUMBER),
        read=payment_back.dispute_of,
    ),
    _scene(
        "the disputes of a payment are listed", "a dispute",
        makes=lambda values: payment_back.disputes_of(values["payment"], NUMBER), page=payment_back.dispute_page,
    ),
    _scene(
        "disputes are swept", "a dispute", makes=lambda _: payment_back.disputes_since(OPENS_US),
        page=payment_back.dispute_page,
    ),
    _scene(
        "what a dispute cost is listed", "a dispute",
        makes=lambda values: payment_back.movements_of(values["dispute"], NUMBER), page=payment.transaction_page,
    ),
    _scene(
        "what was told is asked for again", "a debit that arrived", makes=lambda _: payment_events.told_since(OPENS_US),
        page=payment_events.told_page,
    ),
    _scene(
        "evidence is sent", "a dispute",
        makes=lambda values: payment_back.submit_evidence(values["dispute"], "signed order", "q2c/ev/1", NUMBER),
        read=payment_back.dispute_of,
    ),
    _scene(
        "a dispute is accepted", "a dispute",
        makes=lambda values: payment_back.accept_dispute(values["dispute"], "q2c/acc/1", NUMBER),
        read=payment_back.dispute_of,
    ),
    _scene(
        "a declined payment is cancelled", "a declined payment",
        makes=lambda values: payment_back.cancel_intent(values["payment"], "q2c/cancel/1", NUMBER),
        read=payment.intent_of,
    ),
    _scene(
        "the payment service has had enough requests", "payment has had enough requests",
        makes=lambda _: payment.create_intent(COLLECTION, KEY), fails="throttled", retries_after=True,
    ),
)  # fmt: skip
