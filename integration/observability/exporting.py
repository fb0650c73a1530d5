"""Where spans go: OTLP over HTTP when OpenTelemetry's own variables say so, or a named file of JSON lines.

OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS, ...   an OTLP receiver
OTEL_TRACES_EXPORTER=none, OTEL_SDK_DISABLED=true                                                  no traces
OTEL_TRACES_SAMPLER, OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES                                   as everywhere
Q2C_TRACES_FILE                                                                                    a file

Without any of these there are no traces: nothing is written where nobody asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

FILE_BYTES_MAX = 100_000_000
"""A file that grows beyond is renamed to `.1`, over the one before: two hundred megabytes at most."""
_encode = msgspec.json.Encoder(enc_hook=str).encode


def processor_of(environment: Mapping[str, str]) -> SpanProcessor | None:
    """Return the processor that the environment asks for; None when it asks for no traces."""
    exporter = environment.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    if exporter == "none" or environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return None
    if exporter == "otlp" or any(environment.get(name) for name in _ENDPOINTS):
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        return BatchSpanProcessor(OTLPSpanExporter())
    file = environment.get("Q2C_TRACES_FILE", "")
    return BatchSpanProcessor(JsonLines(Path(file))) if file else None


_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


class JsonLines(SpanExporter):
    """Appends each span as one line of JSON."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Append spans; failing to write is no reason to disturb anybody."""
        lines = "".join(_encode(line_of(span)).decode() + "\n" for span in spans)
        try:
            if self._file.exists() and self._file.stat().st_size + len(lines) > FILE_BYTES_MAX:
                self._file.replace(self._file.with_name(f"{self._file.name}.1"))
            with self._file.open("a", encoding="utf-8") as out:
                out.write(lines)
        except OSError:
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS


def line_of(span: ReadableSpan) -> dict[str, Any]:
    """Return a span as one flat object: ids in hexadecimal, instants in nanoseconds."""
    context, parent = span.get_span_context(), span.parent
    assert context is not None, "a span that ended has a context"
    return {
        "trace_id": f"{context.trace_id:032x}", "span_id": f"{context.span_id:016x}",
        "parent_id": f"{parent.span_id:016x}" if parent is not None else "",
        "name": span.name, "kind": span.kind.name, "start_ns": span.start_time, "end_ns": span.end_time,
        "status": span.status.status_code.name, "attributes": dict(span.attributes or {}),
        "links": [{"trace_id": f"{link.context.trace_id:032x}", "span_id": f"{link.context.span_id:016x}"}
                  for link in span.links],
    }  # fmt: skip
