"""What API users do to records of any object: create, change, delete, upsert. The schema says what is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.ownership import may_write
from mocks.crm import ids
from mocks.crm.accounts import Accounts
from mocks.crm.documents import QUOTE_AT
from mocks.crm.objects import ACCOUNT, PRODUCT, QUOTE, QUOTE_LINE
from mocks.crm.quirks import Quirks
from mocks.crm.quote_lines import QuoteLines
from mocks.crm.quotes import Quotes
from mocks.crm.rows import new_row
from mocks.crm.schema import CURRENCY, ID, IS_DELETED, Field, Row, SObject
from mocks.crm.store import Store
from mocks.crm.values import DEFAULT_CURRENCY, read
from mocks.kernel.desk import Desk
from mocks.kernel.operations import Refusal

_API_WRITES = {("Quote", "Status")}  # owned, but some steps are the integration's: the rules of quotes say which


class Records:
    """Generic record handling. Objects with rules of their own (quotes, accounts) are handed over after the checks."""

    def __init__(self, desk: Desk, store: Store, quirks: Quirks, quotes: Quotes, accounts: Accounts) -> None:
        self._desk = desk
        self._store = store
        self._quotes = quotes
        self._accounts = accounts
        self._lines = QuoteLines(desk, store, quotes)
        self._owned = {
            QUOTE.name: quirks.owns_quotes,
            QUOTE_LINE.name: quirks.owns_quotes,
            ACCOUNT.name: quirks.owns_accounts,
            PRODUCT.name: quirks.owns_products,
        }

    # --- finding ----------------------------------------------------------------------------------------------------

    def get(self, of: SObject, key: str) -> Row:
        """Return a live record by its id of 15 or 18 characters; raise Refusal `not_found` or `deleted`."""
        table = self._store.tables[of.name]
        row = table.get(key) or table.get(ids.canonical(key) or "")
        if row is None:
            raise Refusal("not_found", f"no {of.name} has the id {key}")
        if row[IS_DELETED]:
            raise Refusal("deleted", "entity is deleted")
        return row

    def external(self, of: SObject, field_name: str, value: str) -> list[Row]:
        """Return the live records with a value in an external id field (or Id)."""
        at = of.positions.get(field_name.lower())
        if at == ID:
            row = self._store.get(of, ids.canonical(value) or "")
            return [row] if row is not None else []
        if at is None or not of.fields[at].external_id:
            raise Refusal("not_found", f"{field_name} is no external id field of {of.name}")
        return self._store.find(of, at, value)

    # --- writing ----------------------------------------------------------------------------------------------------

    def create(self, of: SObject, body: Mapping[str, Any]) -> str:
        """Create a record for an API user; return its id."""
        if self._owned.get(of.name, False):
            raise Refusal("rule", f"{of.name} records are made in the CRM, not by API users")
        values = self._values(of, body, creating=True)
        missing = [field.name for field in of.fields if field.required and values.get(field.name) is None]
        if missing:
            detail = f"Required fields are missing: [{', '.join(missing)}]"
            raise Refusal("required_field_missing", detail, fields=missing)
        self._require_unique(of, values, "")
        row = new_row(self._desk, of, values)
        if of is QUOTE:
            self._quotes.create(row)
        elif of is QUOTE_LINE:
            self._lines.create(row)
        elif of is ACCOUNT:
            self._accounts.keep(row)
        else:
            self._store.put(of, row)
        return str(row[ID])

    def change(self, of: SObject, row: Row, body: Mapping[str, Any]) -> None:
        """Change a record for an API user."""
        values = self._values(of, body, creating=False, row=row)
        self._require_unique(of, values, row[ID])
        if of is QUOTE:
            self._quotes.write(row, values)
        elif of is QUOTE_LINE:
            self._lines.change(row, values)
        elif of is ACCOUNT:
            self._accounts.keep(of.changed(row, {**values, **self._stamps()}))
        else:
            self._store.put(of, of.changed(row, {**values, **self._stamps()}))

    def delete(self, of: SObject, row: Row) -> None:
        """Move a record to the bin."""
        if self._owned.get(of.name, False):
            raise Refusal("rule", f"{of.name} records are deleted in the CRM, not by API users")
        if (of is QUOTE and row[QUOTE_AT["Status"]] != "Draft") or of is ACCOUNT:
            raise Refusal("delete_failed", f"this {of.name} is in use and cannot be deleted")
        if of is QUOTE_LINE:
            self._lines.delete(row)
        else:
            self._store.put(of, of.changed(row, {"IsDeleted": True, **self._stamps()}))

    def _stamps(self) -> dict[str, int]:
        return {"LastModifiedDate": self._desk.now_us, "SystemModstamp": self._desk.now_us}

    # --- checks -----------------------------------------------------------------------------------------------------

    def _values(self, of: SObject, body: Mapping[str, Any], creating: bool, row: Row | None = None) -> dict[str, Any]:
        currency = str(body.get("CurrencyIsoCode") or (row[CURRENCY] if row is not None else "") or DEFAULT_CURRENCY)
        values: dict[str, Any] = {}
        for name, value in body.items():
            if name == "attributes":
                continue
            at = of.positions.get(name.lower())
            if at is None:
                raise Refusal("invalid_field", f"No such column '{name}' on sobject of type {of.name}", name)
            field = of.fields[at]
            self._require_writable(of, field, creating)
            values[field.name] = read(field, value, currency)
            if field.refers_to and value is not None:
                self._require_target(field, values[field.name])
        return values

    def _require_writable(self, of: SObject, field: Field, creating: bool) -> None:
        if not (field.createable if creating else field.updateable):
            detail = f"Unable to create/update fields: {field.name}. Please check the security settings of this field."
            raise Refusal("not_writeable", detail, field.name)
        if not self._owned.get(of.name, False) or (of.name, field.name) in _API_WRITES:
            return
        if field.owner and may_write("crm", field.owner):
            raise Refusal("rule", f"{of.name}.{field.name} is kept by the CRM; API users may not write it", field.name)

    def _require_target(self, field: Field, key: str) -> None:
        if self._store.get(self._store.schema[field.refers_to], key) is None:
            raise Refusal("bad_reference", f"invalid cross reference id: {key}", field.name)

    def _require_unique(self, of: SObject, values: Mapping[str, Any], own_id: str) -> None:
        for name, value in values.items():
            at = of.at(name)
            if not of.fields[at].external_id or value is None:
                continue
            others = [row[ID] for row in self._store.find(of, at, value) if row[ID] != own_id]
            if others:
                detail = f"duplicate value found: {name} duplicates value on record with id: {others[0]}"
                raise Refusal("duplicate_value", detail, name)
