"""Collections and trees: many records in one request."""

from __future__ import annotations

from typing import Any

import pytest

from tests.mocks.crm.conftest import DATA, decoded

SETS = f"{DATA}/composite/sobjects"


@pytest.fixture
def open_org(new_org: Any) -> Any:
    return new_org(owns_quotes=False, owns_accounts=False)


def _contact(last_name: Any = "Doe", **more: Any) -> dict[str, Any]:
    return {"attributes": {"type": "Contact"}, "LastName": last_name, **more}


def _codes(results: list[Any]) -> list[str]:
    return [each["errors"][0]["statusCode"] if each["errors"] else "" for each in results]


def test_each_record_succeeds_or_fails_by_itself(open_org: Any) -> None:
    records = [_contact(), _contact(None), _contact("x" * 81), {"attributes": {"type": "Nope"}}, {"LastName": "y"}]
    results = decoded(open_org.send("POST", SETS, {"records": records}))
    wanted = ["", "REQUIRED_FIELD_MISSING", "STRING_TOO_LONG", "INVALID_TYPE", "INVALID_TYPE"]
    assert _codes(results) == wanted
    assert results[1]["errors"][0]["fields"] == ["LastName"]
    assert results[0]["id"].startswith("003")


def test_all_or_none_says_of_the_good_ones_that_they_went_with_the_bad(open_org: Any) -> None:
    body = {"records": [_contact(), _contact(None)], "allOrNone": True}
    assert _codes(decoded(open_org.send("POST", SETS, body))) == [
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "REQUIRED_FIELD_MISSING",
    ]
    assert open_org.found("SELECT Id FROM Contact") == []


def test_records_are_changed_read_and_deleted_by_their_ids(open_org: Any) -> None:
    created = decoded(open_org.send("POST", SETS, {"records": [_contact("A"), _contact("B")]}))
    keys = [each["id"] for each in created]
    body = {"records": [_contact("A2", id=keys[0]), _contact("C")]}
    assert _codes(decoded(open_org.send("PATCH", SETS, body))) == ["", "MISSING_ARGUMENT"]
    shown = decoded(open_org.send("POST", f"{SETS}/Contact", {"ids": [*keys, "003"], "fields": ["LastName"]}))
    assert [each and each["LastName"] for each in shown] == ["A2", "B", None]
    by_query = decoded(open_org.send("GET", f"{SETS}/Contact?ids={keys[1]}&fields=Id,LastName"))
    assert by_query[0]["Id"] == keys[1]
    gone = decoded(open_org.send("DELETE", f"{SETS}?ids={','.join(keys)},{keys[0]},xyz"))
    assert _codes(gone) == ["", "", "ENTITY_IS_DELETED", "MALFORMED_ID"]


def test_upserts_tell_what_they_created(open_org: Any) -> None:
    open_org.account("A-000001")
    records = [
        {"attributes": {"type": "Account"}, "AccountNumber": number, "Name": "New"}
        for number in ("A-000001", "A-000002")
    ]
    results = decoded(open_org.send("PATCH", f"{SETS}/Account/AccountNumber", {"records": [*records, {"Name": "x"}]}))
    assert [each.get("created") for each in results] == [False, True, None]
    assert _codes(results) == ["", "", "MISSING_ARGUMENT"]


def test_an_external_id_that_several_records_share_names_none_of_them(open_org: Any) -> None:
    records = [_contact(name, LegacyId__c="L-1") for name in ("A", "B")]
    created = decoded(open_org.send("POST", SETS, {"records": records}))
    target = f"{DATA}/sobjects/Contact/LegacyId__c/L-1"
    for method, body in (("GET", b""), ("PATCH", {"Title": "x"}), ("DELETE", b"")):
        reply = open_org.send(method, target, body)
        assert reply.status == 300
        assert decoded(reply) == [f"{DATA}/sobjects/Contact/{each['id']}" for each in created]
    results = decoded(open_org.send("PATCH", f"{SETS}/Contact/LegacyId__c", {"records": records[:1]}))
    assert _codes(results) == ["DUPLICATE_EXTERNAL_ID"]


def test_more_than_200_records_are_too_many(open_org: Any, error_of: Any) -> None:
    reply = open_org.send("POST", SETS, {"records": [_contact()] * 201})
    assert error_of(reply) == (400, "LIMIT_EXCEEDED")


def _tree(**contact: Any) -> dict[str, Any]:
    child = {"attributes": {"type": "Contact", "referenceId": "child"}, **contact}
    root = {"attributes": {"type": "Account", "referenceId": "root"}, "Name": "Root", "Contacts": {"records": [child]}}
    return {"records": [root]}


def test_a_tree_grows_children_below_their_parents(open_org: Any) -> None:
    reply = open_org.send("POST", f"{DATA}/composite/tree/Account", _tree(LastName="Leaf"))
    assert reply.status == 201
    results = decoded(reply)["results"]
    assert [each["referenceId"] for each in results] == ["root", "child"]
    assert open_org.found("SELECT AccountId FROM Contact")[0]["AccountId"] == results[0]["id"]


def test_a_tree_with_a_bad_leaf_does_not_stand(open_org: Any) -> None:
    reply = open_org.send("POST", f"{DATA}/composite/tree/Account", _tree())
    assert reply.status == 400
    assert decoded(reply)["hasErrors"] is True
    assert decoded(reply)["results"][0]["referenceId"] == "child"
    assert open_org.found("SELECT Id FROM Account") == []
    assert open_org.changes("account") == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"records": [{"Name": "x"}]}, "INVALID_INPUT"),
        ({"records": [{"attributes": {"referenceId": "a"}, "Name": "x", "Nopes": {"records": []}}]}, "INVALID_FIELD"),
        ({"records": [{"attributes": {"referenceId": "a"}, "Name": "x", "Contacts": {"records": [1]}}]}, "JSON_PARSER"),
        ({"records": [{"attributes": {"referenceId": f"r{n}"}, "Name": "x"} for n in range(201)]}, "LIMIT_EXCEEDED"),
    ],
)
def test_a_tree_that_is_none_is_refused_and_leaves_nothing(open_org: Any, body: Any, code: str) -> None:
    reply = open_org.send("POST", f"{DATA}/composite/tree/Account", body)
    assert reply.status == 400
    assert decoded(reply)[0]["errorCode"].startswith(code)
    assert open_org.found("SELECT Id FROM Account") == []
