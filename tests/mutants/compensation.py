"""Mutants of compensation: what is left behind when something is taken back, or given up half-way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from integration.effects import Call
from integration.flow import FlowContext
from integration.flows import (
    amendments,
    approvals,
    credit_notes,
    crediting,
    credits_used,
    invoice_disputes,
    pauses,
    refunds,
    taken,
)
from integration.flows.amendments import Plan, Row
from integration.flows.catalogue import PROGRAMS
from integration.flows.refunds import Credit
from integration.flows.steps import until_given_up
from integration.flows.taken import Taken
from integration.systems.billing import BillingInvoice, BillingSubscription, CreditNote
from integration.systems.billing.receivables import Money
from integration.systems.payment import Intent
from integration.systems.payment_back import Refund
from tests.mutants.mutant import Mutant, Patch
from tests.mutants.quiet_grounds import CHANGES, CREDITED_REFUNDS, LOST, OBJECTIONS, PAUSES, REFUNDS


def _no_credit_memo() -> list[Patch]:
    in_open_period = approvals.in_open_period

    async def forgetful(context: FlowContext, entity: str, day: date, call: Callable[[date], Call], **more: Any) -> Any:
        if call(day).operation == "upsert_credit_memo":
            return None
        return await in_open_period(context, entity, day, call, **more)

    return [Patch(approvals, "in_open_period", forgetful)]


def _pause_not_credited() -> list[Patch]:
    async def nothing(_context: FlowContext, _found: BillingSubscription, _rest: pauses.Days, _reference: str) -> None:
        return None

    return [Patch(pauses, "_credited", nothing)]


def _subscription_left_alive() -> list[Patch]:
    async def nothing(_context: FlowContext, _plan: Plan, _row: Row, _key: str) -> None:
        return None

    return [Patch(amendments, "_cancelled", nothing)]


def _refund_not_booked() -> list[Patch]:
    async def nothing(context: FlowContext, payment: str, _made: Refund, _credit: Credit | None) -> Taken:
        return await taken.taken_by(context, payment)

    return [Patch(refunds, "_booked", nothing)]


def _more_than_was_approved() -> list[Patch]:
    paid_back = refunds._paid_back

    async def all_of_it(context: FlowContext, taken: Taken, amount_minor: int, arguments: Mapping[str, Any]) -> Refund:
        return await paid_back(context, taken, taken.intent.amount_received, arguments)

    return [Patch(refunds, "_paid_back", all_of_it)]


def _approver_not_named() -> list[Patch]:
    refund = refunds.refund

    async def unsigned(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return {word: said for word, said in (await refund(context, arguments)).items() if word != "by"}

    return [Patch(PROGRAMS, "refund", until_given_up(unsigned))]


def _payment_not_found() -> list[Patch]:
    async def nothing(_context: FlowContext, _intent: Intent) -> Taken | None:
        return None

    return [Patch(taken, "_recorded", nothing)]


def _objection_left_marked() -> list[Patch]:
    async def nothing(_context: FlowContext, _money: Money, _request: str, _version: int) -> None:
        return None

    return [Patch(invoice_disputes, "_over", nothing)]


def _credit_unknown_to_sales() -> list[Patch]:
    async def nothing(_context: FlowContext, _invoice: BillingInvoice) -> None:
        """The next payment shows it."""

    return [Patch(credit_notes, "_mirrored", nothing)]


def _credit_on_one_line() -> list[Patch]:
    parts_of = crediting.parts_of

    def first(invoice: BillingInvoice, notes: Sequence[CreditNote], gross_minor: int) -> list[tuple[str, int]]:
        left = crediting._left(invoice, [line for note in notes for line in note.line_items])
        rest_minor = sum([amount for _, amount in parts_of(invoice, notes, gross_minor)])
        parts = []
        for line, room_minor in left.items():
            parts.append((line, min(rest_minor, room_minor)))
            rest_minor -= parts[-1][1]
        return [(line, part) for line, part in parts if part]

    return [Patch(crediting, "parts_of", first)]


def _lost_beside_its_credit() -> list[Patch]:
    async def as_it_is(_context: FlowContext, money: Money) -> Money:
        """What is due is due, and the customer's credit is the customer's."""
        return money

    return [Patch(credits_used, "credits_used", as_it_is)]


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        name="credit_memo_missing",
        group="compensation",
        mistake="Billing gives the credit and the tax back, and the ERP never hears of it: the third of three steps is "
        "not in the compensation (catalogue 69).",
        caught_by=("L1",),
        ground=CHANGES,
        patches=_no_credit_memo,
    ),
    Mutant(
        name="pause_not_credited",
        group="compensation",
        mistake="A pause stops what comes and gives back nothing of what was paid ahead, as the vendor's own does.",
        caught_by=("O6",),
        ground=PAUSES,
        patches=_pause_not_credited,
    ),
    Mutant(
        name="subscription_left_alive",
        group="compensation",
        mistake="A cancellation is booked in the ERP, and its last step, in billing, is forgotten: an orphan that goes "
        "on billing (catalogue 69).",
        caught_by=("O2", "M14"),
        ground=CHANGES,
        patches=_subscription_left_alive,
    ),
    Mutant(
        name="refund_not_booked",
        group="compensation",
        mistake="The processor gives money back and the books are not told: whoever asked for the refund was answered "
        "before the steps behind it (catalogue 69).",
        caught_by=("M15",),
        ground=REFUNDS,
        patches=_refund_not_booked,
    ),
    Mutant(
        name="more_than_was_approved",
        group="compensation",
        mistake="What goes back is worked out once more after the approval, from the payment as it is then, so more "
        "leaves than anybody agreed to.",
        caught_by=("P10",),
        ground=REFUNDS,
        patches=_more_than_was_approved,
    ),
    Mutant(
        name="approver_not_named",
        group="compensation",
        mistake="Money goes back after an approval, and nobody writes down whose: who approves their own requests is "
        "never found.",
        caught_by=("P10",),
        ground=REFUNDS,
        patches=_approver_not_named,
    ),
    Mutant(
        name="payment_not_found",
        group="compensation",
        mistake="The payment to give back is looked up under a name that the books do not use, so a person is asked "
        "why it is missing, again and again, and it never is.",
        caught_by=("M15",),
        ground=REFUNDS,
        patches=_payment_not_found,
    ),
    Mutant(
        name="objection_left_marked",
        group="compensation",
        mistake="An objection to an invoice is settled, and the invoice stays marked as disputed: nobody reminds the "
        "customer of it any more.",
        caught_by=("P11",),
        ground=OBJECTIONS,
        patches=_objection_left_marked,
    ),
    Mutant(
        name="lost_beside_its_credit",
        group="compensation",
        mistake="A lost dispute writes its invoice off in full, and what a credit note of the same invoice has left "
        "stays the customer's: the loss is too high, and money is owed to who owes it.",
        caught_by=("M17",),
        ground=LOST,
        patches=_lost_beside_its_credit,
    ),
    Mutant(
        name="credit_unknown_to_sales",
        group="compensation",
        mistake="Sales is told of invoices and of payments, and a credit changes what is owed behind its back until "
        "the next payment shows it (I-22).",
        caught_by=("L3",),
        ground=CREDITED_REFUNDS,
        patches=_credit_unknown_to_sales,
    ),
    Mutant(
        name="credit_on_one_line",
        group="compensation",
        mistake="A credit of a part of an invoice is booked on its first line, though lines are taxed differently: "
        "with the tax that goes back it is more or less than what was agreed.",
        caught_by=("P11",),
        ground=OBJECTIONS,
        patches=_credit_on_one_line,
    ),
)
