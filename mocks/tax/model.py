"""The tax engine: nexus, rates, and the life of stored documents. No I/O; every check comes before any change."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import msgspec

from mocks.kernel.desk import Desk
from mocks.kernel.operations import Refusal
from mocks.tax import returns
from mocks.tax.bodies import Address, Adjust, CreateOrAdjust, Refund, Settle, Transaction, Verify, read_date
from mocks.tax.calculation import place, region_of, tax_date_of, tax_lines
from mocks.tax.checks import compare, document_type, expect, is_same, require_complete, require_unlocked
from mocks.tax.documents import (
    ADJUSTED,
    CANCELLED,
    COMMITTED,
    POSTED,
    SAVED,
    TEMPORARY,
    StoredDocument,
    canonical,
)
from mocks.tax.quirks import Quirks
from mocks.tax.rates import Components, Rates

KIND = "tax_document"
_QUOTE = re.compile(r"Q-\d{6}")
_FIRST_ID = 8_000_000_000
_replace = msgspec.structs.replace


class TaxEngine:
    """All that the engine knows. `nexus` holds (company or *, country, region) -> registered since."""

    def __init__(self, desk: Desk, quirks: Quirks) -> None:
        self.desk = desk
        self.quirks = quirks
        self.rates = Rates()
        self.nexus: dict[tuple[str, str, str], date] = {}
        self.companies: dict[str, None] = dict.fromkeys(quirks.companies)
        self._codes: dict[tuple[str, str], tuple[int, ...]] = {}
        self.trusted: set[str] = set()  # Authorization headers found good

    # --- finding ----------------------------------------------------------------------------------------------------

    def by_id(self, document_id: int) -> StoredDocument:
        """Return a stored document of any revision, or raise Refusal."""
        found: StoredDocument | None = self.desk.book.get(KIND, str(document_id))
        if found is None:
            raise Refusal("entity_not_found", f"There is no transaction with the id {document_id}.")
        return found

    def find(self, company: str, code: str, kind: str = "") -> StoredDocument | None:
        """Return the live revision of a code, or None; raise Refusal when several types share it and none is named."""
        live = [self.by_id(document_id) for document_id in self._codes.get((company, code), ())]
        if kind:
            live = [document for document in live if document.type == kind]
        if len(live) > 1:
            raise Refusal("code_conflict", f"Several documents have the code {code}: name a documentType.")
        return live[0] if live else None

    def get(self, company: str, code: str, kind: str = "") -> StoredDocument:
        """Return the live revision of a code, or raise Refusal."""
        self.require_company(company)
        document = self.find(company, code, kind)
        if document is None:
            raise Refusal("entity_not_found", f"There is no transaction {code} in company {company}.", field="code")
        return document

    def require_company(self, company: str) -> None:
        """Raise Refusal for a company code that does not exist."""
        if self.quirks.companies and company not in self.companies:
            raise Refusal("entity_not_found", f"There is no company {company}.", field="companyCode")

    # --- calculating ------------------------------------------------------------------------------------------------

    def registered(self, company: str, country: str, region: str, day: date) -> bool:
        """Tell whether the company collects tax in a place on a day."""
        for key in ((company, country, region), ("*", country, region), (company, country, ""), ("*", country, "")):
            since = self.nexus.get(key)
            if since is not None and since <= day:
                return True
        return False

    def _finder(self, company: str) -> Any:
        def find(address: Address, day: date) -> Components:
            country, region, postal = region_of(address)
            if not self.registered(company, country, region, day):
                return ()
            return self.rates.find(country, region, postal, day)

        return find

    def calculate(self, given: Transaction, kind: str) -> StoredDocument:
        """Return the document a request asks for, with its tax and nothing changed; raise Refusal when it is wrong."""
        company = given.company_code or "DEFAULT"
        self.require_company(company)
        require_complete(given)
        currency = (given.currency_code or "USD").upper()
        day = tax_date_of(given)
        lines = tax_lines(given, currency, day, self._finder(company), self.quirks)
        override = given.tax_override
        return StoredDocument(
            id=0,
            company=company,
            code=given.code or "",
            type=kind,
            status=TEMPORARY,
            version=1,
            date=read_date(given.date, "date"),
            tax_date=day,
            customer=given.customer_code or "",
            currency=currency,
            lines=lines,
            ship_from=place(given.addresses, "shipFrom", "singleLocation"),
            ship_to=place(given.addresses, "shipTo", "singleLocation"),
            purchase_order=given.purchase_order_no or "",
            reference=given.reference_code or "",
            description=given.description or "",
            override=override.type if override is not None else "None",
            override_reason=(override.reason or "") if override is not None else "",
            modified_us=self.desk.now_us,
            txn=self._txn(given),
        )

    def _txn(self, given: Transaction) -> str:
        for text in (given.purchase_order_no, given.reference_code, given.description, given.code):
            match = _QUOTE.search(text) if text else None
            if match is not None:
                return match.group()
        for name in (given.reference_code, given.code):
            txn = self.desk.book.txn_of(name) if name else ""
            if txn:
                return txn
        return ""

    # --- storing ----------------------------------------------------------------------------------------------------

    def create(self, given: Transaction) -> StoredDocument:
        """Calculate; store unless the type is an order. An unfinished document of the same code is replaced."""
        kind = document_type(given)
        document = self.calculate(given, kind)
        if not document.stored:
            return document
        before = self.find(document.company, document.code, kind) if document.code else None
        if before is not None:
            require_unlocked(before)
            expect(before, SAVED, POSTED)
        status = COMMITTED if given.commit else SAVED
        return self._store(document, status, before)

    def create_or_adjust(self, body: CreateOrAdjust) -> StoredDocument:
        """Have this document stored: create it, replace it while unfinished, revise it when committed."""
        given = body.create_transaction_model
        kind = document_type(given)
        document = self.calculate(given, kind)
        if not document.stored:
            raise Refusal("validation", "Only documents that are stored can be adjusted.", field="type")
        before = self.find(document.company, document.code, kind) if document.code else None
        if before is None or before.status in (SAVED, POSTED):
            if before is not None:
                require_unlocked(before)
            return self._store(document, COMMITTED if given.commit else SAVED, before)
        expect(before, COMMITTED)
        if not self.quirks.adjust_identical_revises and is_same(before, document):
            return before
        return self._revise(before, document, body.adjustment_reason)

    def adjust(self, company: str, code: str, kind: str, body: Adjust) -> StoredDocument:
        """Replace a committed document by a new revision; the old one becomes Adjusted."""
        before = self.get(company, code, kind)
        expect(before, COMMITTED)
        given = body.new_transaction
        document = self.calculate(_replace(given, code=given.code or code, company_code=company), before.type)
        if document.code != code and self._codes.get((company, document.code)):
            raise Refusal("document_status", f"The code {document.code} is taken.", field="newTransaction.code")
        return self._revise(before, document, body.adjustment_reason)

    def refund(self, company: str, code: str, kind: str, body: Refund) -> StoredDocument:
        """Make a return of a committed document at the rates of its day."""
        original = self.get(company, code, kind)
        if original.status != COMMITTED:
            raise Refusal("refund_status", f"{code} is {original.status}; only Committed can be refunded.")
        document = returns.returned(original, body)
        if self._codes.get((company, document.code)):
            raise Refusal("document_status", f"The code {document.code} is taken.", field="refundTransactionCode")
        return self._store(_replace(document, modified_us=self.desk.now_us), COMMITTED, None)

    def _store(self, document: StoredDocument, status: str, before: StoredDocument | None) -> StoredDocument:
        number = before.id if before is not None else _FIRST_ID + self.desk.next("document")
        stored = _replace(document, id=number, status=status, code=document.code or f"T-{number}")
        self._put(stored)
        if before is None:
            self._index(stored)
        return stored

    def _revise(self, before: StoredDocument, document: StoredDocument, reason: str) -> StoredDocument:
        require_unlocked(before)
        self._drop(before)
        self._put(_replace(before, status=ADJUSTED, modified_us=self.desk.now_us))
        number = _FIRST_ID + self.desk.next("document")
        revised = _replace(
            document, id=number, status=COMMITTED, version=before.version + 1, adjustment_reason=reason,
            txn=document.txn or before.txn,
        )  # fmt: skip
        self._put(revised)
        self._index(revised)
        return revised

    def _put(self, document: StoredDocument) -> None:
        self.companies.setdefault(document.company)
        shown = canonical(document)
        self.desk.book.put(KIND, str(document.id), document, shown, shown.status, document.txn)

    def _index(self, document: StoredDocument) -> None:
        key = (document.company, document.code)
        self._codes[key] = (*self._codes.get(key, ()), document.id)
        self.desk.book.know(document.code, document.txn)

    def _drop(self, document: StoredDocument) -> None:
        key = (document.company, document.code)
        left = tuple(number for number in self._codes.get(key, ()) if number != document.id)
        if left:
            self._codes[key] = left
        else:
            self._codes.pop(key, None)

    # --- the life of a document -------------------------------------------------------------------------------------

    def _step(self, document: StoredDocument, **changes: Any) -> StoredDocument:
        changed = _replace(document, modified_us=self.desk.now_us, **changes)
        self._put(changed)
        return changed

    def commit(self, document: StoredDocument) -> StoredDocument:
        """Report a document: Saved or Posted becomes Committed."""
        if document.status == COMMITTED and self.quirks.commit_repeats_quietly:
            return document
        require_unlocked(document)
        expect(document, SAVED, POSTED)
        return self._step(document, status=COMMITTED)

    def uncommit(self, document: StoredDocument) -> StoredDocument:
        """Take a committed document back to Saved."""
        require_unlocked(document)
        expect(document, COMMITTED)
        return self._step(document, status=SAVED)

    def void(self, document: StoredDocument, reason: str) -> StoredDocument:
        """Cancel a document; DocDeleted also frees its code."""
        if reason not in ("DocVoided", "DocDeleted"):
            raise Refusal("validation", f"{reason!r} is not a reason to void: DocVoided or DocDeleted.", field="code")
        require_unlocked(document)
        expect(document, SAVED, POSTED, COMMITTED)
        if reason == "DocDeleted":
            self._drop(document)
        return self._step(document, status=CANCELLED, before_void=document.status)

    def unvoid(self, document: StoredDocument) -> StoredDocument:
        """Give a cancelled document the status back that it had."""
        require_unlocked(document)
        expect(document, CANCELLED)
        return self._step(document, status=document.before_void, before_void="")

    def verify(self, document: StoredDocument, body: Verify) -> StoredDocument:
        """Compare a document with what the caller believes; Saved becomes Posted."""
        require_unlocked(document)
        expect(document, SAVED, POSTED)
        compare(document, body)
        return document if document.status == POSTED else self._step(document, status=POSTED)

    def settle(self, document: StoredDocument, body: Settle) -> StoredDocument:
        """Verify, rename and commit in one step; nothing changes when a part is refused."""
        require_unlocked(document)
        expect(document, SAVED, POSTED)
        if body.verify is not None:
            compare(document, body.verify)
        new_code = body.change_code.new_code if body.change_code is not None else document.code
        self._require_free(document, new_code)
        status = COMMITTED if body.commit is not None and body.commit.commit else POSTED
        return self._renamed(document, new_code, status)

    def change_code(self, document: StoredDocument, new_code: str) -> StoredDocument:
        """Give a document another code."""
        require_unlocked(document)
        expect(document, SAVED, POSTED, COMMITTED)
        self._require_free(document, new_code)
        return self._renamed(document, new_code, document.status)

    def _require_free(self, document: StoredDocument, new_code: str) -> None:
        if not new_code:
            raise Refusal("value_required", "Field newCode is required.", field="newCode")
        if new_code != document.code and self.find(document.company, new_code, document.type) is not None:
            raise Refusal("document_status", f"The code {new_code} is taken.", field="newCode")

    def _renamed(self, document: StoredDocument, new_code: str, status: str) -> StoredDocument:
        if new_code == document.code:
            return document if status == document.status else self._step(document, status=status)
        self._drop(document)
        changed = self._step(document, code=new_code, status=status)
        self._index(changed)
        return changed

    def lock(self, document: StoredDocument, locked: bool) -> StoredDocument:
        """Lock a committed document against any change, or unlock it."""
        expect(document, COMMITTED)
        return self._step(document, locked=locked)
