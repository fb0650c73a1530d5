"""Account mirrors: what sales is shown on an account, and shown again when something else stands there.

A quote's mirror has a place in a sequence that the CRM guards; an account's has none. A write whose outcome was unknown
may arrive when newer ones have, and would stand for ever. So what each write of ours left is remembered, accounts that
were touched are compared with it from time to time, and what differs is written once more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration.effects import Assign, Lookup, Start
from integration.flow import FlowContext
from integration.flows.paging import every_row
from integration.flows.steps import if_found
from integration.systems import crm, crm_accounts

LEFT = "account_left"


async def show_on_account(context: FlowContext, account: str, fields: Mapping[str, str], stamp: str) -> bool:
    """Write fields on an account and remember them; False when the CRM has no such account."""
    if await if_found(context, crm.update_account(account, dict(fields), stamp)) is None:
        return False
    left = await Lookup(LEFT, account)
    while left is None or not fields.items() <= left.items():
        left = await Assign(kind=LEFT, key=account, value={**(left or {}), **fields}, expected=left)
    return True


async def overwritten(context: FlowContext, since_us: int) -> list[Start]:
    """Return a start for each account touched since an instant that shows something else than we left there."""
    rows = await every_row(context, crm_accounts.touched_since(since_us), crm_accounts.touched_page)
    return [
        Start(
            flow_id=f"account/{row.AccountNumber}/{row.SystemModstamp}",
            name="show_account",
            arguments={"account": row.AccountNumber},
            entity_key=f"credit-status/{row.AccountNumber}",
        )
        for row in rows
        if row.is_changed and not row.shows(await Lookup(LEFT, row.AccountNumber) or {})
    ]


async def show_account(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Write once more what an account was last left with. Arguments: account.

    It waits for the flows that show the account's credit, so that it never brings back what one of them replaces.
    """
    account = arguments["account"]
    left = await Lookup(LEFT, account) or {}
    answer = await if_found(context, crm.update_account(account, left, context.flow_id))
    return {"shown": answer is not None}
