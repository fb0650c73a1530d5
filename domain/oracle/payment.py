"""Recipes for payments: balances through captures, refunds and chargebacks, application of cash, parent invoices."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

import msgspec

from domain.cash import (
    NO_TOLERANCE,
    Balance,
    CashEvent,
    OpenInvoice,
    Tolerance,
    apply_payment,
    consolidate,
)
from domain.oracle.facts import Facts
from domain.oracle.recipe import Recipe, named
from domain.postings import ChargebackPolicy

_EVENT_NAMES: Mapping[CashEvent, str] = {
    CashEvent.CAPTURE: "capture captured payment pay charge settle",
    CashEvent.CHARGEBACK: "chargeback chargeback_opened dispute dispute_opened",
    CashEvent.CHARGEBACK_REVERSAL: "chargeback_reversal chargeback_reversed chargeback_won dispute_won reversal",
    CashEvent.CHARGEBACK_LOST: "chargeback_lost dispute_lost",
    CashEvent.REFUND: "refund refund_without_adjustment refund_no_adjustment refund_unadjusted",
    CashEvent.REFUND_WITH_ADJUSTMENT: "refund_with_adjustment refund_adjusted refund_adjustment adjusted_refund",
    CashEvent.RETURN: "return ach_return returned payment_returned",
    CashEvent.CREDIT: "credit credit_memo adjustment item_adjustment",
    CashEvent.WRITE_OFF: "write_off writeoff",
}
EVENTS: Mapping[str, CashEvent] = {name: event for event, names in _EVENT_NAMES.items() for name in names.split()}
_INVOICE = ("invoice", "invoice_total", "invoice_amount", "total", "amount")
_CAPTURED = ("captured", "processed", "paid", "payment", "payment_amount")
_REFUND = ("refund", "refund_amount", "refunded")
_SEQUENCE = ("sequence", "events", "steps")
_ADJUSTED = ("with_adjustment", "adjusted", "adjust", "is_adjusted", "adjustment")


def _amount_of(facts: Facts, event: CashEvent, captured: Fraction) -> Fraction:
    """Return what an event moves when it does not say: refunds their own amount, all others what was captured."""
    if event in (CashEvent.REFUND, CashEvent.REFUND_WITH_ADJUSTMENT) and facts.has_amount(*_REFUND):
        return facts.amount(*_REFUND)
    own = {CashEvent.CHARGEBACK: "chargeback", CashEvent.CREDIT: "credit", CashEvent.WRITE_OFF: "write_off"}.get(event)
    return facts.amount(own) if own and facts.has_amount(own) else captured


def _step(facts: Facts, value: Any, captured: Fraction) -> tuple[CashEvent, Fraction]:
    amount: Any = None
    name: Any = value
    if isinstance(value, list) and len(value) == 2:
        name, amount = value
    elif isinstance(value, Mapping):
        inner = Facts(facts.case_id, value, facts.policy)
        name = inner.raw("event", "kind", "type", "name", "action")
        inner = facts.row(value)
        key = next((k for k in ("amount", "amount_minor", "value", "processed") if k in value), None)
        amount = inner.amount(key) if key else None
        if str(name).lower() == "refund" and any(value.get(key) for key in _ADJUSTED):
            name = "refund_with_adjustment"
    event = EVENTS.get(str(name).lower().replace(" ", "_").replace("-", "_"))
    if event is None:
        raise facts.wrong(f"payment event is {name!r}", ", ".join(EVENTS))
    if amount is None:
        return event, _amount_of(facts, event, captured)
    return event, amount if isinstance(amount, Fraction) else facts.as_amount(amount, "amount")


def _captured(facts: Facts) -> Fraction:
    return facts.amount(*_CAPTURED) if facts.has_amount(*_CAPTURED) else facts.amount(*_INVOICE)


def _walk(facts: Facts) -> Mapping[str, Any]:
    sequence = facts.raw(*_SEQUENCE)
    if not isinstance(sequence, list):
        raise facts.wrong(f"sequence is {sequence!r}", "a list of events")
    policy = ChargebackPolicy(facts.policy.get("chargeback_reopens", "on_open"))
    balance, trail = Balance(facts.money(facts.amount(*_INVOICE)).minor), []
    for value in sequence:
        event, amount = _step(facts, value, _captured(facts))
        balance = balance.after(event, facts.money(amount).minor, policy)
        trail.append(balance)
    return _trail(facts, trail)


def _trail(facts: Facts, trail: list[Balance]) -> dict[str, Any]:
    last = trail[-1] if trail else Balance(facts.money(facts.amount(*_INVOICE)).minor)
    return named(
        {
            "balance invoice_balance": [facts.money(step.open_minor) for step in trail],
            "paid paid_amount": [facts.money(step.paid_minor) for step in trail],
            "charged charged_amount invoice_charged": [facts.money(step.charged_minor) for step in trail],
            "final_balance": facts.money(last.open_minor),
        }
    )


def _refund(facts: Facts) -> Mapping[str, Any]:
    invoice, refund = facts.money(facts.amount(*_INVOICE)).minor, facts.money(facts.amount(*_REFUND)).minor
    paid = Balance(invoice).after(CashEvent.CAPTURE, facts.money(_captured(facts)).minor)
    plain = paid.after(CashEvent.REFUND, refund)
    adjusted = paid.after(CashEvent.REFUND_WITH_ADJUSTMENT, refund)
    chosen = adjusted if any(facts.inputs.get(key) for key in _ADJUSTED) else plain
    return named(
        {
            "balance invoice_balance": facts.money(chosen.open_minor),
            "without_adjustment no_adjustment balance_without_adjustment without balance_no_adjustment": facts.money(
                plain.open_minor
            ),
            "with_adjustment adjusted balance_with_adjustment with": facts.money(adjusted.open_minor),
            "paid cash net_paid": facts.money(chosen.paid_minor),
            "charged invoice_total invoice_after": facts.money(chosen.charged_minor),
        }
    )


def _parent(facts: Facts) -> Mapping[str, Any]:
    draft = consolidate(facts.money(child).minor for child in facts.amounts("children", "child_invoices", "items"))
    posted = msgspec.structs.replace(draft, posted=True)
    paid = facts.amount("parent_payment", "payment", "paid") if facts.has_amount("parent_payment", "paid") else None
    paid_minor = draft.total_minor if paid is None else facts.money(paid).minor
    settled = msgspec.structs.replace(posted, paid_minor=paid_minor)
    opens = [facts.money(child) for child in settled.children_open()]
    return named(
        {
            "parent_item item": [facts.money(item) for item in draft.items_minor],
            "parent_total total": facts.money(draft.total_minor),
            "draft_balance": facts.money(draft.balance_minor),
            "balance posted_balance parent_balance committed_balance": facts.money(posted.balance_minor),
            "child_balance child_balance_after_parent_payment children_balance child_balances": opens,
            "parent_balance_after_payment balance_after_payment": facts.money(settled.balance_minor),
        }
    )


def _open_invoice(facts: Facts, place: int, value: Any) -> OpenInvoice:
    if isinstance(value, Mapping):
        row = facts.row(value)
        due = row.day("due", "due_date", "date") if row.has("due", "due_date", "date") else date.min
        name = str(value.get("id", value.get("invoice", f"{place:04d}")))
        return OpenInvoice(name, facts.money(row.amount("balance", "amount", "open", "total")).minor, due)
    if isinstance(value, list) and len(value) == 2:
        return OpenInvoice(
            f"{place:04d}",
            facts.money(facts.as_amount(value[1], "balance")).minor,
            facts.as_date(value[0], "due"),
        )
    return OpenInvoice(f"{place:04d}", facts.money(facts.as_amount(value, "balance")).minor, date.min)


_RECEIPT = ("payment", "received", "paid", "payment_amount", "amount")
_OPEN = ("invoices", "open_invoices", "open")


def _application(facts: Facts) -> Mapping[str, Any]:
    key = facts.amount_key(*_OPEN)
    assert key is not None, "suits() has seen the invoices"
    invoices = [_open_invoice(facts, place, value) for place, value in enumerate(facts.inputs[key])]
    tolerance = NO_TOLERANCE
    if facts.has_amount("tolerance"):
        tolerance = Tolerance(facts.money(facts.amount("tolerance")).minor, Fraction(0))
    result = apply_payment(facts.money(facts.amount(*_RECEIPT)).minor, invoices, tolerance)
    parts = {part.invoice: part for part in result.applied}
    applied = [parts[i.invoice].amount_minor if i.invoice in parts else 0 for i in invoices]
    given_up = [parts[i.invoice].write_off_minor if i.invoice in parts else 0 for i in invoices]
    left = [i.balance_minor - a - w for i, a, w in zip(invoices, applied, given_up, strict=True)]
    return named(
        {
            "applied application": [facts.money(part) for part in applied],
            "unapplied on_account overpayment": facts.money(result.unapplied_minor),
            "balance open": [facts.money(part) for part in left],
            "write_off written_off": facts.money(sum(given_up)),
        }
    )


def _has_open(facts: Facts) -> bool:
    key = facts.amount_key(*_OPEN)
    return key is not None and isinstance(facts.inputs[key], list) and facts.has_amount(*_RECEIPT)


RECIPES = (
    Recipe("sequence of events", lambda f: f.has(*_SEQUENCE) and f.has_amount(*_INVOICE), _walk),
    Recipe("parent invoice", lambda f: isinstance(f.inputs.get(f.amount_key("children") or ""), list), _parent),
    Recipe("refund", lambda f: f.has_amount(*_REFUND) and f.has_amount(*_INVOICE), _refund),
    Recipe("application", _has_open, _application),
)
