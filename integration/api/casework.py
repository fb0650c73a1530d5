"""The exception queue: people (and programs that act for them) own, retry, resolve and give up cases.

What may be done is decided by the rules of `integration.casework`; here they are asked for over HTTP. A case has a
version, which is its entity tag: with `If-Match` an act is refused when somebody else was faster. The actor in the
audit trail is the caller.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from domain.acts import Act
from domain.events.envelope import rfc3339
from integration.api.conditions import require_match
from integration.api.doors import add, caller_of, house_of, require_scope
from integration.api.paging import Cursor, Limit, text_after, text_of, token_of
from integration.api.problems import Refused
from integration.api.shapes.casework import (
    BulkReDrive,
    BulkView,
    CasePage,
    CaseView,
    DiscardView,
    HandingOver,
    MaybeRemark,
    Remark,
    Resolving,
    Retrying,
    Taking,
)
from integration.casework import Choice, chosen, is_meant, is_same
from integration.exceptions import ExceptionCase

CASES_MAX = 5000
CaseId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,400}$")]
Filter = Annotated[str, Query(max_length=100)]


async def list_exceptions(
    request: Request,
    after: Cursor = "",
    limit: Limit = 50,
    status: Filter = "",
    owner: Filter = "",
    code: Filter = "",
    transaction: Filter = "",
    open: bool = True,  # noqa: A002 - a query parameter of this name
) -> CasePage:
    """Read exception cases, by default those on which somebody has to act."""
    house = house_of(request)
    cases = house.node.reader.cases(
        status=status, owner=owner, code=code, txn=transaction, open_only=open, after=text_after(after), limit=limit + 1
    )
    page = cases[:limit]
    now_us = house.node.now_us()
    following = token_of(page[-1].id) if page else after
    return CasePage(cases=tuple(view_of(case, now_us) for case in page), next=following, more=len(cases) > limit)


async def read_exception(request: Request, case: CaseId) -> Response:
    """Read one case; its `ETag` is for `If-Match`."""
    return _shown(request, _found(request, case))


async def take_exception(request: Request, case: CaseId, body: Taking) -> Response:
    """Take a case: it is yours from now on. To take it over from somebody, name that person."""
    return await _act(request, case, "take", {"from": body.from_person} if body.from_person else {})


async def hand_over_exception(request: Request, case: CaseId, body: HandingOver) -> Response:
    """Hand a case over to a person, or back to the queue of its owner."""
    return await _act(request, case, "hand_over", {"to": body.to or "", "note": body.note})


async def pause_exception(request: Request, case: CaseId, body: Remark) -> Response:
    """Wait for somebody outside: the clock of the case stands still meanwhile."""
    return await _act(request, case, "wait", {"note": body.note})


async def continue_exception(request: Request, case: CaseId, body: MaybeRemark) -> Response:
    """Go on with a case that waited."""
    return await _act(request, case, "resume", {"note": body.note})


async def comment_exception(request: Request, case: CaseId, body: Remark) -> Response:
    """Leave a remark in the audit trail of a case."""
    return await _act(request, case, "comment", {"note": body.note})


async def retry_exception(request: Request, case: CaseId, body: Retrying) -> Response:
    """Let the flow try again what stopped it."""
    return await _act(request, case, "re_drive", {"decision": "retry", "note": body.note})


async def resolve_exception(request: Request, case: CaseId, body: Resolving) -> Response:
    """Answer the question that stopped the flow, with what was corrected; the flow goes on with it.

    A correction with a mapping takes the scope `masterdata:steward` as well.
    """
    found = _found(request, case)
    if body.decision not in found.decisions:
        raise Refused("business-rule", f"{body.decision!r} is no way out of this case: {', '.join(found.decisions)}")
    told: dict[str, Any] = {"decision": body.decision, "note": body.note}
    if body.correction is not None:
        mapping = body.correction.mapping
        told["correction"] = {**body.correction.values, **({"mapping": mapping.model_dump()} if mapping else {})}
        if "mapping" in told["correction"]:  # the same table as `PUT /mappings`, and the same scope
            require_scope(caller_of(request), "masterdata:steward")
    return await _act(request, case, "re_drive", told)


async def discard_exception(request: Request, case: CaseId, body: Remark) -> Response:
    """Ask for the flow to be given up for good, with a reason; somebody else has to approve it."""
    return await _act(request, case, "discard", {"note": body.note})


async def approve_discard(request: Request, case: CaseId, body: MaybeRemark) -> Response:
    """Approve that a flow is given up for good. Whoever asked for it cannot."""
    found = _found(request, case)
    if found.discard is not None and is_same(found.discard.by, caller_of(request).name):
        raise Refused("second-person-needed", f"{found.discard.by} asked for it")
    return await _act(request, case, "approve_discard", {"note": body.note})


async def refuse_discard(request: Request, case: CaseId, body: MaybeRemark) -> Response:
    """Refuse that a flow is given up; or take back that you asked for it."""
    return await _act(request, case, "refuse_discard", {"note": body.note})


async def re_drive_exceptions(request: Request, body: BulkReDrive) -> BulkView:
    """Drive many cases again, at a pace, for example all of a dependency that is back."""
    house, caller = house_of(request), caller_of(request)
    asked = {
        "code": body.code, "owner": body.owner, "system": body.system, "txn": body.transaction,
        "assignee": body.assignee, "older_than_seconds": body.older_than_seconds,
    }  # fmt: skip
    wanted = {name: value for name, value in asked.items() if value}
    if not wanted:
        raise Refused("business-rule", "say which cases: set at least one of code, owner, system, transaction, ...")
    now_us = house.node.now_us()
    cases = house.node.reader.cases(open_only=True, limit=CASES_MAX)
    choice = Choice(**wanted)  # type: ignore[arg-type]
    count = sum([is_meant(case, choice) for case in chosen(cases, choice, now_us)])
    told = {**wanted, "decision": body.decision, "note": body.note, "per_minute": body.per_minute}
    await _perform(request, "re_drive", {**told, "actor": caller.name})
    return BulkView(chosen=count)


# --- inside ---------------------------------------------------------------------------------------------------------


async def _act(request: Request, token: str, action: str, told: dict[str, Any]) -> Response:
    found = _found(request, token)
    require_match(request, tag_of(found))
    arguments = {"case": found.id, "actor": caller_of(request).name, **told}
    if request.headers.get("if-match", ""):
        arguments["version"] = found.version
    await _perform(request, action, arguments)
    return _shown(request, _found(request, token))


async def _perform(request: Request, action: str, arguments: dict[str, Any]) -> None:
    """Have a person's act performed, and turn a no into a refusal."""
    node = house_of(request).node
    act = Act(at_us=node.now_us(), system="integration", action=action, arguments=arguments)
    try:
        await node.act(act)
    except KeyError as unknown:
        raise Refused("not-found", str(unknown.args[0] if unknown.args else unknown)) from unknown
    except ValueError as refusal:
        raise Refused("state-conflict", str(refusal)) from refusal
    except TimeoutError as late:
        detail = "the process that has this flow did not answer; read the case again before you repeat it"
        raise Refused("unavailable", detail, headers={"retry-after": "5"}) from late


def _found(request: Request, token: str) -> ExceptionCase:
    try:
        case = house_of(request).node.reader.case(text_of(token))
    except ValueError:
        case = None
    if case is None:
        raise Refused("not-found", "there is no case of this name")
    return case


def _shown(request: Request, case: ExceptionCase) -> Response:
    view = view_of(case, house_of(request).node.now_us())
    return Response(view.model_dump_json(), media_type="application/json", headers={"etag": tag_of(case)})


def tag_of(case: ExceptionCase) -> str:
    """Return the entity tag of a case: its version."""
    return f'"{case.version}"'


def view_of(case: ExceptionCase, now_us: int) -> CaseView:
    """Return a case as callers see it."""
    request = case.discard
    return CaseView(
        id=token_of(case.id), case=case.id, flow=case.flow, transaction=case.txn, code=case.code, owner=case.owner,
        assignee=case.assignee, status=case.status, open=case.is_open, opened_at=rfc3339(case.opened_us),
        due_at=rfc3339(case.due_us), overdue=case.is_open and now_us > case.due_us, detail=case.detail,
        context=case.context, decisions=case.decisions, escalations=case.escalations,
        discard=DiscardView(requested_by=request.by, requested_at=rfc3339(request.at_us), reason=request.reason)
        if request is not None
        else None,
        last_actor=case.actor, note=case.note, history=case.history, version=case.version,
    )  # fmt: skip


_ACTIONS = (
    ("take", take_exception, "exceptions:work"),
    ("hand-over", hand_over_exception, "exceptions:work"),
    ("pause", pause_exception, "exceptions:work"),
    ("continue", continue_exception, "exceptions:work"),
    ("comment", comment_exception, "exceptions:work"),
    ("retry", retry_exception, "exceptions:work"),
    ("resolve", resolve_exception, "exceptions:work"),
    ("discard", discard_exception, "exceptions:work"),
    ("approve-discard", approve_discard, "exceptions:approve"),
    ("refuse-discard", refuse_discard, "exceptions:work"),
)


def router() -> APIRouter:
    """Return the routes of the exception queue."""
    routes = APIRouter(tags=["exceptions"])
    sent = ("body-too-large", "unsupported-media-type", "state-conflict", "business-rule")
    add(routes, "GET", "/exceptions", list_exceptions, scope="exceptions:work", response_model=CasePage)
    add(
        routes, "POST", "/exception-re-drives", re_drive_exceptions, scope="exceptions:work", refuses=sent, status=202,
        response_model=BulkView,
    )  # fmt: skip
    add(
        routes, "GET", "/exceptions/{case}", read_exception, scope="exceptions:work", refuses=("not-found",),
        response_model=CaseView,
    )  # fmt: skip
    for word, endpoint, scope in _ACTIONS:
        add(
            routes, "POST", f"/exceptions/{{case}}/{word}", endpoint, scope=scope, response_model=CaseView,
            refuses=(*sent, "not-found", "precondition-failed", "second-person-needed"), is_conditional=True,
        )  # fmt: skip
    return routes
