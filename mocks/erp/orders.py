"""Sales orders: booked or held for credit, fulfilled, billed, closed.

The ERP's own life on the canonical chart, and the vendor's status id that shows it:

    submitted             A  pending approval: somebody must approve it (created with orderStatus A)
    credit_hold           A  pending approval because of credit
    booked                B  pending fulfilment (passes through submitted in the same instant)
    credit_hold_inflight  B  booked, but the customer is on hard hold: cannot be fulfilled
    in_fulfilment         B  passed through when the first fulfilment arrives
    partially_fulfilled   D
    fulfilled             F  pending billing
    billed                G
    closed                H
    cancelled             C  by way of cancelling and compensating
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import msgspec

from domain.calendar import local_date
from domain.charts import ORDER
from domain.charts.chart import IllegalTransition
from domain.objects import Order
from mocks.erp.bodies import OrderBody
from mocks.erp.catalogue import Catalogue, currency_of, invalid_reference
from mocks.erp.credit import HELD, Credit
from mocks.erp.customers import CustomerRecord, Customers
from mocks.erp.lines import check_total, read_lines, total_of
from mocks.erp.quirks import Quirks
from mocks.erp.references import ExternalIds, transaction_id, txn_of, version_of
from mocks.kernel.desk import Desk
from mocks.kernel.operations import Refusal

VENDOR_STATUS: Mapping[str, tuple[str, str, str]] = {
    "submitted": ("A", "pendingApproval", "Pending Approval"),
    "credit_hold": ("A", "pendingApproval", "Pending Approval"),
    "booked": ("B", "pendingFulfillment", "Pending Fulfillment"),
    "credit_hold_inflight": ("B", "pendingFulfillment", "Pending Fulfillment"),
    "in_fulfilment": ("B", "pendingFulfillment", "Pending Fulfillment"),
    "cancelled": ("C", "cancelled", "Cancelled"),
    "partially_fulfilled": ("D", "partiallyFulfilled", "Partially Fulfilled"),
    "fulfilled": ("F", "pendingBilling", "Pending Billing"),
    "billed": ("G", "fullyBilled", "Billed"),
    "closed": ("H", "closed", "Closed"),
}
"""Canonical status -> (orderStatus id, status id, name)."""

EDITABLE = frozenset({"submitted", "credit_hold", "booked"})
WAITING = frozenset({"submitted", "credit_hold"})
OPEN = EDITABLE | {"credit_hold_inflight"}


class OrderRecord(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An order and what only the ERP knows of it: fulfilled quantities and closed lines by position."""

    doc: Order
    customer: str
    memo: str = ""
    other_ref: str = ""
    done: tuple[int, ...]
    closed: frozenset[int] = frozenset()
    is_billed: bool = False
    created_us: int
    modified_us: int


class Orders:
    """The sales orders by internal and external id."""

    def __init__(self, desk: Desk, customers: Customers, credit: Credit, catalogue: Catalogue, quirks: Quirks) -> None:
        self._desk = desk
        self._customers = customers
        self._credit = credit
        self._catalogue = catalogue
        self._quirks = quirks
        self._ids = ExternalIds()
        self.records: dict[str, OrderRecord] = {}
        self._open: dict[str, dict[str, None]] = {}  # by customer: what a hold or its end concerns
        self._by_txn: dict[str, list[str]] = {}

    def find(self, name: str) -> OrderRecord | None:
        """Return the order named by `eid:...` or internal id."""
        return self.records.get(self._ids.internal(name))

    def of_txn(self, txn: str) -> list[OrderRecord]:
        """Return the orders of a business transaction."""
        return [self.records[key] for key in self._by_txn.get(txn, ())]

    # --- create and change ------------------------------------------------------------------------------------------

    def put(self, external_id: str, body: OrderBody, hint: str) -> OrderRecord:
        """Create the order or update it while nothing is fulfilled; a repetition changes nothing."""
        before = self.find(f"eid:{external_id}") if external_id and not self._quirks.loses_identity else None
        return self._create(external_id, body, hint) if before is None else self.update(before, body)

    def create(self, body: OrderBody, hint: str) -> OrderRecord:
        """Create an order; refuse an external id that is taken."""
        external_id = body.externalId or ""
        if external_id and self.find(f"eid:{external_id}") is not None:
            raise Refusal("duplicate", f"A sales order with the external id {external_id} exists.", "externalId")
        return self._create(external_id, body, hint)

    def _create(self, external_id: str, body: OrderBody, hint: str) -> OrderRecord:
        wanted = _approval(body)
        customer = self._customers.of(body.entity, "entity")
        draft = self._read(external_id, body, hint, customer)
        record = OrderRecord(
            doc=draft, customer=customer.id, memo=body.memo or "", other_ref=body.otherRefNum or "",
            done=(0,) * len(draft.lines), created_us=self._desk.now_us, modified_us=self._desk.now_us,
        )  # fmt: skip
        self._customers.used.add(customer.id)
        self._ids.add(external_id, draft.id)
        self._desk.book.know(external_id or draft.id, draft.txn)
        self._by_txn.setdefault(draft.txn, []).append(draft.id)
        if wanted and self._credit.holds_order(customer, draft.currency, exposed(draft)):
            record = self._save(record, "credit_hold")
            self._credit.wait(customer.id, draft.currency, exposed(draft))
        else:
            record = self._save(record, "submitted")
            if wanted:
                record = self._book(record)
        self._credit.review(customer.id, self.follow)
        self.follow(self._customers.records[customer.id])  # several currencies may round to "fits after all"
        return self.records[draft.id]

    def _read(self, external_id: str, body: OrderBody, hint: str, customer: CustomerRecord) -> Order:
        entity = self._catalogue.subsidiary(body.subsidiary).id if body.subsidiary else customer.entity
        if entity != customer.entity:
            raise invalid_reference(f"{entity} (the customer belongs to {customer.entity})", "subsidiary")
        currency = currency_of(body.currency) if body.currency else customer.currency
        lines = read_lines(body.item, currency, self._catalogue)
        total = total_of(lines)
        check_total(body.total, total, currency)
        today = local_date(self._desk.now_us, self._catalogue.subsidiaries[entity].zone)
        return Order(
            id=transaction_id(self._desk), ref=external_id, txn=txn_of(body, external_id, hint),
            version=version_of(external_id, body.memo or ""), number=f"SO{self._desk.next('sales_order'):06d}",
            customer=customer.account, entity=entity, currency=currency, kind=body.custbody_kind or "new",
            status="", lines=lines, total_minor=total, business_date=body.tranDate or today,
        )  # fmt: skip

    def update(self, before: OrderRecord, body: OrderBody) -> OrderRecord:
        """Change what the body gives, while nothing is fulfilled; the same content changes nothing."""
        wanted = _approval(body) if body.orderStatus is not None else False
        doc = before.doc
        if body.entity is not None and self._customers.of(body.entity, "entity").id != before.customer:
            raise Refusal("user_error", "The customer of an order cannot be changed.", "entity")
        if body.currency is not None and currency_of(body.currency) != doc.currency:
            raise Refusal("user_error", "The currency of an order cannot be changed.", "currency")
        if body.subsidiary is not None and self._catalogue.subsidiary(body.subsidiary).id != doc.entity:
            raise Refusal("user_error", "The subsidiary of an order cannot be changed.", "subsidiary")
        lines = read_lines(body.item, doc.currency, self._catalogue) if body.item is not None else doc.lines
        total = total_of(lines)
        check_total(body.total, total, doc.currency)
        after = msgspec.structs.replace(
            doc, lines=lines, total_minor=total, business_date=body.tranDate or doc.business_date,
            kind=body.custbody_kind or doc.kind,
        )  # fmt: skip
        record = msgspec.structs.replace(
            before, doc=after, memo=_kept(body.memo, before.memo), other_ref=_kept(body.otherRefNum, before.other_ref)
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
        if len(after.done) != len(after.doc.lines):
            after = msgspec.structs.replace(after, done=(0,) * len(after.doc.lines), closed=frozenset())
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
            self._credit.wait(record.customer, record.doc.currency, -exposed(record.doc))
            record = self._save(self._save(record, "validated"), "submitted")
        record = self._save(record, "booked")
        self._count(record, 1)
        return record

    def _count(self, record: OrderRecord, sign: int) -> None:
        """Add the order to its customer's balance or take it out (sign -1), wherever its status counts."""
        amount = sign * exposed(record.doc)
        if record.doc.status == "credit_hold":
            self._credit.wait(record.customer, record.doc.currency, amount)
        elif record.doc.status != "submitted" and not record.is_billed:
            self._credit.move(record.customer, record.doc.currency, unbilled=amount)

    def follow(self, customer: CustomerRecord) -> None:
        """Hold or release the open orders of a customer whose level has changed."""
        for key in list(self._open.get(customer.id, ())):
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
        if record.doc.status not in ("booked", "in_fulfilment", "partially_fulfilled"):
            name = VENDOR_STATUS[record.doc.status][2]
            hold = " (credit hold)" if record.doc.status.startswith("credit_hold") else ""
            raise Refusal("user_error", f"Sales order {record.doc.number} is {name}{hold}: nothing to fulfil.", "item")

    def fulfil(self, record: OrderRecord, quantities: Mapping[int, int]) -> None:
        """Take in fulfilled quantities by line position; the caller has checked them."""
        done = tuple([have + quantities.get(position, 0) for position, have in enumerate(record.done)])
        record = msgspec.structs.replace(record, done=done)
        if record.doc.status == "booked":
            record = self._save(record, "in_fulfilment")
        if any(remaining(record, position) for position in range(len(done))):
            self._save(record, "partially_fulfilled")
        else:
            self._fulfilled(record)

    def _fulfilled(self, record: OrderRecord) -> None:
        record = self._save(record, "fulfilled")
        if record.is_billed:
            self._save(record, "billed")

    def require_billable(self, record: OrderRecord) -> None:
        """Refuse an invoice from an order that is not approved or has been cancelled."""
        if record.doc.status in WAITING or record.doc.status in ("cancelled", "closed"):
            name = VENDOR_STATUS[record.doc.status][2]
            raise Refusal("user_error", f"Sales order {record.doc.number} is {name}: nothing to bill.", "createdFrom")

    def bill(self, record: OrderRecord) -> None:
        """Note that the order's first invoice is posted; its amount is no longer unbilled."""
        if record.is_billed or record.doc.status in WAITING or record.doc.status in ("cancelled", "closed"):
            return
        self._count(record, -1)
        record = msgspec.structs.replace(record, is_billed=True)
        self._save(record, "billed" if record.doc.status == "fulfilled" else record.doc.status)

    def close_lines(self, record: OrderRecord, positions: frozenset[int]) -> None:
        """Close lines: nothing more of them is fulfilled; with the last one the order is closed or cancelled."""
        record = msgspec.structs.replace(record, closed=record.closed | positions)
        if len(record.closed) == len(record.doc.lines):
            self.close(record)
            return
        status = record.doc.status
        is_done = not any(remaining(record, position) for position in range(len(record.done)))
        if is_done and status == "partially_fulfilled":
            self._fulfilled(record)
        else:
            self._save(record, status)

    def close(self, record: OrderRecord) -> None:
        """End the order's life: a billed one is closed, one not yet fulfilled is cancelled; raise when neither goes."""
        status = record.doc.status
        if status in ("cancelled", "closed"):
            return
        path = ("closed",) if status == "billed" else way(status, "cancelled")
        self._count(record, -1)
        for step in path:
            record = self._save(record, step)
        self._credit.review(record.customer, self.follow)

    def _save(self, record: OrderRecord, status: str) -> OrderRecord:
        doc = record.doc
        if doc.status != status:
            doc = msgspec.structs.replace(doc, status=status)
        record = msgspec.structs.replace(record, doc=doc, modified_us=self._desk.now_us)
        self._desk.book.put("order", doc.id, record, doc, status, doc.txn)
        self.records[doc.id] = record
        opened = self._open.setdefault(record.customer, {})
        if status in OPEN:
            opened[doc.id] = None
        else:
            opened.pop(doc.id, None)
        return record


def exposed(order: Order) -> int:
    """Return what the order adds to exposure: amendments nothing, they restate what the subscription bills anyway."""
    return 0 if order.kind == "amend" else order.total_minor


def remaining(record: OrderRecord, position: int) -> int:
    """Return the quantity of a line not yet fulfilled, 0 when the line is closed."""
    return 0 if position in record.closed else record.doc.lines[position].quantity - record.done[position]


def _approval(body: OrderBody) -> bool:
    """Tell whether the caller wants the order approved (B, the default) or pending (A)."""
    wanted = str(body.orderStatus.id or body.orderStatus.refName or "B") if body.orderStatus is not None else "B"
    if wanted not in ("A", "B", "Pending Approval", "Pending Fulfillment", "pendingApproval", "pendingFulfillment"):
        raise Refusal("user_error", f"An order cannot be saved with the status {wanted}.", "orderStatus")
    return wanted in ("B", "Pending Fulfillment", "pendingFulfillment")


def _kept(given: str | None, before: str) -> str:
    return before if given is None else given


@lru_cache(maxsize=256)
def way(source: str, target: str) -> tuple[str, ...]:
    """Return the states from source (not included) to target on the order chart; raise IllegalTransition if none."""
    if source not in ("submitted", "credit_hold", "credit_hold_inflight", "booked", "in_fulfilment",
                      "partially_fulfilled"):  # fmt: skip
        raise IllegalTransition(ORDER.name, source, target, ORDER.targets(source))
    paths: dict[str, tuple[str, ...]] = {source: ()}
    queue = [source]
    for state in queue:
        for follower in ORDER.targets(state):
            if follower not in paths:
                paths[follower] = (*paths[state], follower)
                queue.append(follower)
    return paths[target]
