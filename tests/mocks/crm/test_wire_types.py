"""The types in the dialect's table say what the answers are."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from mocks.crm.api import OPERATIONS
from tests.mocks.crm.conftest import DATA

TYPES = {operation.name: operation.reply for operation in OPERATIONS}
CONTACT = {"attributes": {"type": "Contact", "referenceId": "r"}, "LastName": "Doe"}
PART = {"method": "POST", "url": f"{DATA}/sobjects/Contact", "referenceId": "a", "body": {"LastName": "x"}}
BATCH = {"batchRequests": [{"method": "GET", "url": "v62.0/limits"}]}
JOB = {"object": "Contact", "operation": "insert"}
SPAN = "start=2026-01-01T00:00:00Z&end=2027-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("name", "method", "path", "body"),
    [
        ("create_record", "POST", "sobjects/Contact", {"LastName": "x"}),
        ("upsert_record", "PATCH", "sobjects/Contact/ExternalId__c/X", {"LastName": "x"}),
        ("query", "GET", "query?q=SELECT+Id+FROM+User", b""),
        ("query_all", "GET", "queryAll?q=SELECT+Id+FROM+User", b""),
        ("search", "GET", "search?q=FIND+{Integration}", b""),
        ("search_by_body", "POST", "parameterizedSearch", {"q": "Integration"}),
        ("composite", "POST", "composite", {"compositeRequest": [PART]}),
        ("graph", "POST", "composite/graph", {"graphs": [{"graphId": "1", "compositeRequest": [PART]}]}),
        ("batch", "POST", "composite/batch", BATCH),
        ("tree", "POST", "composite/tree/Contact", {"records": [CONTACT]}),
        ("tree", "POST", "composite/tree/Contact", {"records": [{**CONTACT, "LastName": None}]}),
        ("create_records", "POST", "composite/sobjects", {"records": [CONTACT, {**CONTACT, "LastName": None}]}),
        ("upsert_records", "PATCH", "composite/sobjects/Contact/ExternalId__c", {"records": [CONTACT]}),
        ("open_ingest_job", "POST", "jobs/ingest", JOB),
        ("list_ingest_jobs", "GET", "jobs/ingest", b""),
        ("open_query_job", "POST", "jobs/query", {"query": "SELECT Id FROM User"}),
        ("list_query_jobs", "GET", "jobs/query", b""),
        ("list_updated", "GET", f"sobjects/Contact/updated?{SPAN}", b""),
    ],
)
def test_an_answer_is_what_its_row_says(org: Any, name: str, method: str, path: str, body: Any) -> None:
    reply = org.send(method, f"{DATA}/{path}", body)
    assert reply.status < 300 or name == "tree", reply.body
    assert msgspec.json.decode(reply.body, type=TYPES[name]) is not None
