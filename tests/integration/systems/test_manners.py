"""What every adapter makes of a reply: ok, failed or unknown, with the vendor's own code and pause."""

from __future__ import annotations

from typing import Any

import pytest

from integration.outcomes import Answer, Failed, Unknown
from integration.system import System
from integration.systems import billing, crm, erp, payment, tax
from tests.integration.systems.conftest import outcome


@pytest.mark.parametrize("status", [200, 201, 204])
def test_a_2xx_is_an_answer(system: System, status: int) -> None:
    found = outcome(system, status, {})
    assert isinstance(found, Answer)
    assert (found.status, found.at_us) == (status, 7)


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_5xx_on_a_write_is_unknown_and_on_a_read_a_failure(system: System, status: int) -> None:
    assert isinstance(outcome(system, status), Unknown)
    read = outcome(system, status, write=False)
    assert isinstance(read, Failed)
    assert read.kind == "server_error"


def test_a_503_promises_that_nothing_was_done(system: System) -> None:
    found = outcome(system, 503, retry_after="120")
    assert isinstance(found, Failed)
    assert (found.kind, found.retry_after_seconds) == ("unavailable", 120)


def test_a_429_is_a_throttle_with_or_without_a_pause(system: System) -> None:
    told, silent = outcome(system, 429, retry_after="30"), outcome(system, 429)
    assert isinstance(told, Failed)
    assert isinstance(silent, Failed)
    assert (told.kind, told.retry_after_seconds, silent.retry_after_seconds) == ("throttled", 30, -1)


DATE, LATER = "Tue, 01 Dec 2026 09:00:00 GMT", "Tue, 01 Dec 2026 09:01:30 GMT"


@pytest.mark.parametrize(
    ("text", "date", "seconds"),
    [
        (LATER, DATE, 90),  # by the clock of who wrote it
        (DATE, LATER, -1),  # it is over
        ("Thu, 01 Jan 1970 00:01:00 GMT", "", 60),  # by our own: 7 microseconds after the epoch
        ("soon", "", -1),
        ("-5", "", -1),
    ],
)
def test_a_pause_may_be_a_date(system: System, text: str, date: str, seconds: int) -> None:
    found = outcome(system, 429, {}, retry_after=text, date=date)
    assert isinstance(found, Failed)
    assert found.retry_after_seconds == seconds


DENIALS = {
    "crm": [{"message": "no", "errorCode": "UNKNOWN_EXCEPTION"}],
    "erp": {"type": "about:blank", "title": "no", "status": 500, "o:errorDetails": [{"o:errorCode": "X"}]},
    "billing": {"message": "no", "api_error_code": "internal_error"},
    "tax": {"error": {"code": "ServerError", "message": "no"}},
    "payment": {"error": {"type": "api_error", "message": "no"}},
    "fulfilment": {"title": "no", "status": 500},
}


def test_a_success_that_its_body_denies_is_none(system: System) -> None:
    media_type = "application/problem+json" if system.name == "fulfilment" else "application/json"
    written = outcome(system, 200, DENIALS[system.name], content_type=media_type)
    read = outcome(system, 200, DENIALS[system.name], write=False, content_type=media_type)
    assert isinstance(written, Unknown)
    assert isinstance(read, Failed)
    assert read.kind == "server_error"
    assert isinstance(outcome(system, 200, {"id": "1", "records": [{"error": None}]}), Answer)


def test_a_job_that_is_accepted_is_not_done() -> None:
    assert isinstance(outcome(erp.SYSTEM, 202, {}), Unknown)


@pytest.mark.parametrize("status", [301, 307, 308])
def test_nothing_is_followed_elsewhere(system: System, status: int) -> None:
    found = outcome(system, status, {}, location="https://moved.example/")
    assert isinstance(found, Failed)
    assert found.kind == "rejected"


def test_a_400_without_a_readable_body_is_a_rejection(system: System) -> None:
    found = outcome(system, 400)
    assert isinstance(found, Failed)
    assert found.kind == "rejected"


def test_a_401_asks_to_sign_in_again(system: System) -> None:
    found = outcome(system, 401, {})
    assert isinstance(found, Failed)
    assert found.kind == "unauthenticated"


def erp_error(code: str, detail: str = "no", path: str = "") -> dict[str, Any]:
    return {"o:errorDetails": [{"detail": detail, "o:errorCode": code, "o:errorPath": path}]}


_RULE = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
CODES = [
    # system, status, body, kind, code
    (crm.SYSTEM, 403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "m"}], "throttled", "REQUEST_LIMIT_EXCEEDED"),
    (crm.SYSTEM, 400, [{"errorCode": "UNABLE_TO_LOCK_ROW", "message": "m"}], "in_progress", "UNABLE_TO_LOCK_ROW"),
    (crm.SYSTEM, 400, [{"errorCode": _RULE, "fields": ["MirrorSequence__c"]}], "rejected", crm.OUTDATED),
    (crm.SYSTEM, 400, [{"errorCode": _RULE, "fields": ["Status"]}], "rejected", _RULE),
    (crm.SYSTEM, 401, [{"errorCode": "INVALID_SESSION_ID", "message": "m"}], "unauthenticated", "INVALID_SESSION_ID"),
    (crm.SYSTEM, 404, [{"errorCode": "NOT_FOUND", "message": "m"}], "rejected", "NOT_FOUND"),
    (erp.SYSTEM, 400, erp_error("SSS_REQUEST_LIMIT_EXCEEDED"), "throttled", "SSS_REQUEST_LIMIT_EXCEEDED"),
    (erp.SYSTEM, 400, erp_error("INVALID_KEY_OR_REF"), "rejected", "INVALID_KEY_OR_REF"),
    (billing.SYSTEM, 400, {"api_error_code": "duplicate_entry", "message": "m"}, "rejected", "duplicate_entry"),
    (
        billing.SYSTEM, 409, {"api_error_code": "invalid_request", "message": "Idempotency key is in use"},
        "in_progress", "invalid_request",
    ),
    (tax.SYSTEM, 400, {"error": {"code": "GetTaxError", "message": "m"}}, "rejected", "GetTaxError"),
    (
        payment.SYSTEM, 402, {"error": {"type": "card_error", "code": "card_declined", "decline_code": "lost_card"}},
        "rejected", "lost_card",
    ),
    (payment.SYSTEM, 409, {"error": {"code": "idempotency_key_in_use"}}, "in_progress", "idempotency_key_in_use"),
    (payment.SYSTEM, 400, {"error": {"type": "idempotency_error"}}, "rejected", "idempotency_error"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("system", "status", "value", "kind", "code"), CODES, ids=[f"{r[0].name}-{r[4]}" for r in CODES]
)
def test_a_vendors_code_decides_before_the_status(
    system: System, status: int, value: Any, kind: str, code: str
) -> None:
    found = outcome(system, status, value)
    assert isinstance(found, Failed)
    assert (found.kind, found.code, found.status) == (kind, code, status)


def test_where_the_erp_points_is_part_of_the_detail() -> None:
    found = outcome(erp.SYSTEM, 400, erp_error("USER_ERROR", "period closed", "tranDate"))
    assert isinstance(found, Failed)
    assert found.detail == "period closed (tranDate)"


@pytest.mark.parametrize("mark", ["idempotent_replayed", "chargebee_idempotency_replayed"])
def test_a_replayed_error_says_so(mark: str) -> None:
    marks: dict[str, Any] = {mark: "true"}
    found = outcome(billing.SYSTEM, 500, **marks)
    assert isinstance(found, Unknown)
    assert found.replayed


def test_secrets_stand_in_headers_or_in_the_signing_in_only(system: System) -> None:
    assert system.headers or system.token
    if system.ping is not None:
        assert not system.ping.write
        assert "authorization" not in system.ping.headers
