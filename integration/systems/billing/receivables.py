"""What is asked of the billing platform about money that came, went back, or will not come (Chargebee v2).

A payment is taken off an invoice (`remove_payment`) before what is unused of it can be recorded as given back; a credit
note that is refundable has its refund recorded on itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from integration.effects import Call
from integration.outcomes import Answer
from integration.systems.billing.calls import Fields, get, post
from integration.systems.billing.shapes import Balance
from integration.systems.wire import major_text, page_at, quoted, read, seconds_of_date

WRITE_OFF_REASON = "write_off"
REFUND_REASON = "customer_refund"
_REFUND = "Refund "


def read_money(invoice: str, txn: str) -> Call:
    """Ask for an invoice, to see what was paid of it, by which transactions."""
    return get(f"/invoices/{invoice}", txn, "read_invoice")


def read_transaction(transaction: str, txn: str) -> Call:
    """Ask for a payment as billing recorded it."""
    return get(f"/transactions/{transaction}", txn, "read_transaction")


def transactions_named(reference: str, txn: str) -> Call:
    """Ask for the payments and refunds that were recorded under a reference: the processor's id of them."""
    return get(f"/transactions?reference_number[is]={quoted(reference)}&limit=100", txn, "list_transactions")


def remove_payment(invoice: str, transaction: str, key: str, txn: str) -> Call:
    """Take a payment off a paid invoice: the invoice is due again, the payment is unused."""
    return post(f"/invoices/{invoice}/remove_payment", [("transaction[id]", transaction)], key, txn, "remove_payment")


def apply_payment(invoice: str, transaction: str, amount_minor: int, key: str, txn: str) -> Call:
    """Put what is unused of a payment, or a part of it, on an open invoice."""
    fields: Fields = [("transactions[id][0]", transaction), ("transactions[amount][0]", amount_minor)]
    return post(f"/invoices/{invoice}/apply_payments", fields, key, txn, "apply_payments")


def record_refund(
    transaction: str, amount_minor: int, reference: str, method: str, day: date, key: str, txn: str
) -> Call:
    """Record that what is unused of a payment went back; `method` is chargeback, direct_debit or other."""
    fields = _money(amount_minor, reference, method, day)
    return post(f"/transactions/{transaction}/record_refund", fields, key, txn, "record_transaction_refund")


def record_note_refund(note: str, amount_minor: int, reference: str, day: date, key: str, txn: str) -> Call:
    """Record that a refundable credit note was paid back to the customer."""
    fields = _money(amount_minor, reference, "other", day)
    return post(f"/credit_notes/{note}/record_refund", fields, key, txn, "record_refund")


def _money(amount_minor: int, reference: str, method: str, day: date) -> Fields:
    return [
        ("transaction[amount]", amount_minor),
        ("transaction[payment_method]", method),
        ("transaction[reference_number]", reference),
        ("transaction[date]", seconds_of_date(day)),
    ]


def credit_lines(
    invoice: str, lines: Sequence[tuple[str, int]], notes: str, key: str, txn: str, *, is_due: bool = False
) -> Call:
    """Credit amounts of lines of an invoice: (line, amount) each; of a paid one they are to be paid back."""
    fields: Fields = [
        ("reference_invoice_id", invoice),
        ("type", "adjustment" if is_due else "refundable"),
        ("reason_code", REFUND_REASON),
        ("total", sum(amount for _, amount in lines)),
        ("customer_notes", notes),
    ]
    for index, (line, amount_minor) in enumerate(lines):
        fields.append((f"line_items[reference_line_item_id][{index}]", line))
        fields.append((f"line_items[amount][{index}]", amount_minor))
    return post("/credit_notes", fields, key, txn, "create_credit_note")


def refund_note_of(request: str) -> str:
    """Return the remark by which the credit note of a refund is known."""
    return _REFUND + request


def is_of_refund(remark: str) -> bool:
    """Tell whether a credit note with a remark is of a refund: what it credits is on its way to be paid back."""
    return remark.startswith(_REFUND)


def use_credits(invoice: str, notes: Sequence[str], key: str, txn: str) -> Call:
    """Use what credit notes have left for what is due of an invoice, in their order."""
    fields: Fields = [(f"credit_notes[id][{index}]", note) for index, note in enumerate(notes)]
    return post(f"/invoices/{invoice}/apply_credits", fields, key, txn, "apply_credits")


def write_off(invoice: str, comment: str, key: str, txn: str) -> Call:
    """Give up what is due of an invoice."""
    return post(f"/invoices/{invoice}/write_off", [("comment", comment)], key, txn, "write_off_invoice")


def stop_dunning(invoice: str, comment: str, key: str, txn: str) -> Call:
    """Have billing's own reminders of an invoice stop."""
    return post(f"/invoices/{invoice}/stop_dunning", [("comment", comment)], key, txn, "stop_dunning")


def resume_dunning(invoice: str, comment: str, key: str, txn: str) -> Call:
    """Have billing's own reminders of an invoice go on."""
    return post(f"/invoices/{invoice}/resume_dunning", [("comment", comment)], key, txn, "resume_dunning")


def closed_between(first: date, last: date) -> Call:
    """Ask for the invoices made between two days (UTC), both included, a page of 100."""
    span = f"[{seconds_of_date(first)},{seconds_of_date(last) + 86_399}]"
    return get(f"/invoices?date[between]={quoted(span)}&limit=100", "", "list_invoices")


def changed_since(since_us: int) -> Call:
    """Ask for the invoices that changed since an instant, whenever they were made."""
    path = f"/invoices?updated_at[after]={since_us // 1_000_000}&limit=100&sort_by[asc]=updated_at"
    return get(path, "", "list_invoices")


# --- answers --------------------------------------------------------------------------------------------------------


class LinkedPayment(msgspec.Struct, frozen=True):
    """A payment that settles a part of an invoice."""

    txn_id: str
    applied_amount: int


class AppliedCredit(msgspec.Struct, frozen=True):
    """A credit note of which an invoice has used an amount since it was issued."""

    cn_id: str
    applied_amount: int


class Money(msgspec.Struct, frozen=True):
    """What an invoice owes and what settled it."""

    id: str
    customer_id: str
    status: str
    currency_code: str
    total: int
    amount_due: int
    date: int = 0
    generated_at: int = 0
    amount_paid: int = 0
    amount_adjusted: int = 0  # what credits took off it while it was due
    write_off_amount: int = 0
    business_entity_id: str = ""
    subscription_id: str = ""
    po_number: str = ""
    dunning_status: str = ""
    resource_version: int = 0  # it grows with every change
    linked_payments: list[LinkedPayment] = []
    applied_credits: list[AppliedCredit] = []

    @property
    def quote_reference(self) -> str:
        """The reference of the quote version it bills; empty when it was sold in another system."""
        return self.po_number if "-v" in self.po_number else ""

    @property
    def txn(self) -> str:
        """The business transaction it belongs to."""
        return self.subscription_id or self.id

    @property
    def balance(self) -> Balance:
        """What is open of it."""
        return Balance(self.id, self.resource_version, major_text(self.amount_due, self.currency_code))

    def credited_by(self, note: str) -> int:
        """Return how much of it a credit note has settled since it was issued."""
        return sum([row.applied_amount for row in self.applied_credits if row.cn_id == note])


class LinkedInvoice(msgspec.Struct, frozen=True):
    """An invoice of which a payment settles a part."""

    invoice_id: str
    applied_amount: int


class Transaction(msgspec.Struct, frozen=True):
    """A payment or refund as billing recorded it; `reference_number` is the processor's id."""

    id: str
    type: str
    amount: int
    reference_number: str = ""
    amount_unused: int = 0
    linked_invoices: list[LinkedInvoice] = []
    refunded_txn_id: str = ""  # the payment that a refund gave back

    def applied_to(self, invoice: str) -> int:
        """Return how much of a payment is on an invoice."""
        return sum([row.applied_amount for row in self.linked_invoices if row.invoice_id == invoice])


class _Money(msgspec.Struct):
    invoice: Money


class _Moneys(msgspec.Struct):
    rows: list[_Money] = msgspec.field(name="list")
    next_offset: str = ""


class _Transaction(msgspec.Struct):
    transaction: Transaction


class _Transactions(msgspec.Struct):
    rows: list[_Transaction] = msgspec.field(name="list")
    next_offset: str | None = None


_money_answer = msgspec.json.Decoder(_Money)
_moneys = msgspec.json.Decoder(_Moneys)
_transaction = msgspec.json.Decoder(_Transaction)
_transactions = msgspec.json.Decoder(_Transactions)


def money_of(answer: Answer) -> Money:
    """Return the invoice of an answer with its payments."""
    return read(answer, _money_answer).invoice


def page_of(answer: Answer) -> tuple[list[Money], str]:
    """Return the invoices of a page and where the next page begins (empty at the end)."""
    found = read(answer, _moneys)
    return [row.invoice for row in found.rows], found.next_offset


def changed_page(call: Call, answer: Answer) -> tuple[list[Money], Call | None]:
    """Return the invoices of a page of a list of them, and the call for the next page."""
    rows, following = page_of(answer)
    return rows, page_at(call, "offset", following) if following else None


def transaction_of(answer: Answer) -> Transaction:
    """Return the transaction of an answer."""
    return read(answer, _transaction).transaction


def transaction_page(call: Call, answer: Answer) -> tuple[list[Transaction], Call | None]:
    """Return the transactions of a page of a list of them, and the call for the next page."""
    found = read(answer, _transactions)
    following = page_at(call, "offset", found.next_offset) if found.next_offset else None
    return [row.transaction for row in found.rows], following
