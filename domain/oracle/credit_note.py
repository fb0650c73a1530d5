"""Recipes for credit notes: termination of an advance plan, precise tax, the cumulative cap of several memos."""

from collections.abc import Mapping
from datetime import timedelta
from fractions import Fraction
from typing import Any

from domain.calendar import Interval
from domain.oracle.facts import Facts, share
from domain.oracle.measures import PRICE, TAX, policy_of, price_of
from domain.oracle.periods import explicit_period
from domain.oracle.recipe import Recipe, named
from domain.proration import ratio
from domain.tax import capped_credit_taxes, credit_tax

_TERMINATE = ("terminate_inclusive", "terminate", "termination_date", "terminated_on", "cancel_date")
_RATE = (*TAX, "rate")
_USAGE = ("usage_fee", "usage", "charges", "usage_charges")
_PAID = ("paid", "amount_paid", "paid_amount")


def _document(facts: Facts, exact_net: Fraction, rate: Fraction) -> dict[str, Any]:
    net, tax = credit_tax(exact_net, rate, facts.policy.mode)
    return named({"net": facts.money(net), "tax": facts.money(tax), "total": facts.money(net + tax)})


def _rate(facts: Facts) -> Fraction:
    return facts.rate(*_RATE) if facts.has(*_RATE) else Fraction(0)


def _termination(facts: Facts) -> Mapping[str, Any]:
    policy, price, rate = policy_of(facts), price_of(facts), _rate(facts)
    period = facts.as_interval(explicit_period(facts), "period")
    start = facts.day("start", "start_date", "from") if facts.has("start", "start_date", "from") else period.start
    key = facts.key(*_TERMINATE)
    assert key is not None, "suits() has seen the termination"
    last = facts.as_date(facts.inputs[key], key)
    counts = key.endswith("inclusive") or facts.policy.get("interval") == "inclusive"
    unused_from = last + timedelta(days=1) if counts else last
    service = Interval(max(start, period.start), period.end)
    unused = Interval(min(max(unused_from, service.start), period.end), period.end)
    first = _document(facts, price * ratio(policy, service, period), rate)
    note = _document(facts, price * ratio(policy, unused, period), rate)
    outputs = named(
        {
            "credit_note_total credit_total credit": note["total"],
            "credit_note": note,
            "first_invoice invoice": first,
            "credit_note_net": note["net"],
            "credit_note_tax": note["tax"],
            "unused_days days": unused.days,
            "ratio": share(ratio(policy, unused, period)),
        }
    )
    return outputs | _settlement(facts, note["total"].minor, first["total"].minor, rate)


def _settlement(facts: Facts, credit: int, invoiced: int, rate: Fraction) -> dict[str, Any]:
    usage = _document(facts, facts.amount(*_USAGE) if facts.has_amount(*_USAGE) else Fraction(0), rate)
    applied = min(credit, usage["total"].minor)
    final = usage | named(
        {
            "credit_applied credits": facts.money(applied),
            "total": facts.money(usage["total"].minor - applied),
            "total_before_credit": usage["total"],
        }
    )
    paid = facts.amount(*_PAID) if facts.has_amount(*_PAID) else Fraction(invoiced)
    refund = min(Fraction(credit), max(paid - (invoiced - credit), Fraction(0)))
    return named(
        {
            "final_invoice last_invoice": final,
            "credit_left credit_balance": facts.money(credit - applied),
            "refund refundable refund_amount": facts.money(refund),
            "credit_amount credit_part creditable": facts.money(credit - refund),
        }
    )


def _unused_days(facts: Facts) -> Mapping[str, Any]:
    period_days = facts.number("period_days", "days_in_period")
    if facts.has("unused_days", "remaining_days"):
        left = facts.number("unused_days", "remaining_days")
    else:
        left = period_days - facts.number("used_days", "days_used")
    if period_days <= 0:
        raise facts.wrong(f"period_days is {period_days}", "more than 0")
    return _document(facts, price_of(facts) * left / period_days, _rate(facts))


_MEMOS = ("memos", "credits", "credit_notes", "memo_nets", "items", "credit_nets")
_INVOICE_TAX = ("invoice_tax", "invoiced_tax")
_INVOICE_NET = ("invoice", "invoice_net", "net", "fee", "amount", "price", "invoiced")


def _memos(facts: Facts) -> Mapping[str, Any]:
    rate, mode = _rate(facts), facts.policy.mode
    nets = facts.amounts(*_MEMOS)
    if facts.has_amount(*_INVOICE_TAX):
        invoice_tax = facts.money(facts.amount(*_INVOICE_TAX)).minor
    else:
        invoice_tax = facts.money(facts.amount(*_INVOICE_NET) * rate).minor
    rounded = [facts.money(net).minor for net in nets]
    taxes = capped_credit_taxes(invoice_tax, nets, rate, mode)
    totals = [net + tax for net, tax in zip(rounded, taxes, strict=True)]
    return named(
        {
            "tax credit_tax memo_tax": [facts.money(tax) for tax in taxes],
            "net credit_net": [facts.money(net) for net in rounded],
            "total credit_total credit_note_total": [facts.money(total) for total in totals],
            "total_tax cumulative_tax credited_tax sum_tax": facts.money(sum(taxes)),
            "invoice_tax": facts.money(invoice_tax),
            "remaining_tax tax_left": facts.money(invoice_tax - sum(taxes)),
            "total_credited sum_total": facts.money(sum(totals)),
        }
    )


def _is_termination(facts: Facts) -> bool:
    return facts.has(*_TERMINATE) and facts.has_amount(*PRICE) and explicit_period(facts) is not None


def _is_unused(facts: Facts) -> bool:
    counted = facts.has("used_days", "days_used", "unused_days", "remaining_days")
    return counted and facts.has("period_days", "days_in_period") and facts.has_amount(*PRICE)


def _is_memos(facts: Facts) -> bool:
    key = facts.amount_key(*_MEMOS)
    invoiced = facts.has_amount(*_INVOICE_TAX) or facts.has_amount(*_INVOICE_NET)
    return key is not None and isinstance(facts.inputs[key], list) and invoiced and facts.has(*_RATE)


RECIPES = (
    Recipe("termination", _is_termination, _termination),
    Recipe("several memos", _is_memos, _memos),
    Recipe("unused days", _is_unused, _unused_days),
)
