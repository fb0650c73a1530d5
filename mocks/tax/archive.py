"""The archive: stored documents by id, and the live revision of each document code. Every change goes into the book."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from mocks.kernel.desk import Desk
from mocks.kernel.operations import Refusal
from mocks.kernel.tables import Listing, enlist, strike_off
from mocks.tax.documents import StoredDocument, canonical

KIND = "tax_document"
_FIRST_ID = 8_000_000_000
_replace = msgspec.structs.replace


class Archive:
    """What is kept of all documents. A code has one live revision for each type; earlier ones are known by id alone."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._codes: Listing = desk.tables.table()  # by company and code

    def by_id(self, document_id: int) -> StoredDocument:
        """Return a stored document of any revision, or raise Refusal."""
        found: StoredDocument | None = self.desk.book.get(KIND, str(document_id))
        if found is None:
            raise Refusal("entity_not_found", f"There is no transaction with the id {document_id}.")
        return found

    def find(self, company: str, code: str, kind: str = "") -> StoredDocument | None:
        """Return the live revision of a code, or None; raise Refusal when several types share it and none is named."""
        ids = self._codes.get(_name(company, code), ())
        live = [document for document in map(self.by_id, map(int, ids)) if kind in ("", document.type)]
        if len(live) > 1:
            raise Refusal("code_conflict", f"Several documents have the code {code}: name a documentType.")
        return live[0] if live else None

    def of_company(self, company: str) -> Iterable[StoredDocument]:
        """Return all revisions of all documents of a company, in order of their creation."""
        return [row for row in self.desk.book.table(KIND).values() if row.company == company]

    def is_taken(self, company: str, code: str) -> bool:
        """Tell whether a document of any type has the code."""
        return _name(company, code) in self._codes

    def next_id(self) -> int:
        """Return the id of the next document."""
        return _FIRST_ID + self.desk.next("document")

    def put(self, document: StoredDocument) -> StoredDocument:
        """Keep a document under its id, and return it."""
        shown = canonical(document)
        self.desk.book.put(KIND, str(document.id), document, shown, shown.status, document.txn)
        return document

    def add(self, document: StoredDocument) -> StoredDocument:
        """Keep a new document, and find it by its code from now on."""
        self.put(document)
        enlist(self._codes, _name(document.company, document.code), str(document.id))
        self.desk.book.know(document.code, document.txn)
        return document

    def change(self, document: StoredDocument, **changes: Any) -> StoredDocument:
        """Keep a document with some changes made now, and return it."""
        return self.put(_replace(document, modified_us=self.desk.now_us, **changes))

    def rename(self, document: StoredDocument, code: str, status: str) -> StoredDocument:
        """Keep a document under another code."""
        self.free(document)
        return self.add(_replace(document, modified_us=self.desk.now_us, code=code, status=status))

    def free(self, document: StoredDocument) -> None:
        """Find a document no longer by its code."""
        strike_off(self._codes, _name(document.company, document.code), str(document.id))


def _name(company: str, code: str) -> str:
    return f"{company}\n{code}"
