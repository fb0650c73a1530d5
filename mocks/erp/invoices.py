"""Invoices: the billing platform makes them, the ERP posts them, and what is posted never changes.

Posting is one step: number from the gapless series of the entity, AR, deferred revenue or revenue, tax payable, the
revenue schedules, the customer's exposure and the order's billing.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import msgspec

from domain.calendar import Interval, local_date
from domain.objects import Invoice, Line, Posting, TaxShare
from mocks.erp.amounts import major
from mocks.erp.bodies import InvoiceBody, LineBody, LinesBody, Ref
from mocks.erp.catalogue import DEFERRED, OPENING, RECEIVABLE, REVENUE, TAX, Catalogue, currency_of, invalid_reference
from mocks.erp.credit import Credit
from mocks.erp.customers import CustomerRecord, Customers
from mocks.erp.ledger import Ledger, postings_of
from mocks.erp.lines import check_total, read_lines, read_taxes, total_of
from mocks.erp.orders import OrderRecord, Orders
from mocks.erp.periods import Periods, Slot
from mocks.erp.quirks import Quirks
from mocks.erp.rates import Rate, Rates
from mocks.erp.references import ExternalIds, key_of, transaction_id, txn_of
from mocks.erp.schedules import Schedules
from mocks.kernel.desk import Desk
from mocks.kernel.operations import Refusal


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
    deferred: tuple[str, ...] = ()  # line ids
    asked_date: date
    created_us: int
    modified_us: int


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What the header and lines of an invoice or credit memo say, checked but not posted."""

    customer: CustomerRecord
    entity: str
    currency: str
    lines: tuple[Line, ...]
    taxes: tuple[TaxShare, ...]
    net_minor: int
    tax_minor: int
    asked_date: date
    slot: Slot
    rate: Rate

    @property
    def total_minor(self) -> int:
        """Net and tax."""
        return self.net_minor + self.tax_minor


class Invoices:
    """The posted invoices by internal and external id."""

    def __init__(
        self,
        desk: Desk,
        catalogue: Catalogue,
        customers: Customers,
        credit: Credit,
        orders: Orders,
        periods: Periods,
        rates: Rates,
        ledger: Ledger,
        schedules: Schedules,
        quirks: Quirks,
    ) -> None:
        self._desk = desk
        self._catalogue = catalogue
        self._customers = customers
        self._credit = credit
        self._orders = orders
        self._periods = periods
        self._rates = rates
        self._ledger = ledger
        self._schedules = schedules
        self._quirks = quirks
        self._ids = ExternalIds()
        self.records: dict[str, InvoiceRecord] = {}
        self._by_customer: dict[str, list[str]] = {}

    def find(self, name: str) -> InvoiceRecord | None:
        """Return the invoice named by `eid:...` or internal id."""
        return self.records.get(self._ids.internal(name))

    def open_of(self, customer: str) -> list[InvoiceRecord]:
        """Return the customer's invoices with a balance, oldest due first."""
        found = [self.records[key] for key in self._by_customer.get(customer, ())]
        return sorted([record for record in found if record.doc.balance_minor], key=_due_then_id)

    def put(self, external_id: str, body: InvoiceBody, hint: str) -> InvoiceRecord:
        """Post the invoice once; a repetition returns it, a changed body is refused."""
        before = self.find(f"eid:{external_id}") if external_id and not self._quirks.loses_identity else None
        if before is None:
            return self._create(external_id, body, hint)
        self._require_same(before, body)
        return before

    def create(self, body: InvoiceBody, hint: str) -> InvoiceRecord:
        """Post an invoice; refuse an external id that is taken."""
        external_id = body.externalId or ""
        if external_id and self.find(f"eid:{external_id}") is not None:
            raise Refusal("duplicate", f"An invoice with the external id {external_id} exists.", "externalId")
        return self._create(external_id, body, hint)

    def create_from(self, order: OrderRecord, body: InvoiceBody, hint: str) -> InvoiceRecord:
        """Post an invoice made from an order; what the body leaves out is the order's."""
        doc = order.doc
        lines = body.item or LinesBody(items=tuple([_billed_line(line, doc.currency) for line in doc.lines]))
        filled = msgspec.structs.replace(
            body,
            entity=Ref(id=order.customer),
            createdFrom=Ref(id=doc.id),
            currency=Ref(refName=doc.currency),
            item=lines,
        )
        return self.create(filled, hint or doc.txn)

    def read(self, body: InvoiceBody, customer: CustomerRecord, rate: Rate | None = None) -> Draft:
        """Check header and lines of an invoice or credit memo and say where and at which rate it would be posted."""
        entity = self._catalogue.subsidiary(body.subsidiary).id if body.subsidiary else customer.entity
        if entity != customer.entity:
            raise invalid_reference(f"{entity} (the customer belongs to {customer.entity})", "subsidiary")
        subsidiary = self._catalogue.subsidiaries[entity]
        currency = currency_of(body.currency) if body.currency else customer.currency
        lines = read_lines(body.item, currency, self._catalogue)
        taxes = read_taxes(body.taxDetails, currency)
        net, tax = total_of(lines), sum([share.amount_minor for share in taxes])
        check_total(body.total, net + tax, currency)
        day = body.tranDate or local_date(self._desk.now_us, subsidiary.zone)
        slot = self._periods.slot(entity, day)
        found = rate or self._rates.require(currency, subsidiary.currency, slot.day)
        return Draft(
            customer=customer, entity=entity, currency=currency, lines=lines, taxes=taxes, net_minor=net,
            tax_minor=tax, asked_date=day, slot=slot, rate=found,
        )  # fmt: skip

    def _create(self, external_id: str, body: InvoiceBody, hint: str) -> InvoiceRecord:
        draft = self.read(body, self._customers.of(body.entity, "entity"))
        order = self._order_of(body, draft.customer)
        txn = txn_of(body, external_id, hint) or (order.doc.txn if order is not None else "")
        record = self.post(draft, external_id, body, order, txn)
        self.bill_orders(order, txn, record)
        self._credit.review(record.customer, self._orders.follow)
        return record

    def _order_of(self, body: InvoiceBody, customer: CustomerRecord) -> OrderRecord | None:
        if body.createdFrom is None:
            return None
        order = self._orders.find(key_of(body.createdFrom))
        if order is None or order.customer != customer.id:
            raise invalid_reference(body.createdFrom.externalId or body.createdFrom.id, "createdFrom")
        self._orders.require_billable(order)
        return order

    def bill_orders(self, order: OrderRecord | None, txn: str, record: InvoiceRecord) -> None:
        """Mark the order the invoice was made from as billed; without one, those of the same business transaction."""
        if order is not None:
            self._orders.bill(order)
        elif txn and self._quirks.bills_by_reference:
            for found in self._orders.of_txn(txn):
                if found.customer == record.customer:
                    self._orders.bill(found)

    def post(
        self, draft: Draft, external_id: str, body: InvoiceBody, order: OrderRecord | None, txn: str
    ) -> InvoiceRecord:
        """Write invoice, entry and schedules; the draft has been checked, so nothing can be refused any more."""
        key = transaction_id(self._desk)
        number = self._desk.next(f"invoice/{draft.entity}")
        due = body.dueDate or draft.asked_date + timedelta(days=draft.customer.terms_days)
        doc = Invoice(
            id=key, ref=external_id, txn=txn, number=f"INV-{draft.entity}-{number:06d}",
            customer=draft.customer.account, entity=draft.entity, currency=draft.currency, status="posted",
            lines=draft.lines, taxes=draft.taxes, net_minor=draft.net_minor, tax_minor=draft.tax_minor,
            total_minor=draft.total_minor, balance_minor=draft.total_minor, business_date=draft.slot.day,
            due_date=due, subscription=body.custbody_subscription or "", rebills=body.custbody_rebills or "",
        )  # fmt: skip
        rows = posting_rows(draft, self._catalogue)
        postings = postings_of(rows, draft.rate)
        record = InvoiceRecord(
            doc=doc, customer=draft.customer.id, order=order.doc.id if order is not None else "",
            memo=body.memo or "", other_ref=body.otherRefNum or "", rate=draft.rate,
            base_open_minor=postings[0].base_minor if draft.total_minor else 0,
            deferred=tuple([line.id for line in draft.lines if is_deferred(line, self._catalogue)]),
            asked_date=draft.asked_date, created_us=self._desk.now_us, modified_us=self._desk.now_us,
        )  # fmt: skip
        self._customers.used.add(record.customer)
        self._ids.add(external_id, key)
        self._by_customer.setdefault(record.customer, []).append(key)
        self._desk.book.know(external_id or key, txn)
        self._save(record)
        self._ledger.post(f"invoice/{key}", doc.entity, doc.currency, draft.rate, draft.slot, postings, txn)
        self._plan(record)
        self._credit.move(record.customer, doc.currency, owed=doc.total_minor)
        if doc.balance_minor:
            self._credit.note_due(record.customer, key, due)
        else:
            self._save(msgspec.structs.replace(record, doc=msgspec.structs.replace(doc, status="paid")))
        return self.records[key]

    def _plan(self, record: InvoiceRecord) -> None:
        doc = record.doc
        for line in doc.lines:
            if line.id in record.deferred:
                assert line.period_start is not None
                assert line.period_end is not None
                service = Interval(line.period_start, line.period_end)
                total = Posting(DEFERRED, line.amount_minor, record.rate.convert(line.amount_minor))
                self._schedules.plan(doc.id, line.id, doc.entity, doc.currency, total, service, doc.txn)

    def _require_same(self, before: InvoiceRecord, body: InvoiceBody) -> None:
        doc = before.doc
        same = (
            (body.entity is None or self._customers.of(body.entity, "entity").id == before.customer)
            and (body.item is None or read_lines(body.item, doc.currency, self._catalogue) == doc.lines)
            and (body.taxDetails is None or read_taxes(body.taxDetails, doc.currency) == doc.taxes)
            and body.tranDate in (None, before.asked_date)
            and body.dueDate in (None, doc.due_date)
            and (body.currency is None or currency_of(body.currency) == doc.currency)
            and (body.subsidiary is None or self._catalogue.subsidiary(body.subsidiary).id == doc.entity)
        )
        if not same:
            raise Refusal("user_error", f"Invoice {doc.number} is posted and cannot be changed: credit it.", "item")

    # --- balance ----------------------------------------------------------------------------------------------------

    def settle(self, key: str, amount_minor: int) -> int:
        """Take an amount off an invoice's balance; return what it was worth in base currency at the invoice's rate."""
        record = self.records[key]
        doc = record.doc
        balance = doc.balance_minor - amount_minor
        assert balance >= 0, f"invoice {doc.number} is settled beyond its balance"
        base = record.rate.convert(amount_minor) if balance else record.base_open_minor
        status = "partially_paid" if balance else "paid"
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
        doc = msgspec.structs.replace(record.doc, balance_minor=balance, status=status)
        self._save(msgspec.structs.replace(record, doc=doc, base_open_minor=base_open))
        self._credit.move(record.customer, doc.currency, owed=change)
        self._credit.note_due(record.customer, doc.id, doc.due_date if balance else None)

    def note_credit(self, key: str, net_minor: int, tax_minor: int) -> None:
        """Remember how much of an invoice credit memos have taken back."""
        record = self.records[key]
        self.records[key] = msgspec.structs.replace(
            record,
            credited_net_minor=record.credited_net_minor + net_minor,
            credited_tax_minor=record.credited_tax_minor + tax_minor,
        )

    def _save(self, record: InvoiceRecord) -> None:
        record = msgspec.structs.replace(record, modified_us=self._desk.now_us)
        doc = record.doc
        self.records[doc.id] = record
        self._desk.book.put("invoice", doc.id, record, doc, doc.status, doc.txn)


def is_deferred(line: Line, catalogue: Catalogue) -> bool:
    """Tell whether a line's revenue is earned over its service period."""
    start, end = line.period_start, line.period_end
    if start is None or end is None or start == end:
        return False
    item = catalogue.item_of_sku(line.sku)
    return item is not None and item.is_deferred


def posting_rows(draft: Draft, catalogue: Catalogue) -> list[tuple[str, int]]:
    """Return the (account, amount) rows of an invoice, AR first; a credit memo posts their negatives."""
    rows = [(RECEIVABLE, draft.total_minor)]
    for line in draft.lines:
        rows.append((_income_account(line, catalogue), -line.amount_minor))
    for share in draft.taxes:
        rows.append((TAX, -share.amount_minor))
    return rows


def _income_account(line: Line, catalogue: Catalogue) -> str:
    if catalogue.item_of_sku(line.sku) is None:
        return OPENING
    return DEFERRED if is_deferred(line, catalogue) else REVENUE


def _billed_line(line: Line, currency: str) -> LineBody:
    return LineBody(
        line=int(line.id) if line.id.isdigit() else None, item=Ref(externalId=line.sku),
        quantity=Decimal(line.quantity), rate=major(line.unit_minor, currency),
        amount=major(line.amount_minor, currency), custcol_kind=line.kind, custcol_months=line.months,
        custcol_period_start=line.period_start, custcol_period_end=line.period_end,
    )  # fmt: skip


def _due_then_id(record: InvoiceRecord) -> tuple[date, int]:
    return record.doc.due_date, int(record.doc.id)
