"""The set-up of the account: subsidiaries, items, accounts of the ledger, currencies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from domain.currency import EXPONENTS, exponent
from mocks.erp.bodies import Ref
from mocks.kernel.operations import Refusal

BANK, CLEARING, RECEIVABLE, TAX, UNAPPLIED, DEFERRED = "1000", "1050", "1100", "2100", "2150", "2200"
OPENING, REVENUE, FEES, FX_GAIN = "3000", "4000", "6100", "7000"
ACCOUNTS: Mapping[str, str] = {
    BANK: "Bank",
    CLEARING: "Processor clearing",
    "1060": "Disputed funds",
    RECEIVABLE: "Accounts receivable",
    "1150": "Contract asset",
    TAX: "Tax payable",
    UNAPPLIED: "Unapplied cash",
    DEFERRED: "Deferred revenue",
    "2300": "Partner payable",
    "2900": "Intercompany",
    "4900": "Intercompany revenue",
    "5900": "Intercompany cost",
    OPENING: "Opening balances",
    REVENUE: "Revenue",
    "4100": "Discounts",
    "5200": "Partner commission",
    FEES: "Processor fees",
    "6200": "Bad debt",
    FX_GAIN: "Realised FX",
    "7050": "Unrealised FX",
    "7900": "Rounding",
}
"""The chart of accounts; 3000 takes the other side of seeded open items."""

BAD_DEBT, WRITE_OFF_ITEM = "6200", "BAD-DEBT"
"""What a credit memo with this item takes off an invoice is a loss: expense against receivables, no credit to anybody
(the vendor's way to write off: a non-inventory item whose account is the expense)."""

CONTROL_ACCOUNTS = frozenset({RECEIVABLE, UNAPPLIED})
"""Their balance is the sum of subledger documents, so only those may post to them."""

AT_POSTING = frozenset({"at_posting", "point_in_time", "immediate", "on_delivery", "on_posting", "none"})
OVER_TIME = frozenset({"daily", "straight_line", "over_time", "ratable"})


class Subsidiary(msgspec.Struct, frozen=True, gc=False):
    """A legal entity: its id is the one the business uses (US), `number` the vendor's internal id."""

    id: str
    number: str
    name: str
    currency: str
    zone: str
    country: str = ""


class Item(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A sellable item; `revenue_rule` is one of AT_POSTING or OVER_TIME (`is_deferred`: earned over a service period).

    An item group has `components`: (sku, how many of it one of the group holds), fulfilled one by one.
    """

    id: str
    external_id: str
    sku: str
    kind: str
    revenue_rule: str
    is_deferred: bool
    components: tuple[tuple[str, int], ...] = ()


_SUBSIDIARIES = (
    ("US", "USD", "America/New_York", "US"),
    ("UK", "GBP", "Europe/London", "GB"),
    ("DE", "EUR", "Europe/Berlin", "DE"),
    ("JP", "JPY", "Asia/Tokyo", "JP"),
)


class Names:
    """Finds one kind of master record as an address names it: `eid:...` or an internal id."""

    def __init__(self, by_name: Mapping[str, Any]) -> None:
        self._by_name = by_name

    def find(self, name: str) -> Any | None:
        """Return the record, or None."""
        return self._by_name.get(name.removeprefix("eid:"))


class Catalogue:
    """Finds subsidiaries, items, currencies and accounts by whatever the caller names them."""

    def __init__(self) -> None:
        self.subsidiaries: dict[str, Subsidiary] = {}
        self.items: dict[str, Item] = {}
        self._subsidiary_names: dict[str, Subsidiary] = {}
        self.item_names: dict[str, Item] = {}
        self.skus: dict[str, Item] = {}
        self.item_shelf = Names(self.item_names)
        self.subsidiary_shelf = Names(self._subsidiary_names)
        self.currency_shelf = Names({code: code for code in EXPONENTS})
        self.item_names[WRITE_OFF_ITEM] = Item(
            id="900001", external_id=WRITE_OFF_ITEM, sku=WRITE_OFF_ITEM, kind="one_time", revenue_rule="none",
            is_deferred=False,
        )  # fmt: skip
        for entity, currency, zone, country in _SUBSIDIARIES:
            self.add_subsidiary({"entity": entity, "currency": currency, "zone": zone, "country": country})

    def add_subsidiary(self, arguments: dict[str, Any]) -> None:
        """Create or change a subsidiary: {entity, currency, zone, country, name}."""
        entity, currency = arguments["entity"], arguments["currency"]
        exponent(currency)
        before = self.subsidiaries.get(entity)
        number = before.number if before else str(len(self.subsidiaries) + 1)
        name = arguments.get("name") or entity
        found = Subsidiary(entity, number, name, currency, arguments["zone"], arguments.get("country", ""))
        self.subsidiaries[entity] = found
        self._subsidiary_names.update({entity: found, number: found, name: found})

    def add_item(self, arguments: dict[str, Any]) -> Item:
        """Create or change an item: {sku, item, kind, revenue_rule, components: {sku: quantity}}.

        Recurring items defer revenue by default.
        """
        sku, kind = arguments["sku"], arguments.get("kind", "recurring")
        rule = arguments.get("revenue_rule") or ("daily" if kind == "recurring" else "at_posting")
        if rule not in AT_POSTING and rule not in OVER_TIME:
            known = ", ".join(sorted(AT_POSTING | OVER_TIME))
            raise ValueError(f"item {sku} has the revenue rule {rule!r}; expected one of: {known}")
        external_id = str(arguments.get("item") or sku)
        before = self.item_names.get(external_id)
        number = before.id if before else str(len(self.items) + 1)
        components = tuple(dict(arguments.get("components") or {}).items())
        item = Item(
            id=number, external_id=external_id, sku=sku, kind=kind, revenue_rule=rule, is_deferred=rule in OVER_TIME,
            components=components,
        )  # fmt: skip
        self.items[number] = item
        self.item_names.update({external_id: item, sku: item})
        self.item_names.setdefault(number, item)
        self.skus[sku] = item
        return item

    def subsidiary(self, ref: Ref, field: str = "subsidiary") -> Subsidiary:
        """Return the subsidiary named by id, number or name, or refuse."""
        for name in (ref.id, ref.externalId, ref.refName):
            if name is not None:
                found = self._subsidiary_names.get(str(name))
                if found is None:
                    raise invalid_reference(name, field)
                return found
        raise invalid_reference("", field)

    def item(self, ref: Ref | None, path: str) -> Item:
        """Return the item of the line at a path, named by external id (mapped item id or sku) or internal id."""
        if ref is None:
            raise Refusal("user_error", "Please enter value(s) for: Item", f"{path}.item")
        name = ref.externalId or ref.refName
        if name is not None:
            found = self.item_names.get(name)
        else:
            found = self.items.get(str(ref.id)) or self.item_names.get(str(ref.id))
        if found is None:
            raise invalid_reference(name if name is not None else ref.id, f"{path}.item")
        return found

    def account(self, ref: Ref, field: str) -> str:
        """Return the number of the account named by id, external id or number, or refuse."""
        for name in (ref.id, ref.externalId, ref.refName):
            if name is not None and str(name).partition(" ")[0] in ACCOUNTS:
                return str(name).partition(" ")[0]
        raise invalid_reference(ref.id or ref.externalId or ref.refName, field)


def currency_of(ref: Ref, field: str = "currency") -> str:
    """Return the ISO code of the currency named by code, or refuse."""
    for name in (ref.refName, ref.id, ref.externalId):
        if name in EXPONENTS:
            return str(name)
    raise invalid_reference(ref.refName or ref.id, field)


def invalid_reference(name: object, field: str) -> Refusal:
    """Return the refusal of a reference to nothing."""
    return Refusal("invalid_reference", f"Invalid reference key {name} for {field}.", field)
