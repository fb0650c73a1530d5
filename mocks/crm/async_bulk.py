"""Bulk API 1.0: jobs of batches, which clients older than Bulk API 2.0 still open under `/services/async`.

A job takes batches while it is open, each of them rows to write or one statement to read; a batch is worked on by
itself, on the world's clock, and its rows succeed or fail one by one. Source: the vendor's public documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from mocks.crm import ids
from mocks.crm.bulk import OPERATIONS, Jobs, is_external
from mocks.crm.csv_text import Sheet, read_sheet
from mocks.crm.errors import as_error
from mocks.crm.queries import Queries
from mocks.crm.quirks import Quirks
from mocks.crm.records import Records
from mocks.crm.unit import Unit
from mocks.kernel.operations import Refusal

READS = ("query", "queryAll")
CONTENT_TYPES = ("CSV", "JSON")
ROWS_MAX = 10_000
_ALL_ROWS = 1 << 60


class AsyncJobBody(msgspec.Struct, frozen=True, kw_only=True):
    """What a job is to do; some clients say by a number how many batches are worked on at once."""

    operation: str = ""
    object: str = ""
    contentType: str = "XML"
    externalIdFieldName: str = ""
    concurrencyMode: Any = "Parallel"
    state: str = ""


class Outcome(msgspec.Struct, frozen=True):
    """What came of one row: its id and whether it is new, or its error."""

    id: str = ""
    created: bool = False
    error: Mapping[str, Any] | None = None


class Batch:
    """One batch of a job: its data as they came, and what came of them."""

    def __init__(self, key: str, job: AsyncJob, data: bytes, now_us: int) -> None:
        self.key, self.job, self.data = key, job, data
        self.created_us = self.changed_us = now_us
        self.state, self.trouble = "Queued", ""
        self.outcomes: list[Outcome] = []
        self.found: Sheet | list[Any] = []

    @property
    def result_key(self) -> str:
        """The id under which the rows of a statement are fetched."""
        return f"752{self.key[3:]}"


class AsyncJob:
    """One job, and its batches by id."""

    def __init__(self, key: str, asked: AsyncJobBody, version: str, now_us: int) -> None:
        self.key, self.asked, self.version = key, asked, version
        self.created_us = self.changed_us = now_us
        self.state = "Open"
        self.batches: dict[str, Batch] = {}


class AsyncJobs:
    """All jobs of Bulk API 1.0 of an organisation, by id."""

    def __init__(self, jobs: Jobs, unit: Unit, records: Records, queries: Queries, quirks: Quirks) -> None:
        self._jobs = jobs
        self._unit = unit
        self._records = records
        self._queries = queries
        self._quirks = quirks
        self._kept: dict[str, AsyncJob] = {}
        self._batches: dict[str, Batch] = {}

    def open(self, asked: AsyncJobBody, version: str, now_us: int, number: int) -> AsyncJob:
        """Open a job; raise Refusal for one that cannot be."""
        of = self._records.schema.find(asked.object)
        if of is None or of.is_event:
            raise Refusal("bad_async_job", f"Unable to find object: {asked.object}")
        if asked.operation not in (*OPERATIONS, *READS):
            raise Refusal("bad_async_job", f"Invalid operation: {asked.operation}")
        if asked.contentType not in CONTENT_TYPES:
            raise Refusal("bad_async_job", f"contentType {asked.contentType} is not played here: CSV or JSON")
        if asked.operation == "upsert" and not is_external(of, asked.externalIdFieldName):
            raise Refusal("bad_async_job", f"External ID was blank or unknown for {asked.object}")
        job = AsyncJob(ids.record_id("750", number), asked, version, now_us)
        self._kept[job.key] = job
        return job

    def get(self, key: str) -> AsyncJob:
        """Return a job; raise Refusal when there is none."""
        job = self._kept.get(ids.canonical(key) or "")
        if job is None:
            raise Refusal("bad_async_job", f"Unable to find a job for id {key}")
        return job

    def batch(self, job: AsyncJob, key: str) -> Batch:
        """Return a batch of a job; raise Refusal when there is none."""
        batch = job.batches.get(ids.canonical(key) or "")
        if batch is None:
            raise Refusal("bad_batch", f"Unable to find batch {key} of job {job.key}")
        return batch

    def go(self, job: AsyncJob, state: str, now_us: int) -> None:
        """Close a job, which then takes no more batches, or abort it."""
        if state not in ("Closed", "Aborted") or job.state not in ("Open", state):
            raise Refusal("bad_async_state", f"A job that is {job.state} cannot become {state or 'nothing'}")
        job.state, job.changed_us = state, now_us
        for batch in job.batches.values():
            if state == "Aborted" and batch.state == "Queued":
                batch.state, batch.changed_us = "NotProcessed", now_us

    def add(self, job: AsyncJob, data: bytes, now_us: int, number: int) -> Batch:
        """Take a batch of an open job, and work on it when its time has come."""
        if job.state != "Open":
            raise Refusal("bad_async_state", f"Job is not open but {job.state}")
        batch = Batch(ids.record_id("751", number), job, data, now_us)
        job.batches[batch.key] = self._batches[batch.key] = batch
        seconds = self._quirks.bulk_seconds
        if seconds:
            self._records.desk.agenda.add(now_us + seconds * 1_000_000, "work_batch", batch.key)
        else:
            self.work(batch.key)
        return batch

    def work(self, key: str) -> None:
        """Work on a batch (at once, or by the agenda)."""
        batch = self._batches.get(key)
        if batch is None or batch.state != "Queued":
            return
        batch.changed_us = self._records.desk.now_us
        try:
            (self._read if batch.job.asked.operation in READS else self._write)(batch)
            batch.state = "Completed"
        except Refusal as refusal:
            error = as_error(refusal)
            code = "" if refusal.code == "bad_job" else f"{error['statusCode']}: "
            batch.state, batch.trouble = "Failed", f"InvalidBatch : {code}{error['message']}"

    def _read(self, batch: Batch) -> None:
        asked, statement = batch.job.asked, batch.data.decode("utf-8", "replace").strip()
        deleted = asked.operation == "queryAll"
        self._queries.table(statement, deleted=False, only_check=True)
        if asked.contentType == "CSV":
            batch.found = self._queries.table(statement, deleted=deleted)
        else:
            base = f"/services/data/v{batch.job.version}/"
            batch.found = self._queries.run(statement, base, _ALL_ROWS, deleted)["records"]

    def _write(self, batch: Batch) -> None:
        asked = batch.job.asked
        of = self._records.schema[asked.object]
        read = self._records.typed if asked.contentType == "CSV" else _as_sent
        rows = rows_of(batch)
        if len(rows) > ROWS_MAX:
            raise Refusal("bad_job", f"Records in batch exceed {ROWS_MAX}")
        for row in rows:
            result = self._unit.attempt(self._jobs.one, of, asked.operation, asked.externalIdFieldName, row, read)
            if isinstance(result, Refusal):
                batch.outcomes.append(Outcome(error=as_error(result)))
            else:
                batch.outcomes.append(Outcome(*result))


def rows_of(batch: Batch) -> list[dict[str, Any]]:
    """Return the rows of a batch as they came; raise Refusal when they are not what the job's content type says."""
    if batch.job.asked.contentType == "CSV":
        sheet = read_sheet(batch.data, ",")
        return [dict(zip(sheet.names, row, strict=False)) for row in sheet.rows]
    try:
        found: list[dict[str, Any]] = msgspec.json.Decoder(list[dict[str, Any]], float_hook=Decimal).decode(batch.data)
    except msgspec.DecodeError as error:
        raise Refusal("bad_job", f"the data is no JSON array of records: {error}") from error
    return [{name: value for name, value in row.items() if name != "attributes"} for row in found]


def _as_sent(_of: Any, record: Mapping[str, Any]) -> dict[str, Any]:
    return dict(record)
