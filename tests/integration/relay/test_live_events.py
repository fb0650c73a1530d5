"""Live over HTTP: orders through mocks and service, events through a broker, tables, ledgers, traces and metrics."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from tests.integration.relay.nats_server import NatsServer
from tests.live import Mocks, Service, Shop, until
from tests.ports import free_port

_HERE = Path(__file__).parents[3]
_ORDERS = 3


def q2c(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `q2c` in a folder."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("Q2C_")}
    return subprocess.run(
        [sys.executable, "-m", "q2c", *arguments], cwd=folder, capture_output=True, text=True, check=False,
        env={**environment, "PYTHONPATH": str(_HERE)},
    )  # fmt: skip


def shown(folder: Path, *arguments: str) -> dict[str, Any]:
    """Return what `q2c analytics show` tells."""
    ended = q2c(folder, "analytics", "show", "--json", *arguments)
    assert ended.returncode == 0, ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def gauge(service: Service, name: str) -> float | None:
    """Return a metric of one value; None while the service has no such."""
    for family in text_string_to_metric_families(service.http.get("/metrics").text):
        for sample in family.samples:
            if sample.name == name:
                return float(sample.value)
    return None


def test_a_killed_service_loses_no_event_and_the_day_reconciles(tmp_path: Path, nats_server: NatsServer) -> None:
    port, traces = free_port(), tmp_path / "traces.jsonl"
    told = {"Q2C_BROKER": nats_server.address, "Q2C_TRACES_FILE": str(traces)}
    with Mocks.up(tmp_path, "--webhooks", f"http://127.0.0.1:{port}") as mocks:
        shop, workspace = Shop(mocks), ("--workspace", str(mocks.workspace))
        shop.opens()
        service = Service(tmp_path, mocks, port=port, **told)
        shop.signs("Q-000001")
        until(lambda: shop.is_settled("Q-000001"), "the first order")
        shop.signs("Q-000002")
        until(lambda: mocks.statuses("erp", "order", "Q-000002"), "the second order")
        service.kill()
        with Service.up(tmp_path, mocks, port=port, **told) as again:
            shop.signs("Q-000003")
            shop.settles_after_a_gap(*(f"Q-00000{number}" for number in range(1, _ORDERS + 1)))
            until(lambda: gauge(again, "q2c_parked_flows") == 0 and _is_quiet(again), "all flows to end")
            until(lambda: gauge(again, "q2c_relay_backlog") == 0, "all events at the broker")
            assert (gauge(again, "q2c_flows_started_total") or 0) > 0
            assert gauge(again, "q2c_relay_withheld") == 0
        reconciled = q2c(tmp_path, "analytics", "reconcile", "--database", "journal.db", "--mocks", *workspace)
        assert reconciled.returncode == 0, reconciled.stdout + reconciled.stderr
        assert "events and ledger agree on all" in reconciled.stdout
    log = shown(tmp_path, "--database", "journal.db", "--tables", "log.db")
    broker = shown(tmp_path, "--broker", nats_server.address, "--tables", "broker.db")
    assert broker["digest"] == log["digest"]
    booked = [each for each in log["totals"] if each["measure"] == "booked"]
    assert [(each["amount_minor"], each["documents"]) for each in booked] == [(_ORDERS * 50_000, _ORDERS)]
    _one_transaction_is_found_everywhere(traces, "Q-000003")


def _is_quiet(service: Service) -> bool:
    waiting = 0.0
    for family in text_string_to_metric_families(service.http.get("/metrics").text):
        for sample in family.samples:
            if sample.name == "q2c_flows" and sample.labels["status"] in ("ready", "running"):
                waiting += sample.value * (sample.labels["flow"] not in ("sweep_quotes", "sweep_invoices"))
    return waiting == 0


def _one_transaction_is_found_everywhere(traces: Path, quote: str) -> None:
    spans = [json.loads(line) for line in traces.read_text().splitlines()]
    own = [span for span in spans if span["attributes"].get("q2c.quote.id") == quote]
    peers = {
        span["attributes"]["q2c.peer"] for span in own if span["kind"] == "CLIENT" and "q2c.peer" in span["attributes"]
    }
    assert peers == {"crm", "erp", "billing", "tax", "payment", "fulfilment"}
    names = {span["name"] for span in own}
    assert {"run accepted_quote", "run bill", "create q2c.order.booked.v1", "send q2c.order.booked.v1"} <= names
    served = [span for span in spans if span["kind"] == "SERVER"]
    assert any(span["name"].startswith("POST /webhooks/") for span in served)
    linked = {link["span_id"] for span in own for link in span["links"]}
    assert linked & {span["span_id"] for span in served}, "what a webhook started is linked to it"
    assert len({(span["trace_id"], span["span_id"]) for span in spans}) == len(spans)
