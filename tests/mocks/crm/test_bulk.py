"""Bulk jobs: CSV in, CSV out, every row by itself."""

from __future__ import annotations

from typing import Any

import pytest

from tests.mocks.crm.conftest import DATA, decoded

JOBS = f"{DATA}/jobs/ingest"


@pytest.fixture
def open_org(new_org: Any) -> Any:
    return new_org(owns_accounts=False)


def _csv(org: Any, method: str, target: str, body: bytes = b"") -> Any:
    headers = {"authorization": f"Bearer {org.token}", "content-type": "text/csv"}
    return org.send(method, target, body, headers)


def _job(org: Any, body: bytes, operation: str = "insert", **more: Any) -> str:
    opened = decoded(org.send("POST", JOBS, {"object": "Contact", "operation": operation, **more}))
    assert (opened["state"], opened["contentUrl"]) == ("Open", f"{JOBS[1:]}/{opened['id']}/batches")
    assert _csv(org, "PUT", f"{JOBS}/{opened['id']}/batches", body).status == 201
    closed = decoded(org.send("PATCH", f"{JOBS}/{opened['id']}", {"state": "UploadComplete"}))
    assert closed["state"] in ("UploadComplete", "JobComplete")
    return str(opened["id"])


def _rows(org: Any, job: str, which: str) -> list[str]:
    text: str = org.send("GET", f"{JOBS}/{job}/{which}").body.decode()
    return text.splitlines()


def test_rows_succeed_and_fail_by_themselves(open_org: Any) -> None:
    open_org.account()
    body = b"LastName,Account.AccountNumber,Title\nDoe,A-000001,#N/A\n,A-000001,x\nRoe,none,x\n"
    job = _job(open_org, body)
    shown = decoded(open_org.send("GET", f"{JOBS}/{job}"))
    assert (shown["numberRecordsProcessed"], shown["numberRecordsFailed"]) == (3, 2)
    good, bad = _rows(open_org, job, "successfulResults"), _rows(open_org, job, "failedResults")
    assert good[0] == '"sf__Id","sf__Created","LastName","Account.AccountNumber","Title"'
    assert good[1].endswith('"true","Doe","A-000001","#N/A"')
    assert "REQUIRED_FIELD_MISSING" in bad[1]
    assert "INVALID_CROSS_REFERENCE_KEY" in bad[2]
    assert len(_rows(open_org, job, "unprocessedrecords")) == 1
    assert open_org.found("SELECT Title, Account.Name FROM Contact")[0]["Account"]["Name"] == "Acme"


def test_upserts_updates_and_deletions_name_their_records(open_org: Any) -> None:
    upserted = _job(open_org, b"ExternalId__c,LastName\nX1,A\nX2,B\n", "upsert", externalIdFieldName="ExternalId__c")
    assert len(_rows(open_org, upserted, "successfulResults")) == 3
    again = _job(open_org, b"ExternalId__c,LastName\nX1,A2\n", "upsert", externalIdFieldName="ExternalId__c")
    assert '"false"' in _rows(open_org, again, "successfulResults")[1]
    keys = [row["Id"] for row in open_org.found("SELECT Id FROM Contact ORDER BY LastName")]
    _job(open_org, f"Id,Title\n{keys[0]},CFO\n".encode(), "update")
    _job(open_org, f"Id\n{keys[1]}\nbad\n".encode(), "delete")
    assert [row["Title"] for row in open_org.found("SELECT Title FROM Contact")] == ["CFO"]


def test_a_job_takes_its_time_on_the_clock_of_the_world(new_org: Any) -> None:
    org = new_org(bulk_seconds=60)
    org.login()
    job = _job(org, b"LastName\nDoe\n")
    assert decoded(org.send("GET", f"{JOBS}/{job}"))["state"] == "UploadComplete"
    assert org.found("SELECT Id FROM Contact") == []
    org.now_us += 60_000_000
    org.service.tick(org.now_us)
    assert decoded(org.send("GET", f"{JOBS}/{job}"))["state"] == "JobComplete"


def test_a_job_that_was_stopped_works_no_more(new_org: Any, error_of: Any) -> None:
    org = new_org(bulk_seconds=60)
    org.login()
    job = _job(org, b"LastName\nDoe\n")
    assert decoded(org.send("PATCH", f"{JOBS}/{job}", {"state": "Aborted"}))["state"] == "Aborted"
    assert len(_rows(org, job, "unprocessedrecords")) == 2
    org.now_us += 60_000_000
    org.service.tick(org.now_us)
    assert org.found("SELECT Id FROM Contact") == []
    assert error_of(org.send("PATCH", f"{JOBS}/{job}", {"state": "UploadComplete"})) == (400, "INVALIDJOBSTATE")
    assert org.send("DELETE", f"{JOBS}/{job}").status == 204
    assert error_of(org.send("GET", f"{JOBS}/{job}")) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    "body",
    [
        {"object": "Nope", "operation": "insert"},
        {"object": "Order_Booked__e", "operation": "insert"},
        {"object": "Contact", "operation": "merge"},
        {"object": "Contact", "operation": "upsert"},
        {"object": "Contact", "operation": "upsert", "externalIdFieldName": "Title"},
        {"object": "Contact", "operation": "insert", "columnDelimiter": "DOT"},
    ],
)
def test_jobs_that_cannot_be_are_refused(open_org: Any, error_of: Any, body: Any) -> None:
    assert error_of(open_org.send("POST", JOBS, body)) == (400, "INVALIDJOB")


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"a,a\n1,2\n", b'a\n"', b"a,\n1,2\n"])
def test_data_that_is_no_csv_is_refused(open_org: Any, error_of: Any, body: bytes) -> None:
    job = decoded(open_org.send("POST", JOBS, {"object": "Contact", "operation": "insert"}))["id"]
    assert error_of(_csv(open_org, "PUT", f"{JOBS}/{job}/batches", body)) == (400, "INVALIDJOB")


def test_a_query_comes_in_pages(open_org: Any) -> None:
    for number in range(5):
        open_org.account(f"A-00000{number}")
    queries = f"{DATA}/jobs/query"
    statement = "SELECT Id, AccountNumber, IsDeleted FROM Account ORDER BY AccountNumber"
    job = decoded(open_org.send("POST", queries, {"query": statement, "lineEnding": "CRLF"}))
    assert (job["object"], job["jobType"]) == ("Account", "V2Query")
    locator, lines = "", []
    while locator != "null":
        page = open_org.send("GET", f"{queries}/{job['id']}/results?maxRecords=2&locator={locator}")
        locator = page.headers["sforce-locator"]
        head, *rows = page.body.decode().split("\r\n")
        assert head == '"Id","AccountNumber","IsDeleted"'
        lines += [row for row in rows if row]
    assert [line.split(",")[1:] for line in lines] == [[f'"A-00000{n}"', '"false"'] for n in range(5)]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("SELECT Id FROM", "MALFORMED_QUERY"),
        ("SELECT COUNT() FROM Account", "INVALIDJOB"),
        ("SELECT Id, (SELECT Id FROM Quotes) FROM Account", "INVALIDJOB"),
    ],
)
def test_queries_that_bulk_jobs_do_not_take(open_org: Any, error_of: Any, query: str, code: str) -> None:
    assert error_of(open_org.send("POST", f"{DATA}/jobs/query", {"query": query})) == (400, code)
