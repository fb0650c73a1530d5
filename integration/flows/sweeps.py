"""Sweeps: what webhooks should have told, asked for from time to time; and what has no webhook at all.

A sweep starts flows under the same ids as webhooks do, so that finding something twice does no harm.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from integration.effects import Start
from integration.flow import FlowContext
from integration.flows.steps import US_PER_SECOND, do
from integration.systems import billing, crm, erp, payment


class Sweep(msgspec.Struct, frozen=True):
    """A flow that is started every so often; it looks back over `look_back_seconds`."""

    name: str
    every_seconds: int
    look_back_seconds: int


SWEEPS = (
    Sweep("sweep_quotes", 3600, 3 * 86_400),
    Sweep("sweep_invoices", 3600, 0),
    Sweep("sweep_credit_notes", 3600, 3 * 3600),
    Sweep("sweep_payouts", 6 * 3600, 3 * 86_400),
    Sweep("sweep_credit", 3600, 7200),
)


def start_quote(quote_id: str, reference: str, txn: str) -> Start:
    """Return the start of the flow of an accepted quote version."""
    return Start(
        flow_id=f"quote/{reference}",
        name="accepted_quote",
        arguments={"quote_id": quote_id, "reference": reference},
        txn=txn,
        entity_key=f"quote/{txn}",
    )


def start_invoice(invoice: str, txn: str) -> Start:
    """Return the start of the flow of an invoice."""
    return Start(flow_id=f"invoice/{invoice}", name="bill", arguments={"invoice": invoice}, txn=txn)


def start_credit(note: str, txn: str) -> Start:
    """Return the start of the flow of a credit note."""
    return Start(flow_id=f"credit/{note}", name="credit", arguments={"credit_note": note}, txn=txn)


def start_payout(payout: str, currency: str, at_us: int) -> Start:
    """Return the start of the flow of a payout."""
    arguments = {"payout": payout, "currency": currency, "at_us": at_us}
    return Start(flow_id=f"payout/{payout}", name="settle", arguments=arguments)


def start_credit_status(account: str, status: str, stamp: str) -> Start:
    """Return the start of the flow that shows sales a customer's credit status as of an instant (text that sorts)."""
    return Start(
        flow_id=f"credit-status/{account}/{stamp}/{status}",
        name="show_credit",
        arguments={"account": account, "status": status, "stamp": stamp},
        entity_key=f"credit-status/{account}",
        order_key=stamp,
    )


async def sweep_quotes(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Start what was accepted and never announced. Arguments: since_us."""
    rows = crm.accepted_rows(await do(context, crm.accepted_since(arguments["since_us"])))
    for row in rows:
        reference = f"{row.QuoteNumber}-v{int(row.Version__c)}"
        await start_quote(row.Id, reference, row.QuoteNumber)
    return {"found": len(rows)}


async def sweep_invoices(context: FlowContext, _arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Start what was invoiced and never announced."""
    invoices = billing.invoices_of(await do(context, billing.pending_invoices()))
    for invoice in invoices:
        await start_invoice(invoice.id, invoice.subscription_id)
    return {"found": len(invoices)}


async def sweep_credit_notes(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Start what was credited and never announced. Arguments: since_us."""
    notes = billing.credit_notes_in(await do(context, billing.recent_credit_notes(arguments["since_us"])))
    for note in notes:
        if note.reason_code != billing.TAX_REASON:
            await start_credit(note.id, note.subscription_id)
    return {"found": len(notes)}


async def sweep_payouts(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Start what was paid out and never announced. Arguments: since_us."""
    payouts = payment.payouts_of(await do(context, payment.recent_payouts(arguments["since_us"])))
    for payout in payouts:
        await start_payout(payout.id, payout.currency, payout.created * US_PER_SECOND)
    return {"found": len(payouts)}


async def sweep_credit(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Show sales the credit status of customers that changed; the ERP sends no messages. Arguments: since_us."""
    changes = erp.changed_credit(await do(context, erp.credit_changes(arguments["since_us"])))
    for change in changes:
        await start_credit_status(change.externalid, change.custentity_credit_status, change.lastmodifieddate)
    return {"found": len(changes)}


async def show_credit(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Write the credit status of a customer on its account. Arguments: account, status, stamp."""
    account_id = crm.account_id(await do(context, crm.find_account(arguments["account"])))
    if not account_id:
        return {"shown": False}
    fields = {"CreditStatus__c": arguments["status"]}
    await do(context, crm.update_account(account_id, fields, arguments["stamp"]))
    return {"shown": True}
