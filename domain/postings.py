"""Postings say which accounts a business event moves: one pure function per event.

Amounts are minor units of the document currency; every entry balances or is refused. An order booking, a partner
resale margin and a seller's reverse charge post nothing.
"""

from collections.abc import Mapping
from enum import Enum

import msgspec

from domain.ledger import Account, Entry, Writer


class ChargebackPolicy(Enum):
    """When a chargeback raises the invoice balance again: when it opens (default, Y01) or only when it is lost."""

    ON_OPEN = "on_open"
    ON_LOST = "on_lost"


class Document(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What every posting needs to know: the legal entity, the document currency, and the causing id."""

    entity: str
    currency: str
    source: str = ""

    def write(self, event: str) -> Writer:
        """Begin the entry of one event."""
        return Writer(self.entity, event, self.currency, self.source)


def _net_and_tax(writer: Writer, account: Account, net_minor: int, taxes: Mapping[str, int]) -> None:
    writer.debit(account, net_minor)
    for jurisdiction, tax in taxes.items():
        writer.debit(Account.TAX_PAYABLE, tax, jurisdiction)


def invoice_posted(
    doc: Document, net_minor: int, taxes: Mapping[str, int], credit_to: Account = Account.DEFERRED_REVENUE
) -> Entry:
    """Post an invoice: AR gross against deferred revenue (advance), contract asset or revenue (arrears), and tax."""
    writer = doc.write("invoice_posted")
    writer.debit(Account.RECEIVABLE, net_minor + sum(taxes.values()))
    writer.credit(credit_to, net_minor)
    for jurisdiction, tax in taxes.items():
        writer.credit(Account.TAX_PAYABLE, tax, jurisdiction)
    return writer.entry()


def invoice_with_gross_discount(
    doc: Document, list_minor: int, discount_minor: int, taxes: Mapping[str, int], credit_to: Account = Account.REVENUE
) -> Entry:
    """Post an invoice whose discount shows gross: AR and discounts against the list price (R06)."""
    writer = doc.write("invoice_posted")
    writer.debit(Account.RECEIVABLE, list_minor - discount_minor + sum(taxes.values()))
    writer.debit(Account.DISCOUNTS, discount_minor)
    writer.credit(credit_to, list_minor)
    for jurisdiction, tax in taxes.items():
        writer.credit(Account.TAX_PAYABLE, tax, jurisdiction)
    return writer.entry()


def revenue_recognised(
    doc: Document, amount_minor: int, obligation: str = "", release: Account = Account.DEFERRED_REVENUE
) -> Entry:
    """Recognise a slice: deferred revenue (billed) or contract asset (not yet billed) against revenue."""
    writer = doc.write("revenue_recognised")
    writer.debit(release, amount_minor)
    writer.credit(Account.REVENUE, amount_minor, obligation)
    return writer.entry()


def card_captured(doc: Document, amount_minor: int) -> Entry:
    """Record a capture: the processor owes us, the customer no longer does."""
    writer = doc.write("card_captured")
    writer.debit(Account.PROCESSOR_CLEARING, amount_minor)
    writer.credit(Account.RECEIVABLE, amount_minor)
    return writer.entry()


def settled(doc: Document, gross_minor: int, fees_minor: int) -> Entry:
    """Record a payout: bank net and fees against the processor's clearing account."""
    writer = doc.write("settled")
    writer.debit(Account.BANK, gross_minor - fees_minor)
    writer.debit(Account.PROCESSOR_FEES, fees_minor)
    writer.credit(Account.PROCESSOR_CLEARING, gross_minor)
    return writer.entry()


def received_unmatched(doc: Document, amount_minor: int) -> Entry:
    """Record a wire or check that names no invoice: a liability until it is applied."""
    writer = doc.write("received_unmatched")
    writer.debit(Account.BANK, amount_minor)
    writer.credit(Account.UNAPPLIED_CASH, amount_minor)
    return writer.entry()


def applied(doc: Document, amount_minor: int) -> Entry:
    """Apply cash that was on account."""
    writer = doc.write("applied")
    writer.debit(Account.UNAPPLIED_CASH, amount_minor)
    writer.credit(Account.RECEIVABLE, amount_minor)
    return writer.entry()


def early_payment(
    doc: Document, received_minor: int, discount_net_minor: int, discount_taxes: Mapping[str, int]
) -> Entry:
    """Settle an invoice less an early-payment discount, split into its net and tax parts (R05)."""
    writer = doc.write("early_payment")
    writer.debit(Account.BANK, received_minor)
    _net_and_tax(writer, Account.DISCOUNTS, discount_net_minor, discount_taxes)
    writer.credit(Account.RECEIVABLE, received_minor + discount_net_minor + sum(discount_taxes.values()))
    return writer.entry()


def early_payment_in_base(
    entity: str, base_currency: str, receivable_minor: int, received_minor: int, discount_minor: int, source: str = ""
) -> Entry:
    """Settle a foreign invoice in base currency: what remains after bank and discount is exchange difference (R04).

    All amounts are base minor units; the receivable and the discount are at the invoice's rate.
    """
    writer = Writer(entity, "early_payment", base_currency, source)
    writer.debit(Account.BANK, received_minor)
    writer.debit(Account.DISCOUNTS, discount_minor)
    writer.debit(Account.REALISED_FX, receivable_minor - received_minor - discount_minor)
    writer.credit(Account.RECEIVABLE, receivable_minor)
    return writer.entry()


def received_in_currency(doc: Document, amount_minor: int, booked_base_minor: int, received_base_minor: int) -> Entry:
    """Receive a foreign payment: document amounts agree, the difference in base is realised (loss is a debit)."""
    writer = doc.write("received_in_currency")
    writer.debit(Account.BANK, amount_minor, base_minor=received_base_minor)
    writer.credit(Account.RECEIVABLE, amount_minor, base_minor=booked_base_minor)
    writer.debit(Account.REALISED_FX, 0, base_minor=booked_base_minor - received_base_minor)
    return writer.entry()


def revalued(doc: Document, booked_base_minor: int, closing_base_minor: int) -> tuple[Entry, Entry]:
    """Revalue open AR at the closing rate; return the month-end entry and its reversal of the next day."""
    writer = doc.write("revalued")
    difference = closing_base_minor - booked_base_minor
    writer.debit(Account.RECEIVABLE, 0, base_minor=difference)
    writer.credit(Account.UNREALISED_FX, 0, base_minor=difference)
    entry = writer.entry()
    return entry, entry.reversed("revaluation_reversed")


def credit_memo_posted(
    doc: Document, net_minor: int, taxes: Mapping[str, int], reduce: Account = Account.DEFERRED_REVENUE
) -> Entry:
    """Post a credit memo: deferred revenue (or revenue) and tax against AR, the mirror of its invoice."""
    writer = doc.write("credit_memo_posted")
    _net_and_tax(writer, reduce, net_minor, taxes)
    writer.credit(Account.RECEIVABLE, net_minor + sum(taxes.values()))
    return writer.entry()


def refunded(doc: Document, amount_minor: int, paid_from: Account = Account.PROCESSOR_CLEARING) -> Entry:
    """Refund without adjustment: the invoice is open again."""
    writer = doc.write("refunded")
    writer.debit(Account.RECEIVABLE, amount_minor)
    writer.credit(paid_from, amount_minor)
    return writer.entry()


def refunded_with_adjustment(
    doc: Document,
    net_minor: int,
    taxes: Mapping[str, int],
    reduce: Account = Account.DEFERRED_REVENUE,
    paid_from: Account = Account.PROCESSOR_CLEARING,
) -> Entry:
    """Refund with adjustment: invoice and cash fall together, AR does not move."""
    writer = doc.write("refunded_with_adjustment")
    _net_and_tax(writer, reduce, net_minor, taxes)
    writer.credit(paid_from, net_minor + sum(taxes.values()))
    return writer.entry()


def chargeback_opened(
    doc: Document, amount_minor: int, fee_minor: int = 0, policy: ChargebackPolicy = ChargebackPolicy.ON_OPEN
) -> Entry:
    """Record funds taken back by the processor, with its fee."""
    held = Account.RECEIVABLE if policy is ChargebackPolicy.ON_OPEN else Account.DISPUTED_FUNDS
    writer = doc.write("chargeback_opened")
    writer.debit(held, amount_minor)
    writer.debit(Account.PROCESSOR_FEES, fee_minor)
    writer.credit(Account.PROCESSOR_CLEARING, amount_minor + fee_minor)
    return writer.entry()


def chargeback_lost(
    doc: Document,
    amount_minor: int,
    policy: ChargebackPolicy = ChargebackPolicy.ON_OPEN,
    move_to: Account = Account.RECEIVABLE,
) -> Entry | None:
    """Close a lost dispute: nothing moves under ON_OPEN; under ON_LOST the held funds become AR or bad debt."""
    if policy is ChargebackPolicy.ON_OPEN:
        return None
    writer = doc.write("chargeback_lost")
    writer.debit(move_to, amount_minor)
    writer.credit(Account.DISPUTED_FUNDS, amount_minor)
    return writer.entry()


def chargeback_won(doc: Document, amount_minor: int, policy: ChargebackPolicy = ChargebackPolicy.ON_OPEN) -> Entry:
    """Record funds given back by the processor."""
    held = Account.RECEIVABLE if policy is ChargebackPolicy.ON_OPEN else Account.DISPUTED_FUNDS
    writer = doc.write("chargeback_won")
    writer.debit(Account.PROCESSOR_CLEARING, amount_minor)
    writer.credit(held, amount_minor)
    return writer.entry()


def debit_returned(doc: Document, amount_minor: int, taken_from: Account = Account.BANK) -> Entry:
    """Record an ACH or SEPA return: the customer owes again."""
    writer = doc.write("debit_returned")
    writer.debit(Account.RECEIVABLE, amount_minor)
    writer.credit(taken_from, amount_minor)
    return writer.entry()


def written_off(doc: Document, amount_minor: int) -> Entry:
    """Write off what will not be paid."""
    writer = doc.write("written_off")
    writer.debit(Account.BAD_DEBT, amount_minor)
    writer.credit(Account.RECEIVABLE, amount_minor)
    return writer.entry()


def intercompany(
    seller: str, deliverer: str, currency: str, amount_minor: int, source: str = ""
) -> tuple[Entry, Entry]:
    """Post a sale by one entity that another delivers: cost and payable there, receivable and revenue here."""
    selling = Writer(seller, "intercompany_cost", currency, source)
    selling.debit(Account.INTERCOMPANY_COST, amount_minor, deliverer)
    selling.credit(Account.INTERCOMPANY, amount_minor, deliverer)
    delivering = Writer(deliverer, "intercompany_revenue", currency, source)
    delivering.debit(Account.INTERCOMPANY, amount_minor, seller)
    delivering.credit(Account.REVENUE, amount_minor, f"intercompany {seller}")
    return selling.entry(), delivering.entry()


def commission_accrued(doc: Document, amount_minor: int, partner: str) -> Entry:
    """Accrue a referral commission."""
    writer = doc.write("commission_accrued")
    writer.debit(Account.PARTNER_COMMISSION, amount_minor, partner)
    writer.credit(Account.PARTNER_PAYABLE, amount_minor, partner)
    return writer.entry()
