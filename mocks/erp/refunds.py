"""Customer refunds: money given back from a credit memo or a payment; a payment's invoices are open again."""

from __future__ import annotations

from datetime import date

import msgspec

from domain.objects import Posting, Refund
from mocks.erp.amounts import minor
from mocks.erp.bodies import ApplyBody, Ref, RefundBody
from mocks.erp.cash import CashRecord, Payments
from mocks.erp.catalogue import RECEIVABLE, invalid_reference
from mocks.erp.credit_memos import CreditMemos, MemoRecord
from mocks.erp.customers import CustomerRecord
from mocks.erp.references import key_of, transaction_id, txn_of
from mocks.erp.shelf import Shelf
from mocks.erp.subledger import Subledger, with_realised
from mocks.kernel.operations import Refusal


class RefundRecord(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A refund and the document it gives back from."""

    doc: Refund
    external_id: str
    customer: str
    entity: str
    number: str
    txn: str
    asked_date: date
    created_us: int
    modified_us: int


class Refunds:
    """The customer refunds by internal and external id."""

    def __init__(self, books: Subledger, memos: CreditMemos, payments: Payments) -> None:
        self._books = books
        self._memos = memos
        self._payments = payments
        self.shelf: Shelf[RefundRecord] = Shelf("customer refund", books.desk.tables)
        self.records = self.shelf.records

    def put(self, external_id: str, body: RefundBody, hint: str) -> RefundRecord:
        """Post the refund once; a repetition returns it, a changed amount or source is refused."""
        before = self.shelf.of_external(external_id)
        if before is None:
            return self._create(external_id, body, hint)
        row = _only(body)
        source = self._source(row, self._books.customers.records[before.customer])
        amount = minor(row.amount, before.doc.currency, "apply") if row.amount is not None else before.doc.amount_minor
        if source.doc.id != before.doc.payment or amount != before.doc.amount_minor:
            raise Refusal("user_error", f"Refund {before.number} is posted and cannot be changed.", "apply")
        return before

    def create(self, body: RefundBody, hint: str) -> RefundRecord:
        """Post a refund; refuse an external id that is taken."""
        return self._create(self.shelf.require_free(body.externalId), body, hint)

    def _create(self, external_id: str, body: RefundBody, hint: str) -> RefundRecord:
        books, row = self._books, _only(body)
        source = self._source(row, books.customers.of(body.customer, "customer"))
        amount = _asked(row, source)
        currency = source.doc.currency
        header = books.header(body.customer, "customer", _in_currency(body, currency))
        method = body.custbody_method or (source.method if isinstance(source, CashRecord) else None)
        account = self._payments.account_of(body.account, method, "account")
        txn = txn_of(body, external_id, hint) or source.doc.txn
        key, now_us = transaction_id(books.desk), books.desk.now_us
        doc = Refund(id=key, payment=source.doc.id, currency=currency, amount_minor=amount, status="posted")
        record = RefundRecord(
            doc=doc, external_id=external_id, customer=header.customer.id, entity=header.entity,
            number=f"RFND{books.desk.next('refund'):06d}", txn=txn, asked_date=header.asked_date, created_us=now_us,
            modified_us=now_us,
        )  # fmt: skip
        self.records[key] = record
        books.enter(self.shelf, key, external_id, header.customer.id, txn)
        books.desk.book.put("refund", key, record, doc, "posted", txn)
        rows = [*self._give_back(source, amount), Posting(account, -amount, -header.rate.convert(amount))]
        books.ledger.post(f"refund/{key}", header.entity, currency, header.rate, header.slot, with_realised(rows), txn)
        books.review(header.customer.id)
        return record

    def _source(self, row: ApplyBody, customer: CustomerRecord) -> MemoRecord | CashRecord:
        name = key_of(row.doc) if row.doc is not None else ""
        found = self._memos.shelf.find(name) or self._payments.shelf.find(name)
        if found is None or found.customer != customer.id:
            raise invalid_reference(name, "apply.items[0].doc")
        return found

    def _give_back(self, source: MemoRecord | CashRecord, amount: int) -> tuple[Posting, ...]:
        if isinstance(source, CashRecord):
            return self._payments.give_back(source.doc.id, amount)
        return (Posting(RECEIVABLE, amount, self._memos.refund(source.doc.id, amount)),)


def _in_currency(body: RefundBody, currency: str) -> RefundBody:
    """Return the body in the currency of the document it gives back from."""
    return msgspec.structs.replace(body, currency=Ref(refName=currency), subsidiary=None)


def _asked(row: ApplyBody, source: MemoRecord | CashRecord) -> int:
    available = _available(source)
    path = "apply.items[0].amount"
    amount = available if row.amount is None else minor(row.amount, source.doc.currency, path)
    if not 0 < amount <= available:
        raise Refusal("user_error", f"{available} minor units can be refunded, not {amount}.", path)
    return amount


def _available(source: MemoRecord | CashRecord) -> int:
    if isinstance(source, CashRecord):
        return source.doc.amount_minor - source.refunded_minor
    return source.doc.balance_minor


def _only(body: RefundBody) -> ApplyBody:
    rows = [row for row in body.apply.items if row.apply] if body.apply is not None else []
    if len(rows) != 1:
        raise Refusal("user_error", "A refund gives back from exactly one document.", "apply")
    return rows[0]
