"""The customer behind an order: known to the ERP on the right terms, free of a credit hold, known to billing.

What is known is read and left alone; only what is missing or different is written.
"""

from __future__ import annotations

from integration.effects import Receive
from integration.facade.ledgers import every_ledger
from integration.flow import FlowContext
from integration.flows.families import still_wanted
from integration.flows.steps import do, if_found, key_of, mirror
from integration.outcomes import Answer, CallFailed
from integration.systems import billing, erp
from integration.systems.crm import AcceptedQuote

HOLD_PAUSES_SECONDS = (900, 1800, 3600)  # for when the news of a release is lost; the last one again and again


async def ensure_customer(context: FlowContext, accepted: AcceptedQuote) -> tuple[Answer, erp.CustomerStanding]:
    """Have the account as a customer of the ERP; return the answer that told its standing, and that standing."""
    account, terms_days, txn = accepted.account, context.settings.terms_days, accepted.quote.txn
    answer = await if_found(context, erp.read_customer(account.id, txn))
    if answer is None:
        created = await do(context, erp.put_customer(account, terms_days, txn))
        return created, erp.NEW_CUSTOMER
    standing = erp.customer_standing(answer)
    if not standing.is_as(account, terms_days):
        answer = await do(context, erp.put_customer(account, terms_days, txn))
    return answer, standing


async def home_of(context: FlowContext, account: str) -> FlowContext:
    """Return the context of the ledger that has an account as its customer; where there is one only, it is that one."""
    contexts = every_ledger(context)
    for each in contexts[1:]:
        if await if_found(each, erp.read_customer(account, context.txn)) is not None:
            return each
    return context


async def cleared_customer(context: FlowContext, accepted: AcceptedQuote, reference: str) -> tuple[int, bool]:
    """Wait until the account is a customer that is not on hold; return when that was known, and whether it is new."""
    answer, standing = await ensure_customer(context, accepted)
    if not standing.is_held:
        return answer.at_us, standing is erp.NEW_CUSTOMER
    return await released(context, accepted, reference, answer.at_us), False


async def released(
    context: FlowContext, accepted: AcceptedQuote, reference: str, at_us: int, kinds: frozenset[str] = erp.HELD
) -> int:
    """Show sales that the order waits for credit; wait until no hold of these kinds is left, and return when."""
    quote = accepted.quote
    await mirror(quote.txn, reference, quote.id, at_us, {"OrderStatus__c": "credit_hold"})
    pauses = iter(HOLD_PAUSES_SECONDS)
    while True:
        await Receive("credit", quote.account, next(pauses, HOLD_PAUSES_SECONDS[-1]))
        await still_wanted(reference)
        answer = await do(context, erp.read_customer(quote.account, quote.txn))
        if erp.customer_standing(answer).custentity_credit_status not in kinds:
            return answer.at_us


async def create_billing_customer(context: FlowContext, accepted: AcceptedQuote) -> None:
    """Create the account's customer in billing; one that is there already is as good."""
    account, txn = accepted.account, accepted.quote.txn
    key = key_of(context, account.id, "create_customer")

    async def there() -> Answer | None:
        return await if_found(context, billing.read_customer(account.id, txn))

    call = billing.create_customer(account, accepted.address, context.settings.terms_days, key, txn)
    try:
        await do(context, call, there, allow=("duplicate_entry",))
    except CallFailed:
        return
