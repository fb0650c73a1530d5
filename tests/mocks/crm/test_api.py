from typing import Any

import msgspec
import pytest

from domain.acts import UnknownAct
from domain.draws import Draws
from domain.faults import Fault
from domain.history import Arrived
from domain.http import Request
from mocks import crm
from mocks.crm.errors import ROWS
from mocks.kernel.faults import FaultPlan
from mocks.kernel.vendor import build


def test_versions_and_resources_are_listed(org: Any, json_of: Any) -> None:
    versions = json_of(org.send("GET", "/services/data/", headers={}))
    assert (versions[0]["version"], versions[-1]["version"]) == ("31.0", "68.0")
    resources = json_of(org.send("GET", "/services/data/v62.0/"))
    assert resources["query"] == "/services/data/v62.0/query"
    assert resources["identity"] == "http://crm/id/00D000000000001EAA/005000000000001AAA"


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("v31.0", (200, "")),
        ("v68.0", (200, "")),
        ("v30.0", (410, "UNSUPPORTED_API_VERSION")),
        ("v45.0", (200, "")),
        ("v69.0", (404, "NOT_FOUND")),
        ("62.0", (404, "NOT_FOUND")),
        ("vX.0", (404, "NOT_FOUND")),
        ("v62", (404, "NOT_FOUND")),
    ],
)
def test_versions_outside_the_range_are_refused(org: Any, error_of: Any, version: str, expected: Any) -> None:
    reply = org.send("GET", f"/services/data/{version}/limits")
    assert ((200, "") if reply.status == 200 else error_of(reply)) == expected


def test_unknown_paths_and_methods(org: Any, error_of: Any) -> None:
    assert error_of(org.send("GET", "/services/data/v62.0/nope")) == (404, "NOT_FOUND")
    assert error_of(org.send("PUT", "/services/data/v62.0/query")) == (405, "METHOD_NOT_ALLOWED")


def test_objects_describe_themselves(org: Any, json_of: Any, error_of: Any) -> None:
    names = [each["name"] for each in json_of(org.send("GET", "/services/data/v62.0/sobjects"))["sobjects"]]
    assert {"Account", "Opportunity", "Product2", "Quote", "QuoteLineItem", "Order", "Contract", "Asset"} < set(names)
    shown = json_of(org.send("GET", "/services/data/v62.0/sobjects/quote"))["objectDescribe"]
    assert (shown["name"], shown["keyPrefix"]) == ("Quote", "0Q0")
    described = json_of(org.send("GET", "/services/data/v62.0/sobjects/Quote/describe"))
    fields = {field["name"]: field for field in described["fields"]}
    assert fields["AccountId"]["referenceTo"] == ["Account"]
    assert fields["AccountId"]["relationshipName"] == "Account"
    assert fields["TotalPrice"]["updateable"] is False
    assert (fields["OrderNumber__c"]["length"], fields["OrderNumber__c"]["custom"]) == (40, True)
    assert "Accept Failed" in [value["value"] for value in fields["Status"]["picklistValues"]]
    children = {child["relationshipName"]: child for child in described["childRelationships"]}
    assert (children["QuoteLineItems"]["childSObject"], children["QuoteLineItems"]["field"]) == (
        "QuoteLineItem",
        "QuoteId",
    )
    assert error_of(org.send("GET", "/services/data/v62.0/sobjects/Nope/describe")) == (404, "NOT_FOUND")


def test_calls_on_a_quote_belong_to_its_transaction(org: Any) -> None:
    quote_id = org.accepted()
    org.send("PATCH", f"/services/data/v62.0/sobjects/Quote/{quote_id}", {"OrderStatus__c": "x"})
    arrived = [each for each in org.history if isinstance(each, Arrived)][-1]
    assert (arrived.operation, arrived.txn, arrived.effect, arrived.key) == ("update_record", "Q-000001", "done", "")


def test_an_upsert_is_known_by_its_external_id(org: Any) -> None:
    org.account()
    org.send("PATCH", "/services/data/v62.0/sobjects/Account/AccountNumber/A-000001", {"CreditStatus__c": "clear"})
    arrived = [each for each in org.history if isinstance(each, Arrived)][-1]
    assert (arrived.operation, arrived.key) == ("upsert_record", "Account/AccountNumber/A-000001")


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("throttled", 403, "REQUEST_LIMIT_EXCEEDED"),
        ("throttled_silently", 403, "REQUEST_LIMIT_EXCEEDED"),
        ("maintenance", 503, "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE"),
        ("error_before", 500, "UNKNOWN_EXCEPTION"),
        ("error_after", 500, "UNKNOWN_EXCEPTION"),
    ],
)
def test_planned_faults_look_like_the_vendor(kind: str, status: int, code: str) -> None:
    history: list[Any] = []
    plan = FaultPlan([Fault(kind=kind, system="crm", operation="update_record", seconds=5)], 1, history.append)
    service = build(crm.VENDOR, Draws(1), history.append, plan, crm.Quirks(authentication="off"))
    reply = service.handle(Request("crm", "PATCH", "/services/data/v62.0/sobjects/Quote/x", {}, b"{}"), 1).reply
    if kind != "error_after":  # this one needs a call that succeeds
        assert reply.status == status
        assert msgspec.json.decode(reply.body)[0]["errorCode"] == code
        assert "retry-after" not in reply.headers


def test_every_kernel_code_has_a_row() -> None:
    kernel = (
        "not_found method_not_allowed malformed unauthenticated throttled throttled_silently concurrency server_error "
        "maintenance conflict_state idempotency_mismatch idempotency_in_progress"
    )
    assert set(kernel.split()) <= set(ROWS)


def test_unknown_acts_and_arguments_are_errors(org: Any) -> None:
    with pytest.raises(UnknownAct):
        org.act("dance")
    with pytest.raises(msgspec.ValidationError):
        org.account(colour="red")


def test_equal_runs_write_equal_histories(new_org: Any) -> None:
    def run() -> list[Any]:
        org = new_org()
        quote_id = org.accepted()
        org.send("PATCH", f"/services/data/v62.0/sobjects/Quote/{quote_id}", {"Status": "Converted"})
        org.service.tick(org.now_us + 86_400_000_000 * 30)
        return list(org.history)

    assert run() == run()
