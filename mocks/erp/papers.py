"""Sales documents that move no money: opportunities and estimates before an order, return authorisations after it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import msgspec

from domain.calendar import local_date
from domain.objects import Line
from mocks.erp.bodies import OrderBody, Ref
from mocks.erp.catalogue import Catalogue, currency_of, invalid_reference
from mocks.erp.customers import Customers
from mocks.erp.drafts import lines_of
from mocks.erp.lines import check_total, read_lines
from mocks.erp.order_records import OrderRecord
from mocks.erp.references import transaction_id, txn_of
from mocks.erp.shelf import Shelf
from mocks.kernel.desk import Desk
from mocks.kernel.operations import Refusal

STATUS_NAMES: Mapping[str, Mapping[str, str]] = {
    "opportunity": {"A": "In Progress", "C": "Closed - Won"},
    "estimate": {"A": "Open", "B": "Processed"},
    "returnAuthorization": {"F": "Pending Refund", "G": "Refunded"},
}
"""Record type -> its statuses: the first for a new one, the second for one that has been used up."""
_PREFIXES = {"opportunity": "OPP", "estimate": "EST", "returnAuthorization": "RMA"}


class Paper(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An estimate, opportunity or return authorisation; `source` is the order it was made from."""

    id: str
    kind: str
    external_id: str
    txn: str
    number: str
    customer: str
    entity: str
    currency: str
    lines: tuple[Line, ...]
    total_minor: int
    status: str
    day: date
    source: str = ""
    memo: str = ""
    title: str = ""
    created_us: int
    modified_us: int


class Papers:
    """The papers of one kind by internal and external id."""

    def __init__(self, kind: str, desk: Desk, customers: Customers, catalogue: Catalogue) -> None:
        self.kind = kind
        self._desk = desk
        self._customers = customers
        self._catalogue = catalogue
        self.shelf: Shelf[Paper] = Shelf(kind, desk.tables)
        self.records = self.shelf.records

    def put(self, external_id: str, body: OrderBody, hint: str) -> Paper:
        """Write the paper or bring it up to date."""
        before = self.shelf.of_external(external_id)
        return self._create(external_id, body, hint) if before is None else self.change(before, body)

    def create(self, body: OrderBody, hint: str) -> Paper:
        """Write a paper; refuse an external id that is taken."""
        return self._create(self.shelf.require_free(body.externalId), body, hint)

    def create_from(self, order: OrderRecord, body: OrderBody, hint: str) -> Paper:
        """Write a paper made from an order, such as the authorisation to return what it sold."""
        filled = msgspec.structs.replace(
            body, entity=Ref(id=order.customer), currency=Ref(refName=order.doc.currency),
            item=lines_of(body.item, order.doc.lines, order.doc.currency), createdFrom=Ref(id=order.doc.id),
        )  # fmt: skip
        external_id = self.shelf.require_free(body.externalId)
        return self._create(external_id, filled, hint or order.doc.txn, order.doc.id)

    def _create(self, external_id: str, body: OrderBody, hint: str, source: str = "") -> Paper:
        customer = self._customers.of(body.entity, "entity")
        currency = currency_of(body.currency) if body.currency else customer.currency
        if body.subsidiary is not None and self._catalogue.subsidiary(body.subsidiary).id != customer.entity:
            raise invalid_reference(self._catalogue.subsidiary(body.subsidiary).id, "subsidiary")
        lines = self._lines(body, currency)
        zone, now_us = self._catalogue.subsidiaries[customer.entity].zone, self._desk.now_us
        record = Paper(
            id=transaction_id(self._desk), kind=self.kind, external_id=external_id,
            txn=txn_of(body, external_id, hint), number=f"{_PREFIXES[self.kind]}{self._desk.next(self.kind):06d}",
            customer=customer.id, entity=customer.entity, currency=currency, lines=lines,
            total_minor=sum([line.amount_minor for line in lines]), status=next(iter(STATUS_NAMES[self.kind])),
            day=body.tranDate or local_date(now_us, zone), source=source, memo=body.memo or "",
            title=body.title or "", created_us=now_us, modified_us=now_us,
        )  # fmt: skip
        check_total(body.total, record.total_minor, currency)
        self._customers.used[customer.id] = None
        self.shelf.know(external_id, record.id)
        self._desk.book.know(external_id or record.id, record.txn)
        return self._keep(record)

    def _lines(self, body: OrderBody, currency: str) -> tuple[Line, ...]:
        if self.kind == "opportunity" and (body.item is None or not body.item.items):
            return ()
        return read_lines(body.item, currency, self._catalogue)

    def change(self, before: Paper, body: OrderBody) -> Paper:
        """Change lines, date, title and memo while the paper is not used up."""
        self.require_usable(before)
        lines = self._lines(body, before.currency) if body.item is not None else before.lines
        return self._keep(
            msgspec.structs.replace(
                before, lines=lines, total_minor=sum([line.amount_minor for line in lines]),
                day=body.tranDate or before.day, memo=before.memo if body.memo is None else body.memo,
                title=body.title or before.title, modified_us=self._desk.now_us,
            )
        )  # fmt: skip

    def require_usable(self, record: Paper) -> None:
        """Refuse a paper that has become an order or a credit memo already."""
        if record.status != next(iter(STATUS_NAMES[self.kind])):
            name = STATUS_NAMES[self.kind][record.status]
            raise Refusal("user_error", f"{record.number} is {name} and cannot be changed or used again.", "status")

    def remove(self, record: Paper) -> None:
        """Delete a paper that is not used up."""
        self.require_usable(record)
        self.shelf.drop(record.id, record.external_id)

    def use(self, record: Paper) -> None:
        """Note that something was made from the paper."""
        status = list(STATUS_NAMES[self.kind])[1]
        self._keep(msgspec.structs.replace(record, status=status, modified_us=self._desk.now_us))

    def _keep(self, record: Paper) -> Paper:
        self.records[record.id] = record
        self._desk.book.keep(self.kind, record.id, record)
        return record
