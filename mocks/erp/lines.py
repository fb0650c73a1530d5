"""Lines of transactions as the ERP understands them: items resolved, amounts in minor units."""

from __future__ import annotations

from decimal import Decimal

from domain.objects import Line, TaxShare
from mocks.erp.amounts import NotAnAmount, minor, units
from mocks.erp.bodies import LineBody, LinesBody, Ref, TaxesBody
from mocks.erp.catalogue import Catalogue
from mocks.kernel.operations import Refusal

_LARGEST_QUANTITY = 10**15


def read_lines(body: LinesBody | None, currency: str, catalogue: Catalogue) -> tuple[Line, ...]:
    """Return the lines of a body; refuse an empty list, unknown items and a line number used twice."""
    if body is None or not body.items:
        raise Refusal("user_error", "You must enter at least one line item for this transaction.", "item")
    lines = [_line(index, row, currency, catalogue) for index, row in enumerate(body.items)]
    if len(lines) > 1 and len({line.id for line in lines}) != len(lines):
        raise Refusal("invalid_content", "A line number is used twice.", "item.items")
    return tuple(lines)


def _line(index: int, row: LineBody, currency: str, catalogue: Catalogue) -> Line:
    item = catalogue.item_names.get(row.item.externalId or "") if row.item is not None else None
    if item is None:
        item = catalogue.item(row.item, f"item.items[{index}]")
    quantity = 1 if row.quantity is None else row.quantity
    if type(quantity) is not int or not -_LARGEST_QUANTITY < quantity < _LARGEST_QUANTITY:
        quantity = whole(quantity, f"item.items[{index}].quantity")
    try:
        unit = None if row.rate is None else units(row.rate, currency)
        amount = None if row.amount is None else units(row.amount, currency)
        listed = 0 if row.custcol_list_rate is None else units(row.custcol_list_rate, currency)
    except (NotAnAmount, ArithmeticError, TypeError):
        raise _wrong_amount(row, currency, f"item.items[{index}]") from None
    if amount is None:  # the amount given counts, else rate times quantity
        if unit is None:
            raise Refusal("user_error", "Please enter value(s) for: Amount", f"item.items[{index}].amount")
        amount = unit * quantity
    elif unit is None:
        unit = amount // quantity if quantity else 0
    start, end = row.custcol_period_start, row.custcol_period_end
    if start is not None and end is not None and end < start:
        detail = f"The service period ends on {end}, before it starts on {start}."
        raise Refusal("invalid_content", detail, f"item.items[{index}]")
    return Line(
        id=str(row.line or index + 1), sku=item.sku, kind=row.custcol_kind or item.kind, quantity=quantity,
        unit_minor=unit, amount_minor=amount, list_unit_minor=listed, months=row.custcol_months or 0,
        period_start=start, period_end=end, full_start=row.custcol_full_start, full_end=row.custcol_full_end,
        reverses=row.custcol_reverses or "",
    )  # fmt: skip


def _wrong_amount(row: LineBody, currency: str, path: str) -> Refusal:
    """Return the refusal of the first of a line's amounts that is none."""
    amounts = {"rate": row.rate, "amount": row.amount, "custcol_list_rate": row.custcol_list_rate}
    for name, amount in amounts.items():
        try:
            if amount is not None:
                minor(amount, currency, f"{path}.{name}")
        except Refusal as refusal:
            return refusal
    raise AssertionError("one of the amounts is wrong")


def whole(quantity: float, field: str) -> int:
    """Return a whole quantity; refuse fractions, because canonical quantities have none, and absurd ones."""
    if not -_LARGEST_QUANTITY < quantity < _LARGEST_QUANTITY or int(quantity) != quantity:
        raise Refusal("invalid_content", f"{quantity} is not a whole quantity.", field)
    return int(quantity)


def deferred_lines(lines: tuple[Line, ...], catalogue: Catalogue) -> tuple[Line, ...]:
    """Return the lines whose revenue is earned over their service period."""
    skus = catalogue.skus
    return tuple(
        [
            line
            for line in lines
            if line.period_start != line.period_end
            and line.period_start is not None
            and line.period_end is not None
            and line.sku in skus
            and skus[line.sku].is_deferred
        ]
    )


def read_taxes(body: TaxesBody | None, currency: str) -> tuple[TaxShare, ...]:
    """Return the tax of a body added up by jurisdiction, in the order of first appearance.

    What a net invoice gives back stands apart from what it charges: both count when it is credited.
    """
    if body is None or not body.items:
        return ()
    sums: dict[tuple[str, bool], TaxShare] = {}
    for index, row in enumerate(body.items):
        path = f"taxDetails.items[{index}]"
        code = row.taxCode if isinstance(row.taxCode, str) else _named(row.taxCode)
        if not code:
            raise Refusal("user_error", "Please enter value(s) for: Tax Code", f"{path}.taxCode")
        base = minor(row.taxBasis, currency, f"{path}.taxBasis")
        tax = minor(row.taxAmount, currency, f"{path}.taxAmount")
        key = (code, tax < 0)
        if key in sums:
            base, tax = base + sums[key].base_minor, tax + sums[key].amount_minor
        sums[key] = TaxShare(code, base, tax)
    return tuple(sums.values())


def _named(code: Ref) -> str:
    return str(code.refName or code.externalId or code.id or "")


def check_total(total: Decimal | None, expected_minor: int, currency: str) -> None:
    """Refuse a document whose stated total is not the sum of its parts."""
    if total is not None and minor(total, currency, "total") != expected_minor:
        raise Refusal("user_error", "The total is not the sum of the lines.", "total")
    if expected_minor < 0:
        raise Refusal("user_error", "The total of this transaction cannot be negative.", "total")
