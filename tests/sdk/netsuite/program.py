"""What a team's program does with the client `netsuite`, unmodified: run by `test_netsuite.py` in its own environment.

python program.py <check> ...     prints one JSON line per check: {"check": ..., "error": null or the traceback}
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import traceback
from typing import Any

from netsuite import Config, NetSuite, TokenAuth  # type: ignore[import-not-found]
from netsuite.exceptions import NetsuiteAPIRequestError  # type: ignore[import-not-found]

SECRETS = {
    "consumer_key": "consumer-key", "consumer_secret": "consumer-secret", "token_id": "token-id",
    "token_secret": "token-secret",
}  # fmt: skip


def client(**secrets: str) -> Any:
    return NetSuite(Config(account=os.environ["NETSUITE_ACCOUNT"], auth=TokenAuth(**{**SECRETS, **secrets})))


CLIENT = client()
REST = CLIENT.rest_api


async def located(method: str, path: str, body: Any, **headers: str) -> str:
    """Write something and return the address of what was written."""
    reply = await REST.request(method, f"/record/v1/{path}", json=body, headers=headers)
    assert reply.status_code == 204, reply.text
    assert reply.content == b""
    where = str(reply.headers["location"])
    assert where.startswith("https://tstdrv123-sb1.suitetalk.api.netsuite.com/services/rest/record/v1/"), where
    return where.partition("/services/rest")[2]


async def refused(call: Any) -> tuple[int, str, str]:
    """Return status, code and place of the error that a call must fail with."""
    try:
        await call
    except NetsuiteAPIRequestError as error:
        body = json.loads(error.response_text)
        assert set(body) == {"type", "title", "status", "o:errorDetails"}, body
        detail = body["o:errorDetails"][0]
        place = [detail[name] for name in ("o:errorPath", "o:errorQueryParam", "o:errorHeader") if name in detail]
        return error.status_code, detail["o:errorCode"], place[0] if place else ""
    raise AssertionError("the call was not refused")


async def script_failed(call: Any) -> tuple[int, str]:
    """Return status and code of the error that a script must fail with."""
    try:
        await call
    except NetsuiteAPIRequestError as error:
        return error.status_code, json.loads(error.response_text)["error"]["code"]
    raise AssertionError("the script answered")


async def customer(number: str, **more: Any) -> str:
    body = {"companyName": f"Customer {number}", "subsidiary": {"id": "US"}, **more}
    await REST.put(f"/record/v1/customer/eid:{number}", json=body)
    return number


def lines(*rows: tuple[str, int, float]) -> dict[str, Any]:
    return {
        "items": [
            {"line": number, "item": {"externalId": sku}, "quantity": quantity, "rate": rate}
            for number, (sku, quantity, rate) in enumerate(rows, 1)
        ]
    }


async def order(number: str, owner: str, **more: Any) -> str:
    body = {"entity": {"externalId": owner}, "item": lines(("SEAT", 10, 12.5), ("SETUP", 1, 300)), **more}
    return await located("PUT", f"salesOrder/eid:{number}", body)


# --- checks ---------------------------------------------------------------------------------------------------------


async def check_a_customer_is_created_read_changed_and_deleted() -> None:
    where = await located("POST", "customer", {"externalId": "C-1", "companyName": "One", "subsidiary": {"id": "US"}})
    shown = await REST.get(where)
    assert (shown["externalId"], shown["companyName"], shown["currency"]["refName"]) == ("C-1", "One", "USD")
    assert await REST.patch(where, json={"email": "pay@one.example"}) is None
    assert (await REST.get(where, params={"fields": "email,terms"}))["email"] == "pay@one.example"
    assert await REST.delete(where) is None
    assert await refused(REST.get(where)) == (404, "NONEXISTENT_ID", "")


async def check_an_external_id_makes_a_repetition_harmless() -> None:
    body = {"companyName": "Twice", "subsidiary": {"id": "UK"}}
    first = await located("PUT", "customer/eid:C-2", body)
    assert await located("PUT", "customer/eid:C-2", body) == first
    again = {"externalId": "C-2", **body}
    assert await refused(REST.post("/record/v1/customer", json=again)) == (400, "DUP_RCRD", "externalId")


async def check_quote_to_cash() -> None:
    owner = await customer("C-3")
    quote = await located("POST", "estimate", {"entity": {"externalId": owner}, "item": lines(("SEAT", 10, 12.5))})
    sale = await located("POST", f"{quote.removeprefix('/record/v1/')}/!transform/salesOrder", {"externalId": "SO-3"})
    shown = await REST.get(sale, params={"expandSubResources": "true"})
    assert (shown["total"], shown["orderStatus"]["id"]) == (125.0, "B")
    assert (await REST.get(quote))["status"]["refName"] == "Processed"
    shipped = {"item": {"items": [{"orderLine": 1, "quantity": 4}]}}
    await located("POST", "salesOrder/eid:SO-3/!transform/itemFulfillment", shipped)
    assert (await REST.get(sale))["status"]["id"] == "partiallyFulfilled"
    await located("POST", "salesOrder/eid:SO-3/!transform/itemFulfillment", {})
    assert (await REST.get(sale))["status"]["id"] == "pendingBilling"
    part = {"externalId": "INV-3a", "item": {"items": [{"orderLine": 1, "quantity": 4}]}}
    first = await located("POST", "salesOrder/eid:SO-3/!transform/invoice", part)
    second = await located("POST", "salesOrder/eid:SO-3/!transform/invoice", {"externalId": "INV-3b"})
    assert [(await REST.get(where))["total"] for where in (first, second)] == [50.0, 75.0]
    assert (await REST.get(sale))["status"]["id"] == "fullyBilled"
    nothing_left = await refused(REST.post(f"{sale}/!transform/invoice", json={}))
    assert nothing_left[:2] == (400, "USER_ERROR")
    paid = await located("POST", "invoice/eid:INV-3a/!transform/customerPayment", {"custbody_method": "card"})
    assert (await REST.get(first))["status"]["id"] == "paidInFull"
    credited = {"item": {"items": [{"orderLine": 1, "quantity": 2}]}}
    memo = await located("POST", "invoice/eid:INV-3b/!transform/creditMemo", credited)
    assert (await REST.get(memo))["total"] == 25.0
    assert (await REST.get(second))["amountRemaining"] == 50.0
    key = paid.rpartition("/")[2]
    refund = {"customer": {"externalId": owner}, "apply": {"items": [{"doc": {"id": key}, "amount": 10}]}}
    await located("POST", "customerRefund", refund)
    assert (await REST.get(first))["amountRemaining"] == 10.0
    assert (await REST.get("/record/v1/customer/eid:C-3"))["balance"] == 60.0


async def check_a_deposit_a_cash_sale_and_a_return() -> None:
    owner = await customer("C-4")
    await order("SO-4", owner)
    deposit = await located("POST", "salesOrder/eid:SO-4/!transform/customerDeposit", {"payment": 100})
    assert (await REST.get(deposit))["unapplied"] == 100.0
    sold = await located("POST", "cashSale", {"entity": {"externalId": owner}, "item": lines(("SETUP", 1, 300))})
    assert (await REST.get(sold))["status"]["id"] == "deposited"
    back = await located("POST", "salesOrder/eid:SO-4/!transform/returnAuthorization", {})
    bare = back.removeprefix("/record/v1/")
    memo = await located("POST", f"{bare}/!transform/creditMemo", {})
    assert (await REST.get(memo))["total"] == 425.0
    assert (await REST.get(back))["status"]["refName"] == "Refunded"


async def check_a_journal_and_the_balance_of_its_account() -> None:
    rows = [{"account": {"id": "1000"}, "debit": 90}, {"account": {"id": "6100"}, "debit": 10}]
    body = {"subsidiary": {"id": "JP"}, "line": {"items": [*rows, {"account": {"id": "1050"}, "credit": 100}]}}
    where = await located("PUT", "journalEntry/eid:PO-1", body)
    assert len((await REST.get(f"{where}/line", params={"expandSubResources": "true"}))["items"]) == 3
    found = await REST.suiteql("SELECT account, amount FROM accountbalance WHERE subsidiary = 'JP' ORDER BY account")
    assert [(row["account"], row["amount"]) for row in found["items"]] == [
        ("1000", "90"), ("1050", "-100"), ("6100", "10"),
    ]  # fmt: skip
    body["line"]["items"][0]["debit"] = 91
    assert (await refused(REST.post("/record/v1/journalEntry", json=body)))[:2] == (400, "USER_ERROR")


async def check_lines_are_merged_by_a_patch_and_replaced_when_asked() -> None:
    where = await order("SO-5", await customer("C-5"))
    await REST.patch(where, json={"item": {"items": [{"line": 1, "quantity": 20}]}})
    shown = (await REST.get(where, params={"expandSubResources": "true"}))["item"]["items"]
    assert [(row["quantity"], row["amount"]) for row in shown] == [(20, 250.0), (1, 300.0)]
    await REST.patch(where, params={"replace": "item"}, json={"item": lines(("SEAT", 1, 10))})
    assert (await REST.get(where))["total"] == 10.0
    assert (await REST.get(f"{where}/item/1"))["item"]["refName"] == "SEAT"


async def check_components_of_a_bundle_are_fulfilled_one_by_one() -> None:
    owner = await customer("C-6")
    where = await located(
        "POST", "salesOrder", {"entity": {"externalId": owner}, "item": lines(("BUNDLE", 2, 500))}
    )  # fmt: skip
    bare = where.removeprefix("/record/v1/")
    one = {"item": {"items": [{"orderLine": 1, "item": {"externalId": "SEAT"}, "quantity": 10}]}}
    await located("POST", f"{bare}/!transform/itemFulfillment", one)
    assert (await REST.get(where))["status"]["id"] == "partiallyFulfilled"
    await located("POST", f"{bare}/!transform/itemFulfillment", {})
    assert (await REST.get(where))["status"]["id"] == "pendingBilling"


async def check_suiteql_in_pages() -> None:
    for number in range(25):
        await customer(f"P-{number:02d}")
    query, seen, offset = "SELECT externalid FROM customer WHERE externalid LIKE 'P-%' ORDER BY externalid", [], 0
    while True:
        page = await REST.suiteql(query, limit=10, offset=offset)
        seen += [row["externalid"] for row in page["items"]]
        assert page["totalResults"] == 25
        if not page["hasMore"]:
            break
        assert any(link["rel"] == "next" for link in page["links"])
        offset += 10
    assert seen == [f"P-{number:02d}" for number in range(25)]
    assert await refused(REST.suiteql(query, limit=10, offset=5)) == (400, "INVALID_PARAMETER", "offset")


async def check_suiteql_with_joins_groups_and_functions() -> None:
    await order("SO-7", await customer("C-7"))
    found = await REST.suiteql(
        "SELECT c.companyname, BUILTIN.DF(t.status) AS status, i.itemid, SUM(-tl.foreignamount) AS amount"
        " FROM transaction t INNER JOIN transactionline tl ON tl.transaction = t.id"
        " INNER JOIN customer c ON c.id = t.entity LEFT JOIN item i ON i.id = tl.item"
        " WHERE t.externalid = 'SO-7' AND tl.mainline = 'F'"
        " GROUP BY c.companyname, BUILTIN.DF(t.status), i.itemid HAVING SUM(-tl.foreignamount) > 10 ORDER BY 4"
    )
    rows = [tuple(row[name] for name in ("companyname", "status", "itemid", "amount")) for row in found["items"]]
    assert rows == [
        ("Customer C-7", "Sales Order : Pending Fulfillment", "SEAT", "125.00"),
        ("Customer C-7", "Sales Order : Pending Fulfillment", "SETUP", "300.00"),
    ]
    found = await REST.suiteql(
        "SELECT CASE WHEN trandate >= TO_DATE('01/01/2020', 'DD/MM/YYYY') THEN 'new' ELSE 'old' END AS age,"
        " COALESCE(otherrefnum, tranid) || '!' AS number FROM transaction WHERE externalid = 'SO-7' AND ROWNUM <= 1"
    )
    assert found["items"][0]["age"] == "new"
    assert await refused(REST.suiteql("SELECT nothing FROM nowhere")) == (400, "INVALID_PARAMETER", "q")
    assert await refused(REST.post("/query/v1/suiteql", json={"q": "SELECT 1"})) == (400, "INVALID_HEADER", "Prefer")


async def check_lists_with_a_filter() -> None:
    await customer("L-1", email="a@list.example")
    await customer("L-2", email="b@list.example")
    found = await REST.get("/record/v1/customer", params={"q": 'externalId ANY_OF ["L-1", "L-2"]', "limit": 1})
    assert (found["count"], found["totalResults"], found["hasMore"]) == (1, 2, True)
    found = await REST.get("/record/v1/customer", params={"q": 'email START_WITH "b@list"'})
    assert [row["links"][0]["rel"] for row in found["items"]] == ["self"]
    wrong = await refused(REST.get("/record/v1/customer", params={"q": "email NEAR 5"}))
    assert wrong == (400, "INVALID_PARAMETER", "q")


async def check_errors_name_what_is_wrong() -> None:
    owner = await customer("C-8")
    body = {"entity": {"externalId": owner}, "item": lines(("SEAT", 1, 1))}
    post = "/record/v1/salesOrder"
    assert await refused(REST.post(post, json={**body, "colour": "red"})) == (400, "INVALID_CONTENT", "colour")
    wrong = {**body, "item": lines(("NOTHING", 1, 1))}
    assert await refused(REST.post(post, json=wrong)) == (400, "INVALID_KEY_OR_REF", "item.items[0].item")
    wrong = {**body, "entity": {"externalId": "nobody"}}
    assert await refused(REST.post(post, json=wrong)) == (400, "INVALID_KEY_OR_REF", "entity")
    assert (await refused(REST.post(post, json={**body, "item": {"items": []}})))[:2] == (400, "USER_ERROR")
    assert await refused(REST.get("/record/v1/salesOrder/eid:none")) == (404, "NONEXISTENT_ID", "")
    assert (await refused(REST.get("/record/v1/spaceship/1")))[0] == 404
    assert (await refused(REST.post("/record/v1/customer/1", json={})))[0] == 405
    await order("SO-8", owner)
    late = {"tranDate": "2019-01-31"}
    closed = await refused(REST.post("/record/v1/salesOrder/eid:SO-8/!transform/invoice", json=late))
    assert closed == (400, "USER_ERROR", "tranDate")
    await order("SO-8b", owner, orderStatus={"id": "A"})
    pending = await refused(REST.post("/record/v1/salesOrder/eid:SO-8b/!transform/invoice", json={}))
    assert pending == (400, "USER_ERROR", "createdFrom")


async def check_a_body_without_validation_of_names_and_values_is_taken() -> None:
    body = {"companyName": "Lax", "subsidiary": {"id": "US"}, "colour": "red", "isPerson": "perhaps"}
    headers = {"X-NetSuite-PropertyNameValidation": "ignore", "X-NetSuite-PropertyValueValidation": "ignore"}
    await located("PUT", "customer/eid:C-9", body, **headers)
    headers["X-NetSuite-PropertyValueValidation"] = "error"
    wrong = await refused(REST.put("/record/v1/customer/eid:C-9", json=body, headers=headers))
    assert wrong == (400, "INVALID_CONTENT", "isPerson")


async def check_an_asynchronous_request_and_its_key() -> None:
    body = {"companyName": "Later", "subsidiary": {"id": "US"}}
    headers = {"Prefer": "respond-async", "X-NetSuite-Idempotency-Key": "7b0d9b6e-0001"}
    reply = await REST.request("POST", "/record/v1/customer", json=body, headers=headers)
    assert (reply.status_code, reply.headers["preference-applied"]) == (202, "respond-async")
    job = reply.headers["location"].partition("/services/rest")[2]
    again = await REST.request("POST", "/record/v1/customer", json=body, headers=headers)
    assert (again.status_code, again.headers["location"]) == (400, reply.headers["location"])
    assert again.json()["o:errorDetails"][0]["o:errorCode"] == "IDEMPOTENCY_ERROR"
    for _ in range(100):
        shown = await REST.get(job)
        if shown["completed"]:
            break
        await asyncio.sleep(0.1)
    assert shown["progress"] == "succeeded"
    task = (await REST.get(f"{job}/task"))["items"][0]
    result = await REST.request("GET", f"{job}/task/{task['id']}/result")
    assert result.status_code == 204
    assert (await REST.get(result.headers["location"].partition("/services/rest")[2]))["companyName"] == "Later"


async def check_a_collection_of_records() -> None:
    headers = {"Content-Type": "application/vnd.oracle.resource+json; type=collection", "Prefer": "respond-async"}
    rows = [{"companyName": name, "externalId": name, "subsidiary": {"id": "US"}} for name in ("B-1", "B-2", "B-1")]
    reply = await REST.request("POST", "/record/v1/customer", json={"items": rows}, headers=headers)
    assert reply.status_code == 202, reply.text
    job = reply.headers["location"].partition("/services/rest")[2]
    while not (await REST.get(job))["completed"]:
        await asyncio.sleep(0.1)
    results = [await REST.request("GET", f"{job}/task/{number}/result") for number in (1, 2, 3)]
    assert [result.status_code for result in results] == [204, 204, 400]
    assert results[2].json()["o:errorDetails"][0]["o:errorCode"] == "DUP_RCRD"


async def check_schemas() -> None:
    schema = await REST.jsonschema("salesOrder")
    assert schema["properties"]["externalId"]
    document = await REST.openapi(["salesOrder", "invoice"])
    assert set(document["paths"]) == {"/salesOrder", "/salesOrder/{id}", "/invoice", "/invoice/{id}"}
    assert len((await REST.openapi())["paths"]) > 30


async def check_a_restlet() -> None:
    await customer("C-10")
    shown = await CLIENT.restlet.get("customscript_credit_standing&account=C-10", deploy=1)
    assert shown == {"account": "C-10", "status": "clear", "limit_minor": 0}
    answer = await CLIENT.restlet.post("customscript_fixed", deploy=1, json={"any": "thing"})
    assert answer == {"said": "hello"}
    assert await CLIENT.restlet.put("customscript_fixed", deploy=1, json={}) == {"said": "hello"}
    assert await CLIENT.restlet.delete("customscript_fixed", deploy=1) == {"said": "hello"}
    found = await script_failed(CLIENT.restlet.get("customscript_none", deploy=1))
    assert found == (400, "SSS_INVALID_SCRIPTLET_ID")


async def check_who_the_token_is_and_what_the_account_may() -> None:
    assert (await REST.token_info())["companyId"] == os.environ["NETSUITE_ACCOUNT"]
    limits = await REST.get("/system/v1/governanceLimits")
    assert limits["accountConcurrencyLimit"] == 15


async def check_wrong_secrets_do_not_get_in() -> None:
    for name in SECRETS:
        impostor = client(**{name: "wrong"})
        found = await refused(impostor.rest_api.get("/record/v1/customer"))
        assert found == (401, "INVALID_LOGIN", ""), (name, found)


async def check_many_at_once() -> None:
    names = [f"M-{number:02d}" for number in range(40)]
    await asyncio.gather(*[customer(name) for name in names])
    found = await REST.suiteql("SELECT COUNT(*) AS n FROM customer WHERE externalid LIKE 'M-%'")
    assert found["items"][0]["n"] == "40"


# --- with faults: the test plans them, named after the operation ----------------------------------------------------


async def fault_throttled() -> None:
    body = {"companyName": "Busy", "subsidiary": {"id": "US"}}
    found = await refused(REST.put("/record/v1/customer/eid:F-1", json=body))
    assert found[:2] == (429, "CONCURRENCY_LIMIT_EXCEEDED"), found
    await REST.put("/record/v1/customer/eid:F-1", json=body)


async def fault_script_throttled() -> None:
    found = await script_failed(CLIENT.restlet.post("customscript_fixed", deploy=1, json={}))
    assert found == (400, "SSS_REQUEST_LIMIT_EXCEEDED")


async def fault_error_after_the_commit() -> None:
    body = {"companyName": "Committed", "subsidiary": {"id": "US"}}
    found = await refused(REST.put("/record/v1/customer/eid:F-2", json=body))
    assert found[:2] == (500, "UNEXPECTED_ERROR")
    assert (await REST.get("/record/v1/customer/eid:F-2"))["companyName"] == "Committed"
    await REST.put("/record/v1/customer/eid:F-2", json=body)
    found = await REST.suiteql("SELECT COUNT(*) AS n FROM customer WHERE externalid = 'F-2'")
    assert found["items"][0]["n"] == "1"


async def fault_lost_reply() -> None:
    body = {"companyName": "Lost", "subsidiary": {"id": "US"}}
    name = ""
    try:
        await REST.put("/record/v1/customer/eid:F-3", json=body, timeout=1.0)
    except Exception as error:
        name = type(error).__name__
    assert name in ("ReadTimeout", "RemoteProtocolError"), name
    await REST.put("/record/v1/customer/eid:F-3", json=body)
    found = await REST.suiteql("SELECT COUNT(*) AS n FROM customer WHERE externalid = 'F-3'")
    assert found["items"][0]["n"] == "1"


async def fault_maintenance() -> None:
    body = {"companyName": "Closed", "subsidiary": {"id": "US"}}
    found = await refused(REST.put("/record/v1/customer/eid:F-4", json=body))
    assert found[:2] == (503, "SERVICE_UNAVAILABLE")
    assert await refused(REST.get("/record/v1/customer/eid:F-4")) == (404, "NONEXISTENT_ID", "")


async def main(names: list[str]) -> None:
    for name in names:
        error = None
        try:
            await globals()[name]()
        except Exception:
            error = traceback.format_exc(limit=-4)
        print(json.dumps({"check": name, "error": error}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
