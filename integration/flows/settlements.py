"""Payouts of the processor: read all their transactions, record them in the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration.flow import FlowContext
from integration.flows.approvals import in_open_period
from integration.flows.facts import payout_settled
from integration.flows.steps import ask_a_person, day_in, do, tell
from integration.systems import erp, payment

PAGES_MAX = 1000


async def settle(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Post one payout: bank and fees against clearing. Arguments: payout, currency, at_us."""
    payout, currency = arguments["payout"], arguments["currency"].upper()
    gross_minor = fee_minor = 0
    after = ""
    for _ in range(PAGES_MAX):
        page = payment.page_of(await do(context, payment.payout_transactions(payout, after)))
        for row in page.data:
            if row.type != "payout":  # the payout itself is listed among its transactions
                gross_minor += row.amount
                fee_minor += row.fee
        if not page.has_more:
            break
        after = page.data[-1].id
    while currency not in context.settings.settlement_entities:
        await ask_a_person("DATA_QUALITY.ENTITY_UNASSIGNED", f"no legal entity receives payouts in {currency}")
    entity = context.settings.settlement_entities[currency]
    day = day_in(context, entity, arguments["at_us"])
    await in_open_period(
        context, entity, day,
        lambda dated: erp.put_settlement(payout, entity, currency, gross_minor, fee_minor, dated),
    )  # fmt: skip
    body = payout_settled(payout, entity, currency, gross_minor, fee_minor, day)
    await tell("payout.settled", payout, context.txn, **body)
    return {"payout": payout, "gross_minor": gross_minor, "fee_minor": fee_minor}
