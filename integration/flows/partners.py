"""Partner deals: the reseller (or its distributor) buys and is billed, somebody else uses what was sold.

Three things must be right before such a quote is booked: there is an agreement under which this partner buys so, the
price is the partner's and not the direct one, and no other partner's deal with the same customer is protected.
"""

from __future__ import annotations

from datetime import date

import msgspec

from domain.objects import Quote
from integration.effects import Assign, Lookup, Park
from integration.flow import FlowContext
from integration.flows.steps import ask_a_person, day_in, tell
from integration.masterdata.agreements import (
    PARTNER,
    REGISTRATION,
    Agreement,
    WrongAgreement,
    agreement_of,
    direct_prices,
    is_free,
    registration,
)
from integration.masterdata.crossreference import canonical_of
from integration.outcomes import GivenUp
from integration.systems.crm import AcceptedQuote

OURS = "award"
CONFLICT = "POLICY.APPROVAL_REQUIRED"


async def as_partner_deal(context: FlowContext, accepted: AcceptedQuote) -> AcceptedQuote:
    """Return a quote that is ready to be booked; a direct one at once, a partner's once it is as agreed."""
    quote = accepted.quote
    if not quote.partner_model:
        return accepted
    agreement = await _agreed(quote)
    percent = agreement.wanted_percent(quote.partner_model)
    direct = direct_prices(quote.lines, percent)
    if direct:
        detail = f"{quote.account} buys at {percent} % off the list; above that are: {', '.join(direct)}"
        await ask_a_person("DATA_QUALITY.PRICE_MISMATCH", detail, partner=quote.account, skus=direct)
    user = await canonical_of("crm", quote.end_customer) or quote.end_customer
    day = day_in(context, quote.entity, accepted.changed_us)
    await _registered(quote, user, day)
    await _told(quote, user, day)
    return msgspec.structs.replace(accepted, quote=msgspec.structs.replace(quote, end_customer=user))


async def _agreed(quote: Quote) -> Agreement:
    """Return the agreement with the partner who buys, once there is one for the model of the deal."""
    while True:
        row = await Lookup(PARTNER, quote.account)
        trouble = f"there is no agreement with {quote.account}"
        if row is not None:
            try:
                found = agreement_of(row)
            except WrongAgreement as wrong:
                trouble = f"{quote.account}: {wrong}"
            else:
                if quote.partner_model in found.models:
                    return found
                trouble = f"the agreement with {quote.account} has no {quote.partner_model}"
        await ask_a_person("DATA_QUALITY.MAPPING_MISSING", trouble, rows=[quote.account], kind=PARTNER)


async def _registered(quote: Quote, user: str, day: date) -> None:
    """Protect the deal; when another partner's is protected, the channel's manager decides whose customer it is."""
    seller = quote.reseller or quote.account
    while True:
        row = await Lookup(REGISTRATION, user)
        wanted = registration(seller, quote.number, day)
        if not is_free(row, seller, day):
            assert row is not None, "what is not free is taken"
            await _awarded(user, seller, row["partner"], row["until"], row["quote"])
        if await Assign(kind=REGISTRATION, key=user, value=wanted, expected=row) == wanted:
            return


async def _awarded(user: str, seller: str, other: str, until: str, deal: str) -> None:
    detail = f"{user} is registered by {other} (deal {deal}) until {until}; {seller} sold to it as well"
    while True:
        resumed = await Park(
            code=CONFLICT, owner="channel management", detail=detail,
            context={"end_customer": user, "partner": seller, "registered": other, "decisions": [OURS, "cancel"]},
        )  # fmt: skip
        if resumed.action == "cancel":
            raise GivenUp(detail)
        if resumed.action == OURS:
            return


async def _told(quote: Quote, user: str, day: date) -> None:
    listed = sum(line.list_unit_minor * line.quantity for line in quote.lines)
    margin = {"amount_minor": max(listed - quote.total_minor, 0), "currency": quote.currency}
    await tell(
        "partner_deal.registered", quote.number, quote.txn, legal_entity=quote.entity, business_date=day.isoformat(),
        deal_id=quote.number, partner=quote.reseller or quote.account, model=quote.partner_model, margin=margin,
        end_customer=user,
    )  # fmt: skip
