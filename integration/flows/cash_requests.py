"""The ways in for people and process APIs: how a refund, a write-off, a dispute or a closing is asked for.

Each returns the one right `Start` of its flow. The caller's request id (or the business key) is the flow's id: asking
twice is asking once, and other arguments under the same id are a Conflict.
"""

from __future__ import annotations

import re
from datetime import date

from integration.effects import Start

REASONS = ("duplicate", "fraudulent", "requested_by_customer")
MODULES = ("ar", "gl")
_PERIOD = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


def refund(
    request: str,
    payment: str,
    txn: str,
    requested_by: str,
    *,
    amount_minor: int = 0,
    adjust: bool = False,
    reason: str = "requested_by_customer",
    approved_by: str = "",
) -> Start:
    """Return the start of a refund of a payment: 0 is all that is left of it; `adjust` credits its invoice as well."""
    if reason not in REASONS:
        raise ValueError(f"the reason of a refund is one of {', '.join(REASONS)}, not {reason!r}")
    if amount_minor < 0:
        raise ValueError(f"a refund of {amount_minor} minor units; expected 1 or more, or 0 for all that is left")
    told = {"request": request, "payment": payment, "amount_minor": amount_minor, "adjust": adjust, "reason": reason}
    arguments = {**told, "requested_by": requested_by, "approved_by": approved_by}
    return Start(
        flow_id=f"refund/{request}", name="refund", arguments=arguments, txn=txn, entity_key=f"payment/{payment}"
    )


def write_off(request: str, invoice: str, txn: str, reason: str, requested_by: str, *, approved_by: str = "") -> Start:
    """Return the start of a write-off of what is due of an invoice; those of one invoice are worked on in turn."""
    told = {"request": request, "invoice": invoice, "reason": reason}
    return Start(
        flow_id=f"write-off/{invoice}/{request}", name="write_off",
        arguments={**told, "requested_by": requested_by, "approved_by": approved_by}, txn=txn,
        entity_key=f"write-off/{invoice}",
    )  # fmt: skip


def dispute_invoice(
    request: str, invoice: str, txn: str, reason: str, opened_by: str, *, amount_minor: int = 0
) -> Start:
    """Return the start of a customer's dispute of an invoice: 0 is all that is due of it."""
    if not reason.strip():
        raise ValueError("a dispute needs a reason: say in `reason` what the customer objects to")
    told = {"request": request, "invoice": invoice, "amount_minor": amount_minor, "reason": reason}
    return Start(
        flow_id=f"dispute/{invoice}/{request}", name="dispute_invoice", arguments={**told, "opened_by": opened_by},
        txn=txn, entity_key=f"dispute/{invoice}",
    )  # fmt: skip


def promise(account: str, until: date, told_by: str, txn: str = "") -> Start:
    """Return the start of what notes that an account promised to pay until a day; dunning waits for it."""
    arguments = {"account": account, "until": until.isoformat(), "told_by": told_by}
    return Start(flow_id=f"promise/{account}/{until.isoformat()}", name="promise", arguments=arguments, txn=txn)


def close_period(entity: str, period: str, requested_by: str, attempt: int = 1) -> Start:
    """Return the start of the closing of a month (YYYY-MM) of a legal entity; after a reopening with the next round."""
    _require_period(period)
    arguments = {"entity": entity, "period": period, "round": attempt, "requested_by": requested_by}
    return Start(
        flow_id=f"close/{entity}/{period}/{attempt}", name="close_period", arguments=arguments,
        entity_key=f"period/{entity}", order_key=f"{period}/{attempt:04d}",
    )  # fmt: skip


def reopen_period(
    entity: str, period: str, module: str, reason: str, requested_by: str, approved_by: str = "", attempt: int = 1
) -> Start:
    """Return the start of the reopening of a closed month of a legal entity in one module (ar, gl)."""
    _require_period(period)
    if module not in MODULES:
        raise ValueError(f"a module is one of {', '.join(MODULES)}, not {module!r}")
    told = {"entity": entity, "period": period, "module": module, "round": attempt, "reason": reason}
    return Start(
        flow_id=f"reopen/{entity}/{period}/{module}/{attempt}", name="reopen_period",
        arguments={**told, "requested_by": requested_by, "approved_by": approved_by}, entity_key=f"period/{entity}",
    )  # fmt: skip


def _require_period(period: str) -> None:
    if not _PERIOD.fullmatch(period):
        raise ValueError(f"a period is a month such as 2026-12, not {period!r}")
