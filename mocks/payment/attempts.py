"""Attempts: what happens to an intent once it is confirmed, at once and later, by method."""

from __future__ import annotations

from datetime import date, timedelta

from domain.calendar import SECOND_US, local_date, utc_midnight_us
from mocks.payment import balance, declines, disputes
from mocks.payment.invoicing import settling
from mocks.payment.model import DAY_SECONDS, Processor, changed, payment_id
from mocks.payment.records import Charge, Failure, Intent, Method
from mocks.payment.statuses import METHODS

_OPENING_HOUR, _BUSINESS_HOURS = 9, 8
AT_ONCE_SECONDS = 120
"""A customer who is to do something at once, to authenticate a card payment or to send money, has done it then."""


def keep(model: Processor, intent: Intent) -> None:
    """Keep an intent."""
    model.intents[intent.id] = intent
    model.index.note("payment_intent", intent.id, intent.metadata)


def confirm(model: Processor, intent: Intent, method: Method, off_session: bool) -> Intent:
    """Start an attempt with a payment method. Its outcome is in the intent that comes back."""
    kind = METHODS[method.type]
    known = model.desk.book.status("payment", payment_id(intent.id, intent.attempt))
    again = intent.failure is not None or (known != "" and kind != intent.kind)
    intent = changed(
        intent, method=method.id, kind=kind, failure=None, attempt=intent.attempt + 1 if again else intent.attempt
    )
    confirmation = model.desk.next(f"confirmed {method.id}")
    if kind == "debit":
        return _submit_debit(model, intent, method)
    if kind == "push":
        return _await_push(model, intent, method)
    failure = declines.card(method.behaviour, confirmation, off_session)
    if failure is not None:
        return declined(model, intent, failure)
    if method.behaviour.challenge:
        model.desk.agenda.add(model.desk.now_us + AT_ONCE_SECONDS * SECOND_US, "authenticated", intent.id)
        return _stepped(model, changed(intent, status="requires_action"), "payment_intent.requires_action")
    return _authorized(model, intent)


def declined(model: Processor, intent: Intent, failure: Failure) -> Intent:
    """End an attempt in a failure: the intent asks for another payment method."""
    charge = model.charges.get(intent.charge)
    if charge is not None and charge.status == "pending":
        charge = changed(charge, status="failed", failure=failure)
    else:
        charge = _new_charge(model, intent, "failed", failure)
    model.charges[charge.id] = charge
    intent = changed(intent, status="requires_payment_method", failure=failure, charge=charge.id, method="")
    keep(model, intent)
    model.show(intent, "declined")
    model.emit("payment_intent.payment_failed", intent, intent.txn)
    model.emit("charge.failed", charge, intent.txn)
    if intent.id in model.billed:
        settling.failed(model, intent)
    return intent


def _authorized(model: Processor, intent: Intent) -> Intent:
    charge = _new_charge(model, intent, "succeeded", None)
    model.charges[charge.id] = charge
    intent = changed(intent, charge=charge.id)
    if not intent.manual_capture:
        return captured(model, intent, intent.amount)
    due_us = model.desk.now_us + model.quirks.authorization_days * DAY_SECONDS * SECOND_US
    model.desk.agenda.add(due_us, "authorization_expires", intent.id, charge.id)
    intent = changed(intent, status="requires_capture", capturable=intent.amount)
    return _stepped(model, intent, "payment_intent.amount_capturable_updated")


def captured(model: Processor, intent: Intent, amount: int) -> Intent:
    """Take the money of an authorised or decided charge: it counts for the balance now."""
    charge = model.charges[intent.charge]
    fee = balance.fee_of(model, intent.kind, amount)
    moved = ""
    if intent.kind != "push":  # push money arrives at the bank, not in the processor's balance
        kind = "charge" if intent.kind == "card" else "payment"
        moved = balance.move(model, kind, charge.id, amount, fee, intent.currency, intent.description).id
    model.charges[charge.id] = changed(charge, status="succeeded", captured=amount, fee=fee, balance_transaction=moved)
    intent = changed(intent, status="succeeded", received=amount, capturable=0)
    intent = _stepped(model, intent, "payment_intent.succeeded")
    model.emit("charge.succeeded", model.charges[charge.id], intent.txn)
    if intent.id in model.billed:
        settling.paid(model, intent)
    if intent.method and model.methods[intent.method].behaviour.dispute:
        disputes.open_dispute(model, model.charges[charge.id], amount, "fraudulent")
    return intent


def cancelled(model: Processor, intent: Intent, reason: str) -> Intent:
    """End an intent without money: an authorisation is voided, an open attempt fails."""
    event = "voided" if intent.status == "requires_capture" else "canceled"
    charge = model.charges.get(intent.charge)
    if event == "voided" and charge is not None:
        model.charges[charge.id] = changed(charge, refunded=0, captured=0)
    over = intent.failure is not None  # the last attempt has failed already
    intent = changed(
        intent, status="canceled", capturable=0, canceled_at=model.now, cancellation_reason=reason or "abandoned"
    )
    keep(model, intent)
    if not over and (event == "voided" or model.desk.book.status("payment", payment_id(intent.id, intent.attempt))):
        model.show(intent, event)
    model.emit("payment_intent.canceled", intent, intent.txn)
    return intent


def _stepped(model: Processor, intent: Intent, event: str) -> Intent:
    keep(model, intent)
    model.show(intent, intent.status)
    model.emit(event, intent, intent.txn)
    return intent


def _new_charge(model: Processor, intent: Intent, status: str, failure: Failure | None) -> Charge:
    return Charge(
        id=model.new_id("ch" if intent.kind == "card" else "py"),
        created=model.now,
        intent=intent.id,
        attempt=intent.attempt,
        amount=intent.amount,
        currency=intent.currency,
        status=status,
        customer=intent.customer,
        method=intent.method,
        kind=intent.kind,
        failure=failure,
        description=intent.description,
        metadata=intent.metadata,
    )


# --- bank debits ----------------------------------------------------------------------------------------------------


def _submit_debit(model: Processor, intent: Intent, method: Method) -> Intent:
    charge = _new_charge(model, intent, "pending", None)
    model.charges[charge.id] = charge
    intent = changed(intent, status="processing", charge=charge.id)
    quirks = model.quirks
    key = (intent.ref or intent.id, intent.metadata.get("attempt", str(intent.attempt)))
    days = model.desk.draws.whole(quirks.debit_days_min, quirks.debit_days_max, "debit days", *key)
    due_us = _business_instant(model, days, "debit hour", *key)
    model.desk.agenda.add(due_us, "debit_decided", intent.id, charge.id, method.id)
    return _stepped(model, intent, "payment_intent.processing")


def decide_debit(model: Processor, key: str, charge: str, method_key: str) -> None:
    """Agenda: the bank answers a debit: it succeeds provisionally, or it comes back."""
    intent = model.intents[key]
    if intent.status != "processing" or intent.charge != charge:
        return
    behaviour = model.methods[method_key].behaviour
    share = model.quirks.debit_return_ppm / 1_000_000
    fails = behaviour.returned or (share > 0 and model.desk.draws.chance(share, "debit", intent.ref, intent.attempt))
    if fails:
        declined(model, intent, declines.debit(behaviour))
        return
    captured(model, intent, intent.amount)


def verified(model: Processor, intent: Intent) -> Intent:
    """Submit a debit whose bank account has been proved."""
    return _submit_debit(model, intent, model.methods[intent.method])


# --- push payments --------------------------------------------------------------------------------------------------


def _await_push(model: Processor, intent: Intent, method: Method) -> Intent:
    days = method.behaviour.pays_after_days
    days = model.quirks.push_days if days is None else days
    if days >= 0:
        due_us = _calendar_instant(model, days, "push hour", intent.ref or intent.id)
        model.desk.agenda.add(due_us, "push_arrives", intent.id)
    intent = changed(intent, status="requires_action", charge="")
    keep(model, intent)
    model.emit("payment_intent.requires_action", intent, intent.txn)
    return intent


def push_arrives(model: Processor, key: str) -> None:
    """Agenda: the customer's transfer arrives and funds its intent; one that was cancelled gets nothing."""
    intent = model.intents[key]
    if intent.status != "requires_action" or intent.kind != "push":
        return
    charge = _new_charge(model, intent, "succeeded", None)
    model.charges[charge.id] = charge
    captured(model, changed(intent, charge=charge.id), intent.amount)


def authenticated(model: Processor, key: str) -> None:
    """Agenda: the customer has authenticated a card payment."""
    intent = model.intents[key]
    if intent.status == "requires_action" and intent.kind == "card":
        _authorized(model, intent)


def authorization_expires(model: Processor, key: str, charge: str) -> None:
    """Agenda: an authorisation nobody captured is given back."""
    intent = model.intents[key]
    if intent.status == "requires_capture" and intent.charge == charge:
        cancelled(model, intent, "automatic")


# --- when banks work ------------------------------------------------------------------------------------------------


def _business_instant(model: Processor, days: int, *key: str | int) -> int:
    """Return an instant in business hours `days` business days from now."""
    day = local_date(model.desk.now_us, "UTC")
    for _ in range(days):
        day = _next_business_day(day + timedelta(days=1))
    return utc_midnight_us(_next_business_day(day)) + _hour_us(model, *key)


def _calendar_instant(model: Processor, days: int, *key: str | int) -> int:
    """Return an instant in business hours `days` calendar days from now, or on the next day banks work."""
    day = _next_business_day(local_date(model.desk.now_us, "UTC") + timedelta(days=days))
    due_us = utc_midnight_us(day) + _hour_us(model, *key)
    return due_us if due_us > model.desk.now_us else model.desk.now_us + AT_ONCE_SECONDS * SECOND_US


def _next_business_day(day: date) -> date:
    while day.weekday() >= 5:
        day += timedelta(days=1)
    return day


def _hour_us(model: Processor, *key: str | int) -> int:
    seconds = model.desk.draws.whole(0, _BUSINESS_HOURS * 3600 - 1, *key)
    return (_OPENING_HOUR * 3600 + seconds) * SECOND_US
