"""Facts about chargebacks."""

from datetime import date

from domain.events.fact import Fact, event_type
from domain.events.parts import Amount


class _ChargebackChanged(Fact, frozen=True, kw_only=True):
    dispute_id: str
    payment_id: str
    amount: Amount
    fee: Amount
    evidence_due: date | None = None


class PaymentDisputeOpened(_ChargebackChanged, frozen=True, kw_only=True):
    """The bank took the money back and waits for evidence."""


class PaymentDisputeWon(_ChargebackChanged, frozen=True, kw_only=True):
    """The seller won and the money came back."""


class PaymentDisputeLost(_ChargebackChanged, frozen=True, kw_only=True):
    """The seller lost."""


_STATES = (
    ("opened", PaymentDisputeOpened),
    ("won", PaymentDisputeWon),
    ("lost", PaymentDisputeLost),
)

EVENT_TYPES = tuple(
    event_type(
        37,
        f"payment_dispute.{state}",
        payload,
        producers="payment",
        consumers="erp billing",
        subject="dispute_id",
        partition_key="payment_id",
        key=f"{{dispute_id}}:{state}",
    )
    for state, payload in _STATES
)
