"""Requests inside a request: the parts of a composite, a graph or a batch, answered by the dialect's own table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from domain.http import Reply, Request
from mocks.crm.model import Crm
from mocks.kernel.operations import Call, Operation, Refusal, router_of

_NOT_INSIDE = frozenset({"composite", "graph", "batch", "tree", "issue_token", "revoke_token"})


class Parts:
    """Answers one inner request after the other; each is a step of its own that leaves nothing behind when it fails."""

    def __init__(
        self, crm: Crm, operations: Sequence[Operation], refuse: Callable[[Refusal, Call | None], Reply]
    ) -> None:
        self._crm = crm
        self._router = router_of(tuple(each for each in operations if each.name not in _NOT_INSIDE))
        self._refuse = refuse

    def answer(self, outer: Call, method: str, url: str, body: Any, headers: Mapping[str, str]) -> Reply:
        """Return the reply to an inner request; it shares the instant and the session of the outer one."""
        sent = {**outer.request.headers, **{name.lower(): value for name, value in headers.items()}}
        operation, params, methods = self._router.find(method, url)
        request = Request(outer.request.host, method, url, sent)
        if operation is None or operation.body is bytes:
            return self._refuse(Refusal("method_not_allowed" if methods else "not_found"), None)
        call = Call(request, operation, params, outer.now_us, outer.number)
        answer = self._crm.unit.attempt(self._perform, call, body)
        return self._refuse(answer, call) if isinstance(answer, Refusal) else answer

    def _perform(self, call: Call, body: Any) -> Reply:
        call.body = _fitted(body, call.operation.body)
        return call.operation.handler(self._crm, call)


def _fitted(body: Any, kind: Any) -> Any:
    if kind is None:
        return None
    try:
        return msgspec.convert(body, kind)
    except msgspec.ValidationError as error:
        raise Refusal("malformed", str(error)) from error
