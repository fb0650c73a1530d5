"""Documents: what the engine has calculated, and what it keeps of it."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal

import msgspec

from domain.objects import TaxDocument, TaxLine, TaxShare
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
STORED_TYPES = frozenset(kind for kind in TYPES if kind.endswith("Invoice"))
"""A document is kept when its type ends in Invoice; one that ends in Order is an estimate."""
_RETURNS = frozenset(kind for kind in TYPES if kind.startswith("Return"))
NO_ADDRESS = Address()


class TaxedLine(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One line with its tax: `taxes` are minor units, one per jurisdiction of `components`, at the rates of `day`.

    `taxable_minor` and `exempt_minor` add up to `amount_minor` (net of discount, and of tax when it was included).
    """

    number: str
    quantity: Decimal
    amount_minor: int
    taxable_minor: int
    exempt_minor: int
    components: Components
    taxes: tuple[int, ...]
    day: datetime.date
    item_code: str
    tax_code: str
    description: str
    ref1: str = ""
    ref2: str = ""
    included: bool = False
    discount_minor: int = 0


class Summary(msgspec.Struct, frozen=True, gc=False):
    """What one jurisdiction gets of a document."""

    component: Component
    taxable_minor: int
    exempt_minor: int
    tax_minor: int


class Totals(msgspec.Struct, frozen=True, gc=False):
    """What the lines of a document add up to, in minor units; `rows` by jurisdiction in order of first appearance."""

    amount_minor: int
    taxable_minor: int
    discount_minor: int
    tax_minor: int
    rows: tuple[Summary, ...]


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
    totals: Totals
    company_id: int = 0
    ship_from: Address = NO_ADDRESS
    ship_to: Address = NO_ADDRESS
    purchase_order: str = ""
    reference: str = ""
    description: str = ""
    exemption_no: str = ""
    use_code: str = ""
    vat_id: str = ""
    locked: bool = False
    override: str = "None"
    override_reason: str = ""
    adjustment_reason: str = "NotAdjusted"
    adjustment_description: str = ""
    before_void: str = ""
    modified_us: int = 0
    txn: str = ""


def add_up(lines: Sequence[TaxedLine]) -> Totals:
    """Return the totals of some lines."""
    amount = taxable = discount = 0
    parts = lines[0].components if lines else ()
    taxes = [0] * len(parts)
    for line in lines:
        if line.components is not parts:
            return _add_up(lines)
        amount += line.amount_minor
        taxable += line.taxable_minor
        discount += line.discount_minor
        for index, tax_minor in enumerate(line.taxes):
            taxes[index] += tax_minor
    rows = tuple([Summary(part, taxable, amount - taxable, tax) for part, tax in zip(parts, taxes, strict=True)])
    return Totals(amount, taxable, discount, sum(taxes), rows)


def _add_up(lines: Sequence[TaxedLine]) -> Totals:
    """Return the totals of lines that are taxed at several places."""
    sums: dict[str, list[int]] = {}
    components: dict[str, Component] = {}
    for line in lines:
        for part, tax_minor in zip(line.components, line.taxes, strict=True):
            components.setdefault(part.code, part)
            row = sums.setdefault(part.code, [0, 0, 0])
            row[0] += line.taxable_minor
            row[1] += line.exempt_minor
            row[2] += tax_minor
    return Totals(
        sum(line.amount_minor for line in lines),
        sum(line.taxable_minor for line in lines),
        sum(line.discount_minor for line in lines),
        sum(row[2] for row in sums.values()),
        tuple(Summary(components[code], *row) for code, row in sums.items()),
    )


def canonical(document: StoredDocument) -> TaxDocument:
    """Return a stored document as the history shows it; jurisdictions without tax are left out."""
    totals, is_return = document.totals, document.type in _RETURNS
    return TaxDocument(
        id=str(document.id),
        code=document.code,
        kind="return" if is_return else "invoice",
        status=document.status.lower(),
        currency=document.currency,
        taxes=tuple(
            [TaxShare(row.component.code, row.taxable_minor, row.tax_minor) for row in totals.rows if row.tax_minor]
        ),
        net_minor=totals.amount_minor,
        tax_minor=totals.tax_minor,
        revision=document.version,
        original=document.reference if is_return else "",
        lines=tuple(
            [
                TaxLine(line.item_code, line.tax_code, line.day, line.amount_minor, sum(line.taxes))
                for line in document.lines
            ]
        ),
    )  # fmt: skip
