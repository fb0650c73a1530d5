"""Asynchronous requests and the calls that ask about their jobs."""

from __future__ import annotations

from domain.http import Reply
from mocks.erp.addresses import JOBS, JSON_TYPE, LIST_TYPE, Handler, address, page
from mocks.erp.jobs import Job
from mocks.erp.model import Erp
from mocks.kernel.codec import encode_json
from mocks.kernel.operations import Call, Refusal


def preferring(handler: Handler) -> Handler:
    """Return the handler that also takes requests with `Prefer: respond-async`."""

    def either(erp: Erp, call: Call) -> Reply:
        if "respond-async" not in call.request.headers.get("prefer", "") or call.number == JOB_RUN:
            return handler(erp, call)
        again = Call(call.request, call.operation, call.params, call.now_us, JOB_RUN)
        again.body, again.txn, again.key = call.body, call.txn, call.key
        job = erp.jobs.accept(again, lambda key: address(call, f"{JOBS}/{key}"))
        headers = {"location": address(call, f"{JOBS}/{job.id}"), "preference-applied": "respond-async"}
        return Reply(202, headers)

    return either


JOB_RUN = "job"
"""The number of a call that a job runs."""


def job(erp: Erp, call: Call) -> Reply:
    """Show a job."""
    found = erp.jobs.find(call.params["id"])
    body = {
        "id": found.id,
        "completed": found.is_completed,
        "progress": "succeeded" if found.is_completed else "pending",
        "task": {"links": [{"rel": "self", "href": address(call, f"{JOBS}/{found.id}/task")}]},
    }
    return Reply(200, {"content-type": JSON_TYPE}, encode_json(body))


def job_tasks(erp: Erp, call: Call) -> Reply:
    """List the one task of a job."""
    found = erp.jobs.find(call.params["id"])
    href = address(call, f"{JOBS}/{found.id}/task/1")
    row = {"id": "1", "completed": found.is_completed, "links": [{"rel": "self", "href": href}]}
    return Reply(200, {"content-type": LIST_TYPE}, encode_json(page(call, [row], 1, 0, 1_000)))


def job_task(erp: Erp, call: Call) -> Reply:
    """Show the task of a job."""
    found = erp.jobs.find(call.params["id"])
    href = address(call, f"{JOBS}/{found.id}/task/1/result")
    body = {"id": "1", "completed": found.is_completed, "links": [{"rel": "result", "href": href}]}
    return Reply(200, {"content-type": JSON_TYPE}, encode_json(body))


def job_result(erp: Erp, call: Call) -> Reply:
    """Return what the job's request was answered, or its refusal; not there while the job runs."""
    found: Job = erp.jobs.find(call.params["id"])
    if isinstance(found.outcome, Refusal):
        raise found.outcome
    if found.outcome is None:
        raise Refusal("missing_record", f"The job {found.id} has no result yet.")
    return found.outcome
