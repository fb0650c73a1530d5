"""Amendments of a subscription, applied in the order of their effective dates, whatever the order of arrival.

Billing replaces all terms from a date on. So a back-dated amendment that comes after a later-effective one is inserted:
it is applied from its own date, and the later ones are applied again on top of it. The subscription's meta data in
billing holds the list of amendments and the terms before the first one; it is the memory of this, not our database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from domain.calendar import midnight_us
from domain.objects import Quote
from integration.effects import Now, Sleep, Start
from integration.flow import FlowContext
from integration.flows.customers import ensure_customer
from integration.flows.orders import booked_order
from integration.flows.steps import US_PER_SECOND, ask_a_person, day_in, do, key_of, tell
from integration.outcomes import Answer
from integration.systems import billing, erp
from integration.systems.billing import BillingSubscription, Change, Terms
from integration.systems.crm import AcceptedQuote
from integration.systems.wire import date_of_seconds

Row = dict[str, Any]
_OPEN = ("active", "in_trial", "non_renewing")


async def amend(context: FlowContext, accepted: AcceptedQuote, reference: str) -> dict[str, Any]:
    """Book an amendment in the ERP, wait for its date, and hand it to the subscription's queue."""
    quote = accepted.quote
    now_us = await Now()
    await ensure_customer(context, accepted)
    await do(context, erp.put_order(quote, reference, day_in(context, quote.entity, now_us)))
    await booked_order(context, accepted, reference)
    row = row_of(quote, reference)
    due_us = midnight_us(_effective(quote), context.settings.zones[quote.entity])
    if due_us > now_us:
        await Sleep((due_us - now_us) / US_PER_SECOND)
    await Start(
        flow_id=f"apply/{reference}",
        name="apply_amendment",
        arguments={"subscription": quote.subscription, "row": row, "entity": quote.entity},
        txn=quote.txn,
        entity_key=f"subscription/{quote.subscription}",
        order_key=order_key(row),
    )
    await tell("amendment.booked", reference, quote.txn, kind=quote.amendment_kind, effective_date=row["effective"])
    return {"amendment": reference, "status": "booked"}


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
    }


def order_key(row: Row) -> str:
    """Return the place of an amendment among those of its subscription, as text that sorts."""
    return f"{row['effective']}/{row['sequence']:09d}"


async def apply_amendment(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Apply one booked amendment in billing. Arguments: subscription, row, entity."""
    row: Row = arguments["row"]
    found = await _ready(context, arguments["subscription"], row)
    meta = {"base": _base(found), "amendments": [], **found.meta_data}
    rows: list[Row] = [known for known in meta["amendments"] if known["ref"] != row["ref"]]
    place = _place(rows, row, context.settings.mutant)
    rows.insert(place, row)
    for index in range(place, len(rows)):
        await _apply(context, found, {**meta, "amendments": rows}, index, row["ref"])
    await tell("amendment.applied", row["ref"], context.txn, amendment_id=row["ref"])
    return {"amendment": row["ref"], "status": "applied", "reapplied": len(rows) - place - 1}


async def _ready(context: FlowContext, subscription: str, row: Row) -> BillingSubscription:
    """Return the subscription when it can be amended; a cancelled one takes no more amendments (cancel wins)."""
    while True:
        answer = await do(context, billing.read_subscription(subscription, context.txn))
        found = billing.subscription_of(answer)
        if found.status in _OPEN or _is_known(found, row):
            return found
        if found.status == "future":
            await Sleep(3600)  # its order is not fulfilled yet
            continue
        await ask_a_person("CONFLICT.STATE", f"{subscription} is {found.status}: amendment {row['ref']} came too late")


def _is_known(found: BillingSubscription, row: Row) -> bool:
    return any(known["ref"] == row["ref"] for known in found.meta_data.get("amendments", ()))


def _base(found: BillingSubscription) -> list[list[Any]]:
    terms = (item.terms() for item in found.subscription_items)
    return [[item.sku, item.quantity, item.unit_minor, item.months] for item in terms]


def _place(rows: Sequence[Row], row: Row, mutant: str) -> int:
    if mutant == "amendments_in_arrival_order":
        return len(rows)
    return sum(1 for known in rows if order_key(known) < order_key(row))


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


async def _apply(
    context: FlowContext, found: BillingSubscription, meta: Mapping[str, Any], index: int, cause: str
) -> None:
    """Apply the index-th amendment of the list; `cause` is the one that made this necessary."""
    rows: list[Row] = meta["amendments"]
    row = rows[index]
    key = key_of(context, found.id, f"apply/{cause}/{index}")
    # Fulfilment may have ended later than an amendment was meant to take effect: there is nothing to amend before.
    effective = max(date.fromisoformat(row["effective"]), date_of_seconds(found.start_date))
    terms = terms_after(meta["base"], rows[: index + 1])
    if row["kind"] == "cancel" or not terms:
        call = billing.cancel(found.id, effective, row["ref"], key, context.txn)
    else:
        change = Change(
            subscription=found.id, currency=found.currency_code, effective=effective, terms=terms,
            reference=row["ref"], meta={**meta, "amendments": rows[: index + 1], "mark": key},
        )  # fmt: skip
        call = billing.change_terms(change, key, context.txn)

    async def is_applied() -> Answer | None:
        answer = await do(context, billing.read_subscription(found.id, context.txn))
        now = billing.subscription_of(answer)
        done = (
            now.status in ("cancelled", "non_renewing") if row["kind"] == "cancel" else now.meta_data.get("mark") == key
        )
        return answer if done else None

    await do(context, call, is_applied)
    if row["co_term_end"]:
        end_key = key_of(context, found.id, f"co_term/{cause}/{index}")
        end = date.fromisoformat(row["co_term_end"])
        await do(context, billing.change_term_end(found.id, end, end_key, context.txn))
