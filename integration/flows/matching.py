"""Which customer an account is: known, matched with one that is known, decided by a steward, or new.

The first thing that a flow of a quote does with its account. What was once decided stands in the cross-reference, so a
second order of the account asks nobody. An account that the ERP knows already is its own customer: to make two known
customers one is a merge (`integration.flows.merges`), never a side effect of an order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from integration.effects import Park, Start
from integration.flow import FlowContext
from integration.flows.paging import every_row
from integration.flows.steps import ask_a_person, day_in, do, if_found, tell
from integration.masterdata import crossreference
from integration.masterdata.identity import Identity
from integration.masterdata.matching import DIFFERENT, SAME, Decision, Judgement, decide
from integration.outcomes import GivenUp
from integration.systems import crm_accounts, erp
from integration.systems.crm import AcceptedQuote
from integration.systems.crm_accounts import AccountRow

DUPLICATE = "DATA_QUALITY.DUPLICATE_CUSTOMER"
NEW = "new"
_SAME_AS = re.compile(r"same as (\S+)")
_MERGE = re.compile(r"merge (\S+) into (\S+)")


async def known_customer(context: FlowContext, accepted: AcceptedQuote) -> AcceptedQuote:
    """Return the quote with the customer that its account stands for; a repeated account becomes the known one."""
    account, txn = accepted.account.id, accepted.quote.txn
    canonical = await _canonical(account)
    if canonical is None:
        canonical = await _first_seen(context, account, accepted.payment_customer, txn)
    await _told(context, accepted, canonical)
    return accepted if canonical == account else await _as(context, accepted, canonical)


async def _told(context: FlowContext, accepted: AcceptedQuote, canonical: str) -> None:
    """Tell that the account of a quote was matched with a customer: once for each quote version."""
    quote, account = accepted.quote, accepted.account.id
    day = day_in(context, quote.entity, accepted.changed_us)
    await tell(
        "customer.validated", account, quote.txn, legal_entity=quote.entity, business_date=day.isoformat(),
        account_id=account, check_id=f"{quote.number}-v{quote.version}", customer_id=canonical, entity=quote.entity,
        match={"rule": "own" if canonical == account else "matched", "score": "1"},
        terms=f"NET{context.settings.terms_days}", tax_ids=[],
    )  # fmt: skip


async def _canonical(account: str) -> str | None:
    while True:
        try:
            return await crossreference.canonical_of("crm", account)
        except crossreference.Ambiguous as circle:
            await ask_a_person(circle.code, str(circle), account=account)


async def _first_seen(context: FlowContext, account: str, payer: str, txn: str) -> str:
    """Decide on an account that the cross-reference does not know, and write it down."""
    why: dict[str, Any] = {"by": "erp", "why": ["the ERP knows it already"]}
    canonical = account
    if await if_found(context, erp.read_customer(account, txn)) is None:
        canonical, why = await _decided(context, account, txn)
    canonical = await _linked("crm", account, canonical, why)
    if payer:
        canonical = await _linked("payment", payer, canonical, {"by": "crm"})
    if canonical != account:
        await crossreference.join(canonical, account)
    return canonical


async def _linked(system: str, external_id: str, canonical: str, why: dict[str, Any]) -> str:
    while True:
        try:
            return await crossreference.link(system, external_id, canonical, **why)
        except crossreference.Ambiguous as ambiguous:
            await ask_a_person(ambiguous.code, str(ambiguous), external_id=external_id, canonical=canonical)


async def _decided(context: FlowContext, account: str, txn: str) -> tuple[str, dict[str, Any]]:
    """Return the canonical id of a new account, and who said so for what reasons."""
    remark = ""
    while True:
        row = crm_accounts.one_account(await do(context, crm_accounts.read_account(account, txn)), account)
        others = await every_row(context, crm_accounts.find_alike(row, txn), crm_accounts.account_page)
        decision = await _judged(context, row.identity(), others)
        if decision.outcome == SAME:
            return decision.candidate, {"by": "rules", "why": list(decision.judgements[0].reasons)}
        if decision.outcome == DIFFERENT:
            return account, {"by": "rules", "why": ["no account is like it"]}
        told, actor = await _asked(row, decision, remark)
        found, remark = await _followed(context, account, told, txn)
        if found:
            return found, {"by": actor, "why": [told]}


async def _judged(context: FlowContext, one: Identity, others: Sequence[AccountRow]) -> Decision:
    """Judge all candidates, the oldest first; those that stand for one customer are one candidate, the customer's.

    An account that nobody has decided on yet counts only when it is older: of two that come at the same time one finds
    the other, never each the other.
    """
    best: dict[str, Identity] = {}
    is_older = True
    for row in others:
        is_older = is_older and row.AccountNumber != one.id
        canonical = await crossreference.canonical_of("crm", row.AccountNumber)
        if canonical is None and not is_older:
            continue
        canonical = canonical or row.AccountNumber
        if canonical != one.id and (canonical not in best or row.AccountNumber == canonical):
            best[canonical] = msgspec.structs.replace(row.identity(), id=canonical)
    return decide(one, best.values(), context.settings.matching)


async def _asked(row: AccountRow, decision: Decision, remark: str) -> tuple[str, str]:
    """Ask a steward; return what is decided and by whom. Raise GivenUp when the order is to be cancelled."""
    shown = [judgement for judgement in decision.judgements if judgement.outcome != DIFFERENT]
    candidates = [_shown(judgement) for judgement in shown]
    detail = f"account {row.AccountNumber} ({row.Name}) may be {', '.join(each.candidate for each in shown)}"
    resumed = await Park(
        code=DUPLICATE,
        detail=f"{detail}; {remark}" if remark else detail,
        context={
            "account": row.AccountNumber,
            "identity": msgspec.to_builtins(row.identity()),
            "candidates": candidates,
            "decisions": [*(f"same as {each.candidate}" for each in shown), NEW, "merge A into B", "cancel"],
        },
    )
    if resumed.action == "cancel":
        raise GivenUp(detail)
    return resumed.action, resumed.actor


def _shown(judgement: Judgement) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(judgement)
    return found


async def _followed(context: FlowContext, account: str, told: str, txn: str) -> tuple[str, str]:
    """Return the canonical id that a decision means, or a remark on what is wrong with it; both empty: look again."""
    if told == NEW:
        return account, ""
    if match := _SAME_AS.fullmatch(told):
        return await _existing(context, match.group(1), txn)
    if match := _MERGE.fullmatch(told):
        loser, survivor = match.groups()
        found, remark = await _existing(context, survivor, txn)
        if found and loser != account:
            await Start(
                flow_id=f"merge/{loser}/{survivor}/{account}",
                name="merge_customers",
                arguments={"loser": loser, "survivor": survivor, "reason": f"decided on {account}"},
                txn=txn,
                entity_key="merges",
            )
        return found, remark
    return "", "" if told == "retry" else f"{told!r} is no decision: expected `same as X`, `new` or `merge A into B`"


async def _existing(context: FlowContext, number: str, txn: str) -> tuple[str, str]:
    """Return the canonical id of an account that a steward named, or a remark that there is none."""
    rows = crm_accounts.account_rows(await do(context, crm_accounts.read_account(number, txn)))
    if not rows:
        return "", f"the CRM has no account {number}"
    return await crossreference.canonical_of("crm", number) or number, ""


async def _as(context: FlowContext, accepted: AcceptedQuote, canonical: str) -> AcceptedQuote:
    """Return the quote as one of the customer's: its name and address are those of the account that lives on."""
    answer = await do(context, crm_accounts.read_account(canonical, accepted.quote.txn))
    row = crm_accounts.one_account(answer, canonical)
    return msgspec.structs.replace(
        accepted,
        quote=msgspec.structs.replace(accepted.quote, account=canonical),
        account=msgspec.structs.replace(row.account(), entity=accepted.quote.entity, currency=accepted.quote.currency),
        address=row.address(),
        payment_customer=row.PaymentCustomer__c or "",
    )
