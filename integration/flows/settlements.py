"""Payouts of the processor: read all their transactions, record them in the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration.flow import FlowContext
from integration.flows.approvals import in_open_period
from integration.flows.facts import payout_settled
from integration.flows.paging import every_row
from integration.flows.steps import ask_a_person, day_in, tell
from integration.systems import erp, payment


async def settle(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Post one payout: bank and fees against clearing. Arguments: payout, currency, at_us."""
    payout, currency = arguments["payout"], arguments["currency"].upper()
    listed = await every_row(context, payment.payout_transactions(payout), payment.transaction_page)
    rows = [row for row in listed if row.type != "payout"]  # the payout itself is listed among its transactions
    gross_minor, fee_minor = sum([row.amount for row in rows]), sum([row.fee for row in rows])
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
