"""Mutants of data mapping: ids that do not fit, values that are overwritten by nothing, fields that are left out."""

from __future__ import annotations

from typing import Any

import msgspec

from integration.effects import Call
from integration.flows import facts, steps
from integration.systems.crm import calls as crm
from integration.systems.erp import calls as erp
from tests.mutants.mutant import Mutant, Patch
from tests.mutants.quiet_grounds import CARDS, CHANGES, FAMILIES

_ID_LENGTH = 8


def _id_truncated() -> list[Patch]:
    put, get = erp._put, erp._get

    def cut(external_id: str) -> str:
        return external_id[:_ID_LENGTH] if external_id.startswith("Q-") else external_id

    def put_cut(kind: str, external_id: str, body: dict[str, Any], txn: str, operation: str) -> Call:
        return put(kind, cut(external_id), body, txn, operation)

    def get_cut(kind: str, external_id: str, txn: str, fields: str = "") -> Call:
        return get(kind, cut(external_id), txn, fields)

    fulfil_order = erp.fulfil_order

    def fulfil_cut(reference: str, attempt: int, txn: str) -> Call:
        call = fulfil_order(reference, attempt, txn)
        return msgspec.structs.replace(call, target=call.target.replace(reference, cut(reference)))

    return [Patch(erp, "_put", put_cut), Patch(erp, "_get", get_cut), Patch(erp, "fulfil_order", fulfil_cut)]


def _null_overwrites() -> list[Patch]:
    mirrored = crm.mirrored
    shown = ("OrderStatus__c", "OrderNumber__c", "InvoiceStatus__c", "PaymentStatus__c")

    def whole(fields: dict[str, Any], balance: str, sequence: int) -> dict[str, Any]:
        return {**dict.fromkeys(shown), **mirrored(fields, balance, sequence)}

    return [Patch(crm, "mirrored", whole)]


def _event_field_missing() -> list[Patch]:
    booked = facts.order_booked

    def without_payer(*args: Any) -> dict[str, Any]:
        return {name: value for name, value in booked(*args).items() if name != "bill_to"}

    return [Patch(facts, "order_booked", without_payer)]


def _order_number_missing() -> list[Patch]:
    mirrored = crm.mirrored

    def unnumbered(fields: dict[str, Any], balance: str, sequence: int) -> dict[str, Any]:
        known = {name: value for name, value in fields.items() if name != "OrderNumber__c"}
        return mirrored(known, balance, sequence)

    return [Patch(crm, "mirrored", unnumbered)]


def _credit_untold() -> list[Patch]:
    tell = steps.tell

    async def told(fact: str, subject: str, txn: str, **body: Any) -> None:
        if fact != "credit_memo.issued":
            await tell(fact, subject, txn, **body)

    return [Patch(steps, "tell", told)]


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        name="id_truncated",
        group="mapping",
        mistake="External ids are cut off to the length of a column, and two deals become one document (catalogue 57).",
        caught_by=("S7", "L1", "L2"),
        ground=FAMILIES,
        patches=_id_truncated,
    ),
    Mutant(
        name="null_overwrites",
        group="mapping",
        mistake="Fields that a message does not know are written as null: the whole object is sent where only changes "
        "were meant (catalogue 58).",
        caught_by=("O4",),
        ground=CARDS,
        patches=_null_overwrites,
    ),
    Mutant(
        name="event_field_missing",
        group="mapping",
        mistake="An event leaves without a field that its schema demands: nobody reads it in the producer's own tests.",
        caught_by=("O10",),
        ground=CARDS,
        patches=_event_field_missing,
    ),
    Mutant(
        name="order_number_not_shown",
        group="mapping",
        mistake="The number that the ERP gave an order never comes back to the CRM: sales and the customer speak of "
        "the deal under a name that finance does not know.",
        caught_by=("L3",),
        ground=CARDS,
        patches=_order_number_missing,
    ),
    Mutant(
        name="credit_untold",
        group="mapping",
        mistake="Every kind of document has its event but credits, which came later: whoever lives on events sees "
        "revenue that was given back.",
        caught_by=("L11",),
        ground=CHANGES,
        patches=_credit_untold,
    ),
)
