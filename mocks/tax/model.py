"""The tax engine: nexus, rates, and the life of stored documents. No I/O; every check comes before any change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from mocks.kernel.desk import Desk
from mocks.kernel.operations import Refusal
from mocks.tax import lines, returns
from mocks.tax.archive import Archive
from mocks.tax.bodies import (
    AddLines,
    Address,
    Adjust,
    CreateOrAdjust,
    LineInput,
    Refund,
    RemoveLines,
    Settle,
    Transaction,
    Verify,
    spelled,
)
from mocks.tax.calculation import Taxation, is_exempt, place, tax_date_of, tax_lines, units_of, use_code
from mocks.tax.checks import compare, document_type, expect, is_same, require_complete, require_unlocked
from mocks.tax.directory import Directory
from mocks.tax.directory_bodies import CompanyReply
from mocks.tax.documents import (
    ADJUSTED,
    CANCELLED,
    COMMITTED,
    POSTED,
    SAVED,
    STORED_TYPES,
    TEMPORARY,
    StoredDocument,
    TaxedLine,
    add_up,
)
from mocks.tax.exemptions import Exemptions
from mocks.tax.quirks import Quirks
from mocks.tax.reading import read_date
from mocks.tax.sites import Sites

_replace = msgspec.structs.replace


class TaxEngine:
    """All that the engine knows: documents, the sites where tax is due, and the directory of companies."""

    def __init__(self, desk: Desk, quirks: Quirks) -> None:
        self.desk = desk
        self.quirks = quirks
        self.sites = Sites(collects=quirks.collects_at_first)
        self.directory = Directory(desk, quirks.companies, int(quirks.account) if quirks.account.isdigit() else 0)
        self.exemptions = Exemptions(desk)
        self.archive = Archive(desk)
        self.trusted: set[str] = set()  # Authorization headers found good

    # --- finding ----------------------------------------------------------------------------------------------------

    def get(self, company: str, code: str, kind: str = "") -> StoredDocument:
        """Return the live revision of a code, or raise Refusal."""
        self.directory.named(company)
        document = self.archive.find(company, code, kind)
        if document is None:
            raise Refusal("entity_not_found", f"There is no transaction {code} in company {company}.", field="code")
        return document

    # --- calculating ------------------------------------------------------------------------------------------------

    def calculate(self, given: Transaction, kind: str, txn: str) -> StoredDocument:
        """Return the document a request asks for, with its tax and nothing changed; raise Refusal when it is wrong."""
        require_complete(given)
        company = self.directory.named(given.company_code or "DEFAULT")
        currency = (given.currency_code or "USD").upper()
        day = read_date(given.date, "date")
        tax_day = tax_date_of(given, day)
        ship_from, ship_to = place(given.addresses)
        taxed = self._taxed(given, given.lines or (), company, ship_to, currency, tax_day)
        override = given.tax_override
        return StoredDocument(
            id=0,
            company=company.company_code,
            company_id=company.id,
            code=given.code or "",
            type=kind,
            status=TEMPORARY,
            version=1,
            date=day,
            tax_date=tax_day,
            customer=given.customer_code or "",
            currency=currency,
            lines=taxed,
            totals=add_up(taxed),
            ship_from=ship_from,
            ship_to=ship_to,
            purchase_order=given.purchase_order_no or "",
            reference=given.reference_code or "",
            description=given.description or "",
            exemption_no=given.exemption_no or "",
            use_code=use_code(given),
            vat_id=given.business_identification_no or "",
            override=override.kind if override is not None else "None",
            override_reason=(override.reason or "") if override is not None else "",
            modified_us=self.desk.now_us,
            txn=txn or self._txn(given),
        )

    def _taxed(
        self,
        given: Transaction,
        given_lines: Sequence[LineInput],
        company: CompanyReply,
        ship_to: Address,
        currency: str,
        day: date,
    ) -> tuple[TaxedLine, ...]:
        zones = self.exemptions.zones(company.id, given.customer_code or "", day)
        taxation = Taxation(
            company.company_code, ship_to, units_of(currency), day, self.sites.find, self.quirks,
            is_exempt(given, self.quirks), zones,
        )  # fmt: skip
        try:
            return tax_lines(given, given_lines, taxation)
        except ArithmeticError:
            raise Refusal("range", "An amount or a quantity is not a number.", field="lines") from None

    def _txn(self, given: Transaction) -> str:
        """Return the business transaction of a document that names an earlier one."""
        for name in (given.reference_code, given.code):
            txn = self.desk.book.txn_of(name) if name else ""
            if txn:
                return txn
        return ""

    # --- storing ----------------------------------------------------------------------------------------------------

    def create(self, given: Transaction, txn: str = "") -> StoredDocument:
        """Calculate; store unless the type is an order. An unfinished document of the same code is replaced."""
        kind = document_type(given)
        document = self.calculate(given, kind, txn)
        if kind not in STORED_TYPES:
            return document
        before = self.archive.find(document.company, document.code, kind) if document.code else None
        if before is not None:
            require_unlocked(before)
            expect(before, SAVED, POSTED)
        status = COMMITTED if given.commit else SAVED
        return self._store(document, status, before)

    def create_or_adjust(self, body: CreateOrAdjust, txn: str = "") -> StoredDocument:
        """Have this document stored: create it, replace it while unfinished, revise it when committed."""
        given = body.create_transaction_model
        kind = document_type(given)
        document = self.calculate(given, kind, txn)
        if kind not in STORED_TYPES:
            raise Refusal("validation", "Only documents that are stored can be adjusted.", field="type")
        before = self.archive.find(document.company, document.code, kind) if document.code else None
        if before is None or before.status in (SAVED, POSTED):
            if before is not None:
                require_unlocked(before)
            return self._store(document, COMMITTED if given.commit else SAVED, before)
        expect(before, COMMITTED)
        if not self.quirks.adjust_identical_revises and is_same(before, document):
            return before
        return self._revise(before, document, body)

    def adjust(self, company: str, code: str, kind: str, body: Adjust) -> StoredDocument:
        """Replace a committed document by a new revision; the old one becomes Adjusted."""
        before = self.get(company, code, kind)
        expect(before, COMMITTED)
        given = body.new_transaction
        document = self.calculate(
            _replace(given, code=given.code or code, company_code=company), before.type, before.txn
        )
        if document.code != code and self.archive.is_taken(company, document.code):
            raise Refusal("document_status", f"The code {document.code} is taken.", field="newTransaction.code")
        return self._revise(before, document, body)

    def refund(self, company: str, code: str, kind: str, body: Refund) -> StoredDocument:
        """Make a return of a committed document at the rates of its day."""
        original = self.get(company, code, kind)
        if original.status != COMMITTED:
            raise Refusal("refund_status", f"{code} is {original.status}; only Committed can be refunded.")
        document = returns.returned(original, body)
        if self.archive.is_taken(company, document.code):
            raise Refusal("document_status", f"The code {document.code} is taken.", field="refundTransactionCode")
        return self._store(_replace(document, modified_us=self.desk.now_us), COMMITTED, None)

    def _store(self, document: StoredDocument, status: str, before: StoredDocument | None) -> StoredDocument:
        self.directory.meet(document.company)
        if before is not None:
            return self.archive.put(_replace(document, id=before.id, status=status))
        number = self.archive.next_id()
        return self.archive.add(_replace(document, id=number, status=status, code=document.code or f"T-{number}"))

    def _revise(self, before: StoredDocument, document: StoredDocument, why: Adjust | CreateOrAdjust) -> StoredDocument:
        require_unlocked(before)
        self.archive.free(before)
        self.archive.change(before, status=ADJUSTED)
        revised = _replace(
            document,
            id=self.archive.next_id(),
            status=COMMITTED,
            version=before.version + 1,
            adjustment_reason=why.adjustment_reason,
            adjustment_description=why.adjustment_description or "",
            txn=document.txn or before.txn,
        )
        return self.archive.add(revised)

    # --- the life of a document -------------------------------------------------------------------------------------

    def commit(self, document: StoredDocument) -> StoredDocument:
        """Report a document: Saved or Posted becomes Committed."""
        if document.status == COMMITTED and self.quirks.commit_repeats_quietly:
            return document
        require_unlocked(document)
        expect(document, SAVED, POSTED)
        return self.archive.change(document, status=COMMITTED)

    def uncommit(self, document: StoredDocument) -> StoredDocument:
        """Take a committed document back to Saved."""
        require_unlocked(document)
        expect(document, COMMITTED)
        return self.archive.change(document, status=SAVED)

    def void(self, document: StoredDocument, reason: str) -> StoredDocument:
        """Cancel a document; DocDeleted also frees its code."""
        reason = spelled(reason, ("DocVoided", "DocDeleted"))
        if reason not in ("DocVoided", "DocDeleted"):
            raise Refusal("validation", f"{reason!r} is not a reason to void: DocVoided or DocDeleted.", field="code")
        require_unlocked(document)
        expect(document, SAVED, POSTED, COMMITTED)
        if reason == "DocDeleted":
            self.archive.free(document)
        return self.archive.change(document, status=CANCELLED, before_void=document.status)

    def unvoid(self, document: StoredDocument) -> StoredDocument:
        """Give a cancelled document the status back that it had."""
        require_unlocked(document)
        expect(document, CANCELLED)
        return self.archive.change(document, status=document.before_void, before_void="")

    def verify(self, document: StoredDocument, body: Verify) -> StoredDocument:
        """Compare a document with what the caller believes; Saved becomes Posted."""
        require_unlocked(document)
        expect(document, SAVED, POSTED)
        compare(document, body)
        return document if document.status == POSTED else self.archive.change(document, status=POSTED)

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
        if new_code != document.code and self.archive.find(document.company, new_code, document.type) is not None:
            raise Refusal("document_status", f"The code {new_code} is taken.", field="newCode")

    def _renamed(self, document: StoredDocument, new_code: str, status: str) -> StoredDocument:
        if new_code == document.code:
            return document if status == document.status else self.archive.change(document, status=status)
        return self.archive.rename(document, new_code, status)

    def lock(self, document: StoredDocument, locked: bool) -> StoredDocument:
        """Lock a committed document against any change, or unlock it."""
        expect(document, COMMITTED)
        return self.archive.change(document, locked=locked)

    def lock_all(self, ids: Sequence[int], locked: bool) -> int:
        """Lock or unlock several documents, all or none; return how many there are."""
        documents = [self.archive.by_id(each) for each in dict.fromkeys(ids)]
        for document in documents:
            expect(document, COMMITTED)
        for document in documents:
            self.lock(document, locked)
        return len(documents)

    # --- lines ------------------------------------------------------------------------------------------------------

    def add_lines(self, body: AddLines) -> StoredDocument:
        """Add lines to an unfinished document, taxed the way those it has were taxed."""
        document = self._open(body)
        if not body.lines:
            raise Refusal("value_required", "Field lines is required.", field="lines")
        more = lines.numbered(body.lines, () if body.renumber else [line.number for line in document.lines])
        given = lines.as_transaction(document, more)
        company = self.directory.named(document.company)
        taxed = self._taxed(given, more, company, document.ship_to, document.currency, document.tax_date)
        return self._relined(document, [*document.lines, *taxed], body.renumber)

    def remove_lines(self, body: RemoveLines) -> StoredDocument:
        """Take lines from an unfinished document."""
        document = self._open(body)
        return self._relined(document, lines.without(document, body.lines), body.renumber)

    def _open(self, body: AddLines | RemoveLines) -> StoredDocument:
        document = self.get(body.company_code, body.transaction_code, body.document_type)
        require_unlocked(document)
        expect(document, SAVED, POSTED)
        return document

    def _relined(self, document: StoredDocument, taxed: Sequence[TaxedLine], renumber: bool) -> StoredDocument:
        return self.archive.change(lines.with_lines(document, taxed, renumber), status=SAVED)
