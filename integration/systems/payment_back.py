"""Money that goes back: refunds, disputes and returned debits at the payment service (Stripe v1).

A debit that comes back after it had succeeded is told as a dispute that is lost from the start, with a reason of the
bank (docs.stripe.com, ACH Direct Debit). Evidence may be sent once; a lost dispute is final.
"""

from __future__ import annotations

import msgspec

from integration.effects import Call
from integration.outcomes import Answer
from integration.systems.payment import behind, get, post
from integration.systems.wire import read

BANK_REASONS = {
    "insufficient_funds": "R01",
    "incorrect_account_details": "R03",
    "bank_cannot_process": "R20",
    "debit_not_authorized": "R10",
}
"""The vendor's reason of a debit that came back -> the return code of the network."""
REPRESENTED = frozenset({"insufficient_funds"})
"""A debit that came back for these may be presented again (Nacha: twice within 180 days); others never."""
OPEN = frozenset({"warning_needs_response", "needs_response"})
CLOSED = frozenset({"won", "lost", "warning_closed"})


def create_refund(payment: str, amount_minor: int, request: str, reason: str, key: str, txn: str) -> Call:
    """Give an amount of a payment back; the request that asked for it is in the metadata."""
    fields: list[tuple[str, str | int]] = [
        ("payment_intent", payment), ("amount", amount_minor), ("reason", reason), ("metadata[request]", request)
    ]  # fmt: skip
    return post("/refunds", fields, key, txn, "create_refund")


def refunds_of(payment: str, txn: str) -> Call:
    """Ask for the refunds of a payment."""
    return get(f"/refunds?payment_intent={payment}&limit=100", txn, "list_refunds")


def read_dispute(dispute: str, txn: str) -> Call:
    """Ask for a dispute."""
    return get(f"/disputes/{dispute}", txn, "get_dispute")


def movements_of(dispute: str, txn: str) -> Call:
    """Ask what a dispute did to our balance: the amount and the fee."""
    return get(f"/balance_transactions?source={dispute}&limit=100", txn, "list_balance_transactions")


def disputes_of(payment: str, txn: str) -> Call:
    """Ask for the disputes of a payment."""
    return get(f"/disputes?payment_intent={payment}&limit=100", txn, "list_disputes")


def disputes_since(since_us: int) -> Call:
    """Ask for the disputes opened since an instant, a page of 100."""
    return get(f"/disputes?created[gte]={since_us // 1_000_000}&limit=100", "", "list_disputes")


def submit_evidence(dispute: str, text: str, key: str, txn: str) -> Call:
    """Answer a dispute with evidence; it is under review then, and nothing can be added."""
    fields: list[tuple[str, str | int]] = [("evidence[uncategorized_text]", text), ("submit", "true")]
    return post(f"/disputes/{dispute}", fields, key, txn, "update_dispute")


def accept_dispute(dispute: str, key: str, txn: str) -> Call:
    """Let a dispute be lost."""
    return post(f"/disputes/{dispute}/close", [], key, txn, "close_dispute")


def cancel_intent(payment: str, key: str, txn: str) -> Call:
    """Cancel a payment nobody is to make any more."""
    fields: list[tuple[str, str | int]] = [("cancellation_reason", "abandoned")]
    return post(f"/payment_intents/{payment}/cancel", fields, key, txn, "cancel_payment_intent")


# --- answers --------------------------------------------------------------------------------------------------------


class EvidenceDetails(msgspec.Struct, frozen=True):
    """Until when a dispute can be answered, in Unix seconds."""

    due_by: int | None = None
    submission_count: int = 0


class Dispute(msgspec.Struct, frozen=True):
    """A dispute as the service shows it; `created` is when the money went, in seconds."""

    id: str
    status: str
    amount: int
    currency: str
    payment_intent: str
    created: int
    reason: str = ""
    evidence_details: EvidenceDetails = EvidenceDetails()

    @property
    def won(self) -> str:
        """The name under which the money is in the books that came back when it was won."""
        return f"{self.id}.won"

    @property
    def is_return(self) -> bool:
        """Tell whether it is a debit that came back, not a customer's complaint."""
        return self.reason in BANK_REASONS


class Refund(msgspec.Struct, frozen=True):
    """A refund as the service shows it; `created` is when it was made, in seconds."""

    id: str
    amount: int
    status: str
    created: int
    metadata: dict[str, str] = {}


class _Disputes(msgspec.Struct):
    data: list[Dispute]
    has_more: bool = False


class _Refunds(msgspec.Struct):
    data: list[Refund]
    has_more: bool = False


_dispute = msgspec.json.Decoder(Dispute)
_disputes = msgspec.json.Decoder(_Disputes)
_refund = msgspec.json.Decoder(Refund)
_refunds = msgspec.json.Decoder(_Refunds)


def dispute_of(answer: Answer) -> Dispute:
    """Return the dispute of an answer."""
    return read(answer, _dispute)


def disputes_in(answer: Answer) -> tuple[list[Dispute], bool]:
    """Return the disputes of a page, and whether there are more."""
    found = read(answer, _disputes)
    return found.data, found.has_more


def dispute_page(call: Call, answer: Answer) -> tuple[list[Dispute], Call | None]:
    """Return the disputes of a page of a list of them, and the call for the next page."""
    found = read(answer, _disputes)
    return found.data, behind(call, found.data, found.has_more)


def refund_page(call: Call, answer: Answer) -> tuple[list[Refund], Call | None]:
    """Return the refunds of a page of `refunds_of`, and the call for the next page."""
    found = read(answer, _refunds)
    return found.data, behind(call, found.data, found.has_more)


def refund_of(answer: Answer) -> Refund:
    """Return the refund of an answer."""
    return read(answer, _refund)


def refunds_in(answer: Answer) -> list[Refund]:
    """Return the refunds of an answer to `refunds_of`."""
    return read(answer, _refunds).data
