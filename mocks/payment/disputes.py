"""Disputes (chargebacks): funds leave when one opens and come back when it is won."""

from __future__ import annotations

import msgspec

from domain.calendar import SECOND_US
from mocks.kernel.operations import Operation, Refusal
from mocks.payment import balance, views
from mocks.payment.bodies import DisputeBody, EmptyBody
from mocks.payment.model import DAY_SECONDS, Processor, changed, merged, payment_id
from mocks.payment.queries import ChargedQuery
from mocks.payment.records import Charge, Dispute
from mocks.payment.rows import alter, page, read

CLOSED = ("won", "lost")


def open_dispute(model: Processor, charge: Charge, amount: int, reason: str) -> Dispute | None:
    """Let the customer dispute a charge; None when nothing of it is left to dispute, or a dispute is open already."""
    amount = min(amount, charge.captured - charge.refunded)
    if charge.status != "succeeded" or charge.kind == "push" or charge.dispute or amount <= 0:
        return None
    key = model.new_id("du")
    dispute = Dispute(
        id=key,
        created=model.now,
        charge=charge.id,
        intent=charge.intent,
        amount=amount,
        currency=charge.currency,
        status="needs_response",
        fee=model.quirks.dispute_fee_minor,
        reason=reason,
        due=model.now + model.quirks.evidence_days * DAY_SECONDS,
    )
    if model.quirks.dispute_withdraws == "on_open":
        dispute = _withdrawn(model, dispute)
    model.charges[charge.id] = changed(charge, disputed=amount, dispute=key)
    model.disputes[key] = dispute
    model.desk.agenda.add(dispute.due * SECOND_US, "evidence_due", key)
    model.show_dispute(dispute, dispute.status)
    intent = model.intents[charge.intent]
    model.show(intent, "disputed")
    model.emit("charge.dispute.created", dispute, intent.txn)
    return dispute


def evidence_due(model: Processor, key: str) -> None:
    """Agenda: the deadline for evidence has passed; a dispute that nobody answered is lost."""
    dispute = model.disputes[key]
    if dispute.status == "needs_response":
        close(model, dispute, won=False)


def return_debit(model: Processor, charge: Charge, code: str) -> Dispute | None:
    """Let the bank send a debit back after it had succeeded; None when there is nothing to send back.

    The vendor tells it as a dispute that is lost from the start (docs.stripe.com, ACH Direct Debit, "failures after
    success"): the money is gone at once, there is nothing to answer, and a failure fee is kept.
    """
    amount = charge.captured - charge.refunded
    if charge.status != "succeeded" or charge.kind != "debit" or charge.dispute or amount <= 0:
        return None
    key, now = model.new_id("du"), model.now
    dispute = Dispute(
        id=key, created=now, charge=charge.id, intent=charge.intent, amount=amount, currency=charge.currency,
        status="needs_response", fee=model.quirks.return_fee_minor, reason=code, due=now,
    )  # fmt: skip
    dispute = _withdrawn(model, dispute)
    model.charges[charge.id] = changed(charge, disputed=amount, dispute=key)
    model.show_dispute(dispute, dispute.status)
    dispute = msgspec.structs.replace(dispute, status="lost")
    model.disputes[key] = dispute
    model.show_dispute(dispute, dispute.status)
    intent = model.intents[charge.intent]
    model.show(intent, "returned")
    model.emit("charge.dispute.created", dispute, intent.txn)
    model.emit("charge.dispute.closed", dispute, intent.txn)
    return dispute


def answer(model: Processor, dispute: Dispute, body: DisputeBody) -> Dispute:
    """Send evidence: the dispute goes under review when it is submitted."""
    if dispute.status in CLOSED:
        raise Refusal("dispute_closed")
    metadata = merged(dispute.metadata, body.metadata)
    submits = bool(body.evidence) and body.submit
    dispute = changed(
        dispute, metadata=metadata, evidence={**dispute.evidence, **(body.evidence or {})},
        submissions=dispute.submissions + submits,
        status="under_review" if submits else dispute.status,
    )  # fmt: skip
    model.disputes[dispute.id] = dispute
    if submits:
        model.show_dispute(dispute, dispute.status)
    model.emit("charge.dispute.updated", dispute, model.intents[dispute.intent].txn)
    return dispute


def close(model: Processor, dispute: Dispute, won: bool) -> Dispute:
    """Decide a dispute; raise Refusal when it is decided already."""
    if dispute.status in CLOSED:
        raise Refusal("dispute_closed")
    charge = model.charges[dispute.charge]
    if won:
        if dispute.status == "needs_response":
            model.show_dispute(dispute, "under_review")
        if dispute.balance_transactions:
            fee = -dispute.fee if model.quirks.returns_dispute_fee else 0
            moved = balance.move(model, "adjustment", dispute.id, dispute.amount, fee, dispute.currency, "DISPUTE WON")
            dispute = changed(dispute, balance_transactions=(*dispute.balance_transactions, moved))
        model.charges[charge.id] = changed(charge, disputed=0)
    elif not dispute.balance_transactions:
        dispute = _withdrawn(model, dispute)
    dispute = changed(dispute, status="won" if won else "lost")
    model.disputes[dispute.id] = dispute
    model.show_dispute(dispute, dispute.status)
    intent = model.intents[charge.intent]
    shown = model.desk.book.status("payment", payment_id(charge.intent, charge.attempt))
    model.show(intent, "dispute_won" if won and shown == "disputed" else "")
    model.emit("charge.dispute.closed", dispute, intent.txn)
    return dispute


def _withdrawn(model: Processor, dispute: Dispute) -> Dispute:
    moved = balance.move(
        model, "adjustment", dispute.id, -dispute.amount, dispute.fee, dispute.currency, "DISPUTE"
    )  # fmt: skip
    after: Dispute = changed(dispute, balance_transactions=(*dispute.balance_transactions, moved))
    return after


def accept(model: Processor, dispute: Dispute, body: EmptyBody) -> Dispute:
    """Close a dispute as the seller: it is lost."""
    return close(model, dispute, won=False)


_ALL, _ONE, _VIEW = "/v1/disputes", "/v1/disputes/{id}", views.Dispute
ROWS: tuple[Operation, ...] = (
    page("list_disputes", _ALL, "dispute", ChargedQuery),
    read("get_dispute", _ONE, "dispute", _VIEW),
    alter("update_dispute", _ONE, "dispute", DisputeBody, answer, _VIEW),
    alter("close_dispute", _ONE + "/close", "dispute", EmptyBody, accept, _VIEW),
)
