"""What an invoice or credit memo says, checked but not posted; and what is made from orders and invoices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from domain.objects import Line, TaxShare
from mocks.erp.amounts import major
from mocks.erp.bodies import InvoiceBody, LineBody, LinesBody, MemoBody, Ref, TaxBody, TaxesBody
from mocks.erp.catalogue import (
    BAD_DEBT,
    DEFERRED,
    OPENING,
    RECEIVABLE,
    REVENUE,
    TAX,
    WRITE_OFF_ITEM,
    Catalogue,
    invalid_reference,
)
from mocks.erp.lines import check_total, read_lines, read_taxes, whole
from mocks.erp.order_records import OrderRecord, billed_of
from mocks.erp.rates import Rate
from mocks.erp.subledger import Header, Subledger
from mocks.kernel.operations import Refusal

if TYPE_CHECKING:
    from mocks.erp.invoices import InvoiceRecord


class Draft(msgspec.Struct, frozen=True, gc=False):
    """An invoice or credit memo before it is posted: amounts in minor units, checked against each other."""

    header: Header
    lines: tuple[Line, ...]
    taxes: tuple[TaxShare, ...]
    net_minor: int
    tax_minor: int
    total_minor: int


def drafted(header: Header, lines: tuple[Line, ...], taxes: tuple[TaxShare, ...]) -> Draft:
    """Return a draft with its sums."""
    net, tax = sum([line.amount_minor for line in lines]), sum([share.amount_minor for share in taxes])
    return Draft(header, lines, taxes, net, tax, net + tax)


def read_draft(books: Subledger, body: InvoiceBody, rate: Rate | None = None) -> Draft:
    """Check header and lines of an invoice or credit memo and say where and at which rate it would be posted."""
    header = books.header(body.entity, "entity", body, rate)
    lines = read_lines(body.item, header.currency, books.catalogue)
    draft = drafted(header, lines, read_taxes(body.taxDetails, header.currency))
    check_total(body.total, draft.total_minor, header.currency)
    return draft


def posting_rows(draft: Draft, deferred: Sequence[Line], catalogue: Catalogue) -> list[tuple[str, int]]:
    """Return the (account, amount) rows of an invoice, AR first; a credit memo posts their negatives."""
    later = {line.id for line in deferred}
    rows = [(RECEIVABLE, draft.total_minor)]
    for line in draft.lines:
        rows.append((_account_of(line, later, catalogue), -line.amount_minor))
    for share in draft.taxes:
        rows.append((TAX, -share.amount_minor))
    return rows


def _account_of(line: Line, later: set[str], catalogue: Catalogue) -> str:
    if line.id in later:
        return DEFERRED
    if line.sku == WRITE_OFF_ITEM:
        return BAD_DEBT
    return REVENUE if line.sku in catalogue.skus else OPENING


def is_write_off(draft: Draft) -> bool:
    """Tell whether a credit memo gives a receivable up instead of taking back a charge."""
    return all(line.sku == WRITE_OFF_ITEM for line in draft.lines)


def quantities_to_bill(order: OrderRecord, body: InvoiceBody) -> dict[int, int]:
    """Return what an invoice made from an order bills by line position: what is left, or what the body names.

    Lines are named by `orderLine`; a line without one adds to the invoice and bills nothing of the order.
    """
    left = [line.quantity - have for line, have in zip(order.doc.lines, billed_of(order), strict=True)]
    rows = body.item.items if body.item is not None else ()
    if not rows:
        chosen = {position: quantity for position, quantity in enumerate(left) if quantity}
    else:
        chosen = _chosen_quantities(order, rows, left)
    if not chosen and not any(left):
        raise Refusal("user_error", f"Sales order {order.doc.number} is billed: nothing is left to bill.", "item")
    return chosen


def _chosen_quantities(order: OrderRecord, rows: Sequence[LineBody], left: Sequence[int]) -> dict[int, int]:
    positions = {line.id: position for position, line in enumerate(order.doc.lines)}
    chosen: dict[int, int] = {}
    for index, row in enumerate(rows):
        path = f"item.items[{index}]"
        if row.orderLine is None:
            continue
        position = positions.get(str(row.orderLine))
        if position is None:
            raise invalid_reference(row.orderLine, f"{path}.orderLine")
        free = left[position] - chosen.get(position, 0)
        quantity = free if row.quantity is None else whole(row.quantity, f"{path}.quantity")
        if not 0 < quantity <= free:
            raise Refusal("user_error", f"Only {free} are left to bill, not {quantity}.", f"{path}.quantity")
        chosen[position] = chosen.get(position, 0) + quantity
    return chosen


def bill_of(order: OrderRecord, body: InvoiceBody, quantities: Mapping[int, int]) -> InvoiceBody:
    """Return the body of an invoice made from an order that bills these quantities by line position."""
    doc, billed = order.doc, billed_of(order)
    lines = [_part(doc.lines[position], billed[position], quantity) for position, quantity in quantities.items()]
    return msgspec.structs.replace(
        body, entity=Ref(id=order.customer), createdFrom=Ref(id=doc.id), currency=Ref(refName=doc.currency),
        item=lines_of(body.item, lines, doc.currency),
    )  # fmt: skip


def _part(line: Line, before: int, quantity: int) -> Line:
    """Return a line with a part of its quantity; the parts of a line add up to its amount exactly."""
    if quantity == line.quantity:
        return line
    total, of = line.amount_minor, line.quantity
    amount = total * (before + quantity) // of - total * before // of
    return msgspec.structs.replace(line, quantity=quantity, amount_minor=amount)


def credit_of(invoice: InvoiceRecord, body: MemoBody) -> MemoBody:
    """Return the body of a credit memo made from an invoice; without lines of its own it takes back all of it."""
    doc = invoice.doc
    taxes = body.taxDetails
    if body.item is None and taxes is None:
        taxes = TaxesBody(
            items=tuple(
                [
                    TaxBody(
                        taxCode=share.jurisdiction, taxBasis=major(share.base_minor, doc.currency),
                        taxAmount=major(share.amount_minor, doc.currency),
                    )
                    for share in doc.taxes
                ]
            )
        )  # fmt: skip
    return msgspec.structs.replace(
        body, entity=Ref(id=invoice.customer), createdFrom=Ref(id=doc.id), currency=Ref(refName=doc.currency),
        item=lines_of(body.item, doc.lines, doc.currency), taxDetails=taxes,
    )  # fmt: skip


def lines_of(body: LinesBody | None, lines: Sequence[Line], currency: str) -> LinesBody:
    """Return the lines of a body completed from their source by `orderLine`; all of the source without a body."""
    if body is None or not body.items:
        return LinesBody(items=tuple([_copied(line, currency) for line in lines]))
    sources = {line.id: line for line in lines}
    return LinesBody(items=tuple([_completed(row, sources, currency) for row in body.items]))


def _copied(line: Line, currency: str) -> LineBody:
    return LineBody(
        line=int(line.id) if line.id.isdecimal() else None, item=Ref(externalId=line.sku), quantity=line.quantity,
        rate=major(line.unit_minor, currency), amount=major(line.amount_minor, currency), custcol_kind=line.kind,
        custcol_months=line.months, custcol_period_start=line.period_start, custcol_period_end=line.period_end,
    )  # fmt: skip


def _completed(row: LineBody, sources: dict[str, Line], currency: str) -> LineBody:
    """Return a line that names one of its source, with what it leaves out taken from there."""
    source = sources.get(str(row.orderLine)) if row.orderLine is not None else None
    if source is None:
        return row
    copied = _copied(source, currency)
    amount = row.amount
    if amount is None and row.rate is None and row.quantity in (None, source.quantity):
        amount = copied.amount
    return msgspec.structs.replace(
        copied, line=row.line or copied.line, quantity=copied.quantity if row.quantity is None else row.quantity,
        rate=row.rate or copied.rate, amount=amount,
    )  # fmt: skip
