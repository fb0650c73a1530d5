"""A part of an invoice is credited gross: it is off what is due only when all of it, tax included, still is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rounding import round_ratio
from integration.effects import Call, Start
from integration.flow import Flow, FlowContext
from integration.flows.crediting import credited_part, left_of, net_of, parts_of
from integration.outcomes import Answer, Begun, Launched
from integration.settings import Settings
from integration.systems.billing.shapes import BillingInvoice, CreditNote, InvoiceLine

CONTEXT = FlowContext("test/1", "test", "Q-1", Settings())
LINE: dict[str, Any] = {
    "id": "li_1", "entity_type": "plan_item_price", "date_from": 1, "date_to": 2, "unit_amount": 50_000, "quantity": 1,
    "amount": 50_000, "description": "SEATS", "entity_id": "SEATS-USD-12",
}  # fmt: skip
TAX = {**LINE, "id": "li_2", "entity_type": "adhoc", "amount": 4_350, "unit_amount": 4_350, "description": "Tax CA"}
NOTE = {
    "id": "CN-1", "customer_id": "A-1", "reference_invoice_id": "INV-1", "subscription_id": "Q-1", "total": 50_000,
    "status": "adjusted", "type": "adjustment", "currency_code": "USD", "customer_notes": "Dispute D-1", "date": 1,
    "line_items": [],
}  # fmt: skip


def asked(due_minor: int, gross_minor: int, is_owed: bool = True) -> dict[str, list[str]]:
    """Return what billing is asked to credit of an invoice of 543.50 (500.00 and tax), of which some is still due."""
    invoice = {
        "id": "INV-1", "customer_id": "A-1", "status": "payment_due", "currency_code": "USD", "date": 1,
        "total": 54_350, "amount_due": due_minor, "amount_paid": 54_350 - due_minor, "line_items": [LINE, TAX],
    }  # fmt: skip
    credited = credited_part(CONTEXT, "INV-1", "Q-1", gross_minor, "Dispute D-1", "k", is_owed=is_owed)
    flow, sent = Flow("test/1", credited), dict[str, list[str]]()
    effect = flow.resume(Begun("test/1", "test", {}))
    while effect is not None:
        if isinstance(effect, Start):
            assert effect.flow_id == "credit/CN-1"
            effect = flow.resume(Launched("credit/CN-1", created=True))
            continue
        assert isinstance(effect, Call)
        if effect.operation == "create_credit_note":
            sent = parse_qs(effect.body.decode())
        notes = [{"credit_note": NOTE}] if sent else []
        answers = {"read_invoice": {"invoice": invoice}, "list_credit_notes": {"list": notes}}
        effect = flow.resume(Answer(200, json.dumps(answers.get(effect.operation, {"credit_note": NOTE})).encode(), 1))
    return sent


@pytest.mark.parametrize(
    ("due", "gross", "is_owed", "kind", "net"),
    [
        (54_350, 54_350, True, "adjustment", "50000"),
        (52_000, 54_350, True, "refundable", "50000"),  # the net is still due, and what it is with its tax is not
        (52_000, 27_175, True, "adjustment", "25000"),
        (0, 54_350, False, "refundable", "50000"),  # it is paid back
        (54_350, 1, True, "adjustment", "1"),  # a cent bears no tax
        (54_350, 99_999, True, "adjustment", "50000"),  # never more than there is
    ],
)
def test_what_is_credited_is_compared_gross_with_what_is_due(
    due: int, gross: int, is_owed: bool, kind: str, net: str
) -> None:
    sent = asked(due, gross, is_owed)
    assert (sent["type"], sent["total"]) == ([kind], [net])


def invoice_of(charges: Sequence[int], tax: int, **more: Any) -> BillingInvoice:
    """Return an invoice of these charges and their tax, all of it paid."""
    lines = [InvoiceLine(f"li_{number}", amount) for number, amount in enumerate(charges, 1)]
    lines.append(InvoiceLine("li_tax", tax, entity_type="adhoc", description="Tax CA"))
    total = sum(charges) + tax
    head = {"id": "INV-1", "customer_id": "A-1", "status": "paid", "currency_code": "USD", "date": 1, "amount_due": 0}
    return BillingInvoice(**head, total=total, amount_paid=total, line_items=lines, **more)  # type: ignore[arg-type]


def note_of(number: int, rows: Sequence[tuple[str, int]], **more: Any) -> CreditNote:
    """Return a credit note that takes back amounts of lines; without a line it charges."""
    lines = [InvoiceLine(f"cl_{number}_{at}", each, reference_line_item_id=line or None)
             for at, (line, each) in enumerate(rows)]  # fmt: skip
    head = {"reference_invoice_id": "INV-1", "customer_id": "A-1", "status": "refund_due", "type": "refundable"}
    total = sum(amount for _, amount in rows)
    return CreditNote(f"CN-{number}", **head, currency_code="USD", date=1, total=total, line_items=lines, **more)


@given(st.integers(1, 10**7), st.integers(0, 3 * 10**6), st.data())
def test_what_is_credited_with_its_tax_is_never_more_than_what_is_asked(
    net: int, tax: int, data: st.DataObject
) -> None:
    invoice = invoice_of([net], tax)
    gross = data.draw(st.integers(1, invoice.total))
    part = net_of(invoice, gross)
    assert 0 <= part <= net
    assert part + round_ratio(Fraction(part * tax, net)) <= gross
    assert part + 1 + round_ratio(Fraction((part + 1) * tax, net)) > gross  # and not less than it can be


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=6), st.data())
def test_parts_take_no_more_of_a_line_than_it_has_left_and_the_rest_takes_all(
    charges: list[int], data: st.DataObject
) -> None:
    invoice = invoice_of(charges, sum(charges) // 11)
    before = [(f"li_{at}", data.draw(st.integers(0, each))) for at, each in enumerate(charges, 1)]
    notes = [note_of(1, before), note_of(2, [("li_tax", data.draw(st.integers(0, sum(charges) // 11)))])]
    left = left_of(invoice, notes)
    gross = data.draw(st.integers(0, left))
    rows = dict(parts_of(invoice, notes, gross))
    for (line, credited), charged in zip(before, charges, strict=True):
        assert rows.get(line, 0) <= charged - credited
    if gross == left:
        assert sum(rows.values()) == sum(charges) - sum(credited for _, credited in before)


def test_what_a_credit_note_charges_instead_can_be_credited_too() -> None:
    invoice = invoice_of([50_000], 4_350)
    notes = [note_of(1, [("li_1", 49_863), ("", -24_932)]), note_of(2, [("li_tax", 2_170)])]
    assert left_of(invoice, notes) == 27_249
    assert dict(parts_of(invoice, notes, 27_249)) == {"li_1": 137, "cl_1_1": 24_932}
