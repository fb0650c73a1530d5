"""Traces: spans of flows, calls and events under the names of the resilience specification (5.1).

A quote lives for weeks, so there is a trace for each *segment* of a flow: from when it begins, or goes on, to when it
ends, parks, or the process stops. Segments of one flow are linked in a row, a segment is linked to the request or the
event that started it, and every span carries `q2c.quote.id`: a search for it finds a transaction in all systems.

Ids are digests of (incarnation, flow, segment, number): the same run has the same ids, so traces of two rehearsals can
be compared. `incarnation` tells restarts of a live process apart; a rehearsal has none.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import Sampler
from opentelemetry.trace import Link, NonRecordingSpan, Span, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from domain import history
from domain.history import Record
from domain.http import Reply, Request
from integration.effects import Call
from integration.observability.metrics import outcome_of
from integration.outcomes import Failed, Unknown

SCOPE = "q2c.integration"
NS_PER_US = 1000
REMEMBERED = 20_000
_OPENS = frozenset({"started", "resumed"})
_ENDS = history.FLOW_OVER | {"parked"}
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_IDENTIFIER = re.compile(r"\d{2,}|[:;,=%]|^[A-Za-z0-9]{15,}$")
_VERSION = re.compile(r"v\d+(\.\d+)?$")
_QUOTE_VERSION = re.compile(r"-v(\d+)")

served: ContextVar[SpanContext | None] = ContextVar("served", default=None)
"""The span of the request that is being served, for links of what it starts."""


class Segment:
    """One trace: the span of a flow's segment, and how many spans it has had."""

    __slots__ = ("flow", "name", "number", "span", "spans")

    def __init__(self, flow: str, name: str, number: int, span: Span) -> None:
        self.flow, self.name, self.number, self.span = flow, name, number, span
        self.spans = 0


class Tracing:
    """Turns what observers hear into spans. `flow_of(call)` names the flow that asked for a call."""

    def __init__(
        self,
        processor: SpanProcessor,
        *,
        tenant: str = "q2c",
        incarnation: str = "",
        addresses: Mapping[str, str] | None = None,
        flow_of: Callable[[Call], str] = lambda call: "",
        sampler: Sampler | None = None,
        resource: Resource | None = None,
    ) -> None:
        self._ids = _GivenIds()
        self._provider = TracerProvider(
            id_generator=self._ids, sampler=sampler, shutdown_on_exit=False,
            resource=resource or Resource.create({"service.name": "q2c-integration"}),
        )  # fmt: skip
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer(SCOPE)
        self._tenant, self._incarnation = tenant, incarnation
        self._addresses, self._flow_of = addresses or {}, flow_of
        self._segments: dict[str, Segment] = {}
        self._past: OrderedDict[str, tuple[int, SpanContext]] = OrderedDict()  # flow -> its last segment
        self._calls: dict[int, Span] = {}
        self._created: OrderedDict[str, SpanContext] = OrderedDict()  # event or message -> where it came from
        self._loose = 0
        self._last_us = 0

    # --- observers of a node

    def record(self, record: Record) -> None:
        """Follow what the history tells."""
        if type(record) is history.Flow:
            self._flow(record)
        elif type(record) is history.Emitted:
            self._create(record)
        elif type(record) is history.Applied:
            self._process(record)

    def sent(self, call: Call, request: Request, at_us: int) -> Mapping[str, str]:
        """Begin the span of an attempt; return the header that carries its context to the peer."""
        flow = self._flow_of(call)
        template = template_of(call.target)
        attributes: dict[str, Any] = {
            "http.request.method": call.method, "server.address": self._addresses.get(call.system, call.system),
            "url.template": template, "q2c.peer": call.system, "q2c.operation": call.operation,
            **_transaction(call.txn),
        }  # fmt: skip
        if call.attempt > 1:
            attributes["http.request.resend_count"] = call.attempt - 1
        if call.key:
            attributes["q2c.call.key_digest"] = _hex(f"key/{call.key}", 8)
        span = self._child(flow, f"{call.method} {template}", SpanKind.CLIENT, at_us, attributes)
        self._calls[id(call)] = span
        return {"traceparent": traceparent_of(span.get_span_context())}

    def ended(self, call: Call, result: Reply | Failed | Unknown, at_us: int) -> None:
        """End the span of an attempt with what is known of it."""
        span = self._calls.pop(id(call), None)
        if span is None:
            return
        outcome = outcome_of(call, result)
        span.set_attribute("q2c.call.outcome", outcome)
        if isinstance(result, Reply):
            span.set_attribute("http.response.status_code", result.status)
        if outcome != "ok":
            reason = str(result.status) if isinstance(result, Reply) else _reason(result)
            span.set_attribute("error.type", reason)
            span.set_status(Status(StatusCode.ERROR))
        self._end(span, at_us)

    # --- flows

    def _flow(self, record: history.Flow) -> None:
        if record.status in _OPENS:
            self._open(record.flow, record.name, record.txn, record.at_us)
        elif record.status in _ENDS and (segment := self._segments.get(record.flow)) is not None:
            segment.span.set_attribute("q2c.flow.status", record.status)
            if record.status == "parked":
                segment.span.set_attribute("error.type", record.result)
                segment.span.set_status(Status(StatusCode.ERROR, record.result))
            self._close(segment, record.at_us)

    def _open(self, flow: str, name: str, txn: str, at_us: int) -> Segment:
        if (before := self._segments.get(flow)) is not None:
            self._close(before, at_us)
        number, context = self._past.get(flow, (0, None))
        number += 1
        links = [Link(each) for each in (context, served.get()) if each is not None]
        attributes = {
            "q2c.flow.name": name, "q2c.flow.version": "1", "q2c.flow.id": flow, "q2c.flow.attempt": number,
            "q2c.tenant.id": self._tenant, **_transaction(txn), **_documents(flow),
        }  # fmt: skip
        span = self._start(
            f"{flow}/{number}", "segment", f"run {name or 'flow'}", SpanKind.INTERNAL, at_us, attributes, None, links
        )
        segment = self._segments[flow] = Segment(flow, name, number, span)
        _remember(self._past, flow, (number, span.get_span_context()))
        return segment

    def _close(self, segment: Segment, at_us: int) -> None:
        self._segments.pop(segment.flow, None)
        self._end(segment.span, at_us)

    # --- events

    def _create(self, record: history.Emitted) -> None:
        if record.id in self._created:
            return  # told again after a restart
        flow = record.id.rpartition("/")[0]
        attributes = {
            "messaging.operation.type": "create", "messaging.destination.name": record.type,
            "messaging.message.id": record.id, "messaging.message.conversation_id": record.txn,
            "q2c.event.subject": record.subject, **_transaction(record.txn),
        }  # fmt: skip
        span = self._child(
            flow if flow in self._segments else "", f"create {record.type}", SpanKind.PRODUCER, record.at_us, attributes
        )
        _remember(self._created, record.id, span.get_span_context())
        self._end(span, record.at_us)

    def _process(self, record: history.Applied) -> None:
        """A message reached a flow: linked to where it came from, never its child (it may be days later)."""
        origin = self._created.get(record.message) or served.get()
        attributes = {
            "messaging.operation.type": "process", "messaging.destination.name": record.topic,
            "messaging.message.id": record.message, "messaging.message.conversation_id": record.txn,
            "q2c.peer": record.system, **_transaction(record.txn),
        }  # fmt: skip
        flow = record.consumer if record.consumer in self._segments else ""
        links = [Link(origin)] if origin is not None else []
        span = self._child(flow, f"process {record.topic}", SpanKind.CONSUMER, record.at_us, attributes, links)
        self._end(span, record.at_us)

    def relayed(self, event_id: str, event_type: str, txn: str, began_us: int, ended_us: int) -> None:
        """Tell that the broker has taken an event."""
        origin = self._created.get(event_id)
        attributes = {
            "messaging.operation.type": "send", "messaging.destination.name": event_type,
            "messaging.message.id": event_id, "messaging.message.conversation_id": txn, **_transaction(txn),
        }  # fmt: skip
        links = [Link(origin)] if origin is not None else []
        self._end(self._child("", f"send {event_type}", SpanKind.CLIENT, began_us, attributes, links), ended_us)

    def traceparent(self, event_id: str) -> str:
        """Return the trace context of an event that this process told; empty for others."""
        context = self._created.get(event_id)
        return traceparent_of(context) if context is not None else ""

    # --- requests that are served

    def serve(self, method: str, path: str, headers: Mapping[str, str], at_us: int) -> Span:
        """Begin the span of a request that came in; a caller's trace goes on in it."""
        parent = context_of(headers.get("traceparent", ""))
        attributes: dict[str, Any] = {"http.request.method": method, "url.path": path, "url.scheme": "http"}
        for name, header in _CLOUD_EVENT.items():
            if header in headers:
                attributes[name] = headers[header]
        self._loose += 1
        name = f"{method} {template_of(path)}"
        return self._start("served", str(self._loose), name, SpanKind.SERVER, at_us, attributes, parent, [])

    def served(self, span: Span, status: int, at_us: int) -> None:
        """End the span of a request that was answered (status 0: it was not)."""
        span.set_attribute("http.response.status_code", status)
        if status >= 500 or not status:
            span.set_attribute("error.type", str(status or "aborted"))
            span.set_status(Status(StatusCode.ERROR))
        self._end(span, at_us)

    def close(self, at_us: int = 0) -> None:
        """End all segments, because the process stops, and hand everything to the exporter."""
        for segment in list(self._segments.values()):
            segment.span.set_attribute("q2c.flow.status", "waiting")
            self._close(segment, at_us or self._last_us)
        self._provider.shutdown()

    # --- spans

    def _child(
        self,
        flow: str,
        name: str,
        kind: SpanKind,
        at_us: int,
        attributes: Mapping[str, Any],
        links: Sequence[Link] = (),
    ) -> Span:
        """Begin a span in the segment of a flow; one of no flow is a trace of its own."""
        if not flow:
            self._loose += 1
            return self._start("loose", str(self._loose), name, kind, at_us, attributes, None, links)
        segment = self._segments.get(flow) or self._open(flow, "", str(attributes.get("q2c.quote.id", "")), at_us)
        segment.spans += 1
        named = {"q2c.flow.id": flow, **_documents(flow), **attributes}
        parent = segment.span.get_span_context()
        return self._start(f"{flow}/{segment.number}", str(segment.spans), name, kind, at_us, named, parent, links)

    def _start(
        self,
        trace_name: str,
        span_name: str,
        name: str,
        kind: SpanKind,
        at_us: int,
        attributes: Mapping[str, Any],
        parent: SpanContext | None,
        links: Sequence[Link],
    ) -> Span:
        whole = f"{self._incarnation}/{trace_name}"
        self._ids.trace_id = int(_hex(f"trace/{whole}", 16), 16)
        self._ids.span_id = int(_hex(f"span/{whole}/{span_name}", 8), 16)
        self._last_us = max(self._last_us, at_us)
        context = trace.set_span_in_context(NonRecordingSpan(parent)) if parent is not None else Context()
        return self._tracer.start_span(
            name, context=context, kind=kind, links=links, start_time=at_us * NS_PER_US,
            attributes={key: value for key, value in attributes.items() if value != ""},
        )  # fmt: skip

    def _end(self, span: Span, at_us: int) -> None:
        self._last_us = max(self._last_us, at_us)
        span.end(end_time=at_us * NS_PER_US)


class _GivenIds(IdGenerator):
    """Gives the ids that were laid out for the next span."""

    trace_id = span_id = 1

    def generate_trace_id(self) -> int:
        return self.trace_id

    def generate_span_id(self) -> int:
        return self.span_id


_CLOUD_EVENT = {
    "cloudevents.event_id": "ce-id", "cloudevents.event_source": "ce-source", "cloudevents.event_type": "ce-type",
}  # fmt: skip


def template_of(target: str) -> str:
    """Return the path of a target with what names a record or a document struck out: few values, nobody's ids."""
    path = target.partition("?")[0]
    parts = [part if _VERSION.match(part) or not _IDENTIFIER.search(part) else "{id}" for part in path.split("/")]
    return "/".join(parts) or "/"


def traceparent_of(context: SpanContext) -> str:
    """Return a context as a W3C `traceparent`."""
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def context_of(traceparent: str) -> SpanContext | None:
    """Return the context of a `traceparent`; None when there is none, or it is not one."""
    found = _TRACEPARENT.fullmatch(traceparent.strip())
    if found is None or not int(found[1], 16) or not int(found[2], 16):
        return None
    return SpanContext(int(found[1], 16), int(found[2], 16), is_remote=True, trace_flags=TraceFlags(int(found[3], 16)))


def _transaction(txn: str) -> dict[str, str]:
    return {"q2c.quote.id": txn, "q2c.transaction.id": txn} if txn else {}


def _documents(flow: str) -> dict[str, Any]:
    """Return the documents that the id of a flow names."""
    kind, _, rest = flow.partition("/")
    subject = rest.partition("/")[0]
    if kind in ("quote", "mirror", "undo", "apply") and subject:
        version = _QUOTE_VERSION.search(subject)
        return {"q2c.order.id": subject, **({"q2c.quote.version": int(version[1])} if version else {})}
    return {"q2c.invoice.id": subject} if kind == "invoice" and subject else {}


def _reason(result: Failed | Unknown) -> str:
    return result.kind if isinstance(result, Failed) else "unknown_outcome"


def _hex(text: str, size: int) -> str:
    return hashlib.blake2b(text.encode(), digest_size=size).hexdigest()


def _remember(known: OrderedDict[Any, Any], key: Any, value: Any) -> None:
    known[key] = value
    known.move_to_end(key)
    if len(known) > REMEMBERED:
        known.popitem(last=False)
