"""Idempotency keys, as the IETF draft (draft-ietf-httpapi-idempotency-key-header-07) has them.

The memory of a key is a flow (`integration.flows.submissions`): it survives crashes, all processes share it, and it is
kept for as long as the journal. A key counts for its caller and for one operation. Here is what the draft says about
the header, and what an answer looks like.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from fastapi import Header
from pydantic import BaseModel

from domain.errors import is_retryable
from integration.api.doors import House
from integration.api.problems import Refused, problem_of_code
from integration.effects import Start
from integration.journal.protocol import FlowRow
from integration.outcomes import Conflict
from integration.service.access import Caller

WAIT_SECONDS = 3.0
"""How long a caller waits for a submission; after that it learns where to look."""

_KEY = re.compile(r'"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\]){1,255})"|([\x21\x23-\x7e]{1,255})')

Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        description="A text of 1 to 255 printable ASCII characters, in double quotes: one for each intent.",
        openapi_examples={"a UUID": {"value": '"2d4f6a52-6a1e-4c80-9d55-0b7a1f0f6f3e"'}},
    ),
]


class Answered(msgspec.Struct, frozen=True):
    """What became of a submission: `result` is None while it is not over; `replayed` when it was there before."""

    flow_id: str
    result: Mapping[str, Any] | None
    replayed: bool


def key_of(header: str | None) -> str:
    """Return the key of a header; a caller that leaves the quotes out is understood."""
    if header is None or not header.strip():
        raise Refused("idempotency-key-missing")
    found = _KEY.fullmatch(header.strip())
    if found is None:
        raise Refused("idempotency-key-invalid")
    quoted, bare = found.groups()
    return re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else bare


def fingerprint_of(body: BaseModel) -> str:
    """Return the digest of what is asked; the order of members and blanks do not count."""
    content = msgspec.json.encode(body.model_dump(mode="json"), order="sorted")
    return hashlib.sha256(content).hexdigest()


def flow_of(caller: Caller, operation: str, key: str) -> str:
    """Return the id of the flow that remembers a key."""
    digest = hashlib.sha256("\x1f".join((caller.name, operation, key)).encode()).hexdigest()
    return f"submission/{operation}/{digest[:32]}"


async def submitted(house: House, start: Start) -> Answered:
    """Hand a submission in and wait a little for its end; refuse a key that is in use, or was for something else."""
    if start.flow_id in house.running:
        raise Refused("idempotency-key-in-flight", headers={"retry-after": "1"})
    before = house.node.reader.flow(start.flow_id)
    house.running.add(start.flow_id)
    try:
        row = await house.node.run(start, WAIT_SECONDS)
    except Conflict as conflict:
        if before is None and house.node.reader.flow(start.flow_id) is None:
            raise  # not about the key: this installation does not know the flow
        raise Refused("idempotency-key-reused") from conflict
    except TimeoutError:
        return Answered(start.flow_id, None, before is not None)
    finally:
        house.running.discard(start.flow_id)
    return Answered(start.flow_id, result_of(row), before is not None)


def result_of(row: FlowRow) -> Mapping[str, Any] | None:
    """Return what a flow ended with; None while it is not over."""
    if row.status == "discarded":
        return {"status": "refused", "code": "state-conflict", "detail": "a person discarded it"}
    if row.status != "finished":
        return None
    result = msgspec.msgpack.decode(row.result) if row.result else None
    return result if isinstance(result, dict) else {"status": "finished"}


def require_accepted(result: Mapping[str, Any]) -> None:
    """Raise the refusal that a submission ended with."""
    if result.get("status") != "accepted":
        code = str(result.get("code") or "state-conflict")
        detail = str(result.get("detail") or result.get("reason") or "")
        headers = {"retry-after": "30"} if "." in code and is_retryable(code) else None
        raise Refused(problem_of_code(code), detail, headers=headers, code=code if "." in code else "")
