"""Mutants of undoing: what stays behind of orders and amendments that people give up after the booking."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from domain.objects import TaxShare
from integration.effects import Now
from integration.flow import FlowContext
from integration.flows import amendments, approvals, credit_notes, families, reversals, steps, undoing
from integration.flows.amendments import Row
from integration.systems.billing import BillingSubscription
from tests.mutants.giving_up import GIVEN_UP_CHANGES, GIVEN_UP_ENDS, GIVEN_UP_LATE, GIVEN_UP_ORDERS
from tests.mutants.mutant import Mutant, Patch


async def _there(*_arguments: Any) -> bool:
    return True


async def _nothing(*_arguments: Any) -> None:
    return None


def _billing_forgotten() -> list[Patch]:
    return [Patch(undoing, "_cancel_subscription", _there)]


def _task_forgotten() -> list[Patch]:
    return [Patch(undoing, "_stop_task", _there)]


def _books_forgotten() -> list[Patch]:
    return [Patch(undoing, "_close_if_there", _there)]


def _sales_not_told() -> list[Patch]:
    return [Patch(undoing, "rejected", _nothing)]


def _undoing_given_up() -> list[Patch]:
    async def once(_what: str, step: Callable[[], Awaitable[Any]]) -> Any:
        return await step()

    return [Patch(approvals, "put_back", once)]


def _other_parts_live() -> list[Patch]:
    async def wanted(_reference: str) -> None:
        return None

    return [Patch(families, "given_up", _nothing), Patch(families, "still_wanted", wanted)]


def _delivered_part_lives() -> list[Patch]:
    async def unheard(_reference: str) -> bool:
        return False

    return [Patch(families, "finished", unheard)]


def _tax_kept() -> list[Patch]:
    async def none_of_it(*_arguments: Any) -> tuple[TaxShare, ...]:
        return ()

    return [Patch(credit_notes, "_tax_back", none_of_it)]


def _amendment_left() -> list[Patch]:
    async def restored(_context: FlowContext, _arguments: Mapping[str, Any], _row: Row) -> str:
        return reversals.RESTORED

    return [Patch(reversals, "_restored", restored)]


def _is_noted(found: BillingSubscription, row: Row) -> bool:
    return any(known["ref"] == row["ref"] for known in found.meta_data.get("amendments", ()))


def _later_ones_lost() -> list[Patch]:
    async def only_before(
        context: FlowContext, found: BillingSubscription, arguments: Mapping[str, Any], row: Row
    ) -> bool:
        if _is_noted(found, row):
            await reversals._set_before(context, reversals._without(arguments, found, row), row)
        return True

    return [Patch(reversals, "_reapplied", only_before)]


def _taken_back_backwards() -> list[Patch]:
    async def backwards(
        context: FlowContext, found: BillingSubscription, arguments: Mapping[str, Any], row: Row
    ) -> bool:
        plan = reversals._without(arguments, found, row)
        if _is_noted(found, row):
            for index in plan.to_apply:
                await amendments.apply(context, plan, index, f"undo/{row['ref']}")
            await reversals._set_before(context, plan, row)
        return True

    return [Patch(reversals, "_reapplied", backwards)]


def _end_stays_moved() -> list[Patch]:
    return [Patch(reversals, "_end_moved_back", _nothing)]


def _pause_goes_on() -> list[Patch]:
    return [Patch(reversals, "_resumed", _nothing)]


def _shown_as_it_was() -> list[Patch]:
    real = steps.mirror

    def silent(txn: str, reference: str, quote_id: str, at_us: int, fields: Mapping[str, str], *more: Any) -> Any:
        is_end = fields.get(undoing.ORDER_STATUS) == "cancelled"
        return _nothing() if is_end else real(txn, reference, quote_id, at_us, fields, *more)

    return [Patch(steps, "mirror", silent)]


def _shown_as_fulfilled() -> list[Patch]:
    async def as_told(_reference: str, fields: Mapping[str, str]) -> Mapping[str, str]:
        return fields

    return [Patch(undoing, "still_true", as_told)]


def _cancelled_in_silence() -> list[Patch]:
    real = steps.tell

    async def silent(fact: str, subject: str, txn: str, **body: Any) -> None:
        if fact != "order.cancelled":
            await real(fact, subject, txn, **body)

    return [Patch(steps, "tell", silent)]


def _believed_unbooked() -> list[Patch]:
    async def unbooked(
        context: FlowContext, reference: str, quote_id: str, entity: str, reason: str, code: str
    ) -> bool | None:
        await undoing.rejected(context, reference, quote_id, await Now(), entity, reason, code)
        return False

    return [Patch(undoing, "came_after_all", unbooked)]


def _late_order_missed() -> list[Patch]:
    return [Patch(undoing, "LATE_SECONDS", 0)]


def _once_charged_kept() -> list[Patch]:
    return [Patch(undoing, "_credited", _there)]


def _end_not_noticed() -> list[Patch]:
    return [Patch(reversals, "is_ended_by", lambda _found, _row: False)]


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        name="undo_forgets_billing",
        group="compensation",
        mistake="An order that is given up is cancelled in the ERP, and the subscription it has made waits for its "
        "start: the orphan of a compensation that knows two of three systems (catalogue 69).",
        caught_by=("A6",),
        ground=GIVEN_UP_ORDERS,
        patches=_billing_forgotten,
    ),
    Mutant(
        name="undo_forgets_the_task",
        group="compensation",
        mistake="An order that is given up is taken off the books, and nobody tells those who deliver it.",
        caught_by=("A6",),
        ground=GIVEN_UP_ORDERS,
        patches=_task_forgotten,
    ),
    Mutant(
        name="undo_forgets_the_books",
        group="compensation",
        mistake="Subscription and task of an order that is given up are cancelled, sales are told, and the order "
        "stays in the ERP as booked: revenue that never comes.",
        caught_by=("M11",),
        ground=GIVEN_UP_ORDERS,
        patches=_books_forgotten,
    ),
    Mutant(
        name="sales_not_told_of_giving_up",
        group="compensation",
        mistake="A quote that is given up before it is booked is closed in the queue and nowhere else: sales and the "
        "customer wait for an order that nobody works on.",
        caught_by=("L3", "S9", "L2"),
        ground=GIVEN_UP_ORDERS,
        patches=_sales_not_told,
    ),
    Mutant(
        name="undoing_given_up",
        group="compensation",
        mistake="The undoing of an order is a flow like any other: when a call of it is refused and a person cancels "
        "the case, what is left to undo is forgotten.",
        caught_by=("L3", "S9", "A6"),
        ground=GIVEN_UP_ORDERS,
        patches=_undoing_given_up,
    ),
    Mutant(
        name="other_parts_of_a_deal_live",
        group="compensation",
        mistake="One part of a deal of several entities is given up, and the flows of the other parts are not told.",
        caught_by=("L3", "L1"),
        ground=GIVEN_UP_ORDERS,
        patches=_other_parts_live,
    ),
    Mutant(
        name="delivered_part_of_a_deal_lives",
        group="compensation",
        mistake="A part of a deal that ends while another is given up does not look back: each has read the state of "
        "the other before it was written.",
        caught_by=("L3",),
        ground=GIVEN_UP_ORDERS,
        patches=_delivered_part_lives,
    ),
    Mutant(
        name="undone_order_shown_as_booked",
        group="compensation",
        mistake="An order is undone in all systems but the CRM: sales still see it as booked, and promise a delivery.",
        caught_by=("L3",),
        ground=GIVEN_UP_ORDERS,
        patches=_shown_as_it_was,
    ),
    Mutant(
        name="undone_order_shown_as_fulfilled",
        group="compensation",
        mistake="The debit of an invoice that was credited succeeds, and shows sales once more that its order is "
        "fulfilled: who tells of a payment has not looked at what became of the order.",
        caught_by=("L3",),
        ground=GIVEN_UP_CHANGES,
        patches=_shown_as_fulfilled,
    ),
    Mutant(
        name="undone_in_silence",
        group="compensation",
        mistake="An order is undone, and nobody is told: whoever lives on events keeps it as booked.",
        caught_by=("L11",),
        ground=GIVEN_UP_ORDERS,
        patches=_cancelled_in_silence,
    ),
    Mutant(
        name="given_up_without_a_look",
        group="compensation",
        mistake="The answer to a booking is lost and a person gives the order up: it goes back to sales as rejected, "
        "and the ERP, which has taken it, is never asked.",
        caught_by=("L3", "L1"),
        ground=GIVEN_UP_ORDERS,
        patches=_believed_unbooked,
    ),
    Mutant(
        name="late_order_missed",
        group="compensation",
        mistake="An order that is given up is looked for once, while the request for it is still on its way: it "
        "arrives later and is booked for good.",
        caught_by=("L3", "L1"),
        ground=GIVEN_UP_LATE,
        patches=_late_order_missed,
    ),
    Mutant(
        name="one_time_charges_of_the_undone",
        group="compensation",
        mistake="The subscription of an order that is undone is cancelled with a credit, which gives back what is "
        "recurring: the customer still owes the setup of what was never wanted.",
        caught_by=("A6",),
        ground=GIVEN_UP_ORDERS,
        patches=_once_charged_kept,
    ),
    Mutant(
        name="undone_invoice_keeps_its_tax",
        group="compensation",
        mistake="What is undone is credited net: the return is not reported, and the authority keeps the tax.",
        caught_by=("M21",),
        ground=GIVEN_UP_ORDERS,
        patches=_tax_kept,
    ),
    Mutant(
        name="undone_amendment_left_in_billing",
        group="compensation",
        mistake="The order of an amendment that is given up is cancelled, and the half of it that billing has stays.",
        caught_by=("A9",),
        ground=GIVEN_UP_CHANGES,
        patches=_amendment_left,
    ),
    Mutant(
        name="later_amendments_lost",
        group="compensation",
        mistake="An amendment that is taken back takes later ones with it: they are not applied again.",
        caught_by=("L2",),
        ground=GIVEN_UP_CHANGES,
        patches=_later_ones_lost,
    ),
    Mutant(
        name="taken_back_backwards",
        group="compensation",
        mistake="The steps of taking back are in the wrong order: what comes later is applied again first, and then "
        "replaced by the terms of before.",
        caught_by=("L2",),
        ground=GIVEN_UP_CHANGES,
        patches=_taken_back_backwards,
    ),
    Mutant(
        name="undone_amendment_moves_the_end",
        group="compensation",
        mistake="An amendment that is taken back gives the old terms again, and the contract still ends on the day to "
        "which it had moved the end.",
        caught_by=("A9",),
        ground=GIVEN_UP_CHANGES,
        patches=_end_stays_moved,
    ),
    Mutant(
        name="undone_pause_stays_noted",
        group="compensation",
        mistake="A pause that is given up is cancelled in the ERP, and stays noted on the subscription.",
        caught_by=("A9",),
        ground=GIVEN_UP_CHANGES,
        patches=_pause_goes_on,
    ),
    Mutant(
        name="carried_out_and_off_the_books",
        group="compensation",
        mistake="A cancellation whose answer is lost is given up as if it had failed: the contract is over in billing, "
        "and its order is cancelled.",
        caught_by=("A9",),
        ground=GIVEN_UP_ENDS,
        patches=_end_not_noticed,
    ),
)
