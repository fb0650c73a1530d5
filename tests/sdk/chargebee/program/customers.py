"""Customers and the cards they keep."""

import os

import chargebee
from chargebee import Chargebee
from shop import KEEP, cb, raises


def check_customer_is_created():
    customer = cb.Customer.create(
        {
            "id": "acme",
            "company": "Acme",
            "email": "billing@acme.example",
            "preferred_currency_code": "USD",
            "net_term_days": 30,
            "auto_collection": "off",
            "meta_data": {"crm": "A-1", "tier": 2},
            "cf_region": "west",
            "billing_address": {
                "line1": "1 Main St",
                "city": "Reno",
                "state_code": "NV",
                "zip": "89501",
                "country": "US",
            },
        }
    ).customer
    assert (customer.id, customer.company, customer.net_term_days) == ("acme", "Acme", 30)
    assert customer.billing_address.city == "Reno"
    assert customer.meta_data == {"crm": "A-1", "tier": 2}
    assert cb.Customer.retrieve("acme").customer.email == "billing@acme.example"


def check_customer_is_changed():
    customer = cb.Customer.update("acme", {"first_name": "Ada", "net_term_days": 15}).customer
    assert (customer.first_name, customer.net_term_days) == ("Ada", 15)
    address = {"line1": "2 Main St", "city": "Reno", "country": "US", "state": "Nevada"}
    customer = cb.Customer.update_billing_info("acme", {"billing_address": address}).customer
    assert customer.billing_address.line1 == "2 Main St"


def check_customer_errors():
    with raises(chargebee.InvalidRequestError, "duplicate_entry", "id"):
        cb.Customer.create({"id": "acme"})
    with raises(chargebee.InvalidRequestError, "resource_not_found"):
        cb.Customer.retrieve("nobody")
    with raises(chargebee.InvalidRequestError, "param_wrong_value", "preferred_currency_code"):
        cb.Customer.create({"id": "x", "preferred_currency_code": "dollars"})
    nobody = Chargebee(api_key="", site="127.0.0", chargebee_domain=f"1:{os.environ['PORT']}", protocol="http")
    with raises(chargebee.APIError, "api_authentication_failed", status=401):
        nobody.Customer.list()


def check_customer_pages():
    for number in range(12):
        cb.Customer.create({"id": f"page-{number:02d}", "company": f"Page {number:02d}"})
    seen, offset = [], None
    while True:
        params = {"limit": 5, "sort_by": {"asc": "created_at"}, "id": {"starts_with": "page-"}}
        if offset:
            params["offset"] = offset
        page = cb.Customer.list(params)
        seen += [row.customer.id for row in page.list]
        offset = page.next_offset
        if not offset:
            break
    assert seen == [f"page-{number:02d}" for number in range(12)], seen
    many = cb.Customer.list({"id": {"in": ["page-01", "page-03"]}, "limit": 100})
    assert {row.customer.id for row in many.list} == {"page-01", "page-03"}
    with raises(chargebee.InvalidRequestError, "param_wrong_value", "limit"):
        cb.Customer.list({"limit": 1000})
    assert cb.Customer.delete("page-00").customer.deleted
    with raises(chargebee.InvalidRequestError, "resource_not_found"):
        cb.Customer.retrieve("page-00")


def check_cards_are_kept():
    card = {"number": "4111111111111111", "expiry_month": 12, "expiry_year": 2033, "cvv": "123"}
    made = cb.PaymentSource.create_card({"customer_id": "acme", "card": card})
    source = made.payment_source
    assert (source.type, source.card.last4, source.card.brand, source.status) == ("card", "1111", "visa", "valid")
    assert made.customer.primary_payment_source_id == source.id
    KEEP["card"] = source.id
    other = cb.PaymentSource.create_using_token({"customer_id": "acme", "token_id": "tok_declined"}).payment_source
    KEEP["declined"] = other.id
    assert {row.payment_source.id for row in cb.PaymentSource.list({"customer_id": {"is": "acme"}}).list} == {
        source.id,
        other.id,
    }
    with raises(chargebee.InvalidRequestError, "param_wrong_value", "card[number]"):
        cb.PaymentSource.create_card({"customer_id": "acme", "card": {**card, "number": "4539578763621486"}})
