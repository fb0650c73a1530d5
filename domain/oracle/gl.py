"""Recipes for the general ledger: payments with discount and exchange, gross discounts, plain invoices."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from domain.cash import discount_parts
from domain.ledger import Account, Entry
from domain.oracle.facts import Facts
from domain.oracle.recipe import Recipe, named
from domain.postings import (
    Document,
    early_payment,
    early_payment_in_base,
    invoice_posted,
    invoice_with_gross_discount,
    received_in_currency,
)

_NAMES: Mapping[Account, str] = {
    Account.RECEIVABLE: "ar receivable debtors accounts_receivable",
    Account.BANK: "bank cash",
    Account.DISCOUNTS: "discount discounts discount_loss discount_allowed",
    Account.TAX_PAYABLE: "tax tax_payable vat output_tax discount_tax",
    Account.REALISED_FX: "fx fx_loss realised_fx exchange exchange_loss realised_fx_loss exchange_gain_loss",
    Account.REVENUE: "sales revenue income",
    Account.DEFERRED_REVENUE: "deferred deferred_revenue",
}
_INVOICE = ("invoice_fc", "invoice", "invoice_amount", "invoice_total", "amount_fc", "gross")
_RATE = ("rate", "invoice_rate", "fx_rate", "exchange_rate")
_DISCOUNT_PCT = (
    "discount_pct",
    "discount_percent",
    "discount_rate",
    "early_payment_discount_pct",
    "discount_percentage",
)
_RECEIVED_BASE = ("received_base", "received_in_base", "bank_base")
_RECEIVED = ("received", "paid", "received_amount", "paid_amount", "bank")
_NET = ("net", "base", "net_amount", "untaxed")
_LIST = ("list_price", "list", "price_list_rate", "price_before_discount", "list_amount")
_TAX_RATE = ("tax_rate", "vat_rate", "tax_pct")


def _sides(facts: Facts, entry: Entry, in_base: bool = False) -> dict[str, Any]:
    """Name the net amount of every account of an entry as a debit or a credit: "bank_debit", "ar_credit"."""
    outputs: dict[str, Any] = {}
    for account, names in _NAMES.items():
        amount = entry.base_amount(account) if in_base else entry.amount(account)
        for name in names.split():
            outputs[f"{name}_debit"] = facts.money(max(amount, 0))
            outputs[f"{name}_credit"] = facts.money(max(-amount, 0))
            outputs.setdefault(name, facts.money(abs(amount)))
        if account is Account.REALISED_FX:
            gain, loss = facts.money(max(-amount, 0)), facts.money(max(amount, 0))
            outputs |= named({"fx_gain_credit fx_gain exchange_gain": gain, "fx_loss exchange_loss": loss})
    return outputs


def _document(facts: Facts) -> Document:
    return Document(entity="oracle", currency=str(facts.inputs.get("currency", "USD")))


def _foreign_payment(facts: Facts) -> Mapping[str, Any]:
    invoice, rate = facts.amount(*_INVOICE), facts.number(*_RATE)
    share = facts.rate(*_DISCOUNT_PCT) if facts.has(*_DISCOUNT_PCT) else Fraction(0)
    discount = invoice * share
    received = facts.money(facts.amount(*_RECEIVED_BASE)).minor
    receivable = facts.money(invoice * rate).minor
    entry = early_payment_in_base("oracle", "XXX", receivable, received, facts.money(discount * rate).minor)
    outputs = _sides(facts, entry)
    return outputs | named(
        {
            "outstanding outstanding_fc": facts.money(0),
            "paid_fc received_fc": facts.money(invoice - discount),
            "discount_fc": facts.money(discount),
        }
    )


def _foreign_receipt(facts: Facts) -> Mapping[str, Any]:
    amount = facts.amount(*_INVOICE)
    booked = facts.money(amount * facts.number("invoice_rate", "rate")).minor
    received = facts.money(amount * facts.number("payment_rate", "receipt_rate", "settlement_rate")).minor
    entry = received_in_currency(_document(facts), facts.money(amount).minor, booked, received)
    return _sides(facts, entry, in_base=True)


def _discounted_payment(facts: Facts) -> Mapping[str, Any]:
    net, taxes = _net_and_taxes(facts)
    gross = net + sum(taxes)
    if facts.has(*_DISCOUNT_PCT):
        discount = facts.money(gross * facts.rate(*_DISCOUNT_PCT)).minor
    elif facts.has_amount("discount"):
        discount = facts.money(facts.amount("discount")).minor
    else:
        discount = gross - facts.money(facts.amount(*_RECEIVED)).minor
    net_part, tax_parts = discount_parts(discount, net, taxes)
    received = facts.money(facts.amount(*_RECEIVED)).minor if facts.has_amount(*_RECEIVED) else gross - discount
    by_jurisdiction = {str(place): part for place, part in enumerate(tax_parts)}
    entry = early_payment(_document(facts), received, net_part, by_jurisdiction)
    return _sides(facts, entry) | named(
        {
            "discount_net net_part discount_net_part": facts.money(net_part),
            "discount_tax tax_part tax_loss discount_tax_part": facts.money(sum(tax_parts)),
            "discount_total total_discount": facts.money(discount),
            "outstanding": facts.money(gross - received - discount),
            "paid received": facts.money(received),
            "gross grand_total": facts.money(gross),
        }
    )


def _net_and_taxes(facts: Facts) -> tuple[int, list[int]]:
    rate = facts.rate(*_TAX_RATE) if facts.has(*_TAX_RATE) else Fraction(0)
    if facts.has_amount(*_NET):
        net = facts.money(facts.amount(*_NET)).minor
        if facts.has_amount("tax", "taxes"):
            key = facts.amount_key("tax", "taxes")
            value = facts.inputs[key or ""]
            values = value if isinstance(value, list) else [value]
            return net, [facts.money(facts.as_amount(part, key or "")).minor for part in values]
        return net, [facts.money(net * rate).minor]
    gross = facts.money(facts.amount(*_INVOICE)).minor
    net = facts.money(gross / (1 + rate)).minor
    return net, [gross - net]


def _gross_discount(facts: Facts) -> Mapping[str, Any]:
    price = facts.money(_list_price(facts)).minor
    if facts.has(*_DISCOUNT_PCT):
        discount = facts.money(price * facts.rate(*_DISCOUNT_PCT)).minor
    elif facts.has_amount("discount"):
        discount = facts.money(facts.amount("discount")).minor
    else:
        discount = price - facts.money(facts.amount("net", "rate", "price")).minor
    net = price - discount
    tax = facts.money(net * facts.rate(*_TAX_RATE)).minor if facts.has(*_TAX_RATE) else 0
    entry = invoice_with_gross_discount(_document(facts), price, discount, {"": tax})
    return _sides(facts, entry) | named({"net": facts.money(net), "total": facts.money(net + tax)})


def _list_price(facts: Facts) -> Fraction:
    """Return the price before discount, or find it from the price after it: 90 after 10 % is 100."""
    if facts.has_amount(*_LIST):
        return facts.amount(*_LIST)
    net = facts.amount("net", "price", "amount", "invoice")
    if facts.has_amount("discount"):
        return net + facts.amount("discount")
    return net / (1 - facts.rate(*_DISCOUNT_PCT))


def _invoice(facts: Facts) -> Mapping[str, Any]:
    net, taxes = _net_and_taxes(facts)
    entry = invoice_posted(_document(facts), net, {str(i): tax for i, tax in enumerate(taxes)})
    arrears = invoice_posted(_document(facts), net, {str(i): tax for i, tax in enumerate(taxes)}, Account.REVENUE)
    outputs = _sides(facts, entry)
    outputs |= {"sales_credit": _sides(facts, arrears)["sales_credit"], "revenue_credit": facts.money(net)}
    return outputs


def _is_gross_discount(facts: Facts) -> bool:
    discounted = facts.has(*_DISCOUNT_PCT) or facts.has_amount("discount")
    paid = facts.has_amount(*_RECEIVED, *_RECEIVED_BASE) or facts.says("early", "payment")
    listed = facts.has_amount(*_LIST) or (facts.has_amount("net", "price", "amount") and not facts.has_amount("tax"))
    return discounted and listed and not paid


def _is_discounted_payment(facts: Facts) -> bool:
    known = facts.has_amount(*_NET) or (facts.has_amount(*_INVOICE) and not facts.has(*_RATE))
    return known and (facts.has(*_DISCOUNT_PCT) or facts.has_amount("discount", *_RECEIVED))


RECIPES = (
    Recipe(
        "foreign payment",
        lambda f: f.has_amount(*_INVOICE) and f.has(*_RATE) and f.has_amount(*_RECEIVED_BASE),
        _foreign_payment,
    ),
    Recipe(
        "foreign receipt",
        lambda f: f.has_amount(*_INVOICE) and f.has("payment_rate", "receipt_rate", "settlement_rate"),
        _foreign_receipt,
    ),
    Recipe("discount shown gross", _is_gross_discount, _gross_discount),
    Recipe("discounted payment", _is_discounted_payment, _discounted_payment),
    Recipe("invoice", lambda f: f.has_amount(*_NET) and f.has(*_TAX_RATE), _invoice),
)
