"""Credit memos: they mirror an invoice's posting, reduce it first; what is left is refunded, or applied later on."""

from __future__ import annotations

from datetime import date

import msgspec

from domain.objects import CreditMemo, Line, Posting
from mocks.erp.applications import Applications, further
from mocks.erp.bodies import InvoiceBody, MemoBody, Ref
from mocks.erp.catalogue import RECEIVABLE, currency_of, invalid_reference
from mocks.erp.drafts import Draft, credit_of, is_write_off, posting_rows, read_draft
from mocks.erp.invoices import InvoiceRecord, Invoices
from mocks.erp.ledger import postings_of
from mocks.erp.lines import deferred_lines, read_lines, read_taxes
from mocks.erp.quirks import Quirks
from mocks.erp.rates import Rate
from mocks.erp.references import key_of, named, transaction_id, txn_of
from mocks.erp.schedules import Schedules
from mocks.erp.shelf import Shelf
from mocks.erp.subledger import Subledger, with_realised
from mocks.kernel.operations import Refusal


class MemoRecord(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A posted credit memo; `base_open_minor` is what is left of it in base currency, `applied` what invoices took."""

    doc: CreditMemo
    customer: str
    number: str
    memo: str = ""
    rate: Rate
    base_open_minor: int
    asked_date: date
    created_us: int
    modified_us: int
    is_write_off: bool = False
    applied: Applications = ()


class CreditMemos:
    """The credit memos by internal and external id."""

    def __init__(self, books: Subledger, invoices: Invoices, schedules: Schedules, quirks: Quirks) -> None:
        self._books = books
        self._invoices = invoices
        self._schedules = schedules
        self._quirks = quirks
        self.shelf: Shelf[MemoRecord] = Shelf("credit memo", books.desk.tables)
        self.records = self.shelf.records

    def put(self, external_id: str, body: MemoBody, hint: str) -> MemoRecord:
        """Post the credit memo once; a repetition may apply what is left of it, and changes nothing else."""
        before = self.shelf.of_external(external_id)
        return self._create(external_id, body, hint) if before is None else self.change(before, body)

    def create(self, body: MemoBody, hint: str) -> MemoRecord:
        """Post a credit memo; refuse an external id that is taken."""
        return self._create(self.shelf.require_free(body.externalId), body, hint)

    def create_from(self, invoice: InvoiceRecord, body: MemoBody, hint: str) -> MemoRecord:
        """Post a credit memo made from an invoice: all of it unless the body says otherwise."""
        return self.create(credit_of(invoice, body), hint or invoice.doc.txn)

    def _create(self, external_id: str, body: MemoBody, hint: str) -> MemoRecord:
        customer = self._books.customers.of(body.entity, "entity")
        invoice = self._invoice_of(body, customer.id)
        draft = read_draft(self._books, body, invoice.rate if invoice is not None else None)
        if is_write_off(draft):
            _require_open(draft, invoice)
        elif invoice is not None:
            _require_covered(draft, invoice)
            draft = msgspec.structs.replace(draft, lines=_with_periods(draft.lines, invoice))
        txn = txn_of(body, external_id, hint) or (invoice.doc.txn if invoice is not None else "")
        record = self._post(draft, external_id, body, invoice, txn)
        self._books.review(record.customer)
        return self._apply_asked(record, body)

    def _invoice_of(self, body: InvoiceBody, customer: str) -> InvoiceRecord | None:
        if body.createdFrom is None:
            return None
        invoice = self._invoices.shelf.find(key_of(body.createdFrom))
        if invoice is None and self._may_predate(body.createdFrom, customer):
            return None
        if invoice is None or invoice.customer != customer:
            raise invalid_reference(body.createdFrom.externalId or body.createdFrom.id, "createdFrom")
        if body.currency is not None and currency_of(body.currency) != invoice.doc.currency:
            raise invalid_reference(currency_of(body.currency), "currency")
        return invoice

    def _may_predate(self, ref: Ref, customer: str) -> bool:
        """Tell whether an unknown invoice may be one of the time before this ERP."""
        is_old = customer in self._books.customers.migrated and self._quirks.credits_before_migration
        return is_old and ref.externalId is not None

    def _post(
        self, draft: Draft, external_id: str, body: InvoiceBody, invoice: InvoiceRecord | None, txn: str
    ) -> MemoRecord:
        books, header = self._books, draft.header
        customer, entity, currency, rate = header.customer, header.entity, header.currency, header.rate
        key, now_us = transaction_id(books.desk), books.desk.now_us
        doc = CreditMemo(
            id=key, ref=external_id, txn=txn, invoice=invoice.doc.id if invoice is not None else "",
            customer=customer.account, entity=entity, currency=currency, status="posted", lines=draft.lines,
            taxes=draft.taxes, net_minor=draft.net_minor, tax_minor=draft.tax_minor, total_minor=draft.total_minor,
            balance_minor=draft.total_minor, business_date=header.slot.day,
        )  # fmt: skip
        record = MemoRecord(
            doc=doc, customer=customer.id, number=f"CM-{entity}-{books.desk.next(f'credit_memo/{entity}'):06d}",
            memo=body.memo or "", rate=rate, base_open_minor=rate.convert(draft.total_minor),
            asked_date=header.asked_date, created_us=now_us, modified_us=now_us, is_write_off=is_write_off(draft),
        )  # fmt: skip
        books.enter(self.shelf, key, external_id, customer.id, txn)
        self._save(record)
        books.credit.move(customer.id, currency, owed=-doc.total_minor)
        receivable_base = self._apply(record, invoice)
        deferred = deferred_lines(draft.lines, books.catalogue)
        rows = [(account, -amount) for account, amount in posting_rows(draft, deferred, books.catalogue)]
        postings = _with_receivable(rows, rate, receivable_base)
        kind = "write_off" if record.is_write_off else "credit_memo"
        books.ledger.post(f"{kind}/{key}", entity, currency, rate, header.slot, postings, txn)
        self._schedules.plan(doc, deferred, rate, -1)
        return self.records[key]

    def _apply(self, record: MemoRecord, invoice: InvoiceRecord | None) -> int:
        """Reduce the invoice by as much as it is open; return the base amount that the memo takes off AR."""
        doc = record.doc
        if invoice is None:
            return record.base_open_minor
        if not record.is_write_off:
            self._invoices.note_credit(invoice.doc.id, doc.net_minor, doc.tax_minor)
        applied = min(doc.total_minor, self._invoices.records[invoice.doc.id].doc.balance_minor)
        if not applied:
            return record.base_open_minor
        taken = self._invoices.settle(invoice.doc.id, applied, is_lost=record.is_write_off)
        rest = doc.total_minor - applied
        rest_base = record.rate.convert(rest)
        self._books.credit.move(record.customer, doc.currency, owed=applied)  # both sides of the application are AR
        self._save(self._left(record, rest, rest_base, ((invoice.doc.id, applied),)))
        return taken + rest_base

    def _apply_asked(self, before: MemoRecord, body: MemoBody) -> MemoRecord:
        """Apply what is left of a memo to the invoices that a body asks for, as far as it is not applied yet.

        Both sides are receivables: an entry is only posted for the difference of their rates.
        """
        doc, books = before.doc, self._books
        more = further(self._invoices, body, before.customer, doc.currency, before.applied, doc.balance_minor)
        if not more:
            return before
        slot, total = books.slot_now(doc.entity), sum([amount for _, amount in more])
        rest = doc.balance_minor - total
        base = before.rate.convert(total) if rest else before.base_open_minor
        sums = dict(before.applied)
        for key, amount in more:
            sums[key] = sums.get(key, 0) + amount
        self._save(self._left(before, rest, before.base_open_minor - base, tuple(sums.items())))
        rows = [Posting(RECEIVABLE, total, base)]
        rows += [Posting(RECEIVABLE, -amount, -self._invoices.settle(key, amount)) for key, amount in more]
        books.credit.move(before.customer, doc.currency, owed=total)
        if sum([row.base_minor for row in rows]):
            books.ledger.post(
                f"credit_memo/{doc.id}", doc.entity, doc.currency, before.rate, slot, with_realised(rows), doc.txn
            )
        books.review(before.customer)
        return self.records[doc.id]

    def refund(self, key: str, amount_minor: int) -> int:
        """Pay out a part of what is left; return its worth in base currency at the memo's rate."""
        record = self.records[key]
        rest = record.doc.balance_minor - amount_minor
        assert rest >= 0, f"credit memo {record.number} is refunded beyond its balance"
        base = record.rate.convert(amount_minor) if rest else record.base_open_minor
        self._save(self._left(record, rest, record.base_open_minor - base, record.applied, "refunded"))
        self._books.credit.move(record.customer, record.doc.currency, owed=amount_minor)
        return base

    def change(self, before: MemoRecord, body: MemoBody) -> MemoRecord:
        """Apply what is left of a posted credit memo to more invoices; everything else of it is fixed."""
        self.require_same(before, body)
        return self._apply_asked(before, body)

    def require_same(self, before: MemoRecord, body: InvoiceBody) -> None:
        """Refuse a body that would change a posted credit memo."""
        doc = before.doc
        invoice = self._invoices.records.get(doc.invoice)
        lines = read_lines(body.item, doc.currency, self._books.catalogue) if body.item is not None else doc.lines
        same = (
            (body.entity is None or self._books.customers.of(body.entity, "entity").id == before.customer)
            and (_with_periods(lines, invoice) if invoice is not None else lines) == doc.lines
            and (body.taxDetails is None or read_taxes(body.taxDetails, doc.currency) == doc.taxes)
            and body.tranDate in (None, before.asked_date)
            and (body.currency is None or currency_of(body.currency) == doc.currency)
        )
        if not same:
            raise Refusal("user_error", f"Credit memo {before.number} is posted and cannot be changed.", "item")

    def _left(
        self, record: MemoRecord, rest: int, base_open_minor: int, applied: Applications, used: str = "applied"
    ) -> MemoRecord:
        """Return a memo of which so much is left; `used` is what it is when that is nothing."""
        doc = msgspec.structs.replace(record.doc, balance_minor=rest, status="partially_applied" if rest else used)
        now_us = self._books.desk.now_us
        return msgspec.structs.replace(
            record, doc=doc, base_open_minor=base_open_minor, applied=applied, modified_us=now_us
        )

    def _save(self, record: MemoRecord) -> None:
        doc = record.doc
        self.records[doc.id] = record
        if not record.is_write_off:  # no credit to the customer: the history sees the invoice and the entry
            self._books.desk.book.put("credit_memo", doc.id, record, named(doc, record.memo), doc.status, doc.txn)


def _require_open(draft: Draft, invoice: InvoiceRecord | None) -> None:
    """Refuse to write off without an invoice, or more than it is open with."""
    if invoice is None:
        raise Refusal("user_error", "A write-off names the invoice that is given up.", "createdFrom")
    doc = invoice.doc
    if draft.total_minor > doc.balance_minor:
        detail = f"Invoice {doc.number} is open with {doc.balance_minor} minor units: no more can be written off."
        raise Refusal("user_error", detail, "item")


def _require_covered(draft: Draft, invoice: InvoiceRecord) -> None:
    """Refuse to credit more net or more tax than the invoice charged, all its memos together (T11, T12).

    What a net invoice gave back of others leaves what it charged as it is.
    """
    doc = invoice.doc
    charged_minor = sum([line.amount_minor for line in doc.lines if line.amount_minor > 0])
    taxed_minor = sum([share.amount_minor for share in doc.taxes if share.amount_minor > 0])
    if invoice.credited_net_minor + draft.net_minor > charged_minor:
        raise Refusal("user_error", f"Credits of invoice {doc.number} would exceed its net amount.", "item")
    if invoice.credited_tax_minor + draft.tax_minor > taxed_minor:
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
    rest = -(fixed.base_minor + sum([row.base_minor for row in others]))
    return (fixed, *others, Posting(last.account, last.amount_minor, rest))
