"""The life of stored documents, as callers see it and as the history tells it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.objects import TaxDocument


def read(reply: Any) -> Any:
    return json.loads(reply.body)


def error(reply: Any) -> tuple[int, str, int]:
    detail = read(reply)["error"]["details"][0]
    return reply.status, detail["code"], detail["number"]


def test_an_order_is_an_estimate_and_leaves_no_trace(bench: Any) -> None:
    reply = bench.create("Q-000123-v1", type="SalesOrder")
    assert (reply.status, read(reply)["status"], read(reply)["id"]) == (201, "Temporary", 0)
    assert read(reply)["totalTax"] > 0
    assert bench.changes() == []
    arrived = bench.arrivals()[-1]
    assert (arrived.operation, arrived.effect, arrived.key, arrived.txn) == (
        "estimate_transaction",
        "read",
        "",
        "Q-000123",
    )
    assert bench.send("GET", "/api/v2/companies/DEFAULT/transactions/Q-000123-v1").status == 404


def test_a_committed_invoice_is_written_into_the_history_with_its_shares(bench: Any) -> None:
    assert bench.create(amounts=(1000, 250.5)).status == 201
    [change] = bench.changes()
    document = change.document
    assert isinstance(document, TaxDocument)
    assert (change.kind, change.txn, change.status, document.code) == ("tax_document", "Q-000123", "committed", "INV-1")
    assert (document.kind, document.currency, document.net_minor) == ("invoice", "USD", 125_050)
    assert sum(share.amount_minor for share in document.taxes) == document.tax_minor
    assert {share.jurisdiction for share in document.taxes} == {
        "US-CA",
        "US-CA-900-COU",
        "US-CA-900-CIT",
        "US-CA-900-SPE",
    }


def test_creating_a_committed_code_again_is_get_tax_error_300_and_changes_nothing(bench: Any) -> None:
    bench.create()
    reply = bench.create(amounts=(5,))
    assert error(reply) == (400, "GetTaxError", 300)
    assert "Expected Saved|Posted" in read(reply)["error"]["message"]
    assert len(bench.changes()) == 1
    adopted = bench.send("GET", "/api/v2/companies/DEFAULT/transactions/INV-1")
    assert (adopted.status, read(adopted)["totalAmount"]) == (200, 1000.0)


def test_a_saved_document_is_replaced_by_creating_it_again(bench: Any) -> None:
    first = read(bench.create(commit=False))
    second = read(bench.create(commit=False, amounts=(20,)))
    assert (first["status"], second["status"], second["totalAmount"]) == ("Saved", "Saved", 20.0)
    assert first["id"] == second["id"]


def test_a_cancelled_code_stays_taken_unless_the_document_was_deleted(bench: Any) -> None:
    bench.create()
    assert read(bench.one("INV-1", "void", {"code": "DocVoided"}))["status"] == "Cancelled"
    assert error(bench.create()) == (400, "GetTaxError", 300)
    bench.create("INV-2")
    bench.one("INV-2", "void", {"code": "DocDeleted"})
    assert bench.create("INV-2").status == 201


@pytest.mark.parametrize(
    ("steps", "status"),
    [
        ((("commit", {"commit": True}),), "Committed"),
        ((("commit", {"commit": False}),), "Saved"),
        ((("verify", {"verifyTotalAmount": 1000}),), "Posted"),
        ((("verify", {}), ("commit", {"commit": True})), "Committed"),
        ((("settle", {"verify": {"verifyTotalAmount": 1000}, "commit": {"commit": True}}),), "Committed"),
        ((("commit", {"commit": True}), ("uncommit", None)), "Saved"),
        ((("commit", {"commit": True}), ("void", {"code": "DocVoided"}), ("unvoid", None)), "Committed"),
    ],
)
def test_a_saved_document_takes_the_steps_of_its_life(bench: Any, steps: Any, status: str) -> None:
    bench.create(commit=False)
    replies = [bench.one("INV-1", name, body) for name, body in steps]
    assert [reply.status for reply in replies] == [200] * len(steps)
    assert read(replies[-1])["status"] == status
    assert bench.changes()[-1].status == status.lower()


@pytest.mark.parametrize(
    ("step", "body"),
    [("verify", {}), ("settle", {}), ("unvoid", None), ("void", {"code": "DocVoided"}), ("uncommit", None)],
)
def test_a_cancelled_document_refuses_every_step_but_unvoid(bench: Any, step: str, body: Any) -> None:
    bench.create()
    bench.one("INV-1", "void", {"code": "DocVoided"})
    reply = bench.one("INV-1", step, body)
    if step == "unvoid":
        assert reply.status == 200
    else:
        assert error(reply) == (400, "GetTaxError", 300)
        assert len(bench.changes()) == 2


def test_committing_twice_answers_200_and_changes_nothing(bench: Any) -> None:
    bench.create()
    assert bench.one("INV-1", "commit", {"commit": True}).status == 200
    assert len(bench.changes()) == 1


def test_verification_fails_on_another_total(bench: Any) -> None:
    bench.create(commit=False)
    assert bench.one("INV-1", "verify", {"verifyTotalTax": 1}).status == 400
    assert read(bench.send("GET", "/api/v2/companies/DEFAULT/transactions/INV-1"))["status"] == "Saved"


def test_adjusting_keeps_the_old_revision_as_adjusted(bench: Any, body: Any) -> None:
    first = read(bench.create())
    given = {"newTransaction": body(amounts=(10,)), "adjustmentReason": "PriceAdjusted"}
    second = read(bench.one("INV-1", "adjust", given))
    assert (second["status"], second["version"], second["adjustmentReason"]) == ("Committed", 2, "PriceAdjusted")
    old = read(bench.send("GET", f"/api/v2/transactions/{first['id']}"))
    assert (old["status"], old["totalAmount"]) == ("Adjusted", 1000.0)
    assert [change.status for change in bench.changes()] == ["committed", "adjusted", "committed"]


def test_create_or_adjust_creates_replaces_adjusts_and_repeats_quietly(bench: Any, body: Any) -> None:
    def have(**changes: Any) -> Any:
        model = body("INV-9", **changes)
        return read(bench.send("POST", "/api/v2/transactions/createoradjust", {"createTransactionModel": model}))

    assert have(commit=False)["status"] == "Saved"
    assert have()["version"] == 1
    assert have()["version"] == 1
    assert have(amounts=(7,))["version"] == 2
    assert [change.status for change in bench.changes()] == ["saved", "committed", "adjusted", "committed"]


def test_a_return_is_negative_and_taxed_at_the_rates_of_its_original(bench: Any) -> None:
    invoice = read(bench.create())
    parts = [{"level": "State", "percent": "50"}]
    bench.act("set_rates", country="US", region="CA", postal_prefix="900", since="2027-01-01", components=parts)
    override = {"type": "TaxDate", "taxDate": "2026-12-30", "reason": "credit"}
    fields = {"type": "ReturnInvoice", "date": "2027-01-15", "amounts": (-1000,), "referenceCode": "INV-1"}
    returned = read(bench.create("CN-1", taxOverride=override, **fields))
    assert returned["totalTax"] == -invoice["totalTax"]
    assert read(bench.create("CN-2", **fields))["totalTax"] == -500.0
    document = bench.changes()[1].document
    assert (document.kind, document.original, document.tax_minor) == (
        "return",
        "INV-1",
        -round(invoice["totalTax"] * 100),
    )


def test_a_refund_by_the_engine_mirrors_its_invoice(bench: Any) -> None:
    invoice = read(bench.create(amounts=(100.01, 33.33)))
    given = {"refundTransactionCode": "CN-1", "refundDate": "2027-01-02", "refundType": "Full"}
    reply = bench.one("INV-1", "refund", given)
    assert (reply.status, read(reply)["totalTax"]) == (201, -invoice["totalTax"])
    part = {**given, "refundTransactionCode": "CN-2", "refundType": "Partial", "refundLines": ["2"]}
    assert read(bench.one("INV-1", "refund", part))["totalAmount"] == -33.33
    half = {**given, "refundTransactionCode": "CN-3", "refundType": "Percentage", "refundPercentage": 50}
    assert read(bench.one("INV-1", "refund", half))["totalAmount"] == -66.68
    only = {**given, "refundTransactionCode": "CN-4", "refundType": "TaxOnly"}
    assert read(bench.one("INV-1", "refund", only))["totalAmount"] == 0


def test_only_a_committed_document_can_be_refunded(bench: Any) -> None:
    bench.create(commit=False)
    reply = bench.one("INV-1", "refund", {"refundDate": "2027-01-02"})
    assert error(reply) == (400, "InvalidDocumentStatusForRefund", 700)


def test_a_locked_document_cannot_be_changed(bench: Any) -> None:
    bench.create()
    bench.one("INV-1", "lock", {"isLocked": True})
    assert error(bench.one("INV-1", "void", {"code": "DocVoided"})) == (400, "CannotModifyLockedTransaction", 1100)
    bench.one("INV-1", "lock", {"isLocked": False})
    assert bench.one("INV-1", "void", {"code": "DocVoided"}).status == 200


def test_several_types_with_one_code_need_a_type(bench: Any) -> None:
    bench.create("5")
    bench.create("5", type="ReturnInvoice", amounts=(-1,))
    path = "/api/v2/companies/DEFAULT/transactions/5"
    assert error(bench.send("GET", path)) == (400, "DocumentCodeConflict", 303)
    assert read(bench.send("GET", path + "?documentType=ReturnInvoice"))["totalAmount"] == -1.0
    assert read(bench.send("GET", path + "/types/SalesInvoice"))["totalAmount"] == 1000.0


def test_a_code_can_be_changed_but_not_to_a_taken_one(bench: Any) -> None:
    bench.create("a")
    bench.create("b")
    assert error(bench.one("a", "changecode", {"newCode": "b"})) == (400, "GetTaxError", 300)
    assert read(bench.one("a", "changecode", {"newCode": "c"}))["code"] == "c"
    assert bench.send("GET", "/api/v2/companies/DEFAULT/transactions/a").status == 404


def test_codes_come_escaped_by_the_clients(bench: Any) -> None:
    bench.create("in/v 1")
    reply = bench.send("GET", "/api/v2/companies/DEFAULT/transactions/in_-ava2f-_v%201")
    assert read(reply)["code"] == "in/v 1"


def test_a_document_without_a_code_gets_one(bench: Any) -> None:
    code = read(bench.create(None))["code"]
    assert bench.send("GET", f"/api/v2/companies/DEFAULT/transactions/{code}").status == 200


STEPS: list[tuple[str, Any]] = [
    ("create", None),
    ("commit", {"commit": True}),
    ("void", {"code": "DocVoided"}),
    ("unvoid", None),
    ("uncommit", None),
    ("verify", {}),
    ("lock", {"isLocked": True}),
    ("lock", {"isLocked": False}),
]
ALLOWED = {
    ("", "saved"), ("saved", "posted"), ("saved", "committed"), ("posted", "committed"), ("committed", "saved"),
    ("posted", "saved"), ("saved", "cancelled"), ("posted", "cancelled"), ("committed", "cancelled"),
    ("cancelled", "saved"), ("cancelled", "posted"), ("cancelled", "committed"),
}  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(walk=st.lists(st.sampled_from(STEPS), max_size=12))
def test_no_walk_leaves_the_paths_of_the_lifecycle(make_bench: Any, walk: list[tuple[str, Any]]) -> None:
    bench = make_bench()
    bench.create(commit=False)
    for name, given_body in walk:
        count = len(bench.changes())
        reply = bench.create(commit=False) if name == "create" else bench.one("INV-1", name, given_body)
        assert reply.status in (200, 201, 400)
        assert reply.status < 400 or len(bench.changes()) == count, "a refusal changes nothing"
    for change in bench.changes():
        assert change.before == change.status or (change.before, change.status) in ALLOWED
