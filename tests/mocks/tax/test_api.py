"""The dialect: shapes, headers, credentials, errors, paging and faults."""

from __future__ import annotations

import json
from typing import Any

import pytest

from domain.acts import Act, UnknownAct
from domain.faults import Fault
from tests.mocks.tax.conftest import transaction

PATH = "/api/v2/companies/DEFAULT/transactions"


def read(reply: Any) -> Any:
    return json.loads(reply.body)


def detail(reply: Any) -> Any:
    return read(reply)["error"]["details"][0]


def test_every_reply_carries_a_correlation_id_of_its_own(bench: Any) -> None:
    replies = [bench.create(), bench.create(), bench.send("GET", "/nowhere"), bench.send("GET", PATH + "/none")]
    assert [reply.status for reply in replies] == [201, 400, 404, 404]
    assert len({reply.headers["x-correlation-id"] for reply in replies}) == 4
    assert all("serverduration" in reply.headers and "api-version" in reply.headers for reply in replies)
    assert replies[0].headers["location"] == PATH + "/INV-1/types/SalesInvoice"


def test_json_is_compact_because_clients_match_strings(bench: Any) -> None:
    assert b'"status":"Committed"' in bench.create().body


def test_names_are_read_without_regard_to_case(bench: Any, body: Any) -> None:
    given = body()
    shouted = {name.upper(): value for name, value in given.items() if name != "addresses"}
    place = {name.upper(): value for name, value in given["addresses"]["shipTo"].items()}
    reply = bench.send("POST", "/api/v2/transactions/create", {**shouted, "Addresses": {"SingleLocation": place}})
    assert (reply.status, read(reply)["code"]) == (201, "INV-1")
    assert read(reply)["totalTax"] == read(bench.create("INV-2"))["totalTax"]


def test_unknown_members_are_ignored_unless_a_quirk_says_otherwise(make_bench: Any) -> None:
    assert make_bench().create(newMember=1).status == 201
    reply = make_bench(refuses_unknown_members=True).create(newMember=1)
    assert (reply.status, detail(reply)["number"], detail(reply)["refersTo"]) == (400, 32, "newMember")


@pytest.mark.parametrize(
    ("changes", "number", "field"),
    [
        ({"lines": []}, 5, "lines"),
        ({"customerCode": None}, 5, "customerCode"),
        ({"addresses": None}, 5, "addresses"),
        ({"date": None}, 5, "date"),
        ({"date": "soon"}, 32, "date"),
        ({"type": "Gift"}, 32, "type"),
        ({"currencyCode": "XXX"}, 32, "currencyCode"),
        ({"lines": [{"number": "1"}]}, 5, "lines[0].amount"),
        ({"lines": [{"amount": "many"}]}, 32, "lines[0].amount"),
        ({"code": "x" * 51}, 13, "code"),
        ({"taxOverride": {"type": "TaxDate", "taxDate": "2026-01-01"}}, 5, "taxOverride.reason"),
        ({"taxOverride": {"type": "TaxDate", "reason": "r"}}, 5, "taxOverride.taxDate"),
        ({"addresses": {"singleLocation": {"region": "ZZ", "country": "US"}}}, 309, "addresses.shipTo.region"),
        ({"addresses": {"singleLocation": {"city": "X"}}}, 309, "addresses.shipTo.region"),
        ({"lines": [{"amount": "1e999999"}]}, 6, "amount"),
        ({"lines": [{"amount": "NaN"}]}, 6, "amount"),
        ({"lines": [{"amount": "-Infinity"}]}, 6, "amount"),
        ({"lines": [{"amount": True}]}, 32, "lines[0].amount"),
        ({"discount": "1e400"}, 6, "discount"),
        ({"lines": [{"amount": 1, "quantity": "NaN"}]}, 6, "lines"),
        ({"lines": [{"amount": 1, "quantity": 1e99}]}, 6, "quantity"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_stored(bench: Any, changes: Any, number: int, field: str) -> None:
    code = changes.pop("code", "INV-1")
    reply = bench.create(code, **changes)
    problem = detail(reply)
    number = 13 if field == "code" else number
    assert (reply.status, problem["number"], problem["severity"], problem["faultCode"]) == (
        400,
        number,
        "Error",
        "Client",
    )
    if field != "code":
        assert problem["refersTo"] == field
    assert bench.changes() == []


def test_a_body_that_is_no_json_is_refused(bench: Any) -> None:
    for raw in (b"{", b"\xff", b"[1]"):
        assert bench.send("POST", "/api/v2/transactions/create", raw).status == 400
    assert bench.send("POST", "/api/v2/transactions/create").status == 400


def test_credentials_are_checked_as_strictly_as_asked(make_bench: Any) -> None:
    strict = make_bench(authentication="verify", account="1", license_key="k")
    reply = strict.create()
    assert (reply.status, detail(reply)["code"], detail(reply)["number"]) == (401, "AuthenticationException", 30)
    assert strict.send("GET", "/api/v2/companies", authorization="Basic MTpr").status == 200
    assert make_bench().send("GET", "/api/v2/companies", authorization="Basic ???").status == 401
    assert make_bench().send("GET", "/api/v2/companies", authorization="Bearer").status == 401
    assert make_bench().send("GET", "/api/v2/companies", authorization="Bearer x").status == 200
    assert strict.send("GET", "/api/v2/companies", authorization="Bearer x").status == 401
    assert make_bench(authentication="off").send("GET", "/api/v2/companies", authorization="").status == 200


def test_a_ping_is_always_answered(bench: Any) -> None:
    known = read(bench.send("GET", "/api/v2/utilities/ping"))
    unknown = bench.send("GET", "/api/v2/utilities/ping", authorization="")
    assert (known["authenticated"], known["authenticatedUserName"]) == (True, "2000000001")
    assert (unknown.status, read(unknown)["authenticated"]) == (200, False)


def test_include_decides_what_a_reply_shows(bench: Any) -> None:
    assert {"lines", "summary", "addresses"} <= read(bench.create()).keys()
    get = PATH + "/INV-1"
    assert "lines" not in read(bench.send("GET", get))
    assert read(bench.send("GET", get + "?$include=Details"))["lines"][0]["details"]
    assert "details" not in read(bench.send("GET", get + "?$include=Lines"))["lines"][0]
    assert "addresses" not in read(bench.send("GET", get + "?%24include=SummaryOnly"))


def test_the_timeout_hook_of_the_vendor_works(bench: Any, body: Any) -> None:
    assert bench.send("POST", "/api/v2/transactions/create?$include=ForceTimeout", body()).status == 504
    assert bench.changes() == []


def test_lists_are_filtered_sorted_and_paged(bench: Any) -> None:
    for index in range(5):
        bench.create(f"i{index}", commit=index % 2 == 0)
    reply = read(bench.send("GET", PATH + "?$filter=status%20eq%20'Saved'&$orderBy=code%20desc"))
    assert (reply["@recordsetCount"], [row["code"] for row in reply["value"]]) == (2, ["i3", "i1"])
    page = read(bench.send("GET", PATH + "?$top=2&$skip=1"))
    assert [row["code"] for row in page["value"]] == ["i1", "i2"]
    assert page["@nextLink"] == page["nextLink"] == PATH + "?$top=2&$skip=3"
    assert bench.send("GET", PATH + "?$filter=nonsense").status == 400
    assert bench.send("GET", PATH + "?$top=-1").status == 400


def test_addresses_are_resolved_or_refused(bench: Any) -> None:
    given = {"line1": "1 main  st", "city": "los angeles", "region": "ca", "postalCode": "90001"}
    reply = read(bench.send("POST", "/api/v2/addresses/resolve", given))
    assert reply["validatedAddresses"][0]["line1"] == "1 MAIN ST"
    assert read(bench.send("GET", "/api/v2/addresses/resolve?city=X&region=CA"))["messages"] == []
    for wrong in ({"region": "ZZ"}, {"postalCode": "1"}, {"postalCode": "10001"}):
        assert detail(bench.send("POST", "/api/v2/addresses/resolve", {**given, **wrong}))["number"] == 309


def test_rates_codes_and_companies_can_be_read(bench: Any) -> None:
    bench.create()
    assert read(bench.send("GET", "/api/v2/companies"))["value"][0]["companyCode"] == "DEFAULT"
    assert {row["taxCode"] for row in read(bench.send("GET", "/api/v2/definitions/taxcodes"))["value"]} >= {"SAAS"}
    rates = read(bench.send("GET", "/api/v2/taxrates/bypostalcode?country=US&region=CA&postalCode=90001"))
    assert rates["totalRate"] == 0.0825
    assert len(rates["rates"]) == 4


def test_an_unknown_company_is_refused_when_companies_are_named(make_bench: Any) -> None:
    bench = make_bench(companies=("US",))
    assert bench.create().status == 404
    assert bench.create(companyCode="US").status == 201


def test_too_many_requests_are_429_request_limit_exceeded(make_bench: Any) -> None:
    bench = make_bench(requests_per_second=1)
    bench.create("a")
    reply = bench.create("b")
    assert (reply.status, detail(reply)["code"], detail(reply)["number"]) == (429, "RequestLimitExceeded", 1715)


@pytest.mark.parametrize(("kind", "status"), [("throttled", 429), ("maintenance", 503), ("error_before", 500)])
def test_planned_faults_speak_the_dialect(make_bench: Any, kind: str, status: int) -> None:
    bench = make_bench((Fault(kind=kind, system="tax", operation="create_transaction", seconds=3, nth=1),))
    assert bench.create(type="SalesOrder").status == 201
    reply = bench.create()
    assert reply.status == status
    assert reply.headers.get("retry-after", "3") == "3"
    assert bench.changes() == []
    assert bench.create().status == 201


def test_a_lost_reply_leaves_a_document_to_adopt(make_bench: Any) -> None:
    bench = make_bench((Fault(kind="error_after", system="tax", operation="create_transaction", nth=1),))
    assert bench.create().status == 500
    assert detail(bench.create())["number"] == 300
    assert read(bench.send("GET", PATH + "/INV-1"))["status"] == "Committed"
    assert bench.arrivals()[-1].txn == "Q-000123", "a document is known by its code"


def test_an_unknown_act_is_an_error(bench: Any) -> None:
    with pytest.raises(UnknownAct, match="register_nexus"):
        bench.service.act(Act(at_us=0, system="tax", action="dance", arguments={}))


def test_unknown_paths_and_methods_have_the_vendors_shape(bench: Any) -> None:
    assert detail(bench.send("GET", "/api/v2/nothing"))["number"] == 4
    reply = bench.send("DELETE", "/api/v2/companies")
    assert (reply.status, reply.headers["allow"]) == (405, "GET, POST")


def test_numbers_are_taken_for_text_and_nulls_for_nothing(bench: Any) -> None:
    line = {"number": 7, "amount": "12.50", "quantity": None, "taxCode": 12345, "itemCode": None}
    reply = read(bench.create(lines=[line], commit="true", purchaseOrderNo=None, customerCode=42))
    assert (reply["status"], reply["customerCode"], reply["totalAmount"]) == ("Committed", "42", 12.5)
    assert (reply["lines"][0]["lineNumber"], reply["lines"][0]["taxCode"]) == ("7", "12345")


def test_names_of_a_query_are_read_without_regard_to_case(bench: Any) -> None:
    bench.create()
    assert "lines" in read(bench.send("GET", PATH + "/INV-1?$INCLUDE=lines"))
    assert bench.send("GET", PATH + "/INV-1?DocumentType=ReturnInvoice").status == 404


def test_addresses_of_replies_are_those_by_which_the_caller_came(bench: Any, body: Any) -> None:
    caller = {"host": "127.0.0.1:9", "x-forwarded-proto": "http"}
    made = bench.send("POST", "/api/v2/transactions/create", body("INV 1"), **caller)
    assert made.headers["location"] == "http://127.0.0.1:9" + PATH + "/INV%201/types/SalesInvoice"
    bench.create("INV-2")
    page = read(bench.send("GET", PATH + "?$top=1&$filter=code ne 'x'", **caller))
    assert page["@nextLink"] == "http://127.0.0.1:9" + PATH + "?$filter=code%20ne%20%27x%27&$top=1&$skip=1"


def test_a_zip_code_tells_the_state(bench: Any) -> None:
    named, found = (
        read(bench.create(code, addresses={"singleLocation": {"region": region, "postalCode": "90001"}}))
        for code, region in (("a", "CA"), ("b", None))
    )
    assert named["totalTax"] == found["totalTax"] > 0
    rates = read(bench.send("GET", "/api/v2/taxrates/bypostalcode?country=US&postalCode=90001"))
    assert rates["rates"][0]["name"] == "CA STATE TAX"


@pytest.mark.parametrize("raw", [b"[" * 5000, b'{"lines":' * 3000, b'{"commit":' + b"{" * 100])
def test_bodies_nested_too_deeply_are_refused(bench: Any, raw: bytes) -> None:
    assert bench.send("POST", "/api/v2/transactions/create", raw).status == 400


def test_odd_credentials_are_refused_and_not_feared(bench: Any) -> None:
    for odd in ("Basic \u00e9", "Basic", "Basic ====", "Basic /w==", "Digest x", "Bearer  "):
        assert bench.send("GET", "/api/v2/companies", authorization=odd).status == 401
        assert read(bench.send("GET", "/api/v2/utilities/ping", authorization=odd))["authenticated"] is False


@pytest.mark.parametrize("amount", ["1e400", "1e99999999999999999999", "-1e-99999999999999999999", "9" * 5000])
@pytest.mark.parametrize("name", ["amount", "Amount"])
def test_absurd_numbers_are_refused_or_rounded_to_nothing(bench: Any, name: str, amount: str) -> None:
    raw = json.dumps(transaction(amounts=("?",))).replace('"amount": "?"', f'"{name}": {amount}').encode()
    reply = bench.send("POST", "/api/v2/transactions/create", raw)
    assert reply.status in (201, 400)
    assert reply.status == 400 or read(reply)["totalAmount"] == 0
