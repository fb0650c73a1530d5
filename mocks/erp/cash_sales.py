"""Cash sales: an invoice and the payment of it in one record."""

from __future__ import annotations

import msgspec

from mocks.erp.bodies import CashSaleBody, InvoiceBody, PaymentBody
from mocks.erp.cash import Payments
from mocks.erp.invoices import InvoiceRecord, Invoices
from mocks.erp.order_records import OrderRecord
from mocks.erp.references import transaction_id
from mocks.erp.shelf import Shelf
from mocks.kernel.desk import Desk


class CashSale(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A cash sale: the ids of its invoice and its payment, which are ordinary records."""

    id: str
    external_id: str
    number: str
    customer: str
    invoice: str
    payment: str
    created_us: int
    modified_us: int


class CashSales:
    """The cash sales by internal and external id."""

    def __init__(self, desk: Desk, invoices: Invoices, payments: Payments) -> None:
        self._desk = desk
        self._invoices = invoices
        self._payments = payments
        self.shelf: Shelf[CashSale] = Shelf("cash sale", desk.tables)
        self.records = self.shelf.records

    def put(self, external_id: str, body: CashSaleBody, hint: str) -> CashSale:
        """Post the cash sale once; a repetition returns it, a changed body is refused."""
        before = self.shelf.of_external(external_id)
        if before is None:
            return self._create(external_id, body, hint)
        self._invoices.require_same(self._invoices.records[before.invoice], _invoice(body))
        return before

    def create(self, body: CashSaleBody, hint: str) -> CashSale:
        """Post a cash sale; refuse an external id that is taken."""
        return self._create(self.shelf.require_free(body.externalId), body, hint)

    def _create(self, external_id: str, body: CashSaleBody, hint: str) -> CashSale:
        self._payments.account_of(body.account, body.custbody_method, "account")
        return self._post(external_id, body, self._invoices.create(_invoice(body), hint), hint)

    def create_from(self, order: OrderRecord, body: CashSaleBody, hint: str) -> CashSale:
        """Post a cash sale made from an order; what the body leaves out is the order's."""
        external_id = self.shelf.require_free(body.externalId)
        self._payments.account_of(body.account, body.custbody_method, "account")
        return self._post(external_id, body, self._invoices.create_from(order, _invoice(body), hint), hint)

    def _post(self, external_id: str, body: CashSaleBody, sold: InvoiceRecord, hint: str) -> CashSale:
        paid = PaymentBody(account=body.account, custbody_method=body.custbody_method, tranDate=body.tranDate)
        payment = self._payments.create_for(sold, paid, hint).doc.id if sold.doc.balance_minor else ""
        now_us = self._desk.now_us
        record = CashSale(
            id=transaction_id(self._desk), external_id=external_id, number=f"CS{self._desk.next('cash_sale'):06d}",
            customer=sold.customer, invoice=sold.doc.id, payment=payment, created_us=now_us, modified_us=now_us,
        )  # fmt: skip
        self.records[record.id] = record
        self.shelf.know(external_id, record.id)
        self._desk.book.know(external_id or record.id, sold.doc.txn)
        self._desk.book.keep("cash_sale", record.id, record)
        return record


def _invoice(body: CashSaleBody) -> InvoiceBody:
    """Return the invoice within a cash sale; its external id stays with the sale."""
    return InvoiceBody(
        subsidiary=body.subsidiary, currency=body.currency, tranDate=body.tranDate, otherRefNum=body.otherRefNum,
        memo=body.memo, custbody_txn=body.custbody_txn, entity=body.entity, createdFrom=body.createdFrom,
        dueDate=body.tranDate, total=body.total, item=body.item, taxDetails=body.taxDetails,
    )  # fmt: skip
