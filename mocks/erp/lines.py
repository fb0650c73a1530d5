"""Lines of transactions as the ERP understands them: items resolved, amounts in minor units."""

from __future__ import annotations

from decimal import Decimal

from domain.objects import Line, TaxShare
from mocks.erp.amounts import minor, whole
from mocks.erp.bodies import LineBody, LinesBody, Ref, TaxesBody
from mocks.erp.catalogue import Catalogue
from mocks.kernel.operations import Refusal

_ONE = Decimal(1)


def read_lines(body: LinesBody | None, currency: str, catalogue: Catalogue) -> tuple[Line, ...]:
    """Return the lines of a body; refuse an empty list, unknown items and a line number used twice."""
    if body is None or not body.items:
        raise Refusal("user_error", "You must enter at least one line item for this transaction.", "item")
    lines = []
    for index, row in enumerate(body.items):
        lines.append(_line(index, row, currency, catalogue))
    if len({line.id for line in lines}) != len(lines):
        raise Refusal("invalid_content", "A line number is used twice.", "item.items")
    return tuple(lines)


def _line(index: int, row: LineBody, currency: str, catalogue: Catalogue) -> Line:
    path = f"item.items[{index}]"
    item = catalogue.item(row.item, f"{path}.item")
    quantity = 1 if row.quantity is None else whole(row.quantity, f"{path}.quantity")
    unit, amount = _prices(row, quantity, currency, path)
    start, end = row.custcol_period_start, row.custcol_period_end
    if start is not None and end is not None and end < start:
        raise Refusal("invalid_content", f"The service period ends on {end}, before it starts on {start}.", path)
    months = row.custcol_months
    listed = minor(row.custcol_list_rate, currency, f"{path}.custcol_list_rate") if row.custcol_list_rate else 0
    return Line(
        id=str(row.line if row.line is not None else index + 1), sku=item.sku, kind=row.custcol_kind or item.kind,
        quantity=quantity, unit_minor=unit, amount_minor=amount, list_unit_minor=listed, months=months or 0,
        period_start=start, period_end=end, full_start=row.custcol_full_start, full_end=row.custcol_full_end,
        reverses=row.custcol_reverses or "",
    )  # fmt: skip


def _prices(row: LineBody, quantity: int, currency: str, path: str) -> tuple[int, int]:
    """Return (unit, amount): the amount given counts, else rate times quantity."""
    unit = minor(row.rate, currency, f"{path}.rate") if row.rate is not None else None
    if row.amount is not None:
        amount = minor(row.amount, currency, f"{path}.amount")
        return (amount // quantity if quantity else 0) if unit is None else unit, amount
    if unit is None:
        raise Refusal("user_error", "Please enter value(s) for: Amount", f"{path}.amount")
    return unit, unit * quantity


def read_taxes(body: TaxesBody | None, currency: str) -> tuple[TaxShare, ...]:
    """Return the tax of a body added up by jurisdiction, in the order of first appearance."""
    if body is None:
        return ()
    sums: dict[str, tuple[int, int]] = {}
    for index, row in enumerate(body.items):
        path = f"taxDetails.items[{index}]"
        code = _tax_code(row.taxCode)
        if not code:
            raise Refusal("user_error", "Please enter value(s) for: Tax Code", f"{path}.taxCode")
        base, tax = sums.get(code, (0, 0))
        base += minor(row.taxBasis, currency, f"{path}.taxBasis")
        sums[code] = (base, tax + minor(row.taxAmount, currency, f"{path}.taxAmount"))
    return tuple([TaxShare(code, base, tax) for code, (base, tax) in sums.items()])


def _tax_code(code: Ref | str) -> str:
    if isinstance(code, str):
        return code
    return str(code.refName or code.externalId or code.id or "")


def total_of(lines: tuple[Line, ...]) -> int:
    """Return the sum of the lines in minor units."""
    return sum([line.amount_minor for line in lines])


def check_total(total: Decimal | None, expected_minor: int, currency: str) -> None:
    """Refuse a document whose stated total is not the sum of its parts."""
    if total is not None and minor(total, currency, "total") != expected_minor:
        raise Refusal("user_error", "The total is not the sum of the lines.", "total")
    if expected_minor < 0:
        raise Refusal("user_error", "The total of this transaction cannot be negative.", "total")
