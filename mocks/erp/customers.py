"""Customers of the ERP: who they are, on what terms they buy, and how far they are trusted."""

from __future__ import annotations

import re
from decimal import Decimal

import msgspec

from domain.objects import Customer
from mocks.erp.amounts import minor
from mocks.erp.bodies import CustomerBody, Ref
from mocks.erp.catalogue import Catalogue, currency_of, invalid_reference
from mocks.erp.quirks import Quirks
from mocks.erp.shelf import Shelf
from mocks.kernel.desk import Desk
from mocks.kernel.operations import Refusal
from mocks.kernel.tables import Table

_NUMBER = re.compile(r"\d+")
AUTO, ON, OFF = "AUTO", "ON", "OFF"
_CREDIT_FIELDS = ("creditLimit", "creditHoldOverride", "custentity_credit_status")


class CustomerRecord(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A customer. `override` is the vendor's credit hold override: AUTO (by the limit), ON (held), OFF (never held)."""

    id: str
    external_id: str
    account: str  # the number by which other systems know the customer: the external id, or the internal one
    name: str
    entity: str
    currency: str
    terms_days: int
    limit_minor: int
    email: str = ""
    override: str = AUTO
    manual_level: str = ""  # soft_hold or hard_hold while the override is ON
    status: str = "clear"
    created_us: int
    modified_us: int


class Customers:
    """The customers by internal and external id, and in the order of their last change."""

    def __init__(self, desk: Desk, catalogue: Catalogue, quirks: Quirks) -> None:
        self._desk = desk
        self._catalogue = catalogue
        self._quirks = quirks
        self.shelf: Shelf[CustomerRecord] = Shelf("customer", desk.tables)
        self.records = self.shelf.records
        self.used: Table[None] = desk.tables.table()  # those with transactions: currency and subsidiary are fixed
        self.migrated: Table[None] = desk.tables.table()  # there at go-live, with a past this ERP does not hold
        self._recent: Table[None] = desk.tables.table()

    def of(self, ref: Ref | None, field: str) -> CustomerRecord:
        """Return the customer a body refers to, or refuse."""
        if ref is None:
            raise Refusal("user_error", f"Please enter value(s) for: {field}", field)
        found = self.shelf.of_external(ref.externalId) if ref.externalId else self.records.get(str(ref.id))
        if found is None:
            raise invalid_reference(ref.externalId or ref.id, field)
        return found

    def changed_since(self, floor_us: int) -> list[CustomerRecord]:
        """Return the customers changed at or after an instant, oldest change first."""
        result = []
        for key in reversed(self._recent):
            if self.records[key].modified_us < floor_us:
                break
            result.append(self.records[key])
        return result[::-1]

    def put(self, external_id: str, body: CustomerBody, _hint: str = "") -> CustomerRecord:
        """Create the customer or bring it up to date; a repetition with the same content changes nothing."""
        self._check_ownership(body)
        before = self.shelf.of_external(external_id)
        return self._create(external_id, body) if before is None else self.change(before, body)

    def create(self, body: CustomerBody, _hint: str = "") -> CustomerRecord:
        """Create a customer; refuse an external id that is taken."""
        self._check_ownership(body)
        return self._create(self.shelf.require_free(body.externalId), body)

    def _check_ownership(self, body: CustomerBody) -> None:
        given = (body.creditLimit, body.creditHoldOverride, body.custentity_credit_status)
        if not self._quirks.owns_credit or given == (None, None, None):
            return
        field = _CREDIT_FIELDS[[value is not None for value in given].index(True)]
        raise Refusal("forbidden", f"Credit management owns {field}; this role may only read it.", field)

    def remove(self, record: CustomerRecord) -> None:
        """Delete a customer without transactions."""
        if record.id in self.used:
            raise Refusal("user_error", "This record cannot be deleted: there are transactions of it.", "id")
        self.shelf.drop(record.id, record.external_id)
        del self._recent[record.id]

    def seed(self, external_id: str, body: CustomerBody, limit_minor: int | None) -> CustomerRecord:
        """Create a customer with a past, with its credit limit, as a migration does."""
        record = self._create(external_id, body, limit_minor)
        self.migrated[record.id] = None
        return record

    def _create(self, external_id: str, body: CustomerBody, limit_minor: int | None = None) -> CustomerRecord:
        if not body.companyName:
            raise Refusal("user_error", "Please enter value(s) for: companyName", "companyName")
        if body.subsidiary is None:
            raise Refusal("user_error", "Please enter value(s) for: subsidiary", "subsidiary")
        subsidiary = self._catalogue.subsidiary(body.subsidiary)
        currency = currency_of(body.currency) if body.currency else subsidiary.currency
        key = str(self._desk.next("customer"))
        record = CustomerRecord(
            id=key, external_id=external_id, account=external_id or key, name=body.companyName, entity=subsidiary.id,
            currency=currency, terms_days=_terms(body.terms, self._quirks.default_terms_days),
            limit_minor=_limit(body.creditLimit, currency, self._quirks.default_credit_limit_minor)
            if limit_minor is None
            else limit_minor,
            email=body.email or "", created_us=self._desk.now_us, modified_us=self._desk.now_us,
        )  # fmt: skip
        self.shelf.know(external_id, key)
        self.save(record)
        return record

    def change(self, before: CustomerRecord, body: CustomerBody) -> CustomerRecord:
        """Change the fields that are given; currency and subsidiary only as long as there are no transactions."""
        self._check_ownership(body)
        currency = currency_of(body.currency) if body.currency else before.currency
        entity = self._catalogue.subsidiary(body.subsidiary).id if body.subsidiary else before.entity
        if before.id in self.used and entity != before.entity:
            raise Refusal("user_error", "The subsidiary cannot be changed: there are transactions.", "subsidiary")
        if before.id in self.used:
            currency = before.currency  # a further currency of the same customer, not another primary one
        after = msgspec.structs.replace(
            before, name=body.companyName or before.name, entity=entity, currency=currency,
            terms_days=_terms(body.terms, before.terms_days), email=body.email or before.email,
            limit_minor=_limit(body.creditLimit, currency, before.limit_minor),
        )  # fmt: skip
        if after != before:
            self.save(msgspec.structs.replace(after, modified_us=self._desk.now_us))
        return self.records[before.id]

    def save(self, record: CustomerRecord) -> None:
        """Keep a new or changed customer and write it to the history."""
        self.records[record.id] = record
        self._recent.pop(record.id, None)
        self._recent[record.id] = None
        document = Customer(
            id=record.account, ref=record.external_id, name=record.name, entity=record.entity,
            currency=record.currency, credit_limit_minor=record.limit_minor, credit_status=record.status,
            terms_days=record.terms_days,
        )  # fmt: skip
        self._desk.book.put("customer", record.account, record, document, record.status)


def _terms(terms: Ref | str | int | None, default: int) -> int:
    if terms is None:
        return default
    text = str(terms.refName or terms.id or terms.externalId) if isinstance(terms, Ref) else str(terms)
    found = _NUMBER.search(text)
    if found is None:
        raise invalid_reference(text, "terms")
    return int(found.group()[:4])


def _limit(limit: Decimal | None, currency: str, default_minor: int) -> int:
    return default_minor if limit is None else minor(limit, currency, "creditLimit")
