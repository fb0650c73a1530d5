"""Copies: a subscription that is read is at least as new as this integration left it.

Billing may answer reads from a replica that lags. Who reads such a copy, adds to its list of amendments and writes it
back undoes the last one. So what each change of ours left is remembered by the vendor's own number, `resource_version`
(it grows with every change), and a copy that is older is asked for again. What others change is not known to us.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import count

from integration.effects import Assign, Call, Lookup
from integration.flow import FlowContext
from integration.flows.steps import LAGGING, ask_a_person, do, if_found, look_again
from integration.outcomes import Answer
from integration.retry import Probe
from integration.systems import billing

LEFT = "subscription_left"


async def changed(
    context: FlowContext, call: Call, probe: Probe | None = None, allow: Collection[str | int] = ()
) -> Answer:
    """Return the answer of a call that changes a subscription, once it is remembered how new that is now."""
    answer = await do(context, call, probe, allow)
    found = billing.subscription_of(answer)
    if found.resource_version is not None:
        await _remember(found.id, found.resource_version)
    return answer


async def _remember(subscription: str, version: int) -> None:
    value = {"version": version}
    before = await Lookup(LEFT, subscription)
    while before is None or before["version"] < version:
        before = await Assign(kind=LEFT, key=subscription, value=value, expected=before)


async def latest(context: FlowContext, subscription: str) -> Answer:
    """Return the answer that shows a subscription as new as we left it; people are asked about one that is missing."""
    while (answer := await latest_if_there(context, subscription)) is None:
        missing = f"billing knows no subscription {subscription}"
        await ask_a_person("DATA_QUALITY.MAPPING_MISSING", missing, subscription=subscription)
    return answer


async def latest_if_there(context: FlowContext, subscription: str) -> Answer | None:
    """Return the answer that shows a subscription as new as we left it, or None when there is none.

    One without a version is believed. People are asked about a copy that is older for longer than replicas lag: billing
    may have been restored.
    """
    left = await Lookup(LEFT, subscription)
    for look in count(1):
        answer = await if_found(context, billing.read_subscription(subscription, context.txn))
        version = None if answer is None else billing.subscription_of(answer).resource_version
        if left is None or version is None or version >= left["version"]:
            break
        told = f"billing shows version {version} of {subscription}, which is older than {left['version']}, our own"
        await look_again(look, LAGGING, told, subscription=subscription)
    return answer
