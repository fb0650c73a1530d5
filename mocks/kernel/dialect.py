"""A dialect: a vendor's manners as a value, from the operations it knows to the errors it gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from domain.http import Reply, Request
from mocks.kernel.desk import Message
from mocks.kernel.idempotency import IdempotencyPolicy
from mocks.kernel.limits import LimitPolicy
from mocks.kernel.operations import Call, Operation, Refusal


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """A vendor's manners as a value; each system's `api.py` exports one.

    `refuse(refusal, call)` renders an error in the vendor's shape; it must know the kernel's own codes: not_found,
    method_not_allowed, malformed, unauthenticated, throttled, throttled_silently, concurrency, server_error,
    maintenance, conflict_state, idempotency_mismatch, idempotency_in_progress (`Retry-After` in `extra`).
    `decode(call)` returns the body as the operation's type. `identity(call)` is the key by which the vendor knows a
    repeated intent (idempotency header, external id, document code). `finish` adds vendor headers to every reply.
    `classify(call)` names the row when path and method do not tell it (an estimate and a document share a path).
    `acknowledged(status, body)` tells whether a receiver took a message, when its status alone does not.
    `deliver(message, now_us)` renders and signs a webhook; `seal(message, request, now_us)` signs one whose body was
    changed, for senders that sign their bodies. `acts` and `agenda` map names to model functions.
    """

    system: str
    operations: Sequence[Operation]
    refuse: Callable[[Refusal, Call | None], Reply]
    decode: Callable[[Call], Any]
    identity: Callable[[Call], str]
    authenticate: Callable[[Any, Request], Refusal | None]
    finish: Callable[[Reply, Call], Reply]
    deliver: Callable[[Any, Message, int], Request]
    acts: Mapping[str, Callable[[Any, dict[str, Any]], None]]
    agenda: Mapping[str, Callable[..., None]]
    seal: Callable[[Any, Message, Request, int], Request] | None = None
    limits: LimitPolicy = LimitPolicy()
    idempotency: IdempotencyPolicy | None = None
    retry_seconds: tuple[int, ...] = ()  # pauses between delivery attempts of a webhook
    classify: Callable[[Call], Operation] | None = None
    acknowledged: Callable[[int, bytes], bool] | None = None
