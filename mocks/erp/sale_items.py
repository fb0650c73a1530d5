"""Sale items as API users write them: new ones, or a changed kind or revenue rule of those there are."""

from __future__ import annotations

from typing import Any

from mocks.erp.bodies import ItemBody, Ref
from mocks.erp.catalogue import AT_POSTING, OVER_TIME, Catalogue, Item, invalid_reference
from mocks.kernel.desk import Desk
from mocks.kernel.operations import Refusal

KINDS = ("recurring", "one_time", "usage")


class SaleItems:
    """Writes into the catalogue."""

    def __init__(self, desk: Desk, catalogue: Catalogue) -> None:
        self._desk = desk
        self._catalogue = catalogue

    def put(self, external_id: str, body: ItemBody, _hint: str = "") -> Item:
        """Create the item or bring it up to date."""
        before = self._catalogue.item_shelf.find(external_id)
        return self._write(external_id, body) if before is None else self.change(before, body)

    def create(self, body: ItemBody, _hint: str = "") -> Item:
        """Create an item; refuse a name or external id that is taken."""
        for name, field in ((body.itemId, "itemId"), (body.externalId, "externalId")):
            if name and self._catalogue.item_shelf.find(name) is not None:
                raise Refusal("duplicate", f"This record already exists: an item is called {name}.", field)
        return self._write(body.externalId or body.itemId or "", body)

    def change(self, before: Item, body: ItemBody) -> Item:
        """Change the kind or the revenue rule of an item; its names stay."""
        if body.itemId not in (None, before.sku):
            raise Refusal("user_error", "The name of an item with transactions cannot be changed.", "itemId")
        known = {"sku": before.sku, "item": before.external_id, "components": dict(before.components)}
        return self._keep(
            {
                **known,
                "kind": _kind(body) or before.kind,
                "revenue_rule": _rule(body) or before.revenue_rule,
            }
        )

    def _write(self, external_id: str, body: ItemBody) -> Item:
        if not body.itemId:
            raise Refusal("user_error", "Please enter value(s) for: Item Name/Number", "itemId")
        arguments = {"sku": body.itemId, "item": external_id, "kind": _kind(body) or "recurring"}
        return self._keep({**arguments, "revenue_rule": _rule(body)})

    def _keep(self, arguments: dict[str, Any]) -> Item:
        item = self._catalogue.add_item(arguments)
        self._desk.book.keep("item", item.sku, item)
        return item


def _kind(body: ItemBody) -> str:
    if body.custitem_kind is not None and body.custitem_kind not in KINDS:
        raise invalid_reference(body.custitem_kind, "custitem_kind")
    return body.custitem_kind or ""


def _rule(body: ItemBody) -> str:
    rule = body.revenueRecognitionRule
    name = str(rule.id or rule.refName or "") if isinstance(rule, Ref) else rule or ""
    if name and name not in AT_POSTING and name not in OVER_TIME:
        raise invalid_reference(name, "revenueRecognitionRule")
    return name
