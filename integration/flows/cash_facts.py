"""What the cash flows say in canonical events: bodies in the words of the registry (`domain.events`).

What goes beyond the registry (`account`, `balance`, `invoice_id`, `by`) is additive. Amounts are integer minor units
with their currency; `business_date` is the local date of the books.
"""

from __future__ import annotations

from datetime import date

from integration.flows.facts import Body, amount, books


def invoice_overdue(entity: str, day: date, invoice: str, account: str, days: int, stage: str, open_: Body) -> Body:
    """Return the body of `invoice.overdue`; `open_` is what is still open."""
    return {**books(entity, day), "invoice_id": invoice, "account": account, "days": days, "stage": stage,
            "balance": open_}  # fmt: skip


def stage_changed(entity: str, day: date, account: str, before: str, after: str, invoices: list[str]) -> Body:
    """Return the body of `dunning.stage_changed`: an account moved, because of these invoices."""
    return {**books(entity, day), "account": account, "from": before, "to": after, "invoices": invoices}


def hold(entity: str, day: date, account: str, hold_id: str, at_us: int, level: str) -> Body:
    """Return the body of `credit_hold.applied`; with an empty level that of `credit_hold.released`."""
    said: Body = {**books(entity, day), "hold_id": hold_id, "account": account, "scope": "account"}
    if level:
        return {**said, "reason": "credit management", "level": level, "applied_at_us": at_us}
    return {**said, "by": "credit management", "released_at_us": at_us}


def dispute(
    entity: str, day: date, dispute_id: str, payment: str, money: Body, fee: Body, due: date | None, invoice: str
) -> Body:
    """Return the body of `payment_dispute.opened`, `.won` and `.lost`."""
    said: Body = {**books(entity, day), "dispute_id": dispute_id, "payment_id": payment, "amount": money, "fee": fee}
    return {**said, "evidence_due": due.isoformat() if due else None, "invoice_id": invoice}


def returned(entity: str, day: date, payment: str, code: str, retryable: bool, attempt: int, invoice: str) -> Body:
    """Return the body of `payment.returned`."""
    return {**books(entity, day), "payment_id": payment, "code": code, "retryable": retryable, "attempt": attempt,
            "invoice_id": invoice}  # fmt: skip


def refunded(entity: str, day: date, refund: str, payment: str, money: Body, adjust: bool, invoice: str) -> Body:
    """Return the body of `payment.refunded`."""
    return {**books(entity, day), "refund_id": refund, "payment_id": payment, "amount": money,
            "adjust_invoice": adjust, "invoice_id": invoice}  # fmt: skip


def written_off(
    entity: str, day: date, invoice: str, account: str, money: Body, request: str, reason: str, by: str
) -> Body:
    """Return the body of `invoice.written_off`; `by` approved it."""
    return {**books(entity, day), "invoice_id": invoice, "account": account, "amount": money, "request": request,
            "reason": reason, "by": by}  # fmt: skip


def disputed(
    entity: str, day: date, dispute_id: str, invoice: str, money: Body, reason: str, outcome: str = ""
) -> Body:
    """Return the body of `dispute.opened`, and with an outcome (seller, customer) of `dispute.resolved`."""
    said: Body = {**books(entity, day), "dispute_id": dispute_id, "invoice_id": invoice, "amount": money}
    return {**said, "reason": reason, "outcome": outcome} if outcome else {**said, "reason": reason}


def period_moved(entity: str, day: date, period: str, module: str, status: str, by: str) -> Body:
    """Return the body of `period.status_changed`; `by` asked for it or approved it."""
    return {**books(entity, day), "entity": entity, "period": period, "module": module, "status": status, "by": by}


def money(amount_minor: int, currency: str) -> Body:
    """Return money as events write it."""
    return amount(amount_minor, currency)
