"""Refunds: money given back from a charge, never more than was captured and not disputed."""

from __future__ import annotations

from typing import Any

from domain.http import Reply
from mocks.kernel.operations import Call, Operation, Refusal
from mocks.payment import balance, listing, render, views
from mocks.payment.bodies import EmptyBody, RefundBody, UpdateBody
from mocks.payment.expand import EXTRAS
from mocks.payment.model import Processor, changed, merged
from mocks.payment.parts import Page
from mocks.payment.queries import ChargedQuery, Paging
from mocks.payment.records import Charge, Intent, Refund
from mocks.payment.rows import alter, answer, answer_list, page, prepare, read, row

_REASONS = ("duplicate", "fraudulent", "requested_by_customer")


def create(model: Processor, body: RefundBody) -> Refund:
    """Give back all that is left of a charge, or a part of it."""
    charge = _charge(model, body)
    left = charge.captured - charge.refunded
    amount = left if body.amount is None else body.amount
    _require(charge, amount, left)
    if body.reason and body.reason not in _REASONS:
        raise Refusal("parameter_invalid", f"Invalid reason: {body.reason}", field="reason")
    metadata = merged({}, body.metadata)
    key = model.new_id("re")
    moved = ""
    if charge.kind != "push":
        moved = balance.move(model, "refund", key, -amount, 0, charge.currency, "REFUND").id
    refund = Refund(
        id=key,
        created=model.now,
        charge=charge.id,
        intent=charge.intent,
        amount=amount,
        currency=charge.currency,
        reason=body.reason or "",
        balance_transaction=moved,
        metadata=metadata,
    )
    model.refunds[key] = refund
    after: Charge = changed(charge, refunded=charge.refunded + amount)
    model.charges[charge.id] = after
    model.show_refund(refund)
    intent = model.intents[charge.intent]
    model.show(intent, "refunded" if after.refunded == after.captured else "refunded_in_part")
    model.emit("charge.refunded", after, intent.txn)
    model.emit("refund.created", refund, intent.txn)
    return refund


def _charge(model: Processor, body: RefundBody) -> Charge:
    if body.charge:
        charge: Charge = model.referred("charge", body.charge, "charge")
        return charge
    if not body.payment_intent:
        raise Refusal("parameter_missing", "One of charge or payment_intent must be given.", field="payment_intent")
    intent: Intent = model.referred("payment_intent", body.payment_intent, "payment_intent")
    if intent.status != "succeeded":
        text = f"This PaymentIntent is {intent.status}: there is no successful charge to refund."
        raise Refusal("unexpected_state", text, field="payment_intent", intent=intent)
    return model.charges[intent.charge]


def _require(charge: Charge, amount: int, left: int) -> None:
    if charge.status != "succeeded" or not charge.captured:
        raise Refusal("charge_not_refundable", field="charge")
    if not left:
        raise Refusal("charge_already_refunded", f"Charge {charge.id} has already been refunded.", field="charge")
    if charge.disputed:
        raise Refusal("charge_disputed", field="charge")
    if amount < 1:
        raise Refusal("parameter_invalid_integer", "This value must be greater than or equal to 1.", field="amount")
    if amount > left:
        text = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})."
        raise Refusal("parameter_invalid", text, field="amount")


def update(model: Processor, refund: Refund, body: UpdateBody) -> Refund:
    """Change the metadata of a refund."""
    after: Refund = model.change("refund", refund, metadata=merged(refund.metadata, body.metadata))
    return after


def cancel(model: Processor, refund: Refund, body: EmptyBody) -> Refund:
    """Cancel a refund that still waits; those of this processor succeed at once."""
    if refund.status not in ("requires_action", "pending"):
        raise Refusal("refund_unexpected_state", f"The refund is {refund.status}: it cannot be canceled any more.")
    after: Refund = model.change("refund", refund, status="canceled")
    return after


def _create(model: Processor, call: Call) -> Reply:
    """Create a refund; it belongs to the transaction of its payment."""
    prepare(model, call, "refund")
    refund = create(model, call.body)
    call.txn = call.txn or model.intents[refund.intent].txn
    return answer(model, call, refund)


def _of_charge(model: Processor, key: str) -> dict[str, Refund]:
    return {each.id: each for each in model.tables["refund"].values() if each.charge == key}


def _list_of_charge(model: Processor, call: Call) -> Reply:
    own = _of_charge(model, model.named("charge", call.params["charge"]).id)
    return answer_list(model, call, "refund", listing.chosen(model, "refund", call.body, own))


def _latest(model: Processor, node: dict[str, Any]) -> Page:
    """Return the refunds of a charge as it shows them when asked to."""
    rows = [render.shown(each) for each in reversed(_of_charge(model, node["id"]).values())]
    return Page(data=rows[:10], has_more=len(rows) > 10, url=f"/v1/charges/{node['id']}/refunds")


EXTRAS["charge", "refunds"] = _latest
_ALL, _ONE, _VIEW = "/v1/refunds", "/v1/refunds/{id}", views.Refund
ROWS: tuple[Operation, ...] = (
    row("create_refund", "POST", _ALL, _create, RefundBody, _VIEW),
    page("list_refunds", _ALL, "refund", ChargedQuery),
    read("get_refund", _ONE, "refund", _VIEW),
    alter("update_refund", _ONE, "refund", UpdateBody, update, _VIEW),
    row("list_charge_refunds", "GET", "/v1/charges/{charge}/refunds", _list_of_charge, Paging, Page),
    alter("cancel_refund", _ONE + "/cancel", "refund", EmptyBody, cancel, _VIEW),
)
