"""The table of operations says of every reply what it is: what OpenAPI is made from must be true."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from mocks.kernel.codec import encode_json
from mocks.kernel.operations import Router
from mocks.tax.api import OPERATIONS

ADDRESS = {"line1": "1 Main St", "city": "Los Angeles", "region": "CA", "postalCode": "90001", "country": "US"}
CUSTOMER = {"customerCode": "C", "name": "c", **ADDRESS}
CERTIFICATE = {"signedDate": "2026-01-01", "exposureZone": {"name": "CA"}, "customers": [{"customerCode": "C"}]}
LISTS = [row.path for row in OPERATIONS if row.method == "GET" and "{" not in row.path and "Fetched" in str(row.reply)]
ONE = "/api/v2/companies/DEFAULT/transactions/"
LINES = {"companyCode": "DEFAULT", "transactionCode": "s"}


def calls(body: Any) -> list[tuple[str, str, Any]]:
    """Return calls that succeed one after the other, at least one for each row of the table."""
    create = "/api/v2/transactions/create"
    company = "/api/v2/companies/10001"
    certificate, customer = company + "/certificates/1", company + "/customers/C"
    return [
        *(("GET", path, None) for path in LISTS),
        ("GET", "/api/v2/utilities/ping", None),
        ("GET", "/api/v2/utilities/subscriptions/2", None),
        ("GET", "/api/v2/definitions/countries/US/regions", None),
        ("POST", "/api/v2/addresses/resolve", ADDRESS),
        ("GET", "/api/v2/addresses/resolve?postalCode=90001", None),
        ("GET", "/api/v2/taxrates/byaddress?country=US&region=CA", None),
        ("GET", "/api/v2/taxrates/bypostalcode?country=US&postalCode=90001", None),
        ("POST", "/api/v2/companies", [{"companyCode": "N", "name": "n"}]),
        ("POST", "/api/v2/companies/initialize", {"companyCode": "I", "name": "i", **ADDRESS}),
        ("GET", company, None),
        ("PUT", company, {"companyCode": "DEFAULT", "name": "d"}),
        ("GET", company + "/nexus", None),
        ("POST", company + "/customers", [CUSTOMER]),
        ("GET", company + "/customers", None),
        ("GET", customer, None),
        ("PUT", customer, CUSTOMER),
        ("POST", company + "/certificates?$include=Customers", [CERTIFICATE]),
        ("GET", company + "/certificates", None),
        ("GET", certificate, None),
        ("PUT", certificate, CERTIFICATE),
        ("GET", certificate + "/customers", None),
        ("POST", certificate + "/customers/unlink", {"customers": ["C"]}),
        ("POST", certificate + "/customers/link", {"customers": ["C"]}),
        ("POST", customer + "/certificates/unlink", {"certificates": [1]}),
        ("POST", customer + "/certificates/link", {"certificates": [1]}),
        ("GET", customer + "/certificates", None),
        ("GET", customer + "/certificates/US/CA", None),
        ("DELETE", certificate, None),
        ("DELETE", customer, None),
        ("POST", create, body("s", commit=False)),
        ("POST", "/api/v2/companies/transactions/lines/add", {**LINES, "lines": [{"amount": 1, "number": "x"}]}),
        ("POST", "/api/v2/companies/transactions/lines/delete", {**LINES, "lines": ["x"]}),
        ("POST", ONE + "s/verify", {}),
        ("POST", ONE + "s/settle", {"changeCode": {"newCode": "t"}}),
        ("POST", ONE + "t/commit", {"commit": True}),
        ("POST", ONE + "t/changecode", {"newCode": "s"}),
        ("POST", ONE + "s/adjust", {"newTransaction": body("s", amounts=(1,))}),
        ("POST", ONE + "s/refund", {"refundDate": "2027-01-01", "refundTransactionCode": "r"}),
        ("POST", ONE + "s/lock", {"isLocked": True}),
        ("POST", "/api/v2/transactions/lock", {"documentIds": [8_000_000_002], "isLocked": False}),
        ("POST", ONE + "s/uncommit", None),
        ("POST", ONE + "s/void", {"code": "DocVoided"}),
        ("POST", ONE + "s/unvoid", None),
        ("POST", "/api/v2/transactions/createoradjust", {"createTransactionModel": body("s")}),
        ("GET", ONE + "s?$include=Details", None),
        ("GET", ONE + "s/types/SalesInvoice", None),
        ("GET", "/api/v2/transactions/8000000001", None),
        ("GET", ONE.rstrip("/") + "?$top=1&$include=Lines", None),
    ]


def test_every_reply_is_what_the_table_says(bench: Any, body: Any) -> None:
    router, seen = Router(OPERATIONS), set()
    for method, target, given in calls(body):
        operation, _, _ = router.find(method, target)
        assert operation is not None, (method, target)
        reply = bench.send(method, target, given)
        assert reply.status in (200, 201), (method, target, reply.body)
        seen.add(operation.name)
        if operation.reply is not None:
            shown = encode_json(msgspec.json.decode(reply.body, type=operation.reply))
            assert json.loads(shown) == json.loads(reply.body), "nothing is shown that the type does not know"
    assert seen == {row.name for row in OPERATIONS}
