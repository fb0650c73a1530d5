"""The exception queue and the cross-reference over real HTTP: two people, one case, and nobody overwrites anybody."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest

from domain.acts import Act
from tests.integration.api.conftest import Stage


@pytest.fixture
def case(stage: Stage) -> dict[str, Any]:
    """A case of an order for a product that the ERP does not know."""
    sku = stage.new_sku()
    stage.act("crm", "create_product", sku=sku, name=sku, kind="recurring")
    quote = stage.quote(line={"sku": sku})
    with stage.client() as client:
        client.post("/orders", json=quote, headers={"idempotency-key": quote["number"]})
        found = stage.until(
            lambda: client.get("/exceptions", params={"transaction": quote["number"]}).json()["cases"]
        )  # fmt: skip
    case: dict[str, Any] = {**found[0], "sku": sku}
    return case


def act(client: httpx.Client, case: dict[str, Any], word: str, body: Any = None, **headers: str) -> httpx.Response:
    return client.post(f"/exceptions/{case['id']}/{word}", json=body or {}, headers=headers)


def test_a_case_tells_all_that_a_person_must_know(stage: Stage, case: dict[str, Any]) -> None:
    with stage.client() as client:
        answer = client.get(f"/exceptions/{case['id']}")
    found = answer.json()
    assert answer.headers["etag"] == f'"{found["version"]}"'
    assert found["code"].startswith("DATA_QUALITY.")
    assert (found["owner"], found["open"], found["overdue"]) == ("data steward", True, False)
    assert "retry" in found["decisions"]


def test_one_person_has_a_case_at_a_time(stage: Stage, case: dict[str, Any]) -> None:
    with stage.client("everything") as first, stage.client("second") as other:
        assert act(first, case, "take").json()["assignee"] == "everything"
        refused = act(other, case, "retry")
        assert (refused.status_code, refused.json()["type"]) == (409, "/api/v1/problems/state-conflict")
        assert "everything" in refused.json()["detail"]
        assert act(other, case, "take", {"from_person": "everything"}).json()["assignee"] == "second"
        assert act(other, case, "hand-over", {}).json()["assignee"] == ""


def test_who_acts_on_what_has_changed_meanwhile_is_refused(stage: Stage, case: dict[str, Any]) -> None:
    with stage.client("everything") as first, stage.client("second") as other:
        seen = first.get(f"/exceptions/{case['id']}").headers["etag"]
        assert act(other, case, "comment", {"note": "looking at it"}, **{"if-match": seen}).status_code == 200
        act(other, case, "take")
        refused = act(first, case, "take", **{"if-match": seen})
        assert (refused.status_code, refused.json()["type"]) == (412, "/api/v1/problems/precondition-failed")
        assert refused.headers["etag"] != seen
        act(other, case, "hand-over", {})


def test_giving_up_takes_a_reason_and_two_people(stage: Stage, case: dict[str, Any]) -> None:
    with stage.client("everything") as first, stage.client("second") as other:
        assert act(first, case, "discard").status_code == 400
        asked = act(first, case, "discard", {"note": "the customer withdrew"})
        assert asked.json()["discard"]["requested_by"] == "everything"
        alone = act(first, case, "approve-discard")
        assert (alone.status_code, alone.json()["type"]) == (403, "/api/v1/problems/second-person-needed")
        done = act(other, case, "approve-discard", {"note": "agreed"})
        assert (done.status_code, done.json()["open"]) == (200, False), done.text
        flow = other.get(f"/transactions/{case['transaction']}").json()
        assert flow["status"] == "given_up"
        assert any(step["kind"] == "person" for step in flow["steps"])


def test_a_corrected_case_goes_on_and_is_verified(stage: Stage, case: dict[str, Any]) -> None:
    sku = case["sku"]
    stage.act("erp", "create_item", sku=sku, item=sku, kind="recurring", revenue_rule="straight_line")
    stage.act(
        "billing", "create_item_price", sku=sku, currency="USD", months=12, kind="recurring", list_unit_minor=120_000
    )
    with stage.client() as client:
        wrong = act(client, case, "resolve", {"decision": "shred", "note": "no such way out"})
        assert wrong.status_code == 422
        answer = act(client, case, "retry", {"note": "the item is in the ERP now"})
        assert answer.status_code == 200, answer.text
        stage.until(lambda: client.get(f"/exceptions/{case['id']}").json()["status"] in ("verified", "auto_resolved"))


@pytest.mark.parametrize("place", ["mapping", "values"])
def test_a_mapping_takes_the_scope_of_stewards_by_this_way_too(stage: Stage, case: dict[str, Any], place: str) -> None:
    mapping = {"kind": "product", "key": case["sku"], "value": {"id": "SKU-77"}}
    correction = {"mapping": mapping} if place == "mapping" else {"values": {"mapping": mapping}}
    body = {"decision": "retry", "note": "it is another item", "correction": correction}
    with stage.client("exceptions-work") as client:
        refused = act(client, case, "resolve", body)
    assert (refused.status_code, refused.json()["type"]) == (403, "/api/v1/problems/forbidden")
    assert 'scope="masterdata:steward"' in refused.headers["www-authenticate"]


def test_a_bulk_says_how_many_and_needs_to_say_which(stage: Stage, case: dict[str, Any]) -> None:
    with stage.client() as client:
        everything = client.post("/exception-re-drives", json={})
        assert (everything.status_code, everything.json()["type"]) == (422, "/api/v1/problems/business-rule")
        none = client.post("/exception-re-drives", json={"code": "DEPENDENCY", "transaction": case["transaction"]})
        assert (none.status_code, none.json()) == (202, {"chosen": 0})
        one = client.post("/exception-re-drives", json={"transaction": case["transaction"], "per_minute": 600})
        assert one.json() == {"chosen": 1}


def test_a_case_that_is_not_there(stage: Stage) -> None:
    with stage.client() as client:
        assert client.get("/exceptions/bm90aGluZw").status_code == 404
        assert client.post("/exceptions/bm90aGluZw/take", json={}).status_code == 404


def test_the_pages_of_the_queue_are_the_queue(stage: Stage, case: dict[str, Any]) -> None:
    with stage.client() as client:
        whole = [each["id"] for each in client.get("/exceptions", params={"open": False, "limit": 200}).json()["cases"]]
        found, cursor, more = [], "", True
        while more:
            page = client.get("/exceptions", params={"open": False, "limit": 2, "after": cursor}).json()
            found += [each["id"] for each in page["cases"]]
            cursor, more = page["next"], page["more"]
    assert found == whole
    assert case["id"] in whole


# --- the cross-reference --------------------------------------------------------------------------------------------


def test_a_steward_keeps_the_cross_reference_and_overwrites_nobody(stage: Stage) -> None:
    with stage.client("masterdata-steward") as client:
        assert client.get("/mappings/erp_item/SKU-7").status_code == 404
        made = client.put("/mappings/erp_item/SKU-7", json={"value": {"item": "700"}}, headers={"if-match": '"absent"'})
        assert made.status_code == 200, made.text
        read = client.get("/mappings/erp_item/SKU-7")
        assert (read.json()["value"], read.headers["etag"]) == ({"item": "700"}, made.headers["etag"])
        late = client.put("/mappings/erp_item/SKU-7", json={"value": {"item": "9"}}, headers={"if-match": '"absent"'})
        assert late.status_code == 412
        changed = client.put(
            "/mappings/erp_item/SKU-7", json={"value": {"item": "701"}}, headers={"if-match": read.headers["etag"]}
        )
        assert changed.status_code == 200
        listed = client.get("/mappings", params={"kind": "erp_item"}).json()["mappings"]
        assert listed == [{"kind": "erp_item", "key": "SKU-7", "value": {"item": "701"}}]
        assert client.delete("/mappings/erp_item/SKU-7").status_code == 204
        assert client.delete("/mappings/erp_item/SKU-7").status_code == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_row_that_changes_between_the_look_and_the_write_is_not_overwritten(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    row, told, act = "/mappings/erp_item/SKU-8", {"kind": "erp_item", "key": "SKU-8"}, stage.node.act

    async def late(asked: Act) -> None:
        await act(msgspec.structs.replace(asked, action="add_mapping", arguments={**told, "value": {"item": "theirs"}}))
        await act(asked)

    with stage.client("masterdata-steward") as client:
        tag = client.put(row, json={"value": {"item": "800"}}).headers["etag"]
        monkeypatch.setattr(stage.node, "act", late)
        body = {"value": {"item": "mine"}} if method == "PUT" else None
        answer = client.request(method, row, json=body, headers={"if-match": tag})
        assert (answer.status_code, answer.json()["type"]) == (412, "/api/v1/problems/precondition-failed")
        assert client.get(row).json()["value"] == {"item": "theirs"}
        assert client.request(method, row, json=body).status_code < 300  # who names no state overwrites any


def test_the_service_tells_how_it_is(stage: Stage) -> None:
    with stage.client("operations-read") as client:
        found = client.get("/service").json()
    assert found["ready"] is True
    assert {system["system"] for system in found["systems"]} == {
        "crm", "erp", "billing", "tax", "payment", "fulfilment",
    }  # fmt: skip
