"""The official clients, Python and Node, run quote-to-cash, errors, paging, repetition, retries and webhooks."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from domain.faults import Fault
from mocks.doors.live import LiveWorld
from mocks.doors.serving import Running, running
from mocks.doors.settings import quirks_of
from tests.sdk.conftest import node_environment, python_environment
from tests.sdk.stripe.conftest import HERE, NODE_CLIENT, PYTHON_CLIENT, report_of, switches

Serve = Callable[..., Running]


@pytest.fixture(scope="module")
def python() -> Path:
    """Return the Python that has the official client."""
    return python_environment("stripe", *PYTHON_CLIENT)


def run(python: Path, *arguments: str) -> dict[str, Any]:
    """Run a program with the client and return what it saw."""
    return report_of([str(python), *arguments])


def test_the_python_client_runs_a_whole_quote_to_cash(serve: Serve, python: Path) -> None:
    saw = run(python, str(HERE / "program.py"), serve()["payment"])
    assert saw["lines"] == [30_000, 1_999, 501]
    assert saw["open"] == ["open", 32_500, 31_663, True], "10 % off, then 8.25 % tax, rounded line by line"
    assert saw["paid"] == ["paid", True, 0]
    assert saw["intent"] == ["succeeded", True]
    assert saw["note"] == [1_083, "issued", 1]
    assert (saw["lowered"], saw["raised"]) == (3_000, 5_000)
    assert (saw["void"], saw["uncollectible"], saw["paid_after_all"]) == ("void", "uncollectible", "paid")
    assert saw["deleted"] is True
    assert saw["subscribed"] == ["active", "paid", 10_000]
    assert saw["prorations"] == [2, True]
    assert saw["preview"] == 15_000
    assert saw["renewed"] == [3, ["paid"], "active"], "the test clock moved the world through two renewals"
    assert saw["clock"] is True
    assert saw["payments"] == ["succeeded", "requires_capture", "succeeded", 3_000]
    assert saw["refund"] == ["succeeded", 2_000]
    assert saw["dispute"] == ["needs_response", "under_review", "lost"]
    assert saw["payout"] == ["pending", "canceled"]
    assert saw["quote"] == ["draft", "open", "accepted", "active"]
    assert saw["schedule"] == ["active", 2, "released"]


def test_the_python_client_understands_every_refusal(serve: Serve, python: Path) -> None:
    saw = run(python, str(HERE / "program.py"), serve()["payment"])
    wanted = {
        "refinalize": ("InvalidRequestError", 400, "invoice_not_editable", "id"),
        "edit": ("InvalidRequestError", 400, "invoice_not_editable", "invoice"),
        "decline": ("CardError", 402, "card_declined", None),
        "challenge": ("CardError", 402, "authentication_required", None),
        "missing": ("InvalidRequestError", 404, "resource_missing", "id"),
        "reference": ("InvalidRequestError", 400, "resource_missing", "customer"),
        "unknown": ("InvalidRequestError", 400, "parameter_unknown", "nmae"),
        "required": ("InvalidRequestError", 400, "parameter_missing", "currency"),
        "small": ("InvalidRequestError", 400, "amount_too_small", "amount"),
        "integer": ("InvalidRequestError", 400, "parameter_invalid_integer", "amount"),
        "empty": ("InvalidRequestError", 400, "invoice_no_customer_line_items", None),
        "stranger": ("AuthenticationError", 401, None, None),
        "reused": ("IdempotencyError", 400, None, None),
    }
    found = {name: tuple(saw[name][part] for part in ("class", "status", "code", "param")) for name in wanted}
    assert found == wanted
    assert all(saw[name]["request"] for name in wanted), "every refusal has a request id"
    assert saw["decline"]["decline"] == "insufficient_funds"
    assert saw["once"] == [True, "true", True], "the replay is marked and names the first request"
    assert saw["kept_decline"] == ["card_declined", "card_declined"]
    assert (saw["paged"], saw["back"], saw["searched"]) == (True, True, 23)
    assert (saw["acacia"], saw["newest"]) == (True, False), "an old version still sees invoice.paid"


def test_replies_have_every_field_the_python_client_declares(serve: Serve, python: Path) -> None:
    address = serve()["payment"]
    run(python, str(HERE / "program.py"), address)
    found = run(python, str(HERE / "shapes.py"), address)
    assert found["missing"] == {}
    assert len(found["seen"]) >= 28


def test_the_python_client_verifies_the_webhooks(
    serve: Serve, python: Path, receiver: tuple[str, list[tuple[str, bytes]]]
) -> None:
    hook, got = receiver
    saw = run(python, str(HERE / "program.py"), serve()["payment"], hook)
    deadline = time.monotonic() + 10
    while not got and time.monotonic() < deadline:
        time.sleep(0.02)
    assert got, "the endpoint was told"
    assert saw["hook_secret"].startswith("whsec_")
    assert saw["hook_again"] is None, "the secret is told once"
    assert saw["events"] == ["customer.created"]
    signature, body = got[0]
    program = (
        "import sys, json, stripe\n"
        "signature, secret, wrong = sys.argv[1:4]\n"
        "body = sys.stdin.read()\n"
        "event = stripe.Webhook.construct_event(body, signature, secret)\n"
        "try:\n    stripe.Webhook.construct_event(body, signature, wrong)\n"
        "except stripe.SignatureVerificationError:\n    print(json.dumps({'type': event.type}))\n"
    )
    done = subprocess.run(
        [str(python), "-c", program, signature, saw["hook_secret"], "whsec_other"],
        input=body.decode(), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "customer.created" in done.stdout


RETRIES = """
import json, sys, stripe
client = stripe.StripeClient("sk_test_q2c", base_addresses={"api": sys.argv[1]}, max_network_retries=int(sys.argv[2]))
saw = {}
try:
    made = client.v1.customers.create({"name": "Acme", "metadata": {"order": "Q-000009"}})
    saw["made"] = made.id
except stripe.StripeError as error:
    saw["error"] = [type(error).__name__, error.http_status]
reader = stripe.StripeClient("sk_test_q2c", base_addresses={"api": sys.argv[1]}, max_network_retries=2)
saw["customers"] = len(reader.v1.customers.list().data)
print(json.dumps(saw))
"""


@pytest.mark.parametrize(
    ("kind", "retries", "wanted"),
    [
        ("error_before", 0, (["APIError", 500], 0)),
        ("error_before", 2, (None, 1)),
        ("error_after", 0, (["APIError", 500], 1)),
        ("error_after", 2, (None, 1)),
        ("reset_after", 2, (None, 1)),
        ("throttled", 2, (["RateLimitError", 429], 0)),
        ("key_in_progress", 2, (None, 1)),
    ],
)
def test_the_python_client_retries_with_one_key_and_makes_one_customer(
    python: Path, kind: str, retries: int, wanted: tuple[list[Any] | None, int]
) -> None:
    fault = Fault(kind=kind, system="payment", operation="create_customer", nth=1)
    with running(LiveWorld(quirks=quirks_of(switches()), faults=(fault,))) as doors:
        saw = run(python, "-c", RETRIES, doors["payment"], str(retries))
    assert (saw.get("error"), saw["customers"]) == wanted


def test_the_node_client_runs_a_whole_quote_to_cash(serve: Serve) -> None:
    if shutil.which("node") is None:
        pytest.skip("NOTHING WAS PROVED: node is not installed")
    modules = node_environment("stripe", *NODE_CLIENT)
    port = serve()["payment"].rpartition(":")[2]
    saw = report_of(["node", str(HERE / "program.mjs"), str(modules), port])
    assert saw["invoice"] == ["draft", "open", "paid", 7_000, True]
    assert saw["replayed"] == "true"
    assert saw["subscription"] == ["active", 5_000]
    assert saw["refund"] == ["succeeded", "succeeded", True]
    assert saw["decline"] == ["StripeCardError", 402, "card_declined", "generic_decline"]
    assert saw["missing"] == ["StripeInvalidRequestError", 404, "resource_missing", None]
    assert saw["unknown"] == ["StripeInvalidRequestError", 400, "parameter_unknown", None]
    assert saw["reused"][0] == "StripeIdempotencyError"
    assert saw["paged"] == 13
    assert saw["told"] is True
    assert saw["events"] == ["customer.created", "invoice.paid"]
    assert saw["forged"][0] == "StripeSignatureVerificationError"
    assert (saw["clock"], saw["renewed"]) == (True, 2)
