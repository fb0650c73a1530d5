"""Composite, graph and batch: several requests in one, with references between them and one fate for all.

Source: the vendor's public documentation. The parts of a composite see the answers before them as `@{reference.field}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from domain.http import Reply
from mocks.crm.bodies import Batch, Composite, Graphs, Part
from mocks.crm.model import Crm
from mocks.kernel.codec import encode_json
from mocks.kernel.operations import Call, Refusal, json_reply

PARTS_MAX, GRAPHS_MAX, NODES_MAX = 25, 75, 500
_DEPTH_MAX = 100
_REFERENCE = re.compile(r"@\{(\w+)((?:\.\w+|\[\d+\])*)\}", re.ASCII)
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]", re.ASCII)
_NAME = re.compile(r"[A-Za-z]\w*", re.ASCII)
_ROLLED_BACK = "The transaction was rolled back since another operation in the same transaction failed."
_HALTED = "The request was not processed: an earlier one of the batch failed and haltOnError was set."


class Unresolved(Exception):
    """A reference to an answer that is not there; the message names it."""


def composite(crm: Crm, call: Call) -> Reply:
    """Answer up to 25 requests one after the other; with allOrNone all of them or none."""
    asked: Composite = call.body
    _require_parts(asked.compositeRequest, PARTS_MAX)
    answers, _ = _played(crm, call, asked.compositeRequest, asked.allOrNone)
    return json_reply({"compositeResponse": answers})


def graph(crm: Crm, call: Call) -> Reply:
    """Answer several graphs; each is a unit of its own."""
    asked: Graphs = call.body
    if not 0 < len(asked.graphs) <= GRAPHS_MAX or sum(len(each.compositeRequest) for each in asked.graphs) > NODES_MAX:
        raise Refusal("limit_exceeded", f"a request has 1 to {GRAPHS_MAX} graphs and up to {NODES_MAX} nodes")
    if len({each.graphId for each in asked.graphs}) < len(asked.graphs):
        raise Refusal("bad_input", "each graphId may stand once")
    shown = []
    for each in asked.graphs:
        _require_parts(each.compositeRequest, NODES_MAX)
        answers, is_good = _played(crm, call, each.compositeRequest, all_or_none=True)
        response = {"compositeResponse": answers}
        shown.append({"graphId": each.graphId, "graphResponse": response, "isSuccessful": is_good})
    return json_reply({"graphs": shown})


def batch(crm: Crm, call: Call) -> Reply:
    """Answer up to 25 requests that know nothing of each other."""
    asked: Batch = call.body
    if not 0 < len(asked.batchRequests) <= PARTS_MAX:
        raise Refusal("limit_exceeded", f"a batch has 1 to {PARTS_MAX} requests")
    results: list[dict[str, Any]] = []
    has_errors = False
    for part in asked.batchRequests:
        if has_errors and asked.haltOnError:
            halted = [{"errorCode": "BATCH_PROCESSING_HALTED", "message": _HALTED}]
            results.append({"statusCode": 412, "result": halted})
            continue
        url = part.url if part.url.startswith("/services/") else f"/services/data/{part.url.lstrip('/')}"
        reply = crm.parts.answer(call, part.method.upper(), url, part.richInput, {})
        has_errors = has_errors or reply.status >= 400
        results.append({"statusCode": reply.status, "result": _body(reply)})
    return json_reply({"hasErrors": has_errors, "results": results})


# --- one composite ------------------------------------------------------------------------------------------------


def _require_parts(parts: Sequence[Part], most: int) -> None:
    if not 0 < len(parts) <= most:
        raise Refusal("limit_exceeded", f"a request has 1 to {most} subrequests, not {len(parts)}")
    names = [part.referenceId for part in parts]
    for name in names:
        if not _NAME.fullmatch(name):
            raise Refusal("bad_input", f"referenceId {name[:40]!r} is not a name of letters, digits and underscores")
        if names.count(name) > 1:
            raise Refusal("bad_input", f"Duplicate referenceId: {name}")


def _played(crm: Crm, call: Call, parts: Sequence[Part], all_or_none: bool) -> tuple[list[dict[str, Any]], bool]:
    """Return the answers, and whether all of them are good."""
    replies = crm.unit.together(
        lambda: _replies(crm, call, parts, all_or_none), lambda found: not all_or_none or _all_good(found)
    )
    is_good = _all_good(replies)
    if all_or_none and not is_good:
        replies = [reply if reply.status >= 400 else _halted(_ROLLED_BACK) for reply in replies]
    return [_shown(part, reply) for part, reply in zip(parts, replies, strict=True)], is_good


def _all_good(replies: Sequence[Reply]) -> bool:
    return all(reply.status < 400 for reply in replies)


def _replies(crm: Crm, call: Call, parts: Sequence[Part], all_or_none: bool) -> list[Reply]:
    """Return the reply to each part in turn; after a failure the others are not asked when they share its fate."""
    known: dict[str, Any] = {}
    replies: list[Reply] = []
    for part in parts:
        is_over = all_or_none and bool(replies) and replies[-1].status >= 400
        replies.append(_halted(_ROLLED_BACK) if is_over else _answer(crm, call, part, known))
    return replies


def _answer(crm: Crm, call: Call, part: Part, known: dict[str, Any]) -> Reply:
    try:
        url, body = _filled(part.url, known), _filled(part.body, known)
    except Unresolved as error:
        return _halted(str(error))
    reply = crm.parts.answer(call, part.method.upper(), str(url), body, part.httpHeaders or {})
    if reply.status < 300 and reply.body:
        known[part.referenceId] = msgspec.json.decode(reply.body)
    return reply


def _halted(message: str) -> Reply:
    return Reply(400, body=encode_json([{"errorCode": "PROCESSING_HALTED", "message": message}]))


def _shown(part: Part, reply: Reply) -> dict[str, Any]:
    headers = {"Location": reply.headers["location"]} if "location" in reply.headers else {}
    return {
        "body": _body(reply),
        "httpHeaders": headers,
        "httpStatusCode": reply.status,
        "referenceId": part.referenceId,
    }


def _body(reply: Reply) -> msgspec.Raw | None:
    return msgspec.Raw(reply.body) if reply.body else None


# --- references ---------------------------------------------------------------------------------------------------


def _filled(value: Any, known: Mapping[str, Any], depth: int = 0) -> Any:
    """Return a value with its references replaced by what they refer to; raise Unresolved."""
    if depth > _DEPTH_MAX:
        raise Unresolved("the body is nested too deeply")
    if isinstance(value, str):
        return _REFERENCE.sub(lambda found: _referred(found, known), value) if "@{" in value else value
    if isinstance(value, dict):
        return {name: _filled(each, known, depth + 1) for name, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, known, depth + 1) for each in value]
    return value


def _referred(found: re.Match[str], known: Mapping[str, Any]) -> str:
    name, path = found[1], found[2]
    node = known.get(name)
    for key, index in _STEP.findall(path):
        if key and isinstance(node, dict):
            node = node.get(key)
        elif index and isinstance(node, list) and int(index) < len(node):
            node = node[int(index)]
        else:
            node = None
    if isinstance(node, bool):
        return "true" if node else "false"
    if not isinstance(node, (str, int, float, Decimal)):
        raise Unresolved(f"Invalid reference specified. No value for {found[0][2:-1]} found in {name}")
    return str(node)
