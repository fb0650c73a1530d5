"""The calls of Bulk API 1.0, and how its jobs, batches and refusals look: XML, or JSON for who sends JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import unescape

import msgspec

from domain.http import Reply
from mocks.crm.async_bulk import READS, AsyncJob, AsyncJobBody, Batch
from mocks.crm.async_forms import JSON, document, elements, is_json, told
from mocks.crm.csv_text import Sheet, written
from mocks.crm.model import Crm
from mocks.crm.values import instant
from mocks.kernel.codec import encode_json
from mocks.kernel.operations import Call, Refusal

_CSV = {"content-type": "text/csv"}
_TAG = re.compile(r"<(?:\w+:)?(\w+)\s*>([^<]*)</")
_VERSION = re.compile(r"\d\d\.0", re.ASCII)
_STATES = ("Queued", "InProgress", "Completed", "Failed")


# --- jobs -----------------------------------------------------------------------------------------------------------


def open_job(crm: Crm, call: Call) -> Reply:
    """Open a job."""
    if _VERSION.fullmatch(call.params["version"]) is None:
        raise Refusal("bad_async_job", f"Invalid API version: {call.params['version']}")
    asked, number = _asked(call), crm.desk.next("750")
    job = crm.async_jobs.open(asked, call.params["version"], call.now_us, number)
    return told(call, "jobInfo", _job(crm, job), 201)


def show_job(crm: Crm, call: Call) -> Reply:
    """Show a job."""
    return told(call, "jobInfo", _job(crm, crm.async_jobs.get(call.params["job"])))


def change_job(crm: Crm, call: Call) -> Reply:
    """Close a job, or abort it."""
    job = crm.async_jobs.get(call.params["job"])
    crm.async_jobs.go(job, _asked(call).state, call.now_us)
    return told(call, "jobInfo", _job(crm, job))


def _asked(call: Call) -> AsyncJobBody:
    """Return what a body says of a job."""
    if is_json(call):
        try:
            return msgspec.json.decode(call.body, type=AsyncJobBody)
        except msgspec.DecodeError as error:
            raise Refusal("bad_async_job", f"Unable to parse Job: {error}") from error
    found = {name: unescape(value) for name, value in _TAG.findall(call.body.decode("utf-8", "replace"))}
    known = {name: found[name] for name in AsyncJobBody.__struct_fields__ if name in found}
    if not known:
        raise Refusal("bad_async_job", "Unable to parse Job")
    return AsyncJobBody(**known)


def _job(crm: Crm, job: AsyncJob) -> dict[str, Any]:
    asked, batches = job.asked, list(job.batches.values())
    counts = {f"numberBatches{state}": sum(batch.state == state for batch in batches) for state in _STATES}
    named = {"externalIdFieldName": asked.externalIdFieldName} if asked.externalIdFieldName else {}
    return {
        "id": job.key,
        "operation": asked.operation,
        "object": asked.object,
        "createdById": crm.quirks.user_id,
        "createdDate": instant(job.created_us),
        "systemModstamp": instant(job.changed_us),
        "state": job.state,
        **named,
        "concurrencyMode": "Serial" if asked.concurrencyMode in ("Serial", 1) else "Parallel",
        "contentType": asked.contentType,
        **counts,
        "numberBatchesTotal": len(batches),
        "numberRecordsProcessed": sum(map(_processed, batches)),
        "numberRetries": 0,
        "apiVersion": float(job.version),
        "numberRecordsFailed": sum(map(_failed, batches)),
        **_TIMES,
    }


_TIMES = {"totalProcessingTime": 0, "apiActiveProcessingTime": 0, "apexProcessingTime": 0}


# --- batches --------------------------------------------------------------------------------------------------------


def _named(crm: Crm, call: Call) -> Batch:
    return crm.async_jobs.batch(crm.async_jobs.get(call.params["job"]), call.params["batch"])


def add_batch(crm: Crm, call: Call) -> Reply:
    """Take a batch."""
    job, number = crm.async_jobs.get(call.params["job"]), crm.desk.next("751")
    return told(call, "batchInfo", _batch(crm.async_jobs.add(job, call.body, call.now_us, number)), 201)


def list_batches(crm: Crm, call: Call) -> Reply:
    """List the batches of a job."""
    rows = [_batch(each) for each in crm.async_jobs.get(call.params["job"]).batches.values()]
    if is_json(call):
        return Reply(200, JSON, encode_json({"batchInfo": rows}))
    inside = "".join([f"<batchInfo>{elements(row)}</batchInfo>" for row in rows])
    return document("batchInfoList", inside)


def show_batch(crm: Crm, call: Call) -> Reply:
    """Show a batch."""
    return told(call, "batchInfo", _batch(_named(crm, call)))


def show_request(crm: Crm, call: Call) -> Reply:
    """Show the data of a batch as they came."""
    batch = _named(crm, call)
    return Reply(200, JSON if batch.job.asked.contentType == "JSON" else _CSV, batch.data)


def _processed(batch: Batch) -> int:
    found = batch.found.rows if isinstance(batch.found, Sheet) else batch.found
    return len(batch.outcomes) or len(found)


def _failed(batch: Batch) -> int:
    return sum(outcome.error is not None for outcome in batch.outcomes)


def _batch(batch: Batch) -> dict[str, Any]:
    trouble = {"stateMessage": batch.trouble} if batch.trouble else {}
    return {
        "id": batch.key,
        "jobId": batch.job.key,
        "state": batch.state,
        **trouble,
        "createdDate": instant(batch.created_us),
        "systemModstamp": instant(batch.changed_us),
        "numberRecordsProcessed": _processed(batch),
        "numberRecordsFailed": _failed(batch),
        **_TIMES,
    }


# --- results --------------------------------------------------------------------------------------------------------


def _done(crm: Crm, call: Call) -> Batch:
    batch = _named(crm, call)
    if batch.state != "Completed":
        raise Refusal("bad_batch", f"Batch is {batch.state}, not Completed")
    return batch


def show_results(crm: Crm, call: Call) -> Reply:
    """Show what came of each row of a batch, or under which id the rows of a statement are fetched."""
    batch = _done(crm, call)
    reads, is_json_job = batch.job.asked.operation in READS, batch.job.asked.contentType == "JSON"
    if reads:
        if is_json_job:
            return Reply(200, JSON, encode_json([batch.result_key]))
        return document("result-list", f"<result>{batch.result_key}</result>")
    if is_json_job:
        return Reply(200, JSON, encode_json([_result(outcome) for outcome in batch.outcomes]))
    rows = [
        (each.id, str(each.error is None).lower(), str(each.created).lower(), _said(each.error))
        for each in batch.outcomes
    ]
    return Reply(200, _CSV, written(("Id", "Success", "Created", "Error"), rows, ",", "\n").encode())


def _result(outcome: Any) -> dict[str, Any]:
    error = outcome.error
    told = [{**error, "extendedErrorDetails": None}] if error is not None else []
    return {"success": error is None, "created": outcome.created, "id": outcome.id or None, "errors": told}


def _said(error: Mapping[str, Any] | None) -> str:
    return "" if error is None else f"{error['statusCode']}:{error['message']}:{','.join(error['fields'])} --"


def show_rows(crm: Crm, call: Call) -> Reply:
    """Show the rows that a statement found."""
    batch = _done(crm, call)
    if batch.job.asked.operation not in READS or call.params["result"] != batch.result_key:
        raise Refusal("bad_batch", f"No result {call.params['result']} for batch {batch.key}")
    found = batch.found
    if isinstance(found, Sheet):
        return Reply(200, _CSV, written(found.names, found.rows, ",", "\n").encode())
    return Reply(200, JSON, encode_json(found))
