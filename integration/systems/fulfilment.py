"""Fulfilment: tasks that provision or ship what an order holds (a plain JSON service)."""

from __future__ import annotations

from typing import Any

import msgspec

from domain.http import Reply, Request
from domain.objects import Quote
from integration.effects import Call
from integration.intake import Source, Unreadable
from integration.outcomes import Answer, Failed, Message
from integration.system import System, classifier
from integration.systems.payment import verify_signature
from integration.systems.wire import JSON, json_body, read

WEBHOOK_SECRET = b"fulfilment-secret"
_TIMEOUT_SECONDS = 30


def put_task(quote: Quote, reference: str) -> Call:
    """Ask for the fulfilment of an order for whoever uses it; the reference is the task's id."""
    body = {
        "order": reference,
        "account": quote.end_customer or quote.account,
        "lines": [{"sku": line.sku, "quantity": line.quantity} for line in quote.lines],
    }
    return Call(
        system="fulfilment", operation="put_task", method="PUT", target=f"/v1/tasks/{reference}", headers=JSON,
        body=json_body(body), key=reference, write=True, txn=quote.txn, timeout_seconds=_TIMEOUT_SECONDS,
    )  # fmt: skip


def read_task(reference: str, txn: str) -> Call:
    """Ask how far a task is."""
    target = f"/v1/tasks/{reference}"
    return Call(system="fulfilment", operation="read_task", target=target, txn=txn, timeout_seconds=_TIMEOUT_SECONDS)


def cancel_task(reference: str, txn: str) -> Call:
    """Cancel a task that has not been completed."""
    return _post(reference, "cancel", txn)


def reverse_task(reference: str, txn: str) -> Call:
    """Take back what a completed task has delivered."""
    return _post(reference, "reverse", txn)


def _post(reference: str, step: str, txn: str) -> Call:
    return Call(
        system="fulfilment", operation=f"{step}_task", method="POST", target=f"/v1/tasks/{reference}/{step}",
        headers=JSON, body=b"{}", key=f"{reference}/{step}", write=True, txn=txn, timeout_seconds=_TIMEOUT_SECONDS,
    )  # fmt: skip


class Task(msgspec.Struct, frozen=True):
    """A task as fulfilment shows it."""

    id: str
    status: str


_task = msgspec.json.Decoder(Task)


def task_of(answer: Answer) -> Task:
    """Return the task of an answer."""
    return read(answer, _task)


class _Event(msgspec.Struct):
    id: str
    type: str
    task: dict[str, Any]


_event = msgspec.json.Decoder(_Event)


def _verify(request: Request, now_us: int) -> None:
    verify_signature(request.headers.get("x-signature", ""), request.body, WEBHOOK_SECRET, now_us)


def _parse(request: Request) -> list[Message]:
    try:
        event = _event.decode(request.body)
    except msgspec.MsgspecError as error:
        raise Unreadable(str(error)) from error
    if "id" not in event.task:
        raise Unreadable("a task event names its task")
    return [Message(source="fulfilment", id=event.id, topic=event.type, key=event.task["id"], body=event.task)]


SOURCE = Source("fulfilment", "/webhooks/fulfilment", _verify, _parse)


def _sharpened(failed: Failed) -> Failed:
    return msgspec.structs.replace(failed, kind="in_progress") if failed.status == 412 else failed


def _is_denied(reply: Reply) -> bool:
    return reply.headers.get("content-type", "").startswith("application/problem+json")


SYSTEM = System(
    name="fulfilment", classify=classifier(_sharpened, _is_denied), headers={"authorization": "Bearer q2c-fulfilment"}
)
