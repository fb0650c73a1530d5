"""Customer payments: cash in, applied to invoices, the rest kept as unapplied cash.

Cash is worth what its own date's rate says; an invoice's receivable what the invoice's rate said. The difference is
realised FX. Cards and debits come through the processor's clearing account, pushed money through the bank.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import msgspec

from domain.calendar import local_date
from domain.objects import Cash, Posting
from mocks.erp.amounts import major, minor
from mocks.erp.bodies import AppliesBody, ApplyBody, PaymentBody, Ref
from mocks.erp.catalogue import (
    BANK,
    CLEARING,
    FX_GAIN,
    RECEIVABLE,
    UNAPPLIED,
    Catalogue,
    currency_of,
    invalid_reference,
)
from mocks.erp.credit import Credit
from mocks.erp.customers import CustomerRecord, Customers
from mocks.erp.invoices import InvoiceRecord, Invoices
from mocks.erp.ledger import Ledger
from mocks.erp.orders import Orders
from mocks.erp.periods import Periods, Slot
from mocks.erp.rates import Rate, Rates
from mocks.erp.references import ExternalIds, key_of, transaction_id, txn_of
from mocks.kernel.desk import Desk
from mocks.kernel.operations import Refusal

ACCOUNT_OF_METHOD: Mapping[str, str] = {"card": CLEARING, "debit": CLEARING, "push": BANK}
Applications = tuple[tuple[str, int], ...]


class CashRecord(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A customer payment; `rest_minor` is unapplied, `rest_base_minor` its worth at the payment's rate."""

    doc: Cash
    customer: str
    number: str
    account: str
    method: str = ""
    memo: str = ""
    rate: Rate
    rest_minor: int
    rest_base_minor: int
    refunded_minor: int = 0
    asked_date: date
    created_us: int
    modified_us: int


class Payments:
    """The customer payments by internal and external id."""

    def __init__(
        self, desk: Desk, catalogue: Catalogue, customers: Customers, credit: Credit, orders: Orders,
        invoices: Invoices, periods: Periods, rates: Rates, ledger: Ledger,
    ) -> None:  # fmt: skip
        self._desk = desk
        self._catalogue = catalogue
        self._customers = customers
        self._credit = credit
        self._orders = orders
        self._invoices = invoices
        self._periods = periods
        self._rates = rates
        self._ledger = ledger
        self._ids = ExternalIds()
        self.records: dict[str, CashRecord] = {}

    def find(self, name: str) -> CashRecord | None:
        """Return the payment named by `eid:...` or internal id."""
        return self.records.get(self._ids.internal(name))

    def put(self, external_id: str, body: PaymentBody, hint: str) -> CashRecord:
        """Post the payment once; a repetition changes nothing, further applications use up what is unapplied."""
        before = self.find(f"eid:{external_id}") if external_id else None
        return self._create(external_id, body, hint) if before is None else self.change(before, body)

    def create(self, body: PaymentBody, hint: str) -> CashRecord:
        """Post a payment; refuse an external id that is taken."""
        external_id = body.externalId or ""
        if external_id and self.find(f"eid:{external_id}") is not None:
            raise Refusal("duplicate", f"A payment with the external id {external_id} exists.", "externalId")
        return self._create(external_id, body, hint)

    def create_for(self, invoice: InvoiceRecord, body: PaymentBody, hint: str) -> CashRecord:
        """Post a payment made from an invoice: its whole balance unless the body says otherwise."""
        doc = invoice.doc
        whole = ApplyBody(doc=Ref(id=doc.id))
        filled = msgspec.structs.replace(
            body, customer=Ref(id=invoice.customer), currency=Ref(refName=doc.currency),
            payment=body.payment if body.payment is not None else major(doc.balance_minor, doc.currency),
            apply=body.apply or AppliesBody(items=(whole,)),
        )  # fmt: skip
        return self.create(filled, hint or doc.txn)

    # --- reading ----------------------------------------------------------------------------------------------------

    def _create(self, external_id: str, body: PaymentBody, hint: str) -> CashRecord:
        customer = self._customers.of(body.customer, "customer")
        entity = self._catalogue.subsidiary(body.subsidiary).id if body.subsidiary else customer.entity
        if entity != customer.entity:
            raise invalid_reference(f"{entity} (the customer belongs to {customer.entity})", "subsidiary")
        currency = currency_of(body.currency) if body.currency else customer.currency
        amount = _amount(body.payment, currency)
        applied = self._applications(body, customer, currency, amount)
        subsidiary = self._catalogue.subsidiaries[entity]
        day = body.tranDate or local_date(self._desk.now_us, subsidiary.zone)
        slot = self._periods.slot(entity, day)
        rate = self._rates.require(currency, subsidiary.currency, slot.day)
        account = self.account_of(body.account, body.custbody_method, "account")
        txn = txn_of(body, external_id, hint) or next((self._invoices.records[key].doc.txn for key, _ in applied), "")
        rest = amount - sum(part for _, part in applied)
        key = transaction_id(self._desk)
        doc = Cash(
            id=key, ref=external_id, txn=txn, customer=customer.account, entity=entity, currency=currency,
            amount_minor=amount, applied=applied, status="unapplied" if rest else "applied", business_date=slot.day,
        )  # fmt: skip
        record = CashRecord(
            doc=doc, customer=customer.id, number=f"PYMT{self._desk.next('payment'):06d}", account=account,
            method=body.custbody_method or "", memo=body.memo or "", rate=rate, rest_minor=rest,
            rest_base_minor=rate.convert(rest), asked_date=day, created_us=self._desk.now_us,
            modified_us=self._desk.now_us,
        )  # fmt: skip
        self._post(record, slot)
        return self.records[key]

    def account_of(self, account: Ref | None, method: str | None, field: str) -> str:
        """Return the cash account: the one named, or the one of the method (card by default)."""
        if account is not None:
            return self._catalogue.account(account, field)
        found = ACCOUNT_OF_METHOD.get(method or "card")
        if found is None:
            raise Refusal("invalid_content", f"{method} is not a payment method.", "custbody_method")
        return found

    def _applications(self, body: PaymentBody, customer: CustomerRecord, currency: str, amount: int) -> Applications:
        """Return (invoice id, amount) as asked; refuse more than an invoice owes or the payment holds."""
        if body.apply is None or not body.apply.items:
            return self._automatic(customer, currency, amount) if body.autoApply else ()
        left, result = amount, dict[str, int]()
        for index, row in enumerate(body.apply.items):
            if not row.apply:
                continue
            path = f"apply.items[{index}]"
            invoice = self._invoice_of(row, customer, currency, path)
            open_minor = invoice.doc.balance_minor - result.get(invoice.doc.id, 0)
            part = min(left, open_minor) if row.amount is None else minor(row.amount, currency, f"{path}.amount")
            if part < 0 or part > open_minor:
                detail = f"Invoice {invoice.doc.number} is open with {open_minor} minor units, not {part}."
                raise Refusal("user_error", detail, f"{path}.amount")
            if part > left:
                raise Refusal("user_error", "The applications exceed the payment.", f"{path}.amount")
            if part:
                result[invoice.doc.id] = result.get(invoice.doc.id, 0) + part
            left -= part
        return tuple(result.items())

    def _invoice_of(self, row: ApplyBody, customer: CustomerRecord, currency: str, path: str) -> InvoiceRecord:
        invoice = self._invoices.find(key_of(row.doc)) if row.doc is not None else None
        if invoice is None or invoice.customer != customer.id or invoice.doc.currency != currency:
            name = row.doc.externalId or row.doc.id if row.doc is not None else ""
            raise invalid_reference(name, f"{path}.doc")
        return invoice

    def _automatic(self, customer: CustomerRecord, currency: str, amount: int) -> Applications:
        """Return what `autoApply` does: an exact match on one open invoice, else oldest due first (domain.md 2.10)."""
        invoices = [row for row in self._invoices.open_of(customer.id) if row.doc.currency == currency]
        for row in invoices:
            if row.doc.balance_minor == amount:
                return ((row.doc.id, amount),)
        result = []
        for row in invoices:
            part = min(amount, row.doc.balance_minor)
            if part:
                result.append((row.doc.id, part))
            amount -= part
        return tuple(result)

    # --- posting ----------------------------------------------------------------------------------------------------

    def _post(self, record: CashRecord, slot: Slot) -> None:
        doc = record.doc
        self._customers.used.add(record.customer)
        self._ids.add(doc.ref, doc.id)
        self._desk.book.know(doc.ref or doc.id, doc.txn)
        self.save(record)
        settled = [(amount, self._invoices.settle(key, amount)) for key, amount in doc.applied]
        rows = [Posting(record.account, doc.amount_minor, record.rate.convert(doc.amount_minor))]
        rows += [Posting(RECEIVABLE, -amount, -base) for amount, base in settled]
        if record.rest_minor:
            rows.append(Posting(UNAPPLIED, -record.rest_minor, -record.rest_base_minor))
        self._ledger.post(
            f"cash/{doc.id}", doc.entity, doc.currency, record.rate, slot, with_realised(rows), doc.txn
        )  # fmt: skip
        self._credit.move(record.customer, doc.currency, unapplied=record.rest_minor)
        self._credit.review(record.customer, self._orders.follow)

    def change(self, before: CashRecord, body: PaymentBody) -> CashRecord:
        """Apply unapplied cash to more invoices; everything else of a posted payment is fixed."""
        doc = before.doc
        same = (
            (body.customer is None or self._customers.of(body.customer, "customer").id == before.customer)
            and (body.payment is None or _amount(body.payment, doc.currency) == doc.amount_minor)
            and (body.currency is None or currency_of(body.currency) == doc.currency)
            and body.tranDate in (None, before.asked_date)
            and body.custbody_method in (None, before.method)
        )
        if not same:
            raise Refusal("user_error", f"Payment {before.number} is posted and cannot be changed.", "payment")
        asked = [row for row in body.apply.items if row.apply] if body.apply is not None else []
        further = self._further(before, asked)
        if further:
            self._apply_further(before, further)
        return self.records[doc.id]

    def _further(self, before: CashRecord, asked: list[ApplyBody]) -> Applications:
        """Return what is asked beyond the applications there are; refuse less than there is, and too much."""
        customer = self._customers.records[before.customer]
        doc, left = before.doc, before.rest_minor
        have, result = dict(doc.applied), []
        for index, row in enumerate(asked):
            path = f"apply.items[{index}]"
            invoice = self._invoice_of(row, customer, doc.currency, path)
            already = have.pop(invoice.doc.id, 0)
            wanted = minor(row.amount, doc.currency, f"{path}.amount") if row.amount is not None else already
            more = wanted - already
            if more < 0:
                raise Refusal("user_error", "An application cannot be taken back: refund it.", f"{path}.amount")
            if more > invoice.doc.balance_minor or more > left:
                raise Refusal("user_error", "The application exceeds the invoice or the payment.", f"{path}.amount")
            left -= more
            if more:
                result.append((invoice.doc.id, more))
        return tuple(result)

    def _apply_further(self, before: CashRecord, further: Applications) -> None:
        doc = before.doc
        subsidiary = self._catalogue.subsidiaries[doc.entity]
        slot = self._periods.slot(doc.entity, local_date(self._desk.now_us, subsidiary.zone))
        total = sum(amount for _, amount in further)
        rest = before.rest_minor - total
        base = before.rate.convert(total) if rest else before.rest_base_minor
        sums = dict(doc.applied)
        for key, amount in further:
            sums[key] = sums.get(key, 0) + amount
        after = msgspec.structs.replace(doc, applied=tuple(sums.items()), status="unapplied" if rest else "applied")
        self.save(
            msgspec.structs.replace(
                before, doc=after, rest_minor=rest, rest_base_minor=before.rest_base_minor - base
            )
        )  # fmt: skip
        settled = [(amount, self._invoices.settle(key, amount)) for key, amount in further]
        rows = [Posting(UNAPPLIED, total, base), *[Posting(RECEIVABLE, -amount, -worth) for amount, worth in settled]]
        self._ledger.post(
            f"cash/{doc.id}", doc.entity, doc.currency, before.rate, slot, with_realised(rows), doc.txn
        )  # fmt: skip
        self._credit.move(before.customer, doc.currency, unapplied=-total)
        self._credit.review(before.customer, self._orders.follow)

    def give_back(self, key: str, amount_minor: int) -> tuple[Posting, ...]:
        """Take money out of a payment for a refund: first what is unapplied, then from its invoices, last one first.

        Returns what to debit; invoices it was taken from are open again (refund without adjustment, domain.md 2.10).
        """
        record = self.records[key]
        doc = record.doc
        free = min(amount_minor, record.rest_minor)
        free_base = record.rest_base_minor if free == record.rest_minor else record.rate.convert(free)
        rows = [Posting(UNAPPLIED, free, free_base)] if free else []
        left, kept = amount_minor - free, dict(doc.applied)
        for invoice, applied in reversed(doc.applied):
            part = min(left, applied)
            if part:
                rows.append(Posting(RECEIVABLE, part, self._invoices.reopen(invoice, part)))
                kept[invoice] = applied - part
            left -= part
        assert not left, f"payment {record.number} is refunded beyond its amount"
        refunded = record.refunded_minor + amount_minor
        rest = record.rest_minor - free
        status = "refunded" if refunded == doc.amount_minor else "unapplied" if rest else "applied"
        after = msgspec.structs.replace(doc, applied=tuple([row for row in kept.items() if row[1]]), status=status)
        self.save(
            msgspec.structs.replace(
                record, doc=after, rest_minor=rest, rest_base_minor=record.rest_base_minor - free_base,
                refunded_minor=refunded,
            )
        )  # fmt: skip
        self._credit.move(record.customer, doc.currency, unapplied=-free)
        return tuple(rows)

    def save(self, record: CashRecord) -> None:
        """Keep a new or changed payment and write it to the history."""
        record = msgspec.structs.replace(record, modified_us=self._desk.now_us)
        doc = record.doc
        self.records[doc.id] = record
        self._desk.book.put("cash", doc.id, record, doc, doc.status, doc.txn)


def with_realised(rows: list[Posting]) -> tuple[Posting, ...]:
    """Return the postings with the row that takes the difference between two rates, when there is one."""
    difference = sum(row.base_minor for row in rows)
    return (*rows, Posting(FX_GAIN, 0, -difference)) if difference else tuple(rows)


def _amount(amount: Decimal | None, currency: str) -> int:
    value = minor(amount, currency, "payment") if amount is not None else 0
    if value <= 0:
        raise Refusal("user_error", "Please enter value(s) for: Payment Amount (greater than zero).", "payment")
    return value
