"""The ways in for the process APIs: how a change of a contract is asked for, as the one right `Start` of its flow.

With a quote of the CRM (amend, renew) the flow is the same as when the CRM tells of it, so that both together are one.
Without one (cancel, pause, resume: a customer's own portal) the caller's request id is the key: asking twice is asking
once, and other arguments under the same id are a Conflict.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from integration.effects import Now, Start
from integration.flow import FlowContext
from integration.flows.amendments import Row, queue_of, start_applying
from integration.flows.starts import start_quote
from integration.flows.steps import day_in

REFUNDS = ("none", "prorated", "full")


def amend(quote_id: str, reference: str, txn: str) -> Start:
    """Return the start of an amendment that a customer signed: `reference` is number and version, `txn` the number."""
    return start_quote(quote_id, reference, txn)


def renew(quote_id: str, reference: str, txn: str) -> Start:
    """Return the start of a renewal that a customer signed."""
    return start_quote(quote_id, reference, txn)


def cancel(request: str, subscription: str, entity: str, effective: date, refund: str = "prorated") -> Start:
    """Return the start of a cancellation from a day on; `refund` says what is given back of what was paid ahead."""
    if refund not in REFUNDS:
        raise ValueError(f"a refund is one of {', '.join(REFUNDS)}, not {refund!r}")
    told = {"request": request, "subscription": subscription, "entity": entity, "effective": effective.isoformat()}
    return Start(flow_id=f"cancel/{request}", name="cancel", arguments={**told, "refund": refund}, txn=subscription)


def pause(request: str, subscription: str, entity: str, effective: date, resume_on: date) -> Start:
    """Return the start of a pause from a day to the day on which the subscription goes on."""
    if resume_on <= effective:
        raise ValueError(f"a pause from {effective} cannot end on {resume_on}")
    told = {"request": request, "subscription": subscription, "entity": entity, "effective": effective.isoformat()}
    arguments = {**told, "resume": resume_on.isoformat()}
    return Start(flow_id=f"pause/{request}", name="pause", arguments=arguments, txn=subscription)


def resume(request: str, subscription: str) -> Start:
    """Return the start of a resumption before its day."""
    told = {"request": request, "subscription": subscription}
    return Start(flow_id=f"resume/{request}", name="resume", arguments=told, txn=subscription)


async def requested(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Hand a cancellation or a pause that came without a quote to the queue of its subscription.

    Arguments: request, subscription, entity, effective, and refund (of a cancellation) or resume (of a pause).
    """
    subscription, entity = arguments["subscription"], arguments["entity"]
    kind = "pause" if "resume" in arguments else "cancel"
    row: Row = {
        "ref": f"{kind}-{arguments['request']}", "kind": kind, "effective": arguments["effective"], "sequence": 0,
        "terms": [], "co_term_end": "", "resume": arguments.get("resume", ""), "refund": arguments.get("refund", ""),
    }  # fmt: skip
    await start_applying(row, subscription, "", entity, context.txn)
    today = day_in(context, entity, await Now())
    return {
        "request": arguments["request"],
        "status": "accepted",
        "on": today.isoformat(),
        "queue": queue_of(subscription),
    }
