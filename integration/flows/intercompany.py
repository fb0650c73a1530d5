"""Intercompany: what one legal entity sells and another delivers is paid for between them, in both books.

The deliverer is owed a share of the net price (`Settings.intercompany_percent`): a cost and a debt of the seller, a
claim and a revenue of the deliverer, both on one account, so that a consolidation eliminates them. Every invoice of
such a subscription has its pair of entries, and every credit note the reverse of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from functools import partial
from typing import Any

from domain.families import entity_of
from domain.rounding import Rounding, round_ratio
from integration.effects import Start
from integration.flow import FlowContext
from integration.flows.approvals import in_open_period
from integration.flows.steps import do
from integration.systems import billing, erp
from integration.systems.erp import Posting


async def start_intercompany(posting: Posting, subscription: str, sign: int) -> None:
    """Start what settles a posted document (sign -1: a credit note) between legal entities, if it may be of several."""
    if not entity_of(subscription):
        return
    await Start(
        flow_id=f"intercompany/{posting.id}",
        name="intercompany",
        arguments={
            "document": posting.id, "subscription": subscription, "entity": posting.entity,
            "currency": posting.currency, "day": posting.business_date.isoformat(),
            "lines": [[line.sku, sign * line.amount_minor] for line in posting.lines],
        },
        txn=posting.txn,
    )  # fmt: skip


async def intercompany(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Post both sides of each delivery between legal entities.

    Arguments: document, subscription, entity (that sells), currency, day, lines (sku and net amount of each).
    """
    document, seller, currency = arguments["document"], arguments["entity"], arguments["currency"]
    day, txn = date.fromisoformat(arguments["day"]), context.txn
    answer = await do(context, billing.read_subscription(arguments["subscription"], txn))
    delivered_by = billing.subscription_of(answer).meta_data.get("delivered_by", {})
    owed: dict[str, int] = {}
    for sku, amount_minor in arguments["lines"]:
        if sku in delivered_by:
            owed[delivered_by[sku]] = owed.get(delivered_by[sku], 0) + amount_minor
    posted = {}
    for deliverer, net_minor in owed.items():
        amount_minor = transfer_minor(net_minor, context.settings.intercompany_percent)
        if amount_minor and deliverer != seller:
            for entity in (seller, deliverer):
                side = partial(_side, document, (deliverer, entity), currency, amount_minor, txn)
                await in_open_period(context, entity, day, side)
            posted[deliverer] = amount_minor
    return {"document": document, "posted": posted}


def _side(document: str, sides: tuple[str, str], currency: str, amount_minor: int, txn: str, day: date) -> Any:
    deliverer, entity = sides
    return erp.put_intercompany(
        f"{document}-{deliverer}", entity, currency, amount_minor, entity != deliverer, day, txn
    )  # fmt: skip


def transfer_minor(net_minor: int, percent: int) -> int:
    """Return what the deliverer is owed of a net amount, half up; a credit takes back what its charge gave.

    >>> transfer_minor(1_001, 70), transfer_minor(-1_001, 70)
    (701, -701)
    """
    return round_ratio(Fraction(net_minor * percent, 100), Rounding.HALF_UP)
