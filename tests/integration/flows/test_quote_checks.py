"""A quote is checked by four systems at once; one that is known to be down is not asked."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from integration.effects import All, Call, Effect
from integration.flow import Flow, FlowContext
from integration.flows.quote_checks import Report, check_quote, of_trail
from integration.journal.protocol import Entry
from integration.outcomes import Answer, Begun, Failed, Joined, Unknown
from integration.settings import Settings

AT_US = 1_790_000_000_000_000
_QUOTE = {
    "Id": "0Q0000000000001EAA", "QuoteNumber": "Q-000001", "Version__c": 1, "Status": "Draft", "Kind__c": "new",
    "Entity__c": "US", "CurrencyIsoCode": "USD", "TotalPrice": 2400.00,
    "Account": {"Id": "001", "AccountNumber": "A-1", "Name": "Acme", "BillingCountryCode": "US"},
    "QuoteLineItems": {"records": [{
        "Id": "L1", "LineNumber": 1, "ProductCode__c": "PLAT", "ProductKind__c": "recurring", "Quantity": 2,
        "ListPrice": 1200.00, "UnitPrice": 1200.00, "TotalPrice": 2400.00, "Months__c": 12,
    }]},
}  # fmt: skip
READ = Answer(200, json.dumps({"records": [_QUOTE]}).encode(), AT_US)
ANSWERS = {
    "list_item_prices": {"list": [{"item_price": {"id": "PLAT-USD-12", "price": 120_000, "status": "active"}}]},
    "suiteql": {"items": [{"externalid": "PLAT"}]},
    "estimate_tax": {"code": None, "status": "Temporary", "totalTax": 0, "currencyCode": "USD", "summary": []},
    "read_customer": {"id": "1", "custentity_credit_status": "clear"},
}


def begun(without: tuple[str, ...] = ()) -> tuple[Flow, Effect | None]:
    arguments: dict[str, Any] = {"quote_id": "0Q0000000000001EAA", "without": list(without)}
    context = FlowContext("validation/1", "check_quote", "", Settings())
    flow = Flow("validation/1", check_quote(context, arguments))
    flow.resume(Begun("validation/1", "check_quote", arguments))
    return flow, flow.resume(READ)


def calls_in(effect: Effect | None) -> list[Call]:
    assert isinstance(effect, All)
    return [branch for branch in effect.branches if isinstance(branch, Call)]


def answered(effect: Effect | None, **other: Any) -> Joined:
    outcomes = [
        other.get(call.operation, Answer(200, json.dumps(ANSWERS[call.operation]).encode(), AT_US))
        for call in calls_in(effect)
    ]
    return Joined(tuple(outcomes))


def outcomes_of(flow: Flow) -> dict[str, str]:
    return {check.name: check.outcome for check in msgspec.convert(flow.result, Report).checks}


def test_all_systems_are_asked_at_once_and_nothing_is_written() -> None:
    flow, effect = begun()
    calls = calls_in(effect)
    assert sorted(call.system for call in calls) == ["billing", "erp", "erp", "tax"]
    assert not any(call.write for call in calls)
    assert max(call.timeout_seconds for call in calls) <= 8
    assert flow.resume(answered(effect)) is None
    assert set(outcomes_of(flow).values()) == {"ok"}


@pytest.mark.parametrize(
    ("down", "unknown"), [("tax", {"tax"}), ("erp", {"mapping", "credit"}), ("billing", {"price"})]
)
def test_a_system_that_is_known_to_be_down_is_not_asked(down: str, unknown: set[str]) -> None:
    flow, effect = begun((down,))
    assert down not in {call.system for call in calls_in(effect)}
    flow.resume(answered(effect))
    assert {name for name, outcome in outcomes_of(flow).items() if outcome == "unknown"} == unknown


def test_when_all_are_down_nobody_is_asked() -> None:
    flow, effect = begun(("tax", "erp", "billing"))
    assert effect is None
    assert outcomes_of(flow) == {
        "terms": "ok",
        "price": "unknown",
        "mapping": "unknown",
        "tax": "unknown",
        "credit": "unknown",
    }


def test_what_may_help_is_tried_a_second_time_and_a_timeout_is_not() -> None:
    flow, effect = begun()
    trouble = {"estimate_tax": Failed("unavailable", 503), "suiteql": Unknown("timeout")}
    again = calls_in(flow.resume(answered(effect, **trouble)))
    assert [(call.operation, call.attempt) for call in again] == [("estimate_tax", 2)]
    flow.resume(Joined((Failed("unavailable", 503),)))
    assert outcomes_of(flow) == {"terms": "ok", "price": "ok", "mapping": "unknown", "tax": "unknown", "credit": "ok"}


def test_the_journal_of_an_unfinished_check_tells_what_has_come() -> None:
    flow, effect = begun()
    credit = next(index for index, call in enumerate(calls_in(effect)) if call.operation == "read_customer")
    held = Answer(200, b'{"id": "1", "custentity_credit_status": "hard_hold"}', AT_US)
    trail = [
        Entry(1, -1, AT_US, 1, "step", READ, effect),
        Entry(1, credit, AT_US, 1, "branch", held),
    ]
    report = of_trail(trail, Settings())
    found = {check.name: check.outcome for check in report.checks}
    assert found == {"terms": "ok", "price": "unknown", "mapping": "unknown", "tax": "unknown", "credit": "failed"}
    assert (report.outcome, report.tax_minor) == ("failed", None)
    assert of_trail([], Settings()).outcome == "unknown"
    flow.close()


@pytest.mark.parametrize(
    ("operation", "body", "check", "code"),
    [
        ("list_item_prices", {"list": []}, "price", "DATA_QUALITY.MAPPING_MISSING"),
        ("list_item_prices", {"list": [{"item_price": {"id": "PLAT-USD-12", "price": 1}}]}, "price",
         "DATA_QUALITY.PRICE_MISMATCH"),
        ("suiteql", {"items": []}, "mapping", "DATA_QUALITY.MAPPING_MISSING"),
        ("suiteql", {"rows": []}, "mapping", "CONTRACT.SCHEMA_DRIFT"),
        ("read_customer", {"id": "1", "custentity_credit_status": "soft_hold"}, "credit", "POLICY.CREDIT_HOLD"),
        ("estimate_tax", {"totalTax": "?"}, "tax", "CONTRACT.SCHEMA_DRIFT"),
    ],
)  # fmt: skip
def test_each_check_has_its_own_code(operation: str, body: Any, check: str, code: str) -> None:
    flow, effect = begun()
    flow.resume(answered(effect, **{operation: Answer(200, json.dumps(body).encode(), AT_US)}))
    report = msgspec.convert(flow.result, Report)
    assert {each.name: each.code for each in report.checks if each.outcome != "ok"} == {check: code}
