"""The balance: what captures, refunds and disputes move, and the daily payout of it per currency."""

from __future__ import annotations

from domain import objects
from mocks.payment.model import DAY_SECONDS, SECOND_US, Processor, changed, payment_id
from mocks.payment.records import Charge, Movement, Payout

_PPM = 1_000_000


def fee_of(model: Processor, kind: str, amount: int) -> int:
    """Return the processor's fee on a capture in minor units: by method, rounded half up."""
    quirks = model.quirks
    if kind == "card":
        return (amount * quirks.card_fee_ppm + _PPM // 2) // _PPM + quirks.card_fee_fixed_minor
    if kind == "debit":
        return min((amount * quirks.debit_fee_ppm + _PPM // 2) // _PPM, quirks.debit_fee_cap_minor)
    return 0


def move(model: Processor, kind: str, source: str, amount: int, fee: int, currency: str, text: str = "") -> Movement:
    """Write a balance transaction and see to it that a payout will follow."""
    available = model.now + model.quirks.available_after_days * DAY_SECONDS
    movement = Movement(
        id=model.new_id("txn"), created=model.now, available_on=available, type=kind, source=source, amount=amount,
        fee=fee, currency=currency, description=text,
    )  # fmt: skip
    model.movements[movement.id] = movement
    model.waiting.setdefault(currency, []).append(movement.id)
    plan_payout(model, currency, available)
    return movement


def plan_payout(model: Processor, currency: str, available: int) -> None:
    """Put the next daily payout of a currency on the agenda, unless it is there."""
    if currency in model.planned:
        return
    hour = model.quirks.payout_hour_utc * 3600
    days = (max(available, model.now) - hour) // DAY_SECONDS + 1
    model.planned.add(currency)
    model.desk.agenda.add((days * DAY_SECONDS + hour) * SECOND_US, "payout", currency)


def pay_out(model: Processor, currency: str) -> None:
    """Agenda: move what is available of a currency to the bank; a balance of zero or less waits for more."""
    model.planned.discard(currency)
    waiting = model.waiting.get(currency, [])
    due = [key for key in waiting if model.movements[key].available_on <= model.now]
    rest = [key for key in waiting if model.movements[key].available_on > model.now]
    net = sum(model.movements[key].net for key in due)
    if net <= 0:
        if rest:
            plan_payout(model, currency, min(model.movements[key].available_on for key in rest))
        return
    model.waiting[currency] = rest
    key = model.new_id("po")
    own = Movement(
        id=model.new_id("txn"), created=model.now, available_on=model.now, type="payout", source=key, amount=-net,
        fee=0, currency=currency, description="PAYOUT", payout=key,
    )  # fmt: skip
    model.movements[own.id] = own
    payout = Payout(
        id=key, created=model.now, arrival=model.now, amount=net, currency=currency, movements=(*due, own.id)
    )
    model.payouts[key] = payout
    _settle(model, payout, due)
    if rest:
        plan_payout(model, currency, min(model.movements[entry].available_on for entry in rest))
    model.emit("payout.paid", payout, "")


def _settle(model: Processor, payout: Payout, due: list[str]) -> None:
    paid: list[Charge] = []
    fees = 0
    for key in due:
        movement = changed(model.movements[key], payout=payout.id)
        model.movements[key] = movement
        fees += movement.fee
        if movement.type in ("charge", "payment"):
            charge: Charge = changed(model.charges[movement.source], payout=payout.id)
            model.charges[charge.id] = charge
            paid.append(charge)
    shown = objects.Payout(
        id=payout.id,
        currency=payout.currency.upper(),
        gross_minor=sum(model.movements[charge.balance_transaction].amount for charge in paid),
        fee_minor=fees,
        net_minor=payout.amount,
        payments=tuple([payment_id(charge.intent, charge.attempt) for charge in paid]),
        status=payout.status,
    )
    model.desk.book.put("payout", payout.id, None, shown, payout.status)
    for charge in paid:
        intent = model.intents[charge.intent]
        model.show(intent, "paid_out")
        if charge.disputed:
            model.show(intent, "disputed")


def totals(model: Processor) -> dict[str, tuple[int, int]]:
    """Return (available, pending) by currency, of what is not paid out yet."""
    sums: dict[str, tuple[int, int]] = {}
    for currency, keys in model.waiting.items():
        movements = [model.movements[key] for key in keys]
        available = sum(movement.net for movement in movements if movement.available_on <= model.now)
        sums[currency] = (available, sum(movement.net for movement in movements) - available)
    return sums
