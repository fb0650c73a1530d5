"""The dialect: files over plain HTTP PUT and GET, an account key, and no message to anybody."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain.http import Reply, Request
from mocks.kernel.codec import encode_json
from mocks.kernel.desk import Message
from mocks.kernel.dialect import Dialect
from mocks.kernel.operations import Call, Operation, Refusal
from mocks.legacy_erp.model import LegacyErp, open_item, retire_item

TEXT: Mapping[str, str] = {"content-type": "text/csv; charset=utf-8"}
_STATUS = {
    "not_found": 404, "method_not_allowed": 405, "malformed": 400, "unauthenticated": 401, "throttled": 429,
    "throttled_silently": 429, "concurrency": 429, "server_error": 500, "maintenance": 503, "conflict_state": 409,
    "idempotency_mismatch": 409, "idempotency_in_progress": 409, "window_closed": 409, "worked_off": 409,
}  # fmt: skip


def refuse(refusal: Refusal, _call: Call | None) -> Reply:
    """Return a refusal: a status, a code and a sentence; when to come back, if that is known."""
    wait = refusal.extra.get("retry_after_seconds", 0)
    headers = {"content-type": "application/json", **({"retry-after": str(wait)} if wait else {})}
    body = {"code": refusal.code, "detail": refusal.detail}
    return Reply(_STATUS[refusal.code], headers, encode_json(body))


def put_file(model: LegacyErp, call: Call) -> Reply:
    """Take a file for the next batch (202)."""
    model.put(call.params["name"], call.body)
    return Reply(202, TEXT, b"")


def get_result(model: LegacyErp, call: Call) -> Reply:
    """Return the result file of a file that was worked off."""
    return Reply(200, TEXT, model.result(call.params["name"]).encode())


def decode(call: Call) -> Any:
    """Return the text of a file; what is not UTF-8 is refused."""
    if not call.operation.write:
        return None
    try:
        return call.request.body.decode()
    except UnicodeDecodeError as error:
        raise Refusal("malformed", "a file is UTF-8 text") from error


def authenticate(_model: LegacyErp, request: Request) -> Refusal | None:
    """Return why a call may not pass: it names no account key."""
    return None if request.headers.get("x-account-key") else Refusal("unauthenticated")


def identity(call: Call) -> str:
    """Return the name of a file: it is replaced as long as it waits."""
    return call.params["name"] if call.operation.write else ""


def finish(reply: Reply, _call: Call) -> Reply:
    """Return the reply as it is."""
    return reply


def deliver(_model: LegacyErp, _message: Message, _now_us: int) -> Request:
    """Tell nobody anything: the system sends no messages."""
    raise AssertionError("the legacy ERP sends no messages")


OPERATIONS = (
    Operation("put_file", "PUT", "/inbox/{name}", put_file, None, True),
    Operation("get_result", "GET", "/outbox/{name}", get_result),
    Operation("limits", "GET", "/outbox", lambda model, call: Reply(200, TEXT, b"")),
)
ACTS: Mapping[str, Callable[[Any, dict[str, Any]], None]] = {
    "create_item": lambda model, told: open_item(model, told["sku"], told["item"]),
    "retire_item": lambda model, told: retire_item(model, told["item"]),
}
DIALECT = Dialect(
    system="legacy_erp",
    operations=OPERATIONS,
    refuse=refuse,
    decode=decode,
    identity=identity,
    authenticate=authenticate,
    finish=finish,
    deliver=deliver,
    acts=ACTS,
    agenda={"run_batch": lambda model: model.run_batch()},
)
