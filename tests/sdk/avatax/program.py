"""A team's program on top of PyPI's `avalara`: the tax side of a quote-to-cash, and what can go wrong in it.

It runs in an environment of its own: `python program.py CHECK ...` writes one line of JSON for each check.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import Any

from avalara import AvataxClient
from avalara.transaction_builder import TransactionBuilder

ADDRESS = {"line1": "9 Invented Way", "city": "Irvine", "region": "CA", "postalCode": "92614", "country": "US"}


def connect(name: str = "", secret: str = "") -> Any:
    made = AvataxClient("q2c", "1", "here", os.environ.get("TAX", "sandbox"))
    made.add_credentials(name or os.environ["SANDBOX_USERNAME"], secret or os.environ["SANDBOX_PASSWORD"])
    return made


client = connect()


def is_(reply: Any, status: int) -> Any:
    """Return the body of a reply that must have a status."""
    assert reply.status_code == status, (reply.status_code, reply.text)
    return reply.json()


def refused(reply: Any, status: int, number: int) -> Any:
    """Return the detail of a refusal that must have a status and a number."""
    detail = is_(reply, status)["error"]["details"][0]
    assert detail["number"] == number, detail
    return detail


def company(code: str) -> int:
    """Set a company up in California, and return its id."""
    start = {
        "name": "Invented Pottery", "companyCode": code, "line1": "1 Made-up Road", "city": "Irvine", "region": "CA",
        "postalCode": "92614", "country": "US", "firstName": "A", "lastName": "B", "title": "C",
        "email": "a@example.org", "phoneNumber": "1", "mobileNumber": "2", "taxpayerIdNumber": "12-3456789",
    }  # fmt: skip
    made = is_(client.company_initialize(start), 201)
    assert made["isActive"] is True
    found: int = made["id"]
    return found


def document(owner: str, code: str | None, kind: str = "SalesInvoice", **more: Any) -> dict[str, Any]:
    return {
        "type": kind, "companyCode": owner, "code": code, "date": "2026-12-30", "customerCode": "A-1",
        "currencyCode": "USD", "commit": False, "addresses": {"ShipFrom": ADDRESS, "ShipTo": ADDRESS},
        "lines": [
            {"number": "1", "quantity": 10, "amount": 1000, "itemCode": "PLAN", "taxCode": "P0000000"},
            {"number": "2", "quantity": 1, "amount": 250.5, "itemCode": "HELP", "taxCode": "NT"},
        ],
        **more,
    }  # fmt: skip


def check_health_of_a_connector() -> None:
    known = is_(client.ping(), 200)
    assert (known["authenticated"], known["authenticatedUserName"]) == (True, os.environ["SANDBOX_USERNAME"])
    assert is_(connect("1", "2").ping(), 200)["authenticated"] is False
    assert is_(client.query_companies({"$filter": "companyCode eq DEFAULT"}), 200)["@recordsetCount"] == 1
    assert is_(client.list_my_subscriptions(), 200)["value"]
    assert is_(client.get_my_subscription("AvaTaxPro"), 200)["subscriptionDescription"] == "AvaTaxPro"
    assert is_(client.list_tax_codes({"$filter": "taxCode eq 'SAAS'"}), 200)["@recordsetCount"] == 1
    assert is_(client.list_entity_use_codes(), 200)["value"]
    assert len(is_(client.list_regions_by_country("US"), 200)["value"]) == 51
    rates = is_(client.tax_rates_by_postal_code({"country": "US", "postalCode": "92614"}), 200)
    assert rates["totalRate"] > 0
    assert is_(client.tax_rates_by_address(ADDRESS), 200) == rates


def check_credentials() -> None:
    refused(connect("1", "2").query_companies(), 401, 30)
    bearer = AvataxClient("q2c", "1", "here", client.base_url)
    bearer.add_credentials(os.environ["SANDBOX_PASSWORD"])
    is_(bearer.query_companies(), 200)


def check_addresses() -> None:
    found = is_(client.resolve_address_post({"line1": "9 invented  way", "city": "irvine", "region": "ca"}), 200)
    assert found["validatedAddresses"][0]["line1"] == "9 INVENTED WAY"
    assert isinstance(found["coordinates"]["latitude"], float)
    assert is_(client.resolve_address(ADDRESS), 200)["resolutionQuality"]
    refused(client.resolve_address_post({**ADDRESS, "region": "ZZ"}), 400, 309)
    refused(client.resolve_address_post({**ADDRESS, "postalCode": "1"}), 400, 309)


def check_quote_to_cash() -> None:
    owner = "QTC"
    company(owner)
    quote = is_(client.create_transaction(document(owner, "Q-1", "SalesOrder")), 201)
    assert (quote["status"], quote["id"]) == ("Temporary", 0)
    refused(client.get_transaction_by_code(owner, "Q-1"), 404, 4)
    made = client.create_transaction(document(owner, "INV-1"))
    saved = is_(made, 201)
    assert made.headers["location"].startswith(client.base_url)
    assert made.headers["x-correlation-id"]
    assert (saved["status"], saved["totalTax"]) == ("Saved", quote["totalTax"])
    assert saved["totalTax"] == round(sum(row["tax"] for row in saved["summary"]), 2) > 0
    assert (saved["totalAmount"], saved["totalExempt"]) == (1250.5, 250.5)
    more = {"companyCode": owner, "transactionCode": "INV-1", "lines": [{"amount": 100, "itemCode": "MORE"}]}
    longer = is_(client.add_lines(more, {"$include": "Lines"}), 200)
    assert [line["lineNumber"] for line in longer["lines"]] == ["1", "2", "3"]
    less = {"companyCode": owner, "transactionCode": "INV-1", "lines": ["3"]}
    assert is_(client.delete_lines(less), 200)["totalTax"] == saved["totalTax"]
    believed = {"verifyTotalAmount": 1250.5, "verifyTotalTax": saved["totalTax"]}
    assert is_(client.verify_transaction(owner, "INV-1", believed), 200)["status"] == "Posted"
    assert is_(client.commit_transaction(owner, "INV-1", {"commit": True}), 200)["status"] == "Committed"
    assert "Saved|Posted" in refused(client.create_transaction(document(owner, "INV-1")), 400, 300)["description"]
    lines = [{"number": "1", "amount": 900, "taxCode": "P0000000"}]
    changed = {"adjustmentReason": "PriceAdjusted", "newTransaction": document(owner, "INV-1", lines=lines)}
    adjusted = is_(client.adjust_transaction(owner, "INV-1", changed), 200)
    assert (adjusted["version"], adjusted["adjustmentReason"]) == (2, "PriceAdjusted")
    assert is_(client.get_transaction_by_id(saved["id"]), 200)["status"] == "Adjusted"
    back = {"refundTransactionCode": "CN-1", "refundDate": "2027-01-05", "refundType": "Full"}
    returned = is_(client.refund_transaction(owner, "INV-1", back), 201)
    assert (returned["type"], returned["totalTax"]) == ("ReturnInvoice", -adjusted["totalTax"])
    assert is_(client.get_transaction_by_code_and_type(owner, "CN-1", "ReturnInvoice"), 200)["totalAmount"] == -900
    assert is_(client.lock_transaction(owner, "INV-1", {"isLocked": True}), 200)["locked"] is True
    refused(client.void_transaction(owner, "INV-1", {"code": "DocVoided"}), 400, 1100)
    ids = {"documentIds": [adjusted["id"]], "isLocked": False}
    assert is_(client.bulk_lock_transaction(ids), 200)["numberOfRecords"] == 1
    assert is_(client.void_transaction(owner, "INV-1", {"code": "DocVoided"}), 200)["status"] == "Cancelled"
    assert is_(client.unvoid_transaction(owner, "INV-1"), 200)["status"] == "Committed"


def check_builder() -> None:
    company("BLD")
    builder = TransactionBuilder(client, "BLD", "SalesInvoice", "A-1")
    builder.with_address("SingleLocation", ADDRESS).with_line(100, 1, "SKU", 12345).with_exempt_line(50, "SKU", 7)
    reply = is_(builder.with_commit().create(), 201)
    assert (reply["status"], reply["totalExempt"], bool(reply["code"])) == ("Committed", 50, True)


def check_the_call_that_may_be_repeated() -> None:
    company("REP")
    model = {"createTransactionModel": document("REP", "INV-1", commit=True)}
    first, again = (is_(client.create_or_adjust_transaction(model), 201) for _ in range(2))
    assert (first["id"], first["version"]) == (again["id"], again["version"])
    model["createTransactionModel"]["lines"][0]["amount"] = 1
    assert is_(client.create_or_adjust_transaction(model), 201)["version"] == 2


def check_pages() -> None:
    company("PAGES")
    for number in range(5):
        is_(client.create_transaction(document("PAGES", f"INV-{number}", commit=number != 2)), 201)
    asked: dict[str, Any] = {
        "$filter": "status eq 'Committed' and date ge '2026-01-01'",
        "$top": 3,
        "$orderBy": "code desc",
    }
    page = is_(client.list_transactions_by_company("PAGES", asked), 200)
    assert (page["@recordsetCount"], [row["code"] for row in page["value"]]) == (4, ["INV-4", "INV-3", "INV-1"])
    import requests

    following = is_(requests.get(page["@nextLink"], auth=client.auth), 200)
    assert [row["code"] for row in following["value"]] == ["INV-0"]
    assert "@nextLink" not in following
    refused(client.list_transactions_by_company("PAGES", {"$filter": "nonsense"}), 400, 32)


def check_codes_are_escaped() -> None:
    company("ESC")
    is_(client.create_transaction(document("ESC", "a/b+c?d%e#f g")), 201)
    escaped = "a_-ava2f-_b_-ava2b-_c_-ava3f-_d_-ava25-_e_-ava23-_f%20g"
    assert is_(client.commit_transaction("ESC", escaped, {"commit": True}), 200)["status"] == "Committed"
    types = (
        is_(client.create_transaction(document("ESC", "5")), 201),
        is_(client.create_transaction(document("ESC", "5", "PurchaseInvoice")), 201),
    )
    assert len({reply["id"] for reply in types}) == 2
    refused(client.get_transaction_by_code("ESC", "5"), 400, 303)
    voided = client.void_transaction("ESC", "5", {"code": "DocVoided"}, {"documentType": "PurchaseInvoice"})
    assert is_(voided, 200)["type"] == "PurchaseInvoice"


def check_certificates() -> None:
    owner = company("CERT")
    customer = {"customerCode": "A-1", "name": "A", "country": "US", **ADDRESS}
    is_(client.create_customers(owner, [customer]), 201)
    refused(client.create_customers(owner, [customer]), 400, 52)
    certificate = {
        "signedDate": "2026-01-01", "expirationDate": "2027-12-31", "exposureZone": {"name": "California"},
        "exemptionReason": {"name": "RESALE"}, "customers": [{"customerCode": "A-1"}],
    }  # fmt: skip
    [made] = is_(client.create_certificates(owner, [certificate], {"$include": "Customers"}), 201)
    assert made["customers"][0]["customerCode"] == "A-1"
    assert is_(client.create_transaction(document("CERT", "INV-1")), 201)["totalTax"] == 0
    assert is_(client.create_transaction(document("CERT", "INV-2", customerCode="B-2")), 201)["totalTax"] > 0
    is_(client.unlink_certificates_from_customer(owner, "A-1", {"certificates": [made["id"]]}), 200)
    assert is_(client.create_transaction(document("CERT", "INV-3")), 201)["totalTax"] > 0
    assert is_(client.list_certificates_for_customer(owner, "A-1"), 200)["@recordsetCount"] == 0
    is_(client.delete_customer(owner, "A-1"), 200)
    refused(client.get_customer(owner, "A-1"), 404, 4)


def check_refusals() -> None:
    company("ERR")
    for changes, number in (
        ({"lines": []}, 5),
        ({"customerCode": None}, 5),
        ({"date": "soon"}, 32),
        ({"type": "Gift"}, 32),
        ({"currencyCode": "XXX"}, 32),
        ({"code": "x" * 51}, 13),
        ({"addresses": {"SingleLocation": {"region": "ZZ"}}}, 309),
        ({"lines": [{"amount": "many"}]}, 32),
        ({"lines": [{"amount": 1e300}]}, 6),
    ):
        refused(client.create_transaction({**document("ERR", "INV-1"), **changes}), 400, number)
    refused(client.get_transaction_by_code("ERR", "INV-1"), 404, 4)
    is_(client.create_transaction(document("ERR", "INV-1")), 201)
    refused(client.refund_transaction("ERR", "INV-1", {"refundDate": "2027-01-01"}), 400, 700)
    refused(client.verify_transaction("ERR", "INV-1", {"verifyTotalTax": 1}), 400, 302)
    late = client.create_transaction(document("ERR", "INV-2"), {"$include": "ForceTimeout"})
    assert late.status_code == 504


def fault_throttled() -> None:
    refused(client.create_transaction(document("DEFAULT", "INV-1")), 429, 1715)
    is_(client.create_transaction(document("DEFAULT", "INV-1")), 201)


def fault_maintenance() -> None:
    assert client.create_transaction(document("DEFAULT", "INV-1")).status_code == 503
    is_(client.create_transaction(document("DEFAULT", "INV-1")), 201)


def fault_error_after_the_commit() -> None:
    assert client.create_transaction(document("DEFAULT", "INV-1", commit=True)).status_code == 500
    refused(client.create_transaction(document("DEFAULT", "INV-1", commit=True)), 400, 300)
    assert is_(client.get_transaction_by_code("DEFAULT", "INV-1"), 200)["status"] == "Committed"


def fault_lost_reply() -> None:
    import requests

    client.timeout_limit = 1
    try:
        client.create_transaction(document("DEFAULT", "INV-1", commit=True))
    except requests.exceptions.RequestException:
        assert is_(client.get_transaction_by_code("DEFAULT", "INV-1"), 200)["status"] == "Committed"
    else:
        raise AssertionError("a reply came")


def main(names: list[str]) -> None:
    for name in names:
        error = None
        try:
            globals()[name]()
        except Exception:
            error = traceback.format_exc()
        print(json.dumps({"check": name, "error": error}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
