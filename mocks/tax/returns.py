"""Returns made by the engine itself: full, by percentage, of some lines, or of the tax alone."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import msgspec

from domain.rounding import Exact, round_ratio
from mocks.kernel.operations import Refusal
from mocks.tax.bodies import Refund, spelled
from mocks.tax.documents import TEMPORARY, StoredDocument, TaxedLine, add_up
from mocks.tax.reading import read_date

_REFUND_TYPES = ("Full", "Partial", "TaxOnly", "Percentage")


def returned(original: StoredDocument, body: Refund) -> StoredDocument:
    """Return the negative document that takes back what `body` says, taxed at the original's rates."""
    body = msgspec.structs.replace(body, refund_type=spelled(body.refund_type, _REFUND_TYPES))
    share, lines = _share(body), _lines(original, body)
    tax_only = body.refund_type == "TaxOnly"
    negative = tuple(_negative(line, share, tax_only) for line in lines)
    return msgspec.structs.replace(
        original,
        id=0,
        code=body.refund_transaction_code or "",
        type="ReturnInvoice",
        status=TEMPORARY,
        version=1,
        date=read_date(body.refund_date, "refundDate"),
        lines=negative,
        totals=add_up(negative),
        reference=body.reference_code or original.code,
        override="TaxDate",
        override_reason="Refund",
        locked=False,
    )


def _share(body: Refund) -> Exact:
    if body.refund_type in ("Full", "Partial", "TaxOnly"):
        return 1
    if body.refund_type != "Percentage":
        raise Refusal("validation", f"{body.refund_type!r} is not a refund type.", field="refundType")
    percent = body.refund_percentage
    if percent is None or not percent.is_finite() or not 0 < percent <= 100:
        raise Refusal("range", "refundPercentage must lie above 0 and be at most 100.", field="refundPercentage")
    return Fraction(percent) / 100


def _lines(original: StoredDocument, body: Refund) -> list[TaxedLine]:
    if body.refund_type != "Partial":
        return list(original.lines)
    wanted = body.refund_lines or []
    unknown = set(wanted) - {line.number for line in original.lines}
    if not wanted or unknown:
        raise Refusal("validation", "refundLines must name lines of the document.", field="refundLines")
    return [line for line in original.lines if line.number in wanted]


def _negative(line: TaxedLine, share: Exact, tax_only: bool) -> TaxedLine:
    amount = 0 if tax_only else -round_ratio(line.amount_minor * share)
    taxable = 0 if tax_only else -round_ratio(line.taxable_minor * share)
    return msgspec.structs.replace(
        line,
        quantity=Decimal(0) if tax_only else -line.quantity,
        amount_minor=amount,
        taxable_minor=taxable,
        exempt_minor=amount - taxable,
        taxes=tuple(-round_ratio(tax * share) for tax in line.taxes),
    )
