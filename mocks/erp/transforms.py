"""Transforms: records made from other records, with what the body says in place of what they would copy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from mocks.erp.bodies import (
    CashSaleBody,
    DepositBody,
    FulfilmentBody,
    InvoiceBody,
    MemoBody,
    OrderBody,
    PaymentBody,
    Ref,
)
from mocks.erp.customers import CustomerRecord
from mocks.erp.drafts import lines_of
from mocks.erp.invoices import InvoiceRecord
from mocks.erp.model import Erp
from mocks.erp.order_records import OrderRecord
from mocks.erp.papers import Paper, Papers
from mocks.kernel.operations import Call

Make = Callable[[Erp, Any, Call], Any]


def _fulfil(erp: Erp, order: OrderRecord, call: Call) -> Any:
    body: FulfilmentBody = call.body
    return erp.fulfilments.create(order, body.externalId, body)


def _bill(erp: Erp, order: OrderRecord, call: Call) -> Any:
    return erp.invoices.create_from(order, call.body, call.txn)


def _sell(erp: Erp, order: OrderRecord, call: Call) -> Any:
    return erp.cash_sales.create_from(order, call.body, call.txn)


def _deposit(erp: Erp, order: OrderRecord, call: Call) -> Any:
    body: DepositBody = call.body
    filled = msgspec.structs.replace(
        body, customer=Ref(id=order.customer), salesOrder=Ref(id=order.doc.id),
        currency=Ref(refName=order.doc.currency),
    )  # fmt: skip
    return erp.payments.deposit(erp.payments.shelf.require_free(body.externalId), filled, call.txn)


def _authorise(erp: Erp, order: OrderRecord, call: Call) -> Any:
    erp.orders.require_billable(order)
    return erp.returns.create_from(order, call.body, call.txn)


def _pay(erp: Erp, invoice: InvoiceRecord, call: Call) -> Any:
    return erp.payments.create_for(invoice, call.body, call.txn)


def _credit(erp: Erp, invoice: InvoiceRecord, call: Call) -> Any:
    return erp.credit_memos.create_from(invoice, call.body, call.txn)


def _credit_return(erp: Erp, paper: Paper, call: Call) -> Any:
    """Credit what was authorised to be returned; of its order's invoice when there is exactly one."""
    erp.returns.require_usable(paper)
    body: MemoBody = call.body
    invoices = erp.invoices.of_order(paper.source)
    filled = msgspec.structs.replace(
        body, entity=Ref(id=paper.customer), currency=Ref(refName=paper.currency),
        item=lines_of(body.item, paper.lines, paper.currency),
        createdFrom=Ref(id=invoices[0]) if len(invoices) == 1 else None,
    )  # fmt: skip
    record = erp.credit_memos.create(filled, call.txn or paper.txn)
    erp.returns.use(paper)
    return record


def _order_of_customer(erp: Erp, customer: CustomerRecord, call: Call) -> Any:
    body: OrderBody = call.body
    return erp.orders.create(msgspec.structs.replace(body, entity=Ref(id=customer.id)), call.txn)


def _order_of(part: str) -> Make:
    def make(erp: Erp, paper: Paper, call: Call) -> Any:
        papers: Papers = getattr(erp, part)
        papers.require_usable(paper)
        order = erp.orders.create(_filled(paper, call.body), call.txn or paper.txn)
        papers.use(paper)
        return order

    return make


def _estimate(erp: Erp, paper: Paper, call: Call) -> Any:
    return erp.estimates.create(_filled(paper, call.body), call.txn or paper.txn)


def _filled(paper: Paper, body: OrderBody) -> OrderBody:
    return msgspec.structs.replace(
        body, entity=Ref(id=paper.customer), currency=Ref(refName=paper.currency),
        item=lines_of(body.item, paper.lines, paper.currency), memo=body.memo or paper.memo or None,
    )  # fmt: skip


TRANSFORMS: tuple[tuple[str, str, str, Make, Any], ...] = (
    ("transform_order", "salesOrder", "itemFulfillment", _fulfil, FulfilmentBody),
    ("transform_order_to_invoice", "salesOrder", "invoice", _bill, InvoiceBody),
    ("transform_order_to_cash_sale", "salesOrder", "cashSale", _sell, CashSaleBody),
    ("transform_order_to_deposit", "salesOrder", "customerDeposit", _deposit, DepositBody),
    ("transform_order_to_return", "salesOrder", "returnAuthorization", _authorise, OrderBody),
    ("transform_invoice_to_payment", "invoice", "customerPayment", _pay, PaymentBody),
    ("transform_invoice_to_credit_memo", "invoice", "creditMemo", _credit, MemoBody),
    ("transform_return_to_credit_memo", "returnAuthorization", "creditMemo", _credit_return, MemoBody),
    ("transform_customer_to_order", "customer", "salesOrder", _order_of_customer, OrderBody),
    ("transform_opportunity_to_estimate", "opportunity", "estimate", _estimate, OrderBody),
    ("transform_opportunity_to_order", "opportunity", "salesOrder", _order_of("opportunities"), OrderBody),
    ("transform_estimate_to_order", "estimate", "salesOrder", _order_of("estimates"), OrderBody),
)
"""Operation, source type, target type, what makes it, and the body that may override what is copied."""
