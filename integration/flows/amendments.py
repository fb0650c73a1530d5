"""Amendments of a subscription, applied in the order of their effective dates, whatever the order of arrival.

Billing replaces all terms from a date on. So a back-dated amendment that comes after a later-effective one is inserted:
it is applied from its own date, and the later ones are applied again on top of it. The subscription's meta data in
billing holds the list of amendments and the terms before the first one; it is the memory of this, not our database.
What people give up half-way is taken back by `reversals`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from domain.calendar import SECOND_US, midnight_us
from domain.objects import Quote
from integration.effects import Call, Now, Sleep, Start
from integration.flow import FlowContext
from integration.flows import contract_facts as facts
from integration.flows import pauses
from integration.flows.copies import changed, latest
from integration.flows.customers import ensure_customer
from integration.flows.mapping import quote_in_items
from integration.flows.orders import booked_order, is_booked_before
from integration.flows.steps import ask_a_person, day_in, do, key_of, tell
from integration.outcomes import Answer, GivenUp
from integration.systems import billing, erp
from integration.systems.billing import BillingSubscription, Change, Terms
from integration.systems.crm import AcceptedQuote
from integration.systems.wire import date_of_seconds

Row = dict[str, Any]
AT_ONCE = frozenset({"notice"})
"""Kinds that billing must know of before their date: a contract whose customer gave notice must not go on."""
ENDINGS = frozenset({"cancel", "notice"})
_OPEN = ("active", "in_trial", "non_renewing")
_LOOK_AGAIN_SECONDS = 3600


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How an amendment is put in its place: the subscription as found, and its amendments with the new one."""

    found: BillingSubscription
    base: list[list[Any]]
    rows: list[Row]
    place: int

    @property
    def row(self) -> Row:
        """The amendment that is put in its place."""
        return self.rows[self.place]

    @property
    def to_apply(self) -> range:
        """Which amendments are applied, by index: the new one and those after it, up to one that ends all."""
        indexes = range(self.place, len(self.rows))
        ending = next((index for index in indexes if self.ends_with(index)), None)
        return indexes if ending is None else range(self.place, ending + 1)

    def ends_with(self, index: int) -> bool:
        """Tell whether an amendment ends the subscription."""
        return self.rows[index]["kind"] in ENDINGS or not terms_after(self.base, self.rows[: index + 1])

    def meta(self, index: int, mark: str) -> dict[str, Any]:
        """Return what the subscription notes once the amendments up to an index are applied."""
        return {**self.found.meta_data, "base": self.base, "amendments": self.rows[: index + 1], "mark": mark}


async def amend(context: FlowContext, accepted: AcceptedQuote, reference: str) -> dict[str, Any]:
    """Book an amendment in the ERP, wait for its date, and hand it to the subscription's queue."""
    quote = accepted.quote
    row = row_of(quote, reference)
    now_us = await Now()
    try:
        if not await is_booked_before(context, accepted, reference):
            await ensure_customer(context, accepted)
            day = day_in(context, quote.entity, now_us)
            await do(context, erp.put_order(await quote_in_items(context, quote, day), reference, day))
        await booked_order(context, accepted, reference)
    except GivenUp as given_up:
        await start_undoing(context, row, quote.subscription, quote.id, quote.entity, given_up)
        return {"amendment": reference, "status": "given_up", "reason": str(given_up)}
    due_us = midnight_us(_effective(quote), context.settings.zones[quote.entity])
    left_us = due_us - await Now()  # booking may have taken days
    if left_us > 0 and quote.amendment_kind not in AT_ONCE:
        await Sleep(left_us / SECOND_US)
    await start_applying(row, quote.subscription, quote.id, quote.entity, quote.txn)
    body = facts.amendment_booked(quote, reference, day_in(context, quote.entity, now_us))
    await tell("amendment.booked", reference, quote.txn, **body)
    return {"amendment": reference, "status": "booked"}


async def start_applying(row: Row, subscription: str, quote_id: str, entity: str, txn: str) -> None:
    """Hand an amendment to the queue of its subscription, at the place of its effective date and sequence."""
    await Start(
        flow_id=f"apply/{row['ref']}",
        name="apply_amendment",
        arguments={"subscription": subscription, "row": row, "entity": entity, "quote_id": quote_id},
        txn=txn,
        entity_key=queue_of(subscription),
        order_key=order_key(row),
    )


def queue_of(subscription: str) -> str:
    """Return the key under which the changes of a subscription run one at a time."""
    return f"subscription/{subscription}"


def _effective(quote: Quote) -> date:
    assert quote.effective_date is not None, "validation lets no amendment without a date pass"
    return quote.effective_date


def row_of(quote: Quote, reference: str) -> Row:
    """Return an amendment as it is remembered on the subscription."""
    return {
        "ref": reference,
        "kind": quote.amendment_kind,
        "effective": _effective(quote).isoformat(),
        "sequence": quote.sequence,
        "terms": [[delta.sku, delta.quantity, delta.unit_minor, delta.months] for delta in quote.deltas],
        "co_term_end": quote.co_term_end.isoformat() if quote.co_term_end else "",
        "resume": quote.resume_date.isoformat() if quote.resume_date else "",
        "refund": quote.refund,
    }


def order_key(row: Row) -> str:
    """Return the place of an amendment among those of its subscription, as text that sorts."""
    return f"{row['effective']}/{row['sequence']:09d}"


async def apply_amendment(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Apply one booked amendment in billing. Arguments: subscription, row, entity, quote_id (empty without a quote)."""
    row: Row = arguments["row"]
    subscription, quote_id, entity = arguments["subscription"], arguments.get("quote_id", ""), arguments["entity"]
    plan = None
    try:
        found = await _ready(context, subscription, row)
        if _is_known(found, row) and row["kind"] != "pause":
            return await _applied_before(context, found, row)
        plan = _planned(found, row)
        for index in plan.to_apply:
            await apply(context, plan, index, row["ref"])
    except GivenUp as given_up:
        await start_undoing(context, row, subscription, quote_id, entity, given_up, plan)
        return {"amendment": row["ref"], "status": "given_up", "reason": str(given_up)}
    at_us = await Now()
    body = facts.amendment_applied(row, subscription, entity, plan.found.currency_code, day_in(context, entity, at_us))
    await tell("amendment.applied", row["ref"], context.txn, **body)
    return {"amendment": row["ref"], "status": "applied", "reapplied": len(plan.to_apply) - 1}


async def _applied_before(context: FlowContext, found: BillingSubscription, row: Row) -> dict[str, Any]:
    """End the flow of an amendment that billing has already: a journal that was restored had forgotten it."""
    if row["co_term_end"]:
        await changed(context, _moved_end(context, found.id, row, f"co_term/{row['ref']}/again"))
    return {"amendment": row["ref"], "status": "applied", "reapplied": 0}


async def start_undoing(
    context: FlowContext, row: Row, subscription: str, quote_id: str, entity: str, given_up: GivenUp,
    plan: Plan | None = None,
) -> None:  # fmt: skip
    """Start what takes an amendment back: before anything else happens to its subscription, where billing has it.

    Where it has not, sales need not wait for what else is done there: a pause takes weeks.
    """
    told: dict[str, Any] = {"row": row, "subscription": subscription, "quote_id": quote_id, "entity": entity}
    if plan is not None:
        ends = plan.found.ends
        told["base"] = plan.base
        told["rows"] = [known for known in plan.rows if known["ref"] != row["ref"]]
        told["former_end"] = ends.isoformat() if ends else ""
    await Start(
        flow_id=f"undo/{row['ref']}",
        name="undo_amendment",
        arguments={**told, "reason": str(given_up), "code": given_up.code},
        txn=context.txn,
        entity_key=f"order/{row['ref']}" if plan is None else queue_of(subscription),
    )


async def _ready(context: FlowContext, subscription: str, row: Row) -> BillingSubscription:
    """Return the subscription when it can be amended; a cancelled one takes no more amendments (cancel wins)."""
    while True:
        answer = await latest(context, subscription)
        found = billing.subscription_of(answer)
        if _is_known(found, row):
            return found
        if found.status in _OPEN:
            problem = _problem(found, row, day_in(context, found.business_entity_id, answer.at_us), context)
            if not problem:
                return found
            await ask_a_person("CONFLICT.STATE", f"amendment {row['ref']} of {subscription}: {problem}")
        elif found.status in ("future", "paused"):
            await Sleep(_LOOK_AGAIN_SECONDS)  # its order is not fulfilled yet, or it is not resumed yet
        else:
            late = f"{subscription} is {found.status}: amendment {row['ref']} came too late"
            await ask_a_person("CONFLICT.STATE", late)


def _problem(found: BillingSubscription, row: Row, today: date, context: FlowContext) -> str:
    """Return why an amendment cannot be applied to a subscription that lives; empty when it can."""
    for known in found.meta_data.get("amendments", ()):
        if known["kind"] == "pause" and row["effective"] < known["effective"]:
            return f"it takes effect on {row['effective']}, before a pause that has been credited"
    if row["kind"] == "notice" and found.meta_data.get("auto_renew") and found.ends is not None:
        days = (found.ends - today).days
        if days < context.settings.renewal_notice_days:
            return (
                f"notice came {days} days before the end; the contract asks for {context.settings.renewal_notice_days}"
            )
    return ""


def _is_known(found: BillingSubscription, row: Row) -> bool:
    """Tell whether billing has an amendment: among those it notes, or as the day on which the subscription ends."""
    if row["kind"] in ENDINGS and found.cancelled_at is not None:
        return is_ended_by(found, row)
    return any(known["ref"] == row["ref"] for known in found.meta_data.get("amendments", ()))


def is_ended_by(found: BillingSubscription, row: Row) -> bool:
    """Tell whether a subscription ends, or is to end, on the day from which an amendment ends it."""
    return found.cancelled_at is not None and date_of_seconds(found.cancelled_at) == _last_day(found, row)


def _last_day(found: BillingSubscription, row: Row) -> date:
    """Return the day from which a cancellation holds: not before the subscription begins."""
    return max(date.fromisoformat(row["effective"]), date_of_seconds(found.start_date))


def _planned(found: BillingSubscription, row: Row) -> Plan:
    meta = found.meta_data
    rows: list[Row] = [known for known in meta.get("amendments", ()) if known["ref"] != row["ref"]]
    place = sum(1 for known in rows if order_key(known) < order_key(row))
    rows.insert(place, row)
    return Plan(found=found, base=meta.get("base") or _base(found), rows=rows, place=place)


def _base(found: BillingSubscription) -> list[list[Any]]:
    terms = (item.terms() for item in found.subscription_items)
    return [[item.sku, item.quantity, item.unit_minor, item.months] for item in terms]


def terms_after(base: Sequence[Sequence[Any]], rows: Sequence[Row]) -> tuple[Terms, ...]:
    """Return the terms of a subscription after some amendments: each sets quantity and price, quantity 0 removes."""
    terms = {sku: Terms(sku, quantity, unit_minor, months) for sku, quantity, unit_minor, months in base if months}
    for row in rows:
        for sku, quantity, unit_minor, months in row["terms"]:
            if quantity:
                terms[sku] = Terms(sku, quantity, unit_minor, months)
            else:
                terms.pop(sku, None)
    return tuple(terms.values())


# --- one step -------------------------------------------------------------------------------------------------------


async def apply(context: FlowContext, plan: Plan, index: int, cause: str) -> None:
    """Apply the index-th amendment of a plan; `cause` is the one that made this necessary."""
    row = plan.rows[index]
    key = step_key(context, plan, index, cause)
    if row["kind"] == "pause":
        if index == plan.place:
            await pauses.pause(context, plan.found, row, plan.meta(index, key), key)
        return
    if plan.ends_with(index):
        await _cancelled(context, plan, row, key)
        return
    call = billing.change_terms(change_of(plan, index, key), key, context.txn)

    async def is_applied() -> Answer | None:
        answer = await latest(context, plan.found.id)
        return answer if billing.subscription_of(answer).meta_data.get("mark") == key else None

    await changed(context, call, is_applied)
    if row["co_term_end"]:
        await changed(context, _moved_end(context, plan.found.id, row, f"co_term/{cause}/{index}"))


def step_key(context: FlowContext, plan: Plan, index: int, cause: str) -> str:
    """Return the key of the change that applies the index-th amendment; the subscription notes it as its mark."""
    return key_of(context, plan.found.id, f"apply/{cause}/{index}")


def _moved_end(context: FlowContext, subscription: str, row: Row, operation: str) -> Call:
    """Move the end of a subscription, and bill what changed of its terms with it: one amendment, one document."""
    key, end = key_of(context, subscription, operation), date.fromisoformat(row["co_term_end"])
    return billing.change_term_end(subscription, end, key, context.txn, row["ref"])


def change_of(plan: Plan, index: int, mark: str) -> Change:
    """Return the change that makes the terms of a subscription those after the index-th amendment, from its day on."""
    row = plan.rows[index]
    return Change(
        subscription=plan.found.id, currency=plan.found.currency_code, effective=effective_day(plan, index),
        terms=terms_after(plan.base, plan.rows[: index + 1]), reference=row["ref"], meta=plan.meta(index, mark),
        is_billed=not row["co_term_end"],
    )  # fmt: skip


def effective_day(plan: Plan, index: int) -> date:
    """Return the day from which an amendment holds: not before the start, and not while the subscription pauses.

    Fulfilment may have ended later than an amendment was meant to take effect: there is nothing to amend before.
    """
    day = max(date.fromisoformat(plan.rows[index]["effective"]), date_of_seconds(plan.found.start_date))
    return max([day, *(pauses.resumed_on(plan.found, row) for row in plan.rows[:index] if row["kind"] == "pause")])


async def _cancelled(context: FlowContext, plan: Plan, row: Row, key: str) -> None:
    found = plan.found
    call = billing.cancel(found.id, _last_day(found, row), row["ref"], key, context.txn, row.get("refund", ""))

    async def is_over() -> Answer | None:
        answer = await latest(context, found.id)
        return answer if billing.subscription_of(answer).status in ("cancelled", "non_renewing") else None

    await changed(context, call, is_over)
