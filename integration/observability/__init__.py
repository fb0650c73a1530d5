"""Observability of a node: traces, metrics, logs without secrets, rolling figures and alerts.

    routes(node)       /metrics, and everything below wired to the node's observers (once per node)
    watched(app, node) the ASGI application with a server span around every request
    logs.set_up        structured logs of the whole process, redacted
    tracing            Tracing: spans from what observers hear; exporting: OTLP or a file of JSON lines
    metrics            Metrics: Prometheus
    rolling, alerts    clocks of the service levels from events, burn-rate alerts: pure, for the tower and for tests

Metrics need `prometheus-client`, logs `structlog` (extra `integration`), traces `opentelemetry-sdk` (extra
`observability`); a node without them runs without, and says so once.
"""

from integration.observability.node import Telemetry, routes, telemetry_of, watched

__all__ = ["Telemetry", "routes", "telemetry_of", "watched"]
