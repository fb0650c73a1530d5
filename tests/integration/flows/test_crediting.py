"""A part of an invoice is credited gross: it is off what is due only when all of it, tax included, still is."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

import pytest

from integration.effects import Call, Start
from integration.flow import Flow, FlowContext
from integration.flows.crediting import credited_part
from integration.outcomes import Answer, Begun, Launched
from integration.settings import Settings

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
        "total": 54_350, "amount_due": due_minor, "line_items": [LINE, TAX],
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
        answers = {"read_invoice": {"invoice": invoice}, "list_credit_notes": {"list": [{"credit_note": NOTE}]}}
        effect = flow.resume(Answer(200, json.dumps(answers.get(effect.operation, {"credit_note": NOTE})).encode(), 1))
    return sent


@pytest.mark.parametrize(
    ("due", "gross", "is_owed", "kind", "net"),
    [
        (54_350, 54_350, True, "adjustment", "50000"),
        (52_000, 54_350, True, "refundable", "50000"),  # the net is still due, and what it is with its tax is not
        (52_000, 27_175, True, "adjustment", "25000"),
        (54_350, 54_350, False, "refundable", "50000"),  # it is paid back
        (54_350, 1, True, "adjustment", "1"),  # half up
    ],
)
def test_what_is_credited_is_compared_gross_with_what_is_due(
    due: int, gross: int, is_owed: bool, kind: str, net: str
) -> None:
    sent = asked(due, gross, is_owed)
    assert (sent["type"], sent["total"]) == ([kind], [net])
