"""People are asked with a cause: each code of the table is borne out by what was seen before its case, or accused."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from domain.history import Crashed, Fired
from tests.contracts.checks import build
from tests.contracts.checks.build import amended, at, attempt, changed, check, clean, edited, of
from tests.contracts.checks.doctored import Records, case

ASKED = 1300.0
"""The minute in which people are asked; the doctored histories have their last deals behind them by then."""


def asked(code: str, *seen: Any, records: Records | None = None, **more: Any) -> str:
    """Return what L4 says of a case of a code that was opened after some records."""
    opened = case(ASKED, "new", code=code, opened_us=at(ASKED), **more)
    return check("L4", [*(clean() if records is None else records), *seen, opened]).status


def ended(outcome: str, status: int, txn: str = "Q-000123", minutes: float = 1200) -> Any:
    """Return a call of a transaction that ended badly."""
    return attempt(minutes, "r900", "erp", "upsert_order", "k", outcome=outcome, status=status, txn=txn)


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("AUTH.FORBIDDEN", ended("failed", 403)),
        ("AUTH.UNAUTHENTICATED", ended("failed", 0)),
        ("CONFLICT.DUPLICATE_REQUEST", ended("failed", 409)),
        ("CONFLICT.STATE", ended("failed", 409)),
        ("DEPENDENCY.RATE_LIMITED", ended("failed", 429, txn="Q-000777")),
        ("DEPENDENCY.RATE_LIMITED", ended("failed", 403)),
        ("DEPENDENCY.CONCURRENCY_LIMIT", ended("failed", 409)),
        ("DEPENDENCY.TIMEOUT", ended("unknown", 0)),
        ("DEPENDENCY.TIMEOUT", Crashed(at_us=at(1200), write=3, after=False, back_us=at(1201))),
        ("DEPENDENCY.UNAVAILABLE", ended("failed", 503, txn="Q-000777")),
        ("VALIDATION.BUSINESS_RULE", ended("failed", 422)),
        ("VALIDATION.BUSINESS_RULE", ended("failed", 422, txn="")),
        ("VALIDATION.BUSINESS_RULE", ended("failed", 404)),
        ("VALIDATION.LIMIT", ended("failed", 413)),
    ],
)
def test_a_case_has_what_its_code_says_behind_it(code: str, cause: Any) -> None:
    assert asked(code, cause) == "holds"
    assert asked(code) == "broken"
    assert asked(code, replace(cause, at_us=at(ASKED + 1))) == "broken"


@pytest.mark.parametrize("code", ["AUTH.FORBIDDEN", "VALIDATION.BUSINESS_RULE", "VALIDATION.LIMIT", "CONFLICT.STATE"])
def test_the_trouble_of_another_deal_is_no_cause(code: str) -> None:
    assert asked(code, ended("failed", 422, txn="Q-000777")) == "broken"
    assert asked(code, ended("failed", 422, txn="Q-000777", minutes=ASKED - 0.5)) == "holds", "it may be the contract's"


def test_the_invoice_of_a_change_calls_in_the_name_of_the_change() -> None:
    changes_invoice = changed(1100, "billing", "invoice", replace(build.INVOICE, id="INV-9", txn="Q-000777"))
    refused = ended("failed", 400, txn="Q-000777")
    assert asked("VALIDATION.BUSINESS_RULE", changes_invoice, refused, flow="invoice/INV-9") == "holds"
    assert asked("VALIDATION.BUSINESS_RULE", changes_invoice, refused, flow="invoice/INV-1") == "broken"


def test_passing_trouble_is_no_refusal() -> None:
    for status in (429, 503):
        assert asked("VALIDATION.BUSINESS_RULE", ended("failed", status)) == "broken"


def test_work_that_failed_and_what_people_ask_for_may_break_a_rule() -> None:
    failed = changed(20, "fulfilment", "task", replace(build.TASK, status="failed"))
    assert asked("VALIDATION.BUSINESS_RULE", failed) == "holds"
    assert asked("VALIDATION.BUSINESS_RULE", flow="refund/R-1") == "holds"


@pytest.mark.parametrize("code", ["PAYMENT.HARD_DECLINE", "PAYMENT.NSF"])
def test_a_payment_that_people_look_at_was_not_paid(code: str) -> None:
    failed = changed(1200, "payment", "payment", replace(build.PAYMENT, id="pi_2", status="failed"))
    assert asked(code, failed, flow="invoice/INV-1") == "holds"
    assert asked(code, flow="invoice/INV-1") == "broken"
    assert asked(code, failed, flow="invoice/INV-7", txn="Q-000777") == "broken"


def test_an_approval_is_asked_for_a_discount_that_nobody_approved() -> None:
    def quoted(**more: Any) -> Records:
        return edited(clean(), of("quote", "crm"), **more)

    code = "POLICY.APPROVAL_REQUIRED"
    assert asked(code, records=quoted(discount_percent="15", approvals=())) == "holds"
    assert asked(code, records=quoted(discount_percent="15", approvals=("deal_desk",))) == "broken"
    assert asked(code, records=quoted(discount_percent="0")) == "broken"
    assert asked(code, records=quoted(discount_percent="0", partner_model="resale")) == "holds"
    assert asked(code, records=quoted(discount_percent="0"), flow="refund/R-1") == "holds"


AMENDED = {"flow": "amend/Q-000200-v1", "txn": build.AMENDMENT.txn}


def test_an_amendment_conflicts_with_a_contract_that_is_over_or_a_copy_that_is_old() -> None:
    code = "CONFLICT.STATE"
    over = changed(1200, "billing", "subscription", replace(build.SUBSCRIPTION, status="cancelled"))
    stale = Fired(at_us=at(1200), fault=0, kind="stale_read", system="billing", operation="read", txn="")
    assert asked(code, records=amended(), **AMENDED) == "broken"
    assert asked(code, over, records=amended(), **AMENDED) == "holds"
    assert asked(code, stale, records=amended(), **AMENDED) == "holds"
    assert asked(code, replace(stale, kind="duplicate"), records=amended(), **AMENDED) == "broken"
    for kind in ("notice", "pause"):
        spoken = edited(amended(), of("quote", "crm", build.AMENDMENT.id), amendment_kind=kind)
        assert asked(code, records=spoken, **AMENDED) == "holds"


def test_what_no_history_can_tell_is_not_judged() -> None:
    for code in ("CONTRACT.SCHEMA_DRIFT", "DATA_QUALITY.PRICE_MISMATCH", "INTEGRITY.TOTAL_MISMATCH", "PAYMENT.DISPUTE"):
        assert asked(code) == "holds"
