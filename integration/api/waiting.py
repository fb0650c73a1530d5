"""Who holds the state of a flow: read off the last thing that it asked for. Tables and pure functions."""

from __future__ import annotations

from collections.abc import Mapping

from domain.events.envelope import rfc3339
from integration.api.shapes.experience import Owner
from integration.effects import All, Call, Effect, Park, Receive, Sleep
from integration.exceptions import ExceptionCase

SYSTEM_NAMES: Mapping[str, str] = {
    "crm": "CRM", "erp": "ERP", "billing": "billing", "tax": "tax engine", "payment": "payment service",
    "fulfilment": "fulfilment",
}  # fmt: skip

_SENDERS: Mapping[str, tuple[str, str, str]] = {
    "task.completed": ("system", "fulfilment", "it has to report that the task is complete"),
    "credit": ("people", "credit", "the account is on hold until credit releases it"),
    "payment": ("customer", "customer", "the payment has not come yet"),
}
"""Who is to send the message that a flow waits for, by topic: kind, name, and why."""


def owner_of(effect: Effect | None, case: ExceptionCase | None, since_us: int) -> Owner:
    """Return who holds the state of a flow that waits for an effect; a case that is open comes first."""
    since = rfc3339(since_us) if since_us else None
    if case is not None and case.is_open:
        name = f"{case.owner}: {case.assignee}" if case.assignee else case.owner
        return Owner(kind="people", name=name, why=f"{case.code}: {case.detail}", since=rfc3339(case.opened_us))
    if isinstance(effect, Call):
        name = SYSTEM_NAMES.get(effect.system, effect.system)
        why = f"{effect.operation}, attempt {effect.attempt}: no answer yet"
        return Owner(kind="system", name=name, why=why, since=since)
    if isinstance(effect, All):
        names = sorted({SYSTEM_NAMES.get(branch.system, "") for branch in effect.branches if isinstance(branch, Call)})
        return Owner(kind="system", name=", ".join(filter(None, names)), why="several calls at once", since=since)
    if isinstance(effect, Receive):
        kind, name, why = _SENDERS.get(effect.topic, ("system", effect.topic, f"a message about {effect.key}"))
        return Owner(kind=kind, name=name, why=why, since=since)  # type: ignore[arg-type]
    if isinstance(effect, Sleep):
        why = f"it looks again {effect.seconds:.0f} s after this"
        return Owner(kind="integration", name="integration", why=why, since=since)
    if isinstance(effect, Park):
        return Owner(kind="people", name=effect.owner or "exception desk", why=effect.detail, since=since)
    return Owner(kind="integration", name="integration", why="its turn comes after an earlier flow", since=since)


NOBODY = Owner(kind="nobody", name="", why="nothing is open", since=None)
