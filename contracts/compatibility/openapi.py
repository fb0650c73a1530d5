"""Two OpenAPI documents compared, operation by operation: what was asked for, what is answered, who may ask."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from contracts.compatibility.documents import Document, Node
from contracts.compatibility.operations import Operation, media, operations
from contracts.compatibility.schemas import Change, Comparison


def compare(old: Document, new: Document, today: date | None = None, grace_days: int = 0) -> list[Change]:
    """Return the changes from one document to another, in the order of the old one's operations.

    `today` decides whether a sunset has passed; without it none has. `grace_days` is how far away a new sunset must be.
    """
    before, after = operations(old), operations(new)
    found: list[Change] = []
    for key, operation in before.items():
        if key in after:
            found.extend(_Operations(old, new, operation, after[key], today, grace_days).changes())
        else:
            found.append(_removed(operation, today))
    found.extend(_plain("operation.added", after[key], after[key].node) for key in after if key not in before)
    return found


def _plain(rule: str, operation: Operation, node: Node, part: str = "", old: str = "", new: str = "") -> Change:
    return Change(rule=rule, operation=operation.name, part=part, old=old, new=new, place=node.place)


def _removed(operation: Operation, today: date | None) -> Change:
    sunset = _day(operation.sunset)
    rule = "operation.removed"
    if operation.path and not operation.path.startswith("/"):
        rule = "operation.callback-removed"
    elif operation.is_deprecated and sunset is not None:
        passed = today is not None and today >= sunset
        rule = "operation.removed-after-sunset" if passed else "operation.removed-before-sunset"
    return _plain(rule, operation, operation.node, old=operation.sunset)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


class _Operations:
    """One operation in two versions."""

    def __init__(
        self, old: Document, new: Document, before: Operation, after: Operation, today: date | None, grace_days: int
    ) -> None:
        self._documents, self._before, self._after = (old, new), before, after
        self._today, self._grace_days = today, grace_days

    def changes(self) -> Iterator[Change]:
        """Yield what changed."""
        yield from self._life()
        yield from self._security()
        yield from self._parameters()
        yield from self._body()
        yield from self._replies()

    def _told(self, rule: str, node: Node | None = None, part: str = "", old: str = "", new: str = "") -> Change:
        return _plain(rule, self._before, node or self._after.node, part, old, new)

    def _life(self) -> Iterator[Change]:
        before, after = self._before, self._after
        names = before.node.text("operationId"), after.node.text("operationId")
        if names[0] and names[0] != names[1]:
            yield self._told("operation.id-changed", old=names[0], new=names[1])
        if before.path != after.path:
            yield self._told("path.parameter-renamed", old=before.path, new=after.path)
        if after.is_deprecated and not before.is_deprecated:
            yield self._told("operation.deprecated" if after.sunset else "operation.deprecated-without-sunset")
        was, now = _day(before.sunset), _day(after.sunset)
        if now is not None and was is not None and now < was:
            yield self._told("operation.sunset-moved-forward", old=before.sunset, new=after.sunset)
        if now is not None and now != was and self._today is not None and (now - self._today).days < self._grace_days:
            yield self._told("operation.sunset-too-near", new=after.sunset)

    def _security(self) -> Iterator[Change]:
        was = _demands(self._before.security(self._documents[0]))
        now = _demands(self._after.security(self._documents[1]))
        if was == now:
            return
        if all(any(_fits(way, other) for other in now or [{}]) for way in was or [{}]):
            rule = "operation.security-relaxed"
        elif was and {frozenset(way) for way in was} == {frozenset(way) for way in now}:
            rule = "operation.security-scope-added"
        else:
            rule = "operation.security-added"
        yield self._told(rule, old=_said(was), new=_said(now))

    def _parameters(self) -> Iterator[Change]:
        before, after = _without_path(self._before), _without_path(self._after)
        for key, node in before.items():
            part = " ".join(key)
            if key not in after:
                yield self._told("parameter.removed", node, part)
                continue
            other = after[key]
            if _is_required(other) != _is_required(node):
                word = "required" if _is_required(other) else "optional"
                yield self._told(f"parameter.became-{word}", other, part)
            if _style(node) != _style(other):
                yield self._told("parameter.style-changed", other, part, _style(node), _style(other))
            yield from self._schemas("request", part, _schema(node), _schema(other))
        for key, node in after.items():
            if key not in before:
                rule = "parameter.added-required" if _is_required(node) else "parameter.added"
                yield self._told(rule, node, " ".join(key))

    def _body(self) -> Iterator[Change]:
        before, after, part = self._before.body(), self._after.body(), "request body"
        if before is None and after is None:
            return
        if after is None:
            yield self._told("request.body.removed", before, part)
        elif before is None:
            rule = "request.body.became-required" if _is_required(after) else "request.body.became-optional"
            yield self._told(rule, after, part)
        else:
            if _is_required(before) != _is_required(after):
                word = "required" if _is_required(after) else "optional"
                yield self._told(f"request.body.became-{word}", after, part)
            yield from self._media("request", part, before, after)

    def _replies(self) -> Iterator[Change]:
        before, after = self._before.replies(), self._after.replies()
        for status, node in before.items():
            part = f"response {status}"
            other = _reply_for(status, after)
            if other is None:
                word = "status" if status.startswith("2") else "refusal"
                yield self._told(f"response.{word}-removed", node, part)
                continue
            yield from self._headers(part, node, other)
            yield from self._media("response", part, node, other)
        for status, node in after.items():
            if _reply_for(status, before) is None:
                word = "status" if status.startswith(("2", "3")) else "refusal"
                yield self._told(f"response.{word}-added", node, f"response {status}")

    def _headers(self, part: str, old: Node, new: Node) -> Iterator[Change]:
        before, after = _headers(old), _headers(new)
        for name, node in before.items():
            about = f"{part} header {name}"
            if name not in after:
                rule = "response.header-removed" if _is_required(node) else "response.header-removed-optional"
                yield self._told(rule, node, about)
                continue
            if _is_required(node) and not _is_required(after[name]):
                yield self._told("response.header-became-optional", after[name], about)
            yield from self._schemas("response", about, _schema(node), _schema(after[name]))

    def _media(self, side: str, part: str, old: Node, new: Node) -> Iterator[Change]:
        before, after = media(old), media(new)
        if before and not after and side == "response":
            yield self._told("response.body.removed", old, part)
            return
        if after and not before and side == "response":
            yield self._told("response.body.added", new, part)
            return
        for name, schema in before.items():
            if name in after:
                yield from self._schemas(side, part, schema, after[name])
            else:
                yield self._told(f"{side}.media-type.removed", old, part, name)
        for name in after:
            if name not in before:
                yield self._told(f"{side}.media-type.added", new, part, new=name)

    def _schemas(self, side: str, part: str, old: Node, new: Node) -> Iterator[Change]:
        comparison = Comparison(self._before.name, part, "request" if side == "request" else "response")
        yield from comparison.compare(old, new)


def _without_path(operation: Operation) -> dict[tuple[str, str], Node]:
    """Return the parameters by where and name; those of the path by their place, as their names do not travel."""
    order = [name[1:-1] for name in operation.path.split("/") if name.startswith("{")]
    return {
        (where, str(order.index(name)) if where == "path" and name in order else name): node
        for (where, name), node in operation.parameters.items()
    }


def _schema(node: Node) -> Node:
    found = node.get("schema")
    if found is None:
        found = next(iter(media(node).values()), None)
    return found if found is not None else Node(node.document, node.pointer, {})


def _style(node: Node) -> str:
    where = node.text("in")
    style = node.text("style") or ("form" if where in ("query", "cookie") else "simple")
    explode = node.value.get("explode", style == "form")
    return f"{style}{' exploded' if explode else ''}"


def _is_required(node: Node) -> bool:
    return isinstance(node.value, Mapping) and node.value.get("required") is True


def _headers(node: Node) -> dict[str, Node]:
    found = node.get("headers")
    return {name.lower(): header for name, header in found.members()} if found is not None else {}


def _reply_for(status: str, replies: Mapping[str, Node]) -> Node | None:
    """Return the reply that is documented for a status: itself, its class, or the default."""
    return (
        replies.get(status)
        or replies.get(f"{status[:1]}XX")
        or replies.get(f"{status[:1]}xx")
        or replies.get("default")
    )


Way = dict[str, frozenset[str]]


def _demands(security: Any) -> list[Way]:
    """Return the ways to be let in: for each the schemes with their scopes. An empty list lets everybody in."""
    ways = security if isinstance(security, list) else []
    found = [{name: frozenset(scopes or ()) for name, scopes in way.items()} for way in ways if isinstance(way, dict)]
    return [] if {} in found else found


def _fits(before: Way, now: Way) -> bool:
    """Tell whether who came in one way gets in by another: no other scheme, no more scopes."""
    return all(name in before and scopes <= before[name] for name, scopes in now.items())


def _said(ways: list[Way]) -> str:
    return json.dumps([{name: sorted(scopes) for name, scopes in way.items()} for way in ways]) if ways else "nobody"
