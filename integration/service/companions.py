"""What works beside a node: the CRM's stream, the relay to a broker, the daily reconciliation and retention."""

from __future__ import annotations

import asyncio

from integration.analytics.service import close_days
from integration.cdc.subscriber import Subscriber
from integration.drivers.wire import Wire
from integration.process import Parts
from integration.service.forgetting import keep_tidy
from integration.service.keeping import StreamKeeper
from integration.service.node import Node
from integration.service.server import Companion


def companions(node: Node, parts: Parts) -> list[Companion]:
    """Return what the configuration of a node asks for."""
    found: list[Companion] = []
    configuration = node.configuration
    if configuration.channels:
        found.append(_stream(node, parts))
    if configuration.broker:
        from integration.relay.service import relay_of

        relay = relay_of(node)
        if relay is not None:
            found.append(relay.run)
    found.append(lambda ending: close_days(node, ending))
    found.append(lambda ending: keep_tidy(node, ending))
    return found


def _stream(node: Node, parts: Parts) -> Companion:
    async def listen(ending: asyncio.Event) -> None:
        configuration = node.configuration
        wire = Wire({"crm": configuration.peers["crm"].address}, configuration.ca_bundle, cookies=True)
        try:
            await Subscriber(wire, parts.systems["crm"], configuration.channels, StreamKeeper(node)).run(ending)
        finally:
            await wire.close()

    return listen
