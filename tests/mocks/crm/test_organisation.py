"""What differs between organisations: objects of their own, versions, users, locks."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from mocks.crm.fields import amount, flag, link, text
from mocks.crm.quirks import CustomObject
from tests.mocks.crm.conftest import DATA, decoded

USAGE = CustomObject(
    name="Usage__c",
    prefix="a01",
    label_plural="Usages",
    fields=(
        text("Name", required=True, nillable=False),
        text("ExtId__c", 40, external_id=True, index="key"),
        link("Account__c", "Account", "Account__r"),
        amount("Amount__c"),
        flag("Billed__c"),
    ),
)


@pytest.fixture
def custom(new_org: Any) -> Any:
    org = new_org(custom_objects=(USAGE,), change_events=("*",))
    org.account()
    return org


def test_an_object_of_the_organisations_own_is_like_any_other(custom: Any) -> None:
    target = f"{DATA}/sobjects/Usage__c"
    body = {"Name": "u", "Amount__c": 1.25, "Account__r": {"AccountNumber": "A-000001"}}
    reply = custom.send("PATCH", f"{target}/ExtId__c/X-1", body)
    assert reply.status == 201
    assert decoded(reply)["id"].startswith("a01")
    row = custom.found("SELECT Amount__c, Billed__c, Account__r.Name FROM Usage__c WHERE Account__r.Name = 'Acme'")[0]
    assert (row["Amount__c"], row["Billed__c"], row["Account__r"]["Name"]) == (1.25, False, "Acme")
    described = decoded(custom.send("GET", f"{target}/describe"))
    assert (described["custom"], described["labelPlural"]) == (True, "Usages")
    events = custom.service.model.events.since("/data/Usage__ChangeEvent", 0)
    contents = [msgspec.json.decode(event.content) for event in events]
    assert [content["payload"]["ChangeEventHeader"]["changeType"] for content in contents] == ["CREATE"]


def test_a_parent_that_is_not_there_cannot_be_named(custom: Any, error_of: Any) -> None:
    for parent, code in (
        ({"AccountNumber": "none"}, "INVALID_CROSS_REFERENCE_KEY"),
        ({}, "JSON_PARSER_ERROR"),
        ("A-000001", "JSON_PARSER_ERROR"),
    ):
        body = {"Name": "u", "Account__r": parent}
        assert error_of(custom.send("POST", f"{DATA}/sobjects/Usage__c", body)) == (400, code)


def test_numbers_are_given_by_the_organisation(new_org: Any, error_of: Any) -> None:
    org = new_org()
    org.account()
    body = {"AccountId": org.found("SELECT Id FROM Account")[0]["Id"], "Status": "Draft"}
    target = f"{DATA}/sobjects/Contract"
    for _ in range(2):
        assert org.send("POST", target, body).status == 201
    rows = org.found("SELECT ContractNumber FROM Contract ORDER BY ContractNumber")
    assert [row["ContractNumber"] for row in rows] == ["00000001", "00000002"]
    refused = org.send("POST", target, {**body, "ContractNumber": "7"})
    assert error_of(refused) == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")


@pytest.mark.parametrize(("version", "status"), [("v31.5", 404), ("v30.0", 410), ("v7.0", 410), ("v69.0", 404)])
def test_versions_that_are_not_spoken(org: Any, version: str, status: int) -> None:
    assert org.send("GET", f"/services/data/{version}/limits").status == status


def test_an_organisation_may_speak_older_versions_where_an_upsert_says_nothing(new_org: Any) -> None:
    org = new_org(owns_accounts=False, oldest_version=31, newest_version=45)
    org.account()
    target = "/services/data/v45.0/sobjects/Account/AccountNumber/A-000001"
    assert org.send("PATCH", target, {"Name": "x"}).status == 204
    assert org.send("PATCH", target.replace("v45.0", "v46.0"), {"Name": "x"}).status == 404


def test_an_administrator_ends_all_sessions(org: Any) -> None:
    org.login()
    org.act("expire_sessions")
    assert org.send("GET", f"{DATA}/limits").status == 401


def test_a_locked_record_is_written_when_its_holder_lets_go(new_org: Any, error_of: Any) -> None:
    org = new_org(owns_accounts=False)
    org.account()
    key = org.found("SELECT Id FROM Account")[0]["Id"]
    org.act("lock_record", id=key[:15], seconds=5)
    target = f"{DATA}/sobjects/Account/{key}"
    assert error_of(org.send("PATCH", target, {"Phone": "1"})) == (400, "UNABLE_TO_LOCK_ROW")
    assert org.send("GET", target).status == 200
    org.now_us += 5_000_000
    assert org.send("PATCH", target, {"Phone": "1"}).status == 204


def test_who_is_calling(org: Any) -> None:
    org.login()
    shown = decoded(org.send("GET", "/id/00D000000000001EAA/005000000000001AAA?format=json"))
    assert (shown["user_id"], shown["organization_id"]) == ("005000000000001AAA", "00D000000000001EAA")
    assert decoded(org.send("GET", "/services/oauth2/userinfo"))["sub"] == shown["id"]
    stranger = org.send("GET", "/services/oauth2/userinfo", headers={})
    assert (stranger.status, stranger.body) == (403, b"Bad_OAuth_Token")
    assert org.send("GET", "/id/00D000000000002EAA/005000000000001AAA").status == 403


@pytest.mark.parametrize("content_type", ["text/xml", "application/x-www-form-urlencoded", ""])
def test_a_record_is_json(new_org: Any, error_of: Any, content_type: str) -> None:
    org = new_org(owns_accounts=False)
    org.login()
    headers = {"authorization": f"Bearer {org.token}", "content-type": content_type}
    reply = org.send("POST", f"{DATA}/sobjects/Account", {"Name": "x"}, headers)
    assert error_of(reply) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_code_is_good_once_and_a_refresh_token_until_it_is_revoked(org: Any, json_of: Any) -> None:
    token = "/services/oauth2/token"
    form = b"grant_type=authorization_code&client_id=a&code=c1&redirect_uri=x"
    granted = json_of(org.send("POST", token, form, {}))
    assert org.send("POST", token, form, {}).status == 400
    fresh = f"grant_type=refresh_token&client_id=a&refresh_token={granted['refresh_token']}".encode()
    assert org.send("POST", token, fresh, {}).status == 200
    assert org.send("GET", f"/services/oauth2/revoke?token={granted['refresh_token']}", b"", {}).status == 200
    reply = org.send("POST", token, fresh, {})
    assert (reply.status, json_of(reply)["error"]) == (400, "invalid_grant")
