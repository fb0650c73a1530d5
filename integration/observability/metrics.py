"""Metrics of a node in Prometheus' format, under the names of the resilience specification (5.2).

Counters and histograms are fed by the node's observers; gauges are read from the journal and the gates when somebody
scrapes. Labels are of low cardinality: peer, operation, outcome, flow; never a customer or a document. Each node has a
registry of its own, so that several in one process (tests) do not mix. Several workers on one database all show the
gauges of the whole database: take the maximum over instances; counters add up.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from domain import history
from domain.calendar import SECOND_US
from domain.history import Record
from domain.http import Reply, Request
from integration.effects import Call
from integration.exceptions import CLOSED
from integration.journal.reading import MAILROOM
from integration.outcomes import Failed, Unknown
from integration.system import classify

if TYPE_CHECKING:
    from integration.relay.relay import Relay
    from integration.service.node import Node

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
FLOW_BUCKETS = (1, 5, 15, 60, 300, 900, 3600, 14_400, 86_400, 3 * 86_400, 7 * 86_400)
CALL_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
REMEMBERED = 50_000
"""Flows and intents whose beginning or trouble is remembered; the oldest are forgotten."""
OLD_CASES = 1000
_CAPTURED = "q2c.payment.received.v1"


class Metrics:
    """The metrics of one node: `record`, `sent` and `ended` are its observers, `text()` is a scrape."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self.registry = CollectorRegistry()
        self.relay: Relay | None = None
        self.status_lags: Callable[[], Mapping[str, float]] = dict  # by pair of systems
        self._began: OrderedDict[str, int] = OrderedDict()  # flow -> instant
        self._on_wire: dict[int, tuple[Call, int]] = {}
        self._troubles: OrderedDict[tuple[str, str], tuple[str, int]] = OrderedDict()  # (peer, key) -> outcome, since
        self._written_us = node.now_us()
        self._make()
        self.registry.register(_Scraped(self._scrape))

    def _make(self) -> None:
        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(name, text, labels, registry=self.registry)

        self._started = counter("q2c_flows_started", "Flows that began.", "flow")
        self._finished = counter("q2c_flows_finished", "Flows that ended, by how.", "flow", "result")
        self._duration = Histogram(
            "q2c_flow_duration_seconds", "From the start of a flow to its end, waiting included.", ["flow"],
            buckets=FLOW_BUCKETS, registry=self.registry,
        )  # fmt: skip
        self._calls = counter(
            "q2c_calls", "Attempts of calls, by what is known of them.", "peer", "operation", "outcome"
        )
        self._call_seconds = Histogram(
            "q2c_call_duration_seconds", "How long attempts took.", ["peer"], buckets=CALL_BUCKETS,
            registry=self.registry,
        )  # fmt: skip
        self._retries = counter("q2c_retries", "Repeated attempts, by the outcome before.", "peer", "reason")
        self._unknown = counter("q2c_unknown_outcomes", "Attempts that may or may not have taken effect.", "peer")
        self._throttled = counter("q2c_throttled_seconds", "Seconds that peers asked us to wait.", "peer")
        self._captured = counter("q2c_money_captured_minor_units", "Money received, in minor units.", "currency")
        self._differences = Gauge(
            "q2c_reconciliation_difference", "What two systems do not agree on, in minor units.", ["pair", "currency"],
            registry=self.registry,
        )  # fmt: skip

    # --- observers

    def record(self, record: Record) -> None:
        """Count what the history tells."""
        self._written_us = record.at_us
        if type(record) is history.Flow:
            self._flow(record)
        elif type(record) is history.Emitted and record.type == _CAPTURED:
            self._money(record)

    def _flow(self, record: history.Flow) -> None:
        if record.status == "started":
            self._started.labels(record.name).inc()
            _remember(self._began, record.flow, record.at_us)
        elif record.status in history.FLOW_OVER:
            self._finished.labels(record.name, _result(record)).inc()
            began_us = self._began.pop(record.flow, 0) or self._stored(record.flow)
            if began_us:
                self._duration.labels(record.name).observe(max(0, record.at_us - began_us) / SECOND_US)

    def _stored(self, flow: str) -> int:
        row = self._node.reader.flow(flow)
        return row.created_us if row is not None else 0

    def _money(self, record: history.Emitted) -> None:
        for row in self._node.reader.events(subject=record.subject, type=record.type, limit=100):
            if row.id == record.id:
                amount = row.body.get("amount") or {}
                if amount.get("amount_minor", 0) > 0:
                    self._captured.labels(str(amount.get("currency", ""))).inc(amount["amount_minor"])

    def sent(self, call: Call, request: Request, at_us: int) -> None:
        """Begin to time an attempt."""
        self._on_wire[id(call)] = call, at_us
        if call.attempt > 1:
            before = self._troubles.get((call.system, call.key or call.target), ("restart", 0))[0]
            self._retries.labels(call.system, before).inc()

    def ended(self, call: Call, result: Reply | Failed | Unknown, at_us: int) -> None:
        """Count an attempt and what is known of it."""
        _, sent_us = self._on_wire.pop(id(call), (call, at_us))
        outcome = outcome_of(call, result)
        self._calls.labels(call.system, call.operation, outcome).inc()
        self._call_seconds.labels(call.system).observe(max(0, at_us - sent_us) / SECOND_US)
        self._follow(call, result, outcome, at_us)

    def _follow(self, call: Call, result: Reply | Failed | Unknown, outcome: str, at_us: int) -> None:
        intent = (call.system, call.key or call.target)
        if isinstance(result, Reply) and result.status in (429, 503):
            self._throttled.labels(call.system).inc(_retry_after(result.headers))
        if outcome == "unknown" and call.write:
            self._unknown.labels(call.system).inc()
            _remember(self._troubles, intent, (outcome, self._troubles.get(intent, ("", at_us))[1] or at_us))
        elif outcome == "failed":
            _remember(self._troubles, intent, (outcome, 0))
        else:
            self._troubles.pop(intent, None)

    def reconciled(self, differences: Iterable[tuple[str, str, int]]) -> None:
        """Show the result of a reconciliation: (pair, currency, difference in minor units); none clears them."""
        self._differences.clear()
        for pair, currency, amount_minor in differences:
            self._differences.labels(pair, currency).set(amount_minor)

    @property
    def unknown_since_us(self) -> list[int]:
        """Since when the outcomes are unknown that nobody has cleared up yet."""
        return [since_us for outcome, since_us in self._troubles.values() if outcome == "unknown"]

    # --- a scrape

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self.registry)

    def _scrape(self) -> Iterable[Metric]:
        node, now_us = self._node, self._node.now_us()
        yield from self._peers(now_us)
        yield self._duplicates()
        yield _gauge("q2c_unknown_outcomes_open", "Unknown outcomes not cleared up.", len(self.unknown_since_us))
        yield _gauge(
            "q2c_audit_chain_head_age_seconds", "Since this process last wrote.", _age(self._written_us, now_us)
        )
        yield _gauge("q2c_ready", "Whether this process can work.", not node.readiness())
        if not node.readiness():
            yield from self._journal(now_us)
        if self.relay is not None:
            standing = self.relay.standing()
            yield _gauge("q2c_relay_backlog", "Events that the broker has not confirmed yet.", standing.backlog)
            yield _gauge("q2c_relay_lag_seconds", "Age of the oldest of them.", standing.lag_seconds)
            yield _gauge(
                "q2c_relay_withheld", "Subjects held back by an event that no broker takes.", standing.withheld
            )
            yield _gauge("q2c_relay_published", "Events this process has published.", standing.published)

    def _duplicates(self) -> CounterMetricFamily:
        family = CounterMetricFamily(
            "q2c_inbox_duplicates", "Messages that were known already when they came.", labels=["source"]
        )
        for source, count in sorted(self._node.integration.duplicates.items()):
            family.add_metric([source], count)
        return family

    def _peers(self, now_us: int) -> Iterable[GaugeMetricFamily]:
        peers = [peer.standing for peer in self._node.peers()]
        wanted: Mapping[str, tuple[str, Callable[[Any], float]]] = {
            "q2c_breaker_open": ("1 while the breaker is not closed.", lambda peer: peer.state != "closed"),
            "q2c_peer_calls_in_flight": ("Calls on the wire.", lambda peer: peer.in_flight),
            "q2c_peer_calls_waiting": ("Calls that are held back.", lambda peer: peer.waiting),
            "q2c_peer_held_seconds": (
                "For how long the peer asked us to wait.", lambda peer: max(0, peer.held_until_us - now_us) / SECOND_US
            ),
        }  # fmt: skip
        for name, (text, measure) in wanted.items():
            family = GaugeMetricFamily(name, text, labels=["peer"])
            for peer in peers:
                family.add_metric([peer.system], float(measure(peer)))
            yield family

    def _journal(self, now_us: int) -> Iterable[GaugeMetricFamily]:
        reader = self._node.reader
        counts = reader.counts()
        parked = sum(count for (_, status), count in counts.flows.items() if status == "parked")
        yield _gauge("q2c_parked_flows", "Flows that wait for a person or a dependency.", parked)
        yield _gauge("q2c_outbox_unsent", "Events that have yet to reach our own flows.", counts.unsent_events)
        oldest = reader.events(after=reader.cursor(MAILROOM), limit=1) if counts.unsent_events else []
        yield _gauge(
            "q2c_outbox_lag_seconds", "Age of the oldest of them.", _age(oldest[0].created_us, now_us) if oldest else 0
        )
        yield _gauge(
            "q2c_inbox_waiting", "Messages that are stored and that no flow has taken.", counts.waiting_messages
        )
        yield _gauge("q2c_inbox_lag_seconds", "Age of the oldest of them.", _since(counts.waiting_since_us, now_us))
        lags = GaugeMetricFamily(
            "q2c_status_lag_seconds", "For how long the second system has not shown what happened in the first.",
            labels=["pair"],
        )  # fmt: skip
        for pair, seconds in self.status_lags().items():
            lags.add_metric([pair], seconds)
        yield lags
        flows = GaugeMetricFamily("q2c_flows", "Flows by name and status.", labels=["flow", "status"])
        for (name, status), count in sorted(counts.flows.items()):
            flows.add_metric([name, status], count)
        yield flows
        yield from self._cases(counts.cases, now_us)

    def _cases(self, counts: Mapping[tuple[str, str, str], int], now_us: int) -> Iterable[GaugeMetricFamily]:
        found: dict[tuple[str, str], int] = {}
        for (code, owner, status), count in counts.items():
            if status not in CLOSED:
                key = ".".join(code.split(".")[:2]), owner
                found[key] = found.get(key, 0) + count
        family = GaugeMetricFamily("q2c_exceptions_open", "Open cases.", labels=["reason", "owner"])
        for labels, count in sorted(found.items()):
            family.add_metric(list(labels), count)
        yield family
        cases = self._node.reader.cases(open_only=True, limit=OLD_CASES) if found else []
        oldest_us = min((case.opened_us for case in cases), default=now_us)
        yield _gauge("q2c_exception_age_seconds_max", "Age of the oldest open case.", _age(oldest_us, now_us))


class _Scraped:
    """Gauges that are computed when somebody asks."""

    def __init__(self, collect: Callable[[], Iterable[Metric]]) -> None:
        self._collect = collect

    def collect(self) -> Iterable[Metric]:
        return self._collect()

    def describe(self) -> Iterable[Metric]:
        return ()  # nothing is computed before somebody scrapes


def outcome_of(call: Call, result: Reply | Failed | Unknown) -> str:
    """Return what is known of an attempt: ok, failed or unknown (a write may have taken effect)."""
    known = classify(call, result, 0) if isinstance(result, Reply) else result
    if isinstance(known, Unknown):
        return "unknown"
    return "failed" if isinstance(known, Failed) else "ok"


def _result(record: history.Flow) -> str:
    return "given_up" if record.ending == "given_up" else record.status


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=float(value))


def _age(at_us: int, now_us: int) -> float:
    return max(0, now_us - at_us) / SECOND_US


def _since(at_us: int, now_us: int) -> float:
    return _age(at_us, now_us) if at_us else 0.0


def _retry_after(headers: Mapping[str, str]) -> float:
    text = headers.get("retry-after", "")
    return float(text) if text.isdecimal() else 1.0


def _remember(known: OrderedDict[Any, Any], key: Any, value: Any) -> None:
    known[key] = value
    if len(known) > REMEMBERED:
        known.popitem(last=False)
