"""What API users do to records of any object: create, change, delete, upsert. The schema says what is allowed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from domain.ownership import may_write
from mocks.crm import ids
from mocks.crm.accounts import Accounts
from mocks.crm.csv_text import NULL
from mocks.crm.documents import QUOTE_AT
from mocks.crm.events import Events
from mocks.crm.objects import ACCOUNT, PRODUCT, QUOTE, QUOTE_LINE
from mocks.crm.quirks import Quirks
from mocks.crm.quote_lines import QuoteLines
from mocks.crm.quotes import Quotes
from mocks.crm.rows import new_row
from mocks.crm.schema import CURRENCY, ID, IS_DELETED, NUMBER_TYPES, Field, Row, SObject
from mocks.crm.store import Store
from mocks.crm.unit import Unit
from mocks.crm.values import DEFAULT_CURRENCY, READERS
from mocks.kernel.desk import Desk
from mocks.kernel.operations import Refusal

_API_WRITES = {("Quote", "Status")}  # owned, but some steps are the integration's: the rules of quotes say which
_Refused = tuple[str, str, str]


class Column(msgspec.Struct, frozen=True):
    """A field as API users meet it: how its values are read, and why it may not be given (the Refusal's arguments)."""

    field: Field
    read: Callable[[Field, Any, str], Any]
    on_create: _Refused | None
    on_change: _Refused | None


class Records:
    """Generic record handling. Objects with rules of their own (quotes, accounts) are handed over after the checks."""

    def __init__(
        self, desk: Desk, store: Store, unit: Unit, events: Events, quirks: Quirks, quotes: Quotes, accounts: Accounts
    ) -> None:
        self.desk = desk
        self.schema = store.schema
        self._store = store
        self._unit = unit
        self._events = events
        self._quotes = quotes
        self._accounts = accounts
        self._lines = QuoteLines(desk, store, quotes)
        self._owned = {
            QUOTE.name: quirks.owns_quotes,
            QUOTE_LINE.name: quirks.owns_quotes,
            ACCOUNT.name: quirks.owns_accounts,
            PRODUCT.name: quirks.owns_products,
        }
        self._user_id = quirks.user_id
        self._locked: dict[str, int] = {}
        self._required = {
            of.name: tuple([each.name for each in of.fields if each.required]) for of in store.schema.objects
        }
        self._columns = {
            of.name: {each.name: self._column(of, each) for each in of.fields} for of in store.schema.objects
        }

    # --- finding ----------------------------------------------------------------------------------------------------

    def get(self, of: SObject, key: str) -> Row:
        """Return a live record by its id of 15 or 18 characters; raise Refusal `not_found` or `deleted`."""
        table = self._store.tables[of.name]
        row = table.get(key)
        if row is None:
            row = table.get(ids.canonical(key) or "")
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
        values = self._values(of, body, None)
        missing = [name for name in self._required[of.name] if values.get(name) is None]
        if missing:
            detail = f"Required fields are missing: [{', '.join(missing)}]"
            raise Refusal("required_field_missing", detail, fields=missing)
        self._require_unique(of, values, "")
        if of.defaults or of.numbered:
            given = {name: form.format(self.desk.next(of.prefix + name)) for name, form in of.numbered.items()}
            values = {**of.defaults, **given, **values}
        if "OwnerId" in of.exact:
            values.setdefault("OwnerId", self._user_id)
        row = new_row(self.desk, of, values)
        if of is QUOTE:
            self._quotes.create(row)
        elif of is QUOTE_LINE:
            self._lines.create(row)
        elif of is ACCOUNT:
            self._accounts.keep(row)
        elif of.is_event:
            self._unit.later(self._events.publish, of, row)
        else:
            self._store.put(of, row)
        return str(row[ID])

    def change(self, of: SObject, row: Row, body: Mapping[str, Any]) -> None:
        """Change a record for an API user."""
        if self._locked:
            self._require_unlocked(row)
        values = self._values(of, body, row)
        self._require_unique(of, values, row[ID])
        if of is QUOTE:
            self._quotes.write(row, values)
        elif of is QUOTE_LINE:
            self._lines.change(row, values)
        elif of is ACCOUNT:
            self._accounts.keep(of.touched(row, values, self.desk.now_us))
        else:
            self._store.put(of, of.touched(row, values, self.desk.now_us))

    def _join(self, of: SObject, values: dict[str, Any], row: Row | None) -> None:
        """Give the fields that join others their text."""
        for name, parts in of.joined.items():
            if row is None or any(part in values for part in parts):
                texts = [values.get(part, row[of.exact[part]] if row is not None else None) for part in parts]
                values[name] = " ".join(filter(None, texts))

    def upsert(self, of: SObject, field_name: str, value: str, body: Mapping[str, Any]) -> tuple[str, bool]:
        """Change the record with an external id, or create it; return its id and whether it is new."""
        rows = self.external(of, field_name, value)
        if len(rows) > 1:
            raise Refusal("duplicate_external_id", f"{field_name}: more than one record found", field_name)
        if rows:
            self.change(of, rows[0], body)
            return str(rows[0][ID]), False
        if of.positions[field_name.lower()] == ID:
            raise Refusal("not_found", f"no {of.name} has the id {value}")
        return self.create(of, {**body, field_name: value}), True

    def delete(self, of: SObject, row: Row) -> None:
        """Move a record to the bin."""
        if self._owned.get(of.name, False):
            raise Refusal("rule", f"{of.name} records are deleted in the CRM, not by API users")
        if self._locked:
            self._require_unlocked(row)
        if (of is QUOTE and row[QUOTE_AT["Status"]] != "Draft") or (of is ACCOUNT and self._is_used(row)):
            raise Refusal("delete_failed", f"this {of.name} is in use and cannot be deleted")
        if of is QUOTE_LINE:
            self._lines.delete(row)
        else:
            self._store.put(of, of.touched(row, {"IsDeleted": True}, self.desk.now_us))

    def _is_used(self, account: Row) -> bool:
        """Tell whether something else stands on an account."""
        below = ((self.schema[of], reference) for _, of, reference in ACCOUNT.children.values())
        return any(self._store.find(of, of.at(reference), account[ID]) for of, reference in below)

    def lock(self, key: str, until_us: int) -> None:
        """Let somebody else hold a record until an instant: writing it is refused."""
        self._locked[ids.canonical(key) or key] = until_us

    # --- checks -----------------------------------------------------------------------------------------------------

    def _values(self, of: SObject, body: Mapping[str, Any], row: Row | None) -> dict[str, Any]:
        """Return the values a body gives to fields; `row` is the record to change, None for a new one."""
        currency = str(body.get("CurrencyIsoCode") or (row[CURRENCY] if row is not None else "") or DEFAULT_CURRENCY)
        columns = self._columns[of.name]
        values: dict[str, Any] = {}
        for name, value in body.items():
            if name == "attributes":
                continue
            column = columns.get(name) or self._folded_column(of, name)
            if column is None:
                name, value = self._linked(of, name, value)
                column = columns[name]
            field = column.field
            refused = column.on_create if row is None else column.on_change
            if refused is not None:
                raise Refusal(*refused)
            if value is None:
                _require_nillable(field)
            else:
                value = column.read(field, value, currency)
                if field.refers_to:
                    self._require_target(field, value)
            values[field.name] = value
        if of.joined:
            self._join(of, values, row)
        return values

    def _folded_column(self, of: SObject, name: str) -> Column | None:
        """Return a field that is named in other letters; None for a relationship."""
        at = of.positions.get(name.lower())
        if at is not None:
            return self._columns[of.name][of.fields[at].name]
        if name.lower() in of.parents:
            return None
        raise Refusal("invalid_field", f"No such column '{name}' on sobject of type {of.name}", name)

    def _linked(self, of: SObject, name: str, value: Any) -> tuple[str, str]:
        """Return the reference that `{"Account": {"AccountNumber": "A-1"}}` means: a parent by its external id."""
        field = of.fields[of.parents[name.lower()]]
        keys = {key: each for key, each in value.items() if key != "attributes"} if isinstance(value, Mapping) else {}
        if len(keys) != 1:
            raise Refusal("malformed", f"{name}: a parent is named by one external id field", name)
        ((key, each),) = keys.items()
        rows = self.external(self._store.schema[field.refers_to], key, str(each))
        if len(rows) != 1:
            raise Refusal("bad_reference", f"Foreign key external ID: {each} not found for field {key}", name)
        return field.name, str(rows[0][ID])

    def typed(self, of: SObject, record: Mapping[str, str]) -> dict[str, Any]:
        """Return the cells of a CSV row as JSON values; an empty cell says nothing, #N/A says null."""
        values: dict[str, Any] = {}
        for name, text in record.items():
            if text == "":
                continue
            parent, point, key = name.partition(".")
            if point:
                values[parent] = {key: text}
                continue
            at = of.positions.get(name.lower())
            values[name] = None if text == NULL else text if at is None else _cell(of.fields[at], text)
        return values

    def _column(self, of: SObject, field: Field) -> Column:
        owned = self._kept_by_us(of, field)
        on_create = owned if field.createable else _not_writeable(field)
        on_change = owned if field.updateable else _not_writeable(field)
        return Column(field, READERS[field.type], on_create, on_change)

    def _kept_by_us(self, of: SObject, field: Field) -> _Refused | None:
        if not self._owned.get(of.name, False) or (of.name, field.name) in _API_WRITES:
            return None
        if field.owner and may_write("crm", field.owner):
            return "rule", f"{of.name}.{field.name} is kept by the CRM; API users may not write it", field.name
        return None

    def _require_target(self, field: Field, key: str) -> None:
        if self._store.get(self._store.schema[field.refers_to], key) is None:
            raise Refusal("bad_reference", f"invalid cross reference id: {key}", field.name)

    def _require_unlocked(self, row: Row) -> None:
        if self._locked.get(row[ID], 0) > self.desk.now_us:
            raise Refusal("locked")

    def _require_unique(self, of: SObject, values: Mapping[str, Any], own_id: str) -> None:
        for name in of.unique_fields & values.keys():
            value = values[name]
            if value is None:
                continue
            for other in self._store.find(of, of.exact[name], value):
                if other[ID] != own_id:
                    detail = f"duplicate value found: {name} duplicates value on record with id: {other[ID]}"
                    raise Refusal("duplicate_value", detail, name)


def _require_nillable(field: Field) -> None:
    if not field.nillable:
        raise Refusal("required_field_missing", f"Required fields are missing: [{field.name}]", field.name)


def _cell(field: Field, text: str) -> Any:
    """Return the text of a cell as JSON has it; text that does not fit stays text, and is refused as such."""
    if field.type in NUMBER_TYPES:
        try:
            number = Decimal(text)
        except InvalidOperation:
            return text
        return number if number.is_finite() else text
    if field.type == "boolean":
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)
    return text


def _not_writeable(field: Field) -> _Refused:
    detail = f"Unable to create/update fields: {field.name}. Please check the security settings of this field."
    return "not_writeable", detail, field.name
