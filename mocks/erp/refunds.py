"""Customer refunds: money given back from a credit memo or a payment; a payment's invoices are open again."""

from __future__ import annotations

from datetime import date

import msgspec

from domain.calendar import local_date
from domain.objects import Posting, Refund
from mocks.erp.amounts import minor
from mocks.erp.bodies import ApplyBody, RefundBody
from mocks.erp.cash import CashRecord, Payments, with_realised
from mocks.erp.catalogue import RECEIVABLE, Catalogue, invalid_reference
from mocks.erp.credit import Credit
from mocks.erp.credit_memos import CreditMemos, MemoRecord
from mocks.erp.customers import CustomerRecord, Customers
from mocks.erp.ledger import Ledger
from mocks.erp.orders import Orders
from mocks.erp.periods import Periods
from mocks.erp.rates import Rates
from mocks.erp.references import ExternalIds, key_of, transaction_id, txn_of
from mocks.kernel.desk import Desk
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

    def __init__(
        self, desk: Desk, catalogue: Catalogue, customers: Customers, credit: Credit, orders: Orders,
        memos: CreditMemos, payments: Payments, periods: Periods, rates: Rates, ledger: Ledger,
    ) -> None:  # fmt: skip
        self._desk = desk
        self._catalogue = catalogue
        self._customers = customers
        self._credit = credit
        self._orders = orders
        self._memos = memos
        self._payments = payments
        self._periods = periods
        self._rates = rates
        self._ledger = ledger
        self._ids = ExternalIds()
        self.records: dict[str, RefundRecord] = {}

    def find(self, name: str) -> RefundRecord | None:
        """Return the refund named by `eid:...` or internal id."""
        return self.records.get(self._ids.internal(name))

    def put(self, external_id: str, body: RefundBody, hint: str) -> RefundRecord:
        """Post the refund once; a repetition returns it, a changed amount or source is refused."""
        before = self.find(f"eid:{external_id}") if external_id else None
        if before is None:
            return self._create(external_id, body, hint)
        row = _only(body)
        source = self._source(row, self._customers.records[before.customer])
        amount = minor(row.amount, before.doc.currency, "apply") if row.amount is not None else before.doc.amount_minor
        if source.doc.id != before.doc.payment or amount != before.doc.amount_minor:
            raise Refusal("user_error", f"Refund {before.number} is posted and cannot be changed.", "apply")
        return before

    def _create(self, external_id: str, body: RefundBody, hint: str) -> RefundRecord:
        customer = self._customers.of(body.customer, "customer")
        row = _only(body)
        source = self._source(row, customer)
        currency, entity = source.doc.currency, source.doc.entity
        available = _available(source)
        amount = available if row.amount is None else minor(row.amount, currency, "apply.items[0].amount")
        if not 0 < amount <= available:
            detail = f"{available} minor units can be refunded, not {amount}."
            raise Refusal("user_error", detail, "apply.items[0].amount")
        subsidiary = self._catalogue.subsidiaries[entity]
        day = body.tranDate or local_date(self._desk.now_us, subsidiary.zone)
        slot = self._periods.slot(entity, day)
        rate = self._rates.require(currency, subsidiary.currency, slot.day)
        method = body.custbody_method or (source.method if isinstance(source, CashRecord) else None)
        account = self._payments.account_of(body.account, method, "account")
        txn = txn_of(body, external_id, hint) or source.doc.txn
        key = transaction_id(self._desk)
        doc = Refund(id=key, payment=source.doc.id, currency=currency, amount_minor=amount, status="posted")
        record = RefundRecord(
            doc=doc, external_id=external_id, customer=customer.id, entity=entity,
            number=f"RFND{self._desk.next('refund'):06d}", txn=txn, asked_date=day, created_us=self._desk.now_us,
            modified_us=self._desk.now_us,
        )  # fmt: skip
        self.records[key] = record
        self._ids.add(external_id, key)
        self._desk.book.know(external_id or key, txn)
        self._desk.book.put("refund", key, record, doc, "posted", txn)
        rows = [*self._give_back(source, amount), Posting(account, -amount, -rate.convert(amount))]
        self._ledger.post(f"refund/{key}", entity, currency, rate, slot, with_realised(rows), txn)
        self._credit.review(customer.id, self._orders.follow)
        return record

    def _source(self, row: ApplyBody, customer: CustomerRecord) -> MemoRecord | CashRecord:
        name = key_of(row.doc) if row.doc is not None else ""
        found = self._memos.find(name) or self._payments.find(name)
        if found is None or found.customer != customer.id:
            raise invalid_reference(name, "apply.items[0].doc")
        return found

    def _give_back(self, source: MemoRecord | CashRecord, amount: int) -> tuple[Posting, ...]:
        if isinstance(source, CashRecord):
            return self._payments.give_back(source.doc.id, amount)
        return (Posting(RECEIVABLE, amount, self._memos.refund(source.doc.id, amount)),)


def _available(source: MemoRecord | CashRecord) -> int:
    if isinstance(source, CashRecord):
        return source.doc.amount_minor - source.refunded_minor
    return source.doc.balance_minor


def _only(body: RefundBody) -> ApplyBody:
    rows = [row for row in body.apply.items if row.apply] if body.apply is not None else []
    if len(rows) != 1:
        raise Refusal("user_error", "A refund gives back from exactly one document.", "apply")
    return rows[0]
