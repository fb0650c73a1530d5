"""Invoices: the billing platform makes them, the ERP posts them, and what is posted never changes.

Posting is one step: number from the gapless series of the entity, AR, deferred revenue or revenue, tax payable, the
revenue schedules, the customer's exposure and the order's billing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import msgspec

from domain.objects import Invoice
from mocks.erp.bodies import InvoiceBody
from mocks.erp.catalogue import currency_of, invalid_reference
from mocks.erp.drafts import Draft, bill_of, posting_rows, quantities_to_bill, read_draft
from mocks.erp.ledger import postings_of
from mocks.erp.lines import deferred_lines, read_lines, read_taxes
from mocks.erp.order_records import OrderRecord
from mocks.erp.quirks import Quirks
from mocks.erp.rates import Rate
from mocks.erp.references import key_of, named, transaction_id, txn_of
from mocks.erp.schedules import Schedules
from mocks.erp.shelf import Shelf
from mocks.erp.subledger import Subledger
from mocks.kernel.operations import Refusal
from mocks.kernel.tables import Listing, Table, enlist


class InvoiceRecord(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A posted invoice; `base_open_minor` is its open balance in base currency at the invoice's own rate."""

    doc: Invoice
    customer: str
    order: str = ""
    memo: str = ""
    other_ref: str = ""
    rate: Rate
    base_open_minor: int
    credited_net_minor: int = 0
    credited_tax_minor: int = 0
    asked_date: date
    created_us: int
    modified_us: int
    dispute: str = ""


class Invoices:
    """The posted invoices by internal and external id."""

    def __init__(self, books: Subledger, schedules: Schedules, quirks: Quirks) -> None:
        self._books = books
        self._schedules = schedules
        self._quirks = quirks
        self.shelf: Shelf[InvoiceRecord] = Shelf("invoice", books.desk.tables)
        self.records = self.shelf.records
        self._by_customer: Listing = books.desk.tables.table()
        self._by_order: Listing = books.desk.tables.table()
        self._open: Table[None] = books.desk.tables.table()

    def open(self) -> list[InvoiceRecord]:
        """Return all invoices with a balance, in the order of their creation."""
        return [self.records[key] for key in sorted(self._open, key=int)]

    def of_customer(self, customer: str) -> list[InvoiceRecord]:
        """Return a customer's invoices, in the order of their creation."""
        return [self.records[key] for key in self._by_customer.get(customer, ())]

    def open_of(self, customer: str) -> list[InvoiceRecord]:
        """Return the customer's invoices with a balance, oldest due first."""
        found = [record for record in self.of_customer(customer) if record.doc.balance_minor]
        return sorted(found, key=_due_then_id)

    def of_order(self, order: str) -> Sequence[str]:
        """Return the ids of the invoices made from an order."""
        return self._by_order.get(order, ())

    def put(self, external_id: str, body: InvoiceBody, hint: str) -> InvoiceRecord:
        """Post the invoice once; a repetition returns it, a changed body is refused."""
        before = None if self._quirks.loses_identity else self.shelf.of_external(external_id)
        if before is None:
            return self._create(external_id, body, hint)
        self.require_same(before, body)
        return before

    def create(self, body: InvoiceBody, hint: str) -> InvoiceRecord:
        """Post an invoice; refuse an external id that is taken."""
        return self._create(self.shelf.require_free(body.externalId), body, hint)

    def create_from(self, order: OrderRecord, body: InvoiceBody, hint: str) -> InvoiceRecord:
        """Post an invoice made from an order; what the body leaves out is the order's."""
        self._books.orders.require_billable(order)
        quantities = quantities_to_bill(order, body)
        external_id = self.shelf.require_free(body.externalId)
        return self._create(external_id, bill_of(order, body, quantities), hint or order.doc.txn, quantities)

    def _create(
        self, external_id: str, body: InvoiceBody, hint: str, quantities: Mapping[int, int] | None = None
    ) -> InvoiceRecord:
        draft = read_draft(self._books, body)
        customer = draft.header.customer.id
        order = self._order_of(body, customer)
        txn = txn_of(body, external_id, hint) or (order.doc.txn if order is not None else "")
        record = self.post(draft, external_id, body, order, txn)
        if order is not None and quantities is not None:
            self._books.orders.bill_part(order, quantities, draft.net_minor)
        else:
            self._bill_orders(order, txn, customer)
        self._books.review(customer)
        return record

    def _order_of(self, body: InvoiceBody, customer: str) -> OrderRecord | None:
        if body.createdFrom is None:
            return None
        orders = self._books.orders
        order = orders.shelf.find(key_of(body.createdFrom))
        if order is None or order.customer != customer:
            raise invalid_reference(body.createdFrom.externalId or body.createdFrom.id, "createdFrom")
        orders.require_billable(order)
        return order

    def _bill_orders(self, order: OrderRecord | None, txn: str, customer: str) -> None:
        """Mark the order the invoice was made from as billed; without one, those of the same business transaction."""
        orders = self._books.orders
        if order is not None:
            orders.bill(order)
        elif txn and self._quirks.bills_by_reference:
            for found in orders.of_txn(txn):
                if found.customer == customer:
                    orders.bill(found)

    def post(
        self, draft: Draft, external_id: str, body: InvoiceBody, order: OrderRecord | None, txn: str
    ) -> InvoiceRecord:
        """Write invoice, entry and schedules; the draft has been checked, so nothing can be refused any more."""
        books, header = self._books, draft.header
        customer, entity, rate, total = header.customer, header.entity, header.rate, draft.total_minor
        key, now_us = transaction_id(books.desk), books.desk.now_us
        due = body.dueDate or header.asked_date + timedelta(days=customer.terms_days)
        deferred = deferred_lines(draft.lines, books.catalogue)
        postings = postings_of(posting_rows(draft, deferred, books.catalogue), rate)
        doc = Invoice(
            id=key, ref=external_id, txn=txn, number=f"INV-{entity}-{books.desk.next(f'invoice/{entity}'):06d}",
            customer=customer.account, entity=entity, currency=header.currency, status="posted", lines=draft.lines,
            taxes=draft.taxes, net_minor=draft.net_minor, tax_minor=draft.tax_minor, total_minor=total,
            balance_minor=total, business_date=header.slot.day, due_date=due,
            subscription=body.custbody_subscription or "", rebills=body.custbody_rebills or "",
        )  # fmt: skip
        record = InvoiceRecord(
            doc=doc, customer=customer.id, order=order.doc.id if order is not None else "", memo=body.memo or "",
            other_ref=body.otherRefNum or "", rate=rate, base_open_minor=postings[0].base_minor if total else 0,
            asked_date=header.asked_date, created_us=now_us, modified_us=now_us,
        )  # fmt: skip
        books.enter(self.shelf, key, external_id, customer.id, txn)
        enlist(self._by_customer, customer.id, key)
        if record.order:
            enlist(self._by_order, record.order, key)
        self._save(record)
        books.ledger.post(f"invoice/{key}", entity, doc.currency, rate, header.slot, postings, txn)
        self._schedules.plan(doc, deferred, rate, 1)
        books.credit.move(customer.id, doc.currency, owed=total)
        if total:
            books.credit.note_due(customer.id, key, due)
        else:
            record = msgspec.structs.replace(record, doc=msgspec.structs.replace(doc, status="paid"))
            self._save(record)
        return record

    def require_same(self, before: InvoiceRecord, body: InvoiceBody) -> None:
        """Refuse a body that would change a posted invoice."""
        doc, books = before.doc, self._books
        same = (
            (body.entity is None or books.customers.of(body.entity, "entity").id == before.customer)
            and (body.item is None or read_lines(body.item, doc.currency, books.catalogue) == doc.lines)
            and (body.taxDetails is None or read_taxes(body.taxDetails, doc.currency) == doc.taxes)
            and body.tranDate in (None, before.asked_date)
            and body.dueDate in (None, doc.due_date)
            and (body.currency is None or currency_of(body.currency) == doc.currency)
            and (body.subsidiary is None or books.catalogue.subsidiary(body.subsidiary).id == doc.entity)
        )
        if not same:
            raise Refusal("user_error", f"Invoice {doc.number} is posted and cannot be changed: credit it.", "item")

    # --- balance ----------------------------------------------------------------------------------------------------

    def settle(self, key: str, amount_minor: int, is_lost: bool = False) -> int:
        """Take an amount off an invoice's balance; return what it was worth in base currency at the invoice's rate.

        `is_lost`: nobody paid it, it is given up.
        """
        record = self.records[key]
        doc = record.doc
        balance = doc.balance_minor - amount_minor
        assert balance >= 0, f"invoice {doc.number} is settled beyond its balance"
        base = record.rate.convert(amount_minor) if balance else record.base_open_minor
        status = "partially_paid" if balance else "written_off" if is_lost else "paid"
        self._rebalance(record, balance, record.base_open_minor - base, status)
        return base

    def reopen(self, key: str, amount_minor: int) -> int:
        """Put an amount back on an invoice whose payment was returned; return what it is worth in base currency."""
        record = self.records[key]
        base = record.rate.convert(amount_minor)
        balance = record.doc.balance_minor + amount_minor
        assert balance <= record.doc.total_minor, f"invoice {record.doc.number} is reopened beyond its total"
        was_paid = record.doc.status == "paid"
        status = "posted" if was_paid and balance == record.doc.total_minor else "partially_paid"
        self._rebalance(record, balance, record.base_open_minor + base, status)
        return base

    def _rebalance(self, record: InvoiceRecord, balance: int, base_open: int, status: str) -> None:
        change = balance - record.doc.balance_minor
        if record.dispute:
            if balance:
                status = "disputed"
            else:  # what is disputed is settled: the dispute is over first
                record = self._undisputed(record)
        doc = msgspec.structs.replace(record.doc, balance_minor=balance, status=status)
        now_us = self._books.desk.now_us
        self._save(msgspec.structs.replace(record, doc=doc, base_open_minor=base_open, modified_us=now_us))
        credit = self._books.credit
        credit.move(record.customer, doc.currency, owed=change)
        credit.note_due(record.customer, doc.id, doc.due_date if balance else None)

    # --- disputes by the customer -----------------------------------------------------------------------------------

    def change(self, before: InvoiceRecord, body: InvoiceBody) -> InvoiceRecord:
        """Note on an open invoice that its customer disputes it, or that it is settled (empty); refuse the rest."""
        self.require_same(before, body)
        said = body.custbody_dispute
        if said is None or said == before.dispute:
            return before
        if not said:
            return self._undisputed(before)
        if not before.doc.balance_minor:
            raise Refusal("user_error", f"Invoice {before.doc.number} is not open: nothing to dispute.", "status")
        doc = msgspec.structs.replace(before.doc, status="disputed")
        now_us = self._books.desk.now_us
        self._save(msgspec.structs.replace(before, doc=doc, dispute=said, modified_us=now_us))
        return self.records[doc.id]

    def _undisputed(self, record: InvoiceRecord) -> InvoiceRecord:
        doc = record.doc
        status = "posted" if doc.balance_minor == doc.total_minor else "partially_paid"
        doc = msgspec.structs.replace(doc, status=status)
        now_us = self._books.desk.now_us
        self._save(msgspec.structs.replace(record, doc=doc, dispute="", modified_us=now_us))
        return self.records[doc.id]

    def note_credit(self, key: str, net_minor: int, tax_minor: int) -> None:
        """Remember how much of an invoice credit memos have taken back."""
        record = self.records[key]
        self.records[key] = msgspec.structs.replace(
            record,
            credited_net_minor=record.credited_net_minor + net_minor,
            credited_tax_minor=record.credited_tax_minor + tax_minor,
        )

    def _save(self, record: InvoiceRecord) -> None:
        doc = record.doc
        self.records[doc.id] = record
        if doc.balance_minor > 0:
            self._open[doc.id] = None
        else:
            self._open.pop(doc.id, None)
        self._books.desk.book.put(
            "invoice", doc.id, record, named(doc, record.other_ref, record.memo), doc.status, doc.txn
        )


def _due_then_id(record: InvoiceRecord) -> tuple[date, int]:
    return record.doc.due_date, int(record.doc.id)
