"""Journal entries: what no other transaction posts, such as a payout of the processor."""

from __future__ import annotations

from datetime import date

import msgspec

from domain.calendar import local_date
from mocks.erp.amounts import minor
from mocks.erp.bodies import JournalBody, JournalLineBody
from mocks.erp.catalogue import CONTROL_ACCOUNTS, Catalogue, currency_of
from mocks.erp.ledger import Ledger, postings_of
from mocks.erp.periods import LEDGER_ONLY, Periods
from mocks.erp.rates import Rates
from mocks.erp.references import transaction_id, txn_of
from mocks.erp.shelf import Shelf
from mocks.kernel.desk import Desk
from mocks.kernel.operations import Refusal

Rows = tuple[tuple[str, int], ...]


class JournalRecord(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A journal entry: rows of (account, amount), debit positive."""

    id: str
    external_id: str
    number: str
    entity: str
    currency: str
    rows: Rows
    memo: str
    txn: str
    day: date
    asked_date: date
    created_us: int
    modified_us: int


class Journals:
    """The journal entries by internal and external id."""

    def __init__(self, desk: Desk, catalogue: Catalogue, periods: Periods, rates: Rates, ledger: Ledger) -> None:
        self._desk = desk
        self._catalogue = catalogue
        self._periods = periods
        self._rates = rates
        self._ledger = ledger
        self.shelf: Shelf[JournalRecord] = Shelf("journal entry", desk.tables)
        self.records = self.shelf.records

    def put(self, external_id: str, body: JournalBody, hint: str) -> JournalRecord:
        """Post the journal once; a repetition returns it, a changed body is refused."""
        before = self.shelf.of_external(external_id)
        if before is None:
            return self._create(external_id, body, hint)
        rows = self._rows(body, before.currency)
        entity = self._catalogue.subsidiary(body.subsidiary).id if body.subsidiary else before.entity
        currency = currency_of(body.currency) if body.currency else before.currency
        if (rows, entity, currency) != (before.rows, before.entity, before.currency) or body.tranDate not in (
            None,
            before.asked_date,
        ):
            raise Refusal("user_error", f"Journal {before.number} is posted and cannot be changed.", "line")
        return before

    def create(self, body: JournalBody, hint: str) -> JournalRecord:
        """Post a journal; refuse an external id that is taken."""
        return self._create(self.shelf.require_free(body.externalId), body, hint)

    def _create(self, external_id: str, body: JournalBody, hint: str) -> JournalRecord:
        if body.subsidiary is None:
            raise Refusal("user_error", "Please enter value(s) for: Subsidiary", "subsidiary")
        subsidiary = self._catalogue.subsidiary(body.subsidiary)
        currency = currency_of(body.currency) if body.currency else subsidiary.currency
        rows = self._rows(body, currency)
        day = body.tranDate or local_date(self._desk.now_us, subsidiary.zone)
        slot = self._periods.slot(subsidiary.id, day, LEDGER_ONLY)
        rate = self._rates.require(currency, subsidiary.currency, slot.day)
        record = JournalRecord(
            id=transaction_id(self._desk), external_id=external_id,
            number=f"JE-{subsidiary.id}-{self._desk.next(f'journal/{subsidiary.id}'):06d}", entity=subsidiary.id,
            currency=currency, rows=rows, memo=body.memo or "", txn=txn_of(body, external_id, hint), day=slot.day,
            asked_date=day, created_us=self._desk.now_us, modified_us=self._desk.now_us,
        )  # fmt: skip
        self.records[record.id] = record
        self.shelf.know(external_id, record.id)
        self._desk.book.know(external_id or record.id, record.txn)
        source = f"journal/{external_id or record.id}"
        postings = postings_of(rows, rate)
        self._ledger.post(source, subsidiary.id, currency, rate, slot, postings, record.txn)
        return record

    def _rows(self, body: JournalBody, currency: str) -> Rows:
        if body.line is None or len(body.line.items) < 2:
            raise Refusal("user_error", "A journal entry needs at least two lines.", "line")
        rows = []
        for index, line in enumerate(body.line.items):
            rows.append(self._row(line, currency, f"line.items[{index}]"))
        difference = sum([amount for _, amount in rows])
        if difference:
            raise Refusal("user_error", "The amounts in the journal do not balance: debits must equal credits.", "line")
        return tuple(rows)

    def _row(self, line: JournalLineBody, currency: str, path: str) -> tuple[str, int]:
        account = self._catalogue.account(line.account, f"{path}.account")
        if account in CONTROL_ACCOUNTS:
            detail = f"Account {account} takes postings of its subledger only: use a payment, refund or credit memo."
            raise Refusal("user_error", detail, f"{path}.account")
        if (line.debit is None) == (line.credit is None):
            raise Refusal("user_error", "Please enter either a debit or a credit.", path)
        if line.debit is not None:
            return account, minor(line.debit, currency, f"{path}.debit")
        assert line.credit is not None
        return account, -minor(line.credit, currency, f"{path}.credit")
