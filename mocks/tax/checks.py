"""Checks: what a request must be, and what a document must be, before anything changes."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from mocks.kernel.operations import Refusal
from mocks.tax.bodies import OVERRIDES, Transaction, Verify, spelled
from mocks.tax.calculation import to_minor, units_of
from mocks.tax.documents import TYPES, StoredDocument
from mocks.tax.reading import read_date


def document_type(given: Transaction) -> str:
    """Return the type asked for; raise Refusal for one that is none."""
    kind = spelled(given.type or "SalesOrder", TYPES)
    if kind not in TYPES:
        raise Refusal("validation", f"{kind!r} is not a document type.", field="type")
    return kind


def require_complete(given: Transaction) -> None:
    """Raise Refusal unless a transaction has all that every type needs."""
    if not given.lines:
        raise Refusal("value_required", "Field lines is required.", field="lines")
    if not given.customer_code:
        raise Refusal("value_required", "Field customerCode is required.", field="customerCode")
    if given.code is not None and len(given.code) > 50:
        raise Refusal("string_length", "Field code takes at most 50 characters.", field="code")
    if len(given.customer_code) > 50:
        raise Refusal("string_length", "Field customerCode takes at most 50 characters.", field="customerCode")
    if given.addresses is None and not all(line.addresses for line in given.lines):
        raise Refusal("value_required", "Field addresses is required.", field="addresses")
    for override in [given.tax_override, *[line.tax_override for line in given.lines]]:
        if override is not None and override.kind not in OVERRIDES:
            raise Refusal("validation", f"{override.type!r} is not a tax override.", field="taxOverride.type")
    override = given.tax_override
    if override is not None and override.kind != "None" and not override.reason:
        raise Refusal("value_required", "Field taxOverride.reason is required.", field="taxOverride.reason")


def expect(document: StoredDocument, *statuses: str) -> None:
    """Raise Refusal unless a document has one of the statuses."""
    if document.status not in statuses:
        expected = "|".join(statuses)
        text = f"DocStatus is invalid for this operation. {document.code} is {document.status}. Expected {expected}"
        raise Refusal("document_status", text, field="DocStatus")


def require_unlocked(document: StoredDocument) -> None:
    """Raise Refusal for a locked document."""
    if document.locked:
        raise Refusal("locked", f"{document.code} is locked.")


def compare(document: StoredDocument, body: Verify) -> None:
    """Raise Refusal when a document does not say what the caller believes."""
    expected: tuple[tuple[str, Decimal | None, int], ...] = (
        ("verifyTotalAmount", body.verify_total_amount, document.totals.amount_minor),
        ("verifyTotalTax", body.verify_total_tax, document.totals.tax_minor),
    )
    for field, amount, minor in expected:
        if amount is not None and to_minor(amount, units_of(document.currency), field) != minor:
            raise Refusal("mismatch", f"{field} is not what {document.code} says.", field=field)
    if body.verify_transaction_date is not None:
        day = read_date(body.verify_transaction_date, "verifyTransactionDate")
        if day != document.date:
            raise Refusal("mismatch", f"{document.code} is of {document.date}.", field="verifyTransactionDate")


def is_same(before: StoredDocument, document: StoredDocument) -> bool:
    """Tell whether a repeated request asks for what is stored already."""
    given = msgspec.structs.replace(
        document, id=before.id, status=before.status, version=before.version, modified_us=before.modified_us,
        adjustment_reason=before.adjustment_reason,
        adjustment_description=before.adjustment_description, txn=before.txn,
    )  # fmt: skip
    return given == before
