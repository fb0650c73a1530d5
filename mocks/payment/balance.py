"""The balance: what captures, refunds and disputes move, and the daily payout of it per currency."""

from __future__ import annotations

from domain import objects
from domain.calendar import SECOND_US
from domain.http import Reply
from mocks.kernel.operations import Call, Operation, Refusal, json_reply
from mocks.payment import views
from mocks.payment.bodies import EmptyBody, PayoutBody, UpdateBody
from mocks.payment.model import DAY_SECONDS, Processor, changed, merged, payment_id
from mocks.payment.queries import MovementQuery, PayoutQuery
from mocks.payment.records import Charge, Movement, Payout
from mocks.payment.rows import alter, make, page, read, row

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
        elif movement.type == "adjustment":  # a dispute shows its movements whole
            dispute = model.disputes[movement.source]
            moved = tuple([model.movements[each.id] for each in dispute.balance_transactions])
            model.disputes[dispute.id] = changed(dispute, balance_transactions=moved)
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


# --- calls ----------------------------------------------------------------------------------------------------------


def pay_out_by_hand(model: Processor, body: PayoutBody) -> Payout:
    """Pay out a part of what is available, apart from the daily payouts."""
    available, _ = totals(model).get(body.currency.lower(), (0, 0))
    if not 0 < body.amount <= available:
        text = f"You have insufficient funds in your account for this payout: {available} {body.currency} is available."
        raise Refusal("balance_insufficient", text, field="amount")
    currency, key = body.currency.lower(), model.new_id("po")
    own = move(model, "payout", key, -body.amount, 0, currency, body.description or "PAYOUT")
    payout = Payout(
        id=key, created=model.now, arrival=model.now + DAY_SECONDS, amount=body.amount, currency=currency,
        movements=(own.id,), status="pending", automatic=False, description=body.description or "PAYOUT",
        metadata=merged({}, body.metadata),
    )  # fmt: skip
    model.payouts[key] = payout
    model.desk.agenda.add(payout.arrival * SECOND_US, "payout_arrives", key)
    model.emit("payout.created", payout)
    return payout


def payout_arrives(model: Processor, key: str) -> None:
    """Agenda: a payout made by hand is in the bank, unless it was canceled."""
    payout = model.payouts[key]
    if payout.status == "pending":
        after = changed(payout, status="paid")
        model.payouts[key] = after
        model.emit("payout.paid", after)


def cancel_payout(model: Processor, payout: Payout, body: EmptyBody) -> Payout:
    """Take a payout back that is still on its way: its funds are in the balance again."""
    if payout.status != "pending":
        raise Refusal("payout_not_cancelable", f"The payout is {payout.status}: it cannot be canceled.")
    move(model, "payout_cancel", payout.id, payout.amount, 0, payout.currency, "PAYOUT CANCEL")
    after: Payout = model.change("payout", payout, "canceled", status="canceled")
    return after


def reverse_payout(model: Processor, payout: Payout, body: UpdateBody) -> Payout:
    """Take a payout back that has arrived: a payout of its own brings the funds back into the balance."""
    if payout.status != "paid" or payout.automatic or payout.reversed_by:
        raise Refusal("payout_not_cancelable", "Only a payout made by hand that has arrived can be reversed.")
    key = model.new_id("po")
    own = move(model, "payout", key, payout.amount, 0, payout.currency, "PAYOUT REVERSAL")
    reversal = Payout(
        id=key, created=model.now, arrival=model.now, amount=-payout.amount, currency=payout.currency,
        movements=(own.id,), automatic=False, description="PAYOUT REVERSAL", original=payout.id,
    )  # fmt: skip
    model.payouts[key] = reversal
    model.change("payout", payout, reversed_by=key)
    model.emit("payout.created", reversal)
    return reversal


def update_payout(model: Processor, payout: Payout, body: UpdateBody) -> Payout:
    """Change the metadata of a payout."""
    after: Payout = model.change("payout", payout, metadata=merged(payout.metadata, body.metadata))
    return after


def _balance(model: Processor, call: Call) -> Reply:
    """Show what is available and what is pending, by currency."""
    sums = totals(model) or {"usd": (0, 0)}
    return json_reply(
        views.Balance(
            available=[_funds(amount, currency) for currency, (amount, _) in sums.items()],
            pending=[_funds(amount, currency) for currency, (_, amount) in sums.items()],
        )
    )


def _funds(amount: int, currency: str) -> views.Funds:
    return views.Funds(amount=amount, currency=currency, source_types={"card": amount})


_MOVEMENTS, _PAYOUTS, _PAYOUT = "/v1/balance_transactions", "/v1/payouts", "/v1/payouts/{id}"
ROWS: tuple[Operation, ...] = (
    row("get_balance", "GET", "/v1/balance", _balance, EmptyBody, views.Balance),
    page("list_balance_transactions", _MOVEMENTS, "balance_transaction", MovementQuery),
    read("get_balance_transaction", _MOVEMENTS + "/{id}", "balance_transaction", views.BalanceTransaction),
    make("create_payout", _PAYOUTS, "payout", PayoutBody, pay_out_by_hand, views.Payout),
    page("list_payouts", _PAYOUTS, "payout", PayoutQuery),
    read("get_payout", _PAYOUT, "payout", views.Payout),
    alter("update_payout", _PAYOUT, "payout", UpdateBody, update_payout, views.Payout),
    alter("reverse_payout", _PAYOUT + "/reverse", "payout", UpdateBody, reverse_payout, views.Payout),
    alter("cancel_payout", _PAYOUT + "/cancel", "payout", EmptyBody, cancel_payout, views.Payout),
)
