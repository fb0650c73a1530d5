"""The process side over real HTTP: quotes are checked, orders are taken in once."""

from __future__ import annotations

import httpx
import pytest

from tests.integration.api.conftest import Stage


def keyed(key: str) -> dict[str, str]:
    return {"idempotency-key": f'"{key}"'}


def test_a_good_quote_passes_every_check(stage: Stage) -> None:
    quote = stage.quote(accepted=False)
    with stage.client("quotes-validate") as client:
        answer = client.post("/quote-validations", json={"quote_id": quote["quote_id"]})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert {check["name"]: check["outcome"] for check in found["checks"]} == {
        "terms": "ok", "price": "ok", "mapping": "ok", "tax": "ok", "credit": "ok",
    }, found  # fmt: skip
    assert found["net"] == {"amount_minor": 240_000, "currency": "USD"}
    assert found["estimated_tax"]["amount_minor"] > 0
    assert (found["number"], found["outcome"], found["complete"]) == (quote["number"], "ok", True)


def test_a_price_that_is_not_in_the_book_fails_and_nothing_else_does(stage: Stage) -> None:
    quote = stage.quote(accepted=False, line={"list_unit_minor": 110_000, "unit_minor": 110_000})
    with stage.client() as client:
        found = client.post("/quote-validations", json={"quote_id": quote["quote_id"]}).json()
    assert [check["name"] for check in found["checks"] if check["outcome"] == "failed"] == ["price"]
    price = next(check for check in found["checks"] if check["name"] == "price")
    assert (found["outcome"], price["code"]) == ("failed", "DATA_QUALITY.PRICE_MISMATCH")


def test_a_product_that_no_system_knows_is_found_before_anybody_signs(stage: Stage) -> None:
    stage.act("crm", "create_product", sku="NOVEL", name="Novel", kind="recurring")
    quote = stage.quote(accepted=False, line={"sku": "NOVEL"})
    with stage.client() as client:
        found = client.post("/quote-validations", json={"quote_id": quote["quote_id"]}).json()
    failed = {check["name"]: check["code"] for check in found["checks"] if check["outcome"] == "failed"}
    assert failed["mapping"] == failed["price"] == "DATA_QUALITY.MAPPING_MISSING"


def test_an_account_on_hold_fails_the_credit_check(stage: Stage) -> None:
    stage.act(
        "crm", "create_account", account="A-000009", name="Held Inc", entity="US", currency="USD", country="US",
        region="NY", postal_code="10001", city="New York", street="9 Main St", payment_customer="cus_000009",
    )  # fmt: skip
    stage.act(
        "erp", "create_customer", account="A-000009", name="Held Inc", entity="US", currency="USD",
        credit_limit_minor=1, terms_days=30,
    )  # fmt: skip
    stage.act("erp", "place_hold", account="A-000009", level="hard")
    quote = stage.quote(accepted=False, account="A-000009")
    with stage.client() as client:
        found = client.post("/quote-validations", json={"quote_id": quote["quote_id"]}).json()
    credit = next(check for check in found["checks"] if check["name"] == "credit")
    assert (credit["outcome"], credit["code"]) == ("failed", "POLICY.CREDIT_HOLD")


def test_a_quote_that_is_not_there_fails_every_check(stage: Stage) -> None:
    with stage.client() as client:
        found = client.post("/quote-validations", json={"quote_id": "0Q0000000009999EAA"}).json()
    assert {check["outcome"] for check in found["checks"]} == {"failed"}
    assert found["net"] is None


def test_an_order_goes_its_way_once_whoever_submits_it_and_however_often(stage: Stage) -> None:
    quote = stage.quote()
    with stage.client("orders-submit") as client, stage.client("everything") as other:
        first = client.post("/orders", json=quote, headers=keyed("one"))
        again = client.post("/orders", json=quote, headers=keyed("one"))
        second = other.post("/orders", json=quote, headers=keyed("one"))  # another caller, another memory
        third = client.post("/orders", json=quote, headers=keyed("two"))
    assert [answer.status_code for answer in (first, again, second, third)] == [202] * 4, first.text
    reference = f"{quote['number']}-v1"
    assert {answer.json()["reference"] for answer in (first, again, second, third)} == {reference}
    assert {answer.json()["flow"] for answer in (first, again, second, third)} == {f"quote/{reference}"}
    assert first.json() == again.json()
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in second.headers
    assert second.json()["already_known"] is third.json()["already_known"] is True
    with stage.client() as client:
        status = client.get(first.headers["location"].removeprefix("/api/v1"))
        assert status.json() == first.json()

        def booked() -> bool:
            stages = ("booked", "active", "billing", "invoiced", "paid")
            return client.get(f"/transactions/{quote['number']}").json()["stage"]["name"] in stages

        stage.until(booked)
        events = client.get("/events", params={"transaction": quote["number"], "type": "order.booked"}).json()["events"]
    assert len(events) == 1


def test_the_same_key_for_another_order_is_refused_and_the_first_one_is_remembered(stage: Stage) -> None:
    quote, other = stage.quote(), stage.quote()
    with stage.client() as client:
        first = client.post("/orders", json=quote, headers=keyed("reused"))
        clash = client.post("/orders", json=other, headers=keyed("reused"))
        again = client.post("/orders", json=quote, headers=keyed("reused"))
    assert (clash.status_code, clash.json()["type"]) == (422, "/api/v1/problems/idempotency-key-reused")
    assert again.json() == first.json()


def test_the_order_of_members_and_blanks_make_no_other_request(stage: Stage) -> None:
    quote = stage.quote()
    text = '{ "version":1,\n "number": "%s",  "quote_id": "%s" }' % (quote["number"], quote["quote_id"])  # noqa: UP031
    headers = {**keyed("blanks"), "content-type": "application/json; charset=utf-8"}
    with stage.client() as client:
        first = client.post("/orders", json=quote, headers=keyed("blanks"))
        again = client.post("/orders", content=text, headers=headers)
    assert (again.status_code, again.json()) == (202, first.json())


def test_a_key_counts_for_its_operation_only(stage: Stage) -> None:
    quote = stage.quote()
    with stage.client() as client:
        order = client.post("/orders", json=quote, headers=keyed("everywhere"))
        renewal = client.post("/renewals", json=quote, headers=keyed("everywhere"))
    assert order.status_code == 202
    assert (renewal.status_code, renewal.json()["type"]) == (422, "/api/v1/problems/business-rule")


def test_a_quote_that_nobody_signed_is_no_order(stage: Stage) -> None:
    quote = stage.quote(accepted=False)
    with stage.client() as client:
        answer = client.post("/orders", json=quote, headers=keyed("unsigned"))
        assert (answer.status_code, answer.json()["type"]) == (409, "/api/v1/problems/state-conflict")
        assert answer.json()["code"] == "CONFLICT.STATE"
        flows = client.get(f"/transactions/{quote['number']}").json()["flows"]
    assert [flow["name"] for flow in flows] == ["submit_quote"]


def test_a_mix_up_of_id_and_number_books_nothing(stage: Stage) -> None:
    mine, theirs = stage.quote(), stage.quote()
    mixed = {**mine, "quote_id": theirs["quote_id"]}
    with stage.client() as client:
        answer = client.post("/orders", json=mixed, headers=keyed("mixed"))
    assert (answer.status_code, answer.json()["type"]) == (409, "/api/v1/problems/version-conflict")


def test_a_cancellation_is_one_flow_under_the_callers_own_id(stage: Stage) -> None:
    body = {"request": "CAN-1", "subscription": "Q-999999", "entity": "US", "effective": "2030-01-01"}
    with stage.client("subscriptions-cancel") as client:
        first = client.post("/cancellations", json=body, headers=keyed("cancel-1"))
        again = client.post("/cancellations", json=body, headers=keyed("cancel-2"))
        other = client.post("/cancellations", json={**body, "effective": "2031-01-01"}, headers=keyed("cancel-3"))
    assert (first.status_code, first.json()["flow"]) == (202, "cancel/CAN-1"), first.text
    assert (again.status_code, again.json()["already_known"]) == (202, True)
    assert (other.status_code, other.json()["type"]) == (409, "/api/v1/problems/duplicate-request")


def test_a_pause_that_ends_before_it_begins_is_no_pause(stage: Stage) -> None:
    body = {"request": "P-1", "subscription": "Q-1", "entity": "US", "effective": "2030-02-01", "resume": "2030-01-01"}
    with stage.client() as client:
        answer = client.post("/pauses", json=body, headers=keyed("pause"))
    assert (answer.status_code, answer.json()["type"]) == (422, "/api/v1/problems/business-rule")


@pytest.mark.parametrize("key", ["plain", '"quoted"', '"with \\"quotes\\""', "0c8d9e1f-3b57-4a6c-8e21-5d90b7f4a613"])
def test_keys_come_with_quotes_or_without(stage: Stage, key: str) -> None:
    quote = stage.quote()
    with stage.client() as client:
        answer = client.post("/orders", json=quote, headers={"Idempotency-Key": f"{key}"})
        again = client.post("/orders", json=quote, headers={"idempotency-key": f"{key}"})
    assert (answer.status_code, again.headers.get("idempotency-replayed")) == (202, "true"), answer.text


@pytest.mark.parametrize("key", ["", '""', "x" * 256, 'half"', "with blank", '"ä"'.encode().decode("latin-1")])
def test_absurd_keys_are_refused_in_words(stage: Stage, key: str) -> None:
    with stage.client() as client:
        headers = httpx.Headers({"Idempotency-Key": key}, encoding="latin-1")
        answer = client.post(
            "/orders", json={"quote_id": "0Q0000000000001EAA", "number": "Q", "version": 1}, headers=headers
        )
    assert answer.status_code == 400
    assert answer.json()["type"].startswith("/api/v1/problems/idempotency-key-")
