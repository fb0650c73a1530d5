"""Traces of a rehearsed quarter: names and attributes of the specification, one transaction findable, deterministic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from domain import history
from domain.http import Reply, Request
from integration.effects import Call
from integration.observability.exporting import JsonLines, line_of, processor_of
from integration.observability.tracing import Tracing, context_of, template_of
from integration.outcomes import Failed, Unknown
from tests.integration.rehearsed import Rehearsed, Watched, quarter

T0 = 1_790_000_000_000_000
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(scope="module")
def spans() -> list[dict[str, Any]]:
    watched = quarter().watched
    assert watched is not None
    return watched.spans()


def of_kind(spans: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [span for span in spans if span["kind"] == kind]


def test_a_transaction_is_found_in_all_systems_by_its_quote_id(spans: list[dict[str, Any]]) -> None:
    paid = next(span for span in spans if span["name"] == "create q2c.payment.applied.v1")
    quote = paid["attributes"]["q2c.quote.id"]
    own = [span for span in spans if span["attributes"].get("q2c.quote.id") == quote]
    peers = {span["attributes"]["server.address"] for span in of_kind(own, "CLIENT")}
    assert peers == {"crm", "erp", "billing", "tax", "payment", "fulfilment"}
    assert {"run accepted_quote", "run bill", "run mirror"} <= {span["name"] for span in of_kind(own, "INTERNAL")}
    assert all(span["attributes"]["q2c.transaction.id"] == quote for span in own)


def test_the_attempts_of_a_flow_are_children_of_its_segment(spans: list[dict[str, Any]]) -> None:
    segments = {span["span_id"]: span for span in of_kind(spans, "INTERNAL")}
    calls = [span for span in of_kind(spans, "CLIENT") if span["parent_id"]]
    assert len(calls) > 1000
    for call in calls:
        segment = segments[call["parent_id"]]
        assert segment["trace_id"] == call["trace_id"]
        assert segment["start_ns"] <= call["start_ns"] <= call["end_ns"] <= segment["end_ns"]
        assert call["attributes"]["q2c.call.outcome"] in ("ok", "failed", "unknown")
        assert "url.template" in call["attributes"]
    alone = [span for span in of_kind(spans, "CLIENT") if not span["parent_id"]]
    assert alone, "tokens and probes are nobody's"
    assert not [span for span in alone if "q2c.quote.id" in span["attributes"]]


def test_unknown_and_repeated_attempts_are_marked(spans: list[dict[str, Any]]) -> None:
    calls = of_kind(spans, "CLIENT")
    unknown = [call for call in calls if call["attributes"]["q2c.call.outcome"] == "unknown"]
    assert unknown, "the quarter has timeouts"
    assert {call["status"] for call in unknown} == {"ERROR"}
    assert {call["attributes"]["error.type"] for call in unknown} <= {"unknown_outcome", "500", "502", "504"}
    assert any(call["attributes"].get("http.request.resend_count", 0) >= 1 for call in calls)


def test_names_have_few_values_and_hold_nobodys_ids(spans: list[dict[str, Any]]) -> None:
    names = {span["name"] for span in spans}
    assert len(names) < 150, sorted(names)
    assert not [name for name in names if "Q-0" in name or "INV" in name or "pi_" in name], names


def test_a_message_is_linked_to_the_event_that_created_it(spans: list[dict[str, Any]]) -> None:
    for span in of_kind(spans, "PRODUCER"):
        assert span["name"] == f"create {span['attributes']['messaging.destination.name']}"
        assert span["attributes"]["messaging.operation.type"] == "create"
    assert len({span["attributes"]["messaging.message.id"] for span in of_kind(spans, "PRODUCER")}) == len(
        of_kind(spans, "PRODUCER")
    )
    assert of_kind(spans, "CONSUMER")


def test_two_rehearsals_have_the_same_traces(tmp_path: Path) -> None:
    def traced(name: str) -> list[dict[str, Any]]:
        (tmp_path / name).mkdir()
        made = Rehearsed(tmp_path / name, orders=6, subscriptions=2, watch=Watched)
        assert made.watched is not None
        return made.watched.spans()

    first, second = traced("one"), traced("two")
    assert len(first) > 200
    assert first == second
    assert len({span["span_id"] for span in first}) == len(first)


# --- parts ----------------------------------------------------------------------------------------------------------


class Traced:
    """Tracing into memory."""

    def __init__(self, flow_of: Any = lambda call: "") -> None:
        self.exporter = InMemorySpanExporter()
        self.tracing = Tracing(SimpleSpanProcessor(self.exporter), flow_of=flow_of)

    def spans(self) -> list[dict[str, Any]]:
        return [line_of(span) for span in self.exporter.get_finished_spans()]

    def flow(self, status: str, at_us: int = T0) -> None:
        self.tracing.record(
            history.Flow(at_us=at_us, flow="quote/Q-1-v1", name="accepted_quote", txn="Q-1", status=status)
        )


def test_each_segment_of_a_flow_is_a_trace_linked_to_the_one_before() -> None:
    traced = Traced()
    for at, status in enumerate(("started", "parked", "resumed", "finished")):
        traced.flow(status, T0 + at)
    first, second = traced.spans()
    assert first["name"] == second["name"] == "run accepted_quote"
    assert first["trace_id"] != second["trace_id"]
    assert second["links"] == [{"trace_id": first["trace_id"], "span_id": first["span_id"]}]
    assert (first["status"], second["status"]) == ("ERROR", "UNSET")
    assert second["attributes"] == {
        "q2c.flow.name": "accepted_quote", "q2c.flow.version": "1", "q2c.flow.id": "quote/Q-1-v1",
        "q2c.flow.attempt": 2, "q2c.tenant.id": "q2c", "q2c.quote.id": "Q-1", "q2c.transaction.id": "Q-1",
        "q2c.order.id": "Q-1-v1", "q2c.quote.version": 1, "q2c.flow.status": "finished",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("result", "outcome", "error"),
    [
        (Reply(200), "ok", None), (Reply(503), "failed", "503"), (Failed("refused"), "failed", "refused"),
        (Unknown("timeout"), "unknown", "unknown_outcome"),
    ],
)  # fmt: skip
def test_an_attempt_carries_its_context_to_the_peer_and_never_its_key(result: Any, outcome: str, error: Any) -> None:
    traced = Traced(flow_of=lambda call: "quote/Q-1-v1")
    traced.flow("started")
    call = Call(
        system="erp", operation="upsert_order", method="PUT", target="/services/rest/record/v1/salesOrder/eid:Q-1?x=1",
        key="secret-looking-key", write=True, txn="Q-1", attempt=3,
    )  # fmt: skip
    headers = traced.tracing.sent(call, Request("erp", "PUT", call.target, {"authorization": "Bearer x"}), T0)
    traced.tracing.ended(call, result, T0 + 5)
    (span,) = traced.spans()
    assert headers == {"traceparent": f"00-{span['trace_id']}-{span['span_id']}-01"}
    assert span["name"] == "PUT /services/rest/record/v1/salesOrder/{id}"
    assert span["attributes"]["http.request.resend_count"] == 2
    assert (span["attributes"]["q2c.call.outcome"], span["attributes"].get("error.type")) == (outcome, error)
    assert "secret-looking-key" not in str(span)
    assert "Bearer" not in str(span)


def test_a_callers_trace_goes_on_in_ours_and_what_it_starts_is_linked() -> None:
    from integration.observability.tracing import served

    traced = Traced()
    span = traced.tracing.serve("POST", "/api/v1/orders", {"traceparent": PARENT}, T0)
    token = served.set(span.get_span_context())
    traced.flow("started")
    served.reset(token)
    traced.tracing.served(span, 202, T0 + 1)
    traced.flow("finished", T0 + 2)
    request, flow = traced.spans()
    assert (request["trace_id"], request["parent_id"]) == (PARENT[3:35], PARENT[36:52])
    assert flow["links"] == [{"trace_id": request["trace_id"], "span_id": request["span_id"]}]


@pytest.mark.parametrize(
    "text", ["", "nonsense", "00-" + "0" * 32 + "-" + "1" * 16 + "-01", PARENT.upper(), PARENT[:-3]]
)
def test_a_broken_traceparent_is_no_context(text: str) -> None:
    assert context_of(text) is None


@pytest.mark.parametrize(
    ("target", "template"),
    [
        ("/services/data/v62.0/query?q=SELECT+Id", "/services/data/v62.0/query"),
        ("/api/v2/subscriptions/Q-000123/change_term_end", "/api/v2/subscriptions/{id}/change_term_end"),
        ("/v1/payment_intents/pi_31abc", "/v1/payment_intents/{id}"),
        ("/services/data/v62.0/sobjects/Quote/0Q0000000000001AAA?u=t", "/services/data/v62.0/sobjects/Quote/{id}"),
        ("/", "/"), ("", "/"),
    ],
)  # fmt: skip
def test_templates_of_targets(target: str, template: str) -> None:
    assert template_of(target) == template


def test_spans_go_to_a_file_of_json_lines_when_the_environment_names_one(tmp_path: Path) -> None:
    file = tmp_path / "traces.jsonl"
    tracing = Tracing(SimpleSpanProcessor(JsonLines(file)))
    span = tracing.serve("GET", "/x", {}, T0)
    tracing.served(span, 200, T0)
    tracing.close()
    assert b'"name":"GET /x"' in file.read_bytes()
    named = {"Q2C_TRACES_FILE": str(file)}
    assert processor_of({**named, "OTEL_TRACES_EXPORTER": "none"}) is None
    assert processor_of({**named, "OTEL_SDK_DISABLED": "TRUE"}) is None
    assert processor_of({}) is None, "nothing is written where nobody asked"
    made = processor_of(named)
    assert made is not None
    made.shutdown()
