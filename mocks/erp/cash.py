"""Customer payments: cash in, applied to invoices, the rest kept as unapplied cash.

Cash is worth what its own date's rate says; an invoice's receivable what the invoice's rate said. The difference is
realised FX. Cards and debits come through the processor's clearing account, pushed money through the bank.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import msgspec

from domain.objects import Cash, Posting
from mocks.erp.amounts import major
from mocks.erp.applications import Applications, amount_of, asked_for, further
from mocks.erp.bodies import AppliesBody, ApplyBody, DepositBody, PaymentBody, Ref
from mocks.erp.catalogue import BANK, CLEARING, RECEIVABLE, UNAPPLIED, currency_of, invalid_reference
from mocks.erp.invoices import InvoiceRecord, Invoices
from mocks.erp.periods import Slot
from mocks.erp.rates import Rate
from mocks.erp.references import key_of, named, transaction_id, txn_of
from mocks.erp.shelf import Shelf
from mocks.erp.subledger import Subledger, with_realised
from mocks.kernel.operations import Refusal

ACCOUNT_OF_METHOD: Mapping[str, str] = {"card": CLEARING, "debit": CLEARING, "push": BANK}


class CashRecord(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A customer payment; `rest_minor` is unapplied, `rest_base_minor` its worth at the payment's rate."""

    doc: Cash
    kind: str = "customerPayment"  # or customerDeposit: cash for what is not invoiced yet
    customer: str
    order: str = ""  # of a deposit
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

    def __init__(self, books: Subledger, invoices: Invoices) -> None:
        self._books = books
        self._invoices = invoices
        self.shelf: Shelf[CashRecord] = Shelf("customer payment", books.desk.tables)
        self.records = self.shelf.records

    def put(self, external_id: str, body: PaymentBody, hint: str) -> CashRecord:
        """Post the payment once; a repetition changes nothing, further applications use up what is unapplied."""
        before = self.shelf.of_external(external_id)
        return self._create(external_id, body, hint) if before is None else self.change(before, body)

    def create(self, body: PaymentBody, hint: str) -> CashRecord:
        """Post a payment; refuse an external id that is taken."""
        return self._create(self.shelf.require_free(body.externalId), body, hint)

    def deposit(self, external_id: str, body: DepositBody, hint: str) -> CashRecord:
        """Take a deposit in: cash that no invoice has asked for yet; a repetition under its external id returns it."""
        before = self.shelf.of_external(external_id)
        order = self._books.orders.shelf.find(key_of(body.salesOrder)) if body.salesOrder is not None else None
        if body.salesOrder is not None and order is None:
            raise invalid_reference(body.salesOrder.externalId or body.salesOrder.id, "salesOrder")
        paid = PaymentBody(
            customer=Ref(id=order.customer) if order is not None and body.customer is None else body.customer,
            payment=body.payment, currency=body.currency, subsidiary=body.subsidiary, account=body.account,
            tranDate=body.tranDate, memo=body.memo, custbody_method=body.custbody_method,
            custbody_txn=body.custbody_txn,
        )  # fmt: skip
        if before is not None:
            return self.change(before, paid)
        txn = hint or (order.doc.txn if order is not None else "")
        source = order.doc.id if order is not None else ""
        return self._create(external_id, paid, txn, "customerDeposit", source)

    def create_for(self, invoice: InvoiceRecord, body: PaymentBody, hint: str) -> CashRecord:
        """Post a payment made from an invoice: its whole balance unless the body says otherwise."""
        doc = invoice.doc
        filled = msgspec.structs.replace(
            body, customer=Ref(id=invoice.customer), currency=Ref(refName=doc.currency),
            payment=body.payment if body.payment is not None else major(doc.balance_minor, doc.currency),
            apply=body.apply or AppliesBody(items=(ApplyBody(doc=Ref(id=doc.id)),)),
        )  # fmt: skip
        return self.create(filled, hint or doc.txn)

    def _create(
        self, external_id: str, body: PaymentBody, hint: str, kind: str = "customerPayment", order: str = ""
    ) -> CashRecord:
        header = self._books.header(body.customer, "customer", body)
        customer, currency, rate = header.customer, header.currency, header.rate
        amount = amount_of(body.payment, currency)
        applied = asked_for(self._invoices, body, customer.id, currency, amount)
        account = self.account_of(body.account, body.custbody_method, "account")
        txn = txn_of(body, external_id, hint)
        if not txn and applied:
            txn = self._invoices.records[applied[0][0]].doc.txn
        rest = amount - sum([part for _, part in applied])
        key, now_us = transaction_id(self._books.desk), self._books.desk.now_us
        doc = Cash(
            id=key, ref=external_id, txn=txn, customer=customer.account, entity=header.entity, currency=currency,
            amount_minor=amount, applied=applied, status="unapplied" if rest else "applied",
            business_date=header.slot.day,
        )  # fmt: skip
        record = CashRecord(
            doc=doc, kind=kind, order=order, customer=customer.id,
            number=f"PYMT{self._books.desk.next('payment'):06d}", account=account,
            method=body.custbody_method or "", memo=body.memo or "", rate=rate, rest_minor=rest,
            rest_base_minor=rate.convert(rest), asked_date=header.asked_date, created_us=now_us, modified_us=now_us,
        )  # fmt: skip
        self._post(record, header.slot)
        return record

    def account_of(self, account: Ref | None, method: str | None, field: str) -> str:
        """Return the cash account: the one named, or the one of the method (card by default)."""
        if account is not None:
            return self._books.catalogue.account(account, field)
        found = ACCOUNT_OF_METHOD.get(method or "card")
        if found is None:
            raise Refusal("invalid_content", f"{method} is not a payment method.", "custbody_method")
        return found

    # --- posting ----------------------------------------------------------------------------------------------------

    def _post(self, record: CashRecord, slot: Slot) -> None:
        doc, books = record.doc, self._books
        books.enter(self.shelf, doc.id, doc.ref, record.customer, doc.txn)
        self._save(record)
        rows = [Posting(record.account, doc.amount_minor, record.rate.convert(doc.amount_minor))]
        rows += [Posting(RECEIVABLE, -amount, -self._invoices.settle(key, amount)) for key, amount in doc.applied]
        if record.rest_minor:
            rows.append(Posting(UNAPPLIED, -record.rest_minor, -record.rest_base_minor))
            books.credit.move(record.customer, doc.currency, unapplied=record.rest_minor)
        books.ledger.post(
            f"cash/{doc.id}", doc.entity, doc.currency, record.rate, slot, with_realised(rows), doc.txn
        )  # fmt: skip
        books.review(record.customer)

    def change(self, before: CashRecord, body: PaymentBody) -> CashRecord:
        """Apply unapplied cash to more invoices; everything else of a posted payment is fixed."""
        doc = before.doc
        same = (
            (body.customer is None or self._books.customers.of(body.customer, "customer").id == before.customer)
            and (body.payment is None or amount_of(body.payment, doc.currency) == doc.amount_minor)
            and (body.currency is None or currency_of(body.currency) == doc.currency)
            and body.tranDate in (None, before.asked_date)
            and body.custbody_method in (None, before.method)
        )
        if not same:
            raise Refusal("user_error", f"Payment {before.number} is posted and cannot be changed.", "payment")
        more = further(self._invoices, body, before.customer, doc.currency, doc.applied, before.rest_minor)
        if more:
            self._apply_further(before, more)
        return self.records[doc.id]

    def _apply_further(self, before: CashRecord, more: Applications) -> None:
        doc, books = before.doc, self._books
        slot = books.slot_now(doc.entity)
        total = sum([amount for _, amount in more])
        rest = before.rest_minor - total
        base = before.rate.convert(total) if rest else before.rest_base_minor
        sums = dict(doc.applied)
        for key, amount in more:
            sums[key] = sums.get(key, 0) + amount
        after = msgspec.structs.replace(doc, applied=tuple(sums.items()), status="unapplied" if rest else "applied")
        self._save(
            msgspec.structs.replace(
                before, doc=after, rest_minor=rest, rest_base_minor=before.rest_base_minor - base,
                modified_us=books.desk.now_us,
            )
        )  # fmt: skip
        rows = [Posting(UNAPPLIED, total, base)]
        rows += [Posting(RECEIVABLE, -amount, -self._invoices.settle(key, amount)) for key, amount in more]
        books.ledger.post(
            f"cash/{doc.id}", doc.entity, doc.currency, before.rate, slot, with_realised(rows), doc.txn
        )  # fmt: skip
        books.credit.move(before.customer, doc.currency, unapplied=-total)
        books.review(before.customer)

    def give_back(self, key: str, amount_minor: int) -> tuple[Posting, ...]:
        """Take money out of a payment for a refund: first what is unapplied, then from its invoices, last one first.

        Returns what to debit; invoices it was taken from are open again (a refund without adjustment).
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
        self._save(
            msgspec.structs.replace(
                record, doc=after, rest_minor=rest, rest_base_minor=record.rest_base_minor - free_base,
                refunded_minor=refunded, modified_us=self._books.desk.now_us,
            )
        )  # fmt: skip
        self._books.credit.move(record.customer, doc.currency, unapplied=-free)
        return tuple(rows)

    def _save(self, record: CashRecord) -> None:
        doc = record.doc
        self.records[doc.id] = record
        self._books.desk.book.put("cash", doc.id, record, named(doc, record.memo), doc.status, doc.txn)


class Deposits:
    """Customer deposits: payments of another kind, under the same roof."""

    def __init__(self, payments: Payments) -> None:
        self._payments = payments

    def put(self, external_id: str, body: DepositBody, hint: str) -> CashRecord:
        """Take a deposit in once."""
        return self._payments.deposit(external_id, body, hint)

    def create(self, body: DepositBody, hint: str) -> CashRecord:
        """Take a deposit in; refuse an external id that is taken."""
        return self._payments.deposit(self._payments.shelf.require_free(body.externalId), body, hint)
