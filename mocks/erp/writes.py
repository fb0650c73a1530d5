"""The writes: each reads its parameters, asks the model and answers with the address of the record."""

from __future__ import annotations

from domain.http import Reply
from mocks.erp.addresses import RECORDS, address
from mocks.erp.addresses import found as _found
from mocks.erp.bodies import FulfilmentBody, OrderBody, PaymentBody
from mocks.erp.catalogue import invalid_reference
from mocks.erp.customers import CustomerRecord
from mocks.erp.model import Erp
from mocks.erp.orders import OrderRecord
from mocks.kernel.codec import encode_json
from mocks.kernel.operations import Call, Refusal


def _created(call: Call, kind: str, key: str) -> Reply:
    return Reply(204, {"location": address(call, f"{RECORDS}/{kind}/{key}")})


def _external(call: Call) -> str:
    name = call.params["id"]
    if not name.startswith("eid:") or len(name) == 4:
        raise Refusal("invalid_content", "PUT needs an external id in the address: eid:<external id>.", "id")
    return name[4:]


def token(erp: Erp, call: Call) -> Reply:
    """Issue an access token."""
    body = {
        "access_token": erp.tokens.issue(call.body),
        "refresh_token": None,
        "expires_in": str(erp.quirks.token_seconds),
        "token_type": "bearer",
    }
    return Reply(200, {"content-type": "application/json"}, encode_json(body))


def put_customer(erp: Erp, call: Call) -> Reply:
    """Create or update the customer of an external id."""
    return _created(call, "customer", erp.customers.put(_external(call), call.body).id)


def post_customer(erp: Erp, call: Call) -> Reply:
    """Create a customer."""
    return _created(call, "customer", erp.customers.create(call.body).id)


def patch_customer(erp: Erp, call: Call) -> Reply:
    """Change a customer."""
    record: CustomerRecord = _found(erp.customers, call, "customer")
    return _created(call, "customer", erp.customers.change(record, call.body).id)


def put_order(erp: Erp, call: Call) -> Reply:
    """Create or update the sales order of an external id."""
    return _created(call, "salesOrder", erp.orders.put(_external(call), call.body, call.txn).doc.id)


def post_order(erp: Erp, call: Call) -> Reply:
    """Create a sales order."""
    return _created(call, "salesOrder", erp.orders.create(call.body, call.txn).doc.id)


def patch_order(erp: Erp, call: Call) -> Reply:
    """Approve, close or cancel an order, close lines of it, or change its header."""
    record: OrderRecord = _found(erp.orders, call, "salesOrder")
    body: OrderBody = call.body
    wanted = str(body.orderStatus.id or body.orderStatus.refName) if body.orderStatus is not None else ""
    if wanted in ("C", "H"):
        erp.orders.close(record)
    elif wanted in ("A", "B"):
        if wanted == "B":
            erp.orders.approve(record)
    elif wanted:
        raise Refusal("user_error", f"An order cannot be given the status {wanted}.", "orderStatus")
    elif body.item is not None and body.item.items and all(line.isClosed for line in body.item.items):
        erp.orders.close_lines(record, _positions(record, body))
    else:
        erp.orders.update(record, body)
    return _created(call, "salesOrder", record.doc.id)


def _positions(record: OrderRecord, body: OrderBody) -> frozenset[int]:
    by_line = {line.id: position for position, line in enumerate(record.doc.lines)}
    assert body.item is not None
    positions = set()
    for index, line in enumerate(body.item.items):
        position = by_line.get(str(line.line if line.line is not None else line.orderLine))
        if position is None:
            raise invalid_reference(line.line, f"item.items[{index}].line")
        positions.add(position)
    return frozenset(positions)


def put_fulfilment(erp: Erp, call: Call) -> Reply:
    """Record the item fulfilment of an external id."""
    return _created(call, "itemFulfillment", erp.fulfilments.put(_external(call), call.body).doc.id)


def transform_fulfilment(erp: Erp, call: Call) -> Reply:
    """Fulfil a sales order."""
    order = _found(erp.orders, call, "salesOrder")
    body: FulfilmentBody = call.body
    record = erp.fulfilments.create(order, body.externalId, body)
    return _created(call, "itemFulfillment", record.doc.id)


def transform_invoice(erp: Erp, call: Call) -> Reply:
    """Bill a sales order; lines that are not given are the order's."""
    order = _found(erp.orders, call, "salesOrder")
    record = erp.invoices.create_from(order, call.body, call.txn)
    return _created(call, "invoice", record.doc.id)


def put_invoice(erp: Erp, call: Call) -> Reply:
    """Post the invoice of an external id."""
    return _created(call, "invoice", erp.invoices.put(_external(call), call.body, call.txn).doc.id)


def post_invoice(erp: Erp, call: Call) -> Reply:
    """Post an invoice."""
    return _created(call, "invoice", erp.invoices.create(call.body, call.txn).doc.id)


def put_credit_memo(erp: Erp, call: Call) -> Reply:
    """Post the credit memo of an external id."""
    return _created(call, "creditMemo", erp.credit_memos.put(_external(call), call.body, call.txn).doc.id)


def post_credit_memo(erp: Erp, call: Call) -> Reply:
    """Post a credit memo."""
    return _created(call, "creditMemo", erp.credit_memos.create(call.body, call.txn).doc.id)


def put_payment(erp: Erp, call: Call) -> Reply:
    """Post the customer payment of an external id, or apply more of it."""
    return _created(call, "customerPayment", erp.payments.put(_external(call), call.body, call.txn).doc.id)


def post_payment(erp: Erp, call: Call) -> Reply:
    """Post a customer payment."""
    return _created(call, "customerPayment", erp.payments.create(call.body, call.txn).doc.id)


def patch_payment(erp: Erp, call: Call) -> Reply:
    """Apply more of a payment."""
    record = _found(erp.payments, call, "customerPayment")
    return _created(call, "customerPayment", erp.payments.change(record, call.body).doc.id)


def transform_payment(erp: Erp, call: Call) -> Reply:
    """Pay an invoice: its whole balance unless the body says otherwise."""
    invoice = _found(erp.invoices, call, "invoice")
    body: PaymentBody = call.body
    record = erp.payments.create_for(invoice, body, call.txn)
    return _created(call, "customerPayment", record.doc.id)


def put_refund(erp: Erp, call: Call) -> Reply:
    """Post the customer refund of an external id."""
    return _created(call, "customerRefund", erp.refunds.put(_external(call), call.body, call.txn).doc.id)


def put_journal(erp: Erp, call: Call) -> Reply:
    """Post the journal entry of an external id."""
    return _created(call, "journalEntry", erp.journals.put(_external(call), call.body, call.txn).id)


def post_journal(erp: Erp, call: Call) -> Reply:
    """Post a journal entry."""
    return _created(call, "journalEntry", erp.journals.create(call.body, call.txn).id)
