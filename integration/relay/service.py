"""The relay of a node: the log of its journal, its broker, its cases."""

from __future__ import annotations

from domain import history
from domain.history import Record
from integration.effects import Start
from integration.observability import telemetry_of
from integration.relay.publisher import open_publisher
from integration.relay.relay import Relay
from integration.service.node import Node


def relay_of(node: Node) -> Relay | None:
    """Return the relay of a node, None when no broker is configured; raise BrokerMisconfigured.

    Run it beside the node: `await relay.run(stop)`. It looks into the log twice a second, and whenever this node tells
    an event.
    """
    address = node.configuration.broker
    if not address:
        return None

    telemetry = telemetry_of(node)

    def advance(consumer: str, number: int) -> None:
        node.host.enter(node.integration.advance, consumer, number)

    def launch(start: Start) -> None:
        if node.host.enter(node.integration.launch, start) is None:
            raise RuntimeError("the integration is not running: an event cannot be set aside now")

    relay = Relay(
        log=node.reader, publisher=open_publisher(address), advance=advance, launch=launch, now_us=node.now_us,
        tracing=telemetry.tracing,
    )  # fmt: skip
    telemetry.attach(relay)

    def woken(record: Record) -> None:
        if type(record) is history.Emitted:
            relay.wake()

    node.observers.append(woken)
    return relay
