"""Accounts and products: what sales keeps about customers and about what it sells."""

from __future__ import annotations

from mocks.crm.documents import ACCOUNT_AT, account_document
from mocks.crm.objects import ACCOUNT, PRODUCT
from mocks.crm.schema import Row
from mocks.crm.store import Store
from mocks.crm.unit import Unit
from mocks.kernel.operations import Refusal

_NUMBER = ACCOUNT_AT["AccountNumber"]
_NAME, _COUNTRY, _KEY = ACCOUNT_AT["Name"], ACCOUNT_AT["BillingCountryCode"], ACCOUNT_AT["MatchKey__c"]
_FORMS = ("株式会社", "有限会社", "合同会社")
_CODE = PRODUCT.at("ProductCode")
_KIND = PRODUCT.at("Kind__c")


def match_key(name: str, country: str) -> str:
    """Return the formula by which accounts that may be one are found: four letters of the name, and the country.

    >>> match_key("Tucker, Hill PLC", "US"), match_key("有限会社高橋農林", "JP")
    ('TUCK-US', '高橋農林-JP')
    """
    for form in _FORMS:
        name = name.replace(form, "")
    letters = [char for char in name.upper() if char.isalnum()]
    return f"{''.join(letters[:4])}-{country}"


class Accounts:
    """Keeps accounts in the store and on record, and finds both accounts and products by their business keys."""

    def __init__(self, store: Store, unit: Unit) -> None:
        self._store = store
        self._unit = unit

    def keep(self, row: Row) -> None:
        """Keep a new or changed account and put its document on record."""
        row = (*row[:_KEY], match_key(str(row[_NAME]), str(row[_COUNTRY] or "")), *row[_KEY + 1 :])
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
