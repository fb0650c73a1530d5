"""What our journal has forgotten: documents that we had made, and of which no flow of ours knows.

A database that is restored from a backup does not know what was done after it. Whoever made it goes on: an order was
booked, an invoice closed, a payment taken. Each of them has a flow under its own name, so a document of ours without
its flow is one that was forgotten; its flow is started again, finds what is there and does what is missing.

How far a sweep looks back is kept in the journal as well, so that a restored one looks back to its backup.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from integration.effects import Missing, Park, Start
from integration.facade.ledgers import every_ledger
from integration.flow import FlowContext
from integration.flows.paging import every_row
from integration.flows.starts import start_invoice, start_quote
from integration.flows.sweeps import started
from integration.systems import billing, crm, erp, payment

NAMES_AT_ONCE = 50
"""References in one query of the CRM: a target of some two thousand characters."""
SHOWN_MAX = 20
OWNER = "platform"


async def sweep_orders(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Take up booked orders that no flow of ours knows. Arguments: since_us.

    An order is in the ERP because a flow of ours put it there. A missing one is a journal that has forgotten, and
    people are told of it; an order without a quote was entered by somebody, and is none of our business.
    """
    rows = [
        row
        for each in every_ledger(context)
        for row in await every_row(each, erp.changed_orders(arguments["since_us"]), erp.order_page)
    ]
    references = sorted({row.externalid for row in rows if row.externalid and not row.is_cancelled})
    unknown = await Missing(tuple([f"quote/{each}" for each in references])) if references else ()
    quotes = await _quotes_of(context, [each.removeprefix("quote/") for each in unknown])
    found = await started([start_quote(quote.Id, quote.reference, quote.QuoteNumber) for quote in quotes])
    if found:
        names = [quote.reference for quote in quotes]
        await Start(flow_id=f"forgotten/{context.flow_id}", name="forgotten", arguments={"orders": names})
    return {"found": found}


async def _quotes_of(context: FlowContext, references: Sequence[str]) -> list[crm.AcceptedRow]:
    found: list[crm.AcceptedRow] = []
    for first in range(0, len(references), NAMES_AT_ONCE):
        call = crm.quotes_named(references[first : first + NAMES_AT_ONCE])
        found += await every_row(context, call, crm.accepted_page)
    return found


async def sweep_billed(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Take up invoices that no flow of ours knows, pending or not. Arguments: since_us."""
    invoices = await every_row(context, billing.recent_invoices(arguments["since_us"]), billing.invoice_page)
    return {"found": await started([start_invoice(each.id, each.subscription_id) for each in invoices])}


async def sweep_payments(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Take up the invoices of payments whose flow nobody knows: money between two records. Arguments: since_us."""
    intents = await every_row(context, payment.recent_intents(arguments["since_us"]), payment.intent_page)
    starts = {
        invoice: start_invoice(invoice, intent.metadata.get("txn", ""))
        for intent in intents
        if (invoice := intent.metadata.get("invoice"))
    }
    return {"found": await started(list(starts.values()))}


async def forgotten(_context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Tell people what a journal has forgotten, or that it was restored. Arguments: orders, reason (either)."""
    orders, reason = arguments.get("orders", ()), arguments.get("reason", "")
    listed = ", ".join(orders[:SHOWN_MAX])
    rest = f" and {len(orders) - SHOWN_MAX} more" if len(orders) > SHOWN_MAX else ""
    said = reason or f"{len(orders)} orders are booked that our journal did not know: {listed}{rest}"
    detail = f"{said}. Was a backup restored? What is missing has been started; look at what people had decided since"
    resumed = await Park(code="CONFLICT.STATE", owner=OWNER, detail=detail, context={"orders": list(orders)})
    return {"status": "acknowledged", "by": resumed.actor}
