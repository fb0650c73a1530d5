"""Families: one quote of several legal entities, one order for each, and what they must know of each other.

Each member runs by itself, so that a hold of one does not hold the others. What they share is one row of the
cross-reference: who belongs to the family, what sales has been shown of each member, and whether the deal was given up.
Giving up one member gives up the deal: the others notice at their next step, and what is complete already is undone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from domain.families import entity_of, family_of, member, sellers
from integration.effects import Assign, Lookup, Sleep, Start
from integration.flow import FlowContext
from integration.outcomes import GivenUp
from integration.systems.crm import BALANCE, AcceptedQuote

FAMILY = "family"
PAUSE_SECONDS = 900
_BOOKED = "Converted"
_FAILED = "Accept Failed"
_OVER = ("rejected", "cancelled")
_URGENT = (*_OVER, "credit_hold")
_RANKS = (*_URGENT, "booked", "fulfilled")
"""What sales is shown of an order, what needs most attention first; urgent is what is shown before all have one."""
Row = dict[str, Any]


async def split(accepted: AcceptedQuote, reference: str) -> dict[str, Any]:
    """Start the flow of each member of a quote's family."""
    quote = accepted.quote
    entities = sellers(quote)
    row = {
        "quote_id": quote.id, "ship_complete": quote.ship_complete, "cancelled": "", "sequence": 0,
        "members": {entity: {} for entity in entities},
    }  # fmt: skip
    await Assign(kind=FAMILY, key=reference, value=row)
    for entity in entities:
        own = member(quote, entity)
        name = reference_of(own.number, own.version)
        await Start(
            flow_id=f"quote/{name}",
            name="member_order",
            arguments={"quote_id": quote.id, "entity": entity, "reference": name},
            txn=own.txn,
        )
    return {"quote": reference, "status": "split", "members": list(entities)}


def reference_of(number: str, version: int) -> str:
    """Return the reference of a quote version or of a member of it."""
    return f"{number}-v{version}"


def as_member(accepted: AcceptedQuote, entity: str) -> AcceptedQuote:
    """Return what a legal entity sells of an accepted quote, with the customer that the account is there."""
    quote = member(accepted.quote, entity)
    account = msgspec.structs.replace(accepted.account, id=quote.account, entity=entity)
    return msgspec.structs.replace(accepted, quote=quote, account=account)


async def _row(reference: str) -> Row:
    row = await Lookup(FAMILY, family_of(reference))
    assert row is not None, "a member is started after its family was written down"
    return row


async def _changed(reference: str, change: Mapping[str, Any], of_member: Mapping[str, Any]) -> Row:
    """Change the row of a family and of the member that says so, whoever else does at the same time."""
    entity = entity_of(reference)
    while True:
        row = await _row(reference)
        members = {**row["members"], entity: {**row["members"].get(entity, {}), **of_member}}
        wanted = {**row, **change, "members": members}
        if wanted == row or await Assign(kind=FAMILY, key=family_of(reference), value=wanted, expected=row) == wanted:
            return wanted


async def still_wanted(reference: str) -> None:
    """Raise GivenUp when the deal that a member belongs to was given up."""
    if entity_of(reference):
        row = await _row(reference)
        if row["cancelled"]:
            raise GivenUp(f"the part of {row['cancelled']} in {family_of(reference)} was given up")


async def all_booked(reference: str) -> None:
    """Wait until every member of a deal that is delivered as a whole is booked."""
    while entity_of(reference):
        await still_wanted(reference)
        row = await _row(reference)
        if not row["ship_complete"] or all(each.get("Status") == _BOOKED for each in row["members"].values()):
            return
        await Sleep(PAUSE_SECONDS)


async def finished(reference: str) -> bool:
    """Note that a member is delivered; return whether the deal was given up meanwhile."""
    return bool((await _changed(reference, {}, {"done": True}))["cancelled"])


async def given_up(context: FlowContext, reference: str, reason: str) -> None:
    """Give the whole deal up: the other members notice, and those that are delivered are undone."""
    row = await _row(reference)
    if not row["cancelled"]:
        row = await _changed(reference, {"cancelled": entity_of(reference)}, {})
    number, _, version = family_of(reference).partition("-v")
    for entity, state in row["members"].items():
        if entity != entity_of(reference) and state.get("done"):
            own = f"{number}.{entity}"
            told = {"quote_id": row["quote_id"], "subscription": own, "reason": reason, "entity": entity}
            name = f"{own}-v{version}"
            await Start(
                flow_id=f"undo/{name}", name="undo_order", arguments={"reference": name, **told}, txn=own,
                entity_key=f"order/{name}",
            )  # fmt: skip


# --- what sales is shown --------------------------------------------------------------------------------------------


class Picture(msgspec.Struct, frozen=True):
    """What the CRM shows of a family: fields, the balance of all invoices, its place in the sequence; which orders."""

    fields: dict[str, str]
    balance: str
    sequence: int
    converted: tuple[str, ...] = ()  # the orders, once and only when this made the quote converted


async def pictured(reference: str, sequence: int, fields: Mapping[str, str], balance: str) -> Picture:
    """Add what is new of a member to its family, and return what sales is to be shown of the family."""
    before = await _row(reference)
    place = max(sequence, before["sequence"] + 1)
    said = {**fields, BALANCE: balance} if balance else dict(fields)
    row = await _changed(reference, {"sequence": place}, said)
    members = row["members"]
    shown, owed = _together(list(members.values())), [each[BALANCE] for each in members.values() if BALANCE in each]
    total = str(sum([Decimal(each) for each in owed], Decimal(0))) if owed else ""
    became = shown.get("Status") == _BOOKED and "Status" in fields
    number, _, version = family_of(reference).partition("-v")
    orders = tuple([f"{number}.{entity}-v{version}" for entity in members]) if became else ()
    return Picture(shown, total, place, orders)


def _together(members: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return the fields of a family from those of its members: no further than the member that is furthest behind.

    A member that was undone before it had an invoice will have none, so nobody waits for it.
    """
    shown: dict[str, str] = {}
    statuses = {each.get("Status", "") for each in members}
    if _FAILED in statuses:
        shown["Status"] = _FAILED
    elif statuses == {_BOOKED}:
        shown["Status"] = _BOOKED
    orders = [each["OrderStatus__c"] for each in members if "OrderStatus__c" in each]
    worst = min(orders, key=_RANKS.index, default="")
    if worst and (len(orders) == len(members) or worst in _URGENT):
        shown["OrderStatus__c"] = worst
    numbers = [each["OrderNumber__c"] for each in members if "OrderNumber__c" in each]
    if numbers:
        shown["OrderNumber__c"] = ", ".join(numbers)
    billed = [each for each in members if "InvoiceStatus__c" in each or each.get("OrderStatus__c") not in _OVER]
    invoices = {each.get("InvoiceStatus__c", "") for each in billed}
    if invoices - {""}:
        shown["InvoiceStatus__c"] = "paid" if invoices == {"paid"} else "posted"
    if {each.get("PaymentStatus__c", "") for each in billed} == {"received"}:
        shown["PaymentStatus__c"] = "received"
    return shown
