"""Asynchronous requests and the calls that ask about their jobs."""

from __future__ import annotations

from typing import Any

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
        "progress": _progress(found),
        "task": {"links": [{"rel": "self", "href": address(call, f"{JOBS}/{found.id}/task")}]},
    }
    return Reply(200, {"content-type": JSON_TYPE}, encode_json(body))


def job_tasks(erp: Erp, call: Call) -> Reply:
    """List the tasks of a job: one, or as many as its collection had bodies."""
    found = erp.jobs.find(call.params["id"])
    rows = [_shown(found, number, call) for number in range(1, len(found.tasks) + 1)]
    return Reply(200, {"content-type": LIST_TYPE}, encode_json(page(call, rows, len(rows), 0, 1_000)))


def job_task(erp: Erp, call: Call) -> Reply:
    """Show a task of a job."""
    found = erp.jobs.find(call.params["id"])
    return Reply(200, {"content-type": JSON_TYPE}, encode_json(_shown(found, _number(found, call), call)))


def _shown(found: Job, number: int, call: Call) -> dict[str, Any]:
    base = address(call, f"{JOBS}/{found.id}/task/{number}")
    links = [{"rel": "self", "href": base}, {"rel": "result", "href": f"{base}/result"}]
    return {"id": str(number), "completed": found.is_completed, "progress": _progress(found), "links": links}


def _progress(found: Job) -> str:
    return "succeeded" if found.is_completed else "pending"


def _number(found: Job, call: Call) -> int:
    text = call.params["task"]
    if not (text.isascii() and text.isdecimal() and len(text) < 5 and 1 <= int(text) <= len(found.tasks)):
        raise Refusal("missing_record", f"The job {found.id} has no task {text}.")
    return int(text)


def job_result(erp: Erp, call: Call) -> Reply:
    """Return what the request of a task was answered, or its refusal; not there while the job runs."""
    found = erp.jobs.find(call.params["id"])
    number = _number(found, call)
    if not found.is_completed:
        raise Refusal("missing_record", f"The job {found.id} has no result yet.")
    outcome = found.outcomes[number - 1]
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome
