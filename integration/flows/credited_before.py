"""What was credited of a line before: a line that is credited in parts never gives back more tax than it bore (T12).

Each part rounded by itself may give back a cent too much, or too little at the end. So the tax of a part is that of all
the parts so far, less that of those before it: the tax engine is told of a line that takes back both, and of one that
charges again what was taken back before. Together the parts bear what the line bore, to the cent and place by place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from domain.objects import Line
from integration.flow import FlowContext
from integration.flows.paging import every_row
from integration.systems import billing
from integration.systems.billing import BillingInvoice, CreditNote

Credit = BillingInvoice | CreditNote
"""What credits lines of an invoice: a credit note, or a later invoice that is net of them."""


async def as_taxed(
    context: FlowContext, credit: Credit, lines: Sequence[Line], credited: Iterable[BillingInvoice]
) -> tuple[Line, ...]:
    """Return the lines that the tax engine is told of for a document that credits lines of some invoices."""
    taxed = {invoice.id: invoice for invoice in credited if invoice.tax_lines}
    known: list[Credit] = []
    for key in taxed:
        known += await every_row(context, billing.credit_notes_of(key, context.txn), billing.credit_note_page)
    for subscription in sorted({invoice.subscription_id for invoice in taxed.values()} - {""}):
        call = billing.invoices_of_subscription(subscription, context.txn)
        known += await every_row(context, call, billing.invoice_page)
    return cumulated(lines, before(credit, known))


def before(credit: Credit, known: Iterable[Credit]) -> dict[str, int]:
    """Return how much was credited before of what each line of a document credits, by the id of the line that does.

    Before is what billing made earlier, whichever flow is faster; within the document it is what stands above.
    """
    earlier = [each for each in known if each.status != "voided" and _order(each) < _order(credit)]
    taken: dict[str, int] = {}
    found: dict[str, int] = {}
    for line in [line for each in (*earlier, credit) for line in each.line_items]:
        if line.reference_line_item_id:
            found[line.id] = taken.get(line.reference_line_item_id, 0)
            taken[line.reference_line_item_id] = found[line.id] + abs(line.amount)
    return {line.id: found[line.id] for line in credit.line_items if found.get(line.id)}


def _order(credit: Credit) -> tuple[int, str]:
    return credit.generated_at, credit.id


def cumulated(lines: Sequence[Line], taken: Mapping[str, int]) -> tuple[Line, ...]:
    """Return lines with what was `taken` before them, and behind them what takes that off again, under the same ids."""
    signed = {line.id: taken[line.id] * (1 if line.amount_minor > 0 else -1) for line in lines if line.id in taken}
    return (
        *[replace(line, amount_minor=line.amount_minor + signed.get(line.id, 0)) for line in lines],
        *[replace(line, amount_minor=-signed[line.id]) for line in lines if line.id in signed],
    )
