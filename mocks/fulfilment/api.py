"""The dialect: a plain JSON API for tasks, bearer tokens, and webhooks signed with a timestamp."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from domain.calendar import utc_text
from domain.http import Reply, Request
from domain.paging import PAGE_SIZES_MAX
from mocks.fulfilment.errors import refuse
from mocks.fulfilment.model import Fulfilment
from mocks.fulfilment.tasks import Task, TaskLine
from mocks.kernel.codec import Undecodable, encode_json
from mocks.kernel.desk import Message
from mocks.kernel.dialect import Dialect
from mocks.kernel.operations import Call, Operation, Refusal, json_reply
from mocks.kernel.signatures import timestamped

_LARGEST_PAGE = PAGE_SIZES_MAX["fulfilment"]
_RETRY_SECONDS = (60, 300, 1_800, 7_200, 21_600, 86_400)  # an estimate: seven attempts within a day and a half


class NewTask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a request for a task."""

    order: str
    account: str
    lines: tuple[TaskLine, ...]


_decoder = msgspec.json.Decoder(NewTask)


def instant(at_us: int) -> str:
    """Return an instant as ISO 8601 in UTC with microseconds."""
    return f"{utc_text(at_us // 1_000_000)}.{at_us % 1_000_000:06d}Z"


class TaskView(msgspec.Struct, frozen=True, kw_only=True):
    """A task as clients see it; instants are ISO 8601 in UTC."""

    id: str
    order: str
    account: str
    status: str
    paused: bool
    lines: tuple[TaskLine, ...]
    completed: tuple[str, ...]
    attempts: int
    reason: str | None
    created_at: str
    updated_at: str


class TasksView(msgspec.Struct, frozen=True):
    """A page of tasks, and whether there are more."""

    tasks: list[TaskView]
    has_more: bool


class TasksQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The query of a list: those of an order or status, `limit` at a time, behind the task named `after`."""

    order: str = ""
    status: str = ""
    after: str = ""
    limit: int = _LARGEST_PAGE


def shown(task: Task) -> TaskView:
    """Return a task as clients see it."""
    return TaskView(
        id=task.id, order=task.order, account=task.account, status=task.status, paused=task.paused, lines=task.lines,
        completed=task.completed, attempts=task.attempts, reason=task.reason or None,
        created_at=instant(task.created_us), updated_at=instant(task.updated_us),
    )  # fmt: skip


# --- handlers -----------------------------------------------------------------------------------------------------


def request_task(model: Fulfilment, call: Call) -> Reply:
    """Take a task on (201), or show the one that is there (200)."""
    body: NewTask = call.body
    task, is_new = model.tasks.request(call.params["id"], body.order, body.account, body.lines)
    return json_reply(shown(task), 201 if is_new else 200)


def get_task(model: Fulfilment, call: Call) -> Reply:
    """Show a task."""
    return json_reply(shown(model.tasks.get(call.params["id"])))


def list_tasks(model: Fulfilment, call: Call) -> Reply:
    """List tasks by `order` and `status`, `limit` at a time, behind the task named `after`."""
    query = call.query
    unknown = query.keys() - set(TasksQuery.__struct_fields__)
    if unknown:
        raise Refusal("invalid", f"unknown parameter: {min(unknown)}", min(unknown))
    limit = query.get("limit", str(_LARGEST_PAGE))
    if not limit.isdecimal() or not 1 <= int(limit) <= _LARGEST_PAGE:
        raise Refusal("invalid", f"limit is 1 to {_LARGEST_PAGE}", "limit")
    size = min(int(limit), model.quirks.page_size)
    tasks, more = model.tasks.page(query.get("order", ""), query.get("status", ""), query.get("after", ""), size)
    return json_reply(TasksView([shown(task) for task in tasks], more))


def _step(change: Callable[[Fulfilment, str], Task]) -> Callable[[Any, Call], Reply]:
    return lambda model, call: json_reply(shown(change(model, call.params["id"])))


# --- the dialect --------------------------------------------------------------------------------------------------


def decode(call: Call) -> Any:
    """Return the body of a request for a task; other requests have none."""
    if call.operation.body is None:
        return None
    try:
        return _decoder.decode(call.request.body)
    except msgspec.ValidationError as error:
        raise Refusal("invalid", str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Undecodable(str(error)) from error


def authenticate(model: Fulfilment, request: Request) -> Refusal | None:
    """Return why a call may not pass: it lacks the bearer token."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    wanted = model.quirks.token
    passes = scheme.lower() == "bearer" and token and wanted in ("", token)
    return None if passes else Refusal("unauthenticated")


def identity(call: Call) -> str:
    """Return the task id a request names: asking for it again changes nothing."""
    return call.params["id"] if call.operation.name == "request_task" else ""


def finish(reply: Reply, _call: Call) -> Reply:
    """Return the reply as it is."""
    return reply


def deliver(model: Fulfilment, message: Message, now_us: int) -> Request:
    """Return a message signed now; its body is the same in every attempt."""
    body = encode_json(
        {
            "id": message.id,
            "type": message.topic,
            "task": shown(message.content),
            "occurred_at": instant(message.occurred_us),
        }
    )
    request = Request("integration", "POST", model.quirks.target, {"content-type": "application/json"}, body)
    return seal(model, message, request, now_us)


def seal(model: Fulfilment, _message: Message, request: Request, now_us: int) -> Request:
    """Return a message signed now over the body it has."""
    signature = timestamped(model.quirks.signing_secret, request.body, now_us // 1_000_000)
    return msgspec.structs.replace(request, headers={**request.headers, "x-signature": signature})


_TASK = "/v1/tasks/{id}"


def _change(name: str, step: str, change: Callable[[Fulfilment, str], Task]) -> Operation:
    return Operation(name, "POST", f"{_TASK}/{step}", _step(change), None, True, reply=TaskView)


OPERATIONS = (
    Operation("request_task", "PUT", _TASK, request_task, NewTask, True, reply=TaskView),
    Operation("get_task", "GET", _TASK, get_task, reply=TaskView),
    Operation("list_tasks", "GET", "/v1/tasks", list_tasks, query=TasksQuery, reply=TasksView),
    _change("cancel_task", "cancel", lambda m, key: m.tasks.cancel(key)),
    _change("reverse_task", "reverse", lambda m, key: m.tasks.reverse(key)),
    _change("pause_task", "pause", lambda m, key: m.tasks.pause(key)),
    _change("resume_task", "resume", lambda m, key: m.tasks.resume(key)),
    _change("retry_task", "retry", lambda m, key: m.tasks.retry(key)),
)


class Duration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments of set_duration: one task's `seconds`, or the median and 95th percentile of all from now on."""

    id: str = ""
    seconds: int = 0
    median_seconds: float = 0.0
    p95_seconds: float = 0.0


class OneTask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments of the acts on one task."""

    id: str
    reason: str = "the work could not be done"
    lines: int = 1


def set_duration(model: Fulfilment, arguments: dict[str, Any]) -> None:
    """Change how long tasks take."""
    chosen = msgspec.convert(arguments, Duration)
    if chosen.id:
        model.tasks.set_duration(chosen.id, chosen.seconds)
    else:
        model.tasks.set_durations(chosen.median_seconds, chosen.p95_seconds)


def _on_task(step: Callable[[Fulfilment, OneTask], object]) -> Callable[[Any, dict[str, Any]], None]:
    def act(model: Fulfilment, arguments: dict[str, Any]) -> None:
        step(model, msgspec.convert(arguments, OneTask))

    return act


ACTS: Mapping[str, Callable[[Any, dict[str, Any]], None]] = {
    "set_duration": set_duration,
    "complete_task": _on_task(lambda model, one: model.tasks.complete(one.id)),
    "complete_part_of_task": _on_task(lambda model, one: model.tasks.complete_part(one.id, one.lines)),
    "fail_task": _on_task(lambda model, one: model.tasks.fail(one.id, one.reason)),
    "retry_task": _on_task(lambda model, one: model.tasks.retry(one.id)),
}
DIALECT = Dialect(
    system="fulfilment",
    operations=OPERATIONS,
    refuse=refuse,
    decode=decode,
    identity=identity,
    authenticate=authenticate,
    finish=finish,
    deliver=deliver,
    seal=seal,
    acts=ACTS,
    agenda={"advance_task": lambda model, key, step: model.tasks.advance(key, step)},
    retry_seconds=_RETRY_SECONDS,
)
