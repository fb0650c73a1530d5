"""Accounts and products: what sales keeps about customers and about what it sells."""

from __future__ import annotations

from mocks.crm.documents import ACCOUNT_AT, account_document
from mocks.crm.objects import ACCOUNT, PRODUCT
from mocks.crm.schema import Row
from mocks.crm.store import Store
from mocks.crm.unit import Unit
from mocks.kernel.operations import Refusal

_NUMBER = ACCOUNT_AT["AccountNumber"]
_CODE = PRODUCT.at("ProductCode")
_KIND = PRODUCT.at("Kind__c")


class Accounts:
    """Keeps accounts in the store and on record, and finds both accounts and products by their business keys."""

    def __init__(self, store: Store, unit: Unit) -> None:
        self._store = store
        self._unit = unit

    def keep(self, row: Row) -> None:
        """Keep a new or changed account and put its document on record."""
        document = account_document(row)
        if self._unit.document("account", document.id) != document:
            self._unit.put("account", document.id, document, "active")
        self._store.put(ACCOUNT, row)

    def numbered(self, number: str) -> Row | None:
        """Return the account of this number, or None."""
        rows = self._store.find(ACCOUNT, _NUMBER, number)
        return rows[0] if rows else None

    def add(self, row: Row) -> None:
        """Keep a new account; raise Refusal when its number is taken."""
        if self.numbered(row[_NUMBER]) is not None:
            raise Refusal("duplicate_value", f"account {row[_NUMBER]} exists", "AccountNumber")
        self.keep(row)

    def add_product(self, row: Row) -> None:
        """Keep a new product; raise Refusal when its code is taken."""
        if self._store.find(PRODUCT, _CODE, row[_CODE]):
            raise Refusal("duplicate_value", f"product {row[_CODE]} exists", "ProductCode")
        self._store.put(PRODUCT, row)

    def product(self, sku: str) -> Row:
        """Return a product; raise Refusal when the catalogue does not have it."""
        rows = self._store.find(PRODUCT, _CODE, sku)
        if not rows:
            raise Refusal("bad_reference", f"there is no product {sku}", "ProductCode")
        return rows[0]

    def kind_of(self, sku: str) -> str:
        """Return the kind of a product; recurring for a product the catalogue does not have."""
        rows = self._store.find(PRODUCT, _CODE, sku)
        return str(rows[0][_KIND] or "recurring") if rows else "recurring"
