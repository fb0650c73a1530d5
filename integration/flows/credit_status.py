"""The credit status of a customer, as sales is shown it, and the holds that begin and end with it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any

from integration.effects import Assign, Lookup
from integration.flow import FlowContext
from integration.flows import account_mirrors, cash_facts
from integration.flows.customers import home_of
from integration.flows.steps import LAGGING, day_in, if_found, look_again, tell
from integration.systems import erp, wire

HOLDS = "credit_hold"


async def show_credit(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Write the credit status of a customer on its account, and tell holds. Arguments: account, status, stamp.

    A message that comes late tells an old status, and the CRM does not guard its accounts by a sequence. So what is
    shown is what the ERP says now; the flows of one account run one at a time, and the last one reads last.
    """
    account, stamp = arguments["account"], arguments["stamp"]
    standing = await _standing(await home_of(context, account), account, wire.instant_of(stamp))
    status = standing.custentity_credit_status if standing is not None else arguments["status"]
    is_shown = await account_mirrors.show_on_account(context, account, {"CreditStatus__c": status}, stamp)
    if standing is not None:
        await _told_hold(context, account, standing, stamp)
    return {"shown": is_shown}


async def _standing(context: FlowContext, account: str, changed_us: int) -> erp.CustomerStanding | None:
    """Return the credit standing of a customer who changed at an instant; a copy that lags behind it is asked again."""
    for look in count(1):
        customer = await if_found(context, erp.read_credit(account, context.txn))
        standing = erp.customer_standing(customer) if customer is not None else None
        shown = standing.lastModifiedDate if standing is not None else ""
        if not shown or wire.instant_of(shown) >= changed_us:
            break
        told = f"the ERP shows {account} as of {shown}, but told of a later change"
        await look_again(look, LAGGING, told, account=account)
    return standing


async def _told_hold(context: FlowContext, account: str, standing: erp.CustomerStanding, stamp: str) -> None:
    """Tell that a hold began or ended; the cross-reference remembers which hold an account is under."""
    before, status = await Lookup(HOLDS, account), standing.custentity_credit_status
    after = {"hold_id": f"{account}/{stamp}", "level": status.removesuffix("_hold")} if standing.is_held else None
    if (before is None and after is None) or (before and after and before["level"] == after["level"]):
        return
    entity, at_us = standing.subsidiary.id, wire.instant_of(stamp)
    day = day_in(context, entity, at_us)
    if before is not None:
        body = cash_facts.hold(entity, day, account, before["hold_id"], at_us, "")
        await tell("credit_hold.released", account, context.txn, **body)
    if after is not None:
        body = cash_facts.hold(entity, day, account, after["hold_id"], at_us, after["level"])
        await tell("credit_hold.applied", account, context.txn, **body)
    await Assign(kind=HOLDS, key=account, value=after, expected=before)
