"""Subscription schedules: a subscription whose items change at instants that are known beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import structs

from domain.calendar import SECOND_US
from mocks.kernel.operations import Operation, Refusal
from mocks.payment.customers import charged
from mocks.payment.invoicing import renewals, subscribing, subscriptions
from mocks.payment.invoicing.prices import Price
from mocks.payment.invoicing.schedule import (
    CurrentPhase,
    DefaultSettings,
    Phase,
    PhaseBody,
    PhaseItem,
    PhaseItemBody,
    ReleaseBody,
    Schedule,
    ScheduleBody,
    ScheduleCancel,
    ScheduleQuery,
    ScheduleUpdate,
)
from mocks.payment.invoicing.subscription import Subscription
from mocks.payment.invoicing.subscription_bodies import ItemEntry, SubscriptionBody, SubscriptionUpdate
from mocks.payment.invoicing.terms import later
from mocks.payment.model import Processor, merged
from mocks.payment.rows import alter, make, page, read

_KIND = "subscription_schedule"
LATEST = 4_102_444_800


# --- planning -------------------------------------------------------------------------------------------------------


def create(model: Processor, body: ScheduleBody) -> Schedule:
    """Plan a subscription; a phase that has begun already starts it at once."""
    key = model.new_id("sub_sched")
    if body.from_subscription:
        return _taken_over(model, key, body)
    customer = charged(model, body.customer)
    if customer is None or not body.phases:
        name = "phases" if customer is not None else "customer"
        raise Refusal("parameter_missing", f"Missing required param: {name}.", field=name)
    start = model.now if body.start_date in (None, "", "now") else _instant(body.start_date or "", "start_date")
    schedule = Schedule(
        id=key, created=model.now, customer=customer.id, end_behavior=_end(body.end_behavior),
        default_settings=body.default_settings or DefaultSettings(), metadata=merged({}, body.metadata),
        phases=_phases(model, body.phases, start), test_clock=customer.test_clock,
    )  # fmt: skip
    model.add(_KIND, schedule)
    if start <= model.now:
        begin(model, key, schedule.phases[0].start_date)
    else:
        model.desk.agenda.add(start * SECOND_US, "phase_begins", key, start)
    found: Schedule = model.tables[_KIND][key]
    return found


def _taken_over(model: Processor, key: str, body: ScheduleBody) -> Schedule:
    subscription: Subscription = model.referred("subscription", body.from_subscription or "", "from_subscription")
    if subscription.schedule is not None:
        raise Refusal("parameter_invalid", "The subscription has a schedule already.", field="from_subscription")
    period = subscription.period
    items = [
        PhaseItem(metadata=each.metadata, plan=each.price.id, price=each.price.id, quantity=each.quantity)
        for each in subscription.items.data
    ]
    phase = Phase(
        currency=subscription.currency, end_date=period.end, items=items, metadata={}, start_date=period.start
    )
    schedule = Schedule(
        id=key, created=model.now, customer=subscription.customer, end_behavior=_end(body.end_behavior),
        metadata=merged({}, body.metadata), phases=[phase], status="active", subscription=subscription.id,
        current_phase=CurrentPhase(start_date=phase.start_date, end_date=phase.end_date),
    )  # fmt: skip
    model.change("subscription", subscription, schedule=key)
    model.add(_KIND, schedule)
    model.desk.agenda.add(phase.end_date * SECOND_US, "phase_begins", key, phase.end_date)
    return schedule


def _end(text: str) -> str:
    if text not in ("release", "cancel", "none", "renew"):
        raise Refusal("parameter_invalid", f"Invalid end_behavior: {text}", field="end_behavior")
    return text


def _instant(text: str, field: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 10 and int(text) <= LATEST):
        raise Refusal("parameter_invalid_integer", f"Invalid instant: {text[:40]}.", field=field)
    return int(text)


def _phases(model: Processor, bodies: Sequence[PhaseBody], start: int) -> list[Phase]:
    phases: list[Phase] = []
    for index, body in enumerate(bodies):
        field = f"phases[{index}]"
        if not body.items:
            raise Refusal("parameter_missing", f"Missing required param: {field}[items].", field=f"{field}[items]")
        found = [_entry_price(model, each, f"{field}[items][{place}]") for place, each in enumerate(body.items)]
        begins = start if body.start_date in (None, "", "now") else _instant(body.start_date or "", field)
        end = _phase_end(body, found[0], begins, field)
        if end <= begins:
            raise Refusal("parameter_invalid", "A phase ends after it begins.", field=f"{field}[end_date]")
        items = [
            PhaseItem(
                metadata=merged({}, each.metadata), plan=price.id, price=price.id, quantity=_quantity(each, price)
            )
            for each, price in zip(body.items, found, strict=True)
        ]
        phases.append(
            Phase(
                collection_method=body.collection_method, currency=found[0].currency, description=body.description,
                default_payment_method=body.default_payment_method, end_date=end, items=items,
                metadata=merged({}, body.metadata), proration_behavior=body.proration_behavior, start_date=begins,
                trial_end=_instant(body.trial_end, field) if body.trial_end else end if body.trial else None,
            )
        )  # fmt: skip
        start = end
    return phases


def _quantity(each: PhaseItemBody, price: Price) -> int | None:
    metered = price.recurring is not None and price.recurring.usage_type == "metered"
    return None if metered else 1 if each.quantity is None else each.quantity


def _entry_price(model: Processor, each: PhaseItemBody, field: str) -> Price:
    entry = ItemEntry(price=each.price or each.plan, price_data=each.price_data, quantity=each.quantity)
    return subscribing.price_of(model, entry, field)


def _phase_end(body: PhaseBody, price: Price, start: int, field: str) -> int:
    if body.end_date:
        return start if body.end_date == "now" else _instant(body.end_date, f"{field}[end_date]")
    if body.duration is not None:
        if body.duration.interval not in ("day", "week", "month", "year") or not 0 < body.duration.interval_count < 999:
            raise Refusal("parameter_invalid", "Invalid duration.", field=f"{field}[duration]")
        return later(start, body.duration.interval, body.duration.interval_count)
    recurring = price.recurring
    assert recurring is not None, "phases have recurring prices"
    return later(start, recurring.interval, recurring.interval_count * min(max(1, body.iterations or 1), 999))


# --- running --------------------------------------------------------------------------------------------------------


def begin(model: Processor, key: str, instant: int) -> None:
    """Agenda: the phase that starts at an instant begins; after the last one the schedule ends."""
    schedule: Schedule | None = model.tables[_KIND].get(key)
    if schedule is None or schedule.status not in ("not_started", "active"):
        return
    phase = next((each for each in schedule.phases if each.start_date == instant), None)
    if phase is None:
        if schedule.current_phase is not None and schedule.current_phase.end_date == instant:
            _complete(model, schedule)
        return
    current = CurrentPhase(start_date=phase.start_date, end_date=phase.end_date)
    if schedule.subscription is None:
        made = _subscribed(model, schedule, phase)
        model.change(_KIND, schedule, status="active", subscription=made.id, current_phase=current)
    else:
        _switch(model, schedule, phase)
        model.change(_KIND, schedule, current_phase=current)
    model.desk.agenda.add(phase.end_date * SECOND_US, "phase_begins", key, phase.end_date)


def _subscribed(model: Processor, schedule: Schedule, phase: Phase) -> Subscription:
    settings = schedule.default_settings
    method = phase.collection_method or settings.collection_method
    return subscribing.create(
        model,
        SubscriptionBody(
            customer=schedule.customer, items=_entries(phase), metadata=dict(phase.metadata), collection_method=method,
            days_until_due=30 if method == "send_invoice" else None, description=phase.description,
            default_payment_method=phase.default_payment_method or settings.default_payment_method,
            trial_end=str(phase.trial_end) if phase.trial_end else None,
        ),
        schedule=schedule.id,
    )  # fmt: skip


def _entries(phase: Phase) -> list[ItemEntry]:
    return [ItemEntry(price=each.price, quantity=each.quantity, metadata=dict(each.metadata)) for each in phase.items]


def _switch(model: Processor, schedule: Schedule, phase: Phase) -> None:
    """Let the subscription have the items of another phase."""
    subscription: Subscription | None = model.tables["subscription"].get(schedule.subscription or "")
    if subscription is None or subscription.status in ("canceled", "incomplete_expired"):
        return
    wanted = _entries(phase)
    entries = [structs.replace(entry, id=row.id) for entry, row in zip(wanted, subscription.items.data, strict=False)]
    entries += wanted[len(entries) :]
    entries += [ItemEntry(id=row.id, deleted=True) for row in subscription.items.data[len(wanted) :]]
    change = SubscriptionUpdate(items=entries, proration_behavior=phase.proration_behavior)
    subscriptions.update(model, subscription, change)


def _complete(model: Processor, schedule: Schedule) -> None:
    subscription: Subscription | None = model.tables["subscription"].get(schedule.subscription or "")
    if schedule.end_behavior == "cancel" and subscription is not None and subscription.status != "canceled":
        renewals.ended(model, subscription, "cancellation_requested")
        model.change(_KIND, schedule, "completed", status="completed", completed_at=model.now, current_phase=None)
        return
    _released(model, schedule)


def _released(model: Processor, schedule: Schedule) -> Schedule:
    subscription: Subscription | None = model.tables["subscription"].get(schedule.subscription or "")
    if subscription is not None:
        model.change("subscription", subscription, schedule=None)
    after: Schedule = model.change(
        _KIND, schedule, "released", status="released", released_at=model.now, current_phase=None, subscription=None,
        released_subscription=schedule.subscription,
    )  # fmt: skip
    return after


def update(model: Processor, schedule: Schedule, body: ScheduleUpdate) -> Schedule:
    """Plan otherwise: phases that have ended stay, the running one and later ones are given anew."""
    _require_running(schedule)
    changes: dict[str, Any] = {"metadata": merged(schedule.metadata, body.metadata)}
    if body.end_behavior:
        changes["end_behavior"] = _end(body.end_behavior)
    if body.default_settings is not None:
        changes["default_settings"] = body.default_settings
    current = schedule.current_phase
    if body.phases:
        start = current.start_date if current is not None else schedule.phases[0].start_date
        changes["phases"] = _phases(model, body.phases, start)
        running = next((each for each in changes["phases"] if each.start_date == start), None)
        if current is not None and running is not None:
            changes["current_phase"] = CurrentPhase(start_date=running.start_date, end_date=running.end_date)
            model.desk.agenda.add(running.end_date * SECOND_US, "phase_begins", schedule.id, running.end_date)
    after: Schedule = model.change(_KIND, schedule, **changes)
    if body.phases and current is not None:
        _switch(model, after, after.phases[0])
    return after


def cancel(model: Processor, schedule: Schedule, body: ScheduleCancel) -> Schedule:
    """Cancel a schedule, and its subscription with it."""
    _require_running(schedule)
    subscription: Subscription | None = model.tables["subscription"].get(schedule.subscription or "")
    if subscription is not None and subscription.status != "canceled":
        renewals.ended(model, subscription, "cancellation_requested")
    after: Schedule = model.change(
        _KIND, schedule, "canceled", status="canceled", canceled_at=model.now, current_phase=None
    )
    return after


def release(model: Processor, schedule: Schedule, body: ReleaseBody) -> Schedule:
    """Let the subscription go on without its schedule."""
    _require_running(schedule)
    return _released(model, schedule)


def _require_running(schedule: Schedule) -> None:
    if schedule.status not in ("not_started", "active"):
        text = f"You cannot change a subscription schedule that is {schedule.status}."
        raise Refusal("subscription_unexpected_state", text, field="id")


_ALL, _ONE = "/v1/subscription_schedules", "/v1/subscription_schedules/{id}"
ROWS: tuple[Operation, ...] = (
    make("create_subscription_schedule", _ALL, _KIND, ScheduleBody, create, Schedule),
    page("list_subscription_schedules", _ALL, _KIND, ScheduleQuery),
    read("get_subscription_schedule", _ONE, _KIND, Schedule),
    alter("update_subscription_schedule", _ONE, _KIND, ScheduleUpdate, update, Schedule),
    alter("cancel_subscription_schedule", _ONE + "/cancel", _KIND, ScheduleCancel, cancel, Schedule),
    alter("release_subscription_schedule", _ONE + "/release", _KIND, ReleaseBody, release, Schedule),
)
