"""Approvals, and steps that may not be left half done.

Money leaves or is given up only with a second person. Before that nothing has been done and giving up costs nothing;
from the first call that cannot be taken back on, a flow goes forward: who would give it up has to say what was
completed by hand.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from typing import Any, TypeVar

from integration.effects import Call, Park
from integration.facade.ledgers import in_books
from integration.flow import FlowContext
from integration.flows.steps import ask_about, code_of, day_in, do
from integration.outcomes import Answer, CallFailed, GivenUp
from integration.systems import erp

T = TypeVar("T")
OWNER = "finance"
PERIOD_CLOSED = "CONFLICT.PERIOD_CLOSED"


class CompletedByHand(Exception):
    """A person says that what a flow could not finish is done in the systems; `str()` is what they said."""


async def approved(arguments: Mapping[str, Any], detail: str, **about: Any) -> str:
    """Return who approved a request; wait for a second person when nobody has. GivenUp is raised when it is refused."""
    asker, approver = str(arguments.get("requested_by", "")), str(arguments.get("approved_by", ""))
    context = {"requested_by": asker, **about}
    while not _is_second(approver, asker):
        resumed = await Park(code="POLICY.APPROVAL_REQUIRED", owner=OWNER, detail=detail, context=context)
        if resumed.action == "cancel":
            raise GivenUp(f"refused by {resumed.actor}: {detail}")
        approver = resumed.actor
    return approver


def _is_second(approver: str, asker: str) -> bool:
    return bool(approver.strip()) and approver.strip().casefold() != asker.strip().casefold()


async def forward(what: str, step: Callable[[], Awaitable[T]]) -> T:
    """Return what a step returns that must be done, because what came before it cannot be taken back.

    Giving it up opens a case of its own: the step is tried again, or somebody says (with a note) that it was completed
    by hand, which raises CompletedByHand.
    """
    while True:
        try:
            return await step()
        except GivenUp as given_up:
            detail = f"{what} was given up half way ({given_up}); finish it by hand and say what was done, or try again"
            resumed = await Park(code="INTEGRITY.TOTAL_MISMATCH", owner=OWNER, detail=detail)
            if resumed.action == "cancel":
                raise CompletedByHand(resumed.note or f"{what}: completed by {resumed.actor}") from given_up


async def put_back(what: str, step: Callable[[], Awaitable[T]]) -> T | None:
    """Take something back that a flow has done; when that cannot be, a person does it (None), and the rest still is."""
    try:
        return await forward(what, step)
    except CompletedByHand:
        return None


def finished_by_hand(done: CompletedByHand) -> dict[str, Any]:
    """Return how a flow ends whose last steps people did."""
    return {"status": "given_up", "reason": str(done), "completed": "by hand"}


async def in_open_period(
    context: FlowContext, entity: str, day: date, call: Callable[[date], Call], allow: tuple[str | int, ...] = ()
) -> Answer:
    """Return the answer of a posting of a day; when its period is closed, it is posted on the day it is found out.

    What comes after the cut-off goes into the next period. The first attempt always has the original day, so that a
    posting that was made, and whose answer was lost, is found as it was made.
    """
    context = in_books(context, entity)
    while True:
        posting = call(day)
        try:
            return await do(context, posting, allow=(erp.USER_ERROR, *allow))
        except CallFailed as refused:
            code, later = code_of("erp", refused), day_in(context, entity, refused.at_us)
            if code == PERIOD_CLOSED and later.replace(day=1) > day.replace(day=1):
                return await do(context, call(later), allow=allow)
            if refused.code in allow or refused.status in allow:
                raise
            await ask_about(posting, refused)
