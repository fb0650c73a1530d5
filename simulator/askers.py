"""What people ask the integration for, found in the world as it is when they ask: a refund of the payment of an order,
a dispute of its invoice, the closing of a month.

A scenario cannot know the ids that systems will give. Its acts name the business transaction (or an invoice, or a
payment), and what is meant is looked up in the systems of record when the act's time has come. When there is nothing to
ask for (nothing was paid yet), nobody asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from domain.acts import Act, UnknownAct
from integration.effects import Start
from integration.flows import cash_requests
from mocks.world import World

Given = Mapping[str, Any]


def request_of(world: World, act: Act) -> Start | None:
    """Return what an act asks the integration to start; None when there is nothing to ask for.

    Raise UnknownAct for an action that nobody can ask for.
    """
    asker = _ASKERS.get(act.action)
    if asker is None:
        raise UnknownAct(act, list(_ASKERS))
    return asker(world, act)


def is_request(act: Act) -> bool:
    """Tell whether an act asks for something (the others steer the integration itself)."""
    return act.system == "integration" and act.action in _ASKERS


def _refund(world: World, act: Act) -> Start | None:
    """{txn | payment, percent (of what was paid, default 100), adjust, reason, requested_by, approved_by}."""
    given = act.arguments
    intent = _paid(world, act, given)
    if intent is None:
        return None
    percent = given.get("percent", 100)
    amount_minor = 0 if percent == 100 else max(1, intent.received * percent // 100)
    return cash_requests.refund(
        given.get("request") or f"R-{intent.id}", intent.id, intent.txn, given.get("requested_by", "support"),
        amount_minor=given.get("amount_minor", amount_minor), adjust=bool(given.get("adjust")),
        reason=given.get("reason", "requested_by_customer"), approved_by=given.get("approved_by", ""),
    )  # fmt: skip


def _paid(world: World, act: Act, given: Given) -> Any:
    txn, payment, invoice = act.txn, given.get("payment", ""), given.get("invoice", "")
    paid = [each for each in world["payment"].model.intents.values() if each.status == "succeeded"]
    if payment:
        found = [each for each in paid if each.id == payment]
    elif invoice:
        found = [each for each in paid if each.ref == invoice]
    else:
        found = [each for each in paid if txn and each.txn == txn]
    return found[-1] if found else None


def _invoice_of(world: World, act: Act) -> Any:
    """Return the latest invoice of billing that is named, or that belongs to the transaction and is open."""
    table = world["billing"].desk.book.table("invoice")
    named = act.arguments.get("invoice", "")
    if named:
        return table.get(named)
    own = [row for row in table.values() if act.txn and row.subscription == act.txn and row.due_minor and row.closed_us]
    return own[-1] if own else None


def _write_off(world: World, act: Act) -> Start | None:
    """{txn | invoice, request, reason, requested_by, approved_by}."""
    invoice, given = _invoice_of(world, act), act.arguments
    if invoice is None:
        return None
    return cash_requests.write_off(
        given.get("request", "W-1"), invoice.id, invoice.subscription, given.get("reason", "will not be paid"),
        given.get("requested_by", "collections"), approved_by=given.get("approved_by", ""),
    )  # fmt: skip


def _dispute_invoice(world: World, act: Act) -> Start | None:
    """{txn | invoice, request, reason, amount_minor | percent, opened_by}."""
    invoice, given = _invoice_of(world, act), act.arguments
    if invoice is None:
        return None
    amount_minor = given.get("amount_minor", invoice.due_minor * given.get("percent", 100) // 100)
    request, reason = given.get("request", "D-1"), given.get("reason", "the price is not as agreed")
    by = given.get("opened_by", "customer")
    return cash_requests.dispute_invoice(
        request, invoice.id, invoice.subscription, reason, by, amount_minor=amount_minor
    )  # fmt: skip


def _promise(_world: World, act: Act) -> Start:
    """{account, until, told_by}."""
    given = act.arguments
    return cash_requests.promise(given["account"], date.fromisoformat(given["until"]), given.get("told_by", "customer"))


def _close_period(_world: World, act: Act) -> Start:
    """{entity, period, round, requested_by}."""
    given = act.arguments
    by = given.get("requested_by", "controller")
    return cash_requests.close_period(given["entity"], given["period"], by, given.get("round", 1))


def _reopen_period(_world: World, act: Act) -> Start:
    """{entity, period, module, round, reason, requested_by, approved_by}."""
    given = act.arguments
    return cash_requests.reopen_period(
        given["entity"], given["period"], given["module"], given.get("reason", "a late invoice"),
        given.get("requested_by", "accountant"), given.get("approved_by", ""), given.get("round", 1),
    )  # fmt: skip


_ASKERS: Mapping[str, Callable[[World, Act], Start | None]] = {
    "refund": _refund,
    "write_off": _write_off,
    "dispute_invoice": _dispute_invoice,
    "promise": _promise,
    "close_period": _close_period,
    "reopen_period": _reopen_period,
}
