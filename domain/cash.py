"""Cash rules: which invoices a payment settles, what refunds and chargebacks do to balances, small differences.

Oracle cases Y01 to Y03. Amounts are minor units.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from enum import Enum
from fractions import Fraction

import msgspec

from domain.money import allocate
from domain.postings import ChargebackPolicy


class OpenInvoice(msgspec.Struct, frozen=True, gc=False):
    """An invoice that still has a balance."""

    invoice: str
    balance_minor: int
    due: date


class Applied(msgspec.Struct, frozen=True, gc=False):
    """A part of a payment that settles an invoice; `write_off_minor` is the tolerated difference given up."""

    invoice: str
    amount_minor: int
    write_off_minor: int = 0


class Application(msgspec.Struct, frozen=True, gc=False):
    """What a payment did: the invoices it settled and what stays on account."""

    applied: tuple[Applied, ...]
    unapplied_minor: int


class Tolerance(msgspec.Struct, frozen=True, gc=False):
    """How much short payment is written off: at most a fixed amount, or a share of the balance."""

    amount_minor: int = 100
    share: Fraction = Fraction(1, 1000)

    def covers(self, balance_minor: int, short_minor: int) -> bool:
        """Tell whether a shortfall is small enough to give up."""
        return short_minor > 0 and (short_minor <= self.amount_minor or short_minor <= self.share * balance_minor)


NO_TOLERANCE = Tolerance(0, Fraction(0))


def apply_payment(
    amount_minor: int, invoices: Sequence[OpenInvoice], tolerance: Tolerance = NO_TOLERANCE
) -> Application:
    """Apply a payment that names no invoice: exact match on one, else oldest due first, else on account.

    A last partial application within tolerance settles its invoice and writes the rest off.
    """
    if amount_minor < 0:
        raise ValueError(f"payment of {amount_minor} minor units; expected 0 or more (refunds are their own act)")
    in_order = sorted((i for i in invoices if i.balance_minor > 0), key=lambda i: (i.due, i.invoice))
    for invoice in in_order:
        if invoice.balance_minor == amount_minor:
            return Application((Applied(invoice.invoice, amount_minor),), 0)
    left, applied = amount_minor, []
    for invoice in in_order:
        part = min(left, invoice.balance_minor)
        if part <= 0:
            break
        short = invoice.balance_minor - part
        applied.append(Applied(invoice.invoice, part, short if tolerance.covers(invoice.balance_minor, short) else 0))
        left -= part
    return Application(tuple(applied), left)


class CashEvent(Enum):
    """What can happen to the money of one invoice."""

    CAPTURE = "capture"
    CHARGEBACK = "chargeback"
    CHARGEBACK_REVERSAL = "chargeback_reversal"
    CHARGEBACK_LOST = "chargeback_lost"
    REFUND = "refund"
    REFUND_WITH_ADJUSTMENT = "refund_with_adjustment"
    RETURN = "return"
    CREDIT = "credit"
    WRITE_OFF = "write_off"


class Balance(msgspec.Struct, frozen=True, gc=False):
    """One invoice's money: `charged` after adjustments, `paid` net of money given back, `given_up` written off."""

    charged_minor: int
    paid_minor: int = 0
    given_up_minor: int = 0
    held_minor: int = 0

    @property
    def open_minor(self) -> int:
        """Return what the customer still owes; below zero is a customer credit."""
        return self.charged_minor - self.paid_minor - self.given_up_minor

    def _moved(self, charged: int = 0, paid: int = 0, given_up: int = 0, held: int = 0) -> "Balance":
        return Balance(
            self.charged_minor + charged,
            self.paid_minor + paid,
            self.given_up_minor + given_up,
            self.held_minor + held,
        )

    def after(
        self, event: CashEvent, amount_minor: int, policy: ChargebackPolicy = ChargebackPolicy.ON_OPEN
    ) -> "Balance":
        """Return the balance after an event; `amount_minor` is what was processed, not what was asked (Y01)."""
        if amount_minor < 0:
            raise ValueError(f"{event.value} of {amount_minor} minor units; expected 0 or more")
        amount = amount_minor
        on_open = policy is ChargebackPolicy.ON_OPEN
        moved = {
            CashEvent.CAPTURE: (0, amount, 0, 0),
            CashEvent.CHARGEBACK: (0, -amount, 0, 0) if on_open else (0, 0, 0, amount),
            CashEvent.CHARGEBACK_REVERSAL: (0, amount, 0, 0) if on_open else (0, 0, 0, -amount),
            CashEvent.CHARGEBACK_LOST: (0, 0, 0, 0) if on_open else (0, -amount, 0, -amount),
            CashEvent.REFUND: (0, -amount, 0, 0),
            CashEvent.REFUND_WITH_ADJUSTMENT: (-amount, -amount, 0, 0),
            CashEvent.RETURN: (0, -amount, 0, 0),
            CashEvent.CREDIT: (-amount, 0, 0, 0),
            CashEvent.WRITE_OFF: (0, 0, amount, 0),
        }[event]
        return self._moved(*moved)


def discount_parts(discount_minor: int, net_minor: int, taxes_minor: Sequence[int]) -> tuple[int, tuple[int, ...]]:
    """Split an early-payment discount into its net part and its tax parts, in proportion (R05)."""
    net, *taxes = allocate(discount_minor, [net_minor, *taxes_minor])
    return net, tuple(taxes)


class ParentInvoice(msgspec.Struct, frozen=True, gc=False):
    """A consolidated invoice of a parent account: one item per child; a draft owes nothing (Y03)."""

    items_minor: tuple[int, ...]
    posted: bool = False
    paid_minor: int = 0

    @property
    def total_minor(self) -> int:
        """Return the sum of the children's items."""
        return sum(self.items_minor)

    @property
    def balance_minor(self) -> int:
        """Return what the parent owes: nothing while the invoice is a draft."""
        return self.total_minor - self.paid_minor if self.posted else 0

    def children_open(self) -> tuple[int, ...]:
        """Return what each child still owes: the payment, and the credits of other children, settle them in order."""
        left = self.paid_minor - sum(item for item in self.items_minor if item < 0)
        opens = []
        for item in self.items_minor:
            due = max(item, 0)
            part = min(due, left)
            opens.append(due - part)
            left -= part
        return tuple(opens)


def consolidate(children_minor: Iterable[int]) -> ParentInvoice:
    """Draft a parent's invoice from its children's totals."""
    return ParentInvoice(tuple(children_minor))
