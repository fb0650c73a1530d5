"""Documents: what the engine has calculated, and what it keeps of it."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from decimal import Decimal

import msgspec

from domain.objects import TaxDocument, TaxShare
from mocks.tax.bodies import Address
from mocks.tax.rates import Component, Components

TEMPORARY, SAVED, POSTED, COMMITTED, CANCELLED, ADJUSTED = (
    "Temporary", "Saved", "Posted", "Committed", "Cancelled", "Adjusted",
)  # fmt: skip
TYPES = tuple(
    f"{kind}{suffix}"
    for kind in ("Sales", "Return", "Purchase", "InventoryTransfer", "ReverseCharge")
    for suffix in ("Order", "Invoice")
)
NO_ADDRESS = Address()


class TaxedLine(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One line with its tax: `taxes` are minor units, one per jurisdiction of `components`.

    `taxable_minor` and `exempt_minor` add up to `amount_minor` (net of discount, and of tax when it was included).
    """

    number: str
    quantity: Decimal
    amount_minor: int
    taxable_minor: int
    exempt_minor: int
    components: Components
    taxes: tuple[int, ...]
    item_code: str
    tax_code: str
    description: str
    ref1: str = ""
    ref2: str = ""
    included: bool = False
    discount_minor: int = 0

    @property
    def tax_minor(self) -> int:
        """The tax of the line over all jurisdictions."""
        return sum(self.taxes)


class StoredDocument(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A calculated document; an estimate has id 0 and is not stored."""

    id: int
    company: str
    code: str
    type: str
    status: str
    version: int
    date: datetime.date
    tax_date: datetime.date
    customer: str
    currency: str
    lines: tuple[TaxedLine, ...]
    ship_from: Address = NO_ADDRESS
    ship_to: Address = NO_ADDRESS
    purchase_order: str = ""
    reference: str = ""
    description: str = ""
    locked: bool = False
    override: str = "None"
    override_reason: str = ""
    adjustment_reason: str = "NotAdjusted"
    before_void: str = ""
    modified_us: int = 0
    txn: str = ""

    @property
    def stored(self) -> bool:
        """Whether the document is kept: a type that ends in Invoice is, one that ends in Order is not."""
        return self.type.endswith("Invoice")

    @property
    def amount_minor(self) -> int:
        """The net amount of all lines."""
        return sum(line.amount_minor for line in self.lines)

    @property
    def tax_minor(self) -> int:
        """The tax of all lines."""
        return sum(line.tax_minor for line in self.lines)


class Summary(msgspec.Struct, frozen=True, gc=False):
    """What one jurisdiction gets of a document."""

    component: Component
    taxable_minor: int
    exempt_minor: int
    tax_minor: int


def summarize(lines: Sequence[TaxedLine]) -> list[Summary]:
    """Add up the lines by jurisdiction, in order of first appearance."""
    first = lines[0]
    parts = first.components
    if len(lines) == 1:
        return [Summary(p, first.taxable_minor, first.exempt_minor, t) for p, t in zip(parts, first.taxes, strict=True)]
    if all(line.components is parts for line in lines):
        taxable = sum([line.taxable_minor for line in lines])
        exempt = sum([line.exempt_minor for line in lines])
        sums = map(sum, zip(*[line.taxes for line in lines], strict=True))
        return [Summary(part, taxable, exempt, tax) for part, tax in zip(parts, sums, strict=True)]
    return _summarize(lines)


def _summarize(lines: Iterable[TaxedLine]) -> list[Summary]:
    sums: dict[str, list[int]] = {}
    components: dict[str, Component] = {}
    for line in lines:
        for part, tax_minor in zip(line.components, line.taxes, strict=True):
            row = sums.get(part.code)
            if row is None:
                components[part.code] = part
                sums[part.code] = [line.taxable_minor, line.exempt_minor, tax_minor]
            else:
                row[0] += line.taxable_minor
                row[1] += line.exempt_minor
                row[2] += tax_minor
    return [Summary(components[code], *row) for code, row in sums.items()]


def canonical(document: StoredDocument) -> TaxDocument:
    """Return a stored document as the history shows it; jurisdictions without tax are left out."""
    rows = summarize(document.lines)
    return TaxDocument(
        id=str(document.id),
        code=document.code,
        kind="return" if document.type.startswith("Return") else "invoice",
        status=document.status.lower(),
        currency=document.currency,
        taxes=tuple([TaxShare(row.component.code, row.taxable_minor, row.tax_minor) for row in rows if row.tax_minor]),
        net_minor=document.amount_minor,
        tax_minor=document.tax_minor,
        revision=document.version,
        original=document.reference if document.type.startswith("Return") else "",
    )  # fmt: skip
