"""Lines added to a document and taken from it, as callers do who put a large one together piece by piece."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from mocks.kernel.operations import Refusal
from mocks.tax.bodies import Addresses, LineInput, Override, Transaction
from mocks.tax.documents import StoredDocument, TaxedLine, add_up

_replace = msgspec.structs.replace


def as_transaction(document: StoredDocument, lines: Sequence[LineInput]) -> Transaction:
    """Return the request that taxes more lines the way those of the document were taxed."""
    override = None
    if document.override == "Exemption" or document.tax_date != document.date:
        kind = "Exemption" if document.override == "Exemption" else "TaxDate"
        day = document.tax_date.isoformat()
        override = Override(type=kind, tax_date=day, reason=document.override_reason or "lines")
    return Transaction(
        type=document.type,
        company_code=document.company,
        code=document.code,
        date=document.date.isoformat(),
        customer_code=document.customer,
        currency_code=document.currency,
        addresses=Addresses(ship_from=document.ship_from, ship_to=document.ship_to),
        lines=list(lines),
        tax_override=override,
        exemption_no=document.exemption_no,
        entity_use_code=document.use_code,
        business_identification_no=document.vat_id,
    )


def numbered(lines: Sequence[LineInput], taken: Iterable[str]) -> list[LineInput]:
    """Return new lines with a number each; raise Refusal for one that is taken."""
    used = set(taken)
    found = []
    following = len(used) + 1
    for line in lines:
        number = line.number
        if number in used:
            raise Refusal("validation", f"There is a line {number} already.", field="lines.number")
        while number is None or number in used:
            number, following = str(following), following + 1
        used.add(number)
        found.append(_replace(line, number=number))
    return found


def with_lines(document: StoredDocument, lines: Sequence[TaxedLine], renumber: bool) -> StoredDocument:
    """Return a document with these lines instead of its own, counted anew when asked for."""
    if renumber:
        lines = [_replace(line, number=str(number)) for number, line in enumerate(lines, 1)]
    return _replace(document, lines=tuple(lines), totals=add_up(lines))


def without(document: StoredDocument, numbers: Sequence[str]) -> list[TaxedLine]:
    """Return the lines that are left; raise Refusal for a number that is none, and when nothing would be left."""
    unknown = set(numbers) - {line.number for line in document.lines}
    if unknown or not numbers:
        raise Refusal("validation", "lines must name lines of the document.", field="lines")
    left = [line for line in document.lines if line.number not in numbers]
    if not left:
        raise Refusal("value_required", "A document keeps at least one line.", field="lines")
    return left
