"""Asynchronous requests (`Prefer: respond-async`): accepted now, run a little later, asked about by their job.

The idempotency key works here only, and a key seen before is an error with the first job's address, not a replay:
whoever takes the 400 for a failure submits the intent a second time under another key.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain.charts.chart import IllegalTransition
from domain.http import Reply
from mocks.erp.bodies import Collection
from mocks.erp.quirks import Quirks
from mocks.kernel.desk import Desk
from mocks.kernel.operations import Call, Refusal

KEY_HEADER = "x-netsuite-idempotency-key"


class Job:
    """One accepted request in one or more tasks and, once it has run, what came of each: a reply or a refusal."""

    __slots__ = ("id", "outcomes", "tasks")

    def __init__(self, key: str, tasks: list[Call]) -> None:
        self.id = key
        self.tasks = tasks
        self.outcomes: list[Reply | Refusal] = []

    @property
    def is_completed(self) -> bool:
        """Tell whether the job has run."""
        return bool(self.outcomes)


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
        job = Job(str(self._desk.next("job")), _tasks(call))
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


def _tasks(call: Call) -> list[Call]:
    """Return the calls of a request: one for each body of a collection, else the request itself."""
    if not isinstance(call.body, Collection):
        return [call]
    tasks = []
    for body in call.body.items:
        task = Call(call.request, call.operation, call.params, call.now_us, call.number)
        task.body, task.txn = body, call.txn
        tasks.append(task)
    return tasks


def run_job(model: Any, key: str) -> None:
    """Run an accepted job; a refusal is the result of its task."""
    job = model.jobs.records[key]
    job.outcomes = [_outcome(model, task) for task in job.tasks]


def _outcome(model: Any, task: Call) -> Reply | Refusal:
    try:
        return task.operation.handler(model, task)
    except Refusal as refusal:
        return refusal
    except IllegalTransition as error:
        return Refusal("conflict_state", str(error))
