"""Credit memos: they mirror an invoice's posting, reduce it first, and what is left waits to be refunded."""

from __future__ import annotations

from datetime import date

import msgspec

from domain.calendar import Interval
from domain.objects import CreditMemo, Line, Posting
from mocks.erp.bodies import InvoiceBody, Ref
from mocks.erp.catalogue import DEFERRED, RECEIVABLE, Catalogue, currency_of, invalid_reference
from mocks.erp.credit import Credit
from mocks.erp.customers import Customers
from mocks.erp.invoices import Draft, InvoiceRecord, Invoices, is_deferred, posting_rows
from mocks.erp.ledger import Ledger, postings_of
from mocks.erp.lines import read_lines, read_taxes
from mocks.erp.orders import Orders
from mocks.erp.quirks import Quirks
from mocks.erp.rates import Rate
from mocks.erp.references import ExternalIds, key_of, transaction_id, txn_of
from mocks.erp.schedules import Schedules
from mocks.kernel.desk import Desk
from mocks.kernel.operations import Refusal


class MemoRecord(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A posted credit memo; `base_open_minor` is what is left of it in base currency."""

    doc: CreditMemo
    customer: str
    number: str
    memo: str = ""
    rate: Rate
    base_open_minor: int
    asked_date: date
    created_us: int
    modified_us: int


class CreditMemos:
    """The credit memos by internal and external id."""

    def __init__(
        self, desk: Desk, catalogue: Catalogue, customers: Customers, credit: Credit, orders: Orders,
        invoices: Invoices, ledger: Ledger, schedules: Schedules, quirks: Quirks,
    ) -> None:  # fmt: skip
        self._desk = desk
        self._catalogue = catalogue
        self._customers = customers
        self._credit = credit
        self._orders = orders
        self._invoices = invoices
        self._ledger = ledger
        self._schedules = schedules
        self._quirks = quirks
        self._ids = ExternalIds()
        self.records: dict[str, MemoRecord] = {}

    def find(self, name: str) -> MemoRecord | None:
        """Return the credit memo named by `eid:...` or internal id."""
        return self.records.get(self._ids.internal(name))

    def put(self, external_id: str, body: InvoiceBody, hint: str) -> MemoRecord:
        """Post the credit memo once; a repetition returns it, a changed body is refused."""
        before = self.find(f"eid:{external_id}") if external_id else None
        if before is None:
            return self._create(external_id, body, hint)
        self._require_same(before, body)
        return before

    def create(self, body: InvoiceBody, hint: str) -> MemoRecord:
        """Post a credit memo; refuse an external id that is taken."""
        external_id = body.externalId or ""
        if external_id and self.find(f"eid:{external_id}") is not None:
            raise Refusal("duplicate", f"A credit memo with the external id {external_id} exists.", "externalId")
        return self._create(external_id, body, hint)

    def _create(self, external_id: str, body: InvoiceBody, hint: str) -> MemoRecord:
        customer = self._customers.of(body.entity, "entity")
        invoice = self._invoice_of(body, customer.id)
        draft = self._invoices.read(body, customer, invoice.rate if invoice is not None else None)
        if invoice is not None:
            _require_covered(draft, invoice)
            draft = msgspec.structs.replace(draft, lines=_with_periods(draft.lines, invoice))
        txn = txn_of(body, external_id, hint) or (invoice.doc.txn if invoice is not None else "")
        record = self._post(draft, external_id, body, invoice, txn)
        self._credit.review(record.customer, self._orders.follow)
        return record

    def _invoice_of(self, body: InvoiceBody, customer: str) -> InvoiceRecord | None:
        if body.createdFrom is None:
            return None
        invoice = self._invoices.find(key_of(body.createdFrom))
        if invoice is None and self._may_predate(body.createdFrom, customer):
            return None
        if invoice is None or invoice.customer != customer:
            raise invalid_reference(body.createdFrom.externalId or body.createdFrom.id, "createdFrom")
        if body.currency is not None and currency_of(body.currency) != invoice.doc.currency:
            raise invalid_reference(currency_of(body.currency), "currency")
        return invoice

    def _may_predate(self, ref: Ref, customer: str) -> bool:
        """Tell whether an unknown invoice may be one of the time before this ERP."""
        is_old = customer in self._customers.migrated and self._quirks.credits_before_migration
        return is_old and ref.externalId is not None

    def _post(
        self, draft: Draft, external_id: str, body: InvoiceBody, invoice: InvoiceRecord | None, txn: str
    ) -> MemoRecord:
        key = transaction_id(self._desk)
        doc = CreditMemo(
            id=key, ref=external_id, txn=txn, invoice=invoice.doc.id if invoice is not None else "",
            customer=draft.customer.account, entity=draft.entity, currency=draft.currency, status="posted",
            lines=draft.lines, taxes=draft.taxes, net_minor=draft.net_minor, tax_minor=draft.tax_minor,
            total_minor=draft.total_minor, balance_minor=draft.total_minor, business_date=draft.slot.day,
        )  # fmt: skip
        record = MemoRecord(
            doc=doc, customer=draft.customer.id, number=f"CM-{draft.entity}-{self._number(draft.entity):06d}",
            memo=body.memo or "", rate=draft.rate, base_open_minor=draft.rate.convert(draft.total_minor),
            asked_date=draft.asked_date, created_us=self._desk.now_us, modified_us=self._desk.now_us,
        )  # fmt: skip
        self._ids.add(external_id, key)
        self._desk.book.know(external_id or key, txn)
        self._customers.used.add(record.customer)
        self._save(record)
        self._credit.move(record.customer, doc.currency, owed=-doc.total_minor)
        receivable_base = self._apply(record, invoice)
        rows = [(account, -amount) for account, amount in posting_rows(draft, self._catalogue)]
        postings = _with_receivable(rows, draft.rate, receivable_base)
        self._ledger.post(f"credit_memo/{key}", doc.entity, doc.currency, draft.rate, draft.slot, postings, txn)
        self._plan(doc, draft)
        return self.records[key]

    def _number(self, entity: str) -> int:
        return self._desk.next(f"credit_memo/{entity}")

    def _apply(self, record: MemoRecord, invoice: InvoiceRecord | None) -> int:
        """Reduce the invoice by as much as it is open; return the base amount that the memo takes off AR."""
        doc = record.doc
        if invoice is None:
            return record.base_open_minor
        self._invoices.note_credit(invoice.doc.id, doc.net_minor, doc.tax_minor)
        applied = min(doc.total_minor, self._invoices.records[invoice.doc.id].doc.balance_minor)
        if not applied:
            return record.base_open_minor
        taken = self._invoices.settle(invoice.doc.id, applied)
        rest = doc.total_minor - applied
        rest_base = record.rate.convert(rest)
        self._credit.move(record.customer, doc.currency, owed=applied)  # both sides of the application are AR
        after = msgspec.structs.replace(doc, balance_minor=rest, status="partially_applied" if rest else "applied")
        self._save(msgspec.structs.replace(record, doc=after, base_open_minor=rest_base))
        return taken + rest_base

    def refund(self, key: str, amount_minor: int) -> int:
        """Pay out a part of what is left; return its worth in base currency at the memo's rate."""
        record = self.records[key]
        rest = record.doc.balance_minor - amount_minor
        assert rest >= 0, f"credit memo {record.number} is refunded beyond its balance"
        base = record.rate.convert(amount_minor) if rest else record.base_open_minor
        status = "refunded" if not rest else "partially_applied"
        doc = msgspec.structs.replace(record.doc, balance_minor=rest, status=status)
        self._save(msgspec.structs.replace(record, doc=doc, base_open_minor=record.base_open_minor - base))
        self._credit.move(record.customer, doc.currency, owed=amount_minor)
        return base

    def _plan(self, doc: CreditMemo, draft: Draft) -> None:
        for line in draft.lines:
            if is_deferred(line, self._catalogue):
                assert line.period_start is not None
                assert line.period_end is not None
                service = Interval(line.period_start, line.period_end)
                total = Posting(DEFERRED, -line.amount_minor, draft.rate.convert(-line.amount_minor))
                self._schedules.plan(doc.id, line.id, doc.entity, doc.currency, total, service, doc.txn)

    def _require_same(self, before: MemoRecord, body: InvoiceBody) -> None:
        doc = before.doc
        invoice = self._invoices.records.get(doc.invoice)
        lines = read_lines(body.item, doc.currency, self._catalogue) if body.item is not None else doc.lines
        same = (
            (body.entity is None or self._customers.of(body.entity, "entity").id == before.customer)
            and (_with_periods(lines, invoice) if invoice is not None else lines) == doc.lines
            and (body.taxDetails is None or read_taxes(body.taxDetails, doc.currency) == doc.taxes)
            and body.tranDate in (None, before.asked_date)
            and (body.currency is None or currency_of(body.currency) == doc.currency)
        )
        if not same:
            raise Refusal("user_error", f"Credit memo {before.number} is posted and cannot be changed.", "item")

    def _save(self, record: MemoRecord) -> None:
        record = msgspec.structs.replace(record, modified_us=self._desk.now_us)
        doc = record.doc
        self.records[doc.id] = record
        self._desk.book.put("credit_memo", doc.id, record, doc, doc.status, doc.txn)


def _require_covered(draft: Draft, invoice: InvoiceRecord) -> None:
    """Refuse to credit more net or more tax than the invoice charged, all its memos together (T11, T12)."""
    doc = invoice.doc
    if invoice.credited_net_minor + draft.net_minor > doc.net_minor:
        raise Refusal("user_error", f"Credits of invoice {doc.number} would exceed its net amount.", "item")
    if invoice.credited_tax_minor + draft.tax_minor > doc.tax_minor:
        raise Refusal("user_error", f"Credits of invoice {doc.number} would exceed its tax.", "taxDetails")


def _with_periods(lines: tuple[Line, ...], invoice: InvoiceRecord) -> tuple[Line, ...]:
    """Give credit lines without a service period that of the invoice line they take back."""
    periods = {line.sku: line for line in reversed(invoice.doc.lines) if line.period_start is not None}
    return tuple(
        [
            msgspec.structs.replace(
                line, period_start=periods[line.sku].period_start, period_end=periods[line.sku].period_end
            )
            if line.period_start is None and line.sku in periods
            else line
            for line in lines
        ]
    )


def _with_receivable(rows: list[tuple[str, int]], rate: Rate, receivable_base: int) -> tuple[Posting, ...]:
    """Return the postings with the base amount that AR really loses; the last row takes the residual."""
    first, *others = postings_of(rows, rate) or (None,)
    if first is None or first.account != RECEIVABLE:
        return postings_of(rows, rate)
    fixed = Posting(RECEIVABLE, first.amount_minor, -receivable_base)
    assert others, "a memo with an amount has a line"
    last = others.pop()
    rest = -(fixed.base_minor + sum(row.base_minor for row in others))
    return (fixed, *others, Posting(last.account, last.amount_minor, rest))
