"""Balances: what sales is shown as open of an invoice is never older than what it was shown before.

Several flows tell of one invoice: it is posted, paid, credited, disputed, given up. Each shows what it learned last,
perhaps before another changed it, perhaps from a copy that lagged. The version of the invoice says which is newer. So
what each write left is remembered with its version, an older balance gives way to it, and invoices that changed are
compared with it from time to time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration.effects import Assign, Lookup, Now, Start
from integration.flow import FlowContext
from integration.flows.paging import every_row
from integration.flows.steps import mirror
from integration.systems.billing import receivables as owed
from integration.systems.billing.receivables import Money

LEFT = "balance_left"
STATUS = "InvoiceStatus__c"
_OF_INVOICES = (STATUS, "PaymentStatus__c")
Row = dict[str, Any]


async def left_of(arguments: Mapping[str, Any]) -> Row | None:
    """Return what the last mirror of an invoice left: version, balance and fields; None when there was none."""
    invoice = arguments.get("invoice", "")
    return await Lookup(LEFT, invoice) if invoice else None


def newest(arguments: Mapping[str, Any], left: Row | None) -> Mapping[str, Any]:
    """Return the arguments of a mirror, with what was left of its invoice when that is newer."""
    if left is None or left["version"] <= arguments["version"]:
        return arguments
    fields = {**arguments["fields"], **left["fields"]}
    return {**arguments, "fields": fields, "balance": left["balance"], "version": left["version"]}


async def leave(arguments: Mapping[str, Any], left: Row | None) -> None:
    """Remember what a mirror has shown of an invoice."""
    if arguments.get("invoice", ""):
        shown = {name: arguments["fields"][name] for name in _OF_INVOICES if name in arguments["fields"]}
        now = {"version": arguments["version"], "balance": arguments["balance"], "fields": shown}
        await Assign(kind=LEFT, key=arguments["invoice"], value=now, expected=left)


async def changed(context: FlowContext, since_us: int) -> list[Start]:
    """Return a start for each invoice that changed since an instant, and of which sales is shown another balance."""
    rows = await every_row(context, owed.changed_since(since_us), owed.changed_page)
    at_us = await Now()
    return [
        mirror(row.txn, row.quote_reference, "", at_us, {STATUS: status_of(row)}, row.balance)
        for row in rows
        if row.quote_reference and _is_news(row, await Lookup(LEFT, row.id))
    ]


def _is_news(row: Money, left: Row | None) -> bool:
    """Tell whether an invoice that was shown has another balance by now; the first time its own flow shows it."""
    return left is not None and row.resource_version > left["version"] and row.balance.open != left["balance"]


def status_of(row: Money) -> str:
    """Return how sales is told what became of an invoice."""
    if not row.amount_due:
        return "written_off" if row.write_off_amount else "paid"
    return "disputed" if row.dunning_status == "stopped" else "posted"
