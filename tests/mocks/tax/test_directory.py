"""Companies, their customers and the certificates that exempt these."""

from __future__ import annotations

import json
from typing import Any

import pytest

COMPANIES = "/api/v2/companies"
ADDRESS = {"line1": "1 Main St", "city": "Los Angeles", "region": "CA", "postalCode": "90001", "country": "US"}
CERTIFICATE = {
    "signedDate": "2026-01-01", "expirationDate": "2026-12-31", "exposureZone": {"name": "california"},
    "exemptionReason": {"name": "RESALE"}, "customers": [{"customerCode": "A-000001"}],
}  # fmt: skip


def read(reply: Any) -> Any:
    return json.loads(reply.body)


def number(reply: Any) -> tuple[int, int]:
    return reply.status, read(reply)["error"]["details"][0]["number"]


@pytest.fixture
def owner(bench: Any) -> str:
    """Return the address of the default company, with one customer."""
    [company] = read(bench.send("GET", COMPANIES))["value"]
    path = f"{COMPANIES}/{company['id']}"
    customer = {"customerCode": "A-000001", "name": "A", **ADDRESS}
    assert bench.send("POST", path + "/customers", [customer]).status == 201
    return path


def test_there_is_a_default_company_and_a_transaction_makes_others(bench: Any) -> None:
    bench.create(companyCode="UK")
    found = read(bench.send("GET", COMPANIES))["value"]
    assert [(row["companyCode"], row["isDefault"]) for row in found] == [("DEFAULT", True), ("UK", False)]
    assert read(bench.send("GET", "/api/v2/companies/DEFAULT/transactions/INV-1"))["error"]["code"]
    document = read(bench.send("GET", "/api/v2/companies/UK/transactions/INV-1"))
    assert document["companyId"] == found[1]["id"]


def test_companies_are_created_one_or_several_all_or_none(bench: Any) -> None:
    one = bench.send("POST", COMPANIES, {"companyCode": "A", "name": "a"})
    assert (one.status, read(one)[0]["companyCode"]) == (201, "A")
    several = [{"companyCode": "B", "name": "b"}, {"companyCode": "A", "name": "a"}]
    assert number(bench.send("POST", COMPANIES, several)) == (400, 52)
    twins = [{"companyCode": "C", "name": "c"}, {"companyCode": "C", "name": "c"}]
    assert number(bench.send("POST", COMPANIES, twins)) == (400, 52)
    assert read(bench.send("GET", COMPANIES))["@recordsetCount"] == 2
    assert number(bench.send("POST", COMPANIES, {"companyCode": "D"})) == (400, 5)
    assert number(bench.send("POST", COMPANIES, {"companyCode": "D", "name": "d", "baseCurrencyCode": "?"})) == (
        400,
        32,
    )
    assert number(bench.send("POST", COMPANIES, {"companyCode": "D" * 26, "name": "d"})) == (400, 13)


def test_a_company_is_read_and_changed_by_its_id(bench: Any) -> None:
    [made] = read(bench.send("POST", COMPANIES, {"companyCode": "A", "name": "a"}))
    path = f"{COMPANIES}/{made['id']}"
    changed = bench.send("PUT", path, {"companyCode": "A", "name": "better", "isActive": True})
    assert (read(changed)["name"], read(bench.send("GET", path))["isActive"]) == ("better", True)
    assert number(bench.send("PUT", path, {"companyCode": "Z", "name": "a"})) == (400, 32)
    assert number(bench.send("GET", f"{COMPANIES}/4711")) == (404, 4)
    assert number(bench.send("GET", f"{COMPANIES}/DEFAULT")) == (404, 4)


def test_an_initialized_company_collects_tax_where_it_stands(make_bench: Any) -> None:
    bench = make_bench()
    start = {"companyCode": "A", "name": "a", **ADDRESS}
    made = bench.send("POST", COMPANIES + "/initialize", start)
    assert (made.status, read(made)["isActive"]) == (201, True)
    assert read(bench.create("a", companyCode="A"))["totalTax"] > 0
    assert read(bench.create("b"))["totalTax"] == 0
    [row] = read(bench.send("GET", f"{COMPANIES}/{read(made)['id']}/nexus"))["value"]
    assert (row["country"], row["region"]) == ("US", "CA")
    assert number(bench.send("POST", COMPANIES + "/initialize", start)) == (400, 52)


def test_a_certificate_exempts_its_customer_in_its_zone_for_its_time(bench: Any, owner: str) -> None:
    reply = bench.send("POST", owner + "/certificates?$include=Customers", [CERTIFICATE])
    [made] = read(reply)
    assert (reply.status, made["exposureZone"]["region"], len(made["customers"])) == (201, "CA", 1)
    assert read(bench.create("a"))["totalTax"] == 0
    assert read(bench.create("b", customerCode="A-000002"))["totalTax"] > 0
    assert read(bench.create("c", date="2027-01-01"))["totalTax"] > 0
    elsewhere = {"singleLocation": {"region": "WA", "postalCode": "98101"}}
    assert read(bench.create("d", addresses=elsewhere))["totalTax"] > 0


def test_certificates_are_linked_and_parted_from_either_side(bench: Any, owner: str) -> None:
    [made] = read(bench.send("POST", owner + "/certificates", [CERTIFICATE]))
    customer, certificate = owner + "/customers/A-000001", f"{owner}/certificates/{made['id']}"
    linked = {"certificates": [made["id"]]}, {"customers": ["A-000001"]}
    assert bench.send("POST", customer + "/certificates/unlink", linked[0]).status == 200
    assert read(bench.send("GET", customer + "/certificates"))["value"] == []
    assert bench.send("POST", certificate + "/customers/link", linked[1]).status == 200
    assert read(bench.send("GET", certificate + "/customers"))["value"][0]["customerCode"] == "A-000001"
    assert bench.send("POST", certificate + "/customers/unlink", linked[1]).status == 200
    assert bench.send("POST", customer + "/certificates/link", linked[0]).status == 200
    wrong = {"customers": ["A-000001", "nobody"]}
    assert number(bench.send("POST", certificate + "/customers/unlink", wrong)) == (404, 4)
    assert read(bench.send("GET", customer + "/certificates"))["@recordsetCount"] == 1
    assert read(bench.send("GET", customer + "/certificates/US/CA"))["status"] == "Exempt"
    assert read(bench.send("GET", customer + "/certificates/US/TX"))["status"] == "NoCertificate"


def test_a_certificate_is_changed_and_forgotten(bench: Any, owner: str) -> None:
    [made] = read(bench.send("POST", owner + "/certificates", [CERTIFICATE]))
    path = f"{owner}/certificates/{made['id']}"
    assert read(bench.send("PUT", path, {**CERTIFICATE, "valid": False}))["status"] == "Invalid"
    assert read(bench.create("a"))["totalTax"] > 0
    assert bench.send("DELETE", path).status == 200
    assert number(bench.send("GET", path)) == (404, 4)
    assert read(bench.send("GET", owner + "/certificates"))["@recordsetCount"] == 0


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"signedDate": None}, (400, 5)),
        ({"signedDate": "2027-01-01"}, (400, 6)),
        ({"exposureZone": {"name": "Atlantis"}}, (400, 32)),
        ({"exemptionReason": {"name": "BECAUSE"}}, (400, 32)),
        ({"customers": [{"customerCode": "nobody"}]}, (404, 4)),
    ],
)
def test_a_wrong_certificate_is_refused_and_none_is_kept(bench: Any, owner: str, changes: Any, expected: Any) -> None:
    reply = bench.send("POST", owner + "/certificates", [CERTIFICATE, {**CERTIFICATE, **changes}])
    assert number(reply) == expected
    assert read(bench.send("GET", owner + "/certificates"))["@recordsetCount"] == 0


def test_a_customer_is_changed_and_forgotten_with_its_links(bench: Any, owner: str) -> None:
    bench.send("POST", owner + "/certificates", [CERTIFICATE])
    path = owner + "/customers/A-000001"
    changed = bench.send("PUT", path, {"customerCode": "A-000001", "name": "B", **ADDRESS})
    assert read(changed)["name"] == read(bench.send("GET", path))["name"] == "B"
    assert bench.send("DELETE", path).status == 200
    assert number(bench.send("GET", path)) == (404, 4)
    assert read(bench.create("a"))["totalTax"] > 0


def test_what_connectors_ask_for_is_there(bench: Any) -> None:
    for name, least in (
        ("taxcodes", 5), ("entityusecodes", 10), ("countries", 10), ("regions", 51), ("currencies", 100),
        ("certificateexemptreasons", 5), ("certificateexposurezones", 51),
    ):  # fmt: skip
        assert read(bench.send("GET", f"/api/v2/definitions/{name}"))["@recordsetCount"] >= least
    assert len(read(bench.send("GET", "/api/v2/definitions/countries/CA/regions"))["value"]) == 5
    [one] = read(bench.send("GET", "/api/v2/utilities/subscriptions?$filter=subscriptionTypeId eq 2"))["value"]
    assert read(bench.send("GET", "/api/v2/utilities/subscriptions/avataxpro")) == one
    assert number(bench.send("GET", "/api/v2/utilities/subscriptions/nothing")) == (404, 4)
