"""Scripts a finance team deploys: close a period, hold an account's credit, and the figures of the closing checklist.

The vendor's REST interface has no write for accounting periods, and an integration's role may not touch credit. Both
are done the way the vendor's customers do it: by a RESTlet that runs with a role of its own, and does one thing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain.calendar import DAY, add_months
from mocks.erp.catalogue import RECEIVABLE, UNAPPLIED
from mocks.erp.periods import MODULES, STEPS, first_day
from mocks.kernel.operations import Refusal

LEVELS = {"soft": "soft", "hard": "hard"}


def _wrong(text: str, code: str = "USER_ERROR") -> Refusal:
    return Refusal("script_error", text, script_code=code)


def _said(call: Any, *names: str) -> tuple[str, ...]:
    body = call.body if isinstance(call.body, Mapping) else call.parameters
    missing = [name for name in names if not body.get(name)]
    if missing:
        raise _wrong(f"Missing a required argument: {', '.join(missing)}", "SSS_MISSING_REQD_ARGUMENT")
    return tuple([str(body[name]) for name in names])


def period_status(erp: Any, call: Any) -> Any:
    """GET {entity, period}: the status of each module. POST {entity, module, period, status}: take it there."""
    entity, period = _said(call, "entity", "period")
    if call.method == "POST":
        module, wanted = _said(call, "module", "status")
        before = _status(erp, entity, module, period)
        if before != wanted:
            if before == "locked" or (wanted != "open" and not _is_ahead(before, wanted)):
                raise _wrong(f"Period {period} of {entity} in {module} is {before}: it cannot become {wanted}.")
            erp.periods.move(entity, module, period, wanted)
    return {"entity": entity, "period": period, **{name: _status(erp, entity, name, period) for name in MODULES}}


def _is_ahead(before: str, wanted: str) -> bool:
    return wanted in STEPS and STEPS.index(wanted) > STEPS.index(before)


def _status(erp: Any, entity: str, module: str, period: str) -> str:
    found = erp.desk.book.get("period", f"{entity}/{module}/{period}")
    if found is None:
        raise _wrong(f"{entity} has no period {period} in {module}.", "RCRD_DSNT_EXIST")
    status: str = found.status
    return status


def credit_hold(erp: Any, call: Any) -> Any:
    """POST {account, level: soft | hard | none, reason}: hold an account's credit for a reason, or end what it holds.

    A hold of somebody else (another reason, or a person's) stays: whoever placed it releases it.
    """
    account, level, reason = _said(call, "account", "level", "reason")
    record = erp.customers.shelf.of_external(account)
    if record is None:
        raise _wrong("There is no such customer.", "RCRD_DSNT_EXIST")
    if level not in LEVELS and level != "none":
        raise _wrong(f"A hold is soft, hard or none, not {level}.")
    erp.credit.hold_for(record, LEVELS.get(level, ""), reason)
    erp.credit.review(record.id, erp.orders.follow)
    record = erp.customers.records[record.id]
    return {"account": account, "status": record.status, "reason": erp.credit.reason_of(record)}


def close_checklist(erp: Any, call: Any) -> Any:
    """GET {entity, period}: what must agree before the period is closed, in minor units, all as of the same moment."""
    entity, period = _said(call, "entity", "period")
    subledger: dict[str, list[int]] = {}
    for record in erp.invoices.records.values():
        if record.doc.entity == entity:
            subledger.setdefault(record.doc.currency, [0, 0])[0] += record.doc.balance_minor
    for record in erp.credit_memos.records.values():
        if record.doc.entity == entity:
            subledger.setdefault(record.doc.currency, [0, 0])[0] -= record.doc.balance_minor
    for record in erp.payments.records.values():
        if record.doc.entity == entity:
            subledger.setdefault(record.doc.currency, [0, 0])[1] += record.rest_minor
    rows = [_row(erp, entity, currency, *sums) for currency, sums in sorted(subledger.items())]
    late = _late(erp, entity, period)
    return {"entity": entity, "period": period, "currencies": rows, "unrecognised_minor": late}


def recognise(erp: Any, call: Any) -> Any:
    """POST {entity, period}: recognise what is due through the period, dated its last day; what is done stays done."""
    entity, period = _said(call, "entity", "period")
    if _status(erp, entity, "gl", period) not in ("open", "soft_closed"):
        raise _wrong(f"Period {period} of {entity} is closed: nothing can be recognised in it.")
    if any(month <= period and amount for (_, month), amount in erp.schedules.waiting(entity).items()):
        last = add_months(first_day(period), 1) - DAY
        erp.schedules.recognise(entity, period, last)
    return {"entity": entity, "period": period, "unrecognised_minor": _late(erp, entity, period)}


def _late(erp: Any, entity: str, period: str) -> int:
    waiting = erp.schedules.waiting(entity)
    return sum([abs(amount) for (_, month), amount in waiting.items() if month <= period])


def _row(erp: Any, entity: str, currency: str, receivable: int, unapplied: int) -> dict[str, Any]:
    balances = erp.ledger.balances
    control = balances.get((entity, currency, RECEIVABLE), (0, 0))[0]
    liability = -balances.get((entity, currency, UNAPPLIED), (0, 0))[0]
    return {
        "currency": currency, "receivable_minor": receivable, "receivable_control_minor": control,
        "unapplied_minor": unapplied, "unapplied_control_minor": liability,
    }  # fmt: skip


SCRIPTS: Mapping[str, Callable[[Any, Any], Any]] = {
    "customscript_q2c_period": period_status,
    "customscript_q2c_credit_hold": credit_hold,
    "customscript_q2c_close_checklist": close_checklist,
    "customscript_q2c_recognise": recognise,
}
"""Script -> what it does; all have the deployment 1."""
