"""What a node needs to be watched: observers, the page of metrics, and a span around each request."""

from __future__ import annotations

import logging
import os
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from starlette.requests import Request as Incoming
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from integration.observability.alerts import Observed, PeerTrouble
from integration.observability.rolling import Rolling, follow, lags

if TYPE_CHECKING:
    from integration.observability.metrics import Metrics
    from integration.observability.tracing import Tracing
    from integration.relay.relay import Relay
    from integration.service.node import Node

_LOG = logging.getLogger("q2c.integration")
EVENTS_PAGE = 1000
PAGES_AT_ONCE = 5
"""Pages of the log that one look at the alerts folds at most: requests wait meanwhile."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class Telemetry:
    """Everything that watches one node. `metrics` and `tracing` are None when their packages are not installed."""

    def __init__(self, node: Node, environment: Mapping[str, str]) -> None:
        self._node = node
        self._figures = Rolling()
        self._differences: tuple[tuple[str, str, int], ...] = ()
        self.relay: Relay | None = None
        self.metrics = _metrics(node)
        if self.metrics is not None:
            self.metrics.status_lags = self._status_lags
        self.tracing = _tracing(node, environment)
        for each in (self.metrics, self.tracing):
            if each is not None:
                node.observers.append(each.record)
                node.wire_observers.append(each)

    def attach(self, relay: Relay) -> None:
        """Show the backlog and lag of the node's relay."""
        self.relay = relay
        if self.metrics is not None:
            self.metrics.relay = relay

    def reconciled(self, differences: tuple[tuple[str, str, int], ...]) -> None:
        """Remember the result of a reconciliation: (pair, currency, difference in minor units)."""
        self._differences = differences
        if self.metrics is not None:
            self.metrics.reconciled(differences)

    def observed(self) -> Observed:
        """Return what the alerts look at, as of now: `alerts(telemetry.observed(), node.now_us())`.

        Of a long log each call folds a part. Until all of it is folded `is_behind` holds, and there are no clocks: one
        whose stop has not been read yet would be taken for a late one.
        """
        node, now_us = self._node, self._node.now_us()
        is_complete = follow(
            self._figures, lambda after: node.reader.events(after=after, limit=EVENTS_PAGE), PAGES_AT_ONCE
        )
        standings = [peer.standing for peer in node.peers()]
        return Observed(
            clocks=self._figures.observed(now_us) if is_complete else {},
            is_behind=not is_complete,
            peers=tuple(PeerTrouble(each.system, each.since_us) for each in standings if each.state != "closed"),
            unknown_since_us=tuple(self.metrics.unknown_since_us) if self.metrics is not None else (),
            differences=self._differences,
            relay_lag_seconds=self.relay.standing().lag_seconds if self.relay is not None else 0.0,
        )

    def _status_lags(self) -> Mapping[str, float]:
        """Return how far systems are behind each other; nothing while the log is still being folded."""
        observed = self.observed()
        return {} if observed.is_behind else lags(observed.clocks, self._node.now_us())

    def close(self) -> None:
        """End what is open, and export it."""
        if self.tracing is not None:
            self.tracing.close(self._node.now_us())


_known: WeakKeyDictionary[Node, Telemetry] = WeakKeyDictionary()


def telemetry_of(node: Node) -> Telemetry:
    """Return the telemetry of a node; the first caller has it wired."""
    found = _known.get(node)
    if found is None:
        found = _known[node] = Telemetry(node, os.environ)
    return found


def routes(node: Node) -> list[BaseRoute]:
    """Return the routes of a node's telemetry: GET /metrics in Prometheus' text format."""
    metrics = telemetry_of(node).metrics
    if metrics is None:
        return []

    async def page(_request: Incoming) -> Response:
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return [Route("/metrics", page)]


def watched(application: Application, node: Node) -> Application:
    """Return the application with a server span around each request; the trace of a caller goes on in it."""
    tracing = telemetry_of(node).tracing
    if tracing is None:
        return application
    from integration.observability import tracing as module

    async def traced(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in ("/metrics", "/health/live", "/health/ready"):
            await application(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        span = tracing.serve(scope["method"], scope["path"], headers, node.now_us())
        status = 0

        async def answered(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        token = module.served.set(span.get_span_context())
        try:
            await application(scope, receive, answered)
        finally:
            module.served.reset(token)
            tracing.served(span, status, node.now_us())

    return traced


def _metrics(node: Node) -> Metrics | None:
    try:
        from integration.observability.metrics import Metrics
    except ImportError as missing:
        _LOG.warning("no metrics: %s is not installed (pip install 'q2c-harness[integration]')", missing.name)
        return None
    return Metrics(node)


def _tracing(node: Node, environment: Mapping[str, str]) -> Tracing | None:
    try:
        from integration.observability.exporting import processor_of
        from integration.observability.tracing import Tracing
    except ImportError as missing:
        _LOG.warning("no traces: %s is not installed (pip install 'q2c-harness[observability]')", missing.name)
        return None
    processor = processor_of(environment)
    if processor is None:
        return None
    addresses = {name: urlsplit(peer.address).hostname or "" for name, peer in node.configuration.peers.items()}
    return Tracing(
        processor, tenant=node.settings.tenant, incarnation=str(node.now_us()), addresses=addresses,
        flow_of=node.integration.asker_of,
    )  # fmt: skip
