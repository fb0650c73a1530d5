"""Bulk API 1.0: jobs of batches in XML or JSON, every row by itself."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest

JOB = "/services/async/42.0/job"
NAMESPACE = "{http://www.force.com/2009/06/asyncapi/dataload}"
XML, JSON, CSV = "application/xml; charset=UTF-8", "application/json", "text/csv"


@pytest.fixture
def open_org(new_org: Any) -> Any:
    return new_org(owns_accounts=False)


def ask(org: Any, method: str, target: str, body: Any = b"", kind: str = JSON) -> Any:
    """Return the reply to a call of a session that says what its body is."""
    if not org.token:
        org.login()
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return org.send(method, target, raw, {"x-sfdc-session": org.token, "content-type": kind})


def told(reply: Any) -> Any:
    """Return an answer in JSON."""
    assert reply.headers["content-type"] == "application/json", reply.body
    return msgspec.json.decode(reply.body)


def tags(reply: Any) -> dict[str, str]:
    """Return an answer in XML by tag."""
    assert reply.headers["content-type"] == "application/xml", reply.body
    return {each.tag.removeprefix(NAMESPACE): each.text or "" for each in ElementTree.fromstring(reply.body)}


def opened(org: Any, operation: str, **more: Any) -> str:
    asked = {"operation": operation, "object": "Contact", "contentType": "JSON", "concurrencyMode": 1, **more}
    reply = ask(org, "POST", JOB, asked)
    assert (reply.status, told(reply)["state"]) == (201, "Open")
    return str(told(reply)["id"])


def test_rows_of_json_succeed_and_fail_by_themselves(open_org: Any) -> None:
    job = opened(open_org, "insert")
    rows = [{"LastName": "Doe", "ExternalId__c": "X1"}, {"LastName": "x" * 90}, {"Title": "CFO"}]
    added = ask(open_org, "POST", f"{JOB}/{job}/batch", rows)
    batch = told(added)
    assert (added.status, batch["jobId"], batch["numberRecordsProcessed"], batch["numberRecordsFailed"]) == (
        201, job, 3, 2,
    )  # fmt: skip
    assert told(ask(open_org, "POST", f"{JOB}/{job}", {"state": "Closed"}))["numberBatchesCompleted"] == 1
    path = f"{JOB}/{job}/batch/{batch['id']}"
    assert told(ask(open_org, "GET", path))["state"] == "Completed"
    good, long, missing = told(ask(open_org, "GET", f"{path}/result"))
    assert (good["success"], good["created"], good["errors"]) == (True, True, [])
    assert (long["success"], long["id"], long["errors"][0]["statusCode"]) == (False, None, "STRING_TOO_LONG")
    assert missing["errors"][0]["fields"] == ["LastName"]
    assert told(ask(open_org, "GET", f"{path}/request")) == rows
    assert open_org.found("SELECT Id FROM Contact")[0]["Id"] == good["id"]


def test_rows_of_csv_are_told_in_xml(open_org: Any) -> None:
    body = (
        b'<?xml version="1.0" encoding="UTF-8"?><jobInfo xmlns="http://www.force.com/2009/06/asyncapi/dataload">'
        b"<operation>upsert</operation><object>Contact</object><externalIdFieldName>ExternalId__c</externalIdFieldName>"
        b"<contentType>CSV</contentType></jobInfo>"
    )
    job = tags(ask(open_org, "POST", JOB, body, XML))
    assert (job["operation"], job["concurrencyMode"], job["apiVersion"]) == ("upsert", "Parallel", "42.0")
    for data, created in (
        (b"ExternalId__c,LastName\nX1,Doe\n", "true"),
        (b"ExternalId__c,LastName\nX1,Roe\n", "false"),
    ):
        batch = tags(ask(open_org, "POST", f"{JOB}/{job['id']}/batch", data, CSV))
        result = ask(open_org, "GET", f"{JOB}/{job['id']}/batch/{batch['id']}/result", b"", XML)
        assert result.body.decode().splitlines()[1].endswith(f'"true","{created}",""')
    listed = ElementTree.fromstring(ask(open_org, "GET", f"{JOB}/{job['id']}/batch", b"", XML).body)
    assert [each.findtext(f"{NAMESPACE}state") for each in listed] == ["Completed", "Completed"]
    shut = b"<jobInfo xmlns='http://www.force.com/2009/06/asyncapi/dataload'><state>Closed</state></jobInfo>"
    assert tags(ask(open_org, "POST", f"{JOB}/{job['id']}", shut, XML))["state"] == "Closed"
    late = ask(open_org, "POST", f"{JOB}/{job['id']}/batch", b"ExternalId__c\nX\n", CSV)
    assert (late.status, tags(late)["exceptionCode"]) == (400, "InvalidJobState")


@pytest.mark.parametrize("kind", ["JSON", "CSV"])
def test_a_statement_is_read_in_rows(open_org: Any, kind: str) -> None:
    open_org.account()
    job = opened(open_org, "query", object="Account", contentType=kind)
    statement = b"SELECT Id, Name FROM Account"
    batch = told(ask(open_org, "POST", f"{JOB}/{job}/batch", statement))
    path = f"{JOB}/{job}/batch/{batch['id']}/result"
    results = ask(open_org, "GET", path)
    key = told(results)[0] if kind == "JSON" else tags(results)["result"]
    rows = ask(open_org, "GET", f"{path}/{key}")
    if kind == "JSON":
        assert [(row["attributes"]["type"], row["Name"]) for row in told(rows)] == [("Account", "Acme")]
    else:
        assert rows.body.decode().splitlines()[0] == '"Id","Name"'
        assert '"Acme"' in rows.body.decode()
    assert told(ask(open_org, "GET", f"{path}/752000000000099AAA"))["exceptionCode"] == "InvalidBatch"


def test_a_batch_that_cannot_be_read_fails_as_a_whole(open_org: Any) -> None:
    job = opened(open_org, "query", object="Account")
    batch = told(ask(open_org, "POST", f"{JOB}/{job}/batch", b"SELECT Nope FROM Account"))
    assert (batch["state"], "INVALID_FIELD" in batch["stateMessage"]) == ("Failed", True)
    refused = ask(open_org, "GET", f"{JOB}/{job}/batch/{batch['id']}/result")
    assert told(refused)["exceptionCode"] == "InvalidBatch"
    broken = told(ask(open_org, "POST", f"{JOB}/{opened(open_org, 'insert')}/batch", b"{"))
    assert broken["state"] == "Failed"


def test_a_batch_takes_its_time_and_can_be_aborted_before(new_org: Any) -> None:
    org = new_org(owns_accounts=False, bulk_seconds=60)
    jobs = [opened(org, "insert") for _ in range(2)]
    batches = [told(ask(org, "POST", f"{JOB}/{job}/batch", [{"LastName": "Doe"}]))["id"] for job in jobs]
    ask(org, "POST", f"{JOB}/{jobs[1]}", {"state": "Aborted"})
    assert told(ask(org, "GET", f"{JOB}/{jobs[0]}/batch/{batches[0]}"))["state"] == "Queued"
    org.now_us += 60_000_000
    org.service.tick(org.now_us)
    states = [
        told(ask(org, "GET", f"{JOB}/{job}/batch/{batch}"))["state"] for job, batch in zip(jobs, batches, strict=True)
    ]
    assert states == ["Completed", "NotProcessed"]
    assert len(org.found("SELECT Id FROM Contact")) == 1


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ({"operation": "insert", "object": "Nope", "contentType": "JSON"}, JOB),
        ({"operation": "merge", "object": "Contact", "contentType": "JSON"}, JOB),
        ({"operation": "insert", "object": "Contact", "contentType": "ZIP_CSV"}, JOB),
        ({"operation": "upsert", "object": "Contact", "contentType": "CSV"}, JOB),
        ({"operation": "insert", "object": "Contact", "contentType": "CSV"}, "/services/async/new/job"),
        ({"state": "Closed"}, f"{JOB}/750000000000099AAA"),
        ([], JOB),
    ],
)
def test_jobs_that_cannot_be_are_refused(open_org: Any, asked: Any, path: str) -> None:
    reply = ask(open_org, "POST", path, asked)
    assert (reply.status, told(reply)["exceptionCode"]) == (400, "InvalidJob")


def test_a_session_that_is_over_is_told_in_the_words_of_this_api(open_org: Any) -> None:
    reply = open_org.send("GET", f"{JOB}/750000000000001AAA", b"", {"x-sfdc-session": "00Dnever!x"})
    assert (reply.status, tags(reply)["exceptionCode"]) == (400, "InvalidSessionId")
