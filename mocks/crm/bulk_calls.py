"""The calls of bulk jobs, and how jobs answer."""

from __future__ import annotations

from collections.abc import Callable

from domain.http import Reply
from mocks.crm import bulk
from mocks.crm.bulk import INGEST, QUERY, Job
from mocks.crm.csv_text import written
from mocks.crm.model import Crm
from mocks.kernel.operations import Call, Refusal, json_reply

_CSV = {"content-type": "text/csv; charset=UTF-8"}
_ROWS_MAX = 50_000


def _kind(call: Call) -> str:
    return QUERY if "/jobs/query" in call.request.target else INGEST


def _job(crm: Crm, call: Call) -> Job:
    return crm.jobs.get(call.params["job"], _kind(call))


def open_ingest(crm: Crm, call: Call) -> Reply:
    """Open a job that writes."""
    number = crm.desk.next("750")
    return _shown(crm, crm.jobs.open_ingest(call.body, call.params["version"], call.now_us, number))


def open_query(crm: Crm, call: Call) -> Reply:
    """Open a job that reads."""
    number = crm.desk.next("750")
    return _shown(crm, crm.jobs.open_query(call.body, call.params["version"], call.now_us, number))


def list_jobs(crm: Crm, call: Call) -> Reply:
    """List the jobs of a kind."""
    records = [bulk.shown(job, crm.quirks.user_id) for job in crm.jobs.all(_kind(call))]
    return json_reply({"done": True, "records": records, "nextRecordsUrl": None})


def show_job(crm: Crm, call: Call) -> Reply:
    """Show a job."""
    return _shown(crm, _job(crm, call))


def _shown(crm: Crm, job: Job) -> Reply:
    return json_reply(bulk.shown(job, crm.quirks.user_id))


def take_data(crm: Crm, call: Call) -> Reply:
    """Take the data of a job."""
    crm.jobs.take(_job(crm, call), call.body)
    return Reply(201)


def change_job(crm: Crm, call: Call) -> Reply:
    """Start a job, or stop it."""
    job = _job(crm, call)
    crm.jobs.go(job, call.body.state, call.now_us)
    return _shown(crm, job)


def delete_job(crm: Crm, call: Call) -> Reply:
    """Forget a job that is over."""
    crm.jobs.drop(_job(crm, call))
    return Reply(204)


def _sheet(of: Callable[[Job], str]) -> Callable[[Crm, Call], Reply]:
    def handler(crm: Crm, call: Call) -> Reply:
        return Reply(200, _CSV, of(_job(crm, call)).encode())

    return handler


show_successes = _sheet(bulk.successes)
show_failures = _sheet(bulk.failures)
show_unprocessed = _sheet(bulk.unprocessed)


def show_results(crm: Crm, call: Call) -> Reply:
    """Show a page of what a query found; the locator of the next page is in a header, `null` after the last."""
    job = _job(crm, call)
    if job.state != "JobComplete":
        raise Refusal("bad_job_state", f"the job is {job.state}")
    locator, most = call.query.get("locator") or "0", call.query.get("maxRecords") or str(_ROWS_MAX)
    if not (locator.isdecimal() and most.isdecimal() and len(locator) < 10 and len(most) < 10 and int(most) > 0):
        raise Refusal("bad_locator", "locator and maxRecords are whole numbers")
    start, end = int(locator), int(locator) + min(int(most), _ROWS_MAX)
    rows = job.result.rows[start:end]
    following = str(end) if end < len(job.result.rows) else "null"
    headers = {**_CSV, "sforce-locator": following, "sforce-numberofrecords": str(len(rows))}
    return Reply(200, headers, written(job.result.names, rows, job.separator, job.line_ending).encode())
