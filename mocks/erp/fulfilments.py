"""Item fulfilments: what was delivered of an order."""

from __future__ import annotations

import msgspec

from domain.objects import Task
from mocks.erp.amounts import whole
from mocks.erp.bodies import FulfilmentBody
from mocks.erp.catalogue import invalid_reference
from mocks.erp.orders import OrderRecord, Orders, remaining
from mocks.erp.references import ExternalIds, key_of, transaction_id
from mocks.kernel.desk import Desk
from mocks.kernel.operations import Refusal


class FulfilmentRecord(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An item fulfilment: quantities by line position of its order."""

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
        self._ids = ExternalIds()
        self.records: dict[str, FulfilmentRecord] = {}

    def find(self, name: str) -> FulfilmentRecord | None:
        """Return the fulfilment named by `eid:...` or internal id."""
        return self.records.get(self._ids.internal(name))

    def put(self, external_id: str, body: FulfilmentBody) -> FulfilmentRecord:
        """Create the fulfilment once; a repetition returns it, a fulfilment of another order is refused."""
        if body.createdFrom is None:
            raise Refusal("user_error", "Please enter value(s) for: Created From", "createdFrom")
        order = self._orders.find(key_of(body.createdFrom))
        if order is None:
            raise invalid_reference(body.createdFrom.externalId or body.createdFrom.id, "createdFrom")
        before = self.find(f"eid:{external_id}")
        if before is None:
            return self.create(order, external_id, body)
        if before.order != order.doc.id:
            raise Refusal("user_error", "The order of a fulfilment cannot be changed.", "createdFrom")
        return before

    def create(self, order: OrderRecord, external_id: str, body: FulfilmentBody) -> FulfilmentRecord:
        """Fulfil the lines that are named, or all that is left; refuse more than was ordered."""
        if external_id and self.find(f"eid:{external_id}") is not None:
            raise Refusal("duplicate", f"An item fulfilment with the external id {external_id} exists.", "externalId")
        self._orders.require_fulfillable(order)
        quantities = _quantities(order, body)
        key = transaction_id(self._desk)
        skus = tuple([order.doc.lines[position].sku for position in quantities])
        doc = Task(id=key, ref=external_id, txn=order.doc.txn, status="completed", skus=skus)
        record = FulfilmentRecord(
            doc=doc, number=f"IF{self._desk.next('item_fulfilment'):06d}", order=order.doc.id,
            quantities=tuple(quantities.items()), created_us=self._desk.now_us, modified_us=self._desk.now_us,
        )  # fmt: skip
        self.records[key] = record
        self._ids.add(external_id, key)
        self._desk.book.know(external_id or key, doc.txn)
        self._desk.book.put("task", key, record, doc, "completed", doc.txn)
        self._orders.fulfil(order, quantities)
        return record


def _quantities(order: OrderRecord, body: FulfilmentBody) -> dict[int, int]:
    if body.item is None or not body.item.items:
        everything = {position: remaining(order, position) for position in range(len(order.done))}
        return {position: quantity for position, quantity in everything.items() if quantity}
    positions = {line.id: position for position, line in enumerate(order.doc.lines)}
    result: dict[int, int] = {}
    for index, row in enumerate(body.item.items):
        path = f"item.items[{index}]"
        position = positions.get(str(row.orderLine if row.orderLine is not None else row.line))
        if position is None:
            raise invalid_reference(row.orderLine or row.line, f"{path}.orderLine")
        left = remaining(order, position) - result.get(position, 0)
        quantity = whole(row.quantity, f"{path}.quantity") if row.quantity is not None else left
        if row.itemReceive and not 0 <= quantity <= left:
            raise Refusal("user_error", f"Only {left} are left to fulfil, not {quantity}.", f"{path}.quantity")
        if row.itemReceive and quantity:
            result[position] = result.get(position, 0) + quantity
    if not result:
        raise Refusal("user_error", "You must enter at least one line item for this transaction.", "item")
    return result
