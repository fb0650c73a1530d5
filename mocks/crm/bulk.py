"""Bulk API 2.0: jobs that write or read many records as CSV.

A job that writes is opened, takes its data, is told that this was all, and works on the world's clock; every record
succeeds or fails by itself. Source: the vendor's public documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mocks.crm import ids
from mocks.crm.bodies import IngestJob, QueryJob
from mocks.crm.csv_text import LINE_ENDINGS, SEPARATORS, Sheet, read_sheet, written
from mocks.crm.errors import as_error
from mocks.crm.queries import Queries
from mocks.crm.quirks import Quirks
from mocks.crm.records import Records
from mocks.crm.schema import ID, SObject
from mocks.crm.unit import Unit
from mocks.crm.values import instant
from mocks.kernel.operations import Refusal

INGEST, QUERY = "V2Ingest", "V2Query"
OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")
_OVER = frozenset({"JobComplete", "Failed", "Aborted"})


Read = Callable[[SObject, Mapping[str, Any]], dict[str, Any]]


class Job:
    """One bulk job: what was asked, its state, its data and what came of each row."""

    def __init__(self, key: str, kind: str, asked: IngestJob | QueryJob, created_us: int, version: str) -> None:
        self.key, self.kind, self.asked, self.version = key, kind, asked, version
        self.created_us = self.changed_us = created_us
        self.state = "Open" if kind == INGEST else "UploadComplete"
        self.sheet = Sheet((), ())
        self.successes: list[tuple[str, bool, tuple[str, ...]]] = []
        self.failures: list[tuple[str, str, tuple[str, ...]]] = []
        self.result = Sheet((), ())
        self.trouble = ""
        self.has_data = False

    @property
    def separator(self) -> str:
        """What stands between the cells."""
        return SEPARATORS[self.asked.columnDelimiter]

    @property
    def line_ending(self) -> str:
        """What stands between the rows."""
        return LINE_ENDINGS[self.asked.lineEnding]


class Jobs:
    """All jobs of an organisation, by id."""

    def __init__(self, unit: Unit, records: Records, queries: Queries, quirks: Quirks) -> None:
        self._unit = unit
        self._records = records
        self._queries = queries
        self._quirks = quirks
        self._jobs: dict[str, Job] = {}

    # --- jobs -------------------------------------------------------------------------------------------------------

    def open_ingest(self, asked: IngestJob, version: str, now_us: int, number: int) -> Job:
        """Open a job that writes."""
        of = self._records.schema.find(asked.object)
        if of is None or of.is_event:
            raise Refusal("bad_job", f"object {asked.object} is not supported by bulk jobs")
        if asked.operation not in OPERATIONS:
            raise Refusal("bad_job", f"operation {asked.operation} is none of {', '.join(OPERATIONS)}")
        if asked.operation == "upsert" and not is_external(of, asked.externalIdFieldName):
            raise Refusal("bad_job", "externalIdFieldName must name an external id field for an upsert")
        _require_format(asked)
        return self._kept(Job(ids.record_id("750", number), INGEST, asked, now_us, version))

    def open_query(self, asked: QueryJob, version: str, now_us: int, number: int) -> Job:
        """Open a job that reads; the statement is checked at once."""
        if asked.operation not in ("query", "queryAll"):
            raise Refusal("bad_job", f"operation {asked.operation} is neither query nor queryAll")
        _require_format(asked)
        self._queries.table(asked.query, deleted=False, only_check=True)
        job = self._kept(Job(ids.record_id("750", number), QUERY, asked, now_us, version))
        self._plan(job)
        return job

    def get(self, key: str, kind: str) -> Job:
        """Return a job; raise Refusal when there is none of this kind."""
        job = self._jobs.get(ids.canonical(key) or "")
        if job is None or job.kind != kind:
            raise Refusal("not_found", f"no job has the id {key}")
        return job

    def all(self, kind: str) -> list[Job]:
        """Return the jobs of a kind, the newest first."""
        return [job for job in reversed(self._jobs.values()) if job.kind == kind]

    def take(self, job: Job, body: bytes) -> None:
        """Take the data of an open job."""
        if job.state != "Open" or job.has_data:
            raise Refusal("bad_job_state", "data is taken once, while the job is open")
        job.sheet = read_sheet(body, job.separator)
        job.has_data = True

    def go(self, job: Job, state: str, now_us: int) -> None:
        """Take a job to UploadComplete, which starts it, or to Aborted."""
        if state == "Aborted" and job.state not in _OVER:
            job.state, job.changed_us = "Aborted", now_us
        elif state == "UploadComplete" and job.state == "Open":
            job.state, job.changed_us = "UploadComplete", now_us
            self._plan(job)
        else:
            raise Refusal("bad_job_state", f"a job cannot go from {job.state} to {state}")

    def drop(self, job: Job) -> None:
        """Forget a job that is over."""
        if job.state not in _OVER:
            raise Refusal("bad_job_state", f"a job that is {job.state} cannot be deleted")
        del self._jobs[job.key]

    def _kept(self, job: Job) -> Job:
        self._jobs[job.key] = job
        return job

    # --- work -------------------------------------------------------------------------------------------------------

    def _plan(self, job: Job) -> None:
        seconds = self._quirks.bulk_seconds
        if not seconds:
            self.work(job.key)
            return
        self._records.desk.agenda.add(self._records.desk.now_us + seconds * 1_000_000, "work_job", job.key)

    def work(self, key: str) -> None:
        """Do a job (at once, or by the agenda)."""
        job = self._jobs.get(key)
        if job is None or job.state != "UploadComplete":
            return
        if isinstance(job.asked, QueryJob):
            job.result = self._queries.table(job.asked.query, deleted=job.asked.operation == "queryAll")
        else:
            self._ingest(job, job.asked)
        job.state, job.changed_us = "JobComplete", self._records.desk.now_us

    def _ingest(self, job: Job, asked: IngestJob) -> None:
        of = self._records.schema[asked.object]
        for row in job.sheet.rows:
            record = dict(zip(job.sheet.names, row, strict=False))
            result = self._unit.attempt(
                self.one, of, asked.operation, asked.externalIdFieldName, record, self._records.typed
            )
            if isinstance(result, Refusal):
                error = as_error(result)
                fields = ",".join(error["fields"])
                job.failures.append(("", f"{error['statusCode']}:{error['message']}:{fields} --", row))
            else:
                job.successes.append((*result, row))

    def one(
        self, of: SObject, operation: str, key: str, record: Mapping[str, Any], read: Read
    ) -> tuple[str, bool]:  # fmt: skip
        """Do what a job wants with one record, as `read` reads it; return its id and whether it is new.

        `key` names the external id by which an upsert finds its record.
        """
        if operation == "insert":
            return self._records.create(of, read(of, record)), True
        name = "Id" if operation != "upsert" else key
        column = next((each for each in record if each.lower() == name.lower()), "")
        value = str(record.get(column) or "")
        if not value:
            raise Refusal("missing_argument", f"{name} not specified", name)
        rest = read(of, {each: cell for each, cell in record.items() if each != column})
        if operation == "upsert":
            return self._records.upsert(of, name, value, rest)
        row = self._records.get(of, value)
        if operation == "update":
            self._records.change(of, row, rest)
        else:
            self._records.delete(of, row)
        return str(row[ID]), False


def is_external(of: SObject, name: str) -> bool:
    at = of.positions.get(name.lower())
    return at is not None and (at == ID or of.fields[at].external_id)


def _require_format(asked: IngestJob | QueryJob) -> None:
    if asked.contentType != "CSV" or asked.columnDelimiter not in SEPARATORS or asked.lineEnding not in LINE_ENDINGS:
        raise Refusal("bad_job", "contentType is CSV, lineEnding LF or CRLF, columnDelimiter one of the known ones")


# --- how jobs look ------------------------------------------------------------------------------------------------


def shown(job: Job, user_id: str) -> dict[str, Any]:
    """Return a job as the vendor shows it."""
    asked = job.asked
    found: dict[str, Any] = {
        "id": job.key,
        "operation": asked.operation,
        "object": asked.object if isinstance(asked, IngestJob) else _object_of(asked.query),
        "createdById": user_id,
        "createdDate": instant(job.created_us),
        "systemModstamp": instant(job.changed_us),
        "state": job.state,
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": float(job.version.removeprefix("v")),
        "jobType": job.kind,
        "lineEnding": asked.lineEnding,
        "columnDelimiter": asked.columnDelimiter,
    }
    if isinstance(asked, IngestJob):
        found["contentUrl"] = f"services/data/{job.version}/jobs/ingest/{job.key}/batches"
        if asked.externalIdFieldName:
            found["externalIdFieldName"] = asked.externalIdFieldName
        processed, failed = len(job.successes) + len(job.failures), len(job.failures)
        found |= {"numberRecordsProcessed": processed, "numberRecordsFailed": failed, "retries": 0}
    else:
        found |= {"numberRecordsProcessed": len(job.result.rows), "retries": 0}
    return found | {"totalProcessingTime": 1 if job.state in _OVER else 0}


def successes(job: Job) -> str:
    """Return the rows that succeeded, each with its id."""
    rows = [(key, "true" if new else "false", *row) for key, new, row in job.successes]
    return written(("sf__Id", "sf__Created", *job.sheet.names), rows, job.separator, job.line_ending)


def failures(job: Job) -> str:
    """Return the rows that failed, each with its error."""
    rows = [(key, error, *row) for key, error, row in job.failures]
    return written(("sf__Id", "sf__Error", *job.sheet.names), rows, job.separator, job.line_ending)


def unprocessed(job: Job) -> str:
    """Return the rows that were not worked on."""
    rows = job.sheet.rows if job.state in ("Aborted", "Failed") else ()
    return written(job.sheet.names, rows, job.separator, job.line_ending)


def _object_of(statement: str) -> str:
    words = statement.split()
    places = [at for at, word in enumerate(words) if word.upper() == "FROM"]
    return words[places[-1] + 1] if places and places[-1] + 1 < len(words) else ""
