"""Mutants of order: what happened last is not what arrived last."""

from __future__ import annotations

from typing import Any

import msgspec

from integration.effects import Start
from integration.entities import EntityQueues
from integration.flows import amendments, balances, giving_back, posted, starts, steps
from integration.flows.catalogue import PROGRAMS
from integration.systems import crm
from integration.systems.erp.shapes import CustomerStanding, OrderStanding
from tests.mutants.grounds import BURST, CROSSING, HOLDS
from tests.mutants.mutant import Mutant, Patch
from tests.mutants.quiet_grounds import REFUNDS, UNPOSTED


def _amendments_in_arrival_order() -> list[Patch]:
    real_plan, real_enter = amendments._planned, EntityQueues.enter

    def planned(found: Any, row: Any) -> Any:
        plan = real_plan(found, row)
        rows = [known for known in plan.rows if known is not row]
        return msgspec.structs.replace(plan, rows=[*rows, row], place=len(rows))

    def enter(self: EntityQueues[Any], entity_key: str, order_key: str, number: int, flow: Any) -> bool:
        return real_enter(self, entity_key, "", number, flow)

    return [Patch(amendments, "_planned", planned), Patch(EntityQueues, "enter", enter)]


def _no_queue_per_entity() -> list[Patch]:
    def enter(self: EntityQueues[Any], entity_key: str, order_key: str, number: int, flow: Any) -> bool:
        return True

    def hold(self: EntityQueues[Any], entity_key: str, number: int) -> None:
        """Nobody holds anything."""

    def leave(self: EntityQueues[Any], entity_key: str) -> None:
        """Nobody waits."""

    return [Patch(EntityQueues, name, value) for name, value in (("enter", enter), ("hold", hold), ("leave", leave))]


def _delivered_on_hold() -> list[Patch]:
    return [
        Patch(OrderStanding, "is_booked", property(lambda standing: standing.status.id != "cancelled")),
        Patch(CustomerStanding, "is_held", property(lambda standing: False)),
    ]  # fmt: skip


def _credit_from_the_message() -> list[Patch]:
    async def show_credit(context: Any, arguments: Any) -> dict[str, Any]:
        fields = {"CreditStatus__c": arguments["status"]}
        call = crm.update_account(arguments["account"], fields, arguments["stamp"])
        return {"shown": await steps.if_found(context, call) is not None}

    def start(account: str, status: str, stamp: str) -> Start:
        return Start(
            flow_id=f"credit-status/{account}/{stamp}/{status}", name="show_credit",
            arguments={"account": account, "status": status, "stamp": stamp},
        )  # fmt: skip

    return [Patch(PROGRAMS, "show_credit", show_credit), Patch(starts, "start_credit_status", start)]


def _balance_read_too_early() -> list[Patch]:
    real = giving_back.gave_back

    async def gave_back(context: Any, found: Any, *rest: Any) -> Any:
        await real(context, found, *rest)
        return found.invoice

    async def changed(context: Any, since_us: int) -> list[Start]:
        return []

    return [Patch(giving_back, "gave_back", gave_back), Patch(balances, "changed", changed)]


def _credit_before_its_invoice() -> list[Patch]:
    async def at_once(_context: Any, _invoice: str, _txn: str, _waits: str) -> None:
        """It will be there."""

    return [Patch(posted, "until_posted", at_once)]


MUTANTS = (
    Mutant(
        name="amendments_in_arrival_order",
        group="ordering",
        mistake="Amendments are applied as they arrive, whatever their effective dates, as when a queue is taken for "
        "an order.",
        caught_by=("O2", "M1", "M10"),
        ground=CROSSING,
        patches=_amendments_in_arrival_order,
    ),
    Mutant(
        name="no_queue_per_entity",
        group="ordering",
        mistake="Changes of one contract are worked on at the same time, each on the picture it read first: the last "
        "one to write wins (O4, F28).",
        caught_by=("O2", "O4", "M10"),
        ground=BURST,
        patches=_no_queue_per_entity,
    ),
    Mutant(
        name="delivered_on_hold",
        group="ordering",
        mistake="Nobody asks whether credit is clear: an order is delivered as soon as the ERP has it.",
        caught_by=("P1",),
        ground=HOLDS,
        patches=_delivered_on_hold,
    ),
    Mutant(
        name="credit_from_the_message",
        group="ordering",
        mistake="What a message says is written as it is, so a late one shows sales a credit status that has passed "
        "(catalogue 46, F45).",
        caught_by=("L1", "O4"),
        ground=HOLDS,
        patches=_credit_from_the_message,
    ),
    Mutant(
        name="credit_before_its_invoice",
        group="ordering",
        mistake="A credit is posted while the invoice that it credits still waits; the ERP cannot apply it, nobody "
        "does so later, and the invoice is owed in full.",
        caught_by=("M13",),
        ground=UNPOSTED,
        patches=_credit_before_its_invoice,
    ),
    Mutant(
        name="balance_read_too_early",
        group="ordering",
        mistake="What is open of an invoice is read before money goes back and shown afterwards, and nobody compares "
        "it with billing: sales takes an unpaid invoice for paid (lost update).",
        caught_by=("L3",),
        ground=REFUNDS,
        patches=_balance_read_too_early,
    ),
)
