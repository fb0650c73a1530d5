"""What the integration asks the billing platform of customers, subscriptions and invoices."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

from msgspec.structs import replace

from contracts.pacting.scene import Scene, pinging
from contracts.pacting.stage import TODAY
from contracts.pacting.states.billing import change
from contracts.pacting.states.ground import ACCOUNT, ADDRESS, BUYER, NUMBER, QUOTE, REFERENCE, SHARE
from integration.systems import billing, holdings

_NOBODY = replace(QUOTE, account="A-999999")

_scene = partial(Scene, "billing")


def _day(days: int) -> date:
    return TODAY + timedelta(days=days)


SCENES = (
    _scene("prices are probed", "a customer", makes=pinging(billing.SYSTEM)),
    _scene(
        "a customer is created", "a customer",
        makes=lambda _: billing.create_customer(BUYER, ADDRESS, 30, "q2c/A-000001/customer", NUMBER),
    ),
    _scene(
        "a customer that exists is created", "a customer in billing",
        makes=lambda _: billing.create_customer(BUYER, ADDRESS, 30, "q2c/A-000001/customer/2", NUMBER),
        fails="rejected", code="duplicate_entry",
    ),
    _scene("a customer is read", "a customer in billing", makes=lambda _: billing.read_customer(ACCOUNT, NUMBER)),
    _scene(
        "a customer that is not there is read", "nothing is there",
        makes=lambda _: billing.read_customer("A-999999", NUMBER), fails="rejected", code=billing.NOT_FOUND,
    ),
    _scene(
        "a subscription is created", "a customer in billing",
        makes=lambda _: billing.create_subscription(QUOTE, REFERENCE, TODAY, "q2c/Q-000001/subscription"),
        read=lambda answer: (billing.subscription_of(answer), billing.has_invoiced(answer)),
    ),
    _scene(
        "a subscription of nobody is refused", "a customer",
        makes=lambda _: billing.create_subscription(_NOBODY, REFERENCE, TODAY, "q2c/Q-000001/subscription"),
        fails="rejected", code=billing.NOT_FOUND,
    ),
    _scene(
        "a subscription is read", "a subscription", makes=lambda _: billing.read_subscription(NUMBER, NUMBER),
        read=billing.subscription_of,
    ),
    _scene(
        "the subscriptions of a customer are listed", "a subscription",
        makes=lambda _: holdings.subscriptions_of(ACCOUNT, NUMBER), page=holdings.subscription_page,
    ),
    _scene(
        "a subscription is started", "a subscription to come",
        makes=lambda _: billing.activate(NUMBER, TODAY, "q2c/Q-000001/activate", NUMBER),
        read=lambda answer: (billing.subscription_of(answer), billing.has_invoiced(answer)),
    ),
    _scene(
        "the terms of a subscription change", "a due invoice",
        makes=lambda _: billing.change_terms(change(), "q2c/Q-500001/change", NUMBER),
        read=lambda answer: (billing.subscription_of(answer), billing.has_invoiced(answer)),
    ),
    _scene(
        "the end of a term moves", "a due invoice",
        makes=lambda _: billing.change_term_end(NUMBER, _day(400), "q2c/Q-500001/end", NUMBER),
        read=billing.subscription_of,
    ),
    _scene(
        "a subscription is cancelled", "a due invoice",
        makes=lambda _: billing.cancel(NUMBER, _day(20), "Q-500001-v1", "q2c/Q-500001/cancel", NUMBER),
        read=billing.subscription_of,
    ),
    _scene(
        "a cancellation is taken back", "a subscription that will end",
        makes=lambda _: billing.revoke_cancellation(NUMBER, "q2c/Q-500001/revoke", NUMBER),
        read=billing.subscription_of,
    ),
    _scene(
        "a cancellation that was not made is taken back", "a subscription",
        makes=lambda _: billing.revoke_cancellation(NUMBER, "q2c/Q-500001/revoke", NUMBER), fails="rejected",
    ),
    _scene(
        "a subscription is noted on", "a subscription",
        makes=lambda _: billing.note(NUMBER, {"auto_renew": True}, "q2c/Q-000001/note", NUMBER),
        read=billing.subscription_of,
    ),
    _scene(
        "a subscription is paused", "a due invoice",
        makes=lambda _: billing.pause(NUMBER, _day(1), _day(60), "q2c/Q-500001/pause", NUMBER),
        read=billing.subscription_of,
    ),
    _scene(
        "a subscription is resumed", "a paused subscription",
        makes=lambda _: billing.resume(NUMBER, "q2c/Q-500001/resume", NUMBER), read=billing.subscription_of,
    ),
    _scene(
        "an invoice is read", "a subscription",
        makes=lambda values: billing.read_invoice(values["invoice"], NUMBER), read=billing.invoice_of,
    ),
    _scene(
        "an invoice that is not there is read", "nothing is there",
        makes=lambda _: billing.read_invoice("INV-9999999", NUMBER), fails="rejected", code=billing.NOT_FOUND,
    ),
    _scene(
        "invoices that wait for tax are listed", "a subscription", makes=lambda _: billing.pending_invoices(),
        page=billing.invoice_page,
    ),
    _scene(
        "the invoices of a subscription are listed", "a due invoice",
        makes=lambda _: billing.invoices_of_subscription(NUMBER, NUMBER), page=billing.invoice_page,
    ),
    _scene(
        "tax is added to an invoice", "a subscription",
        makes=lambda values: billing.add_tax(values["invoice"], SHARE, "q2c/INV-1/tax/CA", NUMBER),
        read=billing.invoice_of,
    ),
    _scene(
        "tax is added to a closed invoice", "a due invoice",
        makes=lambda values: billing.add_tax(values["invoice"], SHARE, "q2c/INV-1/tax/CA/2", NUMBER), fails="rejected",
        code=billing.WRONG_STATE,
    ),
    _scene(
        "an invoice is closed", "a subscription",
        makes=lambda values: billing.close_invoice(values["invoice"], "q2c/INV-1/close", NUMBER),
        read=billing.invoice_of,
    ),
    _scene(
        "billing has had enough requests", "billing has had enough requests",
        makes=lambda _: billing.read_customer(ACCOUNT, NUMBER), fails="throttled",
    ),
)  # fmt: skip
