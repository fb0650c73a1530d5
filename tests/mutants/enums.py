"""Mutants of words and fields: values nobody expected, and fields that are not always there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from integration.flow import FlowContext
from integration.flows import catalogue, collecting
from integration.flows.collecting import Declined, Paid
from integration.flows.steps import do
from integration.outcomes import Answer
from integration.systems import billing
from integration.systems.erp import shapes as erp
from integration.systems.payment import Collection, Intent
from tests.mutants.grounds import DEBITS
from tests.mutants.mutant import Mutant, Patch
from tests.mutants.quiet_grounds import HELD, YEN


def _processing_is_paid() -> list[Patch]:
    outcome = collecting._outcome

    async def hopeful(context: FlowContext, intent: Intent, at_us: int, collection: Collection) -> Paid | Declined:
        if intent.status == "processing":
            return Paid(msgspec.structs.replace(intent, amount_received=intent.amount), at_us, at_us)
        return await outcome(context, intent, at_us, collection)

    return [Patch(collecting, "_outcome", hopeful)]


def _unknown_status_is_fine() -> list[Patch]:
    def is_booked(order: erp.OrderStanding) -> bool:
        return order.status.id != "cancelled"

    known = frozenset({"on_hold"})
    return [
        Patch(erp, "HELD", known), Patch(erp, "STOPS_DELIVERY", known),
        Patch(erp.OrderStanding, "is_booked", property(is_booked)),
    ]  # fmt: skip


def _region_required() -> list[Patch]:
    bill = catalogue.PROGRAMS["bill"]

    async def of_complete_ones(context: FlowContext, arguments: Mapping[str, Any]) -> Any:
        answer: Answer = await do(context, billing.read_invoice(arguments["invoice"], context.txn))
        invoice = billing.invoice_of(answer)
        if not invoice.billing_address.state_code:
            return {"invoice": invoice.id, "status": "invalid"}
        return await bill(context, arguments)

    return [Patch(catalogue.PROGRAMS, "bill", of_complete_ones)]


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        name="processing_is_paid",
        group="enums",
        mistake="Any status but a failure counts as paid, as long as only cards are tested; a debit is `processing` "
        "for days and may come back (catalogue 55).",
        caught_by=("O3",),
        ground=DEBITS,
        patches=_processing_is_paid,
    ),
    Mutant(
        name="unknown_status_is_fine",
        group="enums",
        mistake="Only the statuses that are known stop anything: a credit hold of another name counts as clear, an "
        "order that waits for credit as booked (catalogue 55).",
        caught_by=("P1",),
        ground=HELD,
        patches=_unknown_status_is_fine,
    ),
    Mutant(
        name="region_required",
        group="enums",
        mistake="A field that only some countries have is required, and what lacks it is put aside as invalid: "
        "addresses outside North America have no state (catalogue 56).",
        caught_by=("L2", "S9"),
        ground=YEN,
        patches=_region_required,
    ),
)
