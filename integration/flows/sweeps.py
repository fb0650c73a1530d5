"""Sweeps: what webhooks should have told, asked for from time to time; and what has no webhook at all.

A sweep starts flows under the same ids as webhooks do, so that finding something twice does no harm.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

from domain.calendar import SECOND_US
from integration.effects import Assign, Deliver, Lookup, Missing, Now, Sleep, Start
from integration.facade.ledgers import every_ledger
from integration.flow import FlowContext, Program
from integration.flows import account_mirrors, balances, dunning
from integration.flows.credit_notes import OURS
from integration.flows.paging import every_row
from integration.flows.starts import (
    start_chargeback,
    start_credit,
    start_credit_status,
    start_invoice,
    start_payout,
    start_quote,
)
from integration.outcomes import GivenUp
from integration.systems import billing, crm, erp, payment, payment_back, payment_events
from integration.systems.erp import receivables


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
    Sweep("sweep_accounts", 4 * 3600, 2 * 3600),
    Sweep("sweep_balances", 4 * 3600, 2 * 3600),
    Sweep("sweep_disputes", 12 * 3600, 3 * 86_400),
    Sweep("sweep_messages", 12 * 3600, 3600),
    Sweep("sweep_overdue", 86_400, 0),
    Sweep("sweep_orders", 12 * 3600, 3600),
    Sweep("sweep_billed", 12 * 3600, 3600),
    Sweep("sweep_payments", 12 * 3600, 3600),
)
"""How often each is asked for when all is quiet.

Messages carry the service levels (an hour for 99 % of the orders and postings); a sweep is for what they
lose, a fraction of one percent.
"""
AGAIN_SECONDS = 3000
"""How soon quotes and invoices, of which orders and postings are made, are asked for again when one was found: where
one message was lost others may be. The others come again at their time."""


OWED = "sweep_owed"


def owing(program: Program) -> Program:
    """Return a sweep that begins where one began that people gave up, if one did: nobody has looked since."""

    async def swept(context: FlowContext, arguments: Mapping[str, Any]) -> Any:
        owed = await Lookup(OWED, context.name)
        since_us = arguments["since_us"] if owed is None else min(arguments["since_us"], owed["since_us"])
        try:
            result = await program(context, {**arguments, "since_us": since_us})
        except GivenUp:
            await Assign(kind=OWED, key=context.name, value={"since_us": since_us}, expected=owed)
            raise
        if owed is not None:
            await Assign(kind=OWED, key=context.name, value=None, expected=owed)
        return result

    return swept


async def started(starts: Sequence[Start]) -> int:
    """Start those flows that the journal does not know; return how many."""
    missing = set(await Missing(tuple([start.flow_id for start in starts]))) if starts else ()
    return sum([(await start).created for start in starts if start.flow_id in missing])


async def sweep_quotes(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Start what was accepted and never announced. Arguments: since_us."""

    async def found() -> int:
        rows = await every_row(context, crm.accepted_since(arguments["since_us"]), crm.accepted_page)
        return await started([start_quote(row.Id, row.reference, row.QuoteNumber) for row in rows])

    return await until_nothing_new(found)


async def sweep_invoices(context: FlowContext, _arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Start what was invoiced and never announced."""

    async def found() -> int:
        invoices = await every_row(context, billing.pending_invoices(), billing.invoice_page)
        return await started([start_invoice(invoice.id, invoice.subscription_id) for invoice in invoices])

    return await until_nothing_new(found)


async def until_nothing_new(find: Callable[[], Awaitable[int]]) -> dict[str, Any]:
    """Find what nobody told, again within the hour until there is nothing new."""
    total = 0
    while found := await find():
        total += found
        await Sleep(AGAIN_SECONDS)
    return {"found": total}


async def sweep_credit_notes(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Start what was credited and never announced. Arguments: since_us."""
    call = billing.recent_credit_notes(arguments["since_us"])
    notes = await every_row(context, call, billing.credit_note_page)
    theirs = [note for note in notes if note.reason_code not in OURS]
    return {"found": await started([start_credit(note.id, note.subscription_id) for note in theirs])}


async def sweep_payouts(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Start what was paid out and never announced. Arguments: since_us."""
    payouts = await every_row(context, payment.recent_payouts(arguments["since_us"]), payment.payout_page)
    starts = [start_payout(each.id, each.currency, each.created * SECOND_US) for each in payouts]
    return {"found": await started(starts)}


async def sweep_credit(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Show sales the credit status of customers that changed and were not announced. Arguments: since_us."""
    changes = [
        change
        for each in every_ledger(context)
        for change in await every_row(each, erp.credit_changes(arguments["since_us"]), erp.credit_page)
    ]
    news = [change for change in changes if change.is_news]
    starts = [start_credit_status(each.externalid, each.custentity_credit_status, each.stamp) for each in news]
    return {"found": await started(starts)}


async def sweep_accounts(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Show sales once more what a late copy of an old write has replaced on an account. Arguments: since_us."""
    return {"found": await started(await account_mirrors.overwritten(context, arguments["since_us"]))}


async def sweep_balances(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Show sales what is open of invoices whose last change no flow has shown. Arguments: since_us."""
    return {"found": await started(await balances.changed(context, arguments["since_us"]))}


async def sweep_disputes(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Start what was disputed or came back and was never announced. Arguments: since_us."""
    call = payment_back.disputes_since(arguments["since_us"])
    rows = await every_row(context, call, payment_back.dispute_page)
    return {"found": await started([start_chargeback(row.id) for row in rows])}


async def sweep_messages(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Take in what the processor told and we did not hear: a flow may wait for it for weeks. Arguments: since_us."""
    told = await every_row(context, payment_events.told_since(arguments["since_us"]), payment_events.told_page)
    return {"found": len(await Deliver("payment", tuple(told))) if told else 0}


async def sweep_overdue(context: FlowContext, _arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Start the dunning of every account that is to be dunned; those in dunning are the same flow."""
    now_us, episodes = await Now(), {}
    last = max(dunning.days_now(context, now_us))
    owed: dict[str, list[receivables.OpenInvoice]] = {}
    for each in every_ledger(context):
        for row in await every_row(each, receivables.overdue(last), receivables.open_page):
            owed.setdefault(row.account, []).append(row)
    for account, rows in sorted(owed.items()):
        episode = await dunning.episode_of(account)
        if episode.dunned(context, rows, now_us):
            episodes[account] = episode
    return {"found": await _begun(context, episodes)}


async def _begun(context: FlowContext, episodes: Mapping[str, dunning.Episode]) -> int:
    """Begin the episodes of accounts that nobody works on; return how many.

    Who discarded one has its debts in hand: the next one of the account is about later debts.
    """
    starts = {account: episode.start(account) for account, episode in episodes.items()}
    ids, begun = tuple([start.flow_id for start in starts.values()]), 0
    idle = await Missing(ids, or_discarded=True) if ids else ()
    for account, start in starts.items():
        if start.flow_id in idle:
            is_created = (await start).created
            begun += is_created
            if not is_created:
                await dunning.given_up(context, account, episodes[account])
    return begun
