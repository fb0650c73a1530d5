"""Sweeps: what webhooks should have told, asked for from time to time; and what has no webhook at all.

A sweep starts flows under the same ids as webhooks do, so that finding something twice does no harm.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from integration.effects import Sleep, Start
from integration.flow import FlowContext
from integration.flows.steps import US_PER_SECOND, do, if_found
from integration.systems import billing, crm, erp, payment


class Sweep(msgspec.Struct, frozen=True):
    """A flow that is started every so often; it looks back over `look_back_seconds`."""

    name: str
    every_seconds: int
    look_back_seconds: int


SWEEPS = (
    Sweep("sweep_quotes", 2 * 3600, 3 * 86_400),
    Sweep("sweep_invoices", 2 * 3600, 0),
    Sweep("sweep_credit_notes", 6 * 3600, 3 * 3600),
    Sweep("sweep_payouts", 12 * 3600, 3 * 86_400),
    Sweep("sweep_credit", 4 * 3600, 2 * 3600),
)
"""How often each is asked for when all is quiet.

Messages carry the service levels (an hour for 99 % of the orders and postings); a sweep is for what they
lose, a fraction of one percent. One that finds something comes again within the hour, until it finds nothing new: where
one message was lost others may be.
"""
AGAIN_SECONDS = 3000


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


async def _started(starts: Iterable[Start]) -> int:
    """Start flows; return how many of them are new."""
    return sum([(await start).created for start in starts])


async def sweep_quotes(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Start what was accepted and never announced. Arguments: since_us."""
    total = 0
    while True:
        rows = crm.accepted_rows(await do(context, crm.accepted_since(arguments["since_us"])))
        found = await _started(
            [start_quote(row.Id, f"{row.QuoteNumber}-v{int(row.Version__c)}", row.QuoteNumber) for row in rows]
        )
        if not found:
            return {"found": total}
        total += found
        await Sleep(AGAIN_SECONDS)


async def sweep_invoices(context: FlowContext, _arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Start what was invoiced and never announced."""
    total = 0
    while True:
        invoices = billing.invoices_of(await do(context, billing.pending_invoices()))
        found = await _started([start_invoice(invoice.id, invoice.subscription_id) for invoice in invoices])
        if not found:
            return {"found": total}
        total += found
        await Sleep(AGAIN_SECONDS)


async def sweep_credit_notes(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Start what was credited and never announced. Arguments: since_us."""
    notes = billing.credit_notes_in(await do(context, billing.recent_credit_notes(arguments["since_us"])))
    theirs = [note for note in notes if note.reason_code != billing.TAX_REASON]
    return {"found": await _started([start_credit(note.id, note.subscription_id) for note in theirs])}


async def sweep_payouts(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Start what was paid out and never announced. Arguments: since_us."""
    payouts = payment.payouts_of(await do(context, payment.recent_payouts(arguments["since_us"])))
    starts = [start_payout(each.id, each.currency, each.created * US_PER_SECOND) for each in payouts]
    return {"found": await _started(starts)}


async def sweep_credit(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Show sales the credit status of customers that changed and were not announced. Arguments: since_us."""
    changes = erp.changed_credit(await do(context, erp.credit_changes(arguments["since_us"])))
    news = [change for change in changes if change.is_news]
    starts = [start_credit_status(each.externalid, each.custentity_credit_status, each.stamp) for each in news]
    return {"found": await _started(starts)}


async def show_credit(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Write the credit status of a customer on its account. Arguments: account, status, stamp."""
    fields = {"CreditStatus__c": arguments["status"]}
    call = crm.update_account(arguments["account"], fields, arguments["stamp"])
    return {"shown": await if_found(context, call) is not None}
