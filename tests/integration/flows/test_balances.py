"""What sales is shown as open of an invoice is right in the end, although some read it early or from an old copy."""

from __future__ import annotations

import json
from typing import Any

import pytest

from domain.faults import Fault
from integration.effects import Assign, Call, Lookup, Now
from integration.flow import FlowContext
from integration.flows.balances import changed, leave, newest
from integration.outcomes import Answer, Instant, Mapped
from integration.settings import Settings
from tests.integration.flows.alone import result_of
from tests.integration.flows.one_invoice import DAY, INVOICE, TOTAL, stage_of
from tests.stage import Played

CONTEXT = FlowContext("test/1", "test", "", Settings())


def balances(played: Played) -> list[int]:
    """Return what the CRM showed as open, each only when it changed."""
    shown = [mirror.invoice_balance_minor for mirror in played.versions("crm", "mirror")]
    return [minor for at, minor in enumerate(shown) if not at or shown[at - 1] != minor]


def charged_back(*faults: Fault) -> Played:
    stage = stage_of("card", *faults)
    stage.act("payment", "open_dispute", 2.5 * DAY, invoice=INVOICE)
    stage.act("payment", "close_dispute", 6 * DAY, invoice=INVOICE, won=False)
    return stage.play(days=9)


def test_a_balance_that_was_read_from_a_copy_that_lagged_does_not_stand() -> None:
    played = charged_back(Fault(kind="stale_read", system="billing", operation="read_invoice", seconds=1800.0))
    assert [invoice.balance_minor for invoice in played.versions("billing", "invoice")][-3:] == [0, TOTAL, 0]
    assert played.versions("crm", "mirror")[-1].invoice_status == "written_off"
    assert balances(played) == [0, TOTAL, 0]
    assert played.broken() == {}


def left(version: int, balance: str, **fields: str) -> dict[str, Any]:
    return {"version": version, "balance": balance, "fields": fields}


def asked(version: int, balance: str, **fields: str) -> dict[str, Any]:
    return {"invoice": "INV-1", **left(version, balance, **fields)}


def test_an_older_balance_gives_way_to_what_was_shown_before() -> None:
    before = left(5, "0.00", InvoiceStatus__c="paid")
    late = asked(4, "90.00", InvoiceStatus__c="posted", OrderStatus__c="fulfilled")
    assert newest(late, before) == asked(5, "0.00", InvoiceStatus__c="paid", OrderStatus__c="fulfilled")
    for version in (5, 6):
        news = asked(version, "90.00", InvoiceStatus__c="posted")
        assert newest(news, before) == news
    assert newest(late, None) == late


class Peers:
    """Billing, which lists some invoices (one, by default), and the cross-reference."""

    def __init__(self, left: dict[str, Any] | None, *names: str, **row: Any) -> None:
        self.left = left
        known = {"customer_id": "A-1", "status": "payment_due", "currency_code": "USD", "total": 9_000}
        told = {**known, "amount_due": 9_000, "po_number": "Q-000001-v1", "resource_version": 4, **row}
        self.rows = [{"invoice": {"id": name, **told}} for name in names or ("INV-1",)]

    def outcome_of(self, effect: Any) -> Any:
        if isinstance(effect, Lookup):
            return Mapped(self.left)
        if isinstance(effect, Assign):
            self.left = effect.value if effect.expected == self.left else self.left
            return Mapped(self.left)
        if isinstance(effect, Now):
            return Instant(1_000)
        assert isinstance(effect, Call), effect
        assert "updated_at" in effect.target
        return Answer(200, json.dumps({"list": self.rows}).encode(), 1)


@pytest.mark.parametrize(
    ("before", "row", "status"),
    [
        (left(3, "0.00"), {}, "posted"),
        (left(3, "90.00"), {}, ""),
        (left(4, "0.00"), {}, ""),
        (left(5, "0.00"), {}, ""),
        (None, {}, ""),
        (left(3, "0.00"), {"po_number": "PO-7"}, ""),
        (left(3, "90.00"), {"amount_due": 0}, "paid"),
        (left(3, "90.00"), {"amount_due": 0, "write_off_amount": 9_000}, "written_off"),
        (left(3, "0.00"), {"dunning_status": "stopped"}, "disputed"),
    ],
)
def test_an_invoice_that_changed_is_shown_again_when_sales_sees_another_balance(
    before: dict[str, Any] | None, row: dict[str, Any], status: str
) -> None:
    starts = result_of(changed(CONTEXT, 0), Peers(before, **row).outcome_of)
    assert [start.arguments["fields"] for start in starts] == [{"InvoiceStatus__c": status}] * bool(status)


def test_two_invoices_of_one_quote_that_changed_are_both_shown() -> None:
    starts = result_of(changed(CONTEXT, 0), Peers(left(3, "0.00"), "INV-1", "INV-2").outcome_of)
    assert [start.arguments["invoice"] for start in starts] == ["INV-1", "INV-2"]
    assert len({start.flow_id for start in starts}) == 2


def test_what_a_mirror_shows_of_an_invoice_is_remembered_and_nothing_else() -> None:
    peers = Peers(None)
    shown = asked(4, "90.00", InvoiceStatus__c="posted", OrderStatus__c="fulfilled")
    result_of(leave(shown, None), peers.outcome_of)
    assert peers.left == left(4, "90.00", InvoiceStatus__c="posted")
    result_of(leave({"fields": {"OrderStatus__c": "fulfilled"}}, None), peers.outcome_of)
    assert peers.left == left(4, "90.00", InvoiceStatus__c="posted")
