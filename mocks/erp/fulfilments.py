"""Item fulfilments: what was delivered of an order."""

from __future__ import annotations

import msgspec

from domain.objects import Task
from mocks.erp.bodies import FulfilmentBody, LineBody
from mocks.erp.catalogue import invalid_reference
from mocks.erp.lines import whole
from mocks.erp.order_records import OrderRecord, remaining
from mocks.erp.orders import Orders
from mocks.erp.references import key_of, transaction_id
from mocks.erp.shelf import Shelf
from mocks.kernel.desk import Desk
from mocks.kernel.operations import Refusal


class FulfilmentRecord(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An item fulfilment: quantities by unit of its order."""

    doc: Task
    number: str
    order: str
    quantities: tuple[tuple[int, int], ...]
    created_us: int
    modified_us: int


class Fulfilments:
    """The item fulfilments by internal and external id."""

    def __init__(self, desk: Desk, orders: Orders) -> None:
        self._desk = desk
        self._orders = orders
        self.shelf: Shelf[FulfilmentRecord] = Shelf("item fulfilment", desk.tables)
        self.records = self.shelf.records

    def put(self, external_id: str, body: FulfilmentBody, _hint: str = "") -> FulfilmentRecord:
        """Create the fulfilment once; a repetition returns it, a fulfilment of another order is refused."""
        if body.createdFrom is None:
            raise Refusal("user_error", "Please enter value(s) for: Created From", "createdFrom")
        order = self._orders.shelf.find(key_of(body.createdFrom))
        if order is None:
            raise invalid_reference(body.createdFrom.externalId or body.createdFrom.id, "createdFrom")
        before = self.shelf.of_external(external_id)
        if before is None:
            return self.create(order, external_id, body)
        if before.order != order.doc.id:
            raise Refusal("user_error", "The order of a fulfilment cannot be changed.", "createdFrom")
        return before

    def create(self, order: OrderRecord, external_id: str | None, body: FulfilmentBody) -> FulfilmentRecord:
        """Fulfil the lines that are named, or all that is left; refuse more than was ordered."""
        external_id = self.shelf.require_free(external_id)
        self._orders.require_fulfillable(order)
        quantities = _quantities(order, body)
        key, now_us = transaction_id(self._desk), self._desk.now_us
        skus = tuple([order.units[index].sku for index in quantities])
        doc = Task(id=key, ref=external_id, txn=order.doc.txn, status="completed", skus=skus)
        record = FulfilmentRecord(
            doc=doc, number=f"IF{self._desk.next('item_fulfilment'):06d}", order=order.doc.id,
            quantities=tuple(quantities.items()), created_us=now_us, modified_us=now_us,
        )  # fmt: skip
        self.records[key] = record
        self.shelf.know(external_id, key)
        self._desk.book.know(external_id or key, doc.txn)
        self._desk.book.put("task", key, record, doc, "completed", doc.txn)
        self._orders.fulfil(order, quantities)
        return record


def _quantities(order: OrderRecord, body: FulfilmentBody) -> dict[int, int]:
    """Return the quantities to fulfil by unit of the order."""
    if body.item is None or not body.item.items:
        return {
            index: unit.quantity - done
            for index, (unit, done) in enumerate(zip(order.units, order.done, strict=True))
            if done < unit.quantity and unit.position not in order.closed
        }
    result: dict[int, int] = {}
    for number, row in enumerate(body.item.items):
        path = f"item.items[{number}]"
        units = _named(order, row, path)
        if not row.itemReceive:
            continue
        for index in units:
            left = remaining(order, index) - result.get(index, 0)
            quantity = left if row.quantity is None else _share(order, index, row, len(units), path)
            if not 0 <= quantity <= left:
                raise Refusal("user_error", f"Only {left} are left to fulfil, not {quantity}.", f"{path}.quantity")
            if quantity:
                result[index] = result.get(index, 0) + quantity
    if not result:
        raise Refusal("user_error", "You must enter at least one line item for this transaction.", "item")
    return result


def _named(order: OrderRecord, row: LineBody, path: str) -> list[int]:
    """Return the units a row means: those of its order line, or the one of them with its item."""
    wanted = str(row.orderLine if row.orderLine is not None else row.line)
    item = (row.item.externalId or row.item.refName or str(row.item.id or "")) if row.item is not None else ""
    units = [index for index, unit in enumerate(order.units) if order.doc.lines[unit.position].id == wanted]
    chosen = [index for index in units if order.units[index].sku == item] if len(units) > 1 else []
    if not units or (item and len(units) > 1 and not chosen):
        raise invalid_reference(row.orderLine or row.line, f"{path}.orderLine")
    return chosen or units


def _share(order: OrderRecord, index: int, row: LineBody, units: int, path: str) -> int:
    """Return the quantity of one unit a row asks for; that of a whole group counts for each of its components."""
    assert row.quantity is not None
    asked = whole(row.quantity, f"{path}.quantity")
    ordered = order.doc.lines[order.units[index].position].quantity
    return asked * order.units[index].quantity // ordered if units > 1 and ordered else asked
