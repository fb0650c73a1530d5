"""Bundles: a product made of others. A quote line of one brings a line per part, free of charge, that requires it.

The parts are product options of the catalogue, as CPQ keeps them; the price stands on the bundle's own line. What an
order needs to know is on each part's line: `SBQQ__RequiredBy__c` is the line of its bundle.
"""

from __future__ import annotations

from typing import NamedTuple

from mocks.crm.catalogue import PRODUCT_OPTION
from mocks.crm.objects import PRODUCT
from mocks.crm.schema import ID
from mocks.crm.store import Store

_CODE, _KIND = PRODUCT.at("ProductCode"), PRODUCT.at("Kind__c")
_WHOLE, _PART = PRODUCT_OPTION.at("SBQQ__ConfiguredSKU__c"), PRODUCT_OPTION.at("SBQQ__OptionalSKU__c")
_QUANTITY, _NUMBER = PRODUCT_OPTION.at("SBQQ__Quantity__c"), PRODUCT_OPTION.at("SBQQ__Number__c")


class Part(NamedTuple):
    """So many of a product come with one of the bundle."""

    sku: str
    kind: str
    quantity: int


def parts_of(store: Store, sku: str) -> list[Part]:
    """Return the parts of a product in the order of their numbers; none for a product that is no bundle."""
    if not store.tables[PRODUCT_OPTION.name]:
        return []
    parts: list[tuple[int, Part]] = []
    for product in store.find(PRODUCT, _CODE, sku):
        for option in store.find(PRODUCT_OPTION, _WHOLE, product[ID]):
            part = store.get(PRODUCT, option[_PART])
            if part is not None:
                found = Part(part[_CODE] or "", part[_KIND] or "recurring", option[_QUANTITY] or 1)
                parts.append((option[_NUMBER] or 0, found))
    return [part for _, part in sorted(parts, key=lambda pair: pair[0])]
