"""Contacts: the people at a customer. Nothing in the ledger depends on them."""

from __future__ import annotations

import msgspec

from mocks.erp.bodies import ContactBody
from mocks.erp.customers import Customers
from mocks.erp.shelf import Shelf
from mocks.kernel.desk import Desk
from mocks.kernel.operations import Refusal


class Contact(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A person; `company` is the internal id of the customer, empty when there is none."""

    id: str
    external_id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    title: str = ""
    company: str = ""
    created_us: int
    modified_us: int


class Contacts:
    """The contacts by internal and external id."""

    def __init__(self, desk: Desk, customers: Customers) -> None:
        self._desk = desk
        self._customers = customers
        self.shelf: Shelf[Contact] = Shelf("contact", desk.tables)
        self.records = self.shelf.records

    def put(self, external_id: str, body: ContactBody, _hint: str = "") -> Contact:
        """Create the contact or bring it up to date."""
        before = self.shelf.of_external(external_id)
        return self._create(external_id, body) if before is None else self.change(before, body)

    def create(self, body: ContactBody, _hint: str = "") -> Contact:
        """Create a contact; refuse an external id that is taken."""
        return self._create(self.shelf.require_free(body.externalId), body)

    def _create(self, external_id: str, body: ContactBody) -> Contact:
        if not (body.firstName or body.lastName or body.entityId):
            raise Refusal("user_error", "Please enter value(s) for: Contact Name", "entityId")
        now_us = self._desk.now_us
        key = str(100_000 + self._desk.next("contact"))
        blank = Contact(id=key, external_id=external_id, created_us=now_us, modified_us=now_us)
        self.shelf.know(external_id, key)
        return self.change(blank, body)

    def change(self, before: Contact, body: ContactBody) -> Contact:
        """Change the fields that are given."""
        first, _, last = (body.entityId or "").partition(" ")
        company = self._customers.of(body.company, "company").id if body.company is not None else before.company
        after = msgspec.structs.replace(
            before, first_name=body.firstName or before.first_name or first,
            last_name=body.lastName or before.last_name or last, email=body.email or before.email,
            phone=body.phone or before.phone, title=body.title or before.title, company=company,
            modified_us=self._desk.now_us,
        )  # fmt: skip
        self.records[after.id] = after
        self._desk.book.keep("contact", after.id, after)
        return after

    def remove(self, record: Contact) -> None:
        """Delete a contact."""
        self.shelf.drop(record.id, record.external_id)
