"""Merging two customers into one, and taking it back.

A merge changes what an account *stands for*, not whose name is on a document: an invoice that was issued stays with
the party it was issued to, and the vendors' own merges cannot be undone. So the loser's row of the cross-reference
points to the survivor, everything new goes to the survivor, and everything old is found under it through its members.
Undoing is putting one row back; nothing was moved, so nothing can be lost on the way back either.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration.effects import Assign, Lookup, Now
from integration.flow import FlowContext
from integration.flows.account_mirrors import show_on_account
from integration.flows.customers import home_of
from integration.flows.paging import every_row
from integration.flows.steps import ask_a_person, day_in, do, if_found, tell
from integration.masterdata import crossreference
from integration.masterdata.crossreference import CUSTOMER, MERGE, Row, external
from integration.masterdata.survivorship import merged, obstacles
from integration.systems import crm_accounts, erp, holdings
from integration.systems.crm_accounts import AccountRow

DUPLICATE = "DATA_QUALITY.DUPLICATE_CUSTOMER"


class Party:
    """One side of a merge: its account in the CRM and its standing in the ERP, if the ERP knows it."""

    def __init__(self, row: AccountRow, standing: erp.CustomerStanding | None) -> None:
        self.row, self.standing = row, standing

    @property
    def values(self) -> dict[str, Any]:
        """Return the fields that survivorship chooses from."""
        identity = self.row.identity()
        names = ("name", "street", "city", "postal_code", "region", "country", "tax_id", "duns", "website")
        found = {name: getattr(identity, name) for name in (*names, "entity", "currency")}
        if self.standing is not None:
            found["credit_status"] = self.standing.custentity_credit_status
            found["terms_days"] = int(self.standing.terms.id.removeprefix("NET") or 0)
        return found


async def merge_customers(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Let one customer live on as another. Arguments: loser, survivor, reason, requested_by (optional)."""
    loser = await _known(arguments["loser"])
    survivor = await _known(arguments["survivor"])
    if loser == survivor:
        return {"status": "merged_before", "survivor": survivor}
    while True:
        one, other = await _party(context, survivor), await _party(context, loser)
        golden = merged(one.values, other.values)
        trouble = _trouble(survivor, loser, one, other, golden)
        if not trouble:
            break
        code, detail = trouble
        await ask_a_person(code, detail, loser=loser, survivor=survivor)
    at_us = await Now()
    await _redirected(loser, survivor, {"reason": arguments["reason"], "at_us": at_us, "golden": golden})
    await crossreference.join(survivor, loser)
    await _shown(context, loser, survivor, at_us)
    held = await holdings_of(context, loser)
    await _tell(context, "customer.merged", loser, one, at_us, survivor)
    return {"status": "merged", "survivor": survivor, "loser": loser, "golden": golden, "found_under_survivor": held}


async def _known(number: str) -> str:
    return await crossreference.canonical_of("crm", number) or number


async def _party(context: FlowContext, number: str) -> Party:
    row = crm_accounts.one_account(await do(context, crm_accounts.read_account(number, context.txn)), number)
    answer = await if_found(await home_of(context, number), erp.read_customer(number, context.txn))
    return Party(row, erp.customer_standing(answer) if answer is not None else None)


def _trouble(survivor: str, loser: str, one: Party, other: Party, golden: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return (code, what is wrong) when two customers cannot become one as they are."""
    obstacle = obstacles(one.values, other.values)
    if obstacle:
        return DUPLICATE, f"{loser} cannot be merged into {survivor}: {'; '.join(obstacle)}"
    wanted = golden["credit_status"]["value"] if "credit_status" in golden else "clear"
    if wanted != "clear" and one.values.get("credit_status", "clear") != wanted:
        detail = f"{loser} is on {wanted}; credit has to take the hold over to {survivor} before they are one"
        return "POLICY.CREDIT_HOLD", detail
    return None


async def _redirected(loser: str, survivor: str, why: Row) -> None:
    """Let the loser's row point to the survivor, and remember what it said before."""
    place = external("crm", loser)
    while True:
        before = await Lookup(CUSTOMER, place)
        row = {"id": survivor, "by": "merge", "why": [why["reason"]]}
        remembered = {**why, "survivor": survivor, "before": before}
        standing = await Lookup(MERGE, loser)
        await Assign(kind=MERGE, key=loser, value=remembered, expected=standing)
        if await Assign(kind=CUSTOMER, key=place, value=row, expected=before) == row:
            return


async def _shown(context: FlowContext, account: str, canonical: str, at_us: int) -> None:
    """Show sales which customer an account stands for; an account that the CRM has not is not there to be shown."""
    await show_on_account(context, account, {"Customer__c": canonical}, f"customer/{at_us // 1000}")


async def holdings_of(context: FlowContext, canonical: str) -> dict[str, dict[str, list[str]]]:
    """Return what is open of a customer and of all that were merged into it: account -> orders, invoices, ..."""
    found = {}
    for account in await crossreference.members_of(canonical):
        held: dict[str, list[str]] = {"orders": [], "invoices": [], "subscriptions": []}
        home = await home_of(context, account)
        answer = await if_found(home, erp.read_customer(account, context.txn))
        if answer is not None:
            call = holdings.transactions_of(erp.customer_standing(answer).id, context.txn)
            held |= holdings.open_transactions(await every_row(home, call, holdings.transaction_page))
        asked = holdings.subscriptions_of(account, context.txn)
        held["subscriptions"] = holdings.open_subscriptions(await every_row(context, asked, holdings.subscription_page))
        found[account] = held
    return found


async def customer_holdings(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Tell what is open of a customer, by account, merged ones included. Arguments: account."""
    canonical = await _known(arguments["account"])
    return {"customer": canonical, "accounts": await holdings_of(context, canonical)}


async def unmerge_customers(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Take a merge back: the loser is a customer of its own again. Arguments: loser, reason.

    What was ordered for the loser's account in between stays with the survivor, to whom it was billed.
    """
    loser: str = arguments["loser"]
    remembered = await Lookup(MERGE, loser)
    if remembered is None:
        return {"status": "not_merged", "loser": loser}
    survivor: str = remembered["survivor"]
    place = external("crm", loser)
    row = await Lookup(CUSTOMER, place)
    if row is not None and row["id"] == survivor:
        await Assign(kind=CUSTOMER, key=place, value=remembered["before"] or {"id": loser, "by": "undo"}, expected=row)
    await crossreference.part(survivor, loser)
    await Assign(kind=MERGE, key=loser, value=None, expected=remembered)
    at_us = await Now()
    await _shown(context, loser, loser, at_us)
    await _tell(context, "customer.updated", loser, await _party(context, loser), at_us, None)
    return {"status": "taken_back", "loser": loser, "survivor": survivor}


async def _tell(context: FlowContext, fact: str, account: str, party: Party, at_us: int, survivor: str | None) -> None:
    entity = party.row.Entity__c or next(iter(context.settings.zones))
    changes = [{"field": "survivor", "before": account, "after": survivor or account}]
    await tell(
        fact, account, context.txn, legal_entity=entity, business_date=day_in(context, entity, at_us).isoformat(),
        customer_id=account, external_ids={"crm": account, "erp": account, "billing": account}, changes=changes,
        survivor=survivor,
    )  # fmt: skip
