"""Asynchronous requests (`Prefer: respond-async`): accepted now, run a little later, asked about by their job.

The idempotency key works here only, and a key seen before is an error with the first job's address, not a replay
(dialects.md 0.9): whoever takes the 400 for a failure submits the intent a second time under another key.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain.charts.chart import IllegalTransition
from domain.http import Reply
from mocks.erp.quirks import Quirks
from mocks.kernel.desk import Desk
from mocks.kernel.operations import Call, Refusal

KEY_HEADER = "x-netsuite-idempotency-key"


class Job:
    """One accepted request and, once it has run, what came of it: a reply or a refusal."""

    __slots__ = ("call", "id", "outcome")

    def __init__(self, key: str, call: Call) -> None:
        self.id = key
        self.call = call
        self.outcome: Reply | Refusal | None = None

    @property
    def is_completed(self) -> bool:
        """Tell whether the job has run."""
        return self.outcome is not None


class Jobs:
    """The jobs by id and by idempotency key."""

    def __init__(self, desk: Desk, quirks: Quirks) -> None:
        self._desk = desk
        self._quirks = quirks
        self.records: dict[str, Job] = {}
        self._keys: dict[str, str] = {}

    def accept(self, call: Call, address: Callable[[str], str]) -> Job:
        """Take a request in, or refuse an idempotency key that was used before."""
        key = call.request.headers.get(KEY_HEADER, "")
        if key in self._keys:
            first = address(self._keys[key])
            raise Refusal("idempotency_duplicate", field="X-NetSuite-Idempotency-Key", location=first)
        job = Job(str(self._desk.next("job")), call)
        self.records[job.id] = job
        if key:
            self._keys[key] = job.id
        self._desk.agenda.add(self._desk.now_us + self._quirks.job_seconds * 1_000_000, "run_job", job.id)
        return job

    def find(self, key: str) -> Job:
        """Return a job, or refuse."""
        job = self.records.get(key)
        if job is None:
            raise Refusal("missing_record", f"The job {key} does not exist.")
        return job


def run_job(model: Any, key: str) -> None:
    """Run an accepted job; its refusal is its result."""
    job = model.jobs.records[key]
    try:
        job.outcome = job.call.operation.handler(model, job.call)
    except Refusal as refusal:
        job.outcome = refusal
    except IllegalTransition as error:
        job.outcome = Refusal("conflict_state", str(error))
