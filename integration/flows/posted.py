"""Posted: what refers to an invoice in the books waits until the invoice's own flow has posted it there.

An ERP takes a credit that names an invoice it does not know, refuses it, or keeps it unapplied for good: the invoice
that comes later is owed in full then, and its customer dunned for what was paid.
"""

from __future__ import annotations

from itertools import count

from integration.effects import Missing
from integration.flow import FlowContext
from integration.flows.starts import start_invoice
from integration.flows.steps import AT_WORK, if_found, look_again
from integration.systems.erp import receivables as books


async def until_posted(context: FlowContext, invoice: str, txn: str, waits: str) -> None:
    """Return once an invoice is in the books; people are told, after a while, what `waits` for it."""
    for look in count(1):
        if await if_found(context, books.read_invoice(invoice, txn)) is not None:
            return
        told = f"{waits} waits for invoice {invoice}, which is not in the books"
        await look_again(look, AT_WORK, told, invoice=invoice)


async def is_ours(invoice: str, txn: str) -> bool:
    """Tell whether a flow of ours has posted an invoice, or will; others were there before us."""
    return not await Missing((start_invoice(invoice, txn).flow_id,))
