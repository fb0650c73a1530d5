"""Facts about payments."""

from datetime import date

from domain.events.fact import Fact, event_type
from domain.events.parts import Amount, ApplicationItem, PayoutItem


class _PaymentTaken(Fact, frozen=True, kw_only=True):
    payment_id: str
    seq: int
    method: str
    amount_requested: Amount
    amount_processed: Amount


class PaymentAuthorized(_PaymentTaken, frozen=True, kw_only=True):
    """The issuer reserved the amount."""


class PaymentCaptured(_PaymentTaken, frozen=True, kw_only=True):
    """The amount, or a part of it, was taken."""


class PaymentReceived(Fact, frozen=True, kw_only=True):
    """Money arrived; `remittance` is what the payer wrote."""

    payment_id: str
    account: str
    amount: Amount
    value_date: date
    remittance: tuple[str, ...]


class _CashMoved(Fact, frozen=True, kw_only=True):
    application_id: str
    payment_id: str
    account: str
    applications: tuple[ApplicationItem, ...]


class PaymentApplied(_CashMoved, frozen=True, kw_only=True):
    """Money was put against invoices."""


class PaymentUnapplied(_CashMoved, frozen=True, kw_only=True):
    """Money was taken off invoices, or could not be put against one."""


class _PaymentLost(Fact, frozen=True, kw_only=True):
    payment_id: str
    code: str
    retryable: bool
    attempt: int


class PaymentFailed(_PaymentLost, frozen=True, kw_only=True):
    """The attempt was declined; no money moved."""


class PaymentReturned(_PaymentLost, frozen=True, kw_only=True):
    """A debit that had succeeded came back."""


class PaymentRefunded(Fact, frozen=True, kw_only=True):
    """Money went back to the payer; `adjust_invoice` says whether the invoice is credited too."""

    refund_id: str
    payment_id: str
    amount: Amount
    adjust_invoice: bool


class PayoutSettled(Fact, frozen=True, kw_only=True):
    """The processor paid out; net = gross - fees."""

    payout_id: str
    gross: Amount
    fees: Amount
    net: Amount
    items: tuple[PayoutItem, ...]


_TAKEN = tuple(
    event_type(
        32,
        f"payment.{state}",
        payload,
        producers="payment",
        consumers="billing",
        subject="payment_id",
        key=f"{{payment_id}}:{state}:{{seq}}",
    )
    for state, payload in (("authorized", PaymentAuthorized), ("captured", PaymentCaptured))
)

_MOVED = tuple(
    event_type(
        34,
        f"payment.{state}",
        payload,
        producers="erp",
        consumers="crm billing",
        subject="payment_id",
        partition_key="account",
        key="{application_id}",
    )
    for state, payload in (("applied", PaymentApplied), ("unapplied", PaymentUnapplied))
)

_LOST = tuple(
    event_type(
        35,
        f"payment.{state}",
        payload,
        producers="payment",
        consumers="billing dunning crm",
        subject="payment_id",
        key=f"{{payment_id}}:{{attempt}}:{state}",
    )
    for state, payload in (("failed", PaymentFailed), ("returned", PaymentReturned))
)

EVENT_TYPES = (
    *_TAKEN,
    event_type(
        33,
        "payment.received",
        PaymentReceived,
        producers="payment bank",
        consumers="erp billing crm",
        subject="payment_id",
        partition_key="account",
        key="{payment_id}:received",
    ),
    *_MOVED,
    *_LOST,
    event_type(
        36,
        "payment.refunded",
        PaymentRefunded,
        producers="payment",
        consumers="erp billing",
        subject="refund_id",
        partition_key="payment_id",
        key="{refund_id}",
    ),
    event_type(
        38,
        "payout.settled",
        PayoutSettled,
        producers="payment",
        consumers="erp",
        subject="payout_id",
        key="{payout_id}",
    ),
)
