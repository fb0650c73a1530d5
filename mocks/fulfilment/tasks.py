"""Fulfilment tasks: what was asked for, how far it is, and how time and people move it on."""

from __future__ import annotations

import re

import msgspec

from domain.calendar import SECOND_US
from domain.charts import FULFILMENT
from domain.objects import Task as TaskDocument
from mocks.fulfilment.quirks import Quirks
from mocks.kernel.desk import Desk
from mocks.kernel.operations import Refusal
from mocks.kernel.tables import Table

_QUOTE = re.compile(r"Q-\d{6}(?:\.[A-Z][A-Z0-9]{1,7})?")
_WAITING = frozenset({"requested", "in_progress", "partially_completed"})


class TaskLine(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What is to be provided."""

    sku: str
    quantity: int


class Task(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One task. `step` counts its planned steps: an agenda entry of an older step is stale.

    `due_us` is when the planned step happens; while `paused`, `rest_us` is how long it is still away.
    """

    id: str
    order: str
    account: str
    lines: tuple[TaskLine, ...]
    skus: tuple[str, ...]
    status: str
    txn: str
    created_us: int
    updated_us: int
    attempts: int = 1
    completed: tuple[str, ...] = ()
    paused: bool = False
    step: int = 0
    due_us: int = 0
    rest_us: int = 0
    reason: str = ""


class Tasks:
    """The rules of tasks. A method refuses before it changes anything."""

    def __init__(self, desk: Desk, quirks: Quirks) -> None:
        self._desk = desk
        self._quirks = quirks
        self._durations: Table[int] = desk.tables.table()
        self._median_seconds: float = quirks.median_seconds
        self._p95_seconds: float = quirks.p95_seconds

    # --- finding ----------------------------------------------------------------------------------------------------

    def get(self, key: str) -> Task:
        """Return a task; raise Refusal `not_found`."""
        task: Task | None = self._desk.book.get("task", key)
        if task is None:
            raise Refusal("not_found", f"there is no task {key}")
        return task

    def page(self, order: str, status: str, after: str, limit: int) -> tuple[list[Task], bool]:
        """Return tasks in order of creation behind the one named `after`, and whether there are more."""
        tasks: list[Task] = list(self._desk.book.table("task").values())
        start = tasks.index(self.get(after)) + 1 if after else 0
        found = [task for task in tasks[start:] if order in ("", task.order) and status in ("", task.status)]
        return found[:limit], len(found) > limit

    # --- API users --------------------------------------------------------------------------------------------------

    def request(self, key: str, order: str, account: str, lines: tuple[TaskLine, ...]) -> tuple[Task, bool]:
        """Take a task on, or recognise it; return it and whether it is new. Other content under its id is refused."""
        known: Task | None = self._desk.book.get("task", key)
        if known is not None:
            if (known.order, known.account, known.lines) != (order, account, lines):
                raise Refusal("different_content", f"task {key} exists with other content")
            return known, False
        if not lines:
            raise Refusal("invalid", "a task has at least one line", "lines")
        if min([line.quantity for line in lines]) <= 0:
            raise Refusal("invalid", "quantities are at least 1", "lines")
        now_us = self._desk.now_us
        match = _QUOTE.search(key) or _QUOTE.search(order)
        task = Task(
            id=key, order=order, account=account, lines=lines, skus=tuple([line.sku for line in lines]),
            status="requested", txn=match.group() if match else "", created_us=now_us,
            updated_us=now_us,
        )  # fmt: skip
        return self._plan(task, now_us + self._quirks.start_seconds * SECOND_US), True

    def cancel(self, key: str) -> Task:
        """Call a task off; one that is called off already stays so."""
        task = self.get(key)
        return task if task.status == "cancelled" else self._move(task, "cancelled")

    def reverse(self, key: str) -> Task:
        """Take back what was provided; what was taken back already stays so."""
        task = self.get(key)
        return task if task.status == "reversed" else self._move(task, "reversed", completed=())

    def pause(self, key: str) -> Task:
        """Stop the clock of a task that is waiting or at work; a paused one stays so."""
        task = self.get(key)
        if task.status not in _WAITING:
            raise Refusal("conflict_state", f"a task that is {task.status} cannot be paused")
        if task.paused:
            return task
        rest_us = max(0, task.due_us - self._desk.now_us)
        return self._keep(task, paused=True, rest_us=rest_us, step=task.step + 1)

    def resume(self, key: str) -> Task:
        """Let a paused task go on where it stopped; one that is not paused stays as it is."""
        task = self.get(key)
        if not task.paused:
            return task
        return self._plan(task, self._desk.now_us + task.rest_us, paused=False, rest_us=0)

    def retry(self, key: str) -> Task:
        """Ask again for a task that failed."""
        task = self.get(key)
        FULFILMENT.require(task.status, "requested")
        due_us = self._desk.now_us + self._quirks.start_seconds * SECOND_US
        return self._plan(task, due_us, status="requested", attempts=task.attempts + 1, reason="")

    # --- time and people --------------------------------------------------------------------------------------------

    def set_duration(self, key: str, seconds: int) -> None:
        """Fix how long one task takes, before its work starts."""
        self._durations[key] = seconds

    def set_durations(self, median_seconds: float, p95_seconds: float) -> None:
        """Change how long tasks take from now on."""
        if not 0 < median_seconds < p95_seconds:
            raise ValueError(f"expected 0 < median < p95 seconds, got {median_seconds} and {p95_seconds}")
        self._median_seconds, self._p95_seconds = median_seconds, p95_seconds

    def advance(self, key: str, step: int) -> None:
        """Do the planned step of a task, unless the plan has changed since (agenda)."""
        task: Task | None = self._desk.book.get("task", key)
        if task is None or task.step != step or task.paused:
            return
        if task.status == "requested":
            self._start(task)
        elif task.status in ("in_progress", "partially_completed"):
            self._finish(task)
        elif task.status == "failed":
            self.retry(key)

    def _start(self, task: Task) -> None:
        duration_us = int(self._duration_seconds(task) * SECOND_US)
        self._plan(task, self._desk.now_us + duration_us, status="in_progress")

    def _duration_seconds(self, task: Task) -> float:
        fixed = self._durations.get(task.id)
        if fixed is not None:
            return fixed
        return self._desk.draws.lognormal(self._median_seconds, self._p95_seconds, "fulfilment", task.id, task.attempts)

    def _finish(self, task: Task) -> None:
        draws, quirks = self._desk.draws, self._quirks
        if task.status == "in_progress":
            if draws.chance(quirks.failure_ppm / 1_000_000, "fulfilment_fails", task.id, task.attempts):
                self.fail(task.id, "the work could not be done")
                return
            several = len(task.lines) > 1
            if several and draws.chance(quirks.partial_ppm / 1_000_000, "fulfilment_in_parts", task.id):
                self.complete_part(task.id, 1)
                return
        self.complete(task.id)

    def complete(self, key: str) -> Task:
        """Finish a task and tell the integration."""
        task = self.get(key)
        return self._tell(self._move(task, "completed", completed=task.skus))

    def complete_part(self, key: str, lines: int) -> Task:
        """Finish the first lines of a task; the rest takes as long again."""
        task = self.get(key)
        if not 0 < lines < len(task.lines):
            raise Refusal(
                "invalid", f"a part of {len(task.lines)} lines is 1 to {len(task.lines) - 1} of them", "lines"
            )
        FULFILMENT.require(task.status, "partially_completed")
        done = task.skus[:lines]
        due_us = self._desk.now_us + int(self._duration_seconds(task) * SECOND_US)
        return self._tell(self._plan(task, due_us, status="partially_completed", completed=done))

    def fail(self, key: str, reason: str) -> Task:
        """Let the work on a task fail and tell the integration; people ask again later."""
        task = self.get(key)
        FULFILMENT.require(task.status, "failed")
        if not self._quirks.retry_seconds:
            return self._tell(self._move(task, "failed", reason=reason))
        due_us = self._desk.now_us + self._quirks.retry_seconds * SECOND_US
        return self._tell(self._plan(task, due_us, status="failed", reason=reason))

    def _tell(self, task: Task) -> Task:
        message_id = f"fe_{self._desk.next('event'):08d}"
        self._desk.post(f"task.{task.status}", task, task.txn, message_id)
        return task

    # --- keeping ----------------------------------------------------------------------------------------------------

    def _plan(self, task: Task, due_us: int, **changes: object) -> Task:
        """Keep a task whose next step happens at an instant."""
        kept = self._keep(task, due_us=due_us, step=task.step + 1, **changes)
        self._desk.agenda.add(due_us, "advance_task", kept.id, kept.step)
        return kept

    def _move(self, task: Task, status: str, **changes: object) -> Task:
        """Keep a task in another status in which nothing is planned."""
        FULFILMENT.require(task.status, status)
        return self._keep(task, status=status, paused=False, rest_us=0, step=task.step + 1, **changes)

    def _keep(self, task: Task, **changes: object) -> Task:
        kept = msgspec.structs.replace(task, updated_us=self._desk.now_us, **changes)
        document = TaskDocument(
            id=kept.id, ref=kept.order, txn=kept.txn, status=kept.status, skus=kept.skus,
            account=kept.account,
        )  # fmt: skip
        self._desk.book.put("task", kept.id, kept, document, kept.status, kept.txn)
        return kept
