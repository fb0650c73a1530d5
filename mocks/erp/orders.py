"""Sales orders: booked or held for credit, fulfilled, billed, closed (statuses: `order_status`).

An order is fulfilled in *units*: one per line, or one per component of a line that sells an item group, so that the
parts of a bundle can be delivered one by one. A line is billed as a whole, by quantity.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from domain.calendar import local_date
from domain.objects import Line, Order
from mocks.erp.bodies import LinesBody, OrderBody
from mocks.erp.catalogue import Catalogue, currency_of, invalid_reference
from mocks.erp.credit import HELD, Credit
from mocks.erp.customers import CustomerRecord, Customers
from mocks.erp.lines import check_total, read_lines
from mocks.erp.order_records import OrderRecord, Unit, billed_of, exposed, is_open
from mocks.erp.order_status import CLOSABLE, EDITABLE, FULFILLABLE, OPEN, OVER, VENDOR_STATUS, WAITING, approval, way
from mocks.erp.quirks import Quirks
from mocks.erp.references import transaction_id, txn_of, version_of
from mocks.erp.shelf import Shelf
from mocks.kernel.desk import Desk
from mocks.kernel.operations import Refusal
from mocks.kernel.tables import Listing, enlist, strike_off


class Orders:
    """The sales orders by internal and external id."""

    def __init__(self, desk: Desk, customers: Customers, credit: Credit, catalogue: Catalogue, quirks: Quirks) -> None:
        self._desk = desk
        self._customers = customers
        self._credit = credit
        self._catalogue = catalogue
        self._quirks = quirks
        self.shelf: Shelf[OrderRecord] = Shelf("sales order", desk.tables)
        self.records = self.shelf.records
        self._open: Listing = desk.tables.table()  # by customer: what a hold or its end concerns
        self._by_txn: Listing = desk.tables.table()

    def of_txn(self, txn: str) -> list[OrderRecord]:
        """Return the orders of a business transaction."""
        return [self.records[key] for key in self._by_txn.get(txn, ())]

    # --- create and change ------------------------------------------------------------------------------------------

    def put(self, external_id: str, body: OrderBody, hint: str) -> OrderRecord:
        """Create the order or update it while nothing is fulfilled; a repetition changes nothing."""
        before = None if self._quirks.loses_identity else self.shelf.of_external(external_id)
        return self._create(external_id, body, hint) if before is None else self.update(before, body)

    def create(self, body: OrderBody, hint: str) -> OrderRecord:
        """Create an order; refuse an external id that is taken."""
        return self._create(self.shelf.require_free(body.externalId), body, hint)

    def _create(self, external_id: str, body: OrderBody, hint: str) -> OrderRecord:
        wanted = approval(body)
        customer = self._customers.of(body.entity, "entity")
        draft = self._read(external_id, body, hint, customer)
        units = self._units(draft.lines, body.item)
        record = OrderRecord(
            doc=draft, customer=customer.id, memo=body.memo or "", other_ref=body.otherRefNum or "", units=units,
            done=(0,) * len(units), created_us=self._desk.now_us, modified_us=self._desk.now_us,
        )  # fmt: skip
        self._customers.used[customer.id] = None
        self.shelf.know(external_id, draft.id)
        self._desk.book.know(external_id or draft.id, draft.txn)
        enlist(self._by_txn, draft.txn, draft.id)
        amount = exposed(record)
        if wanted and self._credit.holds_order(customer, draft.currency, amount):
            self._save(record, "credit_hold")
            self._credit.move(customer.id, draft.currency, waiting=amount)
        else:
            record = self._save(record, "submitted")
            if wanted:
                self._book(record)
        self._credit.review(customer.id, self.follow)
        self.follow(self._customers.records[customer.id])  # several currencies may round to "fits after all"
        return self.records[draft.id]

    def _units(self, lines: tuple[Line, ...], body: LinesBody | None) -> tuple[Unit, ...]:
        """Return what is to be fulfilled: the components a line gives or its item group has, else the line itself."""
        rows = body.items if body is not None else ()
        units: list[Unit] = []
        for position, line in enumerate(lines):
            given = rows[position].components if position < len(rows) else None
            if given is not None and given.items:
                path = f"item.items[{position}].components"
                parts = tuple([(self._catalogue.item(row.item, path).sku, row.quantity) for row in given.items])
            else:
                parts = self._catalogue.skus[line.sku].components
            if parts:
                units += [Unit(position, sku, quantity * line.quantity) for sku, quantity in parts]
            else:
                units.append(Unit(position, line.sku, line.quantity))
        return tuple(units)

    def _read(self, external_id: str, body: OrderBody, hint: str, customer: CustomerRecord) -> Order:
        entity = self._catalogue.subsidiary(body.subsidiary).id if body.subsidiary else customer.entity
        if entity != customer.entity:
            raise invalid_reference(f"{entity} (the customer belongs to {customer.entity})", "subsidiary")
        currency = currency_of(body.currency) if body.currency else customer.currency
        lines = read_lines(body.item, currency, self._catalogue)
        total = sum([line.amount_minor for line in lines])
        check_total(body.total, total, currency)
        today = local_date(self._desk.now_us, self._catalogue.subsidiaries[entity].zone)
        return Order(
            id=transaction_id(self._desk), ref=external_id, txn=txn_of(body, external_id, hint),
            version=version_of(external_id, body.memo or ""), number=f"SO{self._desk.next('sales_order'):06d}",
            customer=customer.account, entity=entity, currency=currency, kind=body.custbody_kind or "new",
            status="", lines=lines, total_minor=total, business_date=body.tranDate or today,
            end_customer=body.custbody_end_customer or "",
        )  # fmt: skip

    def update(self, before: OrderRecord, body: OrderBody) -> OrderRecord:
        """Change what the body gives, while nothing is fulfilled; the same content changes nothing."""
        wanted = body.orderStatus is not None and approval(body)
        doc = before.doc
        if body.entity is not None and self._customers.of(body.entity, "entity").id != before.customer:
            raise Refusal("user_error", "The customer of an order cannot be changed.", "entity")
        if body.currency is not None and currency_of(body.currency) != doc.currency:
            raise Refusal("user_error", "The currency of an order cannot be changed.", "currency")
        if body.subsidiary is not None and self._catalogue.subsidiary(body.subsidiary).id != doc.entity:
            raise Refusal("user_error", "The subsidiary of an order cannot be changed.", "subsidiary")
        lines = read_lines(body.item, doc.currency, self._catalogue) if body.item is not None else doc.lines
        total = sum([line.amount_minor for line in lines])
        check_total(body.total, total, doc.currency)
        after = msgspec.structs.replace(
            doc, lines=lines, total_minor=total, business_date=body.tranDate or doc.business_date,
            kind=body.custbody_kind or doc.kind,
        )  # fmt: skip
        units = before.units if body.item is None else self._units(lines, body.item)
        closed = before.closed if len(lines) == len(doc.lines) else frozenset()
        record = msgspec.structs.replace(
            before, doc=after, units=units, done=before.done if len(units) == len(before.units) else (0,) * len(units),
            closed=closed, memo=_kept(body.memo, before.memo), other_ref=_kept(body.otherRefNum, before.other_ref),
        )  # fmt: skip
        if record != before:
            self._change(before, record)
        if wanted and self.records[doc.id].doc.status == "submitted":
            self.approve(self.records[doc.id])
        return self.records[doc.id]

    def _change(self, before: OrderRecord, after: OrderRecord) -> None:
        status = before.doc.status
        if status not in EDITABLE and after.doc != before.doc:
            name = VENDOR_STATUS[status][2]
            raise Refusal("user_error", f"Sales order {before.doc.number} is {name} and cannot be changed.", "item")
        self._count(before, -1)
        self._count(after, 1)
        self._save(after, status)
        self._credit.review(before.customer, self.follow)

    # --- credit -----------------------------------------------------------------------------------------------------

    def approve(self, record: OrderRecord) -> None:
        """Approve an order that waits for a person; the credit decision is taken now."""
        status = record.doc.status
        if status == "submitted" or (status == "credit_hold" and not self._is_held(record)):
            self._book(record)
        elif status == "credit_hold":
            raise Refusal("user_error", "The customer is on credit hold: the order cannot be approved.", "orderStatus")
        self._credit.review(record.customer, self.follow)

    def _is_held(self, record: OrderRecord) -> bool:
        return self._customers.records[record.customer].status in HELD

    def _book(self, record: OrderRecord) -> OrderRecord:
        if record.doc.status == "credit_hold":
            self._credit.move(record.customer, record.doc.currency, waiting=-exposed(record))
            record = self._save(self._save(record, "validated"), "submitted")
        record = self._save(record, "booked")
        self._count(record, 1)
        return record

    def _count(self, record: OrderRecord, sign: int) -> None:
        """Add the order to its customer's balance or take it out (sign -1), wherever its status counts."""
        amount = sign * exposed(record)
        if record.doc.status == "credit_hold":
            self._credit.move(record.customer, record.doc.currency, waiting=amount)
        elif record.doc.status != "submitted" and not record.is_billed:
            self._credit.move(record.customer, record.doc.currency, unbilled=amount)

    def follow(self, customer: CustomerRecord) -> None:
        """Hold or release the open orders of a customer whose level has changed."""
        for key in self._open.get(customer.id, ()):
            record = self.records[key]
            status = record.doc.status
            if status == "booked" and customer.status == "hard_hold":
                self._save(record, "credit_hold_inflight")
            elif status == "credit_hold_inflight" and customer.status != "hard_hold":
                self._save(record, "booked")
            elif status == "credit_hold" and customer.status not in HELD and self._quirks.releases_orders:
                self._book(record)

    # --- fulfil, bill, close ----------------------------------------------------------------------------------------

    def require_fulfillable(self, record: OrderRecord) -> None:
        """Refuse a fulfilment unless the order is booked and not wholly fulfilled."""
        if record.doc.status not in FULFILLABLE:
            name = VENDOR_STATUS[record.doc.status][2]
            hold = " (credit hold)" if record.doc.status.startswith("credit_hold") else ""
            raise Refusal("user_error", f"Sales order {record.doc.number} is {name}{hold}: nothing to fulfil.", "item")

    def fulfil(self, record: OrderRecord, quantities: Mapping[int, int]) -> None:
        """Take in fulfilled quantities by unit; the caller has checked them."""
        done = tuple([have + quantities.get(index, 0) for index, have in enumerate(record.done)])
        record = msgspec.structs.replace(record, done=done)
        if record.doc.status == "booked":
            record = self._save(record, "in_fulfilment")
        if is_open(record):
            self._save(record, "partially_fulfilled")
        else:
            self._fulfilled(record)

    def _fulfilled(self, record: OrderRecord) -> None:
        record = self._save(record, "fulfilled")
        if record.is_billed:
            self._save(record, "billed")

    def require_billable(self, record: OrderRecord) -> None:
        """Refuse an invoice from an order that is not approved or has been cancelled."""
        if record.doc.status in WAITING or record.doc.status in OVER:
            name = VENDOR_STATUS[record.doc.status][2]
            raise Refusal("user_error", f"Sales order {record.doc.number} is {name}: nothing to bill.", "createdFrom")

    def bill(self, record: OrderRecord) -> None:
        """Note that the order is billed by an invoice made elsewhere; its amount is no longer unbilled."""
        if record.is_billed or record.doc.status in WAITING or record.doc.status in OVER:
            return
        self._count(record, -1)
        record = msgspec.structs.replace(record, is_billed=True)
        self._save(record, "billed" if record.doc.status == "fulfilled" else record.doc.status)

    def bill_part(self, record: OrderRecord, quantities: Mapping[int, int], net_minor: int) -> None:
        """Note what an invoice made from the order bills, by line position; the last one bills the order."""
        billed = tuple([have + quantities.get(position, 0) for position, have in enumerate(billed_of(record))])
        if all(have >= line.quantity for have, line in zip(billed, record.doc.lines, strict=True)):
            self.bill(msgspec.structs.replace(record, billed=billed))
            return
        self._count(record, -1)
        part = min(net_minor, record.doc.total_minor - record.billed_minor)
        record = msgspec.structs.replace(record, billed=billed, billed_minor=record.billed_minor + part)
        self._count(record, 1)
        self._save(record, record.doc.status)

    def close_lines(self, record: OrderRecord, positions: frozenset[int]) -> None:
        """Close lines: nothing more of them is fulfilled; with the last one the order is closed or cancelled."""
        record = msgspec.structs.replace(record, closed=record.closed | positions)
        if len(record.closed) == len(record.doc.lines):
            self.close(record)
            return
        status = record.doc.status
        if not is_open(record) and status == "partially_fulfilled":
            self._fulfilled(record)
        else:
            self._save(record, status)

    def close(self, record: OrderRecord) -> None:
        """End the order's life: once it is fulfilled it is closed, billed or not, and before that it is cancelled.

        The vendor closes what is pending billing (help page "Closing a Sales Order"); then no invoice is made from it.
        """
        status = record.doc.status
        if status in OVER:
            return
        path = ("closed",) if status in CLOSABLE else way(status, "cancelled")
        self._count(record, -1)
        for step in path:
            record = self._save(record, step)
        self._credit.review(record.customer, self.follow)

    def remove(self, record: OrderRecord) -> None:
        """Delete an order of which nothing was fulfilled or billed: it is cancelled and then forgotten."""
        if any(record.done) or record.is_billed or record.billed_minor:
            raise Refusal("user_error", "This record cannot be deleted: there are records that depend on it.", "id")
        self.close(record)
        self.shelf.drop(record.doc.id, record.doc.ref)
        strike_off(self._by_txn, record.doc.txn, record.doc.id)

    def _save(self, record: OrderRecord, status: str) -> OrderRecord:
        doc = record.doc
        if doc.status != status:
            doc = msgspec.structs.replace(doc, status=status)
        record = msgspec.structs.replace(record, doc=doc, modified_us=self._desk.now_us)
        self._desk.book.put("order", doc.id, record, doc, status, doc.txn)
        self.records[doc.id] = record
        if (doc.id in self._open.get(record.customer, ())) != (status in OPEN):
            (enlist if status in OPEN else strike_off)(self._open, record.customer, doc.id)
        return record


def _kept(given: str | None, before: str) -> str:
    return before if given is None else given
